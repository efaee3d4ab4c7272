"""``symroof book``: the derivation book as a site and a LaTeX document."""

from __future__ import annotations

import click


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
    from symroof.book.contents import counts
    from symroof.book.write import write

    first, made = write(directory, latex_only, force)
    found = counts(made.answers)
    said = f"{len(made.entries)} questions, {len(made.answers)} answers: {found['agrees']} agree, {found['differs']} differ"
    click.echo(f"{first}   {said}, {found['ours']} ours only")


COMMANDS = (book,)
