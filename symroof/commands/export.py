"""The command ``symroof export``."""

from __future__ import annotations

from typing import Any

import click

from symroof.commands.options import known, values


@click.command()
@click.argument("formula")
@click.option("--to", "to", required=True, metavar="LANGUAGE", help="numpy, python, javascript or c.")
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
    from symroof.pages.export import Wanted, exported, saved

    source = exported(formula, options["unknown"], known(options), Wanted(to, name, options["parts"]))
    if output:
        saved(source, output)
    else:
        click.echo(source, nl=False)


COMMANDS = (export,)
