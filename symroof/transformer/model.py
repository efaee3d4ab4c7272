"""A whole model: layers that repeat, and an unembedding; a layer is multiplied by L, never unrolled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from symroof.algebra.cost import Cost, quantity
from symroof.algebra.symbols import B, E_sh, F, F_dense, L, L_dense, L_full, L_win, S, S_win, T
from symroof.algebra.units import Unit
from symroof.machine.mesh import Mesh
from symroof.program.program import Overlap, Program
from symroof.transformer import layers
from symroof.transformer.architecture import DENSE, Architecture

BYTE = Unit.of("byte")


@dataclass(frozen=True)
class Model:
    """Programs and how often each runs, by name."""

    blocks: tuple[tuple[str, Program, Any], ...]

    @property
    def flops(self) -> Cost:
        """FLOPs per chip, parts by block."""
        return self._sum([(name, p.flops * times) for name, p, times in self.blocks], "flops")

    @property
    def traffic(self) -> Cost:
        """Bytes through HBM per chip, parts by block."""
        return self._sum([(name, p.traffic * times) for name, p, times in self.blocks], "traffic")

    def time(self, mesh: Mesh, overlap: Overlap = "all", exact: bool = False, latency: bool = False) -> Cost:
        """Time on a mesh [s]: the blocks one after the other, each with its own overlap."""
        times = [(name, p.time(mesh, overlap, exact=exact, latency=latency) * times) for name, p, times in self.blocks]
        return self._sum(times, "model")

    def saved(self, remat: str = "none") -> Cost:
        """Bytes per chip kept for the backward pass, and the logits [byte]; parts by block. Policies as for programs.

        Keys and values are counted where they are made, not again as a cache.
        """
        kept = []
        for name, p, times in self.blocks:
            caches = sum((p.bytes(t).expr for t in p.inputs if t in layers.CACHES), sp.Integer(0))
            kept.append((name, quantity(sp.expand(p.saved(remat).expr - caches) * times, BYTE)))
        logits = self.blocks[-1][1].bytes("Logits")
        return self._sum([*kept, ("logits", logits)], "saved")

    def _sum(self, costs: list[tuple[str, Cost]], name: str) -> Cost:
        whole = costs[0][1].named(costs[0][0])
        for part, cost in costs[1:]:
            whole = whole + cost.named(part)
        return whole.named(name)


def model(arch: Architecture = DENSE, sharding: layers.Sharding = layers.REPLICATED, new_tokens: Any = T) -> Model:
    """B sequences of T new tokens over a context of S through a whole model; decoding is ``new_tokens=1``.

    The MLP and the unembedding see B T tokens. A training step is T = S. Windowed layers see Min(S, S_win).

    >>> model(new_tokens=1).flops["unembedding"]
    2*B*D*V  [FLOP]
    """
    tokens = B * new_tokens
    blocks: list[tuple[str, Program, Any]] = []
    if arch.latent:
        blocks.append(("attention", layers.latent_attention(sharding, new=new_tokens), L))
    elif arch.windowed:
        window = layers.attention(sharding, context=sp.Min(S, S_win, evaluate=False), new=new_tokens)
        blocks.append(("windowed attention", window, L_win))
    if not arch.latent and (arch.full_layers or not arch.windowed):
        blocks.append(("attention", layers.attention(sharding, new=new_tokens), L_full if arch.windowed else L))
    routed = L - L_dense if arch.dense_layers else L
    if arch.experts:
        blocks.append(("experts", layers.experts(sharding, tokens), routed))
    if arch.shared:
        blocks.append(("shared experts", layers.mlp(sharding, arch.gated, tokens, F * E_sh), routed))
    if arch.dense_layers:
        blocks.append(("dense MLP", layers.mlp(sharding, arch.gated, tokens, F_dense), L_dense))
    if not arch.experts:
        blocks.append(("MLP", layers.mlp(sharding, arch.gated, tokens), L))
    blocks.append(("unembedding", layers.unembedding(sharding, tokens), 1))
    return Model(tuple(blocks))
