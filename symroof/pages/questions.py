"""``symroof solve`` and ``formulas``: a condition solved for a letter, as a formula and at values; the formulas by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.claims import thresholds
from symroof.algebra.condition import Condition
from symroof.algebra.cost import Cost
from symroof.algebra.symbols import DERATES, MFU, r_pre
from symroof.algebra.units import ONE
from symroof.algebra.value import Value
from symroof.ask.grammar import Asked, asked, formula, read
from symroof.ask.known import Known, beside, missing
from symroof.ask.letters import alphabet, find
from symroof.ask.names import formulas, summary, unit_of
from symroof.ask.names import thresholds as thresholds_by_name
from symroof.present.tables import as_json, latex_table, printed
from symroof.sheets.sheet import Sheet
from symroof.solver.bound import Bound, Span
from symroof.solver.numeric.within import spanned, within
from symroof.solver.solve import solve

_FRACTIONS = {*DERATES, MFU, r_pre}


@dataclass(frozen=True)
class View:
    """What is shown: text, json or latex, with the steps of the derivation, and the check of each."""

    form: str = "text"
    steps: bool = False
    proof: bool = False


@dataclass(frozen=True)
class Limits:
    """The letters taken as large or small, by name."""

    large: tuple[str, ...] = ()
    small: tuple[str, ...] = ()

    def among(self, free: Iterable[sp.Symbol]) -> dict[str, list[sp.Symbol]]:
        """As symbols, for ``solve``."""
        return {"large": [find(s, free) for s in self.large], "small": [find(s, free) for s in self.small]}


def solved(text: str, unknown: str, known: Known, than: str = "", limits: Limits | None = None, view: View | None = None) -> int:
    """Print where a condition holds; exit code 1 if it never does.

    ``than`` names another chip, on which the right side is evaluated.
    """
    view = view or View()
    question = read(text, known.m)
    if isinstance(question, Bound):  # a threshold by name is its condition, solved
        unknown, condition = unknown or question.symbol.name, question.condition
        question = Asked(text.strip(), condition.left, condition.relation, condition.right)
    condition, sheet = _question(question if isinstance(question, Asked) else asked(text), unknown, known, than)
    x = find(unknown, condition.free_symbols)
    bound = solve(condition, x, **(limits or Limits()).among(condition.free_symbols))
    found = bound.at(sheet) if sheet.values else None
    found = within(x, found, spanned(x, [known.model], {s.name: v for s, v in sheet.values.items()}))
    if view.form == "json":
        print(as_json(_record(text, bound, found, sheet, view)))
    elif view.form == "latex":
        print("\n\n".join(_latex(bound, found, sheet, view)))
    else:
        print("\n".join(_text(f"{text}{f' (right side on {than})' if than else ''}, solved for {x}", bound, found, sheet, view)))
        stands_on(known, condition.free_symbols, sheet)
    return 1 if _never(x, found if found is not None else bound) else 0


def _question(question: Asked, unknown: str, known: Known, than: str) -> tuple[Condition, Sheet]:
    """The condition with efficiencies and the other chip put in, and the values of its letters but the unknown."""
    condition, there = known.written_out(known.condition(question, [unknown]).condition, [unknown]), Sheet("", "", {})
    if than:
        right, there = beside(condition.right, than, known.formats[2])
        condition = Condition(condition.left, condition.relation, right)
    here = known.sheet(condition.free_symbols, [find(unknown, condition.free_symbols)], of=condition.of)
    return condition, replace(here, values={**here.values, **there.values})


def _text(title: str, bound: Bound, found: Any, sheet: Sheet, view: View) -> Iterable[str]:
    yield title + "\n"
    yield _formula(bound)
    if view.proof:
        yield "\n" + repr(bound.proof())
    elif view.steps:
        yield from (f"    {step}" for step in bound.steps)
    if found is not None:
        shown = worth(bound.symbol, found)
        yield f"\n{shown}" if f": at {sheet.name}" in shown else f"\nat {sheet.name}:\n{shown}"
        yield from _remarks(bound, found, sheet)


def _remarks(bound: Bound, found: Any, sheet: Sheet) -> Iterable[str]:
    if isinstance(found, Value) and found.error is not None and not found.error.matters:
        yield f"the limit is {found.error!r}"
    free = _left(bound, found, sheet)
    if free and isinstance(found, Bound):
        yield f"still free: {', '.join(free)}"


def _left(bound: Bound, found: Any, sheet: Sheet) -> list[str]:
    """The letters that an answer is still in: those without a value, of what depends on a letter that was solved for itself."""
    gone = thresholds(bound.of)
    inside = found.free_symbols & bound.free_symbols & sheet.values.keys() if gone and isinstance(found, Bound) else set()
    return sorted({*missing(bound.free_symbols, sheet, [bound.symbol, *gone]), *(s.name for s in inside)})


def worth(x: sp.Symbol, found: Any) -> str:
    """An answer at values on one line: ``B <= 92.27 tokens, so 92``."""
    if isinstance(found, Bound):
        return _formula(found)
    if not isinstance(found, Value):
        return repr(found)
    if found.note:
        return found._shown()
    if beyond(x, found):
        return f"never: it takes {x} >= {found._shown()}, and {x} is a fraction of a peak, at most 1"
    relation = ("<" if found.round_down else ">") + ("" if found.open else "=")
    shown = found._shown().removeprefix("just below ").removeprefix("just above ")
    if not counted(x) or found.number == float("inf") or found.number == round(found.number):
        return f"{x} {relation} {shown}"
    return f"{x} {relation} {shown}, so {found.whole or f'no whole {x} will do'}"


def beyond(x: sp.Symbol, found: Value) -> bool:
    """Whether an efficiency would have to be above 1."""
    return bool(x in _FRACTIONS and x != r_pre and not found.round_down and found.number > 1)


def _formula(bound: Bound) -> str:
    return repr(bound).replace("numerically by .at(...)", "numerically where all letters have a value")


def counted(x: sp.Symbol) -> bool:
    """Whether only whole numbers of a letter make sense."""
    unit = getattr(x, "unit", ONE)
    return bool(unit.measured == ONE and x not in _FRACTIONS and (unit.counted != ONE or x in alphabet().values()))


def _never(x: sp.Symbol, found: Any) -> bool:
    """Whether nothing satisfies a condition: not at all, or no whole number where only those make sense."""
    if isinstance(found, Bound):
        return found.kind == "never"
    if isinstance(found, Span):
        return not found.intervals
    if found.note or beyond(x, found):
        return not found.note or bool(found.note.startswith("never"))
    return bool(counted(x) and found.round_down and found.whole == 0)


def _latex(bound: Bound, found: Any, sheet: Sheet, view: View) -> Iterable[str]:
    if view.proof:
        yield bound.proof().latex()
    elif view.steps:
        yield bound.latex(steps=True)
    yield rf"\[ {bound.latex()} \]"
    if isinstance(found, Bound):
        yield rf"\[ {found.latex()} \]"
    elif found is not None:
        yield show.escape(f"At {sheet.name}: {worth(bound.symbol, found)}")


def _record(text: str, bound: Bound, found: Any, sheet: Sheet, view: View) -> dict[str, Any]:
    record: dict[str, Any] = {
        "question": text,
        "for": bound.symbol.name,
        "formula": repr(bound),
        "kind": bound.kind,
        "given": given(sheet),
        "unit": str(bound.unit),
    }
    if isinstance(found, Bound):
        record |= {"at": repr(found), "kind": found.kind, "free": _left(bound, found, sheet)}
    elif isinstance(found, Span):
        record |= {"intervals": found.intervals, "shown": repr(found)}
    elif found is not None:
        record |= {"value": found.number, "shown": worth(bound.symbol, found), "note": found.note}
        record |= {"relation": ("<" if found.round_down else ">") + "=" * (not found.open)}
        record |= {"whole": found.whole} if counted(bound.symbol) and abs(found.number) != float("inf") else {}
        record |= {"error": repr(found.error)} if found.error is not None else {}
    if view.steps or view.proof:
        record["steps"] = [str(step) for step in bound.steps]
    if view.proof:
        proof = bound.proof()
        record["proof"] = {"holds": bool(proof), "lines": [line.mark for line in proof.lines]}
    return record


def given(sheet: Sheet) -> Mapping[str, Any]:
    """The values of a sheet by name, for JSON: numbers, or the letter that one stands for."""
    return {s.name: str(v) if isinstance(v, sp.Basic) else v for s, v in sorted(sheet.values.items(), key=lambda item: item[0].name)}


def stands_on(known: Known, free: Iterable[sp.Symbol], sheet: Sheet) -> None:
    """Say what numbers assume, once there are any."""
    if sheet.values:
        for line in known.stands_on(free):
            print(line)


def still_free(free: Iterable[sp.Symbol], sheet: Sheet, but: Iterable[sp.Symbol] = ()) -> None:
    """Name the letters without a value, but those that are asked for, once some have one."""
    left = missing(free, sheet, but)
    if left and sheet.values:
        print(f"Still free: {', '.join(left)}.")


# -- the formulas by name
def listing(form: str, m: Any) -> None:
    """All formulas and thresholds with their unit and what they are."""
    costs, bounds = ([(name, unit_of(name, m), summary(name)) for name in names()] for names in (formulas, thresholds_by_name))
    if form == "json":
        rows = [(*row, kind) for kind, found in (("formula", costs), ("threshold", bounds)) for row in found]
        print(as_json([{"name": name, "unit": unit, "meaning": meaning, "kind": kind} for name, unit, meaning, kind in rows]))
    elif form == "latex":
        print(latex_table(["formula", "unit", "meaning"], costs) + "\n\n" + latex_table(["threshold", "unit", "meaning"], bounds))
    else:
        head = ["name", "unit", "meaning"]
        printed("Formulas; `symroof formulas NAME` shows one, and its parts are NAME/PART", head, costs, left=2)
        printed("Thresholds, solved already; `symroof formulas NAME` shows one, and its number at values", head, bounds, left=2)


def one(path: str, form: str, known: Known) -> None:
    """One formula with its parts, or a threshold, and what it is worth at values."""
    if path.strip() in thresholds_by_name():
        solved(path, "", known, view=View(form))
        return
    cost = known.derated(formula(path, known.m))
    symbols = sorted(cost.free_symbols, key=lambda s: s.name)
    sheet = known.sheet(cost.free_symbols, of=cost.of)
    at = cost.at(sheet) if sheet.values else None
    if form == "json":
        letters = {s.name: {"unit": str(s.unit), "meaning": s.meaning} for s in symbols}
        record = {"name": path, "formula": show.text(cost.expr), "unit": str(cost.unit), "source": cost.source, "letters": letters}
        record |= {"parts": {where: show.text(part.expr) for where, part in parts(cost)}, "given": given(sheet)}
        worth_ = {"value": at.number, "at_parts": {where: part.number for where, part in parts(at)}} if isinstance(at, Value) else {}
        print(as_json(record | worth_ | ({"at": show.text(at.expr)} if isinstance(at, Cost) else {})))
    elif form == "latex":
        print(rf"\[ {cost.latex()} \]")
        if at is not None:
            print(rf"\[ {at.latex()} \]" if isinstance(at, Cost) else show.escape(f"At {sheet.name}: {at!r}"))
    else:
        print(f"{cost!r}\n")
        printed("", ["letter", "unit", "meaning"], [[s.name, str(s.unit), s.meaning] for s in symbols], left=3)
        if at is not None:
            print(f"at {sheet.name}:\n{at!r}")
        still_free(cost.free_symbols, sheet, thresholds(cost.of))
        stands_on(known, cost.free_symbols, sheet)


def parts(cost: Any, above: str = "") -> Iterable[tuple[str, Any]]:
    """Every part of a Cost or a Value by its path."""
    for part in cost.parts:
        where = f"{above}/{part.name}" if above else part.name
        yield where, part
        yield from parts(part, where)
