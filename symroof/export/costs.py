"""A Cost as a function: its value, or its value with those of its parts and the part that binds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symroof.algebra.cost import Cost
from symroof.algebra.evaluate import tape
from symroof.errors import InputError
from symroof.export.languages import Dialect
from symroof.export.names import Names, comment, identifier, string
from symroof.export.source import Head, function, helper_names
from symroof.export.statements import Statements


@dataclass(frozen=True)
class Branch:
    """A part of a cost: its path (``MLP/math``), the slot of its value, and its own parts."""

    path: str
    name: str
    slot: int
    parts: tuple[Branch, ...] = ()

    @property
    def below(self) -> list[Branch]:
        """The parts at any depth, the outer ones first."""
        return [p for part in self.parts for p in (part, *part.below)]


def cost_source(cost: Cost, dialect: Dialect, name: str, parts: bool) -> str:
    """The file with one function for a cost."""
    compiled = tape(cost.shape)
    tree = _tree(cost, compiled.slots, "", "", set())
    if parts and not tree.parts:
        raise InputError(f"{cost.name or 'the cost'} has no parts to return; export it without them")
    names = Names(dialect.name, f"{name}_parts", *helper_names(dialect))
    arguments = names.arguments(compiled.inputs)
    inner = tree.below
    labels = {p.slot: _label(p) for p in reversed(inner)}
    lines = Statements(compiled, dialect, names, arguments, labels)
    lines.count([tree.slot, *(p.slot for p in inner if parts)])
    if dialect.name == "numpy" and arguments:
        lines.write(as_arrays(arguments.values()))
    value = lines.term(tree.slot).text
    head = Head(name, _about(cost))
    if not parts:
        lines.give(value)
        return function(head, lines)
    lines.helpers.add("largest")
    returned, declared = _struct(tree, lines, name) if dialect.floats else (_record(tree, lines), "")
    lines.written += [dialect.indent + text for text in returned]
    return function(Head(name, head.about, f"{name}_parts" if dialect.floats else "", declared), lines)


def as_arrays(arguments: Any) -> str:
    """The statement that makes float64 arrays of all arguments."""
    listed = ", ".join(arguments)
    comma = "," if len(arguments) == 1 else ""
    return f"{listed}{comma} = (np.asarray(x, dtype=np.float64) for x in ({listed}{comma}))"


def _tree(cost: Cost, where: Any, path: str, name: str, taken: set[str]) -> Branch:
    found = []
    for i, (part, place) in enumerate(zip(cost.parts, where[1], strict=True), 1):
        label = wanted = part.name or f"part {i}"
        count = 2
        while f"{path}{label}" in taken:
            label, count = f"{wanted} ({count})", count + 1
        taken.add(f"{path}{label}")
        found.append(_tree(part, place, f"{path}{label}/", label, taken))
    return Branch(path[:-1], name, where[0], tuple(found))


def _label(part: Branch) -> str:
    words = identifier(part.name)
    return words if words and words[0].isalpha() else f"part_{words}".rstrip("_")


def _about(cost: Cost) -> list[str]:
    first = f"{cost.name or 'a cost'} [{cost.unit}], exported by symroof."
    shown = repr(cost).splitlines()
    return [first, "", *shown, *(["", f"Source: {cost.source}"] if cost.source else [])]


def _joined(tree: Branch) -> list[Branch]:
    return [p for p in tree.below if p.parts]


def _record(tree: Branch, lines: Statements) -> list[str]:
    """The dictionary (or object) that is returned, entry by entry."""
    d = lines.dialect
    space = d.indent
    entries = [f"{_key(p.path, d)}: {lines.term(p.slot).text}," for p in tree.below]
    bindings = [f"{_key(p.path, d)}: {_binding(p, lines)}," for p in _joined(tree)]
    inner = [f"{space}{string('bindings', d.name)}: {{", *[2 * space + b for b in bindings], f"{space}}},"]
    return [
        "return {",
        f"{space}{string('value', d.name)}: {lines.term(tree.slot).text},",
        f"{space}{string('binding', d.name)}: {_binding(tree, lines)},",
        f"{space}{string('parts', d.name)}: {{",
        *[2 * space + e for e in entries],
        f"{space}}},",
        *(inner if bindings else [f"{space}{string('bindings', d.name)}: {{}},"]),
        f"}}{d.stop}",
    ]


def _key(path: str, d: Dialect) -> str:
    quoted = string(path, d.name)
    return f"[{quoted}]" if d.name == "javascript" and path == "__proto__" else quoted


def _binding(part: Branch, lines: Statements) -> str:
    d = lines.dialect
    names = ", ".join(string(p.name, d.name) for p in part.parts)
    values = ", ".join(lines.term(p.slot).text for p in part.parts)
    return f"{d.prefix}largest([{names}], {values})"


def _struct(tree: Branch, lines: Statements, name: str) -> tuple[list[str], str]:
    """What C returns, and the struct that holds it: a field for each part, and names of the parts that bind."""
    fields, result = Names("c"), lines.names.fresh("result")
    returned: list[str] = []
    declared: list[str] = []

    def put(kind: str, wanted: str, value: str, about: str) -> None:
        field = fields.fresh(wanted)
        declared.append(f"  {kind}{field}; /* {about} */")
        returned.append(f"{result}.{field} = {value};")

    def binding(part: Branch) -> str:
        names = ", ".join(string(p.name, "c") for p in part.parts)
        values = ", ".join(lines.term(p.slot).text for p in part.parts)
        count = len(part.parts)
        return f"(const char *[]){{{names}}}[symroof_largest({count}, (const double[]){{{values}}})]"

    put("double ", "value", lines.term(tree.slot).text, "the whole")
    put("const char *", "binding", binding(tree), "the part that binds")
    for part in tree.below:
        wanted = "_".join(filter(None, map(identifier, part.path.split("/"))))
        wanted = wanted if wanted[:1].isalpha() else f"part_{wanted}".rstrip("_")
        said = comment(part.path, "c")
        put("double ", wanted, lines.term(part.slot).text, said)
        if part.parts:
            put("const char *", f"{wanted}_binding", binding(part), f"the part of {said} that binds")
    body = [f"{name}_parts {result};", *returned, f"return {result};"]
    return body, "typedef struct {\n" + "\n".join(declared) + f"\n}} {name}_parts;\n\n"
