"""Which view shows what: by the name of the class, so that no room above the algebra is imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symroof.notebook import analysis, formulas, grids, sheets, values
from symroof.notebook.markup import tag, words
from symroof.notebook.style import style

#: Room and class -> what is inside of its HTML; a subclass is shown as its base.
VIEWS: dict[str, Callable[[Any], str]] = {
    "symroof.algebra.cost.Cost": formulas.cost,
    "symroof.algebra.condition.Condition": formulas.condition,
    "symroof.solver.limits.Limit": formulas.limit,
    "symroof.solver.bound.Bound": formulas.bound,
    "symroof.solver.proof.proof.Proof": formulas.proof,
    "symroof.algebra.span.Span": formulas.span,
    "symroof.solver.steps.Step": formulas.step,
    "symroof.algebra.value.Value": values.value,
    "symroof.analysis.regimes.Regimes": analysis.regimes,
    "symroof.analysis.regimes.Regime": analysis.regime,
    "symroof.plane.regions.Regions": analysis.regions,
    "symroof.plane.borders.Region": analysis.region,
    "symroof.analysis.minimize.Minimum": analysis.minimum,
    "symroof.analysis.best.Best": analysis.best,
    "symroof.analysis.elasticity.Elasticity": analysis.elasticity,
    "symroof.analysis.elasticity.Kink": analysis.kink,
    "symroof.analysis.sensitivity.Ranking": analysis.ranking,
    "symroof.analysis.sensitivity.Sensitivities": analysis.sensitivities,
    "symroof.grid.sweep.Sweep": grids.sweep,
    "symroof.grid.sweep.Spot": grids.spot,
    "symroof.search.found.Found": grids.found,
    "symroof.search.found.Candidate": grids.candidate,
    "symroof.plan.choices.Choices": grids.choices,
    "symroof.plan.choices.Choice": grids.choice,
    "symroof.sheets.sheet.Sheet": sheets.sheet,
    "symroof.machine.roofline.Work": sheets.work,
    "symroof.machine.mesh.Mesh": sheets.mesh,
    "symroof.machine.collectives.Collective": sheets.collective,
    "symroof.program.program.Program": sheets.program,
    "symroof.present.derivation.Question": sheets.question,
    "symroof.present.derivation.Answer": sheets.answer,
}


def html(thing: Any) -> str:
    """A thing as an HTML fragment: one ``<div class="symroof">`` with its own style, no script, nothing from elsewhere.

    >>> from symroof import decode
    >>> html(decode.step()).startswith('<div class="symroof"><style>')
    True
    """
    named = (VIEWS.get(f"{kind.__module__}.{kind.__qualname__}") for kind in type(thing).__mro__)
    view = next(filter(None, named), _text)
    return tag("div", style() + view(thing), "symroof")


def _text(thing: Any) -> str:
    return tag("pre", words(repr(thing)))
