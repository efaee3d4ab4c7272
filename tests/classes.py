"""Classes with attention and an MLP in every layer: how many parameters the reference implementation has.

Source: the classes of transformers 5.24.0 with the values that they have by default, or with those that are written here, built without
memory and counted tensor by tensor (November 2026). Keys that a class has the same by default are left out.
"""

from typing import Any

# fmt: off
CLASSES: dict[str, tuple[dict[str, Any], int]] = {
    "apertus": (
        {"vocab_size": 131072, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
        "model_type": "apertus"},
        6_979_596_352),
    "apertus, bias": (
        {"vocab_size": 131072, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 8, "num_attention_heads": 32,
        "attention_bias": True, "model_type": "apertus"},
        2_550_339_600),
    "arcee": (
        {"vocab_size": 32000, "hidden_size": 2560, "intermediate_size": 18432, "num_hidden_layers": 32, "num_attention_heads": 32,
        "model_type": "arcee"},
        4_022_766_080),
    "bloom": (
        {"vocab_size": 250880, "hidden_size": 64, "n_layer": 2, "n_head": 8, "model_type": "bloom"},
        16_156_544),
    "codegen": (
        {"vocab_size": 50400, "n_embd": 4096, "n_layer": 28, "n_head": 16, "model_type": "codegen"},
        6_050_882_784),
    "cohere": (
        {"vocab_size": 256000, "hidden_size": 8192, "intermediate_size": 22528, "num_hidden_layers": 40, "num_attention_heads": 64,
        "model_type": "cohere"},
        34_980_831_232),
    "cohere, norms of heads": (
        {"vocab_size": 256000, "hidden_size": 8192, "intermediate_size": 22528, "num_hidden_layers": 8, "num_attention_heads": 64,
        "use_qk_norm": True, "model_type": "cohere"},
        8_674_025_472),
    "cohere2": (
        {"vocab_size": 256000, "hidden_size": 8192, "intermediate_size": 22528, "num_hidden_layers": 40, "num_attention_heads": 64,
        "model_type": "cohere2"},
        34_980_831_232),
    "cwm": (
        {"vocab_size": 128256, "hidden_size": 6144, "intermediate_size": 21504, "num_hidden_layers": 64, "num_attention_heads": 48,
        "num_key_value_heads": 8, "sliding_window": 8192, "model_type": "cwm"},
        32_581_097_472),
    "ernie4_5": (
        {"vocab_size": 103424, "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 18, "num_attention_heads": 16,
        "num_key_value_heads": 2, "model_type": "ernie4_5"},
        360_748_032),
    "exaone4": (
        {"vocab_size": 102400, "hidden_size": 4096, "intermediate_size": 16384, "num_hidden_layers": 32, "num_attention_heads": 32,
        "model_type": "exaone4"},
        9_429_069_824),
    "falcon": (
        {"vocab_size": 65024, "hidden_size": 4544, "num_hidden_layers": 32, "num_attention_heads": 71, "model_type": "falcon"},
        6_921_720_704),
    "falcon, KV heads in groups": (
        {"vocab_size": 65024, "hidden_size": 4096, "num_hidden_layers": 8, "num_attention_heads": 64, "num_kv_heads": 8,
        "new_decoder_architecture": True, "model_type": "falcon"},
        1_642_209_280),
    "falcon, all heads": (
        {"vocab_size": 65024, "hidden_size": 4544, "num_hidden_layers": 8, "num_attention_heads": 71, "multi_query": False, "model_type":
        "falcon"},
        2_277_752_704),
    "falcon, biases": (
        {"vocab_size": 65024, "hidden_size": 4544, "num_hidden_layers": 8, "num_attention_heads": 71, "bias": True, "model_type":
        "falcon"},
        1_952_294_272),
    "falcon, one after the other": (
        {"vocab_size": 65024, "hidden_size": 4544, "num_hidden_layers": 8, "num_attention_heads": 71, "parallel_attn": False,
        "model_type": "falcon"},
        1_952_111_488),
    "gemma": (
        {"vocab_size": 256000, "hidden_size": 3072, "intermediate_size": 24576, "num_hidden_layers": 28, "num_attention_heads": 16,
        "model_type": "gemma"},
        8_537_680_896),
    "gemma2": (
        {"vocab_size": 256000, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26, "num_attention_heads": 8,
        "num_key_value_heads": 4, "sliding_window": 4096, "model_type": "gemma2"},
        2_614_341_888),
    "gemma3": (
        {"text_config": {"hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26, "model_type": "gemma3_text"},
        "model_type": "gemma3"},
        2_628_658_432),
    "gemma3_text": (
        {"hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26, "model_type": "gemma3_text"},
        2_628_658_432),
    "gemma3n_text": (
        {"vocab_size": 262400, "hidden_size": 2048, "intermediate_size": [16384] * 35, "num_hidden_layers": 35, "num_attention_heads": 8,
        "num_key_value_heads": 2, "model_type": "gemma3n_text"},
        6_835_235_568),
    "gemma4_text": (
        {"vocab_size": 262144, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 30, "num_attention_heads": 8,
        "num_key_value_heads": 4, "sliding_window": 512, "hidden_size_per_layer_input": 256, "model_type": "gemma4_text"},
        5_077_177_856),
    "gemma4_text, other layers": (
        {"vocab_size": 262144, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 12, "num_attention_heads": 8,
        "num_key_value_heads": 4, "sliding_window": 512, "attention_k_eq_v": True, "hidden_size_per_layer_input": 0, "model_type":
        "gemma4_text", "per_layer_config": {"05": {"head_dim": 512, "num_key_value_heads": 2}, "11": {"head_dim": 512,
        "num_key_value_heads": 2}}},
        1_552_536_832),
    "glm": (
        {"vocab_size": 151552, "hidden_size": 4096, "intermediate_size": 13696, "num_hidden_layers": 40, "num_attention_heads": 32,
        "num_key_value_heads": 2, "model_type": "glm"},
        9_399_951_360),
    "glm4": (
        {"vocab_size": 151552, "hidden_size": 4096, "intermediate_size": 13696, "num_hidden_layers": 40, "num_attention_heads": 32,
        "num_key_value_heads": 2, "model_type": "glm4"},
        9_400_279_040),
    "gpt2": (
        {"vocab_size": 50257, "n_positions": 1024, "n_embd": 768, "n_layer": 12, "n_head": 12, "model_type": "gpt2"},
        124_439_808),
    "gpt_bigcode": (
        {"vocab_size": 50257, "n_positions": 1024, "n_embd": 768, "n_layer": 12, "n_head": 12, "model_type": "gpt_bigcode"},
        111_446_784),
    "gpt_bigcode, all heads": (
        {"vocab_size": 50257, "n_positions": 1024, "n_embd": 768, "n_layer": 8, "n_head": 12, "multi_query": False, "model_type":
        "gpt_bigcode"},
        96_088_320),
    "gpt_neo": (
        {"vocab_size": 50257, "max_position_embeddings": 2048, "hidden_size": 2048, "num_layers": 24, "num_heads": 16, "model_type":
        "gpt_neo"},
        1_315_575_808),
    "gpt_neox": (
        {"vocab_size": 50432, "hidden_size": 6144, "num_hidden_layers": 44, "num_attention_heads": 64, "intermediate_size": 24576,
        "model_type": "gpt_neox"},
        20_554_567_680),
    "gpt_neox, no bias": (
        {"vocab_size": 50432, "hidden_size": 6144, "num_hidden_layers": 8, "num_attention_heads": 64, "intermediate_size": 24576,
        "attention_bias": False, "model_type": "gpt_neox"},
        4_244_041_728),
    "gptj": (
        {"vocab_size": 50400, "n_embd": 4096, "n_layer": 28, "n_head": 16, "model_type": "gptj"},
        6_050_882_784),
    "granite": (
        {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
        "model_type": "granite"},
        6_738_415_616),
    "helium": (
        {"vocab_size": 48000, "hidden_size": 2560, "intermediate_size": 7040, "num_hidden_layers": 24, "num_attention_heads": 20,
        "model_type": "helium"},
        2_172_643_840),
    "hunyuan_v1_dense": (
        {"vocab_size": 290943, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 8, "num_attention_heads": 32,
        "model_type": "hunyuan_v1_dense"},
        4_002_478_080),
    "hyperclovax": (
        {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
        "use_post_norm": True, "model_type": "hyperclovax"},
        6_738_677_760),
    "hyperclovax, one norm": (
        {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 8, "num_attention_heads": 32,
        "use_post_norm": False, "model_type": "hyperclovax"},
        1_881_214_976),
    "llama": (
        {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
        "model_type": "llama"},
        6_738_415_616),
    "mamba2": (
        {"num_heads": 128, "head_dim": 64, "vocab_size": 32768, "hidden_size": 4096, "num_hidden_layers": 64, "model_type": "mamba2"},
        7_285_403_648),
    "ministral": (
        {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 8, "num_attention_heads": 32,
        "num_key_value_heads": 8, "sliding_window": 4096, "model_type": "ministral"},
        2_007_044_096),
    "ministral3": (
        {"vocab_size": 131072, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 34, "num_attention_heads": 32,
        "num_key_value_heads": 8, "model_type": "ministral3"},
        8_489_553_920),
    "mistral": (
        {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "model_type": "mistral"},
        7_241_732_096),
    "mpt": (
        {"d_model": 2048, "n_heads": 16, "n_layers": 24, "vocab_size": 50368, "model_type": "mpt"},
        1_311_213_568),
    "nanochat": (
        {"vocab_size": 50304, "hidden_size": 768, "intermediate_size": 8192, "num_hidden_layers": 12, "num_attention_heads": 6,
        "model_type": "nanochat"},
        256_573_440),
    "olmo": (
        {"vocab_size": 50304, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
        "model_type": "olmo"},
        6_888_095_744),
    "olmo2": (
        {"vocab_size": 50304, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
        "model_type": "olmo2"},
        6_888_624_128),
    "olmo3": (
        {"vocab_size": 50304, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
        "model_type": "olmo3"},
        6_888_624_128),
    "opt": (
        {"vocab_size": 50272, "hidden_size": 768, "num_hidden_layers": 12, "ffn_dim": 3072, "max_position_embeddings": 2048,
        "num_attention_heads": 12, "model_type": "opt"},
        125_239_296),
    "opt, no biases": (
        {"vocab_size": 50272, "hidden_size": 768, "num_hidden_layers": 6, "ffn_dim": 3072, "max_position_embeddings": 2048,
        "num_attention_heads": 12, "enable_bias": False, "model_type": "opt"},
        82_670_592),
    "opt, norms behind": (
        {"vocab_size": 50272, "hidden_size": 768, "num_hidden_layers": 6, "ffn_dim": 3072, "max_position_embeddings": 2048,
        "do_layer_norm_before": False, "num_attention_heads": 12, "model_type": "opt"},
        82_710_528),
    "persimmon": (
        {"vocab_size": 262144, "hidden_size": 4096, "intermediate_size": 16384, "num_hidden_layers": 36, "num_attention_heads": 64,
        "model_type": "persimmon"},
        9_397_175_296),
    "persimmon, no norms of heads": (
        {"vocab_size": 262144, "hidden_size": 4096, "intermediate_size": 16384, "num_hidden_layers": 8, "num_attention_heads": 64,
        "qk_layernorm": False, "model_type": "persimmon"},
        3_758_530_560),
    "phi": (
        {"vocab_size": 51200, "hidden_size": 2048, "num_hidden_layers": 24, "num_attention_heads": 32, "model_type": "phi"},
        1_418_270_720),
    "phi, norms of heads": (
        {"vocab_size": 51200, "hidden_size": 2048, "num_hidden_layers": 8, "num_attention_heads": 32, "qk_layernorm": True, "model_type":
        "phi"},
        612_605_952),
    "phi3": (
        {"vocab_size": 32064, "hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 32, "num_attention_heads": 32,
        "model_type": "phi3"},
        3_821_079_552),
    "qwen2": (
        {"vocab_size": 151936, "hidden_size": 4096, "intermediate_size": 22016, "num_hidden_layers": 32, "num_attention_heads": 32,
        "model_type": "qwen2"},
        12_049_846_272),
    "qwen3": (
        {"vocab_size": 151936, "hidden_size": 4096, "intermediate_size": 22016, "num_hidden_layers": 32, "num_attention_heads": 32,
        "model_type": "qwen3"},
        12_049_461_248),
    "seed_oss": (
        {"vocab_size": 155136, "hidden_size": 4096, "intermediate_size": 27648, "num_hidden_layers": 64, "num_attention_heads": 80,
        "num_key_value_heads": 8, "model_type": "seed_oss"},
        28_921_040_896),
    "smollm3": (
        {"vocab_size": 128256, "hidden_size": 2048, "intermediate_size": 11008, "num_hidden_layers": 36, "num_attention_heads": 16,
        "num_key_value_heads": 4, "model_type": "smollm3"},
        3_075_098_624),
    "stablelm": (
        {"vocab_size": 50304, "intermediate_size": 6912, "hidden_size": 2560, "num_hidden_layers": 32, "num_attention_heads": 32,
        "model_type": "stablelm"},
        2_795_443_200),
    "stablelm, norms of heads": (
        {"vocab_size": 50304, "intermediate_size": 6912, "hidden_size": 2560, "num_hidden_layers": 8, "num_attention_heads": 32,
        "qk_layernorm": True, "model_type": "stablelm"},
        892_072_960),
    "stablelm, parallel": (
        {"vocab_size": 50304, "intermediate_size": 6912, "hidden_size": 2560, "num_hidden_layers": 8, "num_attention_heads": 32,
        "use_parallel_residual": True, "model_type": "stablelm"},
        891_991_040),
    "starcoder2": (
        {"vocab_size": 49152, "hidden_size": 3072, "intermediate_size": 12288, "num_hidden_layers": 30, "num_attention_heads": 24,
        "num_key_value_heads": 2, "model_type": "starcoder2"},
        3_030_371_328),
    "vaultgemma": (
        {"vocab_size": 256000, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26, "num_attention_heads": 8,
        "num_key_value_heads": 4, "sliding_window": 4096, "model_type": "vaultgemma"},
        2_614_222_080),
    "youtu": (
        {"vocab_size": 128256, "hidden_size": 2048, "intermediate_size": 6144, "num_hidden_layers": 32, "num_attention_heads": 16,
        "q_lora_rank": 1536, "model_type": "youtu"},
        1_961_560_064),
}
# fmt: on
