"""The commands ``symroof page ...``: interactive pages, each one file that works without a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from symroof.cli.options import Command, Options, bounds_only, known, letters, math, said, setting, together, values


@click.group()
def page() -> None:
    """Interactive pages: one self-contained HTML file each, with sliders and selects; needs symroof[pages].

    \b
    symroof page serve llama3-70b --on tpu-v5e --slice 4x4 -o serve.html
    symroof page frontier llama3-70b --on tpu-v5e --slice 4x4 --formats int8 -o frontier.html
    symroof page training --on tpu-v5p --slice 16x16x16 -o training.html
    symroof page regimes decode.step --over B,S --on tpu-v5e --slice 4x4 --model llama3-70b --formats int8 -o regimes.html
    """


def _file(name: str) -> Callable[[Command], Command]:
    return together(bounds_only, click.option("-o", "--output", default=name, show_default=True, metavar="FILE", help="The file to write."))


#: The options of the serving pages.
_offers = together(
    click.argument("model", metavar="MODEL[,MODEL]"),
    click.option("--on", required=True, metavar="CHIP[,CHIP]", help="The chips to choose from; after one, all others."),
    click.option("--slice", default="", metavar="SHAPE", help="The slice to begin with, such as 4x4."),
    click.option("--formats", default="", metavar="FORMATS", help="Formats of the weights, the first to begin with."),
    math,
    setting("A value whatever is chosen, e.g. P=70e9."),
)


def _serving(kind: str, options: Options) -> None:
    from symroof.web import named

    given = said(options, "formats", "math", "slice")
    where = options["slice"] or given.pop("n", "")
    offer = named.Offer.of(options["model"], options["on"], where, options["formats"], options["math"], given)
    _saved(named.serving(kind, offer), options["output"])


def _saved(made: Any, output: str) -> None:
    click.echo(str(made.save(output)))


@page.command()
@_offers
@_file("serve.html")
def serve(**options: Any) -> None:
    """Decode step, throughput, cost per token and memory of MODEL by batch, with selects of chip, slice, model, formats.

    \b
    symroof page serve llama3-70b --on tpu-v5e --slice 4x4 -o serve.html
    symroof page serve llama3-8b,my-model.toml --on h100,my-chip.toml
    """
    _serving("serve", options)


@page.command()
@_offers
@_file("frontier.html")
def frontier(**options: Any) -> None:
    """Throughput over latency by batch, up to the largest that fits, with a slider for the context.

    \b
    symroof page frontier llama3-70b --on tpu-v5e --slice 4x4 --formats int8 --math bf16 --set P=70e9 --set "W_hbm=820 GB/s"
    """
    _serving("frontier", options)


@page.command()
@_offers
@_file("breakdown.html")
def breakdown(**options: Any) -> None:
    """The latency of a decode step by parts: parameters, KV caches, FLOPs; compute-bound from the critical batch.

    \b
    symroof page breakdown llama3-70b --on tpu-v5e --slice 4x4 --formats int8 -o breakdown.html
    """
    _serving("breakdown", options)


@page.command()
@values
@_file("training.html")
def training(output: str, **options: Any) -> None:
    """Communication and compute time of an MLP layer by batch, with a slider over the splits into FSDP and TP.

    \b
    symroof page training --on tpu-v5p --slice 16x16x16
    symroof page training --on tpu-v5e --slice 16x16 --set D=4096 --set F=16384
    """

    from symroof.web import named

    given = said(options, "slice")
    where = options["slice"] or given.pop("n", "")
    _saved(named.training(known({**options, "slice": where, "letters": given})), output)


@page.command()
@click.argument("formula")
@click.option("--over", required=True, metavar="LETTERS", help="The two letters of the map, e.g. B,S.")
@click.option("--slider", "sliders", multiple=True, metavar="LETTER", help="Another letter to move; repeatable.")
@values
@_file("regimes.html")
def regimes(formula: str, over: str, sliders: tuple[str, ...], output: str, **options: Any) -> None:
    """What binds a FORMULA where, as a map over two letters, and along the first of them.

    \b
    symroof page regimes decode.step --over B,S --on tpu-v5e --slice 4x4 --model llama3-70b --formats int8
    """
    from symroof.web import named

    _saved(named.regimes(formula, letters(over), known(options), sliders), output)
