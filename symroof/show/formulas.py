"""Views of formulas and values: costs with their parts, conditions, limits, work, numbers with bars."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from symroof.algebra.cost import Condition, Cost
from symroof.algebra.quantity import show_number
from symroof.algebra.value import Value
from symroof.show.document import Bars, Block, Formula, Note, Table, Text, Title, letters, table
from symroof.show.maths import Math, costly, math, related, short
from symroof.show.tex.layout import Box
from symroof.show.tex.writer import write
from symroof.show.views import view
from symroof.solver.limits import Limit


@view("algebra.cost.Cost")
def cost(c: Cost) -> Iterator[Block]:
    """The formula, its parts by name, and what its letters mean."""
    yield named(c)
    if c.lacking:
        yield Note(f"still free; {c.lacking}")
    if c.source:
        yield Note(c.source, fold="source")
    yield letters(c.free_symbols)


def named(c: Cost, fold: str | None = None) -> Formula:
    """A cost with its name, its unit and its parts; an unnamed expression is one formula."""
    return Formula(costly(c), c, fold=fold)


@view("algebra.condition.Condition")
def condition(c: Condition) -> Iterator[Block]:
    """The relation, both sides by their formulas."""
    yield Formula(asked(c))
    yield letters(c.free_symbols)


def asked(c: Condition) -> Math:
    """A condition with the names of the parts of its sides."""
    return related(costly(c.left), c.relation, costly(c.right))


@view("solver.limits.Limit")
def limit(found: Limit) -> Iterator[Block]:
    """What the cost comes to, and what was taken as large or small; the exact cost folded."""
    yield named(found.cost)
    yield Text(approximation(found.weights) if found.weights else f"for {found.exact!r}")
    yield named(found.exact, "the exact cost")


def approximation(weights: Iterable[tuple[Any, Any]]) -> Math:
    """What is large and what is small: ``for large D, F and small B``."""
    named = [(word, [s for s, w in weights if w * sense > 0]) for word, sense in (("large", 1), ("small", -1))]
    text = " and ".join(f"{word} {', '.join(s.name for s in some)}" for word, some in named if some)
    tex = r" \text{ and ".join(rf"{word} }} {', '.join(map(write, some))}" for word, some in named if some)
    return Math(lambda: f"for {text}", lambda: Box(rf"\text{{for {tex}"))


# -- what is worked out
@view("algebra.value.Value")
def value(v: Value) -> Iterator[Block]:
    """A number by itself, or the parts under each other with their bars."""
    yield Bars(v)


@view("analysis.elasticity.Kink")
def kink(k: Any) -> Iterator[Block]:
    """The two numbers at a tie."""
    if hasattr(k.below, "shape") or hasattr(k.above, "shape"):
        yield Text(f"two-sided array; at kinks .below and .above differ (by {k.symbol})")
        return
    at = f"at the kink of {k.where}" if k.where else "at a kink"
    yield Text(f"{show_number(float(k.below))} to {show_number(float(k.above))} {at}")


@view("algebra.value.Deviation")
def deviation(d: Any) -> Iterator[Block]:
    """How far a limit is from the exact answer, and where."""
    yield Text(d.said)


# -- work, collectives and programs
@view("machine.roofline.Work")
def work(w: Any) -> Iterator[Block]:
    """FLOPs, traffic and intensity."""
    yield Title(w.name)
    yield totals(("FLOPs", w.flops), ("HBM traffic", w.traffic), ("intensity", w.intensity))
    yield letters(w.flops.free_symbols | w.traffic.free_symbols)


def totals(*costs: tuple[str, Cost]) -> Table:
    """Costs by name, one a line."""
    return table(("", "formula", "unit"), [(name, short(c.expr), f"[{c.unit}]") for name, c in costs], headed=False)


@view("machine.collectives.Collective")
def collective(c: Any) -> Iterator[Block]:
    """Its name and its volume."""
    yield Text((f"{c.name}  ", short(c.volume.expr), f"  [{c.volume.unit}]"))


@view("program.program.Program")
def program(p: Any) -> Iterator[Block]:
    """The statements, the collectives each needs and its FLOPs, then what the whole asks of a chip."""
    rows: list[tuple[Any, ...]] = []
    for s in p.statements:
        rows.append((str(s), "", short(s.flops.expr), "FLOP"))
        rows += [("", c.name, short(c.volume.expr), "byte") for c in s.collectives]
    yield table(("statement", "collective", "per chip", ""), rows, level=0)
    yield totals(("FLOPs per chip", p.flops), ("HBM traffic per chip", p.traffic), ("memory per chip", p.memory))
    yield letters(p.flops.free_symbols | p.traffic.free_symbols)


@view("machine.mesh.Mesh")
def mesh(m: Any) -> Iterator[Block]:
    """The axes, what each runs over, and how many chips it has."""
    yield Title(("mesh of ", math(m.chips), " chips"))
    rows = [(axis, (repr(m.link(axis)), *((" of ", math(size)) if str(size) != axis else ()))) for axis, size in m.sizes.items()]
    yield table(("axis", "link"), rows, headed=False)
