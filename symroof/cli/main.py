"""``symroof``: the table of commands, and what happens when one is misspelt, refused or given an option twice."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Any

import click

from symroof.cli.streams import outcome, reading
from symroof.errors import DerivationError, SymroofError, nearest

#: Every command, and the file that declares it.
COMMANDS: Mapping[str, str] = {
    **dict.fromkeys(("serve", "search", "memory"), "serving"),
    **dict.fromkeys(("load",), "loading"),
    **dict.fromkeys(("solve", "regimes", "minimize", "maximize", "elasticity", "limit", "formulas"), "questions"),
    **dict.fromkeys(("derive", "chips", "llms", "show", "program"), "tables"),
    **dict.fromkeys(("export", "document", "import", "book"), "files"),
    **dict.fromkeys(("figure",), "figures"),
    **dict.fromkeys(("page",), "web"),
    **dict.fromkeys(("calibrate", "explain", "validate"), "calibrating"),
}


class _Group(click.Group):
    """Commands that are loaded when they are asked for, and whose misspelling names the nearest one."""

    def main(self, *args: Any, standalone_mode: bool = True, **more: Any) -> Any:
        """Run a command line and exit with its code."""
        run = partial(super().main, *args, standalone_mode=False, **more)
        if not standalone_mode:
            return run()
        sys.exit(outcome(run))

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        """A command line that is read; help and version are written here."""
        with reading():
            return super().make_context(*args, **more)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = {"import": "imported"}.get(cmd_name, cmd_name)  # a word of Python is no name of a function
        found: click.Command = getattr(import_module(f"symroof.cli.{COMMANDS[cmd_name]}"), name)
        return found

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"there is no command {args[0][:40]!r}; {nearest(args[0], COMMANDS)}")
        name, command, rest = super().resolve_command(ctx, args)
        _refuse_repeated(ctx, command, rest)
        return name, command, rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what symroof refuses is one sentence on stderr and exit code 2."""
        try:
            with reading():
                return super().invoke(ctx)
        except SymroofError as problem:
            click.echo(f"symroof: {problem}", err=True)
            ctx.exit(1 if isinstance(problem, DerivationError) else 2)


def _refuse_repeated(ctx: click.Context, command: click.Command | None, args: list[str]) -> None:
    """An option with one value is given once: of two the first would be ignored."""
    while isinstance(command, click.Group) and args:
        command, args = command.get_command(ctx, args[0]), args[1:]
    if command is None:
        return
    try:
        _, _, given = command.make_parser(click.Context(command)).parse_args(list(args))
    except click.UsageError:
        return  # the command says it better
    single = [o for o in given if isinstance(o, click.Option) and not o.multiple and not o.is_flag]
    twice = next((o for i, o in enumerate(single) if o in single[:i]), None)
    if twice is not None:
        raise click.UsageError(f"{twice.opts[-1]} is given twice; give it once")


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.version_option(package_name="symroof", prog_name="symroof")
def cli() -> None:
    """Symbolic cost models for large language models on accelerators: formulas, thresholds, numbers.

    \b
    symroof serve llama3-70b --on tpu-v5e
    symroof serve llama3-405b --on tpu-v5e --formats int8 --latency "15 ms"
    symroof solve "decode.step <= 15 ms" --for B
    symroof derive q05
    symroof show h100
    """


def main() -> None:
    """The entry point."""
    cli()
