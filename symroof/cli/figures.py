"""The commands ``symroof figure ...``: figures for papers, as PDF, SVG or PNG."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from symroof.cli.loading import asked, wished
from symroof.cli.options import Command, Options, bounds_only, known, letters, refuse, said, together, values, whole


@click.group()
def figure() -> None:
    """Figures for papers: PDF, SVG or PNG by the suffix of the file; needs symroof[figures].

    \b
    symroof figure roofline tpu-v5e,h100 -o roofline.pdf
    symroof figure frontier llama3-70b --on tpu-v5e --slice 4x4 --formats int8 -o frontier.pdf
    symroof figure latency llama3-70b --on tpu-v5e --slice 4x4 --formats int8 -o latency.svg
    symroof figure load llama3-70b --on h100 --rate 20/s --slice 8 --tpot "30 ms" -o load.svg
    symroof figure regimes decode.step --over B,S --on tpu-v5e --slice 4x4 --model llama3-70b --formats int8
    """


def _file(name: str, calibrated: bool = False) -> Callable[[Command], Command]:
    """Where to write, and how it looks."""
    return together(
        *([] if calibrated else [bounds_only]),
        click.option("-o", "--output", default=name, show_default=True, metavar="FILE", help="The .pdf, .svg or .png to write."),
        click.option("--title", default="", help="A title above the figure."),
        click.option("--width", type=click.Choice(["column", "page"]), default="column", show_default=True, help="3.4 or 7 inches."),
        click.option("--height", type=float, default=None, metavar="INCHES", help="The height; by default what fits."),
    )


_model = together(click.argument("named", metavar="[MODEL]", default=""), values)


def _saved(make: Callable[[Any], Any], options: Options) -> None:
    from symroof.figures import Look, save

    click.echo(str(save(make(Look(options["title"], options["width"], options["height"])), options["output"])))


def _known(options: Options) -> Any:
    named = options.pop("named", "")
    if named and options["model"]:
        raise click.UsageError(f"{named} and --model {options['model']} both name the model; give one")
    options["model"] = options["model"] or named
    return known(options)


@figure.command("load")
@asked
@click.option("--rate", required=True, metavar="RATE", help='Requests a second, e.g. "20/s".')
@_file("load.pdf", calibrated=True)
def load_figure(model: str, on: str, **options: Any) -> None:
    """Time per token and to the first token over the rate, for the best fleet of `symroof load`; a dot at the knee.

    \b
    symroof figure load llama3-8b --on h100 --rate 20/s -o load.pdf
    """
    from symroof.figures.named import load as drawn
    from symroof.plan.loads import load as planned

    look = {name: options.pop(name) for name in ("output", "title", "width", "height")}
    plan = planned(model, on, **wished(options))
    _saved(lambda seen: drawn(plan, seen), look)


@figure.command()
@click.argument("chips", metavar="CHIP[,CHIP]")
@click.option("--batches", default="16,256", show_default=True, help="Batches of the matmuls under the roof; none with ''.")
@click.option("--size", default="8192,8192", show_default=True, metavar="D,F", help="The matmuls: [B, D] x [D, F].")
@click.option("--format", "form", default="bf16", show_default=True, metavar="FORMAT", help="Of weights, activations and arithmetic.")
@_file("roofline.pdf")
def roofline(chips: str, batches: str, size: str, form: str, **options: Any) -> None:
    """FLOP/s over arithmetic intensity of one or several CHIPs, with matmuls under the roof and the ridge as a formula.

    \b
    symroof figure roofline tpu-v5e,tpu-v5p,h100 --batches 16,256 -o roofline.pdf
    """
    from symroof.figures import named

    sizes = whole(size, "--size", 2, "two whole numbers, e.g. 8192,28672")
    under = whole(batches, "--batches") if batches.strip() else ()
    _saved(lambda look: named.roofline(letters(chips), under, (sizes[0], sizes[1]), form, look), options)


@figure.command()
@_model
@click.option("--contexts", metavar="TOKENS", help="One curve for each; by default 2048,4096,8192,16384,32768,65536.")
@click.option("--most", default=512, show_default=True, help="The largest batch drawn, if that many fit.")
@_file("frontier.pdf")
def frontier(most: int, **options: Any) -> None:
    """Throughput per chip over the latency of a decode step of MODEL, by batch, one curve per context.

    \b
    symroof figure frontier llama3-70b --on tpu-v5e --slice 4x4 --formats int8 --math bf16 --contexts 2048,8192
    """
    from symroof.figures import named

    options["letters"] = said(options, "contexts")
    contexts = options["contexts"] or options["letters"].pop("S", "2048,4096,8192,16384,32768,65536")
    here = _known(options)
    _saved(lambda look: named.frontier(here, whole(contexts, "--contexts"), most, look), options)


@figure.command()
@_model
@click.option("--context", metavar="TOKENS", help='The context, e.g. "8 Ki"; by default 2048.')
@click.option("--most", default=512, show_default=True, help="The largest batch drawn.")
@_file("latency.pdf")
def latency(most: int, **options: Any) -> None:
    """The decode step of MODEL by parts over the batch; compute-bound where the ground is grey.

    \b
    symroof figure latency llama3-70b --on tpu-v5e --slice 4x4 --formats int8 --context "8 Ki" -o latency.pdf
    """
    from symroof.figures import named

    options["letters"] = said(options, "context")
    context = options["letters"].pop("S", "2048")
    here = _known(options)
    _saved(lambda look: named.latency(here, context, most, look), options)


@figure.command()
@click.argument("formula")
@click.option("--over", required=True, metavar="LETTERS", help="The two letters of the map, e.g. B,S.")
@click.option("--window", "windows", multiple=True, metavar="LETTER=LOW:HIGH", help="The ends of an axis, e.g. B=1:4096; repeatable.")
@values
@_file("regimes.pdf")
def regimes(formula: str, over: str, windows: tuple[str, ...], **options: Any) -> None:
    """What binds a FORMULA where over two letters, the formulas of the borders written on them.

    \b
    symroof figure regimes decode.step --over B,S --on tpu-v5e --slice 4x4 --model llama3-70b --formats int8 --window S=128:1e6
    """
    from symroof.figures import named

    here, ends = known(options), dict(map(_window, windows))
    if len(ends) < len(windows):
        raise click.UsageError("--window gives a letter twice; give one window for each")
    _saved(lambda look: named.regimes(formula, letters(over), here, ends, look), options)


def _window(text: str) -> tuple[str, tuple[str, str]]:
    letter, equals, ends = text.partition("=")
    low, colon, high = ends.partition(":")
    if not (equals and colon and low.strip() and high.strip()):
        raise click.UsageError(f"--window {text[:40]!r} is no window; write e.g. --window B=1:4096")
    return letter.strip(), (low.strip(), high.strip())


@figure.command()
@click.argument("formula")
@values
@_file("tornado.pdf")
def tornado(formula: str, **options: Any) -> None:
    """The elasticities of a FORMULA by each of its letters, the largest on top.

    \b
    symroof figure tornado decode.step --on tpu-v5e --slice 4x4 --model llama3-70b --formats int8 --set B=32 --set S=8192
    """
    from symroof.figures import named

    here = known(options)
    _saved(lambda look: named.tornado(formula, here, look), options)


@figure.command()
@click.option("--ways", default="256,8", show_default=True, metavar="FSDP,TP", help="The split; alone, a scheme takes all the chips.")
@values
@click.option("--backward", is_flag=True, help="The backward pass, in which data parallelism communicates.")
@_file("training.pdf")
def training(ways: str, backward: bool, **options: Any) -> None:
    """FLOPs and communication of an MLP layer over the batch, for FSDP, tensor parallelism and both; crossings marked.

    \b
    symroof figure training --on tpu-v5p --ways 256,8 --set D=8192 --set F=32768 -o training.pdf
    symroof figure training --on tpu-v5p --backward -o backward.pdf          # data parallelism too
    """
    from symroof.figures import named

    split = whole(ways, "--ways", 2, "two whole numbers, of FSDP and of tensor parallelism, e.g. 256,8")
    here = known(options)
    _saved(lambda look: named.communication(here, (split[0], split[1]), backward, look), options)


@figure.command()
@_model
@click.option("--slices", default="", metavar="SHAPES", help="One group of bars for each, e.g. 2x4,4x4; by default --slice.")
@click.option("--weights", default="", metavar="FORMATS", help="One bar for each format of the weights; by default bf16,int8,int4.")
@click.option("--training", "chips", default="", metavar="CHIPS", help="Training with FSDP over so many chips instead, e.g. 16,64.")
@click.option("--remat", default="", metavar="POLICIES", help="What training saves; by default none,matmuls,block.")
@_file("memory.pdf")
def memory(chips: str, remat: str, **options: Any) -> None:
    """HBM per chip by parts against what the chip has: weights and KV cache of MODEL, or state and activations in training.

    \b
    symroof figure memory llama3-70b --on tpu-v5e --slices 2x4,4x4 --set B=32 --set S=8192 -o memory.pdf
    symroof figure memory llama3-8b --on tpu-v5p --training 16,64 --set B=64 --set S=8192 -o memory.pdf
    """
    from symroof.figures import named

    if chips:
        refuse(options, ("slices", "slice", "weights"), "beside --training, which takes so many chips and --formats")
        here, many = _known(options), whole(chips, "--training")
        _saved(lambda look: named.training_stack(here, many, letters(remat or "none,matmuls,block"), look), options)
        return
    refuse({"remat": remat}, ("remat",), "without --training")
    refuse(options, ("math", "exact"), "here: what a server holds depends on the weights and the KV cache")
    said(options, "slices", "weights")
    for one, other in (("slices", "slice"), ("weights", "formats")):
        if options[one] and options[other]:
            raise click.UsageError(f"--{one} and --{other} say the same; give one of them")
    shapes = letters(options["slices"] or options["slice"])
    weights = letters(options["formats"] or options["weights"] or "bf16,int8,int4")
    here = _known(options | {"slice": "", "formats": ""})
    if not shapes:
        raise click.UsageError("say on which slices, e.g. --slices 2x4,4x4")
    _saved(lambda look: named.stack(here, weights, shapes, look), options)
