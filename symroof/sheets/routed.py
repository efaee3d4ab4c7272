"""Rows of classes with experts, latent attention, or states."""

from __future__ import annotations

from dataclasses import replace

from symroof.sheets.architecture import BIAS, DEEPSEEK, GEMMA, LLAMA, QWEN3_MOE, QWEN_NEXT, Architecture

ROUTED: dict[str, Architecture] = {
    # -- experts
    "mixtral": Architecture(mlp="experts", pattern="all windows", expert_width="F"),
    "granitemoe": replace(LLAMA, mlp="experts", expert_width="F", mlp_bias=False),
    "granitemoeshared": replace(LLAMA, mlp="experts", expert_width="F", shared="F_shared", mlp_bias=False),
    "granitemoe_swa": replace(
        LLAMA, mlp="experts", expert_width="F", shared="F_shared", mlp_bias=False, sinks=True, pattern="cwm", missing={"window": 128}
    ),
    "aria_text": replace(LLAMA, mlp="experts", expert_width="F", missing={"n_shared": 2, "E": 8, "k": 2}),
    "bailing_moe": Architecture(mlp="experts", pattern="dense_first", qkv_bias="attention_bias", out_bias="bias"),
    "bailing_moe_v2": Architecture(
        mlp="experts", pattern="dense_first", qkv_bias="attention_bias", out_bias="bias", qk_norm="head", qk_norm_key=True
    ),
    "grok-1": Architecture(mlp="experts", expert_width="F", norms=2),
    "deepseek": replace(BIAS, mlp="experts", pattern="dense_first"),
    "phimoe": replace(BIAS, mlp="experts", pattern="all windows", layer_norm=True, head_bias="head_bias", expert_width="F"),
    "dbrx": Architecture(mlp="experts"),
    "flex_olmo": replace(LLAMA, mlp="experts", mlp_bias=False, expert_width="F", qk_norm="layer"),
    "ernie4_5_moe": Architecture(
        mlp="experts",
        pattern="ernie",
        qkv_bias="bias",
        out_bias="bias",
        mlp_bias="bias",
        head_bias="bias",
        tied=True,
        correction="parameter",
        missing={"n_shared": 2},
    ),
    "hunyuan_v1_moe": replace(
        BIAS, mlp="experts", qk_norm="head", qk_norm_key=True, expert_width="F", shared="F", missing={"qk_norm": True}
    ),
    "dots1": replace(BIAS, mlp="experts", pattern="dense_first", qk_norm="head", correction=True),
    "exaone_moe": Architecture(
        mlp="experts", qk_norm="head", pattern="exaone4", correction=True, missing={"n_shared": 1, "dense_first": 1, "window": 4096}
    ),
    "solar_open": Architecture(
        mlp="experts", qkv_bias="attention_bias", correction=True, missing={"H": 128, "n_shared": 1}, ignores="intermediate_size"
    ),
    "hy_v3": replace(
        BIAS, mlp="experts", qk_norm="head", mlp_bias="mlp_bias", correction=True, missing={"dense_first": 1, "n_shared": 1, "H": 128}
    ),
    "afmoe": replace(
        BIAS,
        mlp="experts",
        pattern="exaone4",
        qk_norm="head",
        gate="full",
        norms=2,
        correction="parameter",
        missing={"dense_first": 1, "n_shared": 2},
    ),
    "cohere2_moe": replace(BIAS, mlp="experts", pattern="after dense", parallel=True, tied=True, expert_width="F"),
    "qwen2_moe": Architecture(
        mlp="experts",
        pattern="step",
        qkv_bias="attention_bias",
        shared_gate=True,
        shared="F_shared",
        missing={"attention_bias": True, "F_shared": 5632},
    ),
    "qwen3_moe": QWEN3_MOE,
    "qwen3_vl_moe_text": QWEN3_MOE,
    "olmoe": replace(LLAMA, mlp="experts", mlp_bias=False, expert_width="F", qk_norm="layer"),
    "glm4_moe": Architecture(
        mlp="experts",
        pattern="dense_first",
        qkv_bias="attention_bias",
        correction=True,
        qk_norm="head",
        qk_norm_key=True,
        missing={"dense_first": 1, "n_shared": 1},
    ),
    "minimax_m2": Architecture(
        drafts="unpublished",
        mlp="experts",
        qk_norm="layer",
        correction=True,
        expert_width="F",
        ignores="use_qk_norm qk_norm_type",
        missing={"H": 128},
    ),
    "minimax_m3": Architecture(
        drafts="unpublished",
        mlp="experts",
        qk_norm="head",
        correction=True,
        expert_width="F",
        shared="F_shared",
        missing={"H": 128, "F_shared": 3072},
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
    "beam": replace(
        BIAS,
        mlp="experts",
        qk_norm="head",
        gate="full",
        gate_bias=True,
        norms=2,
        correction=True,
        pattern="every sixth",
        missing={"dense_first": 3, "H": 128, "window": 512},
    ),
    "flint": replace(
        QWEN3_MOE, sinks=True, shared="F_shared", pattern="flint", missing={"dense_only": [0, 1], "H": 128, "window": 513, "F_shared": 1024}
    ),
    "kolibri1": Architecture(
        mlp="experts",
        qk_norm="head",
        norms=2,
        correction=True,
        shared="F_shared",
        pattern="every fifth",
        missing={"H": 128, "window": 513, "F_shared": 512},
    ),
    "laguna": replace(
        BIAS,
        mlp="experts",
        qk_norm="head",
        gate="head",
        correction="parameter",
        shared="F_shared",
        missing={"dense_first": 1, "H": 128, "window": 512, "F_shared": 512},
        ignores="moe_router_logit_softcapping moe_routed_scaling_factor",
    ),
    "mellum": replace(QWEN3_MOE, pattern="", missing={"H": 128, "window": 1024}),
    "gpt_oss": replace(
        BIAS,
        mlp="experts",
        pattern="first of two",
        sinks=True,
        expert_bias=True,
        expert_width="F",
        missing={"attention_bias": True, "H": 64, "window": 128},
    ),
    "mimo_v2_flash": Architecture(
        drafts="others",
        mlp="experts",
        pattern="mimo2",
        qkv_bias="attention_bias",
        correction=True,
        missing={"sinks_win": True, "H": 192, "H_v": 128, "dense_first": 1},
        ignores="attention_projection_layout processor_config vision_model_type",
    ),
    "step3p7": Architecture(drafts="own", mlp="experts", pattern="step3", qk_norm="head", gate="head", correction=True, shared="F_shared"),
    "gemma4_text": replace(
        GEMMA,
        norms=2,
        qk_norm="head",
        mlp="gemma4",
        pattern="gemma4",
        missing={"H": 256, "H_global": 512, "D_ple": 256, "V_ple": 262144},
    ),
    "gemma4_unified_text": replace(GEMMA, norms=2, qk_norm="head", mlp="gemma4", pattern="gemma4", missing={"H": 256, "H_global": 512}),
    # -- latent attention
    "deepseek_v2": replace(DEEPSEEK, correction=False, leading=True, missing={"R_q": 1536}),
    "deepseek_v3": DEEPSEEK,
    "kimi_k2": DEEPSEEK,
    "glm4_moe_lite": replace(DEEPSEEK, missing={"n_shared": 1, "R_q": 768, "dense_first": 1, "H_nope": 192, "H_v": 256}),
    "mistral4": replace(DEEPSEEK, correction=False, leading=True, missing={"n_shared": 1, "R_q": 1024, "R_kv": 256, "H_nope": 64}),
    "youtu": Architecture(mixer="latent", tied=True, missing={"R_q": 1536}),
    "minicpm3": Architecture(
        mixer="latent",
        tied=True,
        missing={"R_q": 768, "R_kv": 256, "H_nope": 64, "H_rope": 32, "H_v": 64},
        ignores="scale_emb dim_model_base scale_depth",
    ),
    "axk1": replace(DEEPSEEK, norms_experts=2, missing={"n_shared": 1, "dense_first": 1, "R_q": 1536}),
    "deepseek_v32": replace(DEEPSEEK, mixer="sparse latent"),
    "glm_moe_dsa": replace(DEEPSEEK, mixer="sparse latent", missing={"n_shared": 1, "R_q": 2048, "H_nope": 192, "H_v": 256}),
    "deepseek_v4": Architecture(
        mixer="compressed",
        mlp="experts",
        correction=True,
        pattern="compressed",
        missing={"n_res": 4, "num_hash_layers": 3},
    ),
    # -- states
    "qwen3_next": replace(QWEN_NEXT, mlp="experts", missing={"H": 256, "F_shared": 512}),
    "qwen3_5_text": QWEN_NEXT,
    "qwen3_5_moe_text": replace(QWEN_NEXT, mlp="experts", missing={"H": 256, "F_shared": 512}),
    "lara_mini": replace(
        QWEN_NEXT, mlp="experts", gate="", shared_gate=False, pattern="lara", tied=True, missing={"H": 128, "window": 512, "F_shared": 512}
    ),
    "lfm2": Architecture(pattern="lfm2", mixer="conv", qk_norm="head", width="rounded", tied=True),
    "lfm2_moe": Architecture(
        pattern="listed", mixer="conv", mlp="experts", qk_norm="head", tied=True, correction=True, missing={"dense_first": 2}
    ),
    "lfm3": replace(
        BIAS, pattern="lfm3", mixer="conv", qk_norm="head", gate="head", norms=2, tied=True, missing={"window": 256, "w_conv": 7, "H": 128}
    ),
    "longcat_flash": Architecture(
        pattern="shortcut", missing={"R_q": 1536, "zero_expert_num": 256}, ignores="mla_scale_q_lora mla_scale_kv_lora attention_method"
    ),
    "recurrent_gemma": Architecture(
        pattern="griffin", qkv_bias="attention_bias", out_bias=True, mlp_bias=True, width="halved", tied=True, missing={"window": 2048}
    ),
    "xlstm": Architecture(mixer="memory", width="factor", tied=None, ignores="inference_state_dtype max_inference_chunksize"),
    "jetmoe": Architecture(mixer="routed", mlp="experts and bias", expert_width="F", tied=True, ignores="n_positions"),
    "arctic": Architecture(mlp="experts beside", expert_width="F"),
    "diffllama": replace(BIAS, differential=True),
    "zamba": Architecture(mixer="mamba-1", pattern="zamba", tied=True),
    "zamba2": Architecture(mixer="mamba-2", pattern="zamba2", tied=True, mlp_bias="add_bias_linear", ssm_bias="add_bias_linear"),
    "kimi_linear": replace(DEEPSEEK, mixer="kimi", state="kimi", tied=None, missing={"dense_first": 1, "n_shared": 1}),
    "minimax": Architecture(mlp="experts", mixer="lightning", state="lightning", pattern="alternate", expert_width="F"),
    "jamba": Architecture(mlp="experts", pattern="jamba", state="mamba-1", expert_width="F"),
    "olmo_hybrid": replace(BIAS, pattern="interval", qk_norm="layer"),
    "bamba": replace(LLAMA, mixer="mamba-2", state="mamba-2", missing={"ssm_chunk": 256}),
    "granitemoehybrid": replace(
        LLAMA,
        mixer="mamba-2",
        state="mamba-2",
        mlp="experts",
        expert_width="F",
        mlp_bias=False,
        shared="F_shared",
        missing={"ssm_chunk": 256, "E": 8, "k": 8, "F_shared": 1024},
    ),
    "falcon_h1": replace(LLAMA, mixer="beside states", ssm_bias="ssm_bias projectors_bias", missing={"ssm_chunk": 256}),
    "mamba": Architecture(
        mixer="mamba-1",
        mlp="",
        tied=True,
        ssm_bias="bias",
        ignores="d_inner",
        missing={"conv_bias": True, "expand": 2, "w_conv": 4, "D_st": 16},
    ),
    "falcon_mamba": Architecture(
        mixer="mamba-1", mlp="", tied=True, ssm_bias="bias", missing={"conv_bias": True, "expand": 2, "w_conv": 4, "D_st": 16}
    ),
    "mamba2": Architecture(
        mixer="mamba-2",
        mlp="",
        ssm_bias="bias",
        missing={"conv_bias": True, "expand": 2, "w_conv": 4, "D_st": 128, "G_ssm": 8, "ssm_chunk": 256},
    ),
    "nemotron_h": Architecture(gated=False, ssm_bias="bias", correction=True, pattern="letters", tied=None, mlp_bias="mlp_bias"),
    # -- what a search has found
    "nemotron-nas": replace(LLAMA, pattern="blocks"),
}
