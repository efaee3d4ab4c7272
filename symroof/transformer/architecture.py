"""Which formula holds for a model: gated or not, tied or not, experts, latent attention, sliding windows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """The kinds of layers in a model; sizes are symbols, so this only says which terms there are."""

    gated: bool = True  # the MLP has three matrices, not two
    tied: bool = False  # one matrix for embedding and unembedding
    experts: bool = False  # mixture-of-experts layers
    shared: bool = False  # with experts that every token uses
    dense_layers: bool = False  # after some dense layers
    latent: bool = False  # multi-head latent attention: one compressed cache for all heads
    windowed: bool = False  # layers that see a sliding window only
    full_layers: bool = True  # beside layers that see everything


DENSE = Architecture()
