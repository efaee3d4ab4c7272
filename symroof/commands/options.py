"""Options that commands share: the form of the output, and what is known when a question is asked.

An option and a letter of ``--set`` may mean the same. Then one of them is given: both are refused, and a letter alone is the
option (``said_once``), or wins over what an option would have given by default (``not_both``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click

from symroof.errors import InputError

Command = Callable[..., Any]
_KNOWN = ("chip_name", "shape", "model", "formats", "kv", "math", "override", "exact")


#: What an option gives, by its name in the code: the letter that means the same, and what that is.
MEANT = {
    "shape": ("n", "the number of chips"),
    "count": ("n", "the number of chips"),
    "slices": ("n", "the number of chips"),
    "batch": ("B", "the batch"),
    "context": ("S", "the context"),
    "contexts": ("S", "the context"),
    "prompt": ("T", "the prompt"),
    "generated": ("G", "the tokens that are generated"),
    "mfu": ("MFU", "the MFU of prefill"),
    "latency": ("t_lim", "the longest decode step"),
    "formats": ("p_w", "the bytes of a weight"),
    "weights": ("p_w", "the bytes of a weight"),
    "dtype": ("p_w", "the bytes of a weight"),
    "kv": ("p_kv", "the bytes of an element of the KV cache"),
    "math": ("C", "the FLOP/s of a chip"),
    "tokens": ("D_tok", "the tokens of the run"),
    "finish": ("t_run", "the longest run"),
    "optimizer": ("p_opt", "the bytes of the optimizer"),
}


def forms(f: Command) -> Command:
    """--json and --latex."""
    return form("--latex", "As LaTeX.")(form("--json", "As JSON, numbers in SI units.")(f))


def form(flag: str, says: str) -> Callable[[Command], Command]:
    """One form of the output, of which a command has one."""
    return click.option(flag, flag.strip("-"), is_flag=True, expose_value=False, is_eager=True, callback=_form, help=says)


def _form(ctx: click.Context, option: click.Parameter, chosen: bool) -> None:
    other = ctx.params.setdefault("form", None)
    if chosen and other:
        raise click.UsageError(f"--{other} and {option.opts[0]} are two forms of one output; give one")
    if chosen:
        ctx.params["form"] = str(option.name)


def explicit(name: str) -> bool:
    """Whether an option stands on the command line, rather than having its default."""
    return click.get_current_context().get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def flag(name: str) -> str:
    """How an option is written."""
    of = next(p for p in click.get_current_context().command.params if p.name == name)
    return of.opts[0] if isinstance(of, click.Option) else of.make_metavar(click.get_current_context()).strip("[]")


def not_both(options: dict[str, Any], *names: str) -> None:
    """Refuse an option beside the letter that means the same.

    Raises InputError naming both.
    """
    letters = overrides(options["override"])
    for name in names:
        letter, meaning = MEANT[name]
        if letter in letters and explicit(name):
            raise InputError(f"{flag(name)} and --set {letter} both give {meaning}; give one")


def said_once(options: dict[str, Any], *names: str) -> None:
    """Options that a letter stands for: the letter alone becomes the option, and leaves ``--set``.

    Raises InputError if both are given, naming them.
    """
    not_both(options, *names)
    letters = overrides(options["override"])
    for name in names:
        if MEANT[name][0] in letters:
            options[name] = letters.pop(MEANT[name][0])
            click.get_current_context().set_parameter_source(name, click.core.ParameterSource.COMMANDLINE)
    options["override"] = tuple(f"{letter}={value}" for letter, value in letters.items())


def unsaid(letters: Iterable[str], *names: str) -> set[str]:
    """The options that have their default only, and that a letter takes the place of."""
    return {name for name in names if MEANT[name][0] in letters and not explicit(name)}


def refuse(names: Iterable[str], why: str) -> None:
    """Refuse options that would change nothing.

    Raises InputError naming the first that is given.
    """
    for name in names:
        if explicit(name):
            raise InputError(f"{flag(name)} changes nothing {why}; leave it out")


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
    from symroof.ask.known import Known

    on, shape, model, formats, kv, math, override, exact = (options.pop(name, False if name == "exact" else "") for name in _KNOWN)
    if "," in formats:
        raise click.UsageError("--formats takes one format here, that of the weights; give the KV cache's with --kv")
    return Known.of(on, shape, model, (formats.strip(), kv.strip(), math.strip()), overrides(override or ()), exact)


def overrides(pairs: Iterable[str], option: str = "--set", example: str = "P=70e9") -> dict[str, str]:
    """``LETTER=VALUE`` texts by letter, each given once."""
    from symroof.ask.letters import assigned

    return assigned(pairs, option, example)


def letters(text: str | None) -> tuple[str, ...]:
    """``B,S`` as two letters."""
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())
