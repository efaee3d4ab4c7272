"""The question that is timed: one decode step of LLaMA 3-70B on TPU v5e, int8 weights, over five axes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from symroof import chip, decode, dtype, llm, sweep
from symroof.algebra.evaluate import tape
from symroof.grid.plan import plan

COST = decode.step()
SHEETS = (chip("tpu-v5e"), llm("llama3-70b"), dtype("int8", math="bf16"))
NAMES = ("B", "S", "n", "p_kv", "W_hbm")
FULL = (100, 100, 20, 5, 100)  # 1e8 points
QUICK = (10, 10, 20, 5, 10)


@dataclass(frozen=True)
class Case:
    """A grid of batch, context, chips, bytes per element of the cache and HBM bandwidth."""

    shape: tuple[int, ...] = FULL
    dtype: str = "float64"

    @property
    def size(self) -> int:
        """The points."""
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        """The size of the result."""
        return self.size * np.dtype(self.dtype).itemsize

    @cached_property
    def axes(self) -> dict[str, Any]:
        """The numbers along every axis."""
        b, s, n, p, w = self.shape
        return {
            "B": np.arange(1.0, b + 1),
            "S": np.linspace(1024, 131072, s),
            "n": 4 * np.arange(1.0, n + 1),
            "p_kv": np.linspace(0.5, 2, p),
            "W_hbm": np.linspace(4e11, 4e12, w),
        }

    @cached_property
    def worth(self) -> dict[Any, Any]:
        """What every symbol is worth: a number, or an array with its own axis."""
        found = dict(sweep(COST, *SHEETS, **{name: [1.0] for name in NAMES}).given)
        for symbol in found:
            if symbol.name in NAMES:
                i = NAMES.index(symbol.name)
                found[symbol] = self.axes[symbol.name].reshape([-1 if i == j else 1 for j in range(len(NAMES))])
        return {s: v if s.name in NAMES else float(np.asarray(v).flat[0]) for s, v in found.items()}

    @cached_property
    def named(self) -> dict[str, Any]:
        """The same by name, in the precision asked for."""
        return {s.name: np.asarray(v, self.dtype) if np.ndim(v) else v for s, v in self.worth.items()}

    def empty(self) -> Any:
        """A new array for the result."""
        return np.empty(self.shape, self.dtype)

    def symroof(self, out: Any = None) -> Any:
        """Ours: ``sweep``, which makes a new array; with ``out`` the engine behind it, which writes into that."""
        if out is None:
            return sweep(COST, *SHEETS, precision=self.dtype, **self.axes).values
        return plan(tape(COST.shape), self.worth, self.shape, dtype=self.dtype).run([out])[0]
