"""The layers of a model as programs under a sharding; a layer is multiplied by its count, never unrolled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp

from symroof.algebra.claims import NONE, Claims
from symroof.algebra.cost import Cost, total
from symroof.algebra.units import Unit
from symroof.machine.mesh import Mesh
from symroof.program.program import Overlap, Program
from symroof.transformer.kind import Kind

BYTE = Unit.of("byte")


@dataclass(frozen=True)
class Block:
    """A layer: its kind, its program, how often it runs."""

    name: str
    kind: Kind
    program: Program
    times: sp.Expr


@dataclass(frozen=True)
class Blocks:
    """The blocks of a pass, in order, and what they assume of the model."""

    blocks: tuple[Block, ...]
    of: Claims = NONE

    def __iter__(self) -> Iterator[Block]:
        return iter(self.blocks)

    @property
    def flops(self) -> Cost:
        """FLOPs per chip, parts by block."""
        return self.sum("flops", [(b.name, b.program.flops * b.times) for b in self.blocks if b.program.flops.expr != 0], "FLOP")

    @property
    def traffic(self) -> Cost:
        """Bytes through HBM per chip, parts by block."""
        return self.sum("traffic", [(b.name, b.program.traffic * b.times) for b in self.blocks if b.program.statements], "byte")

    def time(self, mesh: Mesh, overlap: Overlap = "all", exact: bool = False, latency: bool = False) -> Cost:
        """Time on a mesh [s]: the blocks one after the other, each with its own overlap."""
        running = [b for b in self.blocks if b.program.statements]
        return self.sum("model", [(b.name, b.program.time(mesh, overlap, exact=exact, latency=latency) * b.times) for b in running], "s")

    def sum(self, name: str, costs: list[tuple[str, Cost]], unit: str) -> Cost:
        """Costs added under a name; nothing at all is zero."""
        return total((cost.named(part) for part, cost in costs), unit).named(name).claiming(self.of)
