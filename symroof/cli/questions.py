"""The commands that ask: ``solve``, ``regimes``, ``minimize``, ``maximize``, ``elasticity``, ``limit``, ``formulas``."""

from __future__ import annotations

from typing import Any

import click

from symroof.cli.options import Options, forms, known, letters, refuse, reply, together, values

_LIMITED = 'A condition: formulas, letters, quantities on either side of <= or >=, or an equation such as "X*Y = n"; repeatable.'
_limits = together(
    click.option("--large", metavar="LETTERS", help="Letters that are large, e.g. D,F: the textbook's rule, and its error at values."),
    click.option("--small", metavar="LETTERS", help="Letters that are small."),
)
_optima = together(
    click.option("--over", required=True, metavar="LETTERS", help="The unknown, or several, e.g. X,Y."),
    click.option("--subject-to", "conditions", multiple=True, metavar="CONDITION", help=_LIMITED),
    values,
    forms,
)


@click.command()
@click.argument("condition")
@click.option(
    "--for", "unknown", default="", metavar="LETTER", help="The unknown, left free even if a sheet gives it; a threshold has its own."
)
@_limits
@click.option("--than", default="", metavar="CHIP[:SLICE]", help="Another chip, on which the right side is evaluated.")
@click.option("--steps", is_flag=True, help="The derivation, line by line.")
@click.option("--proof", is_flag=True, help="The derivation with the check of every line.")
@values
@forms
def solve(condition: str, unknown: str, **options: Any) -> None:
    """Where a CONDITION holds, for any letter: a formula with its domain, and a number if sheets are given.

    A CONDITION compares formulas, letters and quantities, and what + - * / ^ max and min make of them; `symroof formulas` lists
    the formulas. A threshold is a condition that has its letter already.

    \b
    symroof solve "decode.step <= 15 ms" --for B
    symroof solve training.tp_limit --on tpu-v5p --model llama3-70b --math bf16 --set M_Y=2
    symroof solve "training.fsdp_threshold(direction=backward)" --on tpu-v5p --formats bf16
    symroof solve "decode.step - decode.weight_time <= 1 ms" --for S
    symroof solve "decode.step <= 10 ms" --for W_hbm --on tpu-v5e --slice 4x4 --model llama3-70b --formats int8 --set B=32 --set S=8192
    symroof solve "decode.step/attention >= 0.5*decode.step" --for S --on tpu-v5e --model llama3-70b --formats int8 --set B=32
    symroof solve "serving.dollars_per_token <= serving.dollars_per_token" --for price --on tpu-v5p --than tpu-v5e
    """
    from symroof.answers.questions import PROOF, STEPS, solved
    from symroof.answers.said import Grown

    if options["steps"] and options["proof"]:
        raise click.UsageError("--proof shows the steps too, with their check; leave --steps out")
    limits = Grown(letters(options["large"]), letters(options["small"]))
    detail = PROOF if options["proof"] else STEPS if options["steps"] else ""
    reply(solved(condition, unknown, known(options), options["than"], limits, detail), options["form"])


@click.command()
@click.argument("formula")
@click.option("--along", metavar="LETTER", help="The letter that varies.")
@click.option("--over", metavar="LETTERS", help="The two letters that vary, e.g. B,S.")
@click.option("--given", "facts", multiple=True, metavar="CONDITION", help="What is known to hold, e.g. 'S >= 1024'; repeatable.")
@values
@forms
def regimes(formula: str, along: str | None, over: str | None, **options: Any) -> None:
    """What binds a FORMULA where: its breakpoints along one letter, or its regions over two.

    \b
    symroof regimes decode.step --along B
    symroof regimes decode.step --along B --on tpu-v5e --slice 4x4 --model llama3-70b --formats int8 --set S=8192
    symroof regimes decode.step --over B,S
    """
    from symroof.answers.optima import binding

    if (along is None) == (over is None):
        raise click.UsageError("say along which letter, e.g. --along B, or over which two, e.g. --over B,S")
    asked = letters(along or over)
    if len(asked) != (1 if along else 2):
        raise click.UsageError("--along takes one letter, --over two, e.g. --over B,S")
    reply(binding(formula, asked, known(options), options["facts"]), options["form"])


@click.command()
@click.argument("formula")
@_optima
def minimize(formula: str, over: str, **options: Any) -> None:
    """The LETTERS at which a FORMULA is least, in closed form, and the whole numbers that really win.

    \b
    symroof minimize "training.mixed/comms" --over X
    symroof minimize serving.dollars_per_token --over B --subject-to "decode.step <= 15 ms" \\
        --on tpu-v5e --slice 4x4 --model llama3-70b --formats int8 --set S=8192
    """
    _optimum(formula, over, 1, options)


@click.command()
@click.argument("formula")
@_optima
def maximize(formula: str, over: str, **options: Any) -> None:
    """The LETTERS at which a FORMULA is largest: a throughput under a latency limit.

    \b
    symroof maximize decode.throughput --over B --subject-to "decode.step <= 15 ms" --subject-to "memory.memory <= memory.capacity" \\
        --on tpu-v5e --slice 4x4 --model llama3-70b --formats int8 --set S=8192
    """
    _optimum(formula, over, -1, options)


def _optimum(formula: str, over: str, sense: int, options: Options) -> None:
    from symroof.answers.optima import optimum

    asked = letters(over)
    if not asked:
        raise click.UsageError("--over is empty; give a letter, e.g. --over B")
    reply(optimum(formula, asked, options["conditions"], known(options), sense), options["form"])


@click.command()
@click.argument("formula")
@click.option("--of", metavar="LETTERS", help="Only these letters, e.g. W_hbm.")
@values
@forms
def elasticity(formula: str, of: str | None, **options: Any) -> None:
    """By how many percent a FORMULA changes per percent of a letter; with values for all, what would help most.

    \b
    symroof elasticity decode.step --of W_hbm
    symroof elasticity decode.step --on tpu-v5e --slice 4x4 --model llama3-70b --formats int8 --set B=32 --set S=8192
    """
    from symroof.answers.optima import helping

    reply(helping(formula, letters(of), known(options)), options["form"])


@click.command()
@click.argument("formula")
@_limits
@values
@forms
def limit(formula: str, large: str | None, small: str | None, **options: Any) -> None:
    """What a FORMULA comes to as letters grow or vanish, and at values how far off that is.

    \b
    symroof limit memory.working_activations --large F
    symroof limit memory.working_activations --large F --model llama3-70b --set B=32 --set "p_a=2 byte"
    """
    from symroof.answers.optima import coming
    from symroof.answers.said import Grown

    if not (large or small):
        raise click.UsageError("a limit needs to know what grows or vanishes; write e.g. --large D,F or --small B")

    reply(coming(formula, Grown(letters(large), letters(small)), known(options)), options["form"])


@click.command()
@click.argument("name", required=False)
@values
@forms
def formulas(name: str | None, **options: Any) -> None:
    """The formulas and thresholds that can be asked for by name; with a NAME, that one, its parts, its letters and its value.

    \b
    symroof formulas
    symroof formulas decode.step/MLP
    symroof formulas training.tp_limit
    symroof formulas "pretraining.step(layout=none, overlap=no)"
    symroof formulas decode.step --model deepseek-v3
    symroof formulas decode.step --on tpu-v5e --slice 4x4 --model llama3-70b --formats int8 --set B=32 --set S=8192
    """
    from symroof.answers import questions

    if name is None:
        refuse(options, ("on", "slice", "exact", "formats", "kv", "math", "letters"), "without the NAME of a formula")
    sheets = known(options)
    reply(questions.listing(sheets.m) if name is None else questions.one(name, sheets), options["form"])
