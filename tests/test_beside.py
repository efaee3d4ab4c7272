"""What a checkpoint holds beside its language model is counted to the last parameter, shown, and in no total."""

import json

import pytest
from click.testing import CliRunner
from configurations import PUBLISHED

from symroof import llm
from symroof.cli import cli
from symroof.sheets.checkpoint import imported

#: Towers of published models (config.json on huggingface.co, November 2026) and of classes of transformers 5.24.0 with the values that they
#: have by default; both counted tensor by tensor.
QWEN = {"depth": 27, "hidden_size": 1152, "in_channels": 3, "intermediate_size": 4304, "num_position_embeddings": 2304, "patch_size": 16}
QWEN |= {"spatial_merge_size": 2, "temporal_patch_size": 2}
KIMI = {"init_pos_emb_height": 64, "init_pos_emb_width": 64, "merge_kernel_size": [2, 2], "patch_size": 14, "vt_hidden_size": 1152}
KIMI |= {"vt_intermediate_size": 4304, "vt_num_hidden_layers": 27}
MOONVIT = {"init_pos_emb_height": 64, "init_pos_emb_width": 64, "merge_kernel_size": [2, 2], "patch_size": 14, "hidden_size": 1152}
MOONVIT |= {"intermediate_size": 4304, "num_hidden_layers": 27}
GEMMA4 = {"head_dim": 72, "hidden_size": 1152, "intermediate_size": 4304, "num_attention_heads": 16, "num_hidden_layers": 27}
GEMMA4 |= {"num_key_value_heads": 16, "patch_size": 16, "position_embedding_size": 10240}
MINIMAX = {"hidden_size": 1280, "intermediate_size": 5120, "num_hidden_layers": 32, "patch_size": 14, "temporal_patch_size": 2}
SIGLIP = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "image_size": 224, "patch_size": 16}
PIXTRAL = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "image_size": 1540, "patch_size": 14}
LLAMA4 = {"hidden_size": 1408, "intermediate_size": 5632, "num_hidden_layers": 34, "image_size": 336, "patch_size": 14}
LLAMA4 |= {"projector_input_dim": 4096, "projector_output_dim": 4096, "vision_output_dim": 4096}
LLAMA = PUBLISHED["meta-llama/Meta-Llama-3.1-8B"].config
M2 = PUBLISHED["MiniMaxAI/MiniMax-M2.5"].config


def _around(class_of: str, name: str) -> dict:
    """A published model under the class of a tower."""
    config = PUBLISHED[name].config
    return {"model_type": class_of, "text_config": config.get("text_config", config)}


TOWERS = {
    "Qwen3-VL-8B": (
        _around("qwen3_vl", "Qwen/Qwen3-VL-8B-Instruct") | {"vision_config": QWEN | {"deepstack_visual_indexes": [8, 16, 24]}},
        576_388_336,
    ),
    "Qwen3.5-27B": (_around("qwen3_5", "Qwen/Qwen3.5-27B") | {"vision_config": QWEN | {"out_hidden_size": 5120}}, 460_730_096),
    "Qwen3.5-35B-A3B": (_around("qwen3_5_moe", "Qwen/Qwen3.5-35B-A3B") | {"vision_config": QWEN}, 446_571_248),
    "Kimi-K2.5": (_around("kimi_k25", "moonshotai/Kimi-K2.5") | {"vision_config": KIMI}, 471_143_920),
    # the page of moonshotai/Kimi-VL-A3B-Instruct counts 16,407,657,776: these, the language model and 3,392 numbers of tables
    "Kimi-VL": ({"model_type": "kimi_vl", "text_config": LLAMA | {"hidden_size": 2048}, "vision_config": MOONVIT}, 447_545_840),
    "Granite Vision": (
        {
            "model_type": "llava_next",
            "text_config": LLAMA | {"hidden_size": 2048, "model_type": "granite"},
            "vision_feature_layer": [-24, -20, -12, -1],
            "vision_config": {
                **{"model_type": "siglip_vision_model", "hidden_size": 1152, "image_size": 384, "intermediate_size": 4304},
                **{"num_hidden_layers": 27, "patch_size": 14},
            },
        },
        441_863_232,
    ),
    "Gemma-4-31B": (_around("gemma4", "nvidia/Gemma-4-31B-IT-NVFP4") | {"vision_config": GEMMA4}, 575_741_232),
    "MiniMax-M3": (
        {
            "model_type": "minimax_m3_vl",
            "projector_hidden_size": 6144,
            "text_config": M2 | {"model_type": "minimax_m3", "hidden_size": 6144},
            "vision_config": MINIMAX | {"spatial_merge_size": 2},
        },
        865_567_232,
    ),
    "Mistral 3": (
        {
            "model_type": "mistral3",
            "spatial_merge_size": 2,
            "text_config": LLAMA | {"hidden_size": 5120, "head_dim": 128, "model_type": "mistral"},
            "vision_config": PIXTRAL,
        },
        438_958_080,
    ),
    "Llama 4": (_around("llama4", "meta-llama/Llama-4-Scout-17B-16E-Instruct") | {"vision_config": LLAMA4}, 871_932_416),
    "Gemma 3 27B": (  # what the page of google/gemma-3-27b-pt counts beside the language model
        {
            "model_type": "gemma3",
            "text_config": LLAMA | {"hidden_size": 5376, "model_type": "gemma3_text"},
            "vision_config": {
                **{"hidden_size": 1152, "image_size": 896, "intermediate_size": 4304, "num_hidden_layers": 27},
                **{"patch_size": 14, "vision_use_head": False},
            },
        },
        423_060_336,
    ),
    "Gemma 3": (
        {"model_type": "gemma3", "text_config": LLAMA | {"hidden_size": 2304, "model_type": "gemma3_text"}, "vision_config": SIGLIP},
        94_654_464,
    ),
}
#: The layer of arXiv:2412.19437 and, of the same reference, GLM 4.5 with 8 layers.
GLM = {
    **{
        "model_type": "glm4_moe",
        "vocab_size": 151552,
        "hidden_size": 4096,
        "intermediate_size": 10944,
        "num_hidden_layers": 8,
        "head_dim": 128,
    },
    **{"num_attention_heads": 96, "num_key_value_heads": 8, "moe_intermediate_size": 1408, "num_experts_per_tok": 8, "n_shared_experts": 1},
    **{"n_routed_experts": 128, "first_k_dense_replace": 1, "head_dim": 128, "num_nextn_predict_layers": 1},
}
DRAFTS = {"DeepSeek-V3": (PUBLISHED["deepseek-ai/DeepSeek-V3"].config, 11_610_067_968), "GLM 4.5": (GLM, 2_375_045_120)}


def _written(folder, config) -> str:
    (folder / "config.json").write_text(json.dumps(config))
    return str(folder)


@pytest.mark.parametrize("name", TOWERS)
def test_a_vision_tower_is_counted_apart(name, tmp_path):
    config, parameters = TOWERS[name]
    path = _written(tmp_path, config)
    m, plain = llm(path), llm(_written(tmp_path, {key: value for key, value in config.items() if key != "vision_config"}))
    assert int(m.beside["vision"]) == parameters
    assert m.beside["vision"].parameters.at(m.beside["vision"]).number == parameters
    assert m.values == plain.values and "vision" not in plain.beside


@pytest.mark.parametrize("name", DRAFTS)
def test_layers_that_draft_are_counted_apart(name, tmp_path):
    config, parameters = DRAFTS[name]
    m = llm(_written(tmp_path, config))
    drafts = m.beside["multi-token prediction"]
    assert int(drafts) == parameters
    assert drafts.parameters.free_symbols <= {*m.values, *drafts.values}  # in the letters of the model
    twice = llm(_written(tmp_path, config | {"num_nextn_predict_layers": 2}))
    assert int(twice.beside["multi-token prediction"]) == 2 * parameters
    none = llm(_written(tmp_path, config | {"num_nextn_predict_layers": 0}))
    assert not none.beside and none.values == m.values == twice.values


def test_drafts_of_step_are_dense_and_have_an_unembedding_each(tmp_path):
    """By hand, and in 16 bits with the embedding as large as what was taken out of the checkpoint (5.92 GB): a window, a gate a head."""
    config = PUBLISHED["stepfun-ai/Step-3.7-Flash"].config
    other = {"num_attention_heads": 96, "num_key_value_heads": 8}
    told = config | {"layer_types": [*config["layer_types"], *["sliding_attention"] * 3], "attention_other_setting": other}
    width, words, inner, heads = 4096, 128896, 11264, 96
    attention = 2 * heads * 128 * width + 2 * 8 * 128 * width + 2 * 128 + heads * width
    each = 2 * width**2 + attention + 3 * width * inner + 5 * width + words * width
    assert int(llm(_written(tmp_path, told)).beside["multi-token prediction"]) == 3 * each
    assert 2 * (3 * each + words * width) == pytest.approx(5.92e9, rel=2e-3)
    mixed = told | {"layer_types": [*config["layer_types"], "sliding_attention", "full_attention", "sliding_attention"]}
    for silent in (config, mixed):  # which says nothing of them, or two things
        assert not llm(_written(tmp_path, silent)).beside


def test_drafts_of_a_pattern_have_what_it_says(tmp_path):
    """Two norms, a matrix [2 D, D] and a norm, 2 D^2 + 3 D with D = 2688; with attention and experts between as in the model."""
    nano = PUBLISHED["nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16"].config
    m = llm(_written(tmp_path, nano | {"num_nextn_predict_layers": 1, "mtp_hybrid_override_pattern": "*E"}))
    attention = 2688 * 128 * (32 + 2 * 2) + 32 * 128 * 2688 + 2688
    experts = 2688 * 128 + 128 * 2 * 2688 * 1856 + 2 * 2688 * 3712 + 2688
    assert int(m.beside["multi-token prediction"]) == 2 * 2688**2 + 3 * 2688 + attention + experts


def test_what_is_not_known_of_a_tower_is_left_out_and_the_model_read(tmp_path):
    config, _ = TOWERS["Qwen3.5-27B"]
    for tower in ({}, {"depth": 27}, QWEN | {"out_hidden_size": 17}, QWEN | {"depth": "many"}):
        assert "vision" not in llm(_written(tmp_path, config | {"vision_config": tower})).beside
    assert "vision" not in llm(_written(tmp_path, config | {"model_type": "qwen3_vl_text", "vision_config": 5})).beside


def test_it_is_shown_and_imported(tmp_path):
    config, parameters = TOWERS["Qwen3.5-27B"]
    path = _written(tmp_path, config)
    (tmp_path / "mine.toml").write_text(imported(path))
    for where in (path, str(tmp_path / "mine.toml")):
        shown = CliRunner().invoke(cli, ["show", where])
        assert shown.exit_code == 0 and f"vision {parameters:,} parameters" in shown.output
        record = json.loads(CliRunner().invoke(cli, ["show", where, "--json"]).output)
        assert record["beside"] == {"multi-token prediction": 424_699_392, "vision": parameters}
