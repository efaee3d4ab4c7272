"""Views of calibrations, of what explains one measurement, and of records beside bound and estimate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from symroof.algebra.quantity import show_number, show_quantity
from symroof.algebra.units import Unit
from symroof.show.document import Block, Column, Document, Note, Text, Title, Words, table
from symroof.show.maths import math
from symroof.show.views import view


def percent(x: float) -> str:
    """A fraction in percent."""
    return f"{100 * x:.0f} %" if x >= 0.0995 else f"{show_number(100 * x, 2)} %"


@view("sheets.calibrations.Calibration")
def calibration(c: Any) -> Document:
    """Its letters with their errors, what is left unexplained, and how it does on groups that a fit has not seen."""
    rows: list[tuple[Words, ...]] = []
    for f in c.letters:
        rows.append((math(f.symbol), _valued(f.symbol, f.value), f"+- {percent(f.error)}", f.symbol.meaning))
        rows += [(f"  {f.by} {level}", _valued(f.symbol, v), f"+- {percent(e)}", "") for level, (v, e) in f.levels.items()]
    blocks: list[Block] = [Title(f"{c.name}: {c.title}" if c.title else c.name)]
    blocks.append(table(("", "value", "error", "meaning"), rows, headed=False))
    blocks.append(
        Text(f"Scatter {percent(c.scatter)}, between groups {percent(c.between)}; an interval of 80 % reaches {c.width:.2f} times that.")
    )
    if c.left_out:
        out = c.left_out
        blocks.append(
            Text(
                f"Groups ({c.groups}) left out one at a time: median error {percent(out.median)}, ninth decile {percent(out.ninth)};"
                f" {percent(out.covered)} of {out.records} records within an interval that is not widened."
            )
        )
    blocks += [Note(c.note, fold="")] if c.note else []
    seen = [(s.name, s.group, s.measured, s.estimated) for s in c.seen]
    data = {
        "name": c.name,
        "title": c.title,
        "formula": c.formula,
        "letters": {
            f.symbol.name: {
                "value": f.value,
                "error": f.error,
                "unit": str(f.symbol.unit),
                "by": f.by,
                "levels": {k: list(v) for k, v in f.levels.items()},
            }
            for f in c.letters
        },
        "scatter": c.scatter,
        "between": c.between,
        "width": c.width,
        "records": [dict(zip(("name", "group", "measured", "estimated"), row, strict=True)) for row in seen],
    }
    return Document(tuple(blocks), data)


def _valued(symbol: Any, value: float) -> str:
    return show_quantity(value, symbol.unit, 4)


@view("fitting.explain.Explanation")
def explanation(e: Any) -> Iterator[Block]:
    """How far from the bound, which term weighs most, and what alone would explain it."""
    yield Title(f"measured {e.measured.shown}, bound {e.bound.shown}: {e.ratio:.2f} times it")
    yield Text(f"What weighs most: {e.term}.")
    if e.estimate is not None:
        yield Text(f"Estimate: {e.estimate.shown}.")
    rows = [(math(a.symbol), _valued(a.symbol, a.value), a.symbol.meaning) for a in e.alone]
    if rows:
        yield Text("Each of these alone would explain it:")
        yield table(("", "value", "meaning"), rows, headed=False)
    else:
        yield Text("No letter alone would explain it.")


@view("measured.validation.Validation")
def validation(v: Any) -> Iterator[Block]:
    """Errors by regime, then every record: bound, estimate with its interval, measured."""
    yield Title("Measured, bound and estimate, each from a fit that has not seen the source")
    heads = ("regime", Column("records"), Column("sources"), Column("bound holds"), Column("median"), Column("90 %"), Column("within 80 %"))
    rows = [
        (r.name, f"{r.records}", f"{r.sources}", f"{r.held}", percent(r.median), percent(r.ninth), percent(r.covered)) for r in v.regimes
    ]
    yield table(heads, rows)
    columns = ("record", "source", Column("bound"), Column("estimate"), Column("80 %"), Column("measured"), Column("off"))
    every = [
        (
            s.name,
            s.source,
            _amount(s.bound, s.unit),
            _amount(s.estimate, s.unit),
            f"{_amount(s.low, s.unit)} to {_amount(s.high, s.unit)}",
            _amount(s.measured, s.unit),
            f"{100 * s.off:+.0f} %",
        )
        for s in v.records
    ]
    yield table(columns, every)


def _amount(number: float, unit: Unit) -> str:
    return show_quantity(number, unit, 3)
