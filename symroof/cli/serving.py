"""``symroof serve``, and ``symroof search serve`` and ``train``: a story, or the best of every slice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from symroof.cli.options import Options, forms, letters, math, refuse, reply, said, setting, together

_FORMATS = "bf16,int8,int4"
_SAYS = (
    f"Formats of the weights, one column each; by default {_FORMATS}, of a config.json 'as stored'. A format is a name, bytes such as "
    "'17/16 B', or one for each class, e.g. 'bf16; experts=mxfp4'."
)

_CACHE = (
    "own: every layer keeps the tokens it sees; full: as a server counts them, layers in groups, of windows the new tokens of a step too."
)


@click.command()
@click.argument("model")
@click.option("--on", required=True, metavar="CHIP", help="The chip: see `symroof chips`.")
@click.option("--slice", metavar="SHAPE", help="A slice such as 4x4; by default the smallest that fits.")
@click.option("--chips", metavar="N", type=click.IntRange(1), help="The same as a number of chips.")
@click.option("--formats", metavar="FORMATS", help=_SAYS)
@click.option("--kv", default="", metavar="FORMAT", help="Format of the KV cache; by default that of the weights.")
@math
@click.option("--batch", metavar="B", help="Sequences per step; by default as many as fit.")
@click.option("--context", metavar="S", help="Tokens per sequence in the KV cache; by default 8192.")
@click.option("--prompt", metavar="T", help="Tokens of a prompt; by default the context.")
@click.option("--generate", metavar="G", help="Tokens generated per sequence; by default 512.")
@click.option("--mfu", metavar="MFU", help="Model FLOP utilisation of prefill; by default 0.4.")
@click.option("--latency", metavar="TIME", help='Longest decode step, e.g. "15 ms": finds the best slice, mesh and batch.')
@click.option("--calibration", metavar="NAME", help="Estimates beside the bounds, as calibrated: a name, or a .toml file.")
@setting("Another value for a letter, e.g. P=70e9 or eta_hbm=0.8.")
@click.option("--formulas", is_flag=True, help="Each row's formula beside its number.")
@forms
def serve(model: str, on: str, form: str, **options: Any) -> None:
    """The serving story of MODEL: memory, slice, batch, step time and what binds it, throughput, cost, thresholds.

    \b
    symroof serve llama3-70b --on tpu-v5e
    symroof serve llama3-70b --on tpu-v5e --slice 4x4 --batch 32 --formulas
    symroof serve llama3-8b --on h100 --formats bf16,fp8 --math bf16 --context "32 Ki"
    symroof serve llama3-405b --on tpu-v5e --formats int8 --latency "15 ms"
    symroof serve gpt-oss-120b --on h100 --formats "bf16; experts=mxfp4" --kv fp8
    """
    if options["slice"] and options["chips"]:
        raise click.UsageError("--slice and --chips say the same; give one of them")
    given = said(options, *(name for name in options if name not in ("letters", "formulas", "calibration")))
    where = options["slice"] or options["chips"] or given.pop("n", "")
    if options["latency"] == "":
        given["t_lim"] = ""
    from symroof.ask.known import STORED, Known

    usual = _FORMATS
    if options["formats"] is None and "p_w" not in given:
        carried = Known.of(model=model).model
        usual = STORED if carried and carried.formats else _FORMATS
    formats = letters(usual if options["formats"] is None else options["formats"])
    if not formats:
        raise click.UsageError("--formats is empty; give e.g. bf16,int8")
    if "t_lim" in given:
        refuse(
            {"generate": "G" in given, "formulas": options["formulas"]},
            ("generate", "formulas"),
            "beside --latency, which looks for the best step",
        )
        wishes = {"formats": formats if "p_w" not in given else None, "slice": where, "kv": options["kv"], "math": options["math"]}
        wishes["calibration"] = options["calibration"]
        _searched("search_serving", model, on, {**wishes, "letters": given}, form)
    from symroof.plan.story import story
    from symroof.show.grids import story as seen

    known = Known.of(on, str(where), model, ("", options["kv"], options["math"]), given)
    if options["calibration"] is not None:
        from symroof.sheets.calibrations import calibration

        known = replace(known, calibration=calibration(options["calibration"]))
    reply(seen(story(known, formats), options["formulas"]), form)


def _searched(kind: str, model: str, on: str, wishes: Options, form: str, top: int = 10) -> None:
    """The answer of a search, shown; unless told ``by`` what, the cheapest, without a price the fastest."""
    from symroof.ask.known import Known
    from symroof.plan.deployments import search_serving, search_training
    from symroof.show.grids import choices

    search = {"search_serving": search_serving, "search_training": search_training}[kind]
    if "by" not in wishes:
        wishes["by"] = "cost" if Known.of(on, letters=wishes["letters"]).priced else "throughput"
    wishes = {name: value for name, value in wishes.items() if value not in (None, "")}
    reply(choices(search(model, on, **wishes), top), form)


@click.command()
@click.argument("model")
@click.option("--on", required=True, metavar="CHIP", help="The chip: see `symroof chips`.")
@click.option("--slice", metavar="SHAPE", help="A slice such as 4x4; by default one chip.")
@click.option("--chips", metavar="N", type=click.IntRange(1), help="The same as a number of chips.")
@click.option("--stages", metavar="Z", type=click.IntRange(1), default=1, help="Stages of a pipeline; by default one.")
@click.option("--server", default="vllm", metavar="SERVER", help="Whose buffers and largest step: models/servers.toml.")
@click.option("--formats", metavar="FORMAT", help="Format of the weights, as of `symroof serve`; by default as stored, else bf16.")
@click.option("--kv", default="", metavar="FORMAT", help="Format of the KV cache; by default that of the weights, or of their file.")
@click.option("--cache", type=click.Choice(["own", "full"]), default="own", show_default=True, help=_CACHE)
@click.option("--context", metavar="S", help="Tokens per sequence in the KV cache; by default 8192.")
@setting('Another value for a letter, e.g. u_hbm=0.95, "M_act=2 GiB" or "M_hbm=79.19 GiB".')
@forms
def memory(model: str, on: str, form: str, **options: Any) -> None:
    """What a real server gives to the KV cache of a chip: HBM less weights, activations of its largest step and buffers.

    \b
    symroof memory llama3-8b --on h100
    symroof memory path/to/config.json --on h100 --chips 2 --cache full
    symroof memory llama3-70b --on h100 --chips 4 --formats "bf16; mlp=fp8 channel; attention=fp8 channel" --set u_hbm=0.95
    """
    if options["slice"] and options["chips"]:
        raise click.UsageError("--slice and --chips say the same; give one of them")
    given = said(options, "slice", "chips", "formats", "kv", "context")
    from symroof.ask.known import STORED, Known
    from symroof.plan.room import served
    from symroof.show.grids import served as seen

    where, formats = str(options["slice"] or options["chips"] or given.pop("n", "")), options["formats"]
    if formats is None:
        carried = Known.of(model=model).model
        formats = STORED if carried and carried.formats and "p_w" not in given else "bf16"
    kv = options["kv"].strip()
    known = Known.of(on, where, model, ("" if "p_w" in given else formats.strip(), kv, ""), given)
    if "p_w" in given:  # the cache and activations have 16 bits then
        known = replace(known, formats=("", kv or "bf16", known.arithmetic))
    reply(seen(served(known, options["server"], options["stages"], options["cache"] == "full")), form)


# -- searches
_shared = together(
    click.option("--on", required=True, metavar="CHIPS", help="Chips, with commas: see `symroof chips`."),
    click.option("--chips", metavar="N", help="Slices of at most so many chips."),
    math,
    click.option("--calibration", metavar="NAME", help="The best by estimates, as calibrated: a name, or a .toml file."),
    click.option("--no-overlap", is_flag=True, help="Communication adds to arithmetic instead of hiding behind it."),
    setting("Another value for a letter, e.g. eta_hbm=0.8."),
    click.option("--no-prune", is_flag=True, help="Evaluate every point; the answer is the same."),
    click.option("--top", type=click.IntRange(1), metavar="N", help="Rows that are shown; by default 10."),
    forms,
)


@click.group()
def search() -> None:
    """The best configuration of every legal slice: to serve a model, or to train it.

    \b
    symroof search serve llama3-70b --on tpu-v5e,h100 --latency "15 ms" --by cost
    symroof search train llama3-70b --on tpu-v5p --batch 4194304 --by time
    """


@search.command("serve")
@click.argument("model")
@click.option("--by", default="cost", show_default=True, help="cost (per token), throughput (per chip) or latency (of a step).")
@click.option("--latency", metavar="TIME", help='Longest decode step, e.g. "15 ms".')
@click.option("--first-token", metavar="TIME", help='Longest prefill of a prompt, e.g. "2 s".')
@click.option("--context", metavar="S", help="Tokens per sequence in the KV cache; by default 8192.")
@click.option("--prompt", metavar="T", help="Tokens of a prompt; by default the context.")
@click.option("--batch", metavar="B", help="At most so many sequences.")
@click.option("--formats", metavar="FORMATS", help="Formats of the weights; by default bf16,int8.")
@click.option("--kv", default="", metavar="FORMATS", help="Formats of the KV cache; by default that of the weights.")
@click.option("--mfu", metavar="MFU", help="Model FLOP utilisation of prefill; by default 0.4.")
@_shared
def search_serve(model: str, on: str, form: str, **options: Any) -> None:
    """The best slice, mesh, formats and batch to serve MODEL, and what stops each slice.

    X groups of chips split the batch (and share the experts), in each Y ways by heads, Z by sequences of the KV cache.

    \b
    symroof search serve llama3-70b --on tpu-v5e --latency "15 ms" --formats int8
    symroof search serve deepseek-v3 --on h100,h200 --formats fp8 --math bf16 --by throughput --latency "50 ms"
    """
    said(options, "batch", "context", "prompt", "mfu", "latency", "formats", "kv", "math")
    _search("search_serving", model, on, form, options)


@search.command("train")
@click.argument("model")
@click.option("--by", default="time", show_default=True, help="time (of a step), cost (per token), MFU or throughput (per chip).")
@click.option("--batch", metavar="TOKENS", help="Tokens of a step; by default 4194304.")
@click.option("--context", metavar="S", help="Tokens of a sequence; by default 8192.")
@click.option("--tokens", metavar="N", help="Tokens of the run, e.g. 15e12: adds its time and price.")
@click.option("--finish", metavar="TIME", help='Longest run, e.g. "60 days"; needs --tokens.')
@click.option("--remat", metavar="POLICIES", help="What may be computed again; by default none,matmuls,block.")
@click.option("--format", "format", metavar="FORMAT", help="Format of weights and gradients; by default bf16.")
@click.option("--optimizer", type=float, metavar="BYTES", help="Bytes of optimizer state a parameter; by default 8.")
@_shared
def search_train(model: str, on: str, form: str, **options: Any) -> None:
    """The best mesh to train MODEL: X ways of FSDP, Y of tensor parallelism, Z pipeline stages, microbatches, rematerialization.

    \b
    symroof search train llama3-70b --on tpu-v5p --tokens 15e12 --remat block
    symroof search train llama3-8b --on h100 --chips 256 --by cost --batch 2097152
    """
    said(options, "context", "tokens", "finish", "optimizer", "format", "math")
    _search("search_training", model, on, form, options)


def _search(kind: str, model: str, on: str, form: str, options: Options) -> None:
    if form in ("json", "csv"):
        refuse(options, ("top",), f"beside --{form}, which has all rows")
    ways = {"prune": not options.pop("no_prune"), "overlap": not options.pop("no_overlap")}
    top = options.pop("top") or 10
    _searched(kind, model, on, {**options, **ways}, form, top)
