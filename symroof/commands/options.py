"""Options that commands share: the form of the output, and what is known when a question is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click

Command = Callable[..., Any]
_KNOWN = ("chip_name", "shape", "model", "formats", "kv", "math", "override", "exact")


def forms(f: Command) -> Command:
    """--json and --latex."""
    f = click.option("--json", "form", flag_value="json", help="As JSON, numbers in SI units.")(f)
    return click.option("--latex", "form", flag_value="latex", help="As LaTeX.")(f)


def values(f: Command) -> Command:
    """The sheets and letters of a question; whatever is left out stays a letter."""
    for option in (
        click.option("--set", "override", multiple=True, metavar="LETTER=VALUE", help="A value for a letter, e.g. S=8192; repeatable."),
        click.option("--math", default="", metavar="FORMAT", help="Format of the arithmetic; by default what the chip's C stands for."),
        click.option("--kv", default="", metavar="FORMAT", help="Format of the KV cache; by default that of the weights."),
        click.option("--formats", default="", metavar="FORMAT", help="Format of the weights, e.g. int8."),
        click.option("--exact", is_flag=True, help="The model's own formulas, where the book's are approximations of them."),
        click.option("--model", default="", metavar="MODEL", help="The language model: see `symroof llms`."),
        click.option("--slice", "shape", default="", metavar="SHAPE", help="A slice of the chip such as 4x4, or a number of chips."),
        click.option("--on", "chip_name", default="", metavar="CHIP", help="The chip: see `symroof chips`."),
    ):
        f = option(f)
    return f


def known(options: dict[str, Any]) -> Any:
    """What is known, taken out of the options of a command."""
    from symroof.plan.known import Known

    on, shape, model, formats, kv, math, override, exact = (options.pop(name, False if name == "exact" else "") for name in _KNOWN)
    if "," in formats:
        raise click.UsageError("--formats takes one format here, that of the weights; give the KV cache's with --kv")
    return Known.of(on, shape, model, (formats.strip(), kv.strip(), math.strip()), overrides(override or ()), exact)


def overrides(pairs: Iterable[str]) -> dict[str, str]:
    """``LETTER=VALUE`` texts by letter."""
    found = {}
    for pair in pairs:
        letter, equals, value = pair.partition("=")
        if not equals:
            raise click.UsageError(f"--set {pair[:40]!r} has no '='; write e.g. --set P=70e9")
        found[letter.strip()] = value.strip()
    return found


def letters(text: str | None) -> tuple[str, ...]:
    """``B,S`` as two letters."""
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())
