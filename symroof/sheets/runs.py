"""The bandwidths that the ways of a training run have on a slice: tensor parallelism innermost, then contexts, data, copies, stages."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from symroof.algebra.symbols import A_X, W_X, W_Y, W_Z, A_exp, Symbol, W_ctx, W_dcn, W_rep, X, Y, Z, n_ctx, n_exp, n_rep
from symroof.errors import InputError
from symroof.sheets.chips import Chip
from symroof.sheets.slices import Sold


def bandwidths(where: Chip, ways: Mapping[Symbol, int]) -> dict[Symbol, Fraction] | None:
    """What collectives over each kind of ways reach on the chips of a run [byte/s], with the letters of ``ways`` that are not said 1.

    Copies of a chip on a torus are slices of their own, which the data-centre network joins. None if there is no network and one
    is needed, or no layout of the ways on the slice.

    Raises InputError for copies of a chip without a network; UnknownName for a slice that it does not have.
    """
    x, y, z, copies, context, experts = (ways.get(s, 1) for s in (X, Y, Z, n_rep, n_ctx, n_exp))
    state, apart = x * context * experts, 1
    if copies > 1 and isinstance(where.sold, Sold):
        if W_dcn not in where.values:
            raise InputError(f"{where.name} has slices that nothing joins: its sheet says nothing of a network")
        copies, apart = 1, copies
    placed = where.on(str(y * state * copies * z))
    found, inner = placed.rates((y, state, copies, z)), placed.rates((y, context, experts, x * copies, z))
    if not found or not inner:
        return None
    known = {W_Y: found[0].gather, W_X: found[1].gather, A_X: found[1].all_to_all, W_Z: found[3].gather}
    known |= {W_rep: Fraction(where.values[W_dcn]) if apart > 1 else found[2].gather}
    return known | {W_ctx: inner[1].gather, A_exp: inner[2].all_to_all}
