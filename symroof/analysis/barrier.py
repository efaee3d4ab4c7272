"""Geometric programs in log space: a smooth convex objective under smooth convex limits, by a barrier and Newton's method.

With ``z = log(x)`` a posynomial is ``F(z) = log(sum(exp(A z + b)))``. The barrier keeps every limit ``F <= 0`` strictly;
the weights of the terms at the end are the multipliers from which :mod:`symroof.analysis.dual` makes a bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
else:
    Array = Any

_CLOSE = 1e-9
_GROWTH = 30.0


@dataclass(frozen=True)
class Sums:
    """Log-sums of exponentials ``log(sum(exp(A z + b)))``, the rows of one sum together: the objective, then the limits."""

    A: Array
    b: Array
    sizes: tuple[int, ...]

    @property
    def starts(self) -> Any:
        """The first row of each sum."""
        import numpy as np

        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(int)

    @property
    def owner(self) -> Any:
        """The sum of each row."""
        import numpy as np

        return np.repeat(np.arange(len(self.sizes)), self.sizes)


class Barrier:
    """``tau * objective - sum(log(-limit))`` inside a wide box around a centre, so that a smallest value always exists."""

    def __init__(self, sums: Sums, centre: Array) -> None:
        import numpy as np

        self.sums, self.centre, self.steps = sums, centre, 0
        self.starts, self.owner = sums.starts, sums.owner
        self.radius = 10 * (float(np.max(np.abs(sums.b), initial=0.0)) + 30)

    def values(self, z: Array) -> tuple[Array, Array]:
        """Every log-sum at z, and the share of each row in its sum."""
        import numpy as np

        v = self.sums.A @ z + self.sums.b
        top = np.maximum.reduceat(v, self.starts)
        e = np.exp(v - top[self.owner])
        total = np.add.reduceat(e, self.starts)
        return top + np.log(total), e / total[self.owner]

    def weights(self, z: Array, pressure: Array) -> Array:
        """The weight of each row: its share of its sum times the multiplier of the sum; those of the objective sum to 1."""
        import numpy as np

        _, w = self.values(z)
        return np.asarray(w * np.concatenate([[1.0], pressure])[self.owner])

    def descend(self, z: Array, done: Callable[[Array], bool] = lambda z: False) -> tuple[Array, Array]:
        """The optimum and the multiplier of every limit, from a point within the limits; stops early when ``done``.

        Centred once, then point and multipliers move together (a primal-dual method); where that stalls, along the central path.
        """
        import numpy as np

        count = len(self.sums.sizes) - 1
        if not count:
            return self._centred(z, 1 / _CLOSE, done), np.zeros(0)
        z = self._centred(z, 1.0, done, 25)
        pressure = 1 / -self.values(z)[0][1:]
        push = 10.0
        for _ in range(80):
            if done(z):
                return z, pressure
            gap = float(pressure @ -self.values(z)[0][1:])
            g, _, _ = self._slopes(z, pressure, 0.0)
            if gap <= _CLOSE and float(np.max(np.abs(g))) <= 1e-8:
                return z, pressure
            moved = self._together(z, pressure, push * count / gap)
            if moved is None:
                return self._along(z, max(1.0, 0.1 * count / gap), done)
            z, pressure, size = moved
            push = 10.0 if size > 0.6 else 2.0 if size > 0.3 else 1.0
        return self._along(z, max(1.0, 0.1 * count / gap), done)

    def _together(self, z: Array, pressure: Array, tau: float) -> tuple[Array, Array, float] | None:
        """One Newton step on both the point and the multipliers; None if it does not lower what is left to do."""
        import numpy as np

        F = self.values(z)[0][1:]
        g, H, G = self._slopes(z, pressure, 1 / tau)
        self.steps += 1
        H[np.diag_indices(len(z))] += 1e-14 * float(np.trace(H))
        whole = np.vstack([np.hstack([H, G.T]), np.hstack([G, np.diag(F / pressure)])])
        both = np.linalg.solve(whole, np.concatenate([-g, -F - 1 / (tau * pressure)]))
        step, change = both[: len(z)], both[len(z) :]
        falling = change < 0
        size = min(
            1.0, 0.99 * float(np.min(-pressure[falling] / change[falling], initial=1.0)), 20 / float(np.max(np.abs(step), initial=1e-300))
        )
        left = self._left(z, pressure, tau)
        while not self._left(z + size * step, pressure + size * change, tau) <= (1 - 0.01 * size) * left:
            size *= 0.6
            if size < 1e-3:
                return None
        return z + size * step, pressure + size * change, size

    def _left(self, z: Array, pressure: Array, tau: float) -> float:
        """How far from the central path: the norm of what should vanish."""
        import numpy as np

        F = self.values(z)[0][1:]
        if np.any(F >= 0) or np.any(np.abs(z - self.centre) >= self.radius):
            return float("inf")
        g, _, _ = self._slopes(z, pressure, 1 / tau)
        off = pressure * -F - 1 / tau
        return float(np.sqrt(g @ g + off @ off))

    def _along(self, z: Array, tau: float, done: Callable[[Array], bool]) -> tuple[Array, Array]:
        """Along the central path, centred at every stop."""
        count = len(self.sums.sizes) - 1
        while True:
            z = self._centred(z, tau, done)
            if done(z) or count / tau <= _CLOSE:
                return z, 1 / (tau * -self.values(z)[0][1:])
            tau *= _GROWTH

    def _centred(self, z: Array, tau: float, done: Callable[[Array], bool], most: int = 80) -> Array:
        """The smallest ``tau * objective - sum(log(-limit))``; steps of a few units where it is nearly straight."""
        import numpy as np

        reference = self.values(z)[0][0]
        for _ in range(most):
            slack = -self.values(z)[0][1:]
            g, H, G = self._slopes(z, 1 / (tau * slack), 1 / tau)
            self.steps += 1
            pressed = G / slack[:, None]
            H = tau * H + pressed.T @ pressed
            g = tau * g
            damping = 0.1 * float(np.sqrt(g @ g)) + 1e-14 * float(np.trace(H))
            step = -np.linalg.solve(H + damping * np.eye(len(z)), g)
            fall = -float(g @ step)
            if fall < 1e-7:
                break
            here, size = self._height(z, tau, reference), 1.0
            while not self._height(z + size * step, tau, reference) <= here - 0.1 * size * fall:
                size /= 2
                if size < 1e-12:
                    return z
            z = z + size * step
            if done(z):
                break
        return z

    def _height(self, z: Array, tau: float, reference: float) -> float:
        import numpy as np

        F, _ = self.values(z)
        room = self.radius**2 - (z - self.centre) ** 2
        if np.any(F[1:] >= 0) or np.any(room <= 0):
            return float("inf")
        return float(tau * (F[0] - reference) - np.sum(np.log(-F[1:])) - np.sum(np.log(room / self.radius**2)))

    def _slopes(self, z: Array, pressure: Array, box: float) -> tuple[Array, Array, Array]:
        """Gradient and Hessian of the objective, the limits under their pressures and the box; the gradient of each limit.

        Each sum's part of the Hessian is that of its rows around their mean.
        """
        import numpy as np

        _, w = self.values(z)
        scale = np.concatenate([[1.0], pressure])
        G = np.add.reduceat(w[:, None] * self.sums.A, self.starts, axis=0)
        around = self.sums.A - G[self.owner]
        off = z - self.centre
        room = self.radius**2 - off**2
        H = around.T @ ((scale[self.owner] * w)[:, None] * around)
        H[np.diag_indices(len(z))] += box * (2 / room + (2 * off / room) ** 2)
        return scale @ G + box * 2 * off / room, H, G[1:]


def start(sums: Sums) -> Array:
    """A point where the terms of each sum are of like size and the limits near 1, as far as least squares can."""
    import numpy as np

    first = sums.sizes[0]
    mean = sums.A[:first].mean(axis=0), sums.b[:first].mean()
    A = np.vstack([sums.A[:first] - mean[0], sums.A[first:], 1e-3 * np.eye(sums.A.shape[1])])
    b = np.concatenate([sums.b[:first] - mean[1], sums.b[first:], np.zeros(sums.A.shape[1])])
    return np.asarray(np.linalg.lstsq(A, -b, rcond=None)[0])


def inside(sums: Sums, z: Array) -> tuple[Barrier, Array, Array]:
    """The barrier of "the smallest factor by which all limits must be relaxed", its point (that factor's log last) and multipliers.

    It stops at the first point within all limits, where that log is negative.
    """
    import numpy as np

    first = sums.sizes[0]
    A = np.hstack([sums.A[first:], -np.ones((len(sums.b) - first, 1))])
    goal = np.concatenate([np.zeros(len(z)), [1.0]])
    relaxed = Sums(np.vstack([goal, A]), np.concatenate([[0.0], sums.b[first:]]), (1, *sums.sizes[1:]))
    highest = float(np.max(Barrier(sums, z).values(z)[0][1:]))
    at = np.concatenate([z, [highest + 1]])
    barrier = Barrier(relaxed, at)
    return (barrier, *barrier.descend(at, lambda z: bool(z[-1] < 0)))


def escape(A: Array) -> tuple[Array, Any]:
    """A direction along which no row of ``A d`` rises, and which rows fall: where the program has no end.

    The smallest ``sum(exp(A d))``: its Newton steps converge on the rows that hold each other and make the others vanish.
    """
    import numpy as np

    d = np.zeros(A.shape[1])
    for _ in range(28):
        e = np.exp(A @ d)
        step = -np.linalg.pinv((A.T * e) @ A, rcond=1e-15, hermitian=True) @ (A.T @ e)
        rise, size = float(e @ A @ step), 1.0
        if -rise < 1e-13:
            break
        while size > 1e-9 and np.sum(np.exp(np.minimum(A @ (d + size * step), 700.0))) > e.sum() + 0.1 * size * rise:
            size /= 2
        d = d + size * step
    return d, np.exp(A @ d) < 1e-8
