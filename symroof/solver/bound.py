"""A Bound: the answer of ``solve``, with its domain, its approximations and its steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.bind import Given, bind
from symroof.algebra.claims import ORDER, Claim, Claims, solved
from symroof.algebra.condition import Condition
from symroof.algebra.cost import Cost, quantity
from symroof.algebra.span import Span
from symroof.algebra.units import ONE, Unit
from symroof.algebra.value import Value
from symroof.errors import InputError, SolveError
from symroof.solver.decide import decided
from symroof.solver.pieces import Piece
from symroof.solver.steps import Step, substituted
from symroof.solver.within import spanned, within

if TYPE_CHECKING:
    from symroof.algebra.deviation import Deviation
    from symroof.solver.proof import Proof
    from symroof.solver.verify import Verification

_STRICT = {"low": (">=", ">"), "high": ("<=", "<")}
_MIRRORED = {">=": "<=", ">": "<", show.RELATIONS[">="]: show.RELATIONS["<="]}


@dataclass(frozen=True, eq=False, repr=False)
class Bound:
    """Where a condition holds: ``symbol`` in one of the ``pieces``, each ``low <= symbol <= high`` under its ``when``.

    ``bound.expr``, ``bound.relation`` and ``bound.domain`` are those of a bound with one side, the usual case.
    ``bound.kind`` is "bound", "always", "never" or, where no closed form exists, "numeric"; ``bound.reason`` says why.
    """

    symbol: sp.Symbol
    condition: Condition
    pieces: tuple[Piece, ...]
    weights: tuple[tuple[sp.Symbol, int], ...] = ()
    steps: tuple[Step, ...] = ()
    reason: str = ""
    closed: bool = True
    again: Callable[..., Bound] | None = field(default=None, repr=False)  # how it was solved
    necessary: Bound | None = None  # without a closed form: what must hold, and what suffices
    sufficient: Bound | None = None

    # -- what it says
    @property
    def kind(self) -> str:
        """ "bound", "always", "never" or "numeric"."""
        if not self.closed:
            return "numeric"
        if not self.pieces:
            return "never"
        return "always" if any(p.everything for p in self.pieces) else "bound"

    @property
    def relation(self) -> str:
        """``>=`` or ``<=`` (``>``, ``<`` for a strict condition) of a bound with one side."""
        return self._relation("low" if self._single.low is not None else "high", self._single)

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
    def large(self) -> tuple[sp.Symbol, ...]:
        """The symbols that were taken as large."""
        return tuple(s for s, w in self.weights if w > 0)

    @property
    def small(self) -> tuple[sp.Symbol, ...]:
        """The symbols that were taken as small."""
        return tuple(s for s, w in self.weights if w < 0)

    @property
    def approximations(self) -> tuple[str, ...]:
        """What was assumed beyond the condition: ``("large D", "large F")``."""
        return tuple(f"{'large' if w > 0 else 'small'} {s}" for s, w in self.weights)

    @property
    def unit(self) -> Unit:
        """The unit of the unknown."""
        unit: Unit = getattr(self.symbol, "unit", ONE)
        return unit

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
    def of(self) -> Claims:
        """What the condition assumes of the model."""
        return self.condition.of

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        """The symbols that ``.at`` may be given: those of the condition but the unknown."""
        return self.condition.free_symbols - {self.symbol}

    @property
    def _single(self) -> Piece:
        if self.kind != "bound":
            raise SolveError(f"{self!r} has no threshold")
        if len(self.pieces) > 1 or (self.pieces[0].low is not None and self.pieces[0].high is not None):
            raise SolveError(f"{self.symbol} has more than one threshold here; look at .pieces, or evaluate it with .at(...)")
        if self.pieces[0].low is None and self.pieces[0].high is None:
            raise SolveError(f"{self!r} does not depend on {self.symbol}; look at .pieces[0].when")
        return self.pieces[0]

    def _relation(self, side: str, piece: Piece) -> str:
        return _STRICT[side][len(self.condition.relation) == 1 if piece.strict is None else piece.strict[side == "high"]]

    @property
    def exact(self) -> Bound:
        """The bound without its approximations."""
        return self._solved(self.condition)

    # -- what it is worth
    def at(self, *sheets: Any, **values: Any) -> Any:
        """The threshold at these values, a Value (infinite where it is never reached, with the reason).

        With two ends or several pieces a :class:`Span`; with symbols left a Bound again; arrays broadcast. Of a limit
        the Value carries its ``error`` if what was called large or small has values too, and says when it is above 5 %
        (arrays and spans do not). At a model what the letter cannot be is left out: more experts a token than there are.
        """
        return within(self._at(sheets, values), spanned(self.symbol, sheets, values))

    def _at(self, sheets: tuple[Any, ...], values: Mapping[str, Any]) -> Any:
        given = bind(self.free_symbols, sheets, values, self.of, (self.symbol,))
        free = self.free_symbols if not self.closed else self._needed()
        if given.exprs or free - given.numbers.keys():
            left = self._partly(given)
            return left if left.free_symbols or left.condition.free_symbols - {self.symbol} else left._decided(Given())
        return self._beside_exact(self._decided(given), given)

    def _decided(self, given: Given) -> Any:
        if self.closed:
            return decided(self, given)
        from symroof.solver.numeric import numerically

        return numerically(self, given)

    def settled(self, values: Mapping[Any, Any]) -> Any:
        """The threshold as a number, or an array of them where values are arrays; None as long as symbols are left."""
        from symroof.solver.numeric import settled

        return settled(self, values)

    def of_condition(self, condition: Condition) -> Bound:
        """The same question about another condition, to be answered by ``.at``."""
        return replace(self, condition=condition, pieces=(), steps=(), closed=False)

    def error(self, *sheets: Any, **values: Any) -> Deviation:
        """How far the limit is from the exact bound at values for all symbols: its relative error, exactly.

        Raises InputError if a symbol has no value, for arrays, and where either has more than one threshold.
        """
        given = bind(self.free_symbols, sheets, values, self.of, (self.symbol,))
        missing = sorted(s.name for s in self.free_symbols - given.numbers.keys())
        if missing or given.exprs:
            raise InputError(f"the error of a limit needs a value for every symbol; missing: {', '.join(missing) or 'what they stand for'}")
        found = self._beside_exact(self._decided(given), given)
        if not isinstance(found, Value) or found.error is None:
            why = "is exact" if not self.weights else "has more than one threshold here, or one for every value of an array"
            raise InputError(f"{self!r} {why}; compare .at(...) with .exact.at(...)")
        error: Deviation = found.error
        return error

    def _beside_exact(self, found: Any, given: Given) -> Any:
        """A limit with its error; anything else as it is."""
        single = isinstance(found, Value) and not found.is_array
        if not (self.weights and single) or self.free_symbols - given.numbers.keys():
            return found
        from symroof.algebra.deviation import deviation, values_of

        exact = self.exact._decided(given)
        if not isinstance(exact, Value):
            return found
        return replace(found, error=deviation(found, exact, values_of((s for s, _ in self.weights), given.numbers)))

    def _needed(self) -> set[sp.Symbol]:
        exprs = [e for p in self.pieces for e in (p.low, p.high, *p.when) if e is not None]
        return set().union(*(e.free_symbols for e in exprs))

    def _partly(self, given: Given) -> Bound:
        condition = self.condition.between(self.condition.left.put(given), self.condition.right.put(given))
        weights = [(s, w) for s, w in self.weights if s in condition.free_symbols]
        found = self._solved(condition, [s for s, w in weights if w > 0], [s for s, w in weights if w < 0])
        return replace(found, steps=substituted(self.steps, found.steps, given))

    def _solved(self, condition: Condition, large: Iterable[sp.Symbol] = (), small: Iterable[sp.Symbol] = ()) -> Bound:
        if self.again is None:
            raise SolveError(f"{self!r} was not made by solve(...), so it cannot be solved again")
        return self.again(condition, self.symbol, large, small)

    def verify(self, samples: int = 200, seed: int = 0) -> Verification:
        """Try random positive values just below and just above every threshold; reports any counterexample."""
        from symroof.solver.verify import verify

        return verify(self, samples, seed)

    def proof(self, samples: int = 20, seed: int = 0) -> Proof:
        """The steps, each checked against the one before: the same truth at random points and around every threshold.

        True only if every step was checked and holds. A bound without a closed form has nothing to prove, and is false.
        """
        from symroof.solver.proof import prove

        return prove(self, samples, seed)

    # -- how it looks
    def __repr__(self) -> str:
        if self.kind in ("never", "always"):
            return f"{self.kind}: {self.reason}"
        if self.kind == "numeric":
            ends = [f"{b!r} ({word})" for b, word in ((self.sufficient, "sufficient"), (self.necessary, "necessary")) if b is not None]
            around = f"; between {' and '.join(ends)}" if ends else ""
            return f"{self.condition!r}   has no closed form for {self.symbol}: {self.reason}{around}; evaluated numerically by .at(...)"
        return "\nor ".join(self._piece(p, show.text) for p in self.pieces) + self._limits("   for ", ", ")

    def _piece(self, piece: Piece, form: Any) -> str:
        """One piece, as text or LaTeX."""
        plain = form is show.text
        low, high = (r if plain else show.RELATIONS[r] for r in (self._relation(side, piece) for side in ("low", "high")))
        x = form(self.symbol)
        if piece.low is not None and piece.low == piece.high:
            shown = f"{x} = {form(piece.low)}"
        elif piece.low is not None and piece.high is not None:
            shown = f"{form(piece.low)} {_MIRRORED[low]} {x} {high} {form(piece.high)}"
        elif piece.low is not None:
            shown = f"{x} {low} {form(piece.low)}"
        elif piece.high is not None:
            shown = f"{x} {high} {form(piece.high)}"
        else:
            shown = f"any {x}" if plain else rf"\text{{any }} {x}"
        when, joint = ("   when ", " and ") if plain else (r" \quad\text{when } ", r" \text{ and } ")
        return shown + (when + joint.join(map(form, piece.when)) if piece.when else "")

    def _limits(self, before: str, between: str) -> str:
        words = [
            f"{word} {between.join(s.name for s in symbols)}" for word, symbols in (("large", self.large), ("small", self.small)) if symbols
        ]
        return before + " and ".join(words) if words else ""

    def latex(self, steps: bool = False) -> str:
        """LaTeX of the bound; with ``steps`` the derivation as an ``align*``."""
        if steps:
            return "\\begin{align*}\n" + " \\\\\n".join(s.latex() for s in self.steps) + "\n\\end{align*}"
        if self.kind in ("never", "always"):
            return rf"\text{{{show.escape(repr(self))}}}"
        if self.kind == "numeric":
            return self.condition.latex()
        shown = r" \;\text{ or }\; ".join(self._piece(p, show.latex) for p in self.pieces)
        ends = {1: r"\to \infty", -1: r"\to 0"}
        names = ", ".join(f"{show.latex(s)} {ends[w]}" for s, w in self.weights)
        return shown + (rf" \quad ({names})" if names else "")

    def _latex(self, printer: object) -> str:  # for sympy.latex
        return self.latex()

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def _repr_html_(self) -> str:
        return show.html(self)


__all__ = ["Bound", "Span", "Step"]
