"""``export(cost_or_bound, "c")``: a formula as the text of a source file that stands alone.

A Cost is a function of its value, or of its value with those of its parts and the part that binds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sympy as sp

from symroof.algebra.cost import Cost
from symroof.algebra.evaluate import tape
from symroof.algebra.value import Value
from symroof.errors import InputError, short
from symroof.export.bounds import bound_source, bound_tape
from symroof.export.languages import Dialect, dialect, identifier
from symroof.export.statements import Names, Statements
from symroof.solver.bound import Bound


def export(formula: Cost | Bound, to: str = "python", name: str = "", parts: bool = False) -> str:
    """A Cost or Bound as a function of its symbols: ``"numpy"``, ``"jax"``, ``"python"``, ``"javascript"`` or ``"c"``.

    All numbers are in SI units. Of a Cost the value; with ``parts`` those of its parts too and which part binds. Of a
    Bound the threshold, infinite (or 0 for ``<=``) where it is never reached; with several ends a list of intervals.
    Operations are those of ``.at`` on arrays, in the same order; arguments are not checked. In JAX it is a function to compile,
    map and differentiate, in the precision that JAX has (``jax_enable_x64`` for 64 bits); which part binds is its place there.

    >>> from symroof import decode
    >>> print(export(decode.weight_time(), "javascript"))
    "use strict";
    <BLANKLINE>
    /*
     * weights [s], exported by symroof.
     *
     * P*p_w/(W_hbm*n)  [s]
     *
     * Arguments, positive numbers in SI units:
     *   P      [param] parameters
     *   W_hbm  [byte/s] HBM bandwidth of a chip
     *   n      [chip] chips
     *   p_w    [byte] bytes per weight
     */
    function weights(P, W_hbm, n, p_w) {
      const per_W_hbm = 1 / W_hbm;
      const per_n = 1 / n;
      return P * p_w * per_W_hbm * per_n;
    }
    <BLANKLINE>
    if (typeof module !== "undefined") module.exports = { weights };
    <BLANKLINE>

    Raises UnknownName for another language, InputError for a name that the language does not allow or a function that
    has no counterpart, SolveError for a Bound without a closed form.
    """
    language = dialect(to)
    if isinstance(formula, Value) or not isinstance(formula, (Cost, Bound)):
        raise InputError(f"{short(formula)} is no formula; export a Cost or a Bound, with a letter left free")
    kind = "cost" if isinstance(formula, Cost) else "bound"
    called = identifier(formula.name if isinstance(formula, Cost) else f"{formula.symbol.name} bound", kind)
    called = f"{kind}_{called}" if called.startswith("symroof_") else called
    checked = language.function_name(name) if name not in ("", None) else called + "_cost" * language.reserved(called)
    if isinstance(formula, Cost):
        return _cost_source(formula, language, checked, parts)
    if parts:
        raise InputError("a bound has no parts; export it without them")
    return bound_source(formula, language, checked)


def arguments(formula: Cost | Bound) -> tuple[sp.Symbol, ...]:
    """The symbols that the exported function takes, in its order."""
    return tuple((tape(formula.shape) if isinstance(formula, Cost) else bound_tape(formula)).inputs)


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


def _cost_source(cost: Cost, language: Dialect, name: str, parts: bool) -> str:
    """The file with one function for a cost."""
    compiled = tape(cost.shape)
    tree = _tree(cost, compiled.slots, "", "", set())
    if parts and not tree.parts:
        raise InputError(f"{cost.name or 'the cost'} has no parts to return; export it without them")
    labels = {p.slot: identifier(p.name, "part") for p in reversed(tree.below)}
    roots = [tree.slot, *(p.slot for p in tree.below if parts)]
    lines = Statements(compiled, language, roots, labels, [f"{name}_parts"])
    about = [f"{cost.name or 'a cost'} [{cost.unit}], exported by symroof.", "", *repr(cost).splitlines()]
    about += ["", f"Source: {cost.source}"] if cost.source else []
    value = lines.term(tree.slot).text
    if not parts:
        lines.give(value)
        return lines.function(name, about)
    lines.helpers.add("largest")
    if language.floats:
        return lines.function(name, about, f"{name}_parts", _struct(tree, lines, name))
    for text in _record(tree, lines):
        lines.write(text)
    return lines.function(name, about)


def _record(tree: Branch, lines: Statements) -> Iterator[str]:
    """The dictionary (or object) that is returned, entry by entry."""
    d, space = lines.dialect, lines.dialect.indent

    def key(path: str) -> str:
        return f"[{d.string(path)}]" if d.name == "javascript" and path == "__proto__" else d.string(path)

    def binding(part: Branch) -> str:
        names = ", ".join(d.string(p.name) for p in part.parts)
        return f"{d.prefix}largest([{names}], {', '.join(lines.term(p.slot).text for p in part.parts)})"

    def table(name: str, entries: list[str]) -> Iterator[str]:
        if not entries:
            yield f"{space}{d.string(name)}: {{}},"
            return
        yield f"{space}{d.string(name)}: {{"
        yield from (2 * space + entry for entry in entries)
        yield f"{space}}},"

    yield "return {"
    yield f"{space}{d.string('value')}: {lines.term(tree.slot).text},"
    yield f"{space}{d.string('binding')}: {binding(tree)},"
    yield from table("parts", [f"{key(p.path)}: {lines.term(p.slot).text}," for p in tree.below])
    yield from table("bindings", [f"{key(p.path)}: {binding(p)}," for p in tree.below if p.parts])
    yield f"}}{d.stop}"


def _struct(tree: Branch, lines: Statements, name: str) -> str:
    """Write what C returns; gives the struct that holds it: a field for each part, and names of the parts that bind."""
    d = lines.dialect
    fields, result = Names(d), lines.names.fresh("result")
    returned: list[str] = []
    declared: list[str] = []

    def put(kind: str, wanted: str, value: str, about: str) -> None:
        field = fields.fresh(wanted)
        declared.append(f"  {kind}{field}; /* {about} */")
        returned.append(f"{result}.{field} = {value};")

    def binding(part: Branch) -> str:
        names = ", ".join(d.string(p.name) for p in part.parts)
        values = ", ".join(lines.term(p.slot).text for p in part.parts)
        return f"(const char *[]){{{names}}}[symroof_largest({len(part.parts)}, (const double[]){{{values}}})]"

    put("double ", "value", lines.term(tree.slot).text, "the whole")
    put("const char *", "binding", binding(tree), "the part that binds")
    for part in tree.below:
        wanted = "_".join(filter(None, map(identifier, part.path.split("/"))))
        wanted = wanted if wanted[:1].isalpha() else f"part_{wanted}".rstrip("_")
        said = d.comment(part.path)
        put("double ", wanted, lines.term(part.slot).text, said)
        if part.parts:
            put("const char *", f"{wanted}_binding", binding(part), f"the part of {said} that binds")
    for text in (f"{name}_parts {result};", *returned, f"return {result};"):
        lines.write(text)
    return "typedef struct {\n" + "\n".join(declared) + f"\n}} {name}_parts;\n\n"
