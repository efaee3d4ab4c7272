"""How a ``config.json`` spells what a model is: a row for every meaning, with its keys in the order in which they are looked for.

A key that no row and no rule reads, and that does not stand in ``IGNORED``, is not understood: a reader says so and stops.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KEYS: Mapping[str, tuple[str, ...]] = {
    # -- sizes
    "D": ("hidden_size", "n_embd", "n_embed", "d_model", "model_dim", "embedding_dim"),
    "L": ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "num_blocks"),
    "V": ("vocab_size", "padded_vocab_size"),
    "N": ("num_attention_heads", "n_head", "n_heads", "num_heads", "attention_heads"),
    "K": ("num_key_value_heads", "num_attention_groups", "num_kv_heads", "n_head_kv", "multi_query_group_num"),
    "H": ("head_dim", "attention_head_dim", "kv_channels"),
    "H_v": ("v_head_dim",),
    "F": ("intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size", "dff", "block_ff_dim"),
    "positions": ("n_positions", "max_position_embeddings"),
    # -- attention
    "window": ("sliding_window", "sliding_window_size", "window_size", "attention_window_size"),
    "use_window": ("use_sliding_window",),
    "window_from": ("max_window_layers",),
    "window_every": ("sliding_window_pattern", "_sliding_window_pattern", "global_attn_every_n_layers"),
    "chunk": ("attention_chunk_size",),
    "attention_bias": ("attention_bias", "qkv_bias", "use_qkv_bias", "add_qkv_bias"),
    "bias": ("use_bias", "bias", "enable_bias"),
    "mlp_bias": ("mlp_bias",),
    "head_bias": ("lm_head_bias",),
    "qk_norm": ("use_qk_norm", "qk_layernorm"),
    "output_gate": ("attn_output_gate",),
    # -- window layers with heads of their own
    "N_win": ("swa_num_attention_heads", "num_sliding_attention_heads"),
    "K_win": ("swa_num_key_value_heads",),
    "H_win": ("swa_head_dim",),
    "H_v_win": ("swa_v_head_dim",),
    "sinks_win": ("add_swa_attention_sink_bias",),
    "sinks_full": ("add_full_attention_sink_bias",),
    "K_global": ("num_global_key_value_heads",),
    "H_global": ("global_head_dim",),
    "k_eq_v": ("attention_k_eq_v",),
    "shared_kv": ("num_kv_shared_layers",),
    "double_wide": ("use_double_wide_mlp",),
    # -- latent attention and indexers
    "R_q": ("q_lora_rank",),
    "R_kv": ("kv_lora_rank",),
    "H_nope": ("qk_nope_head_dim",),
    "H_rope": ("qk_rope_head_dim",),
    "latent_gate": ("mla_use_output_gate",),
    "N_ix": ("index_n_heads", "sparse_num_index_heads"),
    "H_ix": ("index_head_dim", "sparse_index_dim"),
    "top": ("index_topk",),
    "block": ("sparse_block_size", "index_block_size"),
    "blocks": ("sparse_topk_blocks", "index_topk_blocks"),
    # -- compressed attention and streams
    "G_o": ("o_groups",),
    "R_o": ("o_lora_rank",),
    "n_res": ("hc_mult", "altup_num_inputs"),
    "R_lau": ("laurel_rank",),
    "residuals": ("attn_res_block_size",),
    # -- experts
    "E": ("n_routed_experts", "num_experts", "num_local_experts", "moe_num_experts"),
    "k": ("num_experts_per_tok", "num_experts_per_token", "experts_per_token", "top_k_experts", "moe_top_k", "moe_topk", "moe_k"),
    "F_expert": ("moe_intermediate_size", "expert_ffn_hidden_size"),
    "n_shared": ("n_shared_experts", "num_shared_experts", "moe_num_shared_experts", "num_shared_expert"),
    "F_shared": (
        "moe_shared_expert_intermediate_size",
        "shared_expert_intermediate_size",
        "shared_intermediate_size",
        "share_expert_dim",
        "share_expert_dims",
    ),
    "F_dense": ("dense_intermediate_size", "intermediate_size_mlp", "prefix_dense_intermediate_size"),
    "latent": ("moe_latent_size", "routed_expert_hidden_size"),
    "latent_norm": ("latent_moe_use_norm",),
    "dense_first": ("first_k_dense_replace", "num_dense_layers"),
    "moe_step": ("decoder_sparse_step", "interleave_moe_layer_step"),
    "dense_only": ("mlp_only_layers",),
    "moe_block": ("enable_moe_block",),
    # -- states
    "N_kl": ("linear_num_key_heads",),
    "N_vl": ("linear_num_value_heads",),
    "H_kl": ("linear_key_head_dim",),
    "H_vl": ("linear_value_head_dim",),
    "w_conv": ("linear_conv_kernel_dim", "conv_kernel", "mamba_d_conv", "short_conv_kernel_size", "conv_L_cache", "conv1d_width"),
    "N_ssm": ("mamba_num_heads", "mamba_n_heads", "n_mamba_heads"),
    "H_ssm": ("mamba_head_dim", "mamba_d_head", "mamba_headdim"),
    "G_ssm": ("n_groups", "mamba_n_groups", "mamba_ngroups"),
    "D_st": ("ssm_state_size", "state_size", "mamba_d_state"),
    "ssm_chunk": ("chunk_size", "mamba_chunk_size"),
    "conv_bias": ("use_conv_bias", "mamba_conv_bias", "conv_bias"),
    "ssm_bias": ("mamba_proj_bias",),
    "expand": ("mamba_expand", "expand"),
    "R_dt": ("mamba_dt_rank", "time_step_rank"),
    "block_size": ("block_size",),
    # -- embeddings and what stands beside the model
    "state_dtype": ("mamba_ssm_dtype", "mamba_ssm_cache_dtype"),
    "expert_dtype": ("expert_dtype",),
    "tied": ("tie_word_embeddings", "tie_embeddings", "tie_embedding"),
    "D_emb": ("word_embed_proj_dim",),
    "D_ple": ("hidden_size_per_layer_input",),
    "V_ple": ("vocab_size_per_layer_input",),
    "drafts": ("num_nextn_predict_layers", "num_mtp_modules", "mtp_num_hidden_layers", "num_mtp_layers"),
}

#: Keys that matter only where another is on.
ASLEEP: Mapping[str, str] = {
    "max_window_layers": "use_sliding_window",
    "sliding_window": "use_sliding_window",
    "vocab_size_per_layer_input": "hidden_size_per_layer_input",
    "attention_chunk_size": "no_rope_layers",
    "laurel_rank": "altup_num_inputs",
    "cla_share_factor": "use_cla",
}
#: Where that part of a file stands that thinks, where others speak.
THINKER = "thinker_config"
#: Where the language model of a file with several towers stands.
TOWERS = ("text_config", "llm_config", "language_config")
#: Keys that describe other towers: their parameters are counted apart, or not at all.
OTHER_TOWERS = ("vision_config", "audio_config", "projector_config", "talker_config", "code2wav_config")

#: Keys that change neither what is stored nor what is computed, by the reason why.
_IGNORED: Mapping[str, str] = {
    "names, versions, and how a file is loaded": (
        "_name_or_path architectures auto_map transformers_version model_type tokenizer_class torch_dtype dtype torchscript "
        "finetuning_task task_specific_params problem_type id2label label2id use_bfloat16 tf_legacy_loss attn_implementation "
        "_attn_implementation _attn_implementation_autoset gradient_checkpointing use_cache return_dict is_decoder "
        "is_encoder_decoder cross_attention_hidden_size tie_encoder_decoder pruned_heads "
        "chunk_size_feed_forward output_attentions output_hidden_states output_scores return_dict_in_generate unsloth_version "
        "_commit_hash language processor_class _from_model_config tokenizer_name verbose output_past "
        "transformers.js_config is_llama_config unsloth_fixed _attn_implementation_internal use_sdpa use_flash_attention license "
        "tokenizer_model_max_length neftune_noise_alpha pipeline_tag "
        "use_flash_attn onnx_safe bf16 fp16 fp32 softmax_in_fp32 use_cache_quantization use_cache_kernel pad_sequence_to_multiple_of_64"
    ),
    "token ids, and defaults of generation": (
        "bos_token_id eos_token_id pad_token_id sep_token_id decoder_start_token_id image_token_id image_token_index "
        "video_token_id vision_start_token_id vision_end_token_id audio_token_id boi_token_id eoi_token_id boa_token_id "
        "eoa_token_id eoa_token_index media_placeholder_token_id bad_words_ids begin_suppress_tokens suppress_tokens "
        "forced_bos_token_id forced_eos_token_id do_sample early_stopping length_penalty repetition_penalty temperature top_k "
        "top_p typical_p num_beams num_beam_groups num_return_sequences max_length min_length no_repeat_ngram_size "
        "encoder_no_repeat_ngram_size diversity_penalty exponential_decay_length_penalty remove_invalid_values prefix "
        "num_logits_to_keep ignore_index"
    ),
    "positions that are turned, not learned": (
        "rope_theta rope_scaling rope_parameters rope_local_base_freq rope_interleave partial_rotary_factor rotary_dim rotary_pct "
        "rotary_emb_base rotary rope_type mrope_section use_mrope swa_rope_theta compress_rope_theta mla_use_nope "
        "initial_context_length max_position_embeddings original_max_position_embeddings position_embedding_type alibi rope_ratio "
        "rope rope_interleaved rope_pct rotary_emb no_rope_layer_interval attn_rotary_emb max_sequence_length seq_length max_seq_len "
        "yarn_only_types n_ctx use_rotary_pos_emb offset_alibi original_rope use_dynamic_ntk use_logn_attn max_tokenizer_truncation "
        "layer_rope_theta rotary_percent theta use_pos_enc"
    ),
    "norms' epsilons, activations, dropout, initial values, scales: numbers that are used, not stored": (
        "rms_norm_eps layer_norm_eps layer_norm_epsilon layernorm_epsilon norm_eps norm_epsilon hidden_act hidden_activation "
        "activation_function activation afn mamba_hidden_act mlp_hidden_act swiglu_limit swiglu_alpha activation_situ_beta "
        "activation_situ_linear_beta attention_dropout hidden_dropout attn_pdrop embd_pdrop resid_pdrop residual_dropout "
        "embedding_dropout summary_first_dropout hidden_dropout_prob attention_probs_dropout_prob classifier_dropout dropout "
        "resid_dropout attn_dropout initializer_range initializer_factor init_std logit_scale logits_scaling attention_multiplier "
        "embedding_multiplier residual_multiplier final_logit_softcapping attn_logit_softcapping query_pre_attn_scalar "
        "attention_value_scale attn_scale attn_temperature_tuning floor_scale rescale_prenorm_residual residual_in_fp32 "
        "scale_attn_weights scale_attn_by_inverse_layer_idx reorder_and_upcast_attn time_step_min time_step_max time_step_floor "
        "time_step_limit time_step_init_scheme time_step_scale rescale_layer ssm_multipliers mlp_multipliers key_multiplier "
        "lm_head_multiplier attention_in_multiplier attention_out_multiplier ssm_in_multiplier ssm_out_multiplier hc_eps "
        "hc_sinkhorn_iters use_gemma_norm output_gate_type activation_sparsity_pattern altup_active_idx altup_coef_clip "
        "altup_correct_scale mixer_rms_eps hidden_size_global embedding_initializer_range embed_dropout mamba_norm_before_gate "
        "linear_a_log_min linear_a_log_max linear_dt_min linear_dt_max linear_dt_init_floor linear_allow_neg_eigval mup_enabled "
        "emb_pdrop embedding_fraction init_device norm_type key_multiplier slow_but_exact scale_embedding layerdrop activation_dropout "
        "lambda_std_dev w_init_variance_scale final_w_init_variance_scale logits_soft_cap gate_soft_cap output_logit_soft_cap eps "
        "hidden_mamba_act block_mlp_init_scale block_out_init_scale block_norm_eps block_use_xavier_init conv_use_xavier_init "
        "norm_reduction_force_float32 attn_dropout_prob emb_dropout_prob output_dropout embedding_dropout_prob init_method init_config "
        "output_init_fn forget_gate_bias_init_range igate_bias_init_range add_embedding_dropout cell_norm_eps embeddings_scale_by_sqrt_dim "
        "layernorm_full_attention_alpha layernorm_full_attention_beta layernorm_linear_attention_alpha layernorm_linear_attention_beta "
        "layernorm_mlp_alpha layernorm_mlp_beta attn_output_multiplier embedding_multiplier_scale output_multiplier_scale max_attn_value "
        "norm_before_gate apply_query_key_layer_scaling clip_qkv"
    ),
    "how experts are chosen and trained, which changes nothing on average": (
        "norm_topk_prob routed_scaling_factor scoring_func topk_method topk_group n_group num_expert_group use_grouped_topk "
        "router_aux_loss_coef aux_loss_alpha seq_aux router_jitter_noise output_router_logits moe_renormalize "
        "moe_router_activation_func moe_router_scaling_factor moe_router_dtype moe_router_enable_expert_bias use_moe_router_bias "
        "use_routing_bias expert_intermediate_size ep_size moe_shared_expert_overlap num_hash_layers "
        "index_share_for_mtp_iteration indexer_rope_interleave router_z_loss_coef moe_aux_loss_coeff moe_norm_topk_prob "
        "input_jitter_noise moe_norm_min route_scale router_scaling_factor enable_moe_fp32_combine expert_selection_fn "
        "shared_expert_combination_strategy load_balance_coeff moe_jitter_eps moe_loss_weight moe_normalize_expert_weights "
        "index_local_blocks z_loss_coefficient aux_loss_coef moe_capacity moe_gate moe_use_aux_free moe_eval_capacity_factor "
        "moe_train_capacity_factor moe_min_capacity moe_token_dropping enable_expert_tensor_parallelism score_function router_dtype "
        "moe_router_topk_scaling_factor moe_drop_tokens moe_random_routing_dropped_token group_limited_greedy norm_head norm_softmax "
        "shared_moe_mode"
    ),
    "what other keys say already, or what belongs to what is not counted": (
        "attention_softmax_in_fp32 scale_attention_softmax_in_fp32 use_associative_scan use_mambapy "
        "full_attn_alpha_factor full_attn_beta_factor linear_attn_alpha_factor linear_attn_beta_factor "
        "mlp_alpha_factor mlp_beta_factor model_max_length "
        "qk_head_dim attention_output_gate mtp_transformer_layers mtp_use_dedicated_embeddings use_mtp pretraining_tp "
        "use_mamba_kernels use_bidirectional_attention mtp_hybrid_override_pattern mtp_layers_block_type use_parallel_embedding "
        "summary_type summary_use_proj summary_activation summary_proj_to_labels cache_implementation tie_last_hidden_states "
        "is_moe is_hybrid multi_modal_projector_bias num_image_tokens projection_dim vision_soft_tokens_per_image vision_feature_layer "
        "vision_feature_select_strategy mm_tokens_per_image projector_hidden_act spatial_merge_size image_size video_processor "
        "preprocessor_config vocab_size_nextn autocast_kernel_dtype chunkwise_kernel sequence_kernel step_kernel mode "
        "return_last_states use_mem_eff_path inference_runner validate_runner_input runner_max_sequence_length max_batch_size "
        "pad_key_length pre_allocate_kv_cache masked_softmax_fusion bias_dropout_fusion skip_bias_add skip_bias_add_qkv "
        "fp32_residual_connection full_attn_mod interpolate_factor fused_add_norm ssm_cfg pad_vocab_size_multiple add_classification_head "
        "class_num pool_type skip_cls_token anyres_pooling_size eod_token_id pad_id im_start_id im_end_id text_start_id text_end_id "
        "org_vocab_size dense_list force_bos_token_insert add_forward_backend_padding max_inference_chunksize inference_state_dtype "
        "mlp_expansion_factor"
    ),
}
_HOLDS = (
    "rmsnorm rms_norm use_rmsnorm post_layer_norm postnorm multi_query_attention mamba_use_mlp use_gated_activation use_parallel_block "
    "use_embedding_sharing add_post_blocks_norm use_mixed_mlp_moe use_shared_mlp_adapter no_bias qk_norm"
)
_HOLDS_NOT = (
    "use_cla use_mla add_bias_linear apply_residual_connection_post_layernorm add_post_norm add_qk_norm attention_out_bias post_norm "
    "use_alibi"
)
#: Keys that are understood at some values alone: what holds in every class that has them.
ONLY: Mapping[str, tuple[Any, ...]] = {
    **dict.fromkeys(_HOLDS.split(), (True,)),
    **dict.fromkeys(_HOLDS_NOT.split(), (False,)),
    "mlp_type": ("default",),
    "normalization_function": ("rmsnorm",),
    "order_of_interleaved_layers": ("local_attn_first",),
    "mlstm_round_up_to_multiple_of": (64,),
    "zero_expert_type": ("identity",),
}
IGNORED: frozenset[str] = frozenset(word for words in _IGNORED.values() for word in words.split())


def towers(file: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The language model of a file, and what stands around it: the file, or the part of it that thinks."""
    inner = file.get(THINKER)
    around = inner if isinstance(inner, Mapping) else file
    return next((around[key] for key in TOWERS if isinstance(around.get(key), Mapping)), around), around
