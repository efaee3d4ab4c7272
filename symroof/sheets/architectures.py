"""What the class of a model says and its ``config.json`` does not: a row for every ``model_type``.

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
    layer_norm: bool = False
    final_norm: bool = True
    gated: bool = True
    parallel: bool = False
    tied: bool | None = False  # None: a class that cannot tie
    square: bool = False  # W_o is [D, D], so that heads must make up D
    positions: int | None = None  # learned ones, so many more than the file says
    scalars: int = 0  # learned numbers of an activation
    correction: bool | str = False  # [E] that routing adds, a buffer or a "parameter"
    expert_bias: bool = False
    shared_gate: bool = False
    shared: str = "F_expert"  # whose width the shared expert has, times their number, where it has none of its own
    expert_width: str = "F_expert"
    extra: int = 0  # stored vectors of D beside all that, such as a norm behind the embedding
    head_bias: bool | str = False
    drafts: str = ""  # "unknown": layers that draft are not as the last one
    ignores: str = ""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    missing: Mapping[str, Any] = field(default_factory=dict)


_LLAMA = Architecture(qkv_bias="attention_bias", out_bias="attention_bias", mlp_bias="mlp_bias")
_PLAIN = Architecture()
_BIAS = Architecture(qkv_bias="attention_bias", out_bias="attention_bias")
_GPT = Architecture(qkv_bias=True, out_bias=True, mlp_bias=True, layer_norm=True, gated=False, missing={"F": "4D"})
_QWEN3 = Architecture(qkv_bias="attention_bias", out_bias="attention_bias", qk_norm="head", ignores="use_qk_norm", missing={"H": 128})
_QWEN3_MOE = replace(_QWEN3, mlp="experts", pattern="step", missing={})
_QWEN_NEXT = Architecture(
    pattern="interval",
    qkv_bias="attention_bias",
    out_bias="attention_bias",
    qk_norm="head",
    gate="full",
    shared_gate=True,
    shared="F_shared",
    missing={"H": 256},
)
_DEEPSEEK = Architecture(mixer="latent", mlp="experts", pattern="dense_first", correction=True, missing={"n_shared": 1})
_GEMMA = Architecture(tied=True, qkv_bias="attention_bias", out_bias="attention_bias", missing={"H": 256})
_GPT2 = replace(_GPT, tied=True, positions=0)

ARCHITECTURES: Mapping[str, Architecture] = {
    # -- full attention, a gated MLP
    "llama": _LLAMA,
    "aquila": _LLAMA,
    "mistral": replace(_PLAIN, pattern="all windows", missing={"window": 4096}),
    "ministral": replace(_PLAIN, pattern="all windows"),
    "phi3": replace(_PLAIN, pattern="all windows"),
    "smollm3": replace(_LLAMA, tied=True),
    "arcee": replace(_LLAMA, gated=False),
    "granite": _LLAMA,
    "helium": replace(_LLAMA, square=True, out_bias=False, missing={"H": 128}),
    "seed_oss": Architecture(qkv_bias="attention_bias", missing={"attention_bias": True, "H": 128}),
    "qwen2": replace(_PLAIN, qkv_bias=True, pattern="last windows"),
    "qwen2_vl_text": replace(_PLAIN, qkv_bias=True, pattern="last windows"),
    "qwen2_5_vl_text": replace(_PLAIN, qkv_bias=True, pattern="last windows"),
    "mimo": replace(_PLAIN, qkv_bias=True, pattern="last windows", ignores="attention_bias"),
    "qwen3": replace(_QWEN3, pattern="last windows"),
    "qwen3_vl_text": _QWEN3,
    "olmo": replace(_LLAMA, mlp_bias=False, norms=0, final_norm=False),
    "olmo2": replace(_LLAMA, mlp_bias=False, qk_norm="layer"),
    "olmo3": replace(_LLAMA, mlp_bias=False, qk_norm="layer", pattern="cohere2", missing={"window": 4096}),
    "gemma": _GEMMA,
    "gemma2": replace(_GEMMA, norms=2, pattern="every second"),
    "gemma3_text": replace(
        _GEMMA, norms=2, qk_norm="head", pattern="gemma3", missing={"H": 256, "N": 8, "K": 4, "V": 262208, "window": 4096}
    ),
    "gemma3n_text": replace(
        _GEMMA,
        norms=2,
        qk_norm="head",
        mlp="gemma3n",
        pattern="gemma3n",
        missing={"H": 256, "V_ple": 262144, "D_ple": 256, "n_res": 4, "R_lau": 64, "shared_kv": 15, "window": 512},
    ),
    "vaultgemma": replace(_GEMMA, pattern="every second"),
    "ministral3": replace(_PLAIN, pattern="all windows", missing={"H": 128}),
    "ernie4_5": Architecture(qkv_bias="bias", out_bias="bias", mlp_bias="bias", tied=True, missing={"H": 128}),
    "hunyuan_v1_dense": replace(_BIAS, qk_norm="head"),
    "hyperclovax": _LLAMA,
    "cwm": replace(_LLAMA, pattern="cwm", missing={"H": 128}),
    "apertus": replace(_BIAS, qk_norm="head", gated=False, scalars=2),
    "nanochat": replace(_BIAS, norms=0, final_norm=False, gated=False),
    "glm": Architecture(qkv_bias="attention_bias", missing={"attention_bias": True, "H": 128}),
    "glm4": Architecture(qkv_bias="attention_bias", norms=2, missing={"attention_bias": True, "H": 128}),
    "cohere": replace(_BIAS, parallel=True, tied=True, qk_norm="layer", qk_norm_key=True),
    "cohere2": replace(_BIAS, parallel=True, tied=True, pattern="cohere2", missing={"window": 4096}),
    "exaone4": Architecture(qk_norm="head", pattern="exaone4", missing={"window": 4096}),
    # -- layer norms, two matrices
    "nemotron": replace(_BIAS, mlp_bias="mlp_bias", layer_norm=True, gated=False),
    "gpt2": _GPT2,
    "gpt_bigcode": replace(_GPT2, missing={"F": "4D"}),
    "starcoder2": Architecture(
        qkv_bias="bias",
        out_bias="bias",
        mlp_bias="bias",
        layer_norm=True,
        gated=False,
        tied=True,
        pattern="all windows",
        missing={"bias": True},
    ),
    "gpt_neox": replace(
        _BIAS, mlp_bias=True, layer_norm=True, gated=False, ignores="use_parallel_residual", missing={"attention_bias": True}
    ),
    "phi": replace(_GPT, parallel=True, head_bias=True, qk_norm="head", qk_norm_key=True, qk_norm_bias=True),
    "stablelm": Architecture(qkv_bias="attention_bias", layer_norm=True, qk_norm="layer", qk_norm_key=True),
    "falcon": Architecture(qkv_bias="bias", out_bias="bias", mlp_bias="bias", layer_norm=True, gated=False, tied=True, missing={"F": "4D"}),
    "gptj": Architecture(
        mlp_bias=True, layer_norm=True, gated=False, parallel=True, head_bias=True, missing={"F": "4D"}, ignores="n_positions"
    ),
    "gpt_neo": Architecture(
        out_bias=True,
        mlp_bias=True,
        layer_norm=True,
        gated=False,
        tied=True,
        positions=0,
        pattern="gpt neo",
        missing={"F": "4D", "window": 256},
    ),
    "mpt": Architecture(gated=False, tied=True, missing={"F": "4D"}),
    "persimmon": Architecture(
        qkv_bias=True,
        out_bias=True,
        mlp_bias=True,
        layer_norm=True,
        gated=False,
        qk_norm="head",
        qk_norm_key=True,
        qk_norm_bias=True,
        missing={"qk_norm": True},
    ),
    "opt": Architecture(
        qkv_bias="bias", out_bias="bias", mlp_bias="bias", layer_norm=True, gated=False, tied=True, positions=2, missing={"bias": True}
    ),
    "bloom": replace(_GPT, tied=True, extra=2),
    # -- experts
    "mixtral": Architecture(mlp="experts", pattern="all windows", expert_width="F"),
    "granitemoe": replace(_LLAMA, mlp="experts", expert_width="F", mlp_bias=False),
    "granitemoeshared": replace(_LLAMA, mlp="experts", expert_width="F", shared="F_shared", mlp_bias=False),
    "phimoe": replace(_BIAS, mlp="experts", pattern="all windows", layer_norm=True, head_bias="head_bias", expert_width="F"),
    "dbrx": Architecture(mlp="experts"),
    "flex_olmo": replace(_LLAMA, mlp="experts", mlp_bias=False, expert_width="F", qk_norm="layer"),
    "ernie4_5_moe": Architecture(
        mlp="experts",
        pattern="ernie",
        qkv_bias="bias",
        out_bias="bias",
        mlp_bias="bias",
        head_bias="bias",
        tied=True,
        correction="parameter",
    ),
    "hunyuan_v1_moe": replace(_BIAS, mlp="experts", qk_norm="head", expert_width="F", shared="F"),
    "dots1": replace(_BIAS, mlp="experts", pattern="dense_first", qk_norm="head", correction=True),
    "exaone_moe": Architecture(
        mlp="experts", qk_norm="head", pattern="exaone4", correction=True, missing={"n_shared": 1, "dense_first": 1, "window": 4096}
    ),
    "solar_open": Architecture(
        mlp="experts", qkv_bias="attention_bias", correction=True, missing={"H": 128, "n_shared": 1}, ignores="intermediate_size"
    ),
    "hy_v3": replace(
        _BIAS, mlp="experts", qk_norm="head", mlp_bias="mlp_bias", correction=True, missing={"dense_first": 1, "n_shared": 1, "H": 128}
    ),
    "afmoe": replace(
        _BIAS, mlp="experts", pattern="exaone4", qk_norm="head", gate="full", norms=2, correction="parameter", missing={"dense_first": 1}
    ),
    "cohere2_moe": replace(_BIAS, mlp="experts", pattern="after dense", parallel=True, tied=True, expert_width="F"),
    "qwen2_moe": Architecture(
        mlp="experts",
        pattern="step",
        qkv_bias="attention_bias",
        shared_gate=True,
        shared="F_shared",
        missing={"attention_bias": True, "F_shared": 5632},
    ),
    "qwen3_moe": _QWEN3_MOE,
    "qwen3_vl_moe_text": _QWEN3_MOE,
    "olmoe": replace(_LLAMA, mlp="experts", mlp_bias=False, expert_width="F", qk_norm="layer"),
    "glm4_moe": Architecture(
        mlp="experts", pattern="dense_first", qkv_bias="attention_bias", correction=True, qk_norm="head", qk_norm_key=True
    ),
    "minimax_m2": Architecture(
        mlp="experts", qk_norm="layer", correction=True, expert_width="F", ignores="use_qk_norm qk_norm_type", missing={"H": 128}
    ),
    "minimax_m3": Architecture(
        mlp="experts",
        qk_norm="head",
        correction=True,
        expert_width="F",
        shared="F_shared",
        missing={"H": 128},
        ignores="use_qk_norm qk_norm_type index_n_heads index_head_dim index_block_size index_topk_blocks",
    ),
    "llama4_text": Architecture(
        mlp="experts",
        pattern="llama4",
        qkv_bias="attention_bias",
        out_bias="attention_bias",
        expert_width="F",
        shared="F",
        ignores="use_qk_norm",  # a norm without weights
        missing={"n_shared": 1},
    ),
    "gpt_oss": replace(
        _BIAS,
        mlp="experts",
        pattern="first of two",
        sinks=True,
        expert_bias=True,
        expert_width="F",
        missing={"attention_bias": True, "H": 64, "window": 128},
    ),
    "mimo_v2_flash": Architecture(
        drafts="unknown",
        mlp="experts",
        pattern="mimo2",
        qkv_bias="attention_bias",
        correction=True,
        missing={"sinks_win": True, "H": 192, "H_v": 128, "dense_first": 1},
    ),
    "step3p7": Architecture(
        drafts="unknown", mlp="experts", pattern="step3", qk_norm="head", gate="head", correction=True, shared="F_shared"
    ),
    "gemma4_text": replace(_GEMMA, norms=2, qk_norm="head", mlp="gemma4", pattern="gemma4", missing={"H": 256, "H_global": 512}),
    # -- latent attention
    "deepseek_v2": replace(_DEEPSEEK, correction=False, missing={}),
    "deepseek_v3": _DEEPSEEK,
    "kimi_k2": _DEEPSEEK,
    "glm4_moe_lite": replace(_DEEPSEEK, missing={"n_shared": 1, "dense_first": 1, "H_nope": 192, "H_v": 256}),
    "mistral4": replace(_DEEPSEEK, correction=False, missing={"n_shared": 1, "R_kv": 256, "H_nope": 64}),
    "youtu": Architecture(mixer="latent", tied=True),
    "deepseek_v32": replace(_DEEPSEEK, mixer="sparse latent"),
    "glm_moe_dsa": replace(_DEEPSEEK, mixer="sparse latent", missing={"n_shared": 1, "H_nope": 192, "H_v": 256}),
    "deepseek_v4": Architecture(
        drafts="unknown",
        mixer="compressed",
        mlp="experts",
        correction=True,
        pattern="compressed",
        missing={"n_res": 4, "num_hash_layers": 3},
    ),
    # -- states
    "qwen3_next": replace(_QWEN_NEXT, mlp="experts", missing={"H": 256, "F_shared": 512}),
    "qwen3_5_text": _QWEN_NEXT,
    "qwen3_5_moe_text": replace(_QWEN_NEXT, mlp="experts", missing={"H": 256, "F_shared": 512}),
    "kimi_linear": replace(_DEEPSEEK, mixer="kimi", state="kimi", tied=None, missing={"dense_first": 1, "n_shared": 1}),
    "minimax": Architecture(mlp="experts", mixer="lightning", state="lightning", pattern="alternate", expert_width="F"),
    "jamba": Architecture(mlp="experts", pattern="jamba", state="mamba-1", expert_width="F"),
    "olmo_hybrid": replace(_BIAS, pattern="interval", qk_norm="layer"),
    "bamba": replace(_LLAMA, mixer="mamba-2", state="mamba-2", missing={"ssm_chunk": 256}),
    "granitemoehybrid": replace(
        _LLAMA,
        mixer="mamba-2",
        state="mamba-2",
        mlp="experts",
        expert_width="F",
        mlp_bias=False,
        shared="F_shared",
        missing={"ssm_chunk": 256},
    ),
    "falcon_h1": replace(_LLAMA, mixer="beside states", missing={"ssm_chunk": 256}),
    "mamba": Architecture(mixer="mamba-1", mlp="", tied=True, missing={"conv_bias": True, "expand": 2, "w_conv": 4, "D_st": 16}),
    "falcon_mamba": Architecture(mixer="mamba-1", mlp="", tied=True, missing={"conv_bias": True, "expand": 2, "w_conv": 4, "D_st": 16}),
    "mamba2": Architecture(
        mixer="mamba-2", mlp="", missing={"conv_bias": True, "expand": 2, "w_conv": 4, "D_st": 128, "G_ssm": 8, "ssm_chunk": 256}
    ),
    "nemotron_h": Architecture(gated=False, correction=True, pattern="letters", tied=None, mlp_bias="mlp_bias"),
    # -- what a search has found
    "nemotron-nas": replace(_LLAMA, pattern="blocks"),
}

#: Other names of a class.
ALIASES: Mapping[str, str] = {
    "deepseek_ref": "deepseek_v4",
    "minimax_m3_vl": "minimax_m3",
    "minimax_m3_vl_text": "minimax_m3",
    "mistral3": "mistral",
    "codegen": "gptj",
    "qwen2_vl": "qwen2_vl_text",
    "qwen2_5_vl": "qwen2_5_vl_text",
    "gemma3n": "gemma3n_text",
    "step3p5": "step3p7",
    "llama4": "llama4_text",
    "gemma3": "gemma3_text",
    "gemma4": "gemma4_text",
    "qwen3_5": "qwen3_5_text",
    "qwen3_5_moe": "qwen3_5_moe_text",
    "qwen3_vl": "qwen3_vl_text",
    "qwen3_vl_moe": "qwen3_vl_moe_text",
    "deci": "nemotron-nas",
    "kimi_k25": "kimi_k2",
}
