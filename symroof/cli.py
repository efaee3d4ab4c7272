"""The command line: ``symroof serve``, ``derive``, ``chips``, ``llms``, ``show``, ``program``, and what asks the solver."""

from __future__ import annotations

import sys
from typing import Any

import click

from symroof.commands import ask, book, document, export, figure, page, search
from symroof.commands.options import forms, not_both, overrides, refuse, said_once, unsaid
from symroof.errors import DerivationError, SymroofError, nearest


class _Group(click.Group):
    """Commands whose misspelling names the nearest one."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            ctx.fail(f"there is no command {args[0][:40]!r}; {nearest(args[0], self.list_commands(ctx))}")
        name, command, rest = super().resolve_command(ctx, args)
        _refuse_repeated(ctx, command, rest)
        return name, command, rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what symroof refuses is one sentence on stderr and exit code 2."""
        try:
            return super().invoke(ctx)
        except DerivationError as problem:
            click.echo(f"symroof: {problem}", err=True)
            ctx.exit(1)
        except SymroofError as problem:
            click.echo(f"symroof: {problem}", err=True)
            ctx.exit(2)


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


@cli.command()
@click.argument("model")
@click.option("--on", "chip_name", required=True, metavar="CHIP", help="The chip: see `symroof chips`.")
@click.option("--slice", "shape", metavar="SHAPE", help="A slice such as 4x4; by default the smallest that fits.")
@click.option("--chips", "count", metavar="N", type=click.IntRange(1), help="The same as a number of chips.")
@click.option("--formats", default="bf16,int8,int4", show_default=True, help="Formats of the weights, one column each.")
@click.option("--kv", default="", help="Format of the KV cache; by default that of the weights.")
@click.option("--math", default="", help="Format of the arithmetic; by default bf16, or what the chip has instead.")
@click.option("--batch", metavar="B", help="Sequences per step; by default as many as fit.")
@click.option("--context", default="8192", show_default=True, metavar="S", help="Tokens per sequence in the KV cache.")
@click.option("--prompt", metavar="T", help="Tokens of a prompt; by default the context.")
@click.option("--generate", "generated", default="512", show_default=True, metavar="G", help="Tokens generated per sequence.")
@click.option("--mfu", default="0.4", show_default=True, help="Model FLOP utilisation of prefill.")
@click.option("--latency", metavar="TIME", help='Longest decode step, e.g. "15 ms": finds the best slice, mesh and batch.')
@click.option("--set", "override", multiple=True, metavar="LETTER=VALUE", help="Another value for a letter, e.g. P=70e9 or eta_hbm=0.8.")
@click.option("--formulas", is_flag=True, help="Each row's formula beside its number.")
@forms
def serve(model: str, chip_name: str, formats: str, **options: Any) -> None:
    """The serving story of MODEL: memory, slice, batch, step time and what binds it, throughput, cost, thresholds.

    \b
    symroof serve llama3-70b --on tpu-v5e
    symroof serve llama3-70b --on tpu-v5e --slice 4x4 --batch 32 --formulas
    symroof serve llama3-8b --on h100 --formats bf16,fp8 --math bf16 --context "32 Ki"
    symroof serve llama3-405b --on tpu-v5e --formats int8 --latency "15 ms"
    """
    if options["shape"] and options["count"]:
        raise click.UsageError("--slice and --chips say the same; give one of them")
    options["formats"] = formats
    not_both(options, "count", "formats", "kv", "math")
    said_once(options, "shape", "batch", "context", "prompt", "generated", "mfu", "latency")
    if options["latency"] is not None:
        _within(model, chip_name, formats, options)
    from symroof.pages import serving
    from symroof.plan.setting import Traffic, settings
    from symroof.sheets.chips import chip
    from symroof.sheets.llms import llm

    traffic = Traffic.of(options["context"], options["prompt"], options["generated"], options["mfu"], options["batch"], options["latency"])
    names = [f.strip() for f in formats.split(",") if f.strip()]
    if not names:
        raise click.UsageError("--formats is empty; give e.g. bf16,int8")
    found = settings(chip(chip_name), llm(model), names, traffic, options["kv"], options["math"], overrides(options["override"]))
    form = options["form"] or "text"
    sys.exit(serving.story(found, form, options["formulas"], options["shape"] or options["count"]))


def _within(model: str, on: str, formats: str, options: dict[str, Any]) -> None:
    """The best slice, mesh and batch within a latency: the answer of ``symroof search serve``."""
    from symroof.pages.search import choices
    from symroof.plan.deployments import search_serving
    from symroof.sheets.chips import chip

    refuse(("generated", "formulas"), "beside --latency, which looks for the best step")
    letters = overrides(options["override"])
    priced = "price" in letters or any(s.name == "price" for s in chip(on).values)
    names = ("context", "prompt", "latency", "batch", "kv", "math", "mfu")
    said = [name for name in names if options[name] is not None and (options[name] or name not in ("kv", "math"))]
    wishes = {name: options[name] for name in said} | {"letters": letters}
    wishes |= {} if unsaid(letters, "formats") else {"formats": formats}
    where = options["shape"] or options["count"]
    wishes |= {"slice": where} if where else {}
    sys.exit(choices(search_serving(model, on, "cost" if priced else "throughput", **wishes), options["form"] or "text"))


@cli.command()
@click.argument("question", required=False)
@click.option("--index", "as_index", is_flag=True, help="All questions as the Markdown page derivations/README.md.")
@forms
def derive(question: str | None, as_index: bool, form: str | None) -> None:
    """Derive the answers of a QUESTION of the book and compare them with print; without one, list the questions.

    \b
    symroof derive
    symroof derive q05
    symroof derive q06 --json
    """
    from symroof.pages import derivations
    from symroof.present import book

    if as_index:
        refuse(("question",), "beside --index, which lists all of them")
        if form:
            raise click.UsageError(f"--index is a page of Markdown, not {form}; leave out --{form}")
        click.echo(book.index(), nl=False)
    elif question is None:
        derivations.listing(form or "text")
    else:
        derivations.questions(book.find(question), form or "text")


@cli.command(name="chips")
@forms
def chips_command(form: str | None) -> None:
    """All chips, with their FLOP/s, memory, links and price.

    \b
    symroof chips
    symroof chips --json
    """
    from symroof.pages import sheets

    sheets.chips_table(form or "text")


@cli.command(name="llms")
@forms
def llms_command(form: str | None) -> None:
    """All language models, with their dimensions and parameter counts, derived and published.

    \b
    symroof llms
    symroof llms --latex
    """
    from symroof.pages import sheets

    sheets.llms_table(form or "text")


@cli.command()
@click.argument("name")
@forms
def show(name: str, form: str | None) -> None:
    """A chip, language model or number format NAME: every value with its source. A path to a TOML file works too.

    \b
    symroof show tpu-v5e
    symroof show llama3-70b --json
    symroof show my-chip.toml
    """
    from symroof.pages import sheets

    sheets.sheet(name, form or "text")


@cli.command()
@click.argument("text")
@click.option("--backward", is_flag=True, help="The gradients too.")
@click.option("--bind", "sizes", multiple=True, metavar="DIM=SIZE", help="The size of a dimension of your own: a number or a letter.")
@forms
def program(text: str, backward: bool, sizes: tuple[str, ...], form: str | None) -> None:
    """What a layer in the sharding notation costs a chip. TEXT is the program, ``-`` (standard input) or the path of a file.

    \b
    symroof program "In[B_X, D] W[D_X, F] -> Out[B_X, F]"
    symroof program "In[B, D_Y] W[D_Y, F] -> Out[B_Y, F]" --backward --latex
    symroof program layer.txt --bind J=4096
    """
    from symroof.pages import programs

    programs.page(text, overrides(sizes, "--bind", "J=4096"), backward, form or "text")


for _room in (ask, search, export, page, figure, document, book):
    for _command in _room.COMMANDS:
        cli.add_command(_command)


def main() -> None:
    """The entry point."""
    cli()


if __name__ == "__main__":
    main()
