"""Command lines nobody would write: those of the help texts, with words dropped, doubled, exchanged, misspelt, or of another kind."""

import inspect
import random
import re
import shlex
from collections.abc import Iterator

import click

from symroof.algebra.symbols import ALPHABET
from symroof.ask.names import formulas, thresholds
from symroof.cli import cli

HOSTILE = (
    *("", " ", "-", "--", "---", "-1", "0", "1e400", "1e-400", "nan", "inf", "-inf", "1/0", "007", "1_000", "½", "٣", "0x10"),
    *("9" * 400, "ignore\n\nline", "a\tb", "\x1b[2J", "\u202e", "\udcff", "😀", "é", "%s%n", "{0}", "$(id)", "`id`", "' or 1=1", "\\"),
    *('"', "'", "__import__('os').system('true')", "().__class__.__bases__", "lambda: 0", "B if B else S", "None", "True", "[]"),
    *("{}", "()", "x" * 3000, "(" * 300, "((B)", "B)", "B**B**B", "B^-1", "1 <= 2 <= 3", "B <", "< B", "= B", "B == S", "@", "@ B"),
    *("B @", "a.b.c", "decode.", ".step", "decode.step(", "decode.step(m=1)", "training.mixed/comms/x", "training.mixed/", "/", "//"),
    *("decode.__class__", "S=8192", "=", "S=", "=8", "/dev/zero", "/dev/null", "/dev/stdin", "/proc/self/mem", "/", ".", "..", "~"),
    *("/nonexistent/x", "file:///etc/passwd", "con.toml", "a" * 300, "8 Ki", "15 ms", "15 ms ms", "ms", "-15 ms", "$1.2/h", "$-1"),
    *("40%", "140%", "13B", "1 GB/s", "2 byte", "1e9 FLOP/s", "3 d", "1 parsec", "4x4", "4x", "x4", "0x0", "1x1x1x1", "3x5"),
    *("99999999x99999999", "tpu-v5e", "h100", "tpu-v5e@nobody", "tpu-v5e,h100", ",", "llama3-70b", "mixtral-8x7b", "deepseek-v3"),
    *("bf16", "int8", "fp4", "bf16; experts=mxfp4", "bf16; nothing=int8", ";", "as stored", "17/16 B"),
)
WORDS = (*HOSTILE, *ALPHABET, *formulas(), *thresholds())


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it."""
    front: list[tuple[tuple[str, ...], click.Command]] = [((), cli)]
    while front:
        words, command = front.pop()
        if isinstance(command, click.Group):
            context = click.Context(command)
            front += [((*words, name), command.get_command(context, name)) for name in command.list_commands(context)]
        else:
            yield words, command


COMMANDS = dict(sorted(commands(), key=lambda item: item[0]))
OPTIONS = sorted({o for command in COMMANDS.values() for p in command.params for o in p.opts if o.startswith("-")})


def examples() -> list[list[str]]:
    """The lines of all help texts."""
    found = []
    for command in COMMANDS.values():
        text = inspect.cleandoc(command.help or "").replace("\\\n", " ")
        found += [shlex.split(line)[1:] for line in re.findall(r"^symroof .*$", text, re.MULTILINE) if "&&" not in line]
    return found


EXAMPLES = examples()
#: What takes seconds each time: pages of all models, the tables of measurements, the book.
SLOW = ("page", "validate", "book", "calibrate")


def mutated(rng: random.Random) -> list[str]:
    """An example or a bare command, changed a few times."""
    line = list(rng.choice(EXAMPLES)) if rng.random() < 0.8 else [*rng.choice(list(COMMANDS))]
    for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 5))):
        at = rng.randrange(len(line) + 1)
        how = rng.randrange(8)
        if how == 0 and line:
            del line[at - 1]
        elif how == 1 and line:
            line.insert(at, rng.choice(line))
        elif how == 2 and len(line) > 1:
            other = rng.randrange(len(line))
            line[at - 1], line[other] = line[other], line[at - 1]
        elif how == 3 and line:
            line[at - 1] = rng.choice(WORDS)
        elif how == 4:
            line[at:at] = [rng.choice(OPTIONS), rng.choice(WORDS)]
        elif how == 5:
            line.append(rng.choice(OPTIONS))
        elif how == 6 and line and line[at - 1]:
            word, place = line[at - 1], rng.randrange(len(line[at - 1]))
            line[at - 1] = word[:place] + rng.choice(("", word[place] * 2, rng.choice("-=<>()/*x0 @;\n"))) + word[place + 1 :]
        else:
            line[at:at] = ["--set", f"{rng.choice(list(ALPHABET))}={rng.choice(WORDS)}"]
    return [word.replace("\0", "") for word in line]


def quick(line: list[str]) -> bool:
    """Whether a line is none of those that take seconds."""
    return not {*SLOW} & {*line}


def nothing_wrong(code: int, exception: BaseException | None, out: str, err: str) -> str:
    """What is wrong with how a line ended; empty if nothing is."""
    if exception is not None and not isinstance(exception, SystemExit):
        return f"raises {exception!r:.200}"
    if code not in (0, 1, 2):
        return f"ends with {code}"
    if code == 2 and not err.strip():
        return "says nothing"
    odd = re.search(r"Traceback|<class '|object at 0x|NoneType|\b(?:Type|Value|Attribute|Key|Index|Recursion)Error\b|_Group|<function", err)
    if odd:
        return f"says {odd[0]}"
    if len(err) > 2500:
        return f"says {len(err)} characters"
    return ""
