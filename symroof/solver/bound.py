"""A Bound: the answer of ``solve``, with its domain, its approximations and its steps, and what it is worth at values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import Given, bind
from symroof.algebra.claims import ORDER, Claim, solved
from symroof.algebra.cost import Cost, quantity
from symroof.algebra.operands import rational
from symroof.algebra.value import Deviation, Span, Value, deviation
from symroof.errors import InputError, SolveError
from symroof.solver.numeric.at import decided, spanned, within
from symroof.solver.pieces import Piece
from symroof.solver.proof.proof import Proof, Verification, prove, verify
from symroof.solver.steps import Solved


@dataclass(frozen=True, eq=False, repr=False)
class Bound(show.Shown, Solved):
    """Where a condition holds: ``symbol`` in one of the ``pieces``, each ``low <= symbol <= high`` under its ``when``.

    ``bound.expr``, ``bound.relation`` and ``bound.domain`` are those of a bound with one side, the usual case.
    ``bound.kind`` is "bound", "always", "never" or, where no closed form exists, "numeric"; ``bound.reason`` says why.
    """

    # -- what it says
    @property
    def relation(self) -> str:
        """``>=`` or ``<=`` (``>``, ``<`` for a strict condition) of a bound with one side."""
        piece = self._single
        up = piece.low is not None
        strict = self.condition.strict if piece.strict is None else piece.strict[0 if up else 1]
        return (">" if up else "<") + "=" * (not strict)

    @property
    def expr(self) -> sp.Expr:
        """The threshold of a bound with one side, as plain sympy.

        Raises SolveError if there is none, or more than one; see ``pieces``.
        """
        return self._single.low if self._single.low is not None else self._single.high

    @property
    def domain(self) -> sp.Basic:
        """The condition under which the bound holds, as sympy (``true`` if always)."""
        return sp.And(*self._single.when, evaluate=False) if self._single.when else sp.true

    @property
    def cost(self) -> Cost:
        """The threshold as a Cost in the unit of the unknown, for further algebra.

        A letter in it may depend on the unknown, as the experts that are hit depend on the batch: ``.at`` solves with that.
        Where the threshold turns negative there is none, and evaluating it raises InputError.
        """
        claims = self.of | {solved(self)}
        if any(a.could_extract_minus_sign() for e in sp.preorder_traversal(self.expr) if e.is_Add for a in e.args):
            none = f"no {self.symbol} will do at these values, for it would have to be negative; relax {self.condition!r}"
            claims |= {Claim(ORDER, (sp.Integer(0), self.expr, none))}
        return quantity(self.expr, self.unit, self.symbol.name).claiming(claims)

    @property
    def _single(self) -> Piece:
        if self.kind != "bound":
            raise SolveError(f"{self!r} has no threshold")
        if len(self.pieces) > 1 or (self.pieces[0].low is not None and self.pieces[0].high is not None):
            raise SolveError(f"{self.symbol} has more than one threshold here; look at .pieces, or evaluate it with .at(...)")
        if self.pieces[0].low is None and self.pieces[0].high is None:
            raise SolveError(f"{self!r} does not depend on {self.symbol}; look at .pieces[0].when")
        return self.pieces[0]

    # -- what it is worth
    def at(self, *sheets: Any, **values: Any) -> Any:
        """The threshold at these values, a Value (infinite where it is never reached, with the reason).

        With two ends or several pieces a :class:`Span`; with symbols left a Bound again; arrays broadcast. Of a limit
        the Value carries its ``error`` if what was called large or small has values too, and says when it is above 5 %
        (arrays and spans do not). At a model what the letter cannot be is left out: more experts a token than there are.
        """
        given = bind(self.free_symbols, sheets, values, self.of, (self.symbol,))
        exprs = [e for p in self.pieces for e in (p.low, p.high, *p.when) if e is not None]
        needed = set().union(*(e.free_symbols for e in exprs)) if self.closed else self.free_symbols
        found: Any
        if given.exprs or needed - given.numbers.keys():
            left = self.put(given)
            found = left if left.free_symbols else decided(left, Given())
        else:
            found = self._beside_exact(decided(self, given), given)
        return within(self.symbol, found, spanned(self.symbol, sheets, values))

    def settled(self, values: Mapping[Any, Any]) -> Any:
        """The threshold as a number, or an array of them where values are arrays; None as long as symbols are left.

        A condition that never holds has its threshold at 0.
        """
        arrays = {s: v for s, v in values.items() if hasattr(v, "shape")}
        left = self.at({s: v for s, v in values.items() if s not in arrays})
        if isinstance(left, Value):
            return Fraction(0) if left.never else left.number
        if isinstance(left, Span):
            raise InputError(f"{self.symbol} has more than one threshold at these values; ask the condition, with solve(...).at(...)")
        if not left.free_symbols <= arrays.keys():
            return None
        import numpy as np

        rows = np.broadcast_arrays(*[arrays[s] for s in left.free_symbols])
        points = zip(*(row.ravel().tolist() for row in rows), strict=True)
        found = [left.settled({s: rational(x) for s, x in zip(left.free_symbols, point, strict=True)}) for point in points]
        return np.array(found, dtype=float).reshape(rows[0].shape)

    def error(self, *sheets: Any, **values: Any) -> Deviation:
        """How far the limit is from the exact bound at values for all symbols: its relative error, exactly.

        Raises InputError if a symbol has no value, for arrays, and where either has more than one threshold.
        """
        given = bind(self.free_symbols, sheets, values, self.of, (self.symbol,))
        missing = sorted(s.name for s in self.free_symbols - given.numbers.keys())
        if missing or given.exprs:
            raise InputError(f"the error of a limit needs a value for every symbol; missing: {', '.join(missing) or 'what they stand for'}")
        found = self._beside_exact(decided(self, given), given)
        if not isinstance(found, Value) or found.error is None:
            why = "is exact" if not self.weights else "has more than one threshold here, or one for every value of an array"
            raise InputError(f"{self!r} {why}; compare .at(...) with .exact.at(...)")
        error: Deviation = found.error
        return error

    def _beside_exact(self, found: Value | Span, given: Given) -> Value | Span:
        """A limit with its error; anything else as it is."""
        if not self.weights or not isinstance(found, Value) or found.is_array or self.free_symbols - given.numbers.keys():
            return found
        exact = decided(self.exact, given)
        if not isinstance(exact, Value):
            return found
        return replace(found, error=deviation(found, exact, self.weights, given.numbers))

    def verify(self, samples: int = 200, seed: int = 0) -> Verification:
        """Try random positive values just below and just above every threshold; reports any counterexample."""
        return verify(self, samples, seed)

    def proof(self, samples: int = 20, seed: int = 0) -> Proof:
        """The steps, each checked against the one before: the same truth at random points and around every threshold.

        True only if every step was checked and holds. A bound without a closed form has nothing to prove, and is false.
        """
        return prove(self, samples, seed)

    def latex(self, steps: bool = False) -> str:
        """LaTeX of the bound; with ``steps`` the derivation before it, as a display."""
        return str(show.render[-1](self, "derived" if steps else "latex"))
