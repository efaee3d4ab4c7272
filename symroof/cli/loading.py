"""``symroof load``: what a rate of requests takes."""

from __future__ import annotations

from typing import Any

import click

from symroof.cli.options import Options, forms, math, refuse, reply, said, setting, together

asked = together(
    click.argument("model"),
    click.option("--on", required=True, metavar="CHIPS", help="Chips, with commas: see `symroof chips`."),
    click.option("--prompt", metavar="T", help="Mean tokens of a prompt; by default 2048."),
    click.option("--generate", metavar="G", help="Mean tokens of an answer; by default 512."),
    click.option("--hit", metavar="SHARE", help="Part of a prompt whose cache is there already, e.g. 30%; by default 0."),
    click.option("--ttft", metavar="TIME", help='Longest mean time to the first token, e.g. "500 ms".'),
    click.option("--tpot", metavar="TIME", help='Longest mean time per token after it, e.g. "30 ms".'),
    click.option("--e2e", metavar="TIME", help='Longest mean time of a request, e.g. "20 s".'),
    click.option("--arrivals", type=click.Choice(["poisson", "constant"]), help="How requests come; by default poisson."),
    click.option("--lengths", type=click.Choice(["constant", "geometric"]), help="How long answers are; by default constant."),
    click.option("--replicas", metavar="N", help="So many replicas; by default as many as it takes."),
    click.option("--sequences", metavar="N", help="Sequences that a replica runs at most; by default as many as fit."),
    click.option("--slice", metavar="SHAPE", help="The slice of a replica, such as 8 or 4x4; by default the best."),
    click.option("--chips", metavar="N", help="Chips of a replica at most; by default 64."),
    click.option("--by", help="chips (fewest, the default) or cost."),
    click.option("--formats", metavar="FORMATS", help="Formats of the weights; by default bf16."),
    click.option("--kv", metavar="FORMATS", help="Formats of the KV cache; by default that of the weights."),
    click.option("--mfu", metavar="MFU", help="Model FLOP utilisation of prefill, where no calibration says it; by default 0.4."),
    click.option("--calibration", metavar="NAME", help="Estimates as calibrated: a name, or a .toml file."),
    math,
    setting("Another value for a letter, e.g. eta_hbm=0.8."),
)


@click.command()
@asked
@click.option("--rate", metavar="RATE", help='Requests a second, e.g. "20/s".')
@click.option("--trace", metavar="FILE", help="A CSV file of arrival, prompt and output of every request, instead of a rate.")
@click.option("--window", metavar="TIME", help='Of a trace: how long a window is, e.g. "10 min"; by default "1 h".')
@click.option("--top", type=click.IntRange(1), metavar="N", help="Rows that are shown; by default 8.")
@forms
def load(model: str, on: str, form: str, **options: Any) -> None:
    """What a rate of requests to MODEL takes: replicas, chips and mesh, the limit that binds, latencies, prices of tokens.

    \b
    symroof load llama3-70b --on h100 --rate 20/s --prompt 2048 --generate 512 --ttft "500 ms" --tpot "30 ms"
    symroof load llama3-70b --on h100 --trace requests.csv --window "10 min" --tpot "30 ms"
    symroof load deepseek-v3 --on h200 --rate 50/s --slice 32 --formats fp8 --hit 40%
    """
    if form in ("json", "csv"):
        refuse(options, ("top",), f"beside --{form}, which has all rows")
    top, traced, window = options.pop("top"), options.pop("trace"), options.pop("window")
    if (options["rate"] is None) == (traced is None):
        raise click.UsageError("give --rate, or --trace with a file of requests; one of them")
    wishes = wished(options)
    if traced is not None:
        from symroof.plan.traces import trace
        from symroof.show.loads import trace as seen_over_time

        reply(seen_over_time(trace(traced, model, on, window or "1 h", **wishes), top or 24), form)
    if window is not None:
        raise click.UsageError("--window is of a --trace; leave it out beside --rate")
    from symroof.plan.loads import load as loaded
    from symroof.show.loads import load as seen

    reply(seen(loaded(model, on, **wishes), top or 8), form)


def wished(options: Options) -> Options:
    """The options of a load as its wishes."""
    if options["slice"] and options["chips"]:
        raise click.UsageError("--slice and --chips say the same; give one of them")
    if options["calibration"]:
        refuse(options, ("mfu",), "beside --calibration, which says what prefill reaches")
    said(options, "generate", "mfu", "formats", "kv", "math")
    return {name: value for name, value in options.items() if value not in (None, "")}
