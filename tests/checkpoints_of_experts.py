"""More published checkpoints with all their keys and numbers, of kinds of layers that few have; the source is that of ``checkpoints``."""

from checkpoints import FP8, R1, Checkpoint, blocks, mla

#: Layers with states: of every four three, and the last has none.
_KDA = [i for i in range(1, 93) if i % 4]
_MXFP4 = {
    "config_groups": {
        "group_0": {
            "format": "mxfp4-pack-quantized", "input_activations": None, "output_activations": None, "targets": ["Linear"],
            "weights": {
                "actorder": None, "block_structure": None, "dynamic": False, "group_size": 32, "num_bits": 4, "observer": "minmax",
                "observer_kwargs": {}, "scale_dtype": "torch.uint8", "strategy": "group", "symmetric": True, "type": "float",
                "zp_dtype": None,
            },
        }
    },
    "format": "mxfp4-pack-quantized", "global_compression_ratio": None, "kv_cache_scheme": None, "quant_method": "compressed-tensors",
    "quantization_status": "compressed",
    "ignore": ["re:.*self_attn.*", "re:.*shared_experts.*", "re:.*mlp\\.(gate|up|gate_up|down)_proj.*", "re:.*lm_head.*",
               "re:.*vision_tower.*", "re:.*mm_projector.*"],
}  # fmt: skip
_EXPERTS_K3 = 92 * 896 * 3 * 3584 * 3072

CHECKPOINTS = {
    "DeepSeek-V3.2": Checkpoint(  # a layer that drafts with an embedding and an unembedding of its own
        {key: value for key, value in R1.items() if key not in ("aux_loss_alpha", "pretraining_tp", "seq_aux")}
        | {"architectures": ["DeepseekV32ForCausalLM"], "index_head_dim": 128, "index_n_heads": 64, "index_topk": 2048,
           "model_type": "deepseek_v32", "quantization_config": FP8 | {"scale_fmt": "ue8m0"}, "transformers_version": "4.44.2"},
        685_396_921_376,
        more=2 * 129280 * 7168 + 256
        + blocks(*mla(62, 7168, 128, (1536, 512), (128, 64, 128)), (62, 128, 7168), (62, 8192, 1536), (9, 18432, 7168),
                 (59 * 257 * 3, 2048, 7168))),
    "Kimi-Linear-48B-A3B-Instruct": Checkpoint(
        {"architectures": ["KimiLinearForCausalLM"], "bos_token_id": 163584, "dtype": "bfloat16", "eos_token_id": 163586,
         "first_k_dense_replace": 1, "head_dim": 72, "hidden_act": "silu", "hidden_size": 2304, "initializer_range": 0.02,
         "intermediate_size": 9216, "kv_lora_rank": 512,
         "linear_attn_config": {
             "full_attn_layers": [4, 8, 12, 16, 20, 24, 27], "head_dim": 128, "num_heads": 32, "short_conv_kernel_size": 4,
             "kda_layers": [i for i in range(1, 27) if i % 4]},
         "mla_use_nope": True, "model_max_length": 1048576, "model_type": "kimi_linear", "moe_intermediate_size": 1024,
         "moe_layer_freq": 1, "moe_renormalize": True, "moe_router_activation_func": "sigmoid", "num_attention_heads": 32,
         "num_expert_group": 1, "num_experts": 256, "num_experts_per_token": 8, "num_hidden_layers": 27, "num_key_value_heads": 32,
         "num_nextn_predict_layers": 0, "num_shared_experts": 1, "pad_token_id": 163839, "q_lora_rank": None, "qk_nope_head_dim": 128,
         "qk_rope_head_dim": 64, "rms_norm_eps": 1e-05, "rope_scaling": None, "rope_theta": 10000.0, "routed_scaling_factor": 2.446,
         "tie_word_embeddings": False, "topk_group": 1, "transformers_version": "4.57.1", "use_cache": True, "use_grouped_topk": True,
         "v_head_dim": 128, "vocab_size": 163840},
        49_122_681_728, gib=91.50),
    "MiniMax-M3": Checkpoint(  # layers that draft, says the file, in two numbers; none is stored
        {"architectures": ["MiniMaxM3SparseForConditionalGeneration"], "model_type": "minimax_m3_vl",
         "text_config": {
             "hidden_size": 6144, "intermediate_size": 3072, "num_hidden_layers": 60, "num_attention_heads": 64, "num_key_value_heads": 4,
             "head_dim": 128, "vocab_size": 200064, "max_position_embeddings": 1048576, "rms_norm_eps": 1e-06, "use_gemma_norm": True,
             "attention_output_gate": False, "rope_theta": 5000000, "rotary_dim": 64, "partial_rotary_factor": 0.5,
             "hidden_act": "swigluoai", "use_qk_norm": True, "tie_word_embeddings": False, "dense_intermediate_size": 12288,
             "shared_intermediate_size": 3072, "num_local_experts": 128, "num_experts_per_tok": 4, "n_shared_experts": 1,
             "scoring_func": "sigmoid", "use_routing_bias": True, "moe_layer_freq": [0, 0, 0, *[1] * 57], "qk_norm_type": "per_head",
             "num_mtp_modules": 7, "num_nextn_predict_layers": 1, "swiglu_alpha": 1.702, "swiglu_limit": 7.0,
             "routed_scaling_factor": 2.0,
             "sparse_attention_config": {
                 "use_sparse_attention": True, "sparse_index_dim": 128, "sparse_num_index_heads": 4, "sparse_topk_blocks": 16,
                 "sparse_block_size": 128, "sparse_disable_index_value": [0, 0, 0, *[1] * 57], "sparse_score_type": "max",
                 "sparse_init_block": 0, "sparse_local_block": 1, "sparse_attention_freq": [0, 0, 0, *[1] * 57]},
             "architectures": ["MiniMaxM3SparseForCausalLM"]},
         "vision_config": {
             "hidden_size": 1280, "num_attention_heads": 16, "num_hidden_layers": 32, "intermediate_size": 5120, "patch_size": 14,
             "image_size": 2016, "projection_dim": 6144, "position_embedding_type": "rope", "rope_mode": "3d", "rope_theta": 10000.0,
             "attention_dropout": 0.0, "hidden_act": "gelu", "initializer_factor": 1.0, "initializer_range": 0.02, "layer_norm_eps": 1e-05,
             "model_type": "clip_vision_model", "num_channels": 3, "vocab_size": 32000, "vision_segment_max_frames": 4,
             "img_token_compression_config": {
                 "image_token_compression_method": "patch_merge", "spatial_merge_size": 2, "temporal_patch_size": 2}},
         "img_token_compression_config": {
             "image_token_compression_method": "patch_merge", "spatial_merge_size": 2, "temporal_patch_size": 2},
         "image_grid_pinpoints": "[(336, 336), (336, 672)]", "image_seq_length": 576, "image_token_index": 200025,
         "video_token_index": 200026, "multimodal_projector_bias": True, "num_reward_heads": 0, "process_image_mode": "dynamic_res",
         "projector_hidden_act": "gelu", "vision_feature_layer": -1, "vision_feature_select_strategy": "full", "torch_dtype": "bfloat16",
         "transformers_version": "4.52.4", "projector_hidden_size": 6144},
        427_040_140_160),
    "Kimi-K3": Checkpoint(
        {"architectures": ["KimiK3ForConditionalGeneration"], "bos_token_id": 163584, "dtype": "bfloat16", "eos_token_id": 163586,
         "ignore_index": -100, "image_placeholder": "<|kimi_image_placeholder|>", "media_placeholder_token_id": 163605,
         "model_type": "kimi_k3", "pad_token_id": 163839,
         "text_config": {
             "activation_situ_beta": 4.0, "activation_situ_linear_beta": 25.0, "architectures": ["KimiLinearForCausalLM"],
             "attn_res_block_size": 12, "do_sample": False, "dtype": "bfloat16", "first_k_dense_replace": 1, "hidden_act": "situ",
             "hidden_size": 7168, "initializer_range": 0.02, "intermediate_size": 33792, "kv_lora_rank": 512, "latent_moe_use_norm": True,
             "linear_attn_config": {
                 "full_attn_layers": [*range(4, 93, 4), 93], "gate_lower_bound": -5.0, "head_dim": 128, "kda_layers": _KDA,
                 "num_heads": 96, "short_conv_kernel_size": 4, "use_full_rank_gate": True},
             "max_position_embeddings": 1048576, "mla_use_nope": True, "mla_use_output_gate": True, "model_type": "kimi_linear",
             "moe_intermediate_size": 3072, "moe_layer_freq": 1, "moe_renormalize": True, "moe_router_activation_func": "sigmoid",
             "num_attention_heads": 96, "num_beam_groups": 1, "num_expert_group": 1, "num_experts": 896, "num_experts_per_token": 16,
             "num_hidden_layers": 93, "num_key_value_heads": 96, "num_nextn_predict_layers": 0, "num_shared_experts": 2,
             "q_lora_rank": 1536, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "quantization_config": _MXFP4, "rms_norm_eps": 1e-05,
             "routed_expert_hidden_size": 3584, "routed_scaling_factor": 1.0, "tie_word_embeddings": False, "top_k": 50,
             "topk_group": 1, "topk_method": "noaux_tc", "use_cache": True, "use_grouped_topk": True, "v_head_dim": 128,
             "vocab_size": 163840},
         "tie_word_embeddings": False,
         "vision_config": {
             "activation_func": "gelu_pytorch_tanh", "attn_bias": False, "init_pos_emb_height": 64, "init_pos_emb_time": 4,
             "init_pos_emb_width": 64, "linear_bias": False, "merge_kernel_size": [2, 2], "merge_type": "sd2_tpool", "mlp_type": "mlp2",
             "mm_hidden_size": 1024, "mm_projector_type": "patchmergerv2", "norm_type": "rmsnorm", "patch_embed_proj_bias": False,
             "patch_size": 14, "qkv_hidden_size": 1536, "text_hidden_size": 7168, "vt_hidden_size": 1024, "vt_intermediate_size": 4096,
             "vt_num_attention_heads": 12, "vt_num_hidden_layers": 27}},
        1_503_647_073_024, more=_EXPERTS_K3 // 2 - _EXPERTS_K3 + _EXPERTS_K3 // 32),
}  # fmt: skip
