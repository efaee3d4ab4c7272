"""The command ``symroof document``."""

from __future__ import annotations

from typing import Any

import click

from symroof.commands.options import known, values


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
    from symroof.pages.document import written

    paper = written(questions, known(options), title, not no_steps)
    if output:
        paper.save(output)
    else:
        click.echo(str(paper), nl=False)


COMMANDS = (document,)
