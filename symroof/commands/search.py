"""``symroof search serve`` and ``symroof search train``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from symroof.commands.options import form, forms, not_both, overrides, refuse, said_once, unsaid

_CHIPS = "Chips, with commas: see `symroof chips`."


def _shared(f: Callable[..., Any]) -> Callable[..., Any]:
    """The options of both searches."""
    for option in (
        form("--csv", "As CSV, numbers in SI units."),
        click.option("--top", default=10, show_default=True, type=click.IntRange(1), help="Rows that are shown."),
        click.option("--no-prune", is_flag=True, help="Evaluate every point; the answer is the same."),
        click.option("--set", "override", multiple=True, metavar="LETTER=VALUE", help="Another value for a letter, e.g. eta_hbm=0.8."),
        click.option("--no-overlap", is_flag=True, help="Communication adds to arithmetic instead of hiding behind it."),
        click.option("--math", default="", metavar="FORMAT", help="Format of the arithmetic; by default what the chip's C stands for."),
        click.option("--chips", metavar="N", help="Slices of at most so many chips."),
        click.option("--on", "on", required=True, metavar="CHIPS", help=_CHIPS),
    ):
        f = option(f)
    return f


@click.group()
def search() -> None:
    """The best configuration of every legal slice: to serve a model, or to train it.

    \b
    symroof search serve llama3-70b --on tpu-v5e,h100 --latency "15 ms" --by cost
    symroof search train llama3-70b --on tpu-v5p --batch 4194304 --by time
    """


@search.command()
@click.argument("model")
@click.option("--by", default="cost", show_default=True, help="cost (per token), throughput (per chip) or latency (of a step).")
@click.option("--latency", metavar="TIME", help='Longest decode step, e.g. "15 ms".')
@click.option("--first-token", metavar="TIME", help='Longest prefill of a prompt, e.g. "2 s".')
@click.option("--context", default="8192", show_default=True, metavar="S", help="Tokens per sequence in the KV cache.")
@click.option("--prompt", metavar="T", help="Tokens of a prompt; by default the context.")
@click.option("--batch", metavar="B", help="At most so many sequences.")
@click.option("--formats", default="bf16,int8", show_default=True, help="Formats of the weights.")
@click.option("--kv", default="", help="Formats of the KV cache; by default that of the weights.")
@click.option("--mfu", default="0.4", show_default=True, help="Model FLOP utilisation of prefill.")
@_shared
@forms
def serve(model: str, on: str, by: str, **options: Any) -> None:
    """The best slice, mesh, formats and batch to serve MODEL, and what stops each slice.

    X groups of chips split the batch (and share the experts), in each Y ways by heads, Z by sequences of the KV cache.

    \b
    symroof search serve llama3-70b --on tpu-v5e --latency "15 ms" --formats int8
    symroof search serve deepseek-v3 --on h100,h200 --formats fp8 --math bf16 --by throughput --latency "50 ms"
    """
    from symroof.pages.search import choices
    from symroof.plan.deployments import search_serving

    not_both(options, "formats", "kv", "math")
    said_once(options, "batch", "context", "prompt", "mfu", "latency")
    options |= dict.fromkeys(unsaid(overrides(options["override"]), "formats"))
    shown, top, prune, wishes = _wishes(options)
    sys.exit(choices(search_serving(model, on, by, prune, **wishes), shown, top))


@search.command()
@click.argument("model")
@click.option("--by", default="time", show_default=True, help="time (of a step), cost (per token), MFU or throughput (per chip).")
@click.option("--batch", default="4194304", show_default=True, metavar="TOKENS", help="Tokens of a step.")
@click.option("--context", default="8192", show_default=True, metavar="S", help="Tokens of a sequence.")
@click.option("--tokens", metavar="N", help="Tokens of the run, e.g. 15e12: adds its time and price.")
@click.option("--finish", metavar="TIME", help='Longest run, e.g. "60 days"; needs --tokens.')
@click.option("--remat", default="none,matmuls,block", show_default=True, help="What may be computed again.")
@click.option("--format", "dtype", default="bf16", show_default=True, help="Format of weights and gradients.")
@click.option("--optimizer", default=8.0, show_default=True, metavar="BYTES", help="Bytes of optimizer state a parameter.")
@_shared
@forms
def train(model: str, on: str, by: str, **options: Any) -> None:
    """The best mesh to train MODEL: X ways of FSDP, Y of tensor parallelism, Z pipeline stages, microbatches, rematerialization.

    \b
    symroof search train llama3-70b --on tpu-v5p --tokens 15e12 --remat block
    symroof search train llama3-8b --on h100 --chips 256 --by cost --batch 2097152
    """
    from symroof.pages.search import choices
    from symroof.plan.runs import search_training

    not_both(options, "dtype", "math")
    said_once(options, "context", "tokens", "finish", "optimizer")
    options |= dict.fromkeys(unsaid(overrides(options["override"]), "dtype"))
    options["format"] = options.pop("dtype")
    shown, top, prune, wishes = _wishes(options)
    sys.exit(choices(search_training(model, on, by, prune, **wishes), shown, top))


def _wishes(options: dict[str, Any]) -> tuple[str, int, bool, dict[str, Any]]:
    shown, top, prune = options.pop("form") or "text", options.pop("top"), not options.pop("no_prune")
    if shown in ("json", "csv"):
        refuse(("top",), f"beside --{shown}, which has all rows")
    options["overlap"] = not options.pop("no_overlap")
    options["letters"] = overrides(options.pop("override"))
    return shown, top, prune, {name: value for name, value in options.items() if value is not None}


COMMANDS = (search,)
