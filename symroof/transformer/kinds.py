"""The layer kinds by name: a new kind is one file and one row here. See :mod:`symroof.transformer.kind` for how one is written."""

from __future__ import annotations

from symroof.errors import UnknownName, nearest, short
from symroof.transformer.attention import Attention
from symroof.transformer.embedding import Embedding, Norm, Unembedding
from symroof.transformer.experts import Experts
from symroof.transformer.kind import Kind
from symroof.transformer.latent import LatentAttention
from symroof.transformer.mamba2 import Mamba2
from symroof.transformer.mlp import Mlp

#: Word in a data file: kind.
KINDS: dict[str, type[Kind]] = {
    kind.word: kind for kind in (Attention, LatentAttention, Mlp, Experts, Mamba2, Embedding, Unembedding, Norm)
}


def kind(word: str) -> type[Kind]:
    """A kind by its word.

    Raises UnknownName with the nearest.
    """
    if word not in KINDS:
        raise UnknownName(f"there is no layer kind {short(word)}; {nearest(str(word), KINDS)}")
    return KINDS[word]
