"""The layers of a model and how they are sharded: ``layers.Attention(N=64, K=8, H=128).program(layers.Sharding(model="Y"))``."""

from symroof.transformer.attention import Attention as Attention
from symroof.transformer.embedding import Embedding as Embedding
from symroof.transformer.embedding import Norm as Norm
from symroof.transformer.embedding import Unembedding as Unembedding
from symroof.transformer.experts import Experts as Experts
from symroof.transformer.kind import Kind as Kind
from symroof.transformer.kind import Pass as Pass
from symroof.transformer.kinds import KINDS as KINDS
from symroof.transformer.latent import LatentAttention as LatentAttention
from symroof.transformer.mamba2 import Mamba2 as Mamba2
from symroof.transformer.mlp import Mlp as Mlp
from symroof.transformer.split import Sharding as Sharding
