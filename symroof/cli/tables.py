"""Commands that look something up: ``derive``, ``chips``, ``llms``, ``show``, ``program``."""

from __future__ import annotations

import click

from symroof.cli.options import bind, forms, reply


@click.command()
@click.argument("question", required=False)
@click.option("--index", is_flag=True, help="All questions as the Markdown page derivations/README.md.")
@forms
def derive(question: str | None, index: bool, form: str) -> None:
    """Derive the answers of a QUESTION of the book and compare them with print; without one, list the questions.

    \b
    symroof derive
    symroof derive q05
    symroof derive q06 --json
    """
    from symroof.answers import book as answers
    from symroof.book import chapters as book

    if index and question:
        raise click.UsageError("QUESTION changes nothing beside --index, which lists all of them; leave it out")
    if index and form not in ("text", "markdown"):
        raise click.UsageError(f"--index is a page of Markdown, not {form}; leave out --{form}")
    if index:
        click.echo(book.index(), nl=False)
    elif question is None:
        reply(answers.listing(), form)
    else:
        reply(answers.derived(book.find(question)), form)


@click.command()
@forms
def chips(form: str) -> None:
    """All chips, with their FLOP/s, memory, links and price.

    \b
    symroof chips
    symroof chips --json
    """
    from symroof.answers import tables

    reply(tables.chips_table(), form)


@click.command()
@forms
def llms(form: str) -> None:
    """All language models, with their dimensions and parameter counts, derived and published.

    \b
    symroof llms
    symroof llms --latex
    """
    from symroof.answers import tables

    reply(tables.llms_table(), form)


@click.command()
@click.argument("name")
@forms
def show(name: str, form: str) -> None:
    """A chip, language model or number format NAME: every value with its source. A path to a TOML file works too.

    \b
    symroof show tpu-v5e
    symroof show llama3-70b --json
    symroof show my-chip.toml
    """
    from symroof.answers import tables

    reply(tables.sheet(name), form)


@click.command()
@click.argument("text")
@click.option("--backward", is_flag=True, help="The gradients too.")
@bind
@forms
def program(text: str, backward: bool, sizes: dict[str, str], form: str) -> None:
    """What a layer in the sharding notation costs a chip. TEXT is the program, ``-`` (standard input) or the path of a file.

    \b
    symroof program "In[B_X, D] W[D_X, F] -> Out[B_X, F]"
    symroof program "In[B, D_Y] W[D_Y, F] -> Out[B_Y, F]" --backward --latex
    symroof program layer.txt --bind J=4096
    """
    from symroof.answers import tables

    reply(tables.layer(text, sizes, backward), form)
