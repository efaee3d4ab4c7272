"""What published files say beside the sizes: their keys, those included that change nothing, and the parameters of the model.

Sources: the config.json files of the checkpoints (known until December 2026), without names, token ids, rotations and the like. Counts are
those of the published weights, or of the reference implementation for these keys (transformers 5.24.0); buffers are left out.
"""

from typing import Any

# fmt: off
FILES: dict[str, tuple[dict[str, Any], int]] = {
    "Llama-3.2-1B": (
        {"model_type": "llama", "attention_bias": False, "head_dim": 64, "hidden_size": 2048, "intermediate_size": 8192, "mlp_bias":
        False, "num_attention_heads": 32, "num_hidden_layers": 16, "num_key_value_heads": 8, "pretraining_tp": 1, "tie_word_embeddings":
        True, "vocab_size": 128256},
        1_235_814_400),
    "Ministral-8B": (
        {"model_type": "mistral", "head_dim": 128, "hidden_size": 4096, "intermediate_size": 12288, "num_attention_heads": 32,
        "num_hidden_layers": 36, "num_key_value_heads": 8, "sliding_window": 32768, "tie_word_embeddings": False, "vocab_size": 131072},
        8_019_808_256),
    "DeepSeek-V2-Lite": (
        {"model_type": "deepseek_v2", "attention_bias": False, "aux_loss_alpha": 0.001, "first_k_dense_replace": 1, "hidden_size": 2048,
        "intermediate_size": 10944, "kv_lora_rank": 512, "moe_intermediate_size": 1408, "moe_layer_freq": 1, "n_group": 1,
        "n_routed_experts": 64, "n_shared_experts": 2, "norm_topk_prob": False, "num_attention_heads": 16, "num_experts_per_tok": 6,
        "num_hidden_layers": 27, "num_key_value_heads": 16, "pretraining_tp": 1, "q_lora_rank": None, "qk_nope_head_dim": 128,
        "qk_rope_head_dim": 64, "routed_scaling_factor": 1.0, "scoring_func": "softmax", "seq_aux": True, "tie_word_embeddings": False,
        "topk_group": 1, "topk_method": "greedy", "v_head_dim": 128, "vocab_size": 102400},
        15_706_484_224),
    "deepseek-moe-16b": (
        {"model_type": "deepseek", "attention_bias": False, "aux_loss_alpha": 0.001, "first_k_dense_replace": 1, "hidden_size": 2048,
        "intermediate_size": 10944, "moe_intermediate_size": 1408, "moe_layer_freq": 1, "n_routed_experts": 64, "n_shared_experts": 2,
        "norm_topk_prob": False, "num_attention_heads": 16, "num_experts_per_tok": 6, "num_hidden_layers": 28, "num_key_value_heads":
        16, "pretraining_tp": 1, "scoring_func": "softmax", "seq_aux": True, "tie_word_embeddings": False, "vocab_size": 102400},
        16_375_728_128),
    "Kimi-Linear-48B": (
        {"model_type": "kimi_linear", "dtype": "bfloat16", "first_k_dense_replace": 1, "head_dim": 72, "hidden_size": 2304,
        "intermediate_size": 9216, "kv_lora_rank": 512, "linear_attn_config": {"full_attn_layers": [4, 8, 12, 16, 20, 24, 27],
        "head_dim": 128, "kda_layers": [1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15, 17, 18, 19, 21, 22, 23, 25, 26], "num_heads": 32,
        "short_conv_kernel_size": 4}, "mla_use_nope": True, "model_max_length": 1048576, "moe_intermediate_size": 1024,
        "moe_layer_freq": 1, "moe_renormalize": True, "moe_router_activation_func": "sigmoid", "num_attention_heads": 32,
        "num_expert_group": 1, "num_experts": 256, "num_experts_per_token": 8, "num_hidden_layers": 27, "num_key_value_heads": 32,
        "num_nextn_predict_layers": 0, "num_shared_experts": 1, "q_lora_rank": None, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
        "routed_scaling_factor": 2.446, "tie_word_embeddings": False, "topk_group": 1, "use_grouped_topk": True, "v_head_dim": 128,
        "vocab_size": 163840},
        49_122_675_072),
    "GLM-4.5": (
        {"model_type": "glm4_moe", "attention_bias": True, "head_dim": 128, "hidden_size": 5120, "partial_rotary_factor": 0.5,
        "intermediate_size": 12288, "moe_intermediate_size": 1536, "norm_topk_prob": True, "num_attention_heads": 96, "n_group": 1,
        "topk_group": 1, "n_routed_experts": 160, "n_shared_experts": 1, "routed_scaling_factor": 2.5, "num_experts_per_tok": 8,
        "first_k_dense_replace": 3, "num_hidden_layers": 92, "num_key_value_heads": 8, "num_nextn_predict_layers": 1,
        "tie_word_embeddings": False, "use_qk_norm": True, "vocab_size": 151552},
        352_797_814_784),
    "GLM-4.5-Air": (
        {"model_type": "glm4_moe", "attention_bias": True, "head_dim": 128, "hidden_size": 4096, "partial_rotary_factor": 0.5,
        "intermediate_size": 10944, "moe_intermediate_size": 1408, "norm_topk_prob": True, "num_attention_heads": 96, "n_group": 1,
        "topk_group": 1, "n_routed_experts": 128, "n_shared_experts": 1, "routed_scaling_factor": 1.0, "num_experts_per_tok": 8,
        "first_k_dense_replace": 1, "num_hidden_layers": 46, "num_key_value_heads": 8, "num_nextn_predict_layers": 1,
        "tie_word_embeddings": False, "use_qk_norm": False, "vocab_size": 151552},
        106_852_245_504),
    "glm-4-9b-chat": (
        {"model_type": "chatglm", "add_bias_linear": False, "add_qkv_bias": True, "apply_query_key_layer_scaling": True,
        "apply_residual_connection_post_layernorm": False, "attention_softmax_in_fp32": True, "attn_implementation": "sdpa",
        "bias_dropout_fusion": True, "ffn_hidden_size": 13696, "fp32_residual_connection": False, "hidden_dropout": 0.0, "hidden_size":
        4096, "kv_channels": 128, "layernorm_epsilon": 1.5625e-07, "multi_query_attention": True, "multi_query_group_num": 2,
        "num_attention_heads": 32, "num_hidden_layers": 40, "num_layers": 40, "rope_ratio": 500, "original_rope": True,
        "padded_vocab_size": 151552, "post_layer_norm": True, "rmsnorm": True, "seq_length": 131072, "tie_word_embeddings": False,
        "classifier_dropout": None},
        9_399_951_360),
    "Qwen-7B": (
        {"model_type": "qwen", "attn_dropout_prob": 0.0, "bf16": False, "emb_dropout_prob": 0.0, "fp16": False, "fp32": False,
        "hidden_size": 4096, "intermediate_size": 22016, "kv_channels": 128, "no_bias": True, "num_attention_heads": 32,
        "num_hidden_layers": 32, "onnx_safe": None, "rotary_emb_base": 10000, "rotary_pct": 1.0, "scale_attn_weights": True,
        "seq_length": 8192, "tie_word_embeddings": False, "tokenizer_class": "QWenTokenizer", "use_dynamic_ntk": True, "use_flash_attn":
        "auto", "use_logn_attn": True, "vocab_size": 151936, "softmax_in_fp32": False, "use_cache_quantization": False,
        "use_cache_kernel": False},
        7_721_324_544),
    "Baichuan2-7B": (
        {"model_type": "baichuan", "_from_model_config": True, "hidden_size": 4096, "intermediate_size": 11008, "model_max_length":
        4096, "num_attention_heads": 32, "num_hidden_layers": 32, "tie_word_embeddings": False, "tokenizer_class": "BaichuanTokenizer",
        "vocab_size": 125696},
        7_505_973_248),
    "internlm2_5-7b": (
        {"model_type": "internlm2", "attn_implementation": "eager", "bias": False, "hidden_size": 4096, "intermediate_size": 14336,
        "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8, "pretraining_tp": 1, "tie_word_embeddings": False,
        "vocab_size": 92544},
        7_737_708_544),
    "internlm3-8b": (
        {"model_type": "internlm3", "bias": False, "head_dim": 128, "hidden_size": 4096, "intermediate_size": 10240,
        "num_attention_heads": 32, "num_hidden_layers": 48, "num_key_value_heads": 2, "qkv_bias": False, "tie_word_embeddings": False,
        "vocab_size": 128512},
        8_804_241_408),
    "EXAONE-3.5-7.8B": (
        {"model_type": "exaone", "activation_function": "silu", "embed_dropout": 0.0, "head_dim": 128, "hidden_size": 4096,
        "intermediate_size": 14336, "num_attention_heads": 32, "num_key_value_heads": 8, "num_layers": 32, "tie_word_embeddings": False,
        "vocab_size": 102400},
        7_818_448_896),
    "MiniCPM-2B": (
        {"model_type": "minicpm", "hidden_size": 2304, "intermediate_size": 5760, "num_attention_heads": 36, "num_hidden_layers": 40,
        "num_key_value_heads": 36, "vocab_size": 122753, "scale_emb": 12, "dim_model_base": 256, "scale_depth": 1.4},
        2_724_880_896),
    "MiniMax-Text-01": (
        {"model_type": "minimax_text_01", "attn_type_list": [0, 0, 0, 0, 0, 0, 0, 1] * 10, "head_dim": 128, "hidden_size": 6144,
        "intermediate_size": 9216, "layernorm_full_attention_alpha": 3.5565588200778455, "layernorm_full_attention_beta": 1.0,
        "layernorm_linear_attention_alpha": 3.5565588200778455, "layernorm_linear_attention_beta": 1.0, "layernorm_mlp_alpha":
        3.5565588200778455, "layernorm_mlp_beta": 1.0, "num_attention_heads": 64, "num_experts_per_tok": 2, "num_hidden_layers": 80,
        "num_key_value_heads": 8, "num_local_experts": 32, "output_router_logits": False, "postnorm": True, "rotary_dim": 64,
        "router_aux_loss_coef": 0.001, "router_jitter_noise": 0.0, "shared_intermediate_size": 0, "shared_moe_mode": "sigmoid",
        "sliding_window": None, "tie_word_embeddings": False, "vocab_size": 200064},
        456_089_655_296),
    "gemma-2-9b": (
        {"model_type": "gemma2", "attention_bias": False, "attn_logit_softcapping": 50.0, "cache_implementation": "hybrid",
        "final_logit_softcapping": 30.0, "head_dim": 256, "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 3584,
        "intermediate_size": 14336, "num_attention_heads": 16, "num_hidden_layers": 42, "num_key_value_heads": 8,
        "query_pre_attn_scalar": 256, "sliding_window": 4096, "sliding_window_size": 4096, "vocab_size": 256000},
        9_241_705_984),
    "phi-2": (
        {"model_type": "phi", "embd_pdrop": 0.0, "hidden_size": 2560, "intermediate_size": 10240, "num_attention_heads": 32,
        "num_hidden_layers": 32, "num_key_value_heads": 32, "partial_rotary_factor": 0.4, "qk_layernorm": False, "resid_pdrop": 0.1,
        "tie_word_embeddings": False, "vocab_size": 51200},
        2_779_683_840),
    "Phi-3-mini-4k": (
        {"model_type": "phi3", "embd_pdrop": 0.0, "hidden_size": 3072, "intermediate_size": 8192, "num_attention_heads": 32,
        "num_hidden_layers": 32, "num_key_value_heads": 32, "original_max_position_embeddings": 4096, "resid_pdrop": 0.0,
        "sliding_window": 2047, "tie_word_embeddings": False, "vocab_size": 32064, "attention_bias": False},
        3_821_079_552),
    "Phi-3.5-MoE": (
        {"model_type": "phimoe", "attention_bias": True, "hidden_dropout": 0.0, "hidden_size": 4096, "input_jitter_noise": 0.01,
        "intermediate_size": 6400, "lm_head_bias": True, "num_attention_heads": 32, "num_experts_per_tok": 2, "num_hidden_layers": 32,
        "num_key_value_heads": 8, "num_local_experts": 16, "original_max_position_embeddings": 4096, "output_router_logits": False,
        "router_aux_loss_coef": 0.0, "router_jitter_noise": 0.01, "sliding_window": 131072, "tie_word_embeddings": False, "vocab_size":
        32064},
        41_873_153_344),
    "Phi-4-mini": (
        {"model_type": "phi3", "attention_bias": False, "embd_pdrop": 0.0, "full_attn_mod": 1, "hidden_size": 3072, "intermediate_size":
        8192, "interpolate_factor": 1, "lm_head_bias": False, "mlp_bias": False, "num_attention_heads": 24, "num_hidden_layers": 32,
        "num_key_value_heads": 8, "original_max_position_embeddings": 4096, "partial_rotary_factor": 0.75, "resid_pdrop": 0.0,
        "sliding_window": 262144, "tie_word_embeddings": True, "vocab_size": 200064},
        3_836_021_760),
    "OLMo-1B-hf": (
        {"model_type": "olmo", "attention_bias": False, "clip_qkv": None, "hidden_size": 2048, "intermediate_size": 8192,
        "num_attention_heads": 16, "num_hidden_layers": 16, "num_key_value_heads": 16, "pretraining_tp": 1, "tie_word_embeddings": True,
        "vocab_size": 50304},
        1_176_764_416),
    "OLMoE-1B-7B": (
        {"model_type": "olmoe", "attention_bias": False, "clip_qkv": None, "hidden_size": 2048, "intermediate_size": 1024,
        "norm_topk_prob": False, "num_attention_heads": 16, "num_experts": 64, "num_experts_per_tok": 8, "num_hidden_layers": 16,
        "num_key_value_heads": 16, "output_router_logits": False, "router_aux_loss_coef": 0.01, "tie_word_embeddings": False,
        "vocab_size": 50304},
        6_919_161_856),
    "Nemotron-4-340B": (
        {"model_type": "nemotron", "attention_bias": False, "head_dim": 192, "hidden_size": 18432, "intermediate_size": 73728,
        "mlp_bias": False, "norm_eps": 1e-05, "num_attention_heads": 96, "num_hidden_layers": 96, "num_key_value_heads": 8,
        "partial_rotary_factor": 0.5, "tie_word_embeddings": False, "vocab_size": 256000},
        341_029_195_776),
    "granite-3.1-8b": (
        {"model_type": "granite", "attention_bias": False, "attention_multiplier": 0.0078125, "embedding_multiplier": 12.0,
        "hidden_size": 4096, "intermediate_size": 12800, "logits_scaling": 16.0, "mlp_bias": False, "num_attention_heads": 32,
        "num_hidden_layers": 40, "num_key_value_heads": 8, "residual_multiplier": 0.22, "tie_word_embeddings": True, "vocab_size":
        49155},
        8_170_848_256),
    "granite-4.0-h-small": (
        {"model_type": "granitemoehybrid", "attention_bias": False, "attention_multiplier": 0.0078125, "embedding_multiplier": 12,
        "hidden_size": 4096, "init_method": "mup", "intermediate_size": 768, "layer_types": ["mamba", "mamba", "mamba", "mamba",
        "mamba", "attention", "mamba", "mamba", "mamba", "mamba"] * 4, "logits_scaling": 16, "mamba_chunk_size": 256, "mamba_conv_bias":
        True, "mamba_d_conv": 4, "mamba_d_head": 64, "mamba_d_state": 128, "mamba_expand": 2, "mamba_n_groups": 1, "mamba_n_heads": 128,
        "mamba_proj_bias": False, "normalization_function": "rmsnorm", "num_attention_heads": 32, "num_experts_per_tok": 10,
        "num_hidden_layers": 40, "num_key_value_heads": 8, "num_local_experts": 72, "output_router_logits": False,
        "position_embedding_type": "nope", "residual_multiplier": 0.22, "router_aux_loss_coef": 0.01, "shared_intermediate_size": 1536,
        "tie_word_embeddings": True, "vocab_size": 100352},
        32_207_337_984),
    "falcon-180B": (
        {"model_type": "falcon", "alibi": False, "apply_residual_connection_post_layernorm": False, "bias": False, "hidden_dropout":
        0.0, "hidden_size": 14848, "multi_query": True, "new_decoder_architecture": True, "num_attention_heads": 232,
        "num_hidden_layers": 80, "num_kv_heads": 8, "parallel_attn": True, "vocab_size": 65024},
        178_557_088_768),
    "Falcon-H1-7B": (
        {"model_type": "falcon_h1", "attention_bias": False, "attention_in_multiplier": 1.0, "attention_out_multiplier": 0.46875,
        "attn_layer_indices": None, "conv_kernel": 4, "embedding_multiplier": 5.65, "head_dim": 128, "hidden_size": 3072,
        "intermediate_size": 12288, "key_multiplier": 0.03, "lm_head_multiplier": 0.0130208, "mamba_chunk_size": 128, "mamba_conv_bias":
        True, "mamba_d_conv": 4, "mamba_d_head": 128, "mamba_d_ssm": 3072, "mamba_d_state": 256, "mamba_expand": 2, "mamba_n_groups": 1,
        "mamba_n_heads": 24, "mamba_norm_before_gate": False, "mamba_proj_bias": False, "mamba_rms_norm": False, "mamba_use_mlp": True,
        "mlp_bias": False, "mlp_expansion_factor": 8, "mlp_multipliers": [0.8, 0.3], "num_attention_heads": 12, "num_hidden_layers": 44,
        "num_key_value_heads": 2, "num_logits_to_keep": 1, "projectors_bias": False, "ssm_in_multiplier": 1.25, "ssm_multipliers": [0.3]
        * 5, "ssm_out_multiplier": 0.2, "tie_word_embeddings": False, "vocab_size": 130049, "time_step_floor": 0.0001, "time_step_max":
        0.1, "time_step_min": 0.001, "time_step_rank": "auto"},
        7_585_519_712),
    "c4ai-command-r-plus": (
        {"model_type": "cohere", "attention_bias": False, "hidden_size": 12288, "intermediate_size": 33792, "logit_scale":
        0.8333333333333334, "model_max_length": 131072, "num_attention_heads": 96, "num_hidden_layers": 64, "num_key_value_heads": 8,
        "use_qk_norm": True, "vocab_size": 256000},
        103_810_674_688),
    "command-a": (
        {"model_type": "cohere2", "attention_bias": False, "cache_implementation": "hybrid", "head_dim": 128, "hidden_size": 12288,
        "intermediate_size": 36864, "layer_switch": 4, "logit_scale": 0.25, "num_attention_heads": 96, "num_hidden_layers": 64,
        "num_key_value_heads": 8, "order_of_interleaved_layers": "local_attn_first", "position_embedding_type": "rope_gptj",
        "rotary_pct": 1.0, "sliding_window": 4096, "sliding_window_pattern": 4, "use_embedding_sharing": True, "use_gated_activation":
        True, "use_parallel_block": True, "use_parallel_embedding": True, "vocab_size": 256000},
        111_057_580_032),
    "starcoder": (
        {"model_type": "gpt_bigcode", "activation_function": "gelu", "attention_softmax_in_fp32": True, "multi_query": True,
        "attn_pdrop": 0.1, "embd_pdrop": 0.1, "inference_runner": 0, "max_batch_size": None, "max_sequence_length": None, "n_embd":
        6144, "n_head": 48, "n_inner": 24576, "n_layer": 40, "n_positions": 8192, "pad_key_length": True, "pre_allocate_kv_cache":
        False, "resid_pdrop": 0.1, "scale_attention_softmax_in_fp32": True, "scale_attn_weights": True, "summary_activation": None,
        "summary_first_dropout": 0.1, "summary_proj_to_labels": True, "summary_type": "cls_index", "summary_use_proj": True,
        "validate_runner_input": True, "vocab_size": 49152},
        15_517_456_384),
    "AI21-Jamba-1.5-Mini": (
        {"model_type": "jamba", "attn_layer_offset": 4, "attn_layer_period": 8, "expert_layer_offset": 1, "expert_layer_period": 2,
        "hidden_size": 4096, "intermediate_size": 14336, "mamba_conv_bias": True, "mamba_d_conv": 4, "mamba_d_state": 16,
        "mamba_dt_rank": 256, "mamba_expand": 2, "mamba_proj_bias": False, "num_attention_heads": 32, "num_experts": 16,
        "num_experts_per_tok": 2, "num_hidden_layers": 32, "num_key_value_heads": 8, "num_logits_to_keep": 1, "output_router_logits":
        False, "router_aux_loss_coef": 0.001, "sliding_window": None, "tie_word_embeddings": False, "use_mamba_kernels": True,
        "vocab_size": 65536},
        51_570_323_328),
    "Mamba-Codestral-7B": (
        {"model_type": "mamba2", "chunk_size": 256, "conv_kernel": 4, "expand": 2, "head_dim": 64, "hidden_size": 4096, "n_groups": 8,
        "norm_before_gate": True, "num_heads": 128, "num_hidden_layers": 64, "rescale_prenorm_residual": False, "residual_in_fp32":
        True, "rms_norm": True, "state_size": 128, "tie_word_embeddings": False, "time_step_floor": 0.0001, "time_step_init_scheme":
        "random", "time_step_limit": [0.0, 1e+30], "time_step_max": 0.1, "time_step_min": 0.001, "time_step_rank": 256,
        "time_step_scale": 1.0, "use_bias": False, "use_conv_bias": True, "vocab_size": 32768},
        7_285_403_648),
    "mamba-2.8b-hf": (
        {"model_type": "mamba", "conv_kernel": 4, "d_inner": 5120, "d_model": 2560, "expand": 2, "fused_add_norm": True, "hidden_size":
        2560, "intermediate_size": 5120, "n_layer": 64, "num_hidden_layers": 64, "pad_vocab_size_multiple": 8,
        "rescale_prenorm_residual": False, "residual_in_fp32": True, "rms_norm": True, "ssm_cfg": {}, "state_size": 16,
        "time_step_floor": 0.0001, "time_step_init_scheme": "random", "time_step_max": 0.1, "time_step_min": 0.001, "time_step_rank":
        160, "time_step_scale": 1.0, "use_bias": False, "use_conv_bias": True, "vocab_size": 50280},
        2_768_345_600),
    "falcon-mamba-7b": (
        {"model_type": "falcon_mamba", "conv_kernel": 4, "expand": 16, "hidden_size": 4096, "intermediate_size": 8192,
        "num_hidden_layers": 64, "rescale_prenorm_residual": False, "residual_in_fp32": True, "state_size": 16, "tie_word_embeddings":
        False, "time_step_floor": 0.0001, "time_step_init_scheme": "random", "time_step_max": 0.1, "time_step_min": 0.001,
        "time_step_rank": 256, "time_step_scale": 1.0, "use_bias": False, "use_conv_bias": True, "use_mambapy": False, "vocab_size":
        65024, "mixer_rms_eps": 1e-06},
        7_272_665_088),
    "gpt2-xl": (
        {"model_type": "gpt2", "activation_function": "gelu_new", "attn_pdrop": 0.1, "embd_pdrop": 0.1, "n_ctx": 1024, "n_embd": 1600,
        "n_head": 25, "n_layer": 48, "n_positions": 1024, "output_past": True, "resid_pdrop": 0.1, "summary_activation": None,
        "summary_first_dropout": 0.1, "summary_proj_to_labels": True, "summary_type": "cls_index", "summary_use_proj": True,
        "task_specific_params": {}, "vocab_size": 50257},
        1_557_611_200),
    "gpt-j-6b": (
        {"model_type": "gptj", "activation_function": "gelu_new", "attn_pdrop": 0.0, "embd_pdrop": 0.0, "gradient_checkpointing": False,
        "n_embd": 4096, "n_head": 16, "n_inner": None, "n_layer": 28, "n_positions": 2048, "resid_pdrop": 0.0, "rotary": True,
        "rotary_dim": 64, "scale_attn_weights": True, "summary_activation": None, "summary_first_dropout": 0.1,
        "summary_proj_to_labels": True, "summary_type": "cls_index", "summary_use_proj": True, "tie_word_embeddings": False,
        "tokenizer_class": "GPT2Tokenizer", "vocab_size": 50400},
        6_050_882_784),
    "gpt-neox-20b": (
        {"model_type": "gpt_neox", "attention_probs_dropout_prob": 0, "hidden_dropout_prob": 0, "hidden_size": 6144,
        "intermediate_size": 24576, "num_attention_heads": 64, "num_hidden_layers": 44, "rotary_emb_base": 10000, "rotary_pct": 0.25,
        "tie_word_embeddings": False, "vocab_size": 50432},
        20_554_567_680),
    "bloom-7b1": (
        {"model_type": "bloom", "apply_residual_connection_post_layernorm": False, "attention_softmax_in_fp32": True,
        "bias_dropout_fusion": True, "hidden_dropout": 0.0, "masked_softmax_fusion": True, "n_embed": 4096, "n_layer": 30,
        "num_attention_heads": 32, "offset_alibi": 100, "pretraining_tp": 4, "seq_length": 2048, "skip_bias_add": True,
        "skip_bias_add_qkv": False, "slow_but_exact": False, "unk_token_id": 0, "vocab_size": 250880, "n_inner": None},
        7_069_016_064),
    "opt-350m": (
        {"model_type": "opt", "activation_dropout": 0.0, "activation_function": "relu", "do_layer_norm_before": False, "dropout": 0.1,
        "ffn_dim": 4096, "hidden_size": 1024, "init_std": 0.02, "layerdrop": 0.0, "max_position_embeddings": 2048,
        "num_attention_heads": 16, "num_hidden_layers": 24, "prefix": "</s>", "vocab_size": 50272, "word_embed_proj_dim": 512},
        331_196_416),
    "mpt-7b": (
        {"model_type": "mpt", "attn_config": {"alibi": True, "alibi_bias_max": 8, "attn_impl": "torch", "attn_pdrop": 0, "attn_type":
        "multihead_attention", "attn_uses_sequence_id": False, "clip_qkv": None, "prefix_lm": False, "qk_ln": False, "softmax_scale":
        None}, "d_model": 4096, "emb_pdrop": 0, "embedding_fraction": 1.0, "expansion_ratio": 4, "init_config": {"emb_init_std": None,
        "name": "kaiming_normal_"}, "init_device": "cpu", "learned_pos_emb": True, "logit_scale": None, "max_seq_len": 2048, "n_heads":
        32, "n_layers": 32, "no_bias": True, "norm_type": "low_precision_layernorm", "resid_pdrop": 0, "tokenizer_name":
        "EleutherAI/gpt-neox-20b", "verbose": 0, "vocab_size": 50432},
        6_649_286_656),
    "ERNIE-4.5-21B-A3B": (
        {"model_type": "ernie4_5_moe", "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "hidden_size": 2560,
        "intermediate_size": 12288, "moe_capacity": [64, 64, 64], "moe_gate": "topk", "moe_intermediate_size": 1536, "moe_k": 6,
        "moe_layer_interval": 1, "moe_layer_start_index": 1, "moe_layer_end_index": 27, "moe_num_experts": 64, "moe_num_shared_experts":
        2, "moe_use_aux_free": True, "num_attention_heads": 20, "num_hidden_layers": 28, "num_key_value_heads": 4,
        "num_nextn_predict_layers": 1, "tie_word_embeddings": True, "use_bias": False, "vocab_size": 103424},
        21_825_437_888),
    "Hunyuan-A13B": (
        {"model_type": "hunyuan_v1_moe", "add_classification_head": False, "anyres_pooling_size": 2, "attention_bias": False,
        "attention_head_dim": 128, "cla_share_factor": 2, "class_num": 0, "dense_list": [4096, 0], "eod_token_id": 127967, "head_dim":
        128, "hidden_size": 4096, "intermediate_size": 3072, "kv_lora_rank": None, "mlp_bias": False, "moe_drop_tokens": False,
        "moe_intermediate_size": [3072] * 32, "moe_layer_num_skipped": 0, "moe_random_routing_dropped_token": False, "moe_topk": [8] *
        32, "norm_topk_prob": True, "norm_type": "rms", "num_attention_heads": 32, "num_experts": 64, "num_hidden_layers": 32,
        "num_key_value_heads": 8, "num_shared_expert": [1] * 32, "org_vocab_size": 128167, "pad_id": 127961, "pool_type": "last",
        "pretraining_tp": 1, "q_lora_rank": None, "qk_nope_head_dim": None, "qk_rope_head_dim": None, "routed_scaling_factor": 1.0,
        "sep_token_id": 127962, "skip_cls_token": False, "text_end_id": 8, "text_start_id": 7, "tie_word_embeddings": True, "use_cla":
        False, "use_mixed_mlp_moe": True, "use_mla": False, "use_qk_norm": True, "use_rotary_pos_emb": True, "v_head_dim": None,
        "vocab_size": 128167, "group_limited_greedy": False, "n_group": None, "topk_group": None, "moe_replace_method": None},
        80_393_183_232),
    "Seed-OSS-36B": (
        {"model_type": "seed_oss", "attention_bias": True, "attention_out_bias": False, "head_dim": 128, "hidden_size": 5120,
        "intermediate_size": 27648, "mlp_bias": False, "num_attention_heads": 80, "num_hidden_layers": 64, "num_key_value_heads": 8,
        "residual_dropout": 0.1, "tie_word_embeddings": False, "vocab_size": 155136},
        36_151_104_512),
    "Ling-mini-2.0": (
        {"model_type": "bailing_moe_v2", "embedding_dropout": 0.0, "first_k_dense_replace": 1, "head_dim": 128, "hidden_size": 2048,
        "intermediate_size": 5120, "max_window_layers": 20, "moe_intermediate_size": 512, "moe_router_enable_expert_bias": True,
        "moe_shared_expert_intermediate_size": 512, "n_group": 8, "norm_topk_prob": True, "num_attention_heads": 16, "num_experts": 256,
        "num_experts_per_tok": 8, "num_hidden_layers": 20, "num_key_value_heads": 4, "num_nextn_predict_layers": 0,
        "num_shared_experts": 1, "output_dropout": 0.0, "output_router_logits": False, "partial_rotary_factor": 0.5, "rotary_dim": 64,
        "routed_scaling_factor": 2.5, "router_dtype": "fp32", "score_function": "sigmoid", "scoring_func": "sigmoid", "seq_aux": True,
        "sliding_window": 4096, "tie_word_embeddings": False, "topk_group": 4, "topk_method": "noaux_tc", "use_bias": False,
        "use_qk_norm": True, "use_qkv_bias": False, "use_rmsnorm": True, "use_sliding_window": False, "vocab_size": 157184,
        "moe_router_topk_scaling_factor": 2.5},
        16_255_638_528),
    "dots.llm1": (
        {"model_type": "dots1", "attention_bias": False, "first_k_dense_replace": 1, "hidden_size": 4096, "intermediate_size": 10944,
        "max_window_layers": 62, "moe_intermediate_size": 1408, "moe_layer_freq": 1, "n_group": 1, "n_routed_experts": 128,
        "n_shared_experts": 2, "norm_topk_prob": True, "num_attention_heads": 32, "num_experts_per_tok": 6, "num_hidden_layers": 62,
        "num_key_value_heads": 32, "routed_scaling_factor": 2.5, "scoring_func": "noaux_tc", "sliding_window": None,
        "tie_word_embeddings": False, "topk_group": 1, "topk_method": "noaux_tc", "use_sliding_window": False, "vocab_size": 152064},
        142_774_373_888),
    "SmolLM3-3B": (
        {"model_type": "smollm3", "attention_bias": False, "hidden_size": 2048, "intermediate_size": 11008, "layer_types":
        ["full_attention"] * 36, "max_window_layers": 28, "mlp_bias": False, "no_rope_layer_interval": 4, "no_rope_layers": [1, 1, 1, 0]
        * 9, "num_attention_heads": 16, "num_hidden_layers": 36, "num_key_value_heads": 4, "pretraining_tp": 2, "sliding_window": None,
        "use_sliding_window": False, "vocab_size": 128256},
        3_075_098_624),
    "LFM2-1.2B": (
        {"model_type": "lfm2", "block_auto_adjust_ff_dim": True, "block_dim": 2048, "block_ff_dim": 12288, "block_ffn_dim_multiplier":
        1.0, "block_mlp_init_scale": 1.0, "block_multiple_of": 256, "block_norm_eps": 1e-05, "block_out_init_scale": 1.0,
        "block_use_swiglu": True, "block_use_xavier_init": True, "conv_L_cache": 3, "conv_bias": False, "conv_dim": 2048,
        "conv_dim_out": 2048, "conv_use_xavier_init": True, "full_attn_idxs": [2, 5, 8, 10, 12, 14], "hidden_size": 2048, "norm_eps":
        1e-05, "num_attention_heads": 32, "num_heads": 32, "num_hidden_layers": 16, "num_key_value_heads": 8, "use_pos_enc": True,
        "vocab_size": 65536},
        1_170_340_608),
    "LFM2-8B-A1B": (
        {"model_type": "lfm2_moe", "conv_L_cache": 3, "conv_bias": False, "hidden_size": 2048, "intermediate_size": 7168, "layer_types":
        ["conv", "conv", "full_attention", "conv", "conv", "conv", "full_attention", "conv", "conv", "conv", "full_attention", "conv",
        "conv", "conv", "full_attention", "conv", "conv", "conv", "full_attention", "conv", "conv", "full_attention", "conv", "conv"],
        "moe_intermediate_size": 1792, "norm_eps": 1e-05, "norm_topk_prob": True, "num_attention_heads": 32, "num_dense_layers": 2,
        "num_experts": 32, "num_experts_per_tok": 4, "num_hidden_layers": 24, "num_key_value_heads": 8, "routed_scaling_factor": 1.0,
        "use_expert_bias": True, "vocab_size": 65536, "tie_embedding": True},
        8_339_929_856),
    "Zamba2-1.2B": (
        {"model_type": "zamba2", "adapter_rank": 128, "add_bias_linear": False, "attention_head_dim": 128, "attention_hidden_size":
        4096, "chunk_size": 256, "ffn_hidden_size": 8192, "hidden_size": 2048, "hybrid_layer_ids": [5, 11, 17, 23, 29, 35],
        "intermediate_size": 8192, "kv_channels": 64, "layers_block_type": ["mamba", "mamba", "mamba", "mamba", "mamba", "hybrid",
        "mamba", "mamba", "mamba", "mamba", "mamba", "hybrid", "mamba", "mamba", "mamba", "mamba", "mamba", "hybrid", "mamba", "mamba",
        "mamba", "mamba", "mamba", "hybrid", "mamba", "mamba", "mamba", "mamba", "mamba", "hybrid", "mamba", "mamba", "mamba", "mamba",
        "mamba", "hybrid", "mamba", "mamba"], "mamba_d_conv": 4, "mamba_d_state": 128, "mamba_expand": 2, "mamba_headdim": 64,
        "mamba_ngroups": 1, "n_mamba_heads": 64, "num_attention_heads": 32, "num_hidden_layers": 38, "num_key_value_heads": 32,
        "num_logits_to_keep": 1, "num_mem_blocks": 1, "num_query_groups": 32, "time_step_floor": 0.0001, "time_step_limit": None,
        "time_step_max": 0.1, "time_step_min": 0.001, "use_conv_bias": True, "use_long_context": False, "use_mem_rope": True,
        "use_shared_attention_adapter": True, "use_shared_mlp_adapter": True, "vocab_size": 32000, "use_mamba_kernels": True},
        1_215_064_704),
    "recurrentgemma-2b": (
        {"model_type": "recurrent_gemma", "attention_bias": False, "attention_window_size": 2048, "block_types": ["recurrent",
        "recurrent", "attention"], "conv1d_width": 4, "embeddings_scale_by_sqrt_dim": True, "final_w_init_variance_scale": 0.0769,
        "head_dim": 256, "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 2560, "intermediate_size": 15360, "logits_soft_cap":
        30.0, "lru_width": 2560, "num_attention_heads": 10, "num_hidden_layers": 26, "num_key_value_heads": 1, "partial_rotary_factor":
        0.5, "vocab_size": 256000, "w_init_variance_scale": 0.01},
        2_682_862_080),
    "bitnet-b1.58-2B-4T": (
        {"model_type": "bitnet", "hidden_size": 2560, "intermediate_size": 6912, "num_attention_heads": 20, "num_hidden_layers": 30,
        "num_key_value_heads": 5, "tie_word_embeddings": True, "vocab_size": 128256, "quantization_config": {"quant_method": "bitnet",
        "linear_class": "autobitlinear", "quantization_mode": "offline"}},
        2_412_820_480),
    "jetmoe-8b": (
        {"model_type": "jetmoe", "activation_function": "silu", "bias": True, "ffn_hidden_size": 5632, "glu": True, "hidden_size": 2048,
        "kv_channels": 128, "length_penalty": 1.0, "moe_num_experts": 8, "moe_top_k": 2, "n_head": 16, "n_layer": 24, "n_positions":
        4096, "num_key_value_heads": 16, "num_layers": 24, "rotary_percent": 1.0, "tie_word_embeddings": True, "vocab_size": 32000,
        "moe_type": "moe"},
        8_522_237_952),
    "xLSTM-7b": (
        {"model_type": "xlstm", "add_embedding_dropout": False, "add_forward_backend_padding": False, "add_out_norm": True,
        "add_post_blocks_norm": True, "add_post_norm": False, "add_qk_norm": False, "autocast_kernel_dtype": "bfloat16",
        "cell_norm_eps": 1e-06, "chunk_size": 64, "chunkwise_kernel": "x", "embedding_dim": 4096, "eps": 1e-06, "ffn_proj_factor":
        2.667, "ffn_round_up_to_multiple_of": 64, "force_bos_token_insert": True, "forget_gate_bias_init_range": [3.0, 6.0],
        "gate_soft_cap": 15.0, "head_dim": 512, "hidden_size": 4096, "igate_bias_init_range": -10.0, "inference_state_dtype": "float32",
        "max_inference_chunksize": 16384, "mlstm_round_up_to_multiple_of": 64, "mode": "inference", "norm_eps": 1e-06,
        "norm_reduction_force_float32": True, "num_blocks": 32, "num_heads": 8, "num_hidden_layers": 32, "output_init_fn": "wang",
        "output_logit_soft_cap": 30.0, "qk_dim_factor": 0.5, "return_last_states": True, "sequence_kernel": "x", "step_kernel": "y",
        "tie_word_embeddings": False, "use_bias": False, "v_dim_factor": 1.0, "vocab_size": 50304, "weight_mode": "single"},
        6_865_424_896),
    "stablelm-2-1_6b": (
        {"model_type": "stablelm", "hidden_dropout": 0.0, "hidden_size": 2048, "intermediate_size": 5632, "num_attention_heads": 32,
        "num_hidden_layers": 24, "num_key_value_heads": 32, "partial_rotary_factor": 0.25, "qk_layernorm": False, "tie_word_embeddings":
        False, "use_parallel_residual": False, "use_qkv_bias": True, "vocab_size": 100352},
        1_644_515_328),
    "dbrx": (
        {"model_type": "dbrx", "attn_config": {"clip_qkv": 8, "kv_n_heads": 8, "model_type": "", "rope_theta": 500000}, "d_model": 6144,
        "emb_pdrop": 0.0, "ffn_config": {"ffn_hidden_size": 10752, "model_type": "", "moe_jitter_eps": 0.0, "moe_loss_weight": 0.05,
        "moe_num_experts": 16, "moe_top_k": 4}, "max_seq_len": 32768, "n_heads": 48, "n_layers": 40, "output_router_logits": False,
        "resid_pdrop": 0.0, "tie_word_embeddings": False, "vocab_size": 100352},
        131_596_523_520),
}
# fmt: on
