"""What the class of a model says and its ``config.json`` does not: the fields of a row, which stand in ``symroof.sheets.architectures``.

A field says what holds where the file is silent; ``missing`` are values of keys that a file may leave out, ``fixed`` values that hold
whatever it says. What takes more than a row stands in ``symroof.sheets.adapted``. A ``model_type`` without a row is not understood,
and refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Architecture:
    """``mixer`` and ``mlp`` name what stands in a layer where no pattern of the file does, ``state`` what it means by linear attention or
    mamba; the words are those of ``symroof.sheets.patterns``.

    Biases are True, False, or the meaning of the key that says so. ``norms`` stand around a sublayer; ``vector_norms`` are layer norms
    with a scale alone. ``ignores`` are keys that stand in its files and that the class does not read.
    """

    mixer: str = "full"
    mlp: str = "mlp"
    state: str = "delta"
    pattern: str = ""  # the rule for windows, chunks and experts where the file lists no layers
    qkv_bias: bool | str = False
    out_bias: bool | str = False
    mlp_bias: bool | str = False
    qk_norm: str = ""
    qk_norm_key: bool = False  # only where the file says so
    qk_norm_bias: bool = False
    gate: str = ""
    sinks: bool = False
    norms: int = 1
    norms_mlp: int | None = None
    norms_experts: int | None = None
    inner_norms: bool = False  # of what W_o takes, and of what leaves an MLP's middle
    layer_norm: bool = False
    final_norm: bool = True
    gated: bool = True
    parallel: bool = False
    tied: bool | None = False  # None: a class that cannot tie
    square: bool = False  # W_o is [D, D], so that heads must make up D
    positions: int | None = None  # learned ones, so many more than the file says
    width: str = ""  # how the width of an MLP follows from the file, if not as it stands there
    differential: bool = False
    ssm_bias: str = "ssm_bias"  # the meanings of the keys of biases into states and out of them
    gate_bias: bool = False  # [N]
    scalars: int = 0  # learned numbers of an activation
    correction: bool | str = False  # [E] that routing adds, a buffer or a "parameter"
    expert_bias: bool = False
    shared_gate: bool = False
    shared: str = "F_expert"  # whose width the shared expert has, times their number, where it has none of its own
    expert_width: str = "F_expert"
    leading: bool = True  # False: a file must say how many layers are dense, since references differ where it does not
    extra: int = 0  # stored vectors of D beside all that, such as a norm behind the embedding
    head_bias: bool | str = False
    drafts: str = ""  # of layers that draft: "own" ones, or not counted: "others" than the last layer, "unpublished"
    ignores: str = ""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    missing: Mapping[str, Any] = field(default_factory=dict)


#: What several classes have in common.
LLAMA = Architecture(qkv_bias="attention_bias", out_bias="attention_bias", mlp_bias="mlp_bias")
PLAIN = Architecture()
BIAS = Architecture(qkv_bias="attention_bias", out_bias="attention_bias")
GPT = Architecture(qkv_bias=True, out_bias=True, mlp_bias=True, layer_norm=True, gated=False, missing={"F": "4D"})
QWEN3 = Architecture(qkv_bias="attention_bias", out_bias="attention_bias", qk_norm="head", ignores="use_qk_norm", missing={"H": 128})
QWEN3_MOE = replace(QWEN3, mlp="experts", pattern="step", missing={})
QWEN_NEXT = Architecture(
    pattern="interval",
    qkv_bias="attention_bias",
    out_bias="attention_bias",
    qk_norm="head",
    gate="full",
    shared_gate=True,
    shared="F_shared",
    missing={"H": 256},
)
DEEPSEEK = Architecture(
    mixer="latent", mlp="experts", pattern="dense_first", correction=True, leading=False, missing={"n_shared": 1, "R_q": 1536}
)
GEMMA = Architecture(tied=True, qkv_bias="attention_bias", out_bias="attention_bias", missing={"H": 256})
GPT2 = replace(GPT, tied=True, positions=0)
FALCON = Architecture(qkv_bias="bias", out_bias="bias", mlp_bias="bias", layer_norm=True, gated=False, tied=True, missing={"F": "4D"})
