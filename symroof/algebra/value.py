"""What an answer is worth: a Value with its parts, the Deviation of a limit from the exact one, a Span of several ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil, floor
from typing import Any

import sympy as sp

from symroof.algebra import show
from symroof.algebra.arithmetic import INF as INF
from symroof.algebra.arrays import at, done
from symroof.algebra.operators import Calculates
from symroof.algebra.quantity import show_number, show_quantity
from symroof.algebra.units import ONE, Unit
from symroof.errors import InputError, UnknownName, nearest, short


@dataclass(frozen=True, eq=False, repr=False)
class Value(Calculates, show.Shown):
    """A number (exact fraction, float or array) in SI units, its unit, its name and the values of its parts.

    It calculates: ``a/b`` of two times is a number, ``2*a + "3 ms"`` a time, ``a + "3 GB"`` a UnitError; exact stays exact, and
    ``+``, ``|`` and plain factors keep the parts. ``float(value)`` and ``numpy.asarray(value)`` are the number in SI units, as is a
    bare number it is compared with; ``value.to("ms")`` is the number in another unit, ``f"{value:.3g ms}"`` with it.
    ``value["part"]`` is a part, of an array ``value[3]`` the value at a place; ``value.binding`` names the part of the outermost
    maximum that binds, and ``value.whole`` is the integer answer. A threshold that was found numerically lies in its ``bracket``; an
    ``open`` one does not hold itself; ``doubt`` says what could not be proven.

    >>> run = Value(Fraction(1296000), Unit.of("s"))
    >>> run, run / "5 d", 2 * run, run.to("h"), f"{run:.1f d}"
    (15 d, 3, 30 d, 360.0, '15.0 d')
    """

    number: Any
    unit: Unit
    name: str = ""
    join: str = ""
    parts: tuple[Value, ...] = ()
    note: str = ""
    round_down: bool = False
    bracket: tuple[Any, Any] | None = None
    open: bool = False
    doubt: str = ""
    error: Any = None  # of a limit: how far it is from the exact answer, see Bound.error
    interval: tuple[Any, Any] | None = None  # of an estimate: in eight of ten cases a measurement is between these
    remark: str = ""  # that a letter which was given cancels

    def made(self, number: Any, unit: Unit, name: str = "", join: str = "", parts: tuple[Any, ...] = ()) -> Value:
        """Another value."""
        return Value(number, unit, name, join, parts)

    # -- an array
    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        import numpy as np

        return np.asarray(self.number if self.is_array else float(self), dtype=dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return done(self, ufunc, method, inputs, options)

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, which: Any) -> Value:
        """A part by name; of an array the value at a place, with its parts there."""
        if isinstance(which, str):
            part: Value = find_part(self, which)
            return part
        found: Value = at(self, which, self._array.shape)
        return found

    @property
    def _array(self) -> Any:
        if not self.is_array:
            raise InputError(f"{self.name or 'the value'} is no array but one number, float(value); its parts have names")
        return self.number

    @property
    def is_array(self) -> bool:
        """Whether the value is an array."""
        return hasattr(self.number, "shape")

    @property
    def never(self) -> bool:
        """Of a threshold: that it is never reached, whatever the unknown; ``note`` says why."""
        return bool(self.note) and self.number == (0 if self.round_down else float("inf"))

    @property
    def always(self) -> bool:
        """Of a threshold: that every value of the unknown will do; ``note`` says why."""
        return bool(self.note) and not self.never

    @property
    def whole(self) -> int:
        """The whole number that still holds: of a ``<=`` bound the one below, else the one above (how many chips)."""
        exact = self.number if isinstance(self.number, Fraction) else float(self)
        if exact == float("inf"):
            raise InputError(f"no whole number of {self.name or 'the value'} will do ({self.note})")
        if self.bracket is not None and not isinstance(self.number, Fraction):
            exact = self.bracket[0] if self.round_down else self.bracket[1]  # no whole number lies between
        whole, outward = (floor(exact), -1) if self.round_down else (ceil(exact), 1)
        return whole + outward if self.open and whole == exact else whole

    @property
    def binding(self) -> Any:
        """The name of the part that binds: of the outermost maximum the largest, of a sum the one that weighs most.

        For arrays an array of names; None for a value without parts.
        """
        if not self.parts:
            return None
        names = [p.name for p in self.parts]
        if not self.is_array:
            return max(self.parts, key=lambda p: p.number).name
        import numpy as np

        stacked = np.stack(np.broadcast_arrays(*[np.asarray(p) for p in self.parts]))
        return np.asarray(names, dtype=object)[stacked.argmax(axis=0)]

    def binds(self, part: Value) -> bool:
        """Whether this is the part that binds: of a maximum the first of the largest, whatever it is called."""
        return self.join == "max" and not self.is_array and part is max(self.parts, key=lambda p: p.number)

    @property
    def shown(self) -> str:
        """The number with its unit, and how sure it is, without the parts."""
        if self.note:
            return self.note + self._warning()
        just = ("just below " if self.round_down else "just above ") if self.open else ""
        sure = certainty(self.bracket and (self.bracket,), self.doubt)
        return just + show_quantity(float(self), self.unit) + self.within + sure + self._warning()

    @property
    def within(self) -> str:
        """The interval of an estimate as it stands behind the number: `` (9.8 to 12.9)``, in the unit of the number where it can be."""
        if self.interval is None or self.is_array:
            return ""
        unit = show_quantity(float(self), self.unit).rpartition(" ")[2]
        low, high = (show_quantity(end, self.unit, 3) for end in self.interval)
        return f" ({low.removesuffix(f' {unit}')} to {high.removesuffix(f' {unit}')})"

    def _warning(self) -> str:
        """That a limit is far from the exact answer, nothing where it is close or where none was taken; and what else there is to say."""
        return ("" if self.error is None else str(self.error.warning)) + (f"   ({self.remark})" if self.remark else "")

    @property
    def range(self) -> str:
        """The shape of an array, and from where to where its numbers go."""
        if not self.number.size:
            return "empty array"
        low, high = (show_quantity(float(f()), self.unit) for f in (self.number.min, self.number.max))
        return f"array {'x'.join(map(str, self.number.shape))}, {low} to {high}"


def find_part(tree: Any, path: str) -> Any:
    """The part of that name, of a Cost or a Value: a direct one first, then a nested one; ``"mlp/math"`` is a path.

    Raises UnknownName with the nearest name, or with the paths if several parts have that name.
    """
    head, _, rest = str(path).partition("/")
    if rest:
        return find_part(find_part(tree, head), rest)
    direct = [p for p in tree.parts if p.name == head]
    deep = [(where, p) for where, p in paths(tree) if p.name == head]
    if len(direct) == 1 or (not direct and len(deep) == 1):
        return direct[0] if direct else deep[0][1]
    whole = tree.name or "this"
    if not deep:
        known = [where.rpartition("/")[2] for where, p in paths(tree) if p.name]
        raise UnknownName(f"{whole} has no part {short(head)}; {nearest(head, known)}")
    raise UnknownName(f"{whole} has {len(deep)} parts {short(head)}; say which: {', '.join(where for where, _ in deep[:6])}")


def paths(tree: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Every part of a Cost or a Value by its path."""
    for part in tree.parts:
        where = f"{above}/{part.name}" if above else part.name
        yield where, part
        yield from paths(part, where)


def certainty(brackets: tuple[tuple[Any, Any], ...] | None, doubt: str) -> str:
    """How sure a numeric answer is, to write behind it: ``(numeric: bracketed within 1e-12)``."""
    if brackets is None:
        return ""
    widest = max((float(high - low) / float(low) for low, high in brackets if low < high and low > 0), default=0.0)
    sure = "exact" if not widest else f"bracketed within {'1e-12' if widest <= 1.01e-12 else format(widest, '.1e')}"
    return f"   (numeric: {'; '.join([sure] * (widest < 0.01) + [doubt] * bool(doubt))})"


_WORTH_SAYING = 0.05


@dataclass(frozen=True, repr=False)
class Deviation(show.Shown):
    """The relative error of a limit, ``relative = limit/exact - 1``, ``at`` the values of what was large or small.

    ``relative`` is exact where the values are. It is None where one of the two has no threshold; ``words`` says so then.
    """

    relative: Fraction | float | None
    exact: Value = field(compare=False)
    at: tuple[tuple[sp.Symbol, Any], ...] = ()
    words: str = ""

    def __float__(self) -> float:
        if self.relative is None:
            raise InputError(f"{self!r}, so there is no relative error; look at .exact")
        return float(self.relative)

    @property
    def where(self) -> str:
        """The values of the symbols that were taken as large or small: ``D = 8192, F = 28672``."""
        return ", ".join(f"{s} = {show_quantity(float(v), ONE)}" for s, v in self.at)

    @property
    def matters(self) -> bool:
        """Whether the limit is off by more than 5 %, or says something that is not so."""
        return self.relative is None or abs(float(self.relative)) > _WORTH_SAYING

    @property
    def warning(self) -> str:
        """What stands behind a value whose error matters: ``(7.2 % low: 262.1 tokens at D = 4096, F = 14336)``."""
        if not self.matters:
            return ""
        if self.relative is None:
            return f"   ({self!r})"
        exact = show_quantity(float(self.exact), self.exact.unit)
        return f"   ({self._size()}: {exact}{self._place})"

    def _size(self) -> str:
        percent = float(self.relative or 0) * 100
        return f"{show_number(abs(percent), 2 if abs(percent) < 100 else 3)} % {'low' if percent < 0 else 'high'}"

    @property
    def said(self) -> str:
        """What it is, in words."""
        if self.relative is None:
            return f"{self.words}{self._place}"
        return f"{self._size()}{self._place}" if self.relative else f"exact{self._place}"

    @property
    def _place(self) -> str:
        return f" at {self.where}" if self.at else ""


def deviation(limit: Value, exact: Value, weights: Iterable[tuple[sp.Symbol, int]], numbers: Mapping[Any, Any]) -> Deviation:
    """Compare a limit with the exact value, each a threshold or a cost, at the values of what was large or small."""
    found = tuple((s, numbers[s]) for s, _ in weights)
    words = _words(limit, exact)
    if words:
        return Deviation(None, exact, found, words)
    a, b = limit.number, exact.number
    exactly = isinstance(a, (int, Fraction)) and isinstance(b, (int, Fraction))
    return Deviation(Fraction(a) / Fraction(b) - 1 if exactly else float(a) / float(b) - 1, exact, found)


def _words(limit: Value, exact: Value) -> str:
    """What to say where one of the two is no number to compare."""
    kinds = ["always" if v.always else "" if 0 < abs(v.number) < INF else "never" for v in (limit, exact)]
    if kinds == ["", ""]:
        return ""
    if kinds[0] == kinds[1]:
        return f"the limit and the exact condition both {kinds[0]} hold"
    exactly = f"{kinds[1]} holds" if kinds[1] else f"has {show_quantity(float(exact), exact.unit)}"
    return f"the exact condition {exactly}" + (f", the limit {kinds[0]} holds" if kinds[0] else "")


Pairs = tuple[tuple[Any, Any], ...]


@dataclass(frozen=True)
class End:
    """One end of an interval: its number (a Fraction if exact), two numbers around it if it was found, and whether it is left out."""

    number: Any
    bracket: tuple[Any, Any] | None = None
    open: bool = False


#: No lower end, and no upper one.
START, STOP = End(0, (0, 0)), End(INF, (INF, INF))
Ends = tuple[tuple[End, End], ...]


@dataclass(frozen=True, repr=False)
class Span(show.Shown):
    """Where an unknown may lie: intervals in SI units from one end to another, START and STOP for none; ``x in span`` asks.

    ``doubt`` says what could not be proven.
    """

    symbol: sp.Symbol
    ends: Ends
    doubt: str = ""

    @property
    def unit(self) -> Unit:
        """The unit of the unknown."""
        unit: Unit = getattr(self.symbol, "unit", ONE)
        return unit

    @property
    def intervals(self) -> Pairs:
        """The numbers alone, ``(low, high)``, with 0 and inf for no end."""
        return tuple((low.number, high.number) for low, high in self.ends)

    @property
    def brackets(self) -> Pairs | None:
        """Two numbers around every end, ``(around low, around high)``; None if the ends come from a closed form."""
        every = tuple((low.bracket, high.bracket) for low, high in self.ends)
        return None if any(None in pair for pair in every) else every

    def __contains__(self, x: float) -> bool:
        return any(
            (low.number < x or (low.number == x and not low.open)) and (x < high.number or (x == high.number and not high.open))
            for low, high in self.ends
        )

    def __float__(self) -> float:
        raise InputError(f"{self!r} is no single number; look at .intervals")

    def answer(self, note: str = "", falling: bool = False) -> Value | Span:
        """One number where there is one end or none (``falling``: then all below it will do), else the span."""
        if len(self.ends) > 1 or (self.ends and self.ends[0][0] != START and self.ends[0][1] != STOP):
            return self
        low, high = self.ends[0] if self.ends else (STOP, START)
        down = falling or bool(self.ends and high != STOP)
        end = high if down else low
        bracket, out = (None, False) if note else (end.bracket, end.open)
        return Value(end.number, self.unit, self.symbol.name, "", (), note, down, bracket, out, self.doubt)


def as_span(x: sp.Symbol, found: Value | Span) -> Span:
    """What one threshold stands for: all below it, or all above; nothing where it is never reached. A span is one already."""
    if isinstance(found, Span):
        return found
    end = End(found.number, found.bracket, found.open)
    low, high = (START, end) if found.round_down else (end, STOP)
    return Span(x, ((low, high),) if low.number < high.number else (), found.doubt)


def runs(
    true: Sequence[bool], ends: Mapping[int, End], left_out: Callable[[End, int], End] = lambda end, side: replace(end, open=True)
) -> Ends:
    """Runs of True as intervals; ``ends`` says at which of the places an end stands.

    The end of a run at a place that is False is ``left_out``, which also hears on which side of that end the run is (0 below, 1 above).
    """
    found = []
    firsts = [i for i, t in enumerate(true) if t and not (i and true[i - 1])]
    lasts = [i for i, t in enumerate(true) if t and not (i + 1 < len(true) and true[i + 1])]
    for first, last in zip(firsts, lasts, strict=True):
        low = START if first == 0 else ends[first] if first in ends else left_out(ends[first - 1], 1)
        high = STOP if last == len(true) - 1 else ends[last] if last in ends else left_out(ends[last + 1], 0)
        found.append((low, high))
    return tuple(found)
