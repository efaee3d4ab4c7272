"""The layers of a model and how they are sharded: ``layers.Attention(N=64, K=8, H=128).program(layers.Sharding(model="Y"))``.

This is the listing of all kinds: a new one is a file and a line here, and ``KINDS`` has it by the word of a data file. A kind of your
own is a subclass of Kind, see ``help(symroof.transformer.kind)``.
"""

from symroof.errors import UnknownName, nearest, short
from symroof.rooms import public
from symroof.transformer.adapter import Adapter as Adapter
from symroof.transformer.attention import Attention as Attention
from symroof.transformer.compressed import CompressedAttention as CompressedAttention
from symroof.transformer.delta_net import GatedDeltaNet as GatedDeltaNet
from symroof.transformer.draft import Draft as Draft
from symroof.transformer.embedding import Embedding as Embedding
from symroof.transformer.embedding import Norm as Norm
from symroof.transformer.embedding import Unembedding as Unembedding
from symroof.transformer.experts import Experts as Experts
from symroof.transformer.idle_experts import IdleExperts as IdleExperts
from symroof.transformer.kda import KimiDeltaAttention as KimiDeltaAttention
from symroof.transformer.kind import Kind as Kind
from symroof.transformer.kind import Pass as Pass
from symroof.transformer.kind import Sharding as Sharding
from symroof.transformer.latent import LatentAttention as LatentAttention
from symroof.transformer.lightning import LightningAttention as LightningAttention
from symroof.transformer.linear import Linear as Linear
from symroof.transformer.linear import Skip as Skip
from symroof.transformer.mamba1 import Mamba1 as Mamba1
from symroof.transformer.mamba2 import Mamba2 as Mamba2
from symroof.transformer.mlp import Mlp as Mlp
from symroof.transformer.mlstm import MatrixMemory as MatrixMemory
from symroof.transformer.per_layer import PerLayerInput as PerLayerInput
from symroof.transformer.per_layer import PerLayerTable as PerLayerTable
from symroof.transformer.recurrence import LinearRecurrence as LinearRecurrence
from symroof.transformer.routed_attention import RoutedAttention as RoutedAttention
from symroof.transformer.short_conv import ShortConvolution as ShortConvolution
from symroof.transformer.streams import AltUp as AltUp
from symroof.transformer.streams import HyperConnection as HyperConnection
from symroof.transformer.streams import ResidualAttention as ResidualAttention
from symroof.transformer.weights import Weights as Weights

#: Word in a data file: kind.
KINDS: dict[str, type[Kind]] = {
    each.word: each for each in list(globals().values()) if isinstance(each, type) and issubclass(each, Kind) and each.word
}
__all__ = public(globals(), names=("KINDS", "Kind", "Pass", "Sharding", "kind", *(each.__name__ for each in KINDS.values())))


def kind(word: str) -> type[Kind]:
    """A kind by its word.

    Raises UnknownName with the nearest.
    """
    if word not in KINDS:
        raise UnknownName(f"there is no layer kind {short(word)}; {nearest(str(word), KINDS)}")
    return KINDS[word]
