"""``symroof minimize``, ``maximize`` and ``elasticity``: what is best, and what would help most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import followed
from symroof.algebra.claims import thresholds
from symroof.algebra.cost import Cost
from symroof.algebra.symbols import Symbol
from symroof.algebra.value import Value
from symroof.analysis.best import Best
from symroof.analysis.degree import degree
from symroof.analysis.elasticity import Kink, elasticity
from symroof.analysis.minimize import Minimum, maximize, minimize
from symroof.analysis.sensitivity import Ranking, sensitivities
from symroof.ask.grammar import Asked, asked, formula
from symroof.ask.known import Known, missing, numbers, only
from symroof.ask.letters import find
from symroof.errors import SolveError
from symroof.pages.questions import given, stands_on, still_free
from symroof.present.tables import as_json, latex_table, printed
from symroof.sheets.sheet import Sheet


# -- what is best
def optimum(path: str, over: Sequence[str], conditions: Sequence[str], known: Known, sense: int, form: str) -> int:
    """Print the best value of some letters under conditions; exit code 1 if there is none."""
    cost = known.written_out(known.derated(formula(path, known.m)), over)
    limits = [_written_out(known.condition(asked(text, known.m)), known, over) for text in conditions]
    free = cost.free_symbols.union(*(a.left.free_symbols | a.right.free_symbols for a in limits))
    xs = [find(x, free) for x in over]
    found = (minimize if sense > 0 else maximize)(cost, over=tuple(xs), subject_to=[a.constraint for a in limits])
    here = only(known.sheet(free, xs, of=cost.of), found.free_symbols)
    failed = ""
    try:
        at = found.at(here) if here.values or not found.free_symbols else None
    except SolveError as problem:
        at, failed = None, _named(str(problem), limits)
    if form == "json":
        print(as_json(_optimum(path, conditions, found, at, failed, here)))
    elif form == "latex":
        print("\n\n".join(_optimum_latex(found, at, failed, here)))
    else:
        print("\n".join(_optimum_text(path, limits, found, at, failed, here)))
        still_free(found.free_symbols, here, (*xs, *thresholds(cost.of)))
        stands_on(known, free, here)
    return 1 if failed or _hopeless(found) or (isinstance(at, Minimum) and _hopeless(at)) else 0


def _written_out(limit: Asked, known: Known, letters: Sequence[str]) -> Asked:
    return replace(limit, left=known.written_out(limit.left, letters), right=known.written_out(limit.right, letters))


def _hopeless(found: Minimum) -> bool:
    return bool(found.cases) and all(c.result.kind in ("none", "impossible") for c in found.cases)


def _optimum_text(path: str, limits: Sequence[Asked], found: Minimum, at: Any, failed: str, sheet: Sheet) -> Iterable[str]:
    under = f" subject to {' and '.join(a.text for a in limits)}" if limits else ""
    yield f"{found.problem.word} {path} over {', '.join(x.name for x in found.problem.over)}{under}\n"
    yield f"  {found.reason}" if found.reason else _named(repr(_deciding(found, sheet, at)).partition("\n")[2], ())
    if failed:
        yield f"\nat {sheet.name}:\nnever: {failed}"
    elif at is not None:
        shown = repr(at) if isinstance(at, Best) else repr(at).partition("\n")[2] or at.reason
        yield f"\nat {sheet.name}:\n{_named(shown, limits)}"


def _named(text: str, limits: Iterable[Asked]) -> str:
    """A text with the conditions as they were asked."""
    for a in limits:
        text = text.replace(show.text(a.condition.expr), a.text) if a.relation != "=" else text
    return text


def _deciding(found: Minimum, sheet: Sheet, at: Any) -> Minimum:
    """The formula with the one case that holds at these values, if all have one."""
    if not isinstance(at, Best) or len(found.cases) < 2:
        return found
    put = numbers(sheet)
    held = [c for c in found.cases if all(w.func(w.lhs.xreplace(put), w.rhs.xreplace(put)) == sp.true for w in c.when)]
    return Minimum(found.problem, tuple(held[:1]), found.given) if held else found


def _optimum_latex(found: Minimum, at: Any, failed: str, sheet: Sheet) -> Iterable[str]:
    shown = _deciding(found, sheet, at).latex()
    if shown:
        yield rf"\[ \begin{{gathered}} {shown} \end{{gathered}} \]"
    if isinstance(at, Minimum) and at.latex():
        yield rf"\[ \begin{{gathered}} {at.latex()} \end{{gathered}} \]"
    elif failed or at is not None:
        yield show.escape(f"At {sheet.name}: " + (f"never: {failed}" if failed else repr(at).replace("\n", "; ")))
    elif not shown:
        yield show.escape(repr(found))


def _optimum(path: str, conditions: Sequence[str], found: Minimum, at: Any, failed: str, sheet: Sheet) -> dict[str, Any]:
    record: dict[str, Any] = {"formula": path, "asked": found.problem.word, "subject_to": list(conditions), "answer": repr(found)}
    record |= {"given": given(sheet)} | ({"never": failed} if failed else {})
    if isinstance(at, Best):
        record["best"] = {
            "point": {s.name: {"value": v.number, "unit": str(v.unit)} for s, v in at.point.items()},
            "value": at.value.number,
            "unit": str(at.value.unit),
            "kind": at.kind,
            "gap": at.gap,
            "whole": None if at.whole is None else {s.name: v for s, v in at.whole.items()},
            "whole_value": None if at.whole_value is None else at.whole_value.number,
            "stopped_by": list(at.binds),
        }
    elif at is not None:
        record["at"] = repr(at)
    return record


# -- what would help
@dataclass(frozen=True, repr=False)
class _Moving(Sheet):
    """What is known, and what the model derives from letters that are asked about."""

    definitions: Mapping[Symbol, sp.Expr] = field(default_factory=dict)


def _moving(known: Known, cost: Cost, xs: Iterable[sp.Symbol]) -> Sheet:
    sheet, defined = known.sheet(cost.free_symbols, of=cost.of), known.model.definitions if known.model else {}
    moving = {s: defined[s] for x in xs for s in followed(cost.free_symbols, x, [_Moving("", definitions=defined)], known.letters)}
    if not moving:
        return sheet
    behind = set().union(*(e.free_symbols for e in moving.values()))
    return _Moving(sheet.name, "", known.sheet(cost.free_symbols | behind, of=cost.of).values, definitions=moving)


def helping(path: str, of: Sequence[str], known: Known, form: str) -> int:
    """Print the elasticities of a formula: with values for all letters the ranking of what would help most."""
    cost = known.written_out(known.derated(formula(path, known.m), of), of)
    xs = [find(x, cost.free_symbols) for x in of] or sorted(cost.free_symbols, key=lambda s: s.name)
    sheet = _moving(known, cost, xs)
    free = missing(cost.free_symbols, sheet, thresholds(cost.of))
    if not free:
        _ranked(sensitivities(cost, among=xs).at(sheet), form)
        return 0
    found = [elasticity(cost, x).at(sheet) if sheet.values else elasticity(cost, x) for x in xs]
    if form == "json":
        print(as_json({"formula": path, "given": given(sheet), "elasticity": {x.name: _slope(e) for x, e in zip(xs, found, strict=True)}}))
    elif form == "latex":
        print(
            "\n\n".join(rf"\[ {show.latex(x)}:\quad {e.latex() if hasattr(e, 'latex') else e} \]" for x, e in zip(xs, found, strict=True))
        )
    else:
        rows = [[x.name, _short(e), x.meaning] for x, e in zip(xs, found, strict=True)]
        printed(f"{path}: percent of change per percent of a letter", ["letter", "elasticity", "meaning"], rows, left=2)
        _total(cost, not of)
        still_free(cost.free_symbols, sheet, thresholds(cost.of))
        stands_on(known, cost.free_symbols, sheet)
    return 0


def _ranked(found: Ranking, form: str) -> None:
    if form == "json":
        rows = [
            {
                "letter": r.symbol.name,
                "value": r.value.number,
                "unit": str(r.value.unit),
                "elasticity": _slope(r.elasticity),
                "step": r.step,
                "effect": r.effect,
                "switch": r.switch,
            }
            for r in found
        ]
        print(as_json({"value": found.cost.number, "unit": str(found.cost.unit), "ranking": rows}))
        return
    head = ["letter", "value", "elasticity", "10 % of it", "changes it by", "binding", "meaning"]
    rows_ = [[r.symbol.name, r.value._shown(), repr(r.elasticity), *_effect(r), r.switch, r.meaning] for r in found]
    if form == "latex":
        print(latex_table(head, rows_))
    else:
        printed(found._title(), head, rows_)


def _effect(r: Any) -> tuple[str, str]:
    if not r.step:
        still = isinstance(r.elasticity, Value) and not r.elasticity.number
        return "no effect" if still else "neither helps", ""
    return f"{'+' if r.step > 0 else '-'}10 %", f"{float(r.effect) * 100:+.4g} %"


def _slope(e: Any) -> Any:
    if isinstance(e, Value):
        return e.number
    return {"below": e.below, "above": e.above, "at": e.where} if isinstance(e, Kink) else repr(e)


def _short(e: Any) -> str:
    """An elasticity without its title, one case a line."""
    if not getattr(e, "cases", ()):
        return repr(e)
    rows = [(c.name, show.text(show.readable(c.expr)), " and ".join(show.text(show.readable(w)) for w in c.when)) for c in e.cases]
    return "\n".join(f"{expr}   where {name} binds: {when}" if when else expr for name, expr, when in rows)


def _total(cost: Cost, all_letters: bool) -> None:
    if all_letters:
        try:
            print(f"They sum to {degree(cost)}, the degree of homogeneity.")
        except SolveError:
            return
