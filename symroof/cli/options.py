"""Options that commands share: the form of the output, and what is known when a question is asked."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import click

from symroof.errors import InputError
from symroof.show.forms import forms as names

Command = Callable[..., Any]
Options = dict[str, Any]

#: What the forms of an answer are; one that is not named here says so itself.
SAYS = {
    "csv": "As CSV, numbers in SI units.",
    "html": "As HTML, with its style.",
    "json": "As JSON, numbers in SI units.",
    "latex": "As LaTeX.",
    "markdown": "As Markdown.",
}


def together(*options: Command) -> Callable[[Command], Command]:
    """Several options as one decorator, in their order."""

    def decorated(f: Command) -> Command:
        for option in reversed(options):
            f = option(f)
        return f

    return decorated


# -- the form of an answer
def _form(ctx: click.Context, option: click.Parameter, chosen: bool) -> None:
    other = ctx.params.setdefault("form", "text")
    if chosen and other != "text":
        raise click.UsageError(f"--{other} and {option.opts[0]} are two forms of one output; give one")
    if chosen:
        ctx.params["form"] = str(option.name)


def form(name: str, says: str) -> Callable[[Command], Command]:
    """One form of the output, of which a command has one: its ``form``."""
    return click.option(f"--{name}", name, is_flag=True, expose_value=False, is_eager=True, callback=_form, help=says)


forms = together(*(form(name, SAYS.get(name, f"As {name}.")) for name in names() if name != "text"))


def reply(document: Any, form: str) -> NoReturn:
    """Print the answer of a command in a form; exit code 1 where nothing does what was asked."""
    from symroof.show.forms import render
    from symroof.show.forms.text import render as written

    if form == "text":
        terminal = sys.stdout.isatty()
        click.echo(written(document, shutil.get_terminal_size().columns if terminal else 200))
    else:
        click.echo(render(document, form))
    sys.exit(1 if document.fails else 0)


# -- what is known
def _assigned(ctx: click.Context, option: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    from symroof.ask.letters import assigned

    return assigned(pairs, option.opts[0], "J=4096" if option.opts[0] == "--bind" else "P=70e9")


def setting(says: str = "A value for a letter, e.g. S=8192; repeatable.") -> Callable[[Command], Command]:
    """``--set LETTER=VALUE``: the ``letters`` of a command, by name."""
    return click.option("--set", "letters", multiple=True, metavar="LETTER=VALUE", callback=_assigned, help=says)


bind = click.option(
    "--bind",
    "sizes",
    multiple=True,
    metavar="DIM=SIZE",
    callback=_assigned,
    help="The size of a dimension of your own: a number or a letter.",
)
math = click.option("--math", default="", metavar="FORMAT", help="Format of the arithmetic; by default what the chip's C stands for.")

#: The sheets and letters of a question; whatever is left out stays a letter.
values = together(
    click.option("--on", default="", metavar="CHIP", help="The chip: see `symroof chips`; CHIP@SELLER at the price of another."),
    click.option("--slice", default="", metavar="SHAPE", help="A slice of the chip such as 4x4, or a number of chips."),
    click.option("--model", default="", metavar="MODEL", help="The language model: see `symroof llms`."),
    click.option("--exact", is_flag=True, help="The model's own formulas, where the book's are approximations of them."),
    click.option("--formats", default="", metavar="FORMAT", help="Format of the weights, e.g. int8."),
    click.option("--kv", default="", metavar="FORMAT", help="Format of the KV cache; by default that of the weights."),
    math,
    setting(),
)


def known(options: Options) -> Any:
    """What is known, taken out of the options of a command."""
    from symroof.ask.known import Known

    on, slice, model, exact, weights, kv, math, letters = (
        options.pop(name) for name in ("on", "slice", "model", "exact", "formats", "kv", "math", "letters")
    )
    if "," in weights:
        raise click.UsageError("--formats takes one format here, that of the weights; give the KV cache's with --kv")
    return Known.of(on, slice, model, (weights.strip(), kv.strip(), math.strip()), letters, exact)


def said(options: Options, *names: str) -> dict[str, Any]:
    """The letters of a command, with those that the named options stand for.

    Raises InputError for an option and a letter that give the same.
    """
    from symroof.ask.letters import said

    return said(options["letters"], {name: options[name] for name in names})


def _bounds_only(ctx: click.Context, option: click.Parameter, name: str | None) -> None:
    if name is not None:
        cure = "`symroof serve`, `search` and `explain` take one, and sweep(cost, calibration(NAME), ...) gives the interval along an axis"
        raise InputError(f"{option.opts[0]} changes nothing in what is drawn of bounds; {cure}")


#: What is drawn is drawn of bounds, and says so.
bounds_only = click.option("--calibration", metavar="NAME", hidden=True, expose_value=False, callback=_bounds_only)


def refuse(options: Options, names: Iterable[str], why: str) -> None:
    """Refuse options that would change nothing.

    Raises InputError naming the first that is given.
    """
    from symroof.ask.letters import flag

    for name in names:
        if options.get(name):
            raise InputError(f"{flag('set' if name == 'letters' else name)} changes nothing {why}; leave it out")


def letters(text: str | None) -> tuple[str, ...]:
    """``B,S`` as two letters."""
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def whole(text: str, option: str, count: int = 0, what: str = "") -> tuple[int, ...]:
    """``16,256`` as whole numbers, ``count`` of them if that is given."""
    found = letters(text)
    if not found or not all(t.isascii() and t.isdigit() and 0 < int(t) < 10**12 for t in found):
        raise click.UsageError(f"{option} takes whole numbers separated by commas, e.g. 16,256, not {text[:40]!r}")
    if count and len(found) != count:
        raise click.UsageError(f"{option} takes {what}")
    return tuple(map(int, found))
