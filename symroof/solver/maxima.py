"""The second stage of ``solve``: maxima and minima taken apart into claims without any."""

from __future__ import annotations

from itertools import product

from symroof.solver.extremes import branches
from symroof.solver.function import smooth
from symroof.solver.parts import Answer, Claim, together


def held(claim: Claim) -> Answer:
    """Where a claim holds: the union over branches of one side of the intersection over branches of the other."""
    moving = frozenset((claim.x, *(s for s, _ in claim.weights)))
    above, below = branches(claim.greater, moving), branches(claim.lesser, moving)
    if len(above) == len(above[0]) == len(below) == len(below[0]) == 1:
        return smooth(claim)
    rows = [[[claim.between(a, b) for b in column] for a, column in product(row, below)] for row in above]
    words = []
    if len(above) > 1 or len(below[0]) > 1:
        words.append("one part of the larger side suffices")
    if len(above[0]) > 1 or len(below) > 1:
        words.append("the larger side has to exceed every part of the smaller one")
    return together(claim, rows, f"take the maxima apart: {' and '.join(words)}", smooth)
