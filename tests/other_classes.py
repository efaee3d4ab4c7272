"""Classes that share weights, route attention, keep small states, or leave much to their class: parameters of the reference.

Source: the classes of transformers 5.24.0 with the values that they have by default, or with those that are written here, built without
memory and counted tensor by tensor (December 2026). Keys that a class has the same by default are left out; where a name says so, a key
is left out whose absence means a number of the class.
"""

from typing import Any

# fmt: off
OTHER_CLASSES: dict[str, tuple[dict[str, Any], int]] = {
    "internlm3": (
        {"hidden_size": 4096, "intermediate_size": 10240, "num_attention_heads": 32, "num_hidden_layers": 6, "vocab_size": 128512,
        "model_type":
        "internlm3"},
        2_021_707_776),
    "granite_swa": (
        {"hidden_size": 2560, "intermediate_size": 8192, "num_attention_heads": 20, "num_hidden_layers": 6, "vocab_size": 100352,
        "model_type":
        "granite_swa"},
        728_793_720),
    "granitemoe_swa": (
        {"hidden_size": 4096, "intermediate_size": 11008, "num_attention_heads": 32, "num_experts_per_tok": 2, "num_hidden_layers": 6,
        "num_local_experts": 8, "vocab_size": 32000, "model_type": "granitemoe_swa"},
        7_157_829_824),
    "flint": (
        {"hidden_size": 2048, "intermediate_size": 6144, "moe_intermediate_size": 512, "num_attention_heads": 32, "num_experts": 256,
        "num_experts_per_tok": 6, "num_hidden_layers": 6, "vocab_size": 150144, "model_type": "flint"},
        4_052_250_304),
    "kolibri1": (
        {"hidden_size": 2560, "moe_intermediate_size": 512, "num_attention_heads": 48, "num_experts_per_tok": 6, "num_hidden_layers": 6,
        "num_local_experts": 384, "vocab_size": 128000, "model_type": "kolibri1"},
        9_949_085_696),
    "mellum": (
        {"hidden_size": 2304, "moe_intermediate_size": 896, "num_attention_heads": 32, "num_experts_per_tok": 8, "num_hidden_layers": 6,
        "num_local_experts": 64, "vocab_size": 98304, "model_type": "mellum"},
        2_959_473_408),
    "beam": (
        {"hidden_size": 5120, "intermediate_size": 20480, "moe_intermediate_size": 2560, "num_attention_heads": 48, "num_experts": 256,
        "num_experts_per_tok": 8, "num_hidden_layers": 6, "vocab_size": 151936, "model_type": "beam"},
        33_331_739_424),
    "laguna": (
        {"hidden_size": 2048, "intermediate_size": 8192, "moe_intermediate_size": 512, "num_attention_heads": 48, "num_experts": 256,
        "num_experts_per_tok": 8, "num_hidden_layers": 6, "vocab_size": 100352, "model_type": "laguna"},
        4_683_035_392),
    "lara_mini": (
        {"hidden_size": 1024, "linear_key_head_dim": 128, "linear_num_key_heads": 8, "linear_num_value_heads": 16, "linear_value_head_dim":
        128,
        "moe_intermediate_size": 512, "num_attention_heads": 16, "num_experts": 128, "num_experts_per_tok": 4, "num_hidden_layers": 6,
        "vocab_size": 151936, "model_type": "lara_mini"},
        1_414_822_112),
    "axk1": (
        {"hidden_size": 7168, "intermediate_size": 18432, "moe_intermediate_size": 2048, "n_routed_experts": 192, "num_attention_heads": 64,
        "num_experts_per_tok": 8, "num_hidden_layers": 6, "vocab_size": 163840, "model_type": "axk1"},
        45_857_712_128),
    "minicpm3": (
        {"hidden_size": 2560, "intermediate_size": 6400, "num_attention_heads": 40, "num_hidden_layers": 6, "vocab_size": 73448,
        "model_type":
        "minicpm3"},
        564_079_104),
    "aria_text": (
        {"hidden_size": 4096, "intermediate_size": 4096, "num_attention_heads": 32, "num_hidden_layers": 6, "vocab_size": 32000,
        "model_type":
        "aria_text"},
        3_684_945_920),
    "bitnet": (
        {"hidden_size": 2560, "intermediate_size": 6912, "num_attention_heads": 20, "num_hidden_layers": 6, "vocab_size": 128256,
        "model_type":
        "bitnet"},
        1_073_569_792),
    "xglm": (
        {"attention_heads": 16, "d_model": 1024, "ffn_dim": 4096, "num_layers": 6, "vocab_size": 256008, "model_type": "xglm"},
        337_731_584),
    "jais2": (
        {"hidden_size": 3328, "intermediate_size": 26624, "num_attention_heads": 26, "num_hidden_layers": 6, "vocab_size": 150272,
        "model_type":
        "jais2"},
        2_329_626_624),
    "lfm2": (
        {"hidden_size": 2560, "intermediate_size": 12288, "layer_types": ["conv", "conv", "full_attention", "conv", "full_attention",
        "conv"],
        "num_attention_heads": 32, "num_hidden_layers": 6, "vocab_size": 65536, "model_type": "lfm2"},
        682_949_440),
    "lfm2_moe": (
        {"hidden_size": 2048, "intermediate_size": 7168, "layer_types": ["conv", "conv", "full_attention", "conv", "full_attention",
        "conv"],
        "moe_intermediate_size": 1792, "num_attention_heads": 32, "num_experts": 32, "num_experts_per_tok": 4, "num_hidden_layers": 6,
        "vocab_size": 65536, "model_type": "lfm2_moe"},
        1_719_978_240),
    "lfm3": (
        {"hidden_size": 2048, "intermediate_size": 7680, "num_attention_heads": 16, "num_hidden_layers": 6, "vocab_size": 128000,
        "model_type":
        "lfm3"},
        633_514_496),
    "recurrent_gemma": (
        {"hidden_size": 2560, "intermediate_size": 7680, "num_attention_heads": 10, "num_hidden_layers": 6, "vocab_size": 256000,
        "model_type":
        "recurrent_gemma"},
        968_834_560),
    "xlstm": (
        {"hidden_size": 4096, "num_heads": 8, "num_hidden_layers": 3, "vocab_size": 50304, "model_type": "xlstm"},
        1_017_094_192),
    "jetmoe": (
        {"hidden_size": 2048, "intermediate_size": 5632, "kv_channels": 128, "num_experts_per_tok": 2, "num_hidden_layers": 4,
        "num_key_value_heads": 16, "num_local_experts": 8, "vocab_size": 32000, "model_type": "jetmoe"},
        1_474_988_032),
    "diffllama": (
        {"hidden_size": 2048, "intermediate_size": 8192, "num_attention_heads": 32, "num_hidden_layers": 4, "vocab_size": 32000,
        "model_type":
        "diffllama"},
        399_526_912),
    "zamba": (
        {"hidden_size": 3712, "layers_block_type": ["linear_attention", "linear_attention", "hybrid", "linear_attention",
        "linear_attention",
        "hybrid", "linear_attention", "linear_attention", "hybrid"], "num_attention_heads": 16, "num_hidden_layers": 9, "vocab_size": 32000,
        "model_type": "zamba"},
        1_297_162_112),
    "zamba2, two blocks": (
        {"hidden_size": 2560, "layers_block_type": ["linear_attention", "linear_attention", "hybrid", "linear_attention",
        "linear_attention",
        "hybrid", "linear_attention", "linear_attention", "hybrid"], "num_attention_heads": 32, "num_hidden_layers": 9, "num_mem_blocks": 2,
        "use_shared_attention_adapter": True, "vocab_size": 32000, "model_type": "zamba2"},
        820_363_096),
    "opt, narrow embedding": (
        {"do_layer_norm_before": False, "ffn_dim": 3072, "hidden_size": 768, "max_position_embeddings": 2048, "num_attention_heads": 12,
        "num_hidden_layers": 3, "vocab_size": 50272, "word_embed_proj_dim": 512, "model_type": "opt"},
        49_363_712),
    "mamba, biases": (
        {"hidden_size": 768, "num_hidden_layers": 3, "use_bias": True, "vocab_size": 50280, "model_type": "mamba"},
        49_942_272),
    "mamba2, biases": (
        {"head_dim": 64, "hidden_size": 4096, "num_heads": 128, "num_hidden_layers": 3, "use_bias": True, "vocab_size": 32768, "model_type":
        "mamba2"},
        597_427_712),
    "falcon_mamba, biases": (
        {"hidden_size": 768, "num_hidden_layers": 3, "use_bias": True, "vocab_size": 50280, "model_type": "falcon_mamba"},
        49_942_272),
    "falcon_h1, biases": (
        {"hidden_size": 4096, "intermediate_size": 14336, "mamba_d_head": 8, "mamba_d_state": 256, "mamba_n_groups": 1, "mamba_n_heads":
        128,
        "mamba_proj_bias": True, "num_attention_heads": 32, "num_hidden_layers": 3, "projectors_bias": True, "vocab_size": 128000,
        "model_type":
        "falcon_h1"},
        1_748_573_696),
    "bamba, biases": (
        {"hidden_size": 4096, "intermediate_size": 14336, "mamba_d_head": 64, "mamba_d_state": 256, "mamba_n_groups": 1, "mamba_n_heads":
        128,
        "mamba_proj_bias": True, "num_hidden_layers": 3, "vocab_size": 128000, "model_type": "bamba"},
        1_887_160_832),
    "jamba, biases": (
        {"hidden_size": 4096, "intermediate_size": 14336, "mamba_proj_bias": True, "num_attention_heads": 32, "num_experts": 16,
        "num_experts_per_tok": 2, "num_hidden_layers": 8, "vocab_size": 65536, "model_type": "jamba"},
        13_295_380_448),
    "nemotron_h, biases": (
        {"hidden_size": 4096, "intermediate_size": 21504, "layers_block_type": ["linear_attention", "moe", "full_attention", "moe", "mlp"],
        "mamba_head_dim": 64, "mamba_num_heads": 128, "moe_intermediate_size": 7688, "n_groups": 8, "n_routed_experts": 8,
        "n_shared_experts":
        1, "num_attention_heads": 32, "num_experts_per_tok": 2, "ssm_state_size": 128, "use_bias": True, "vocab_size": 131072, "model_type":
        "nemotron_h"},
        2_535_236_096),
    "granitemoehybrid, biases": (
        {"hidden_size": 4096, "intermediate_size": 11008, "layer_types": ["linear_attention", "linear_attention", "full_attention",
        "linear_attention"], "mamba_d_head": 64, "mamba_d_state": 256, "mamba_n_groups": 1, "mamba_n_heads": 128, "mamba_proj_bias": True,
        "num_attention_heads": 32, "num_experts_per_tok": 2, "num_hidden_layers": 4, "vocab_size": 32000, "model_type": "granitemoehybrid"},
        5_018_348_032),
    "biogpt": (
        {"hidden_size": 1024, "intermediate_size": 4096, "max_position_embeddings": 1024, "num_attention_heads": 16, "num_hidden_layers": 6,
        "vocab_size": 42384, "model_type": "biogpt"},
        120_031_232),
    "longcat_flash": (
        {"num_layers": 28, "hidden_size": 6144, "ffn_hidden_size": 12288, "expert_ffn_hidden_size": 2048, "vocab_size": 131072,
        "num_attention_heads": 64, "n_routed_experts": 512, "moe_topk": 12, "model_type": "longcat_flash"},
        560_664_958_976),  # without the up and gate matrices of idle experts, which the class has and no checkpoint stores
# bamba|mamba_n_heads- BAD None 1887160832
    "qwen3_moe, no num_key_value_heads": (
        {"hidden_size": 2048, "moe_intermediate_size": 768, "num_attention_heads": 32, "num_experts_per_tok": 8, "num_hidden_layers": 6,
        "num_local_experts": 128, "vocab_size": 151936, "model_type": "qwen3_moe"},
        4_304_431_872),
    "qwen3_next, no num_key_value_heads": (
        {"hidden_size": 2048, "linear_key_head_dim": 128, "linear_num_key_heads": 16, "linear_num_value_heads": 32, "linear_value_head_dim":
        128, "moe_intermediate_size": 512, "num_attention_heads": 16, "num_experts": 512, "num_experts_per_tok": 10, "num_hidden_layers": 6,
        "vocab_size": 151936, "model_type": "qwen3_next"},
        10_507_066_816),
    "seed_oss, no num_key_value_heads": (
        {"hidden_size": 4096, "intermediate_size": 27648, "num_attention_heads": 80, "num_hidden_layers": 6, "vocab_size": 155136,
        "model_type":
        "seed_oss"},
        3_863_080_960),
    "solar_open, no num_key_value_heads": (
        {"hidden_size": 4096, "moe_intermediate_size": 1280, "n_routed_experts": 128, "num_attention_heads": 64, "num_experts_per_tok": 8,
        "num_hidden_layers": 6, "vocab_size": 196608, "model_type": "solar_open"},
        14_240_763_904),
    "starcoder2, no num_key_value_heads": (
        {"hidden_size": 3072, "intermediate_size": 12288, "num_attention_heads": 24, "num_hidden_layers": 6, "vocab_size": 49152,
        "model_type":
        "starcoder2"},
        726_875_136),
    "vaultgemma, no num_key_value_heads": (
        {"hidden_size": 2304, "intermediate_size": 9216, "num_attention_heads": 8, "num_hidden_layers": 6, "sliding_window": 4096,
        "vocab_size":
        256000, "model_type": "vaultgemma"},
        1_056_994_560),
    "smollm3, no num_key_value_heads": (
        {"hidden_size": 2048, "intermediate_size": 11008, "num_attention_heads": 16, "num_hidden_layers": 6, "vocab_size": 128256,
        "model_type":
        "smollm3"},
        731_408_384),
    "mixtral, no num_key_value_heads": (
        {"hidden_size": 4096, "intermediate_size": 14336, "num_attention_heads": 32, "num_experts_per_tok": 2, "num_hidden_layers": 6,
        "num_local_experts": 8, "vocab_size": 32000, "model_type": "mixtral"},
        8_969_768_960),
    "gpt_oss, no num_key_value_heads": (
        {"hidden_size": 2880, "intermediate_size": 2880, "num_attention_heads": 64, "num_experts_per_tok": 4, "num_hidden_layers": 6,
        "num_local_experts": 128, "vocab_size": 201088, "model_type": "gpt_oss"},
        20_436_750_912),
    "hy_v3, no num_key_value_heads": (
        {"hidden_size": 4096, "intermediate_size": 13312, "moe_intermediate_size": 1536, "num_attention_heads": 64, "num_experts": 192,
        "num_experts_per_tok": 8, "num_hidden_layers": 6, "vocab_size": 120832, "model_type": "hy_v3"},
        19_824_170_496),
    "youtu, no q_lora_rank": (
        {"hidden_size": 2048, "intermediate_size": 6144, "num_attention_heads": 16, "num_hidden_layers": 6, "vocab_size": 128256,
        "model_type":
        "youtu"},
        581_212_160),
    "deepseek_v3, no q_lora_rank": (
        {"first_k_dense_replace": 3, "hidden_size": 7168, "intermediate_size": 18432, "moe_intermediate_size": 2048, "n_routed_experts":
        256,
        "num_attention_heads": 128, "num_experts_per_tok": 8, "num_hidden_layers": 6, "vocab_size": 129280, "model_type": "deepseek_v3"},
        38_125_673_472),
    "glm_moe_dsa, no q_lora_rank": (
        {"hidden_size": 6144, "index_head_dim": 128, "index_n_heads": 32, "intermediate_size": 12288, "mlp_layer_types": ["dense", "dense",
        "dense", "sparse", "sparse", "sparse"], "moe_intermediate_size": 2048, "n_routed_experts": 256, "num_attention_heads": 64,
        "num_experts_per_tok": 8, "num_hidden_layers": 6, "vocab_size": 154880, "model_type": "glm_moe_dsa"},
        32_738_081_280),
    "gemma4_text, no hidden_size_per_layer_input": (
        {"hidden_size": 2304, "intermediate_size": 9216, "num_attention_heads": 8, "num_hidden_layers": 6, "sliding_window": 512,
        "vocab_size":
        262144, "model_type": "gemma4_text"},
        1_498_621_440),
    "granitemoehybrid, no shared_intermediate_size": (
        {"hidden_size": 4096, "intermediate_size": 11008, "layer_types": ["linear_attention", "linear_attention", "full_attention",
        "linear_attention"], "mamba_d_head": 64, "mamba_d_state": 256, "mamba_n_groups": 1, "mamba_n_heads": 128, "mamba_proj_bias": True,
        "num_attention_heads": 32, "num_experts_per_tok": 2, "num_hidden_layers": 4, "vocab_size": 32000, "model_type": "granitemoehybrid"},
        5_018_348_032),
    "zamba2, no adapter_rank": (
        {"hidden_size": 2560, "layers_block_type": ["linear_attention", "linear_attention", "hybrid", "linear_attention",
        "linear_attention",
        "hybrid", "linear_attention", "linear_attention", "hybrid"], "num_attention_heads": 32, "num_hidden_layers": 9, "num_mem_blocks": 2,
        "use_shared_attention_adapter": True, "vocab_size": 32000, "model_type": "zamba2"},
        820_363_096),
    "lfm3, no layer_types": (
        {"hidden_size": 2048, "intermediate_size": 7680, "num_attention_heads": 16, "num_hidden_layers": 6, "vocab_size": 128000,
        "model_type":
        "lfm3"},
        633_514_496),
}
# fmt: on
