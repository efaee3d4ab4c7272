"""Rows of classes whose layers are attention and one MLP."""

from __future__ import annotations

from dataclasses import replace

from symroof.sheets.architecture import BIAS, GEMMA, GPT, GPT2, LLAMA, PLAIN, QWEN3, Architecture

DENSE: dict[str, Architecture] = {
    # -- full attention, a gated MLP
    "llama": LLAMA,
    "aquila": LLAMA,
    "mistral": replace(PLAIN, pattern="all windows", missing={"window": 4096}),
    "ministral": replace(PLAIN, pattern="all windows"),
    "phi3": replace(PLAIN, pattern="all windows"),
    "smollm3": replace(LLAMA, tied=True),
    "arcee": replace(LLAMA, gated=False),
    "granite": LLAMA,
    "helium": replace(LLAMA, square=True, out_bias=False, missing={"H": 128}),
    "seed_oss": Architecture(qkv_bias="attention_bias", missing={"attention_bias": True, "H": 128}),
    "qwen2": replace(PLAIN, qkv_bias=True, pattern="last windows"),
    "qwen2_vl_text": replace(PLAIN, qkv_bias=True, pattern="last windows"),
    "qwen2_5_vl_text": replace(PLAIN, qkv_bias=True, pattern="last windows"),
    "mimo": replace(PLAIN, qkv_bias=True, pattern="last windows", ignores="attention_bias"),
    "qwen3": replace(QWEN3, pattern="last windows"),
    "qwen3_vl_text": QWEN3,
    "olmo": replace(LLAMA, mlp_bias=False, norms=0, final_norm=False),
    "olmo2": replace(LLAMA, mlp_bias=False, qk_norm="layer"),
    "olmo3": replace(LLAMA, mlp_bias=False, qk_norm="layer", pattern="cohere2", missing={"window": 4096}),
    "gemma": GEMMA,
    "gemma2": replace(GEMMA, norms=2, pattern="every second"),
    "gemma3_text": replace(
        GEMMA, norms=2, qk_norm="head", pattern="gemma3", missing={"H": 256, "N": 8, "K": 4, "V": 262208, "window": 4096}
    ),
    "gemma3n_text": replace(
        GEMMA,
        norms=2,
        qk_norm="head",
        mlp="gemma3n",
        pattern="gemma3n",
        missing={"H": 256, "V_ple": 262144, "D_ple": 256, "n_res": 4, "R_lau": 64, "shared_kv": 15, "window": 512},
    ),
    "vaultgemma": replace(GEMMA, pattern="every second"),
    "ministral3": replace(PLAIN, pattern="all windows", missing={"H": 128}),
    "ernie4_5": Architecture(qkv_bias="bias", out_bias="bias", mlp_bias="bias", tied=True, missing={"H": 128}),
    "hunyuan_v1_dense": replace(BIAS, qk_norm="head"),
    "hyperclovax": LLAMA,
    "exaone": LLAMA,
    "internlm": Architecture(qkv_bias="bias", out_bias="bias", missing={"bias": True}),
    "internlm2": Architecture(qkv_bias="bias", out_bias="bias", missing={"bias": False}),
    "internlm3": Architecture(qkv_bias="attention_bias", out_bias="bias", mlp_bias="bias"),
    "baichuan": replace(PLAIN, ignores="model_max_length z_loss_weight gradient_checkpointing"),
    "minicpm": replace(LLAMA, tied=True, ignores="scale_emb dim_model_base scale_depth"),
    "orion": replace(BIAS, layer_norm=True),
    "emu3_text_model": LLAMA,
    "granite_swa": replace(LLAMA, sinks=True, pattern="cwm", tied=True, missing={"window": 128}),
    "bitnet": replace(BIAS, inner_norms=True),
    "cohere_compass_text": replace(BIAS, parallel=True, tied=True, pattern="cohere2", missing={"window": 4096}),
    "cwm": replace(LLAMA, pattern="cwm", missing={"H": 128}),
    "apertus": replace(BIAS, qk_norm="head", gated=False, scalars=2),
    "nanochat": replace(BIAS, norms=0, final_norm=False, gated=False),
    "glm": Architecture(qkv_bias="attention_bias", missing={"attention_bias": True, "H": 128}),
    "glm4": Architecture(qkv_bias="attention_bias", norms=2, missing={"attention_bias": True, "H": 128}),
    "cohere": replace(BIAS, parallel=True, tied=True, qk_norm="layer", qk_norm_key=True),
    "cohere2": replace(BIAS, parallel=True, tied=True, pattern="cohere2", missing={"window": 4096}),
    "exaone4": Architecture(qk_norm="head", pattern="exaone4", missing={"window": 4096}),
    # -- layer norms, two matrices
    "nemotron": replace(BIAS, mlp_bias="mlp_bias", layer_norm=True, gated=False),
    "gpt2": GPT2,
    "gpt_bigcode": replace(GPT2, missing={"F": "4D"}),
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
        BIAS, mlp_bias=True, layer_norm=True, gated=False, ignores="use_parallel_residual", missing={"attention_bias": True}
    ),
    "phi": replace(GPT, parallel=True, head_bias=True, qk_norm="head", qk_norm_key=True, qk_norm_bias=True),
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
    "bloom": replace(GPT, tied=True, extra=2),
    "openai-gpt": replace(GPT2, final_norm=False),
    "biogpt": replace(GPT, tied=True, positions=2, missing={}),
    "xglm": replace(GPT, tied=True, missing={}),
    "ctrl": replace(GPT, tied=True, head_bias=True, missing={}, ignores="n_positions"),
    "gpt_neox_japanese": Architecture(layer_norm=True, gated=False, tied=True, extra=1, missing={"F": "4D"}),
    "jais2": Architecture(
        qkv_bias="attention_bias",
        out_bias="attention_bias",
        mlp_bias="mlp_bias",
        layer_norm=True,
        gated=False,
        missing={"attention_bias": True, "mlp_bias": True},
    ),
}
