"""Commands that write a text or a book: ``export``, ``document``, ``import``, ``book``."""

from __future__ import annotations

from typing import Any

import click

from symroof.cli.options import known, values


@click.command()
@click.argument("formula")
@click.option("--to", required=True, metavar="LANGUAGE", help="numpy, jax, python, javascript or c.")
@click.option("--for", "unknown", default="", metavar="LETTER", help="Of a condition: the letter that it is solved for.")
@click.option("--name", default="", metavar="NAME", help="The name of the function; by default that of the formula.")
@click.option("--parts", is_flag=True, help="Return the parts too, and which of them binds.")
@click.option("-o", "--output", default="", metavar="FILE", help="Write to a file.")
@values
def export(formula: str, to: str, name: str, output: str, **options: Any) -> None:
    """A FORMULA, or a condition solved for a letter, as a function in another language; letters with a value become numbers.

    \b
    symroof export decode.step --to numpy
    symroof export decode.step --to c --name step_time -o step_time.c
    symroof export decode.step --to javascript --parts --on tpu-v5e --model llama3-70b --formats int8
    symroof export "decode.step <= 15 ms" --for B --to python
    """
    from symroof.answers.files import Wanted, exported, saved

    source = exported(formula, options["unknown"], known(options), Wanted(to, name, options["parts"]))
    if output:
        saved(source, output)
    else:
        click.echo(source, nl=False)


@click.command()
@click.argument("questions", nargs=-1, required=True, metavar="FORMULA-OR-CONDITION...")
@click.option("-o", "--output", default="", metavar="FILE", help="Write to a file, e.g. step.tex; by default to the terminal.")
@click.option("--title", default="", metavar="TEXT", help="The title; by default what is asked.")
@click.option("--no-steps", is_flag=True, help="Without the derivations.")
@values
def document(questions: tuple[str, ...], output: str, title: str, no_steps: bool, **options: Any) -> None:
    """A LaTeX document of formulas and conditions: numbers put in where sheets are given, derivations, nomenclature.

    A condition says behind @ for which letter it is solved.

    \b
    symroof document decode.step -o step.tex
    symroof document decode.step "decode.step <= 15 ms @ B" --on tpu-v5e --slice 4x4 --model llama3-70b --formats int8 \\
        --set B=32 --set S=8192 -o step.tex
    """
    from symroof.answers import files

    paper = files.paper(questions, known(options), title, not no_steps)
    if output:
        paper.save(output)
    else:
        click.echo(str(paper), nl=False)


@click.command("import")
@click.argument("path")
@click.option("-o", "--output", default="", metavar="FILE", help="Write to a file, e.g. mine.toml; by default to the terminal.")
def imported(path: str, output: str) -> None:
    """The config.json at PATH, or in that folder, as a model file of ours: every layer with its sizes, to read and to change.

    \b
    symroof import Qwen3-8B/config.json -o qwen3-8b.toml
    symroof serve qwen3-8b.toml --on h100
    """
    from symroof.answers.files import saved
    from symroof.sheets.checkpoint import imported

    source = imported(path)
    if output:
        saved(source, output)
        click.echo(output)
    else:
        click.echo(source, nl=False)


@click.command()
@click.option(
    "-o", "--output", "directory", required=True, metavar="DIR", help="Where to write it: a new or empty directory, or a book of ours."
)
@click.option("--latex-only", is_flag=True, help="Only book.tex, which three runs of pdflatex set.")
@click.option("--force", is_flag=True, help="Write into a directory that holds other things too.")
def book(directory: str, latex_only: bool, force: bool) -> None:
    """The derivation book: every question, formula and number, errata, thresholds and symbols, as a site and as book.tex.

    \b
    symroof book -o book
    symroof book -o book --latex-only && cd book && latexmk -pdf book
    """
    from symroof.book.chapters import counts
    from symroof.book.site import write

    first, made = write(directory, latex_only, force)
    found = counts(made.answers)
    said = f"{len(made.entries)} questions, {len(made.answers)} answers: {found['agrees']} agree, {found['differs']} differ"
    click.echo(f"{first}   {said}, {found['ours']} ours only")
