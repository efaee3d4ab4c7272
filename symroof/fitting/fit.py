"""``calibrate``: letters from measurements, in the logarithm, non-negative, robust, with what is not explained and how it does on others.

The logarithm of what was measured is that of the formula, plus a deviation of its group (a source, a stack), plus a residual. A letter
that differs by a column has a deviation for each level of it. Deviations are shrunk by their own spread, which is found with them
(a mixed model, its maximum a posteriori iterated with the spreads; residuals beyond one and a half deviations count less, as Huber's).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import exp, inf, log, sqrt
from typing import Any

from symroof.algebra.cost import Cost
from symroof.algebra.symbols import (
    ALPHABET,
    FRACTIONS,
    Symbol,
    eta_fp8,
    j_data,
    j_rep,
    k_frag,
    k_g,
    k_h,
    k_pre,
    k_s,
    k_work,
    p_logit,
    t_coll,
    t_layer,
    x_cp,
    x_dp,
    x_ep,
    x_fs,
    x_opt,
    x_pp,
    x_tp,
)
from symroof.errors import InputError, UnknownName, nearest, short
from symroof.fitting.curve import Curve, Formula, bunches, curve, formula_of, ideal
from symroof.fitting.table import table
from symroof.sheets.calibrations import Calibration, Fitted, LeftOut, Seen

#: A measurement may be below its bound by so much, for rounding.
ROUNDING = 1.01
_ETA, _SHARE = 0.7, 0.05  # where a fit starts: an efficiency, and the part of the time that an overhead is
_PRIOR = 3.0  # of the logarithm of a letter: it may be off by a factor of twenty before the prior says a word
_STEP = 1e-4
#: How much groups differ where few have been seen: as if so many more had been, of so large a deviation (what sources of decoding show).
_PSEUDO, _USUAL, _USUAL_TIME = 3, 0.25, 0.7
#: What is known of letters before anything was measured, and the standard deviation of its logarithm: a layer launches some ten kernels of
#: a few microseconds, a collective waits for as long as messages in a node take; in training vectors and operands go through HBM beside
#: matmuls that wait for them, what is sent in line is waited for in whole, the rest is mostly hidden; a layer is gathered ahead, and logits
#: are there in 16 bits, as their logarithms, and as two gradients in 32 bits.
BEFORE: Mapping[Symbol, tuple[float, float]] = {
    t_layer: (3e-5, 1.5),
    t_coll: (1.5e-5, 1),
    eta_fp8: (0.8, 0.1),
    k_h: (0.8, 0.3),
    k_g: (0.5, 0.3),
    k_s: (8, 0.5),
    x_tp: (1.3, 0.4),
    x_cp: (1, 0.5),
    x_ep: (1, 0.5),
    x_pp: (0.5, 0.7),
    x_fs: (0.15, 0.7),
    x_dp: (0.5, 1),
    x_opt: (1.25, 0.2),
    j_rep: (0.02, 0.5),
    j_data: (0.01, 0.5),
    k_pre: (1, 0.5),
    k_work: (0.5, 0.7),
    k_frag: (1.03, 0.05),
    p_logit: (14, 0.4),
}
_LEAST, _SURE, _PLAIN, _ROUNDS, _TUNED = 1e-11, 0.8, 6, 20, 1.5


def calibrate(records: Any, formula: Formula, letters: Any, groups: str = "", name: str = "mine") -> Calibration:
    """A calibration of a formula: ``letters`` by name, ``["eta_hbm", "t_layer"]``, or with what they differ by, ``{"eta_hbm": "chip"}``.

    ``records`` are a table (see :mod:`symroof.fitting.table`): a CSV, JSON or YAML file, a list of mappings, or a DataFrame. The
    formula is a Cost, a function of a record's model that gives one, or a name such as "decode.estimate". ``groups`` is the column of
    what records have in common (a source, a program): the spread between groups is part of an interval, and each group is left out once.

    >>> rows = [{"B": b, "C": 100, "measured": f"{b / 60 + 0.5} s"} for b in (1, 3, 10, 30, 100, 300)]
    >>> from symroof.symbols import B, C, eta_math, t_step
    >>> from symroof import Cost
    >>> calibrate(rows, Cost(B / (C * eta_math) + t_step, "s"), ["eta_math", "t_step"])["eta_math"]
    0.6

    Raises InputError or UnitError naming the record for what is none, or for a measurement that is below its bound.
    """
    wanted = letters_of(letters)
    rows = table(records)
    return fitted([curve(row, formula_of(formula, row), wanted) for row in rows], wanted, groups, called(formula), name)


def called(formula: Formula) -> str:
    """What a formula is called."""
    if isinstance(formula, str):
        return formula
    return formula.name if isinstance(formula, Cost) else str(getattr(formula, "__name__", ""))


def letters_of(letters: Any) -> dict[Symbol, str]:
    """The letters that are fitted, each with what it differs by."""
    if isinstance(letters, str):
        letters = [word.strip() for word in letters.split(",") if word.strip()]
    pairs = letters.items() if isinstance(letters, Mapping) else [(s, "") for s in letters]
    found: dict[Symbol, str] = {}
    for s, by in pairs:
        if isinstance(s, str) and ":" in s:
            s, by = s.split(":", 1)
        if str(s) not in ALPHABET and not isinstance(s, Symbol):
            raise UnknownName(f"there is no letter {short(str(s))}; {nearest(str(s), ALPHABET)}")
        found[s if isinstance(s, Symbol) else ALPHABET[str(s)]] = str(by or "")
    if not found:
        raise InputError("there are no letters to fit; give e.g. ['eta_hbm', 't_layer']")
    return found


def fitted(curves: Sequence[Curve], letters: Mapping[Symbol, str], groups: str, formula: str, name: str, check: bool = True) -> Calibration:
    """The calibration of curves."""
    for s in letters:
        if not any(s in c.letters for c in curves):
            raise InputError(f"{s.name} is in the formula of no record, so that nothing can be said of it; leave it out")
    below = [c for c in curves if float(c.row.measured) * ROUNDING < c.least]
    if below and check:
        raise InputError(too_fast(below[0]))
    wrong = next((by for by in (*letters.values(), groups) if by and not all(by in c.row.labels for c in curves)), "")
    if wrong:
        raise InputError(f"not every record has a column {short(wrong)}, which letters or groups differ by; add it")
    found = Mixed(tuple(curves), dict(letters), groups).solved()
    whole = found.calibration(name, formula)
    left = _left_out(found)
    if left is None:
        return whole
    reached, out = left
    return replace(whole, width=reached * whole.width if reached else whole.width, left_out=out)


def too_fast(c: Curve) -> str:
    """That a measurement is below its bound, and why most likely."""
    took, least = float(c.row.measured), c.least
    times = least / took
    why = (
        "the unit is most likely another (ms for us, or a rate for a time)"
        if times > 30
        else "the figure is most likely of one sequence or token and not of the whole, or of fewer chips than said"
        if times > 4
        else "weights or cache are most likely in a narrower format than said, or the chip is another"
        if times > 1.3
        else "work is most likely left out (a cached prompt, skewed experts), or the chip is faster than its sheet"
    )
    return f"{c.row.name}: measured {took:.4g} {c.row.unit} is below its bound of {least:.4g} {c.row.unit}; {why}"


@dataclass
class Mixed:
    """The fit in progress: parameters, their spreads, and what they are of."""

    curves: tuple[Curve, ...]
    letters: dict[Symbol, str]
    groups: str

    def __post_init__(self) -> None:
        import numpy as np

        self.order = list(self.letters)
        self.levels = {s: sorted({c.row.labels[by] for c in self.curves if s in c.letters}) if by else [] for s, by in self.letters.items()}
        self.group = sorted({c.row.labels[self.groups] for c in self.curves}) if self.groups else []
        self.places: dict[tuple[Any, str], int] = {(s, ""): i for i, s in enumerate(self.order)}
        for s in self.order:
            for level in self.levels[s]:
                self.places[s, level] = len(self.places)
        for g in self.group:
            self.places["group", g] = len(self.places)
        self.before = {s: self._before(s) for s in self.order}
        self.prior = np.array([log(self.before[s][0]) for s in self.order])
        self.y = np.log([float(c.row.measured) for c in self.curves])
        self.x = np.concatenate([self.prior, np.zeros(len(self.places) - len(self.order))])
        self.sigma = 0.3
        self.tau: dict[Any, float] = {**{s: 0.3 for s in self.order if self.levels[s]}, "group": 0.1}
        self.bunches = []
        for bunch, rows in bunches(self.curves, self.order):
            used = np.zeros((len(rows), len(bunch.order), len(self.x)))  # record, letter, parameter: 1 if it is part of its logarithm
            for i, row in enumerate(rows):
                for j, s in enumerate(bunch.order):
                    for level in ("", *([self.curves[row].row.labels[by]] if (by := self.letters[s]) else [])):
                        used[i, j, self.places[s, level]] = 1
            most = np.array([0.0 if s in FRACTIONS else inf for s in bunch.order])
            self.bunches.append((rows, bunch, used, most))
        self.mine = [self.places["group", c.row.labels[self.groups]] if self.groups else None for c in self.curves]

    def _before(self, s: Symbol) -> tuple[float, float]:
        """What a letter is beforehand, and the standard deviation of its logarithm; an overhead begins as a small part of it at most."""
        usual = BEFORE.get(s, (_ETA if s in FRACTIONS else self._share(s), _PRIOR))
        if s in (t_layer, t_coll) and (share := self._share(s)) < usual[0]:
            return share, _PRIOR
        return usual

    def _share(self, s: Symbol) -> float:
        """An overhead that is a small part of what was measured."""
        import numpy as np

        found = []
        for c in self.curves:
            if s in c.letters:
                start = {x: _ETA if x in FRACTIONS else ideal(x) for x in c.letters}
                slope = float(c({**start, s: ideal(s) + 1.0})) - float(c({**start, s: ideal(s)}))
                found += [_SHARE * float(c.row.measured) / slope] if slope > 0 else []
        return float(np.median(found)) if found else 1.0

    # -- one look
    def look(self, x: Any) -> tuple[Any, Any]:
        """The logarithm of every estimate, and its slopes by all parameters."""
        import numpy as np

        found, slopes = np.empty(len(self.curves)), np.zeros((len(self.curves), len(x)))
        for rows, bunch, used, most in self.bunches:
            logs = np.minimum(used @ x, most)  # record, letter
            moved = np.exp(np.concatenate([logs[:, None], logs[:, None] - _STEP * np.eye(logs.shape[1])], axis=1))
            took = np.log(bunch(moved))
            found[rows] = took[:, 0]
            slopes[rows] = np.einsum("ij,ijk->ik", (took[:, :1] - took[:, 1:]) / _STEP, used)
        for row, place in enumerate(self.mine):
            if place is not None:
                found[row] += x[place]
                slopes[row, place] = 1.0
        return found, slopes

    def spreads(self) -> Any:
        """The standard deviation that each parameter has beforehand."""
        import numpy as np

        return np.array([self.before[s][1] if level == "" else self.tau[s] for s, level in self.places])

    def middle(self) -> Any:
        """What each parameter is beforehand."""
        import numpy as np

        return np.concatenate([self.prior, np.zeros(len(self.x) - len(self.prior))])

    def solved(self) -> Mixed:
        """Parameters and spreads, found in turn."""
        import numpy as np

        try:
            from scipy.optimize import least_squares
        except ImportError:
            raise InputError('fits need SciPy: pip install "symroof[calibrate]"') from None
        weights = np.ones(len(self.curves))
        whole = {s for s in self.order if s in FRACTIONS and not self.levels[s]}  # beyond 1 they would change nothing, and never come back
        most = np.array([0.0 if s in whole else inf for s, _ in self.places])
        for turn in range(_ROUNDS):
            sd, mid, root = self.spreads(), self.middle(), np.sqrt(weights)
            cache: dict[bytes, tuple[Any, Any]] = {}

            def seen(x: Any, cache: dict[bytes, tuple[Any, Any]] = cache) -> tuple[Any, Any]:
                key = x.tobytes()
                if key not in cache:
                    cache.clear()
                    cache[key] = self.look(x)
                return cache[key]

            def off(x: Any, root: Any = root, sd: Any = sd, mid: Any = mid) -> Any:
                return np.concatenate([root * (seen(x)[0] - self.y) / self.sigma, (x - mid) / sd])

            def slopes(x: Any, root: Any = root, sd: Any = sd) -> Any:
                return np.vstack([root[:, None] * seen(x)[1] / self.sigma, np.diag(1 / sd)])

            before = self.x
            start = np.minimum(self.x, np.where(np.isfinite(most), -1e-9, inf))
            self.x = least_squares(off, start, slopes, bounds=(-inf, most), method="trf", max_nfev=40).x
            residual, slope = self.look(self.x)[0] - self.y, self.look(self.x)[1]
            if turn >= _PLAIN:
                weights = np.minimum(1, _TUNED / np.maximum(np.abs(residual / self.sigma), 1e-12))
            precision = slope.T @ (weights[:, None] * slope) / self.sigma**2 + np.diag(1 / sd**2)
            self.covariance = np.linalg.inv(precision)
            free = max(1.0, len(residual) - np.trace(np.eye(len(sd)) - self.covariance / sd**2))
            middle = 1.4826 * float(np.median(np.abs(residual))) * sqrt(len(residual) / free)
            sigma = max(sqrt(float(weights @ residual**2) / free), middle if turn >= _PLAIN else 0.0, 1e-6)
            for s in self.tau:
                of = [i for (what, level), i in self.places.items() if what == s and level]
                if of:
                    own = float(np.sum(self.x[of] ** 2 + np.diag(self.covariance)[of]))
                    usual = _USUAL if s == "group" or s in FRACTIONS else _USUAL_TIME
                    self.tau[s] = sqrt((own + _PSEUDO * usual**2) / (len(of) + _PSEUDO))
            done = turn > _PLAIN and abs(sigma / self.sigma - 1) < 0.01 and np.abs(self.x - before).max() < 1e-3
            self.sigma = sigma
            if done:
                break
        self.free, self.residual = free, residual
        self.scatter = sqrt(float(np.mean(residual**2)) * len(residual) / free) if free else sigma
        return self

    # -- what comes out
    def calibration(self, name: str, formula: str) -> Calibration:
        """What was found, as a sheet."""
        import numpy as np

        count, places = len(self.places) - len(self.group), self.places
        letters = []
        for s in self.order:
            levels = {}
            for level in self.levels[s]:
                pair = [places[s, ""], places[s, level]]
                total = min(self.x[pair].sum(), 0.0 if s in FRACTIONS else inf)
                levels[level] = (_value(s, total), sqrt(max(float(self.covariance[np.ix_(pair, pair)].sum()), 0.0)))
            value = _value(s, min(self.x[places[s, ""]], 0.0 if s in FRACTIONS else inf))
            error = sqrt(max(float(self.covariance[places[s, ""], places[s, ""]]), 0.0))
            letters.append(Fitted(s, value, error, self.letters[s], self.tau[s] if levels else 0.0, levels))
        between = self.tau["group"] if len(self.group) > 1 else 0.0
        estimated = np.exp(self.residual + self.y - np.array([0.0 if m is None else self.x[m] for m in self.mine]))
        seen = tuple(
            Seen(c.row.name, c.row.labels[self.groups] if self.groups else "", float(c.row.measured), float(e))
            for c, e in zip(self.curves, estimated, strict=True)
        )
        values: dict[Symbol, Any] = {f.symbol: Fraction(repr(f.value)) for f in letters}
        return Calibration(
            name,
            f"{formula or 'a formula'} fitted to {len(seen)} records",
            values,
            sources=dict.fromkeys(values, f"fitted to {len(seen)} records"),
            formula=formula,
            letters=tuple(letters),
            parameters=tuple((s.name, level) for s, level in list(places)[:count]),
            covariance=tuple(tuple(float(x) for x in row[:count]) for row in self.covariance[:count]),
            scatter=self.scatter,
            between=between,
            width=self.reach(between),
            groups=self.groups,
            seen=seen,
            chips=tuple(sorted({c.row.labels["chip"] for c in self.curves if "chip" in c.row.labels})),
        )

    def reach(self, between: float) -> float:
        """How many standard deviations an interval of 80 % reaches, of the few degrees of freedom that groups and records leave."""
        from scipy.special import stdtrit

        total = self.scatter**2 + between**2
        parts = self.scatter**4 / max(self.free, 1) + between**4 / max(len(self.group) - 1, 1)
        return float(stdtrit(max(total**2 / parts, 1.0), (1 + _SURE) / 2)) if parts else 1.2816


def _value(s: Symbol, logarithm: float) -> float:
    value = exp(logarithm)
    return float(f"{value:.10g}") if value > _LEAST or s in FRACTIONS else 0.0


def _left_out(whole: Mixed) -> tuple[float, LeftOut] | None:
    """Every group left out once: by how much intervals have to be wider, and how well the others foresee it."""
    import numpy as np

    if len(whole.group) < 3:
        return None
    off, held = [], []
    for g in whole.group:
        inside = tuple(c for c in whole.curves if c.row.labels[whole.groups] != g)
        letters = {s: by for s, by in whole.letters.items() if any(s in c.letters for c in inside)}
        others = [c for c in whole.curves if c.row.labels[whole.groups] == g and c.letters <= letters.keys()]
        if not others:
            continue
        part = Mixed(inside, letters, whole.groups)
        part.x[: len(part.order)] = [whole.x[whole.places[s, ""]] for s in part.order]
        fit = part.solved().calibration("", "")
        for c in others:
            estimate, deviation = foreseen(c, fit)
            off.append(estimate / float(c.row.measured))
            held.append(abs(log(off[-1])) / (deviation * fit.width))
    errors = np.abs(np.array(off) - 1)
    wider = float(np.quantile(held, _SURE)) if len(held) >= 10 else 1.0
    covered = float(np.mean(np.array(held) <= 1))
    out = LeftOut(float(np.median(errors)), float(np.quantile(errors, 0.9)), covered, len(held), len(whole.group))
    return (max(wider, 0.75), out)


def foreseen(c: Curve, fit: Calibration) -> tuple[float, float]:
    """What a calibration foresees of a record: its estimate, and the standard deviation of the logarithm."""
    import numpy as np

    known = fit.beside((c.row.labels,))
    said = {s: float(v) for s, v in known.sheet.values.items() if s in c.letters}
    rest = {s: ideal(s) for s in c.letters} | said
    slopes = np.zeros(len(known.errors))
    for i, (s, error) in enumerate(known.errors.items()):
        if s in said and error:
            up, down = (float(c({**rest, s: min(said[s] * exp(way * error), 1.0 if s in FRACTIONS else inf)})) for way in (1, -1))
            slopes[i] = (log(up) - log(down)) / 2 / error
    return float(c(rest)), sqrt(float(slopes @ np.asarray(known.covariance) @ slopes) + known.own)
