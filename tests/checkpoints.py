"""Published checkpoints as they are: their config.json with all its keys, and all numbers that their tensors hold.

Source: a public collection of reports that list config.json and every tensor of the safetensors files with its shape and element type,
read in December 2026. ``more`` are numbers in the files that are not of the model: scales, what is packed, what is stored twice, rotations,
a bias that routes in a layer that drafts.
"""

from dataclasses import dataclass
from typing import Any

FP8 = {"activation_scheme": "dynamic", "fmt": "e4m3", "quant_method": "fp8", "weight_block_size": [128, 128]}
_AWQ = {"bits": 4, "group_size": 128, "quant_method": "awq", "version": "gemm", "zero_point": True}


@dataclass(frozen=True)
class Checkpoint:
    """``numbers``: in all tensors; ``gib``: GiB of them, where nothing but the language model is stored, or None."""

    config: dict[str, Any]
    numbers: int
    more: int = 0
    gib: float | None = None


def blocks(*matrices: tuple[int, int, int]) -> int:
    """Scales of [128, 128] blocks of matrices: how many, outputs, inputs."""
    return sum(n * -(-o // 128) * -(-i // 128) for n, o, i in matrices)


def _awq(*matrices: tuple[int, int, int]) -> int:
    """Numbers of matrices in 4 bits, eight in one, a scale and a packed zero for 128 inputs, less those of the matrices themselves."""
    return sum(n * (o * i // 8 + i // 128 * (o + o // 8) - o * i) for n, o, i in matrices)


def mla(layers: int, width: int, heads: int, ranks: tuple[int, int], sizes: tuple[int, int, int]) -> list[tuple[int, int, int]]:
    """Matrices of latent attention with 64 dimensions of position: ranks of queries and of the rest; sizes nope, rope, v."""
    (q, kv), (nope, rope, v) = ranks, sizes
    return [
        (layers, q, width),
        (layers, heads * (nope + rope), q),
        (layers, kv + rope, width),
        (layers, heads * (nope + v), kv),
        (layers, width, heads * v),
    ]


def _qwen3(**of: Any) -> dict[str, Any]:
    return {
        "architectures": ["Qwen3ForCausalLM"], "attention_bias": False, "attention_dropout": 0.0, "bos_token_id": 151643,
        "eos_token_id": 151645, "head_dim": 128, "hidden_act": "silu", "initializer_range": 0.02, "max_position_embeddings": 40960,
        "model_type": "qwen3", "num_key_value_heads": 8, "rms_norm_eps": 1e-06, "rope_scaling": None, "rope_theta": 1000000,
        "sliding_window": None, "torch_dtype": "bfloat16", "transformers_version": "4.51.3", "use_cache": True,
        "use_sliding_window": False,
    } | of  # fmt: skip


def _qwen2(**of: Any) -> dict[str, Any]:
    return {
        "architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151643, "eos_token_id": 151645,
        "hidden_act": "silu", "initializer_range": 0.02, "max_position_embeddings": 32768, "model_type": "qwen2", "rms_norm_eps": 1e-06,
        "rope_theta": 1000000.0, "torch_dtype": "bfloat16", "transformers_version": "4.43.1", "use_cache": True,
        "use_sliding_window": False,
    } | of  # fmt: skip


def _qwen3_moe(**of: Any) -> dict[str, Any]:
    return {
        "architectures": ["Qwen3MoeForCausalLM"], "attention_bias": False, "attention_dropout": 0.0, "decoder_sparse_step": 1,
        "head_dim": 128, "hidden_act": "silu", "hidden_size": 2048, "initializer_range": 0.02, "max_position_embeddings": 262144,
        "mlp_only_layers": [], "model_type": "qwen3_moe", "moe_intermediate_size": 768, "norm_topk_prob": True,
        "num_attention_heads": 32, "num_experts": 128, "num_experts_per_tok": 8, "num_hidden_layers": 48, "num_key_value_heads": 4,
        "output_router_logits": False, "rms_norm_eps": 1e-06, "rope_scaling": None, "rope_theta": 10000000, "sliding_window": None,
        "tie_word_embeddings": False, "transformers_version": "4.51.0", "use_cache": True, "use_sliding_window": False,
        "vocab_size": 151936,
    } | of  # fmt: skip


def _qwen3_next(**of: Any) -> dict[str, Any]:
    return {
        "architectures": ["Qwen3NextForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151643, "decoder_sparse_step": 1,
        "eos_token_id": 151645, "full_attention_interval": 4, "head_dim": 256, "hidden_act": "silu", "hidden_size": 2048,
        "initializer_range": 0.02, "intermediate_size": 5120, "linear_conv_kernel_dim": 4, "linear_key_head_dim": 128,
        "linear_num_key_heads": 16, "linear_num_value_heads": 32, "linear_value_head_dim": 128, "max_position_embeddings": 262144,
        "mlp_only_layers": [], "model_type": "qwen3_next", "moe_intermediate_size": 512, "norm_topk_prob": True,
        "num_attention_heads": 16, "num_experts": 512, "num_experts_per_tok": 10, "num_hidden_layers": 48, "num_key_value_heads": 2,
        "output_router_logits": False, "partial_rotary_factor": 0.25, "rms_norm_eps": 1e-06, "rope_scaling": None,
        "rope_theta": 10000000, "router_aux_loss_coef": 0.001, "shared_expert_intermediate_size": 512, "tie_word_embeddings": False,
        "torch_dtype": "bfloat16", "use_cache": True, "use_sliding_window": False, "vocab_size": 151936,
    } | of  # fmt: skip


def _llama(**of: Any) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"], "attention_bias": False, "attention_dropout": 0.0, "hidden_act": "silu",
        "initializer_range": 0.02, "mlp_bias": False, "model_type": "llama", "pretraining_tp": 1, "rms_norm_eps": 1e-05,
        "rope_scaling": None, "torch_dtype": "bfloat16", "use_cache": True,
    } | of  # fmt: skip


def _qwen_vision(width: int, depth: int, hidden: int, inner: int, deep: list[int]) -> dict[str, Any]:
    return {
        "deepstack_visual_indexes": deep, "depth": depth, "hidden_act": "gelu_pytorch_tanh", "hidden_size": hidden, "in_channels": 3,
        "initializer_range": 0.02, "intermediate_size": inner, "num_heads": 16, "num_position_embeddings": 2304,
        "out_hidden_size": width, "patch_size": 16, "spatial_merge_size": 2, "temporal_patch_size": 2,
    }  # fmt: skip


def _qwen3_vl(experts: dict[str, Any], vision: dict[str, Any]) -> dict[str, Any]:
    moe = "_moe" if "num_experts" in experts else ""
    return {
        "image_token_id": 151655,
        "model_type": f"qwen3_vl{moe}",
        "text_config": {
            "attention_bias": False, "attention_dropout": 0.0, "bos_token_id": 151643, "dtype": "bfloat16", "eos_token_id": 151645,
            "head_dim": 128, "hidden_act": "silu", "initializer_range": 0.02, "max_position_embeddings": 262144,
            "model_type": f"qwen3_vl{moe}_text", "rms_norm_eps": 1e-06, "rope_theta": 5000000, "use_cache": True, "vocab_size": 151936,
            "rope_scaling": {"mrope_interleaved": True, "mrope_section": [24, 20, 20], "rope_type": "default"},
        } | experts,
        "tie_word_embeddings": False,
        "transformers_version": "4.57.0.dev0",
        "video_token_id": 151656,
        "vision_config": vision,
        "vision_end_token_id": 151653,
        "vision_start_token_id": 151652,
    }  # fmt: skip


def _qwen3_5(vision: dict[str, Any], **of: Any) -> dict[str, Any]:
    return {
        "architectures": ["Qwen3_5ForConditionalGeneration"],
        "image_token_id": 248056,
        "language_model_only": False,
        "model_type": "qwen3_5",
        "text_config": {
            "attention_bias": False, "attention_dropout": 0.0, "attn_output_gate": True, "bos_token_id": 248044, "dtype": "bfloat16",
            "eos_token_id": 248044, "full_attention_interval": 4, "head_dim": 256, "hidden_act": "silu", "initializer_range": 0.02,
            "layer_types": ([*["linear_attention"] * 3, "full_attention"] * 16)[: of["num_hidden_layers"]], "linear_conv_kernel_dim": 4,
            "linear_key_head_dim": 128, "linear_num_key_heads": 16, "linear_value_head_dim": 128, "mamba_ssm_dtype": "float32",
            "max_position_embeddings": 262144, "mlp_only_layers": [], "model_type": "qwen3_5_text", "mtp_num_hidden_layers": 1,
            "mtp_use_dedicated_embeddings": False, "pad_token_id": None, "partial_rotary_factor": 0.25, "rms_norm_eps": 1e-06,
            "use_cache": True, "vocab_size": 248320,
        } | of,
        "tie_word_embeddings": of["tie_word_embeddings"],
        "video_token_id": 248057,
        "vision_config": vision,
    }  # fmt: skip


def _v4(**of: Any) -> dict[str, Any]:
    return {
        "architectures": ["DeepseekV4ForCausalLM"], "attention_bias": False, "attention_dropout": 0.0, "bos_token_id": 0,
        "eos_token_id": 1, "hc_eps": 1e-06, "hc_mult": 4, "hc_sinkhorn_iters": 20, "head_dim": 512, "hidden_act": "silu",
        "index_head_dim": 128, "index_n_heads": 64, "initializer_range": 0.02, "max_position_embeddings": 1048576,
        "model_type": "deepseek_v4", "n_shared_experts": 1, "norm_topk_prob": True, "num_experts_per_tok": 6, "num_hash_layers": 3,
        "num_key_value_heads": 1, "num_nextn_predict_layers": 1, "o_lora_rank": 1024, "qk_rope_head_dim": 64,
        "quantization_config": {**FP8, "scale_fmt": "ue8m0"}, "rms_norm_eps": 1e-06, "rope_theta": 10000, "scoring_func": "sqrtsoftplus",
        "sliding_window": 128, "swiglu_limit": 10.0, "tie_word_embeddings": False, "topk_method": "noaux_tc", "torch_dtype": "bfloat16",
        "transformers_version": "4.57.1", "use_cache": True, "vocab_size": 129280, "compress_rope_theta": 160000,
    } | of  # fmt: skip


def _v4_more(layers: int, width: int, experts: int, inner: int, heads: int, rank: int, groups: int) -> int:
    """Of a V4 with one layer that drafts: scales, and less for experts of 4 bits, two in one."""
    plain = [(layers + 1, 512, width), (layers + 1, groups * 1024, heads * 512 // groups), (layers + 1, width, groups * 1024)]
    plain += [(layers + 1, rank, width), (layers + 1, heads * 512, rank), (3 * (layers + 1), inner, width)]
    plain += [(sum(i > 1 and i % 2 == 0 for i in range(layers)), 64 * 128, rank), (2, width, width)]
    numbers = 3 * (layers + 1) * experts * inner * width
    return blocks(*plain) + numbers // 32 - numbers // 2 + experts


R1 = {
    "architectures": ["DeepseekV3ForCausalLM"], "attention_bias": False, "attention_dropout": 0.0, "aux_loss_alpha": 0.001,
    "bos_token_id": 0, "eos_token_id": 1, "ep_size": 1, "first_k_dense_replace": 3, "hidden_act": "silu", "hidden_size": 7168,
    "initializer_range": 0.02, "intermediate_size": 18432, "kv_lora_rank": 512, "max_position_embeddings": 163840,
    "model_type": "deepseek_v3", "moe_intermediate_size": 2048, "moe_layer_freq": 1, "n_group": 8, "n_routed_experts": 256,
    "n_shared_experts": 1, "norm_topk_prob": True, "num_attention_heads": 128, "num_experts_per_tok": 8, "num_hidden_layers": 61,
    "num_key_value_heads": 128, "num_nextn_predict_layers": 1, "pretraining_tp": 1, "q_lora_rank": 1536, "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64, "quantization_config": FP8, "rms_norm_eps": 1e-06, "rope_theta": 10000, "routed_scaling_factor": 2.5,
    "scoring_func": "sigmoid", "seq_aux": True, "tie_word_embeddings": False, "topk_group": 4, "topk_method": "noaux_tc",
    "torch_dtype": "bfloat16", "use_cache": True, "v_head_dim": 128, "vocab_size": 129280,
}  # fmt: skip
_K2 = R1 | {
    "first_k_dense_replace": 1, "model_type": "kimi_k2", "n_group": 1, "n_routed_experts": 384, "num_attention_heads": 64,
    "num_key_value_heads": 64, "num_nextn_predict_layers": 0, "topk_group": 1, "vocab_size": 163840, "routed_scaling_factor": 2.827,
}  # fmt: skip
_INT4 = {
    "config_groups": {
        "group_0": {
            "input_activations": None, "output_activations": None, "targets": ["Linear"],
            "weights": {
                "actorder": None, "block_structure": None, "dynamic": False, "group_size": 32, "num_bits": 4, "observer": "minmax",
                "observer_kwargs": {}, "strategy": "group", "symmetric": True, "type": "int",
            },
        }
    },
    "format": "pack-quantized", "kv_cache_scheme": None, "quant_method": "compressed-tensors", "quantization_status": "compressed",
    "ignore": ["lm_head", "re:.*self_attn.*", "re:.*shared_experts.*", "re:.*mlp\\.(gate|up|gate_up|down)_proj.*"],
}  # fmt: skip
_EXPERTS_K2 = 60 * 384 * 3 * 2048 * 7168

CHECKPOINTS = {
    "Llama-3.2-3B-Instruct": Checkpoint(
        _llama(hidden_size=3072, head_dim=128, intermediate_size=8192, num_attention_heads=24, num_hidden_layers=28, num_key_value_heads=8,
               vocab_size=128256, tie_word_embeddings=True),
        3_212_749_824, gib=5.98),
    "Meta-Llama-3-8B-Instruct": Checkpoint(
        _llama(hidden_size=4096, intermediate_size=14336, num_attention_heads=32, num_hidden_layers=32, num_key_value_heads=8,
               vocab_size=128256, tie_word_embeddings=False),
        8_030_261_248, gib=14.96),
    "Llama-2-7b": Checkpoint(
        _llama(hidden_size=4096, intermediate_size=11008, num_attention_heads=32, num_hidden_layers=32, num_key_value_heads=32,
               vocab_size=32000, tie_word_embeddings=False, torch_dtype="float16"),
        6_738_417_664, more=32 * 64, gib=12.55),  # rotations
    "Llama-2-7B-AWQ": Checkpoint(
        _llama(hidden_size=4096, intermediate_size=11008, num_attention_heads=32, num_hidden_layers=32, num_key_value_heads=32,
               vocab_size=32000, tie_word_embeddings=False, torch_dtype="float16", quantization_config=_AWQ),
        1_128_828_928, more=_awq((128, 4096, 4096), (64, 11008, 4096), (32, 4096, 11008)), gib=3.62),
    "Qwen2.5-0.5B": Checkpoint(
        _qwen2(hidden_size=896, intermediate_size=4864, max_window_layers=24, num_attention_heads=14, num_hidden_layers=24,
               num_key_value_heads=2, sliding_window=32768, tie_word_embeddings=True, use_mrope=False, vocab_size=151936),
        494_032_768, gib=0.92),
    "Qwen2.5-1.5B-Instruct": Checkpoint(
        _qwen2(hidden_size=1536, intermediate_size=8960, max_window_layers=21, num_attention_heads=12, num_hidden_layers=28,
               num_key_value_heads=2, sliding_window=32768, tie_word_embeddings=True, vocab_size=151936),
        1_543_714_304, gib=2.88),
    "Qwen2.5-3B-Instruct": Checkpoint(
        _qwen2(hidden_size=2048, intermediate_size=11008, max_window_layers=70, num_attention_heads=16, num_hidden_layers=36,
               num_key_value_heads=2, sliding_window=32768, tie_word_embeddings=True, vocab_size=151936),
        3_085_938_688, gib=5.75),
    "Qwen2-7B-Instruct": Checkpoint(
        _qwen2(hidden_size=3584, intermediate_size=18944, max_window_layers=28, num_attention_heads=28, num_hidden_layers=28,
               num_key_value_heads=4, sliding_window=131072, tie_word_embeddings=False, vocab_size=152064),
        7_615_616_512, gib=14.19),
    "Qwen2.5-72B-Instruct": Checkpoint(
        _qwen2(hidden_size=8192, intermediate_size=29568, max_window_layers=70, num_attention_heads=64, num_hidden_layers=80,
               num_key_value_heads=8, sliding_window=131072, tie_word_embeddings=False, vocab_size=152064),
        72_706_203_648, gib=135.43),
    "Qwen3-0.6B": Checkpoint(  # the unembedding is stored though it is the embedding
        _qwen3(hidden_size=1024, intermediate_size=3072, max_window_layers=28, num_attention_heads=16, num_hidden_layers=28,
               tie_word_embeddings=True, vocab_size=151936),
        751_632_384, more=151936 * 1024),
    "Qwen3-8B": Checkpoint(
        _qwen3(hidden_size=4096, intermediate_size=12288, max_window_layers=36, num_attention_heads=32, num_hidden_layers=36,
               tie_word_embeddings=False, vocab_size=151936),
        8_190_735_360, gib=15.26),
    "Qwen3-Reranker-8B": Checkpoint(
        _qwen3(hidden_size=4096, intermediate_size=12288, max_window_layers=36, num_attention_heads=32, num_hidden_layers=36,
               tie_word_embeddings=False, vocab_size=151669),
        8_188_548_096, gib=15.25),
    "Qwen3-8B-FP8": Checkpoint(
        _qwen3(hidden_size=4096, intermediate_size=12288, max_window_layers=36, num_attention_heads=32, num_hidden_layers=36,
               tie_word_embeddings=False, vocab_size=151936, quantization_config=FP8),
        8_191_159_296, more=blocks((72, 4096, 4096), (72, 1024, 4096), (72, 12288, 4096), (36, 4096, 12288)), gib=8.79),
    "Qwen3-14B": Checkpoint(
        _qwen3(hidden_size=5120, intermediate_size=17408, max_window_layers=40, num_attention_heads=40, num_hidden_layers=40,
               tie_word_embeddings=False, vocab_size=151936),
        14_768_307_200, gib=27.51),
    "Qwen3-32B": Checkpoint(
        _qwen3(hidden_size=5120, intermediate_size=25600, max_window_layers=64, num_attention_heads=64, num_hidden_layers=64,
               tie_word_embeddings=False, vocab_size=151936),
        32_762_123_264, gib=61.02),
    "Qwen3-32B-AWQ": Checkpoint(
        _qwen3(hidden_size=5120, intermediate_size=25600, max_window_layers=64, num_attention_heads=64, num_hidden_layers=64,
               tie_word_embeddings=False, vocab_size=151936, torch_dtype="float16",
               quantization_config=_AWQ | {"modules_to_not_convert": None}),
        5_731_472_384,
        more=_awq((64, 8192, 5120), (128, 1024, 5120), (64, 5120, 8192), (128, 25600, 5120), (64, 5120, 25600)), gib=18.00),
    "Qwen3-Coder-30B-A3B-Instruct": Checkpoint(
        _qwen3_moe(intermediate_size=5472, max_window_layers=28, qkv_bias=False, router_aux_loss_coef=0.0,
                   shared_expert_intermediate_size=0, use_qk_norm=True, torch_dtype="bfloat16"),
        30_532_122_624, gib=56.87),
    "Qwen3-30B-A3B-Thinking-2507-FP8": Checkpoint(
        _qwen3_moe(intermediate_size=6144, max_window_layers=48, router_aux_loss_coef=0.001, torch_dtype="bfloat16",
                   quantization_config=FP8 | {"modules_to_not_convert": ["lm_head", *(f"model.layers.{i}.mlp.gate" for i in range(48))]}),
        30_533_947_392,
        more=blocks((48, 4096, 2048), (96, 512, 2048), (48, 2048, 4096), (48 * 128 * 2, 768, 2048), (48 * 128, 2048, 768)), gib=29.03),
    "Qwen3-Next-80B-A3B-Instruct": Checkpoint(  # a layer that drafts, of which the file says nothing
        _qwen3_next(), 81_324_862_720,
        more=2048 * (2 * 4096 + 2 * 512 + 4096) + 2 * 256 + 513 * 3 * 512 * 2048 + 513 * 2048 + 2 * 2048**2 + 5 * 2048),
    "Qwen3-VL-8B-Instruct": Checkpoint(
        _qwen3_vl({"hidden_size": 4096, "intermediate_size": 12288, "num_attention_heads": 32, "num_hidden_layers": 36,
                   "num_key_value_heads": 8}, _qwen_vision(4096, 27, 1152, 4304, [8, 16, 24])),
        8_767_123_696),
    "Qwen3-VL-30B-A3B-Instruct": Checkpoint(
        _qwen3_vl({"decoder_sparse_step": 1, "hidden_size": 2048, "intermediate_size": 6144, "mlp_only_layers": [],
                   "moe_intermediate_size": 768, "norm_topk_prob": True, "num_attention_heads": 32, "num_experts": 128,
                   "num_experts_per_tok": 8, "num_hidden_layers": 48, "num_key_value_heads": 4},
                  _qwen_vision(2048, 27, 1152, 4304, [8, 16, 24])),
        31_070_754_032),
    "Qwen3-VL-235B-A22B-Instruct": Checkpoint(
        _qwen3_vl({"decoder_sparse_step": 1, "hidden_size": 4096, "intermediate_size": 12288, "mlp_only_layers": [],
                   "moe_intermediate_size": 1536, "norm_topk_prob": True, "num_attention_heads": 64, "num_experts": 128,
                   "num_experts_per_tok": 8, "num_hidden_layers": 94, "num_key_value_heads": 4},
                  _qwen_vision(4096, 27, 1152, 4304, [8, 16, 24])),
        235_670_022_896),
    "Qwen3.5-0.8B-Base": Checkpoint(
        _qwen3_5(_qwen_vision(1024, 12, 768, 3072, []), hidden_size=1024, intermediate_size=3584, linear_num_value_heads=16,
                 num_attention_heads=8, num_hidden_layers=24, num_key_value_heads=2, tie_word_embeddings=True),
        873_438_784),
    "Qwen3.5-4B": Checkpoint(
        _qwen3_5(_qwen_vision(2560, 24, 1024, 4096, []), hidden_size=2560, intermediate_size=9216, linear_num_value_heads=32,
                 num_attention_heads=16, num_hidden_layers=32, num_key_value_heads=4, tie_word_embeddings=True),
        4_659_865_088),
    "Qwen3.6-27B": Checkpoint(
        _qwen3_5(_qwen_vision(5120, 27, 1152, 4304, []), hidden_size=5120, intermediate_size=17408, linear_num_value_heads=48,
                 num_attention_heads=24, num_hidden_layers=64, num_key_value_heads=4, output_gate_type="swish", tie_word_embeddings=False),
        27_781_427_952),
    "gpt-oss-20b-bf16": Checkpoint(
        {"architectures": ["GptOssForCausalLM"], "attention_bias": True, "attention_dropout": 0.0, "eos_token_id": 200002,
         "experts_per_token": 4, "head_dim": 64, "hidden_act": "silu", "hidden_size": 2880, "initial_context_length": 4096,
         "initializer_range": 0.02, "intermediate_size": 2880, "layer_types": ["sliding_attention", "full_attention"] * 12,
         "max_position_embeddings": 131072, "model_type": "gpt_oss", "num_attention_heads": 64, "num_experts_per_tok": 4,
         "num_hidden_layers": 24, "num_key_value_heads": 8, "num_local_experts": 32, "output_router_logits": False,
         "rms_norm_eps": 1e-05, "router_aux_loss_coef": 0.9, "sliding_window": 128, "swiglu_limit": 7.0, "tie_word_embeddings": False,
         "use_cache": True, "vocab_size": 201088},
        20_914_757_184),
    "GLM-4.7-Flash": Checkpoint(  # a layer that drafts with an embedding and an unembedding of its own
        {"architectures": ["Glm4MoeLiteForCausalLM"], "attention_bias": False, "attention_dropout": 0.0, "pad_token_id": 154820,
         "eos_token_id": [154820, 154827, 154829], "hidden_act": "silu", "hidden_size": 2048, "intermediate_size": 10240,
         "max_position_embeddings": 202752, "model_type": "glm4_moe_lite", "moe_intermediate_size": 1536, "topk_method": "noaux_tc",
         "norm_topk_prob": True, "num_attention_heads": 20, "n_group": 1, "topk_group": 1, "n_routed_experts": 64,
         "n_shared_experts": 1, "routed_scaling_factor": 1.8, "num_experts_per_tok": 4, "first_k_dense_replace": 1,
         "num_hidden_layers": 47, "num_key_value_heads": 20, "num_nextn_predict_layers": 1, "partial_rotary_factor": 1.0,
         "rms_norm_eps": 1e-05, "rope_scaling": None, "rope_theta": 1000000, "tie_word_embeddings": False, "dtype": "bfloat16",
         "q_lora_rank": 768, "kv_lora_rank": 512, "qk_nope_head_dim": 192, "qk_rope_head_dim": 64, "v_head_dim": 256,
         "vocab_size": 154880},
        31_221_488_576, more=2 * 154880 * 2048 + 64),
    "GLM-4.5V": Checkpoint(
        {"architectures": ["Glm4vMoeForConditionalGeneration"], "dtype": "bfloat16", "image_token_id": 151363, "model_type": "glm4v_moe",
         "text_config": {
             "attention_bias": True, "attention_dropout": 0.0, "dtype": "bfloat16", "eos_token_id": [151329, 151336, 151338],
             "first_k_dense_replace": 1, "head_dim": 128, "hidden_act": "silu", "hidden_size": 4096, "image_end_token_id": 151340,
             "image_start_token_id": 151339, "image_token_id": 151363, "initializer_range": 0.02, "intermediate_size": 10944,
             "max_position_embeddings": 65536, "model_type": "glm4v_moe_text", "moe_intermediate_size": 1408, "n_group": 1,
             "n_routed_experts": 128, "n_shared_experts": 1, "norm_topk_prob": True, "num_attention_heads": 96,
             "num_experts_per_tok": 8, "num_hidden_layers": 46, "num_key_value_heads": 8, "pad_token_id": 151329,
             "partial_rotary_factor": 0.5, "rms_norm_eps": 1e-05, "routed_scaling_factor": 1.0, "router_aux_loss_coef": 0.0001,
             "tie_word_embeddings": False, "topk_group": 1, "use_cache": True, "use_qk_norm": False, "vocab_size": 151552},
         "tie_word_embeddings": False, "video_token_id": 151364,
         "vision_config": {
             "attention_bias": False, "attention_dropout": 0.0, "depth": 24, "hidden_act": "silu", "hidden_size": 1536,
             "image_size": 336, "in_channels": 3, "initializer_range": 0.02, "intermediate_size": 10944,
             "model_type": "glm4v_moe_vision", "num_heads": 12, "out_hidden_size": 4096, "patch_size": 14, "rms_norm_eps": 1e-05,
             "spatial_merge_size": 2, "temporal_patch_size": 2}},
        107_710_933_120),
    "GLM-5.1": Checkpoint(
        {"architectures": ["GlmMoeDsaForCausalLM"], "attention_bias": False, "attention_dropout": 0.0, "dtype": "bfloat16",
         "eos_token_id": [154820, 154827, 154829], "ep_size": 1, "first_k_dense_replace": 3, "hidden_act": "silu", "head_dim": 64,
         "hidden_size": 6144, "index_head_dim": 128, "index_n_heads": 32, "index_topk": 2048, "indexer_rope_interleave": True,
         "initializer_range": 0.02, "intermediate_size": 12288, "kv_lora_rank": 512, "max_position_embeddings": 202752,
         "moe_intermediate_size": 2048, "moe_layer_freq": 1, "model_type": "glm_moe_dsa", "n_group": 1, "n_routed_experts": 256,
         "n_shared_experts": 1, "norm_topk_prob": True, "num_attention_heads": 64, "num_experts_per_tok": 8, "num_hidden_layers": 78,
         "num_key_value_heads": 64, "num_nextn_predict_layers": 1, "pad_token_id": 154820, "pretraining_tp": 1, "q_lora_rank": 2048,
         "qk_head_dim": 256, "qk_nope_head_dim": 192, "qk_rope_head_dim": 64, "rms_norm_eps": 1e-05, "rope_interleave": True,
         "routed_scaling_factor": 2.5, "scoring_func": "sigmoid", "tie_word_embeddings": False, "topk_group": 1,
         "topk_method": "noaux_tc", "use_cache": True, "v_head_dim": 256, "vocab_size": 154880},
        753_864_139_008, more=256),
    "MiniMax-M2.7": Checkpoint(  # three layers that draft, says the file; none is stored
        {"architectures": ["MiniMaxM2ForCausalLM"], "attn_type_list": [1] * 62, "dtype": "bfloat16", "head_dim": 128,
         "hidden_act": "silu", "hidden_size": 3072, "intermediate_size": 1536, "max_position_embeddings": 204800,
         "model_type": "minimax_m2", "mtp_transformer_layers": 1, "num_attention_heads": 48, "num_experts_per_tok": 8,
         "num_hidden_layers": 62, "num_key_value_heads": 8, "num_local_experts": 256, "num_mtp_modules": 3, "qk_norm_type": "per_layer",
         "quantization_config": FP8 | {"fmt": "float8_e4m3fn", "modules_to_not_convert": ["gate", "e_score_correction_bias", "lm_head"]},
         "rms_norm_eps": 1e-06, "rope_theta": 5000000, "rotary_dim": 64, "scoring_func": "sigmoid", "shared_intermediate_size": 0,
         "tie_word_embeddings": False, "transformers_version": "4.46.1", "use_cache": True, "use_mtp": True, "use_qk_norm": True,
         "use_routing_bias": True, "vocab_size": 200064},
        228_703_644_928,
        more=blocks((62, 6144, 3072), (124, 1024, 3072), (62, 3072, 6144), (62 * 512, 1536, 3072), (62 * 256, 3072, 1536)), gib=214.32),
    "DeepSeek-R1": Checkpoint(  # a layer that drafts with an embedding and an unembedding of its own
        R1, 684_531_386_000,
        more=2 * 129280 * 7168 + 256
        + blocks(*mla(62, 7168, 128, (1536, 512), (128, 64, 128)), (9, 18432, 7168), (59 * 257 * 3, 2048, 7168))),
    "Kimi-K2-Instruct": Checkpoint(
        _K2, 1_026_470_731_056,
        more=61 * 56 + blocks(*mla(61, 7168, 64, (1536, 512), (128, 64, 128)), (3, 18432, 7168), (60 * 385 * 3, 2048, 7168)),
        gib=958.49),
    "Kimi-K2.5": Checkpoint(
        {"architectures": ["KimiK25ForConditionalGeneration"], "bos_token_id": 163584, "dtype": "bfloat16", "eos_token_id": 163585,
         "ignore_index": -100, "media_placeholder_token_id": 163605, "model_type": "kimi_k25", "pad_token_id": 163839,
         "text_config": _K2 | {"model_type": "kimi_k2", "quantization_config": _INT4, "rms_norm_eps": 1e-05},
         "tie_word_embeddings": False, "use_unified_vision_chunk": True, "video_placeholder": "<|kimi_k25_video_placeholder|>",
         "vision_config": {
             "init_pos_emb_height": 64, "init_pos_emb_time": 4, "init_pos_emb_width": 64, "merge_kernel_size": [2, 2],
             "merge_type": "sd2_tpool", "mm_hidden_size": 1152, "mm_projector_type": "patchmerger", "patch_size": 14,
             "pos_emb_type": "divided_fixed", "projector_hidden_act": "gelu", "projector_ln_eps": 1e-05, "text_hidden_size": 7168,
             "video_attn_type": "spatial_temporal", "vt_hidden_size": 1152, "vt_intermediate_size": 4304,
             "vt_num_attention_heads": 16, "vt_num_hidden_layers": 27}},
        170_738_182_128, more=_EXPERTS_K2 // 8 - _EXPERTS_K2 + _EXPERTS_K2 // 32 + 2 * 60 * 384 * 3),
    "DeepSeek-V4-Flash": Checkpoint(
        _v4(hidden_size=4096, index_topk=512, moe_intermediate_size=2048, n_routed_experts=256, num_attention_heads=64,
            num_hidden_layers=43, o_groups=8, q_lora_rank=1024, routed_scaling_factor=1.5, compress_ratios=[0, 0, *[4, 128] * 20, 4, 0]),
        158_069_433_298, more=_v4_more(43, 4096, 256, 2048, 64, 1024, 8)),
    "DeepSeek-V4-Pro": Checkpoint(
        _v4(hidden_size=7168, index_topk=1024, moe_intermediate_size=3072, n_routed_experts=384, num_attention_heads=128,
            num_hidden_layers=61, o_groups=16, q_lora_rank=1536, routed_scaling_factor=2.5,
            compress_ratios=[128, 128, *[4, 128] * 29, 4, 0]),
        861_608_274_846, more=_v4_more(61, 7168, 384, 3072, 128, 1536, 16)),
    "MiMo-V2.5": Checkpoint(  # three layers that draft, of which the file says nothing; sound and pictures
        {"architectures": ["MiMoV2ForCausalLM"], "attention_bias": False, "attention_chunk_size": 128, "attention_dropout": 0.0,
         "attention_value_scale": 0.707, "attention_projection_layout": "fused_qkv", "add_full_attention_sink_bias": False,
         "add_swa_attention_sink_bias": True, "audio_config": {"audio_channels": 20, "input_local_layers": 6},
         "swa_num_key_value_heads": 8, "swa_num_attention_heads": 64, "swa_head_dim": 192, "swa_v_head_dim": 128, "dtype": "bfloat16",
         "eos_token_id": 151645, "head_dim": 192, "hidden_act": "silu", "hidden_size": 4096, "hybrid_block_size": None,
         "hybrid_layer_pattern": [0, *[1] * 4, *[0, *[1] * 5] * 7, 0], "image_token_id": 151655, "initializer_range": 0.02,
         "intermediate_size": 16384, "layernorm_epsilon": 1e-05, "max_position_embeddings": 1048576, "model_type": "mimo_v2",
         "moe_intermediate_size": 2048, "moe_layer_freq": [0, *[1] * 47], "n_group": 1, "n_routed_experts": 256, "n_shared_experts": None,
         "norm_topk_prob": True, "num_attention_heads": 64, "num_experts_per_tok": 8, "num_hidden_layers": 48, "num_key_value_heads": 4,
         "pad_token_id": 151643, "partial_rotary_factor": 0.334, "processor_config": {"patch_size": 16, "rope_type": "rope"},
         "quantization_config": FP8 | {
             "store_dtype": "fp8", "ignored_layers": [*(f"model.layers.{i}.self_attn.o_proj" for i in range(48)),
                                                      "model.decoder.self_attn.o_proj"]},
         "rope_theta": 10000000, "routed_scaling_factor": None, "scoring_func": "sigmoid", "sliding_window": 128,
         "sliding_window_size": 128, "swa_rope_theta": 10000, "tie_word_embeddings": False, "topk_group": 1, "topk_method": "noaux_tc",
         "use_cache": True, "v_head_dim": 128, "video_token_id": 151656, "vision_config": {"depth": 28, "hidden_size": 1280},
         "vision_model_type": "mimovl", "vocab_size": 152576},
        310_775_040_000,
        more=9 * 108 * 32 + blocks((39 + 3, 14848, 4096), (3 + 9, 16384, 4096), (47 * 256 * 3, 2048, 4096))
        + 3 * (8192 * 4096 + 5 * 4096 + 3 * 4096 * 16384 + 64 + 4096 * 8192 + 14848 * 4096)  # drafts
        + 6 * (2 * 1024 + 3 * 4096 * 1024 + 3 * 1024 + 4 * 1024**2) + 1024 + 2 * 16384 * 4096 + 20 * 1280 * 1024  # sound
        + 28 * (1280 + 1280 * 2048 + 3072 + 3072 * 1280 + 3 * 1280 * 4608 + 1280 + 2 * 4608 + 2 * 1280) + 24 * 32  # pictures
        + 1280 + 5120 * 5120 + 4096 * 5120 + 1280 * 3 * 2 * 16 * 16),
}  # fmt: skip
