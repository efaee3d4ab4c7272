"""Classes with experts, states, or compressed caches: how many parameters the reference implementation has.

Source: the classes of transformers 5.24.0 with the values that they have by default, or with those that are written here, built without
memory and counted tensor by tensor (November 2026). Keys that a class has the same by default are left out.
"""

from typing import Any

# fmt: off
CLASSES_OF_EXPERTS: dict[str, tuple[dict[str, Any], int]] = {
    "afmoe": (
        {"vocab_size": 200192, "hidden_size": 2048, "intermediate_size": 6144, "moe_intermediate_size": 1408, "num_hidden_layers": 32,
        "num_attention_heads": 16, "num_experts": 64, "num_experts_per_tok": 6, "num_shared_experts": 2, "sliding_window": 1024,
        "model_type": "afmoe"},
        19_232_600_000),
    "afmoe, windows": (
        {"vocab_size": 200192, "hidden_size": 2048, "intermediate_size": 6144, "moe_intermediate_size": 1408, "num_hidden_layers": 8,
        "num_attention_heads": 16, "num_experts": 64, "num_experts_per_tok": 6, "num_shared_experts": 2, "sliding_window": 1024,
        "layer_types": ["sliding_attention", "full_attention"] * 4, "model_type": "afmoe"},
        5_023_142_336),
    "bamba": (
        {"vocab_size": 128000, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "mamba_n_heads": 128,
        "mamba_d_head": 64, "mamba_n_groups": 1, "mamba_d_state": 256, "model_type": "bamba"},
        9_992_765_440),
    "bamba, other layers": (
        {"vocab_size": 128000, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 10, "num_attention_heads": 32,
        "num_key_value_heads": 8, "attn_layer_indices": [2, 5], "mamba_n_heads": 128, "mamba_d_head": 64, "mamba_n_groups": 1,
        "mamba_d_state": 256, "model_type": "bamba"},
        3_720_850_432),
    "cohere2_moe": (
        {"vocab_size": 256000, "hidden_size": 8192, "intermediate_size": 22528, "num_hidden_layers": 40, "num_attention_heads": 64,
        "sliding_window": 4096, "num_experts_per_tok": 2, "num_experts": 8, "model_type": "cohere2_moe"},
        190_004_928_512),
    "cohere2_moe, other layers": (
        {"vocab_size": 256000, "hidden_size": 8192, "intermediate_size": 22528, "num_hidden_layers": 10, "num_attention_heads": 64,
        "sliding_window": 4096, "num_experts_per_tok": 2, "num_experts": 8, "num_shared_experts": 2, "layer_types": ["full_attention",
        "full_attention", "sliding_attention", "sliding_attention", "sliding_attention", "full_attention", "sliding_attention",
        "sliding_attention", "sliding_attention", "full_attention"], "mlp_layer_types": ["dense", "dense"] + ["sparse"] * 8,
        "prefix_dense_intermediate_size": 10000, "model_type": "cohere2_moe"},
        49_565_491_200),
    "dbrx": (
        {"d_model": 6144, "n_heads": 48, "n_layers": 40, "vocab_size": 100352, "attn_config": {"architectures": None,
        "output_hidden_states": False, "return_dict": True, "dtype": None, "chunk_size_feed_forward": 0, "is_encoder_decoder": False,
        "id2label": {"0": "LABEL_0", "1": "LABEL_1"}, "label2id": {"LABEL_0": 0, "LABEL_1": 1}, "problem_type": None, "attn_pdrop": 0.0,
        "clip_qkv": 8, "kv_n_heads": 8, "_name_or_path": "", "rope_theta": 500000.0, "model_type": "", "output_attentions": False},
        "ffn_config": {"architectures": None, "output_hidden_states": False, "return_dict": True, "dtype": None,
        "chunk_size_feed_forward": 0, "is_encoder_decoder": False, "id2label": {"0": "LABEL_0", "1": "LABEL_1"}, "label2id": {"LABEL_0":
        0, "LABEL_1": 1}, "problem_type": None, "hidden_size": 6144, "ffn_act_fn": {"name": "silu"}, "ffn_hidden_size": 10752,
        "moe_num_experts": 16, "moe_top_k": 4, "moe_jitter_eps": None, "moe_loss_weight": 0.01, "moe_normalize_expert_weights": 1.0,
        "_name_or_path": "", "model_type": "", "output_attentions": False}, "model_type": "dbrx"},
        131_596_523_520),
    "deepseek_v2": (
        {"vocab_size": 102400, "hidden_size": 4096, "num_hidden_layers": 8, "num_attention_heads": 32, "q_lora_rank": 1536,
        "n_routed_experts": 64, "n_shared_experts": 2, "num_experts_per_tok": 6, "moe_intermediate_size": 1407, "model_type":
        "deepseek_v2"},
        10_282_225_664),
    "deepseek_v3": (
        {"vocab_size": 129280, "hidden_size": 7168, "intermediate_size": 18432, "moe_intermediate_size": 2048, "num_hidden_layers": 61,
        "num_attention_heads": 128, "n_routed_experts": 256, "q_lora_rank": 1536, "num_experts_per_tok": 8, "first_k_dense_replace": 3,
        "num_nextn_predict_layers": 1, "model_type": "deepseek_v3"},
        671_026_404_352),
    "deepseek_v32": (
        {"vocab_size": 129280, "hidden_size": 7168, "intermediate_size": 18432, "moe_intermediate_size": 2048, "num_hidden_layers": 61,
        "num_attention_heads": 128, "n_routed_experts": 256, "q_lora_rank": 1536, "num_experts_per_tok": 8, "index_head_dim": 128,
        "index_n_heads": 64, "first_k_dense_replace": 3, "model_type": "deepseek_v32"},
        671_877_929_216),
    "deepseek_v4": (
        {"vocab_size": 129280, "hidden_size": 4096, "moe_intermediate_size": 2048, "num_hidden_layers": 43, "num_attention_heads": 64,
        "head_dim": 512, "q_lora_rank": 1024, "num_experts_per_tok": 6, "n_routed_experts": 256, "sliding_window": 128, "o_groups": 8,
        "o_lora_rank": 1024, "index_n_heads": 64, "index_head_dim": 128, "model_type": "deepseek_v4"},
        284_325_869_015),
    "dots1": (
        {"vocab_size": 152064, "hidden_size": 4608, "intermediate_size": 10944, "moe_intermediate_size": 1408, "num_hidden_layers": 8,
        "num_attention_heads": 32, "n_shared_experts": 2, "n_routed_experts": 64, "num_experts_per_tok": 6, "first_k_dense_replace": 1,
        "model_type": "dots1"},
        11_226_790_656),
    "ernie4_5_moe": (
        {"vocab_size": 103424, "hidden_size": 2560, "intermediate_size": 12288, "num_hidden_layers": 28, "num_attention_heads": 20,
        "num_key_value_heads": 4, "moe_intermediate_size": 1536, "moe_k": 6, "moe_num_experts": 64, "moe_num_shared_experts": 2,
        "model_type": "ernie4_5_moe"},
        21_825_437_888),
    "ernie4_5_moe, every second": (
        {"vocab_size": 103424, "hidden_size": 2560, "intermediate_size": 12288, "num_hidden_layers": 8, "num_attention_heads": 20,
        "num_key_value_heads": 4, "moe_intermediate_size": 1536, "moe_k": 6, "moe_num_experts": 64, "moe_num_shared_experts": 2,
        "moe_layer_interval": 2, "model_type": "ernie4_5_moe"},
        3_883_051_776),
    "exaone_moe": (
        {"vocab_size": 102400, "hidden_size": 4096, "intermediate_size": 16384, "num_hidden_layers": 32, "num_attention_heads": 32,
        "moe_intermediate_size": 1024, "num_experts": 64, "num_experts_per_tok": 8, "model_type": "exaone_moe"},
        28_550_639_616),
    "falcon_h1": (
        {"vocab_size": 128000, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "mamba_n_heads": 128, "mamba_d_head": 8, "mamba_n_groups": 1, "mamba_d_state": 256, "model_type":
        "falcon_h1"},
        8_514_961_408),
    "falcon_h1, a norm": (
        {"vocab_size": 128000, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 8, "num_attention_heads": 32,
        "num_key_value_heads": 8, "mamba_n_heads": 128, "mamba_d_head": 8, "mamba_n_groups": 1, "mamba_d_state": 256, "mamba_rms_norm":
        True, "model_type": "falcon_h1"},
        2_915_183_616),
    "falcon_mamba": (
        {"vocab_size": 50280, "hidden_size": 768, "num_hidden_layers": 32, "model_type": "falcon_mamba"},
        159_308_544),
    "flex_olmo": (
        {"vocab_size": 100352, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_experts_per_tok": 5, "num_experts": 7, "model_type": "flex_olmo"},
        33_270_665_216),
    "gemma4_text, experts": (
        {"vocab_size": 262144, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 12, "num_attention_heads": 8,
        "num_key_value_heads": 4, "sliding_window": 512, "hidden_size_per_layer_input": 256, "num_kv_shared_layers": 4,
        "enable_moe_block": True, "use_double_wide_mlp": True, "num_experts": 16, "top_k_experts": 4, "moe_intermediate_size": 700,
        "model_type": "gemma4_text"},
        3_553_996_224),
    "glm4_moe": (
        {"vocab_size": 151552, "hidden_size": 4096, "intermediate_size": 10944, "num_hidden_layers": 8, "num_attention_heads": 96,
        "num_key_value_heads": 8, "moe_intermediate_size": 1408, "num_experts_per_tok": 8, "n_shared_experts": 1, "n_routed_experts": 128,
        "first_k_dense_replace": 2, "use_qk_norm": True, "num_nextn_predict_layers": 1, "head_dim": 128, "model_type": "glm4_moe"},
        15_777_470_464),
    "glm4_moe_lite": (
        {"vocab_size": 154880, "hidden_size": 2048, "intermediate_size": 10240, "moe_intermediate_size": 1536, "num_hidden_layers": 47,
        "num_attention_heads": 20, "n_routed_experts": 64, "q_lora_rank": 768, "num_experts_per_tok": 4, "model_type": "glm4_moe_lite"},
        29_943_390_976),
    "glm_moe_dsa": (
        {"vocab_size": 154880, "hidden_size": 6144, "intermediate_size": 12288, "moe_intermediate_size": 2048, "num_hidden_layers": 78,
        "num_attention_heads": 64, "n_routed_experts": 256, "q_lora_rank": 2048, "num_experts_per_tok": 8, "index_head_dim": 128,
        "index_n_heads": 32, "first_k_dense_replace": 3, "model_type": "glm_moe_dsa"},
        743_911_199_232),
    "gpt_oss": (
        {"num_hidden_layers": 36, "num_local_experts": 128, "vocab_size": 201088, "hidden_size": 2880, "intermediate_size": 2880,
        "num_attention_heads": 64, "num_key_value_heads": 8, "num_experts_per_tok": 4, "model_type": "gpt_oss"},
        116_829_156_672),
    "granitemoe": (
        {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_local_experts": 8, "num_experts_per_tok": 2, "model_type": "granitemoe"},
        37_039_116_288),
    "granitemoehybrid": (
        {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_local_experts": 8,
        "num_experts_per_tok": 2, "shared_intermediate_size": 1024, "mamba_n_heads": 128, "mamba_n_groups": 1, "mamba_d_state": 256,
        "mamba_d_head": 64, "model_type": "granitemoehybrid"},
        38_601_064_448),
    "granitemoehybrid, no experts": (
        {"vocab_size": 32000, "hidden_size": 4096, "num_hidden_layers": 10, "num_local_experts": 0, "num_attention_heads": 32,
        "shared_intermediate_size": 1024,
        "layer_types": ["linear_attention", "linear_attention", "linear_attention", "full_attention"] + ["linear_attention"] * 4 +
        ["full_attention", "full_attention"], "mamba_n_heads": 128, "mamba_n_groups": 1, "mamba_d_state": 256, "mamba_d_head": 64,
        "model_type": "granitemoehybrid"},
        1_312_743_552),
    "granitemoehybrid, other layers": (
        {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 10, "num_attention_heads": 32,
        "num_local_experts": 8, "num_experts_per_tok": 2, "shared_intermediate_size": 1024, "layer_types": ["linear_attention",
        "linear_attention", "linear_attention", "full_attention"] + ["linear_attention"] * 4 + ["full_attention", "full_attention"],
        "mamba_n_heads": 128, "mamba_n_groups": 1, "mamba_d_state": 256, "mamba_d_head": 64, "model_type": "granitemoehybrid"},
        12_134_375_552),
    "granitemoeshared": (
        {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_local_experts": 8, "num_experts_per_tok": 2, "model_type": "granitemoeshared"},
        37_039_116_288),
    "hunyuan_v1_moe": (
        {"vocab_size": 290943, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 8, "num_attention_heads": 32,
        "num_experts": 8, "moe_topk": 2, "model_type": "hunyuan_v1_moe"},
        12_659_783_680),
    "hy_v3": (
        {"vocab_size": 120832, "hidden_size": 4096, "intermediate_size": 13312, "num_hidden_layers": 80, "num_attention_heads": 64,
        "num_key_value_heads": 8, "num_experts": 192, "num_experts_per_tok": 8, "moe_intermediate_size": 1536, "model_type": "hy_v3"},
        295_033_528_320),
    "jamba": (
        {"vocab_size": 65536, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "num_experts_per_tok": 2, "num_experts": 16, "model_type": "jamba"},
        51_570_323_328),
    "kimi_linear": (
        {"vocab_size": 163840, "hidden_size": 2304, "intermediate_size": 9216, "moe_intermediate_size": 1024, "num_hidden_layers": 27,
        "num_attention_heads": 32, "num_experts_per_token": 8, "num_experts": 256, "linear_head_dim": 128, "linear_num_heads": 32,
        "model_type": "kimi_linear"},
        49_133_074_464),
    "kimi_linear, other layers": (
        {"vocab_size": 163840, "hidden_size": 2304, "intermediate_size": 9216, "moe_intermediate_size": 1024, "num_hidden_layers": 9,
        "num_attention_heads": 32, "num_experts_per_token": 8, "num_experts": 256, "linear_head_dim": 128, "linear_num_heads": 32,
        "model_type": "kimi_linear"},
        15_710_405_472),
    "llama4_text": (
        {"vocab_size": 202048, "hidden_size": 5120, "intermediate_size": 8192, "num_hidden_layers": 48, "num_attention_heads": 40,
        "num_key_value_heads": 8, "num_experts_per_tok": 1, "num_local_experts": 16, "attention_chunk_size": 8192, "model_type":
        "llama4_text"},
        107_769_861_120),
    "mamba": (
        {"vocab_size": 50280, "hidden_size": 768, "num_hidden_layers": 32, "model_type": "mamba"},
        159_308_544),
    "mimo_v2_flash": (
        {"vocab_size": 152576, "hidden_size": 4096, "intermediate_size": 16384, "num_hidden_layers": 48, "num_attention_heads": 64,
        "num_key_value_heads": 4, "moe_intermediate_size": 2048, "num_experts_per_tok": 8, "n_routed_experts": 256, "sliding_window": 129,
        "model_type": "mimo_v2_flash"},
        308_778_768_832),
    "minimax": (
        {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "num_experts_per_tok": 2, "num_local_experts": 8, "model_type": "minimax"},
        47_373_946_880),
    "minimax_m2": (
        {"vocab_size": 200064, "hidden_size": 3072, "intermediate_size": 1536, "num_hidden_layers": 62, "num_attention_heads": 48,
        "num_key_value_heads": 8, "num_experts_per_tok": 8, "num_local_experts": 256, "model_type": "minimax_m2"},
        228_689_748_992),
    "minimax_m3_vl": (
        {"text_config": {"vocab_size": 200064, "hidden_size": 6144, "intermediate_size": 3072, "num_hidden_layers": 60,
        "num_attention_heads": 64, "num_key_value_heads": 4, "num_experts_per_tok": 4, "num_local_experts": 128,
        "shared_intermediate_size": 3072, "model_type": "minimax_m3_vl_text"}, "model_type": "minimax_m3_vl"},
        447_186_441_216),
    "minimax_m3_vl_text": (
        {"vocab_size": 200064, "hidden_size": 6144, "intermediate_size": 3072, "num_hidden_layers": 60, "num_attention_heads": 64,
        "num_key_value_heads": 4, "num_experts_per_tok": 4, "num_local_experts": 128, "shared_intermediate_size": 3072, "model_type":
        "minimax_m3_vl_text"},
        447_186_441_216),
    "minimax_m3_vl_text, other layers": (
        {"vocab_size": 200064, "hidden_size": 6144, "intermediate_size": 3072, "num_hidden_layers": 10, "num_attention_heads": 64,
        "num_key_value_heads": 4, "num_experts_per_tok": 4, "num_local_experts": 128, "dense_intermediate_size": 12288,
        "shared_intermediate_size": 3072, "mlp_layer_types": ["dense", "dense", "dense"] + ["sparse"] * 7, "index_n_heads": 4,
        "index_head_dim": 128, "index_block_size": 128, "index_topk_blocks": 16, "layer_types": ["full_attention", "full_attention",
        "full_attention"] + ["minimax_m3_sparse"] * 7, "model_type": "minimax_m3_vl_text"},
        55_371_237_632),
    "mistral4": (
        {"vocab_size": 131072, "hidden_size": 4096, "intermediate_size": 12288, "moe_intermediate_size": 2048, "num_hidden_layers": 6,
        "num_attention_heads": 32, "n_routed_experts": 128, "q_lora_rank": 1024, "num_experts_per_tok": 4, "first_k_dense_replace": 2,
        "model_type": "mistral4"},
        14_531_751_424),
    "mixtral": (
        {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "num_experts_per_tok": 2, "num_local_experts": 8, "model_type": "mixtral"},
        46_702_792_704),
    "nemotron_h": (
        {"vocab_size": 131072, "hidden_size": 4096, "layers_block_type": ["linear_attention", "moe", "full_attention", "mlp"],
        "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 21504, "ssm_state_size": 128, "mamba_num_heads": 128,
        "mamba_head_dim": 64, "n_groups": 8, "n_routed_experts": 8, "moe_intermediate_size": 7688, "moe_shared_expert_intermediate_size":
        7688, "num_experts_per_tok": 2, "model_type": "nemotron_h"},
        1_968_355_712),
    "olmo_hybrid": (
        {"vocab_size": 100352, "hidden_size": 3840, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 30,
        "linear_num_key_heads": 30, "linear_num_value_heads": 30, "linear_key_head_dim": 96, "linear_value_head_dim": 192, "model_type":
        "olmo_hybrid"},
        7_430_870_688),
    "olmoe": (
        {"vocab_size": 50304, "hidden_size": 2048, "intermediate_size": 2048, "num_hidden_layers": 16, "num_attention_heads": 16,
        "num_experts_per_tok": 8, "num_experts": 64, "model_type": "olmoe"},
        13_361_612_800),
    "phimoe": (
        {"vocab_size": 32064, "hidden_size": 4096, "intermediate_size": 6400, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "num_experts_per_tok": 2, "num_local_experts": 16, "model_type": "phimoe"},
        41_872_793_600),
    "phimoe, bias": (
        {"vocab_size": 32064, "hidden_size": 4096, "intermediate_size": 6400, "num_hidden_layers": 8, "num_attention_heads": 32,
        "num_key_value_heads": 8, "num_experts_per_tok": 2, "num_local_experts": 16, "lm_head_bias": True, "model_type": "phimoe"},
        10_665_237_824),
    "qwen2_moe": (
        {"vocab_size": 151936, "hidden_size": 2048, "num_hidden_layers": 24, "num_attention_heads": 16, "moe_intermediate_size": 1408,
        "num_experts_per_tok": 4, "num_experts": 60, "model_type": "qwen2_moe"},
        14_315_784_192),
    "qwen3_5": (
        {"text_config": {"vocab_size": 248320, "hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 32,
        "num_attention_heads": 16, "num_key_value_heads": 4, "linear_key_head_dim": 128, "linear_value_head_dim": 128,
        "linear_num_key_heads": 16, "linear_num_value_heads": 32, "model_type": "qwen3_5_text"}, "model_type": "qwen3_5"},
        8_953_803_264),
    "qwen3_5_moe": (
        {"text_config": {"vocab_size": 248320, "hidden_size": 2048, "num_hidden_layers": 40, "num_attention_heads": 16,
        "num_key_value_heads": 2, "linear_key_head_dim": 128, "linear_value_head_dim": 128, "linear_num_key_heads": 16,
        "linear_num_value_heads": 32, "moe_intermediate_size": 512, "num_experts_per_tok": 8, "num_experts": 256, "model_type":
        "qwen3_5_moe_text"}, "model_type": "qwen3_5_moe"},
        34_660_610_688),
    "qwen3_5_moe_text": (
        {"vocab_size": 248320, "hidden_size": 2048, "num_hidden_layers": 40, "num_attention_heads": 16, "num_key_value_heads": 2,
        "linear_key_head_dim": 128, "linear_value_head_dim": 128, "linear_num_key_heads": 16, "linear_num_value_heads": 32,
        "moe_intermediate_size": 512, "num_experts_per_tok": 8, "num_experts": 256, "model_type": "qwen3_5_moe_text"},
        34_660_610_688),
    "qwen3_5_text": (
        {"vocab_size": 248320, "hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 32, "num_attention_heads": 16,
        "num_key_value_heads": 4, "linear_key_head_dim": 128, "linear_value_head_dim": 128, "linear_num_key_heads": 16,
        "linear_num_value_heads": 32, "model_type": "qwen3_5_text"},
        8_953_803_264),
    "qwen3_moe": (
        {"vocab_size": 151936, "hidden_size": 2048, "num_hidden_layers": 24, "num_attention_heads": 32, "num_key_value_heads": 4,
        "moe_intermediate_size": 768, "num_experts_per_tok": 8, "num_local_experts": 128, "model_type": "qwen3_moe"},
        15_350_731_776),
    "qwen3_next": (
        {"vocab_size": 151936, "hidden_size": 2048, "num_hidden_layers": 48, "num_attention_heads": 16, "num_key_value_heads": 2,
        "linear_key_head_dim": 128, "linear_value_head_dim": 128, "linear_num_key_heads": 16, "linear_num_value_heads": 32,
        "moe_intermediate_size": 512, "num_experts_per_tok": 10, "num_experts": 512, "model_type": "qwen3_next"},
        79_674_391_296),
    "qwen3_vl_moe": (
        {"text_config": {"vocab_size": 151936, "hidden_size": 2048, "num_hidden_layers": 24, "num_attention_heads": 16,
        "tie_word_embeddings": True, "moe_intermediate_size": 1408, "num_experts_per_tok": 4, "num_local_experts": 60, "model_type":
        "qwen3_vl_moe_text"}, "model_type": "qwen3_vl_moe"},
        13_173_956_608),
    "solar_open": (
        {"vocab_size": 196608, "hidden_size": 4096, "num_hidden_layers": 48, "num_attention_heads": 64, "num_key_value_heads": 8,
        "moe_intermediate_size": 1280, "num_experts_per_tok": 8, "n_routed_experts": 128, "model_type": "solar_open"},
        102_651_793_408),
}
# fmt: on
