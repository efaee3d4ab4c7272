"""The layers of a model and how they are sharded: ``layers.Attention(N=64, K=8, H=128).program(layers.Sharding(model="Y"))``.

Kinds of layers: Attention, LatentAttention, Mlp, Experts, Mamba2, Embedding, Unembedding, Norm; ``KINDS`` has them by the word of
a data file. A kind of your own is a subclass of Kind, see ``help(symroof.transformer.kind)``.
"""

from symroof.transformer.attention import Attention
from symroof.transformer.embedding import Embedding, Norm, Unembedding
from symroof.transformer.experts import Experts
from symroof.transformer.kind import Kind, Pass
from symroof.transformer.kinds import KINDS
from symroof.transformer.latent import LatentAttention
from symroof.transformer.mamba2 import Mamba2
from symroof.transformer.mlp import Mlp
from symroof.transformer.split import Sharding

__all__ = [
    "KINDS",
    "Attention",
    "Embedding",
    "Experts",
    "Kind",
    "LatentAttention",
    "Mamba2",
    "Mlp",
    "Norm",
    "Pass",
    "Sharding",
    "Unembedding",
]
