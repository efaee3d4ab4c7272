"""Published configurations, in the keys that say how large a model is, and what each stores and keeps, counted otherwise than here.

A name is the page on huggingface.co whose ``config.json`` says so (read in November 2026). Counts are those of the tensors of the reference
implementation, one by one; of Nemotron Super, which has none there, of the vLLM one. Bytes are those of a 16-bit cache, of 32-bit states
and 16-bit tails of convolutions.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Known:
    """A configuration; parameters, active ones, buffers; bytes a token adds for good, and until a window is full; bytes of states."""

    config: dict[str, Any]
    parameters: int
    active: int
    buffers: int
    cache: int
    windowed: int
    window: int
    state: int


def _searched(text: str) -> list[dict[str, Any]]:
    """Layers of an architecture search: ``8x5.25``: 8 query heads share a KV head, ffn_mult 5.25; ``0x2.625``: no attention."""
    runs = [run.partition("*") for run in text.split()]
    parts = [part.split("x") for part, _, times in runs for _ in range(int(times or 1))]
    return [
        {
            "attention": {"n_heads_in_group": int(share) or None, "no_op": share == "0", "replace_with_linear": False},
            "ffn": {"ffn_mult": float(wide), "no_op": False, "replace_with_linear": False},
        }
        for share, wide in parts
    ]


_SUPER = _searched(
    "8x2.625 8x5.25*5 0x2.625*2 8x5.25*3 0x3.28125 8x5.25*30 0x1.3125 0x2.625*2 0x1.3125 0x5.25 0x1.3125 0x2.625 0x1.3125*3 "
    "8x5.25 0x1.3125 0x1*2 0x1.3125 0x1*3 0x1.3125*2 0x0.5*2 0x1*2 0x0.5*2 0x1 0x0.5*2 8x5.25*9 "
)
# fmt: off
PUBLISHED = {
    "MiniMaxAI/MiniMax-M2.5": Known(
        {"model_type": "minimax_m2", "num_hidden_layers": 62, "hidden_size": 3072, "num_attention_heads": 48, "num_key_value_heads": 8,
        "head_dim": 128, "intermediate_size": 1536, "vocab_size": 200064, "num_experts_per_tok": 8, "num_local_experts": 256,
        "tie_word_embeddings": False, "use_qk_norm": True, "qk_norm_type": "per_layer", "num_mtp_modules": 3, "shared_intermediate_size":
        0},
        228_689_748_992, 10_415_112_192, 15872, 253_952, 0, 0, 0,
    ),
    "Qwen/Qwen3-30B-A3B-FP8": Known(
        {"attention_bias": False, "decoder_sparse_step": 1, "head_dim": 128, "hidden_size": 2048, "intermediate_size": 6144, "model_type":
        "qwen3_moe", "moe_intermediate_size": 768, "num_attention_heads": 32, "num_experts": 128, "num_experts_per_tok": 8,
        "num_hidden_layers": 48, "num_key_value_heads": 4, "tie_word_embeddings": False, "vocab_size": 151936},
        30_532_122_624, 3_041_656_832, 0, 98304, 0, 0, 0,
    ),
    "Qwen/Qwen3-8B": Known(
        {"attention_bias": False, "head_dim": 128, "hidden_size": 4096, "intermediate_size": 12288, "max_window_layers": 36, "model_type":
        "qwen3", "num_attention_heads": 32, "num_hidden_layers": 36, "num_key_value_heads": 8, "tie_word_embeddings": False,
        "use_sliding_window": False, "vocab_size": 151936},
        8_190_735_360, 7_568_097_280, 0, 147_456, 0, 0, 0,
    ),
    "Qwen/Qwen3-Coder-480B-A35B-Instruct": Known(
        {"decoder_sparse_step": 1, "head_dim": 128, "hidden_size": 6144, "intermediate_size": 8192, "model_type": "qwen3_moe",
        "moe_intermediate_size": 2560, "num_attention_heads": 96, "num_experts": 160, "num_experts_per_tok": 8, "num_hidden_layers": 62,
        "num_key_value_heads": 8, "qkv_bias": False, "shared_expert_intermediate_size": 0, "tie_word_embeddings": False, "use_qk_norm":
        True, "vocab_size": 151936},
        480_154_875_392, 34_540_486_656, 0, 253_952, 0, 0, 0,
    ),
    "Qwen/Qwen3-VL-8B-Instruct": Known(
        {"model_type": "qwen3_vl", "tie_word_embeddings": False, "text_config": {"attention_bias": False, "head_dim": 128, "hidden_size":
        4096, "intermediate_size": 12288, "model_type": "qwen3_vl_text", "num_attention_heads": 32, "num_hidden_layers": 36,
        "num_key_value_heads": 8, "vocab_size": 151936}},
        8_190_735_360, 7_568_097_280, 0, 147_456, 0, 0, 0,
    ),
    "Qwen/Qwen3.5-27B": Known(
        {"model_type": "qwen3_5", "tie_word_embeddings": False, "text_config": {"attention_bias": False, "attn_output_gate": True,
        "full_attention_interval": 4, "head_dim": 256, "hidden_size": 5120, "intermediate_size": 17408, "layer_types":
        ["linear_attention", "linear_attention", "linear_attention", "full_attention"] * 16, "linear_conv_kernel_dim": 4,
        "linear_key_head_dim": 128, "linear_num_key_heads": 16, "linear_num_value_heads": 48, "linear_value_head_dim": 128, "model_type":
        "qwen3_5_text", "mtp_num_hidden_layers": 1, "num_attention_heads": 24, "num_hidden_layers": 64, "num_key_value_heads": 4,
        "vocab_size": 248320, "mamba_ssm_dtype": "float32"}},
        26_895_998_464, 25_621_954_560, 0, 65536, 0, 0, 153_944_064,
    ),
    "Qwen/Qwen3.5-35B-A3B": Known(
        {"model_type": "qwen3_5_moe", "tie_word_embeddings": False, "text_config": {"attention_bias": False, "attn_output_gate": True,
        "full_attention_interval": 4, "head_dim": 256, "hidden_size": 2048, "layer_types": ["linear_attention", "linear_attention",
        "linear_attention", "full_attention"] * 10, "linear_conv_kernel_dim": 4, "linear_key_head_dim": 128, "linear_num_key_heads": 16,
        "linear_num_value_heads": 32, "linear_value_head_dim": 128, "model_type": "qwen3_5_moe_text", "moe_intermediate_size": 512,
        "mtp_num_hidden_layers": 1, "num_attention_heads": 16, "num_experts": 256, "num_experts_per_tok": 8, "num_hidden_layers": 40,
        "num_key_value_heads": 2, "shared_expert_intermediate_size": 512, "vocab_size": 248320, "mamba_ssm_dtype": "float32"}},
        34_660_610_688, 2_945_269_760, 0, 20480, 0, 0, 64_389_120,
    ),
    "XiaomiMiMo/MiMo-V2-Flash": Known(
        {"model_type": "mimo_v2_flash", "num_hidden_layers": 48, "hidden_size": 4096, "num_attention_heads": 64, "num_key_value_heads": 4,
        "head_dim": 192, "v_head_dim": 128, "intermediate_size": 16384, "vocab_size": 152576, "sliding_window": 128,
        "sliding_window_size": 128, "swa_num_attention_heads": 64, "swa_num_key_value_heads": 8, "swa_head_dim": 192, "swa_v_head_dim":
        128, "hybrid_layer_pattern": [0] + [1, 1, 1, 1, 0, 1] * 7 + [1, 1, 1, 1, 0], "moe_layer_freq": [0] + [1] * 47,
        "moe_intermediate_size": 2048, "n_routed_experts": 256, "num_experts_per_tok": 8, "attention_bias": False,
        "add_swa_attention_sink_bias": True, "add_full_attention_sink_bias": False, "tie_word_embeddings": False},
        308_778_768_832, 14_820_573_184, 12032, 23040, 199_680, 128, 0,
    ),
    "deepseek-ai/DeepSeek-V3.2": Known(
        {"attention_bias": False, "first_k_dense_replace": 3, "hidden_size": 7168, "index_head_dim": 128, "index_n_heads": 64,
        "index_topk": 2048, "intermediate_size": 18432, "kv_lora_rank": 512, "model_type": "deepseek_v32", "moe_intermediate_size": 2048,
        "moe_layer_freq": 1, "n_routed_experts": 256, "n_shared_experts": 1, "num_attention_heads": 128, "num_experts_per_tok": 8,
        "num_hidden_layers": 61, "num_key_value_heads": 128, "num_nextn_predict_layers": 1, "q_lora_rank": 1536, "qk_nope_head_dim": 128,
        "qk_rope_head_dim": 64, "tie_word_embeddings": False, "v_head_dim": 128, "vocab_size": 129280},
        671_877_929_216, 37_476_106_240, 14848, 85888, 0, 0, 0,
    ),
    "deepseek-ai/DeepSeek-V3": Known(
        {"attention_bias": False, "first_k_dense_replace": 3, "hidden_size": 7168, "intermediate_size": 18432, "kv_lora_rank": 512,
        "model_type": "deepseek_v3", "moe_intermediate_size": 2048, "moe_layer_freq": 1, "n_routed_experts": 256, "n_shared_experts": 1,
        "num_attention_heads": 128, "num_experts_per_tok": 8, "num_hidden_layers": 61, "num_key_value_heads": 128,
        "num_nextn_predict_layers": 1, "q_lora_rank": 1536, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "tie_word_embeddings": False,
        "v_head_dim": 128, "vocab_size": 129280},
        671_026_404_352, 36_624_596_992, 14848, 70272, 0, 0, 0,
    ),
    "deepseek-ai/DeepSeek-V4-Flash": Known(
        {"expert_dtype": "fp4", "hc_mult": 4, "head_dim": 512, "hidden_size": 4096, "index_head_dim": 128, "index_n_heads": 64,
        "index_topk": 512, "model_type": "deepseek_v4", "moe_intermediate_size": 2048, "n_routed_experts": 256, "n_shared_experts": 1,
        "num_attention_heads": 64, "num_experts_per_tok": 6, "num_hidden_layers": 43, "num_key_value_heads": 1,
        "num_nextn_predict_layers": 1, "o_groups": 8, "o_lora_rank": 1024, "q_lora_rank": 1024, "qk_rope_head_dim": 64, "sliding_window":
        128, "tie_word_embeddings": False, "vocab_size": 129280, "compress_ratios": [0, 0] + [4, 128] * 20 + [4, 0]},
        284_332_230_231, 13_268_221_952, 2_337_280, 6880, 44032, 128, 11_776_000,
    ),
    "meta-llama/Llama-4-Scout-17B-16E-Instruct": Known(
        {"model_type": "llama4", "text_config": {"attention_bias": False, "attention_chunk_size": 8192, "head_dim": 128, "hidden_size":
        5120, "interleave_moe_layer_step": 1, "intermediate_size": 8192, "intermediate_size_mlp": 16384, "model_type": "llama4_text",
        "num_attention_heads": 40, "num_experts_per_tok": 1, "num_hidden_layers": 48, "num_key_value_heads": 8, "num_local_experts": 16,
        "use_qk_norm": True, "vocab_size": 202048}},
        107_769_861_120, 16_137_912_320, 0, 49152, 147_456, 8192, 0,
    ),
    "meta-llama/Meta-Llama-3.1-8B": Known(
        {"attention_bias": False, "hidden_size": 4096, "intermediate_size": 14336, "mlp_bias": False, "model_type": "llama",
        "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8, "tie_word_embeddings": False, "vocab_size": 128256},
        8_030_261_248, 7_504_658_432, 0, 131_072, 0, 0, 0,
    ),
    "mistralai/Mixtral-8x7B-v0.1": Known(
        {"hidden_size": 4096, "intermediate_size": 14336, "model_type": "mixtral", "num_attention_heads": 32, "num_experts_per_tok": 2,
        "num_hidden_layers": 32, "num_key_value_heads": 8, "num_local_experts": 8, "tie_word_embeddings": False, "vocab_size": 32000},
        46_702_792_704, 12_748_587_008, 0, 131_072, 0, 0, 0,
    ),
    "moonshotai/Kimi-K2.5": Known(
        {"model_type": "kimi_k25", "tie_word_embeddings": False, "text_config": {"attention_bias": False, "first_k_dense_replace": 1,
        "hidden_size": 7168, "intermediate_size": 18432, "kv_lora_rank": 512, "model_type": "kimi_k2", "moe_intermediate_size": 2048,
        "moe_layer_freq": 1, "n_routed_experts": 384, "n_shared_experts": 1, "num_attention_heads": 64, "num_experts_per_tok": 8,
        "num_hidden_layers": 61, "num_key_value_heads": 64, "num_nextn_predict_layers": 0, "q_lora_rank": 1536, "qk_nope_head_dim": 128,
        "qk_rope_head_dim": 64, "tie_word_embeddings": False, "v_head_dim": 128, "vocab_size": 163840}},
        1_026_408_209_408, 31_686_066_176, 23040, 70272, 0, 0, 0,
    ),
    "nvidia/Gemma-4-31B-IT-NVFP4": Known(
        {"model_type": "gemma4", "tie_word_embeddings": True, "text_config": {"attention_bias": False, "attention_k_eq_v": True,
        "enable_moe_block": False, "global_head_dim": 512, "head_dim": 256, "hidden_size": 5376, "hidden_size_per_layer_input": 0,
        "intermediate_size": 21504, "layer_types": ["sliding_attention", "sliding_attention", "sliding_attention", "sliding_attention",
        "sliding_attention", "full_attention"] * 10, "model_type": "gemma4_text", "num_attention_heads": 32, "num_global_key_value_heads":
        4, "num_hidden_layers": 60, "num_key_value_heads": 16, "num_kv_shared_layers": 0, "sliding_window": 1024, "tie_word_embeddings":
        True, "use_double_wide_mlp": False, "vocab_size": 262144}},
        30_697_345_280, 30_696_013_824, 60, 81920, 819_200, 1024, 0,
    ),
    "nvidia/Llama-3.1-70B-Instruct-FP8": Known(
        {"attention_bias": False, "hidden_size": 8192, "intermediate_size": 28672, "mlp_bias": False, "model_type": "llama",
        "num_attention_heads": 64, "num_hidden_layers": 80, "num_key_value_heads": 8, "tie_word_embeddings": False, "vocab_size": 128256},
        70_553_706_496, 69_501_714_432, 0, 327_680, 0, 0, 0,
    ),
    "nvidia/Llama-3_3-Nemotron-Super-49B-v1": Known(
        {"attention_bias": False, "block_configs": _SUPER, "hidden_size": 8192, "mlp_bias": False, "model_type": "nemotron-nas",
        "num_attention_heads": 64, "num_hidden_layers": 80, "tie_word_embeddings": False, "vocab_size": 128256},
        49_867_145_216, 48_815_407_104, 0, 200_704, 0, 0, 0,
    ),
    "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16": Known(
        {"attention_bias": False, "chunk_size": 128, "conv_kernel": 4, "expand": 2, "head_dim": 128, "hidden_size": 2688,
        "hybrid_override_pattern": "MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME", "intermediate_size": 1856, "mamba_head_dim":
        64, "mamba_num_heads": 64, "mamba_proj_bias": False, "mamba_ssm_cache_dtype": "float32", "mlp_bias": False, "mlp_hidden_act":
        "relu2", "model_type": "nemotron_h", "moe_intermediate_size": 1856, "moe_shared_expert_intermediate_size": 3712, "n_groups": 8,
        "n_routed_experts": 128, "n_shared_experts": 1, "num_attention_heads": 32, "num_experts_per_tok": 6, "num_hidden_layers": 52,
        "num_key_value_heads": 2, "ssm_state_size": 128, "tie_word_embeddings": False, "use_bias": False, "use_conv_bias": True,
        "vocab_size": 131072},
        31_577_937_344, 3_226_804_224, 2944, 6144, 0, 0, 49_082_368,
    ),
    "nvidia/Nemotron-H-56B-Base-8K": Known(
        {"attention_bias": False, "attention_head_dim": 128, "chunk_size": 128, "conv_kernel": 4, "expand": 2, "hidden_size": 8192,
        "hybrid_override_pattern":
        "M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M-",
        "intermediate_size": 32768, "mamba_head_dim": 64, "mamba_num_heads": 256, "mamba_proj_bias": False, "mlp_bias": False,
        "mlp_hidden_act": "relu2", "model_type": "nemotron_h", "n_groups": 8, "num_attention_heads": 64, "num_hidden_layers": 118,
        "num_key_value_heads": 8, "ssm_state_size": 256, "tie_word_embeddings": False, "time_step_rank": 512, "use_bias": False,
        "use_conv_bias": True, "vocab_size": 131072},
        56_324_350_464, 55_243_177_984, 0, 40960, 0, 0, 912_605_184,
    ),
    "openai/gpt-oss-20b": Known(
        {"attention_bias": True, "experts_per_token": 4, "head_dim": 64, "hidden_size": 2880, "intermediate_size": 2880, "layer_types":
        ["sliding_attention", "full_attention"] * 12, "model_type": "gpt_oss", "num_attention_heads": 64, "num_experts_per_tok": 4,
        "num_hidden_layers": 24, "num_key_value_heads": 8, "num_local_experts": 32, "sliding_window": 128, "tie_word_embeddings": False,
        "vocab_size": 201088},
        20_914_757_184, 3_607_142_400, 0, 24576, 24576, 128, 0,
    ),
    "stepfun-ai/Step-3.7-Flash": Known(
        {"model_type": "step3p7", "num_hidden_layers": 45, "hidden_size": 4096, "num_attention_heads": 64, "num_key_value_heads": 8,
        "head_dim": 128, "vocab_size": 128896, "intermediate_size": 11264, "sliding_window": 512, "layer_types": ["full_attention",
        "sliding_attention", "sliding_attention", "sliding_attention"] * 11 + ["full_attention"], "first_k_dense_replace": 3,
        "num_experts": 288, "num_experts_per_tok": 8, "moe_intermediate_size": 1280, "share_expert_dim": 1280, "n_shared_experts": 1,
        "num_nextn_predict_layers": 3},
        195_844_496_640, 10_347_347_968, 12096, 49152, 135_168, 512, 0,
    ),
    "zai-org/GLM-5-FP8": Known(
        {"attention_bias": False, "first_k_dense_replace": 3, "head_dim": 64, "hidden_size": 6144, "index_head_dim": 128, "index_n_heads":
        32, "index_topk": 2048, "intermediate_size": 12288, "kv_lora_rank": 512, "moe_intermediate_size": 2048, "moe_layer_freq": 1,
        "model_type": "glm_moe_dsa", "n_routed_experts": 256, "n_shared_experts": 1, "num_attention_heads": 64, "num_experts_per_tok": 8,
        "num_hidden_layers": 78, "num_key_value_heads": 64, "num_nextn_predict_layers": 1, "q_lora_rank": 2048, "qk_nope_head_dim": 192,
        "qk_rope_head_dim": 64, "tie_word_embeddings": False, "v_head_dim": 256, "vocab_size": 154880},
        743_911_199_232, 40_831_942_656, 19200, 109_824, 0, 0, 0,
    ),
}
# fmt: on
PUBLISHED["Qwen/Qwen3-30B-A3B"] = PUBLISHED["Qwen/Qwen3-30B-A3B-FP8"]
PUBLISHED["nvidia/DeepSeek-V3.1-NVFP4"] = PUBLISHED["deepseek-ai/DeepSeek-V3"]
PUBLISHED["nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-NVFP4"] = PUBLISHED["nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16"]
PUBLISHED["zai-org/GLM-5"] = PUBLISHED["zai-org/GLM-5-FP8"]
