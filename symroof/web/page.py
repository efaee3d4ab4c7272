"""``page(cost, ...)``: a cost as an interactive page, with sliders for letters and selects between sheets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from zlib import crc32

import sympy as sp

from symroof.algebra.bind import bind
from symroof.algebra.claims import Claims, hold, together
from symroof.algebra.cost import Condition, Cost
from symroof.algebra.symbols import ALPHABET, DERATES, UNLESS
from symroof.errors import InputError, UnknownName, nearest, short
from symroof.sheets.llms import Llm
from symroof.sheets.sheet import Sheet
from symroof.solver.bound import Bound
from symroof.solver.solve import solve
from symroof.web.render import Page, render
from symroof.web.spec import Choice, Mark, Option, Range, Spec, View

_LABELS = {"chip": "Chip", "llm": "Model", "dtype": "Format", "slice": "Slice"}


def page(
    cost: Any,
    *sheets: Any,
    along: Any = "B",
    sliders: Any = ("S",),
    choose: Mapping[str, Iterable[Any]] | None = None,
    marks: Mapping[str, Any] | None = None,
    title: str = "",
    **values: Any,
) -> Page:
    """A page on which a cost (or several) and its parts are drawn along one symbol, and everything chosen can be moved.

    ``along`` and ``sliders`` are letters, or ``{letter: (low, high)}`` or ``{letter: [stops]}``; ``choose`` offers sheets:
    ``{"chip": [chip("v5e"), chip("v5p")]}``. A cost may be a function of a model, such as ``decode.step``; then the
    chosen model decides which formulas hold. ``marks`` are bounds of the axis by label; ``values`` start sliders, or hold.

    >>> from symroof import chip, decode, dtype, llm
    >>> made = page(decode.step(), chip("v5e").on("4x4"), llm("llama3-70b"), dtype("int8"), title="LLaMA 3-70B on 16 v5e")
    >>> made.title, "http-equiv" in made.html
    ('LLaMA 3-70B on 16 v5e', True)

    Raises InputError naming the letters without a value, or with the cure if jinja2 is not installed.
    """
    offers = {key: list(options) for key, options in (choose or {}).items()}
    choices = tuple(_choice(key, options) for key, options in offers.items())
    models: dict[str, Any] = {family(m): m for options in offers.values() for m in options if isinstance(m, Llm)}
    views = {kind: _view(cost, marks or {}, m) for kind, m in (models or {"": None}).items()}
    free = {s.name: s for v in views.values() for s in v.free_symbols}
    axes = _ranges(along) | {name: r for name, r in _ranges(sliders).items() if name in free or sliders != ("S",)}
    found = {name: _symbol(name, free) for name in axes}
    starts = {name: float(bind({s}, (), {name: values.pop(name)}).numbers[s]) for name, s in found.items() if name in values}
    moved = [Range.of(found[name], axes[name], starts.get(name)) for name in axes]
    offered = {s for c in choices for o in c.options for s in o.values}
    behind = {x for c in choices for o in c.options for v in o.values.values() if isinstance(v, sp.Expr) for x in v.free_symbols}
    held = {name: v for name, v in values.items() if v is not None}
    given = bind(
        (set(free.values()) | behind) - {r.symbol for r in moved},
        sheets,
        held,
        _claims(views, [sheet for options in offers.values() for sheet in options]),
    )
    usual = {s: v for s, v in UNLESS.items() if s in free.values() and s not in {*given.numbers, *given.exprs, *found.values(), *offered}}
    if put := {**given.exprs, **{s: v for s, v in usual.items() if not v.is_number}}:  # letters that stand for expressions
        views = {kind: _mapped(view, put) for kind, view in views.items()}
    fixed = {s: float(v) for s, v in given.numbers.items() if s not in offered or s.name in held}
    fixed |= {s: float(v) for s, v in usual.items() if v.is_number}
    first = next(iter(views.values())).costs[0]
    return render(Spec([title or first.name or "cost"], views, moved[0], tuple(moved[1:]), choices, fixed))


def _mapped(view: View, put: dict[sp.Symbol, sp.Expr]) -> View:
    """A view with expressions put in for letters."""
    marks = (replace(m, bound=m.bound.at(put)) if m.bound.free_symbols & put.keys() else m for m in view.marks)
    return View(tuple(c.map(lambda e: e.xreplace(put)) for c in view.costs), tuple(marks))


def _view(costs: Any, marks: Mapping[str, Any], m: Any) -> View:
    listed = costs if isinstance(costs, (list, tuple)) else [costs]
    made = tuple(_made(c, m) for c in listed)
    wrong = next((c for c in made if not isinstance(c, Cost)), None)
    if wrong is not None or not made:
        raise InputError(f"{short(wrong)} is no cost; give e.g. decode.step()")
    bounds = {label: _made(b, m) for label, b in marks.items()}
    for label, b in bounds.items():
        if not isinstance(b, Bound):
            raise InputError(f"the mark {short(label)} is no bound but {short(b)}; give e.g. decode.critical_batch()")
    return View(made, tuple(Mark(label, b, "grey" if b.pieces and b.pieces[0].high is not None else "") for label, b in bounds.items()))


def _claims(views: Mapping[str, View], offered: Iterable[Sheet]) -> Claims:
    """What all views assume of a model that is given; of those that are offered each must fit its own view.

    Raises InputError for a model whose formulas are others.
    """
    first = next(iter(views.values()))
    for sheet in offered:
        view = views.get(family(sheet), first)
        hold(together(*(c.of for c in view.costs), *(m.bound.of for m in view.marks)), [sheet])
    return together(*(c.of for c in first.costs))


def _made(given: Any, m: Any) -> Any:
    """A cost or a bound, perhaps made for a model; of dense models the book's."""
    if isinstance(given, (Cost, Bound)) or not callable(given):
        return given
    return given() if m is None or m.stack.dense else in_layers(given(m), m)


def in_layers(made: Any, m: Any) -> Any:
    """A formula of a model in the letters of its layers, which its sheet gives as numbers; experts hit follow from the batch.

    Of a threshold every expert counts as hit: how many are depends on the unknown.
    """
    own = m.stack.aggregates
    if isinstance(made, Cost):
        hits = {hit: own.definitions[hit] for hit in own.hits}
        return made.expand().map(lambda e: e.xreplace(hits))
    every = {hit: experts for hit, _, experts in own.routed}
    left, right = (side.expand().map(lambda e: e.xreplace(every)) for side in (made.condition.left, made.condition.right))
    return solve(Condition(left, made.condition.relation, right), made.symbol)


def family(sheet: Sheet) -> str:
    """A short name for the formulas of a model, the same for models with the same; empty for what is no model."""
    if not isinstance(sheet, Llm):
        return ""
    stack = sheet.stack
    return "dense" if stack.dense and not stack.widths else f"m{crc32(repr((stack.structure, stack.widths)).encode()):08x}"


def option(sheet: Any) -> Option:
    """A sheet as an option; a model brings its family of formulas, and of its letters those that are numbers."""
    if not isinstance(sheet, Sheet):
        raise InputError(f"{short(sheet)} is no sheet; offer e.g. chip('tpu-v5e')")
    kind = family(sheet)
    plain = {s: v for s, v in sheet.values.items() if not kind or not isinstance(v, sp.Expr) or isinstance(v, sp.Symbol)}
    return Option(sheet.name, sheet.title or sheet.name, plain, sheet.defaults, family=kind)


def _choice(key: str, options: Iterable[Any]) -> Choice:
    found = tuple(option(o) for o in options)
    if not found:
        raise InputError(f"there is nothing to choose for {short(key)}; give at least one sheet")
    return Choice(key, _LABELS.get(key, key), found)


def _ranges(given: Any) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return {str(k): v for k, v in given.items()}
    listed = [given] if isinstance(given, (str, sp.Symbol)) else list(given)
    return {str(k): None for k in listed}


def _symbol(name: str, free: Mapping[str, sp.Symbol]) -> sp.Symbol:
    if name not in free:
        known = ALPHABET.get(name)
        if known is not None and DERATES.get(known, frozenset()) & set(free.values()):
            rate = next(s for s in free.values() if s in DERATES[known])
            raise InputError(f"{name} is not in the formula; put it there first: cost.map(lambda e: e.subs({rate}, {name}*{rate}))")
        raise UnknownName(f"{short(name)} is not a letter of the formula; {nearest(name, free)}")
    return free[name]
