"""config.json: what published files say is counted to the last parameter, and what is not understood is one sentence."""

import json
import os
import re
from copy import deepcopy
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import sympy as sp
from classes import CLASSES
from classes_of_experts import CLASSES_OF_EXPERTS
from click.testing import CliRunner
from configurations import PUBLISHED
from files import FILES
from hypothesis import given, settings
from hypothesis import strategies as st
from other_classes import OTHER_CLASSES
from second_opinion import some

from symroof import Llm, SymroofError, llm
from symroof.cli import cli
from symroof.errors import SheetError
from symroof.sheets.checkpoint import imported
from symroof.sheets.config import understood
from symroof.sheets.quantized import quantized
from symroof.sheets.spellings import IGNORED, TOWERS
from symroof.symbols import S, p_conv, p_kv, p_st
from symroof.transformer.build import stack
from symroof.transformer.layers import KINDS

MODELS = Path(__file__).resolve().parent.parent / "models"
LLAMA = PUBLISHED["meta-llama/Meta-Llama-3.1-8B"].config
MIXTRAL = PUBLISHED["mistralai/Mixtral-8x7B-v0.1"].config
BYTES = {p_kv: 2, p_st: 4, p_conv: 2}


def written(folder: Any, config: Any) -> str:
    """The path of a configuration as a file."""
    (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    return str(folder / "config.json")


def numbers(m: Llm) -> dict[str, Any]:
    """What a model stores, computes and keeps; the cache of windows from a context far beyond them."""
    at = lambda cost: cost.expr.subs(m.stack.values).subs(BYTES)  # noqa: E731
    kept, state, each = at(m.stack.sequence(S)), at(m.stack.state), at(m.stack.cache)
    return {
        "parameters": at(m.stack.parameters),
        "active": at(m.stack.active),
        "buffers": at(m.stack.buffers),
        "cache": each,
        "windows": sp.expand(kept.subs(S, 10**7) - each * 10**7 - state),
        "state": state,
    }


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_configurations_are_counted_to_the_last_parameter(name, tmp_path):
    of = PUBLISHED[name]
    wanted = {"parameters": of.parameters, "active": of.active, "buffers": of.buffers, "cache": of.cache}
    wanted |= {"windows": of.windowed * of.window, "state": of.state}
    path = written(tmp_path, of.config)
    assert numbers(llm(path)) == wanted
    (tmp_path / "mine.toml").write_text(imported(path))
    assert numbers(llm(str(tmp_path / "mine.toml"))) == wanted


REFERENCES = CLASSES | CLASSES_OF_EXPERTS | OTHER_CLASSES


@pytest.mark.parametrize("name", REFERENCES)
def test_every_class_stores_what_its_reference_does(name, tmp_path):
    config, parameters = REFERENCES[name]
    path = written(tmp_path, config)
    counted = numbers(llm(path))
    assert counted["parameters"] == parameters
    (tmp_path / "mine.toml").write_text(imported(path))
    assert numbers(llm(str(tmp_path / "mine.toml"))) == counted


@pytest.mark.parametrize("name", FILES)
def test_published_files_are_read_with_all_their_keys(name, tmp_path):
    config, parameters = FILES[name]
    path = written(tmp_path, config)
    counted = numbers(llm(path))
    assert counted["parameters"] == parameters
    (tmp_path / "mine.toml").write_text(imported(path))
    assert numbers(llm(str(tmp_path / "mine.toml"))) == counted


# -- no key is passed over
def _others(value: Any) -> list[Any]:
    """Values that are not this one."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, float):
        return [value * 2]
    if isinstance(value, int):
        return [value * 2, value + 1] if value else [1]
    if isinstance(value, str):
        return [value[:-1] + ("M" if value[-1:] != "M" else "E"), "nonsense"]
    if isinstance(value, list):
        return [[*value[:-1], other] for other in _others(value[-1])] + [value[: len(value) // 2]] if value else [[1]]
    return [value | {key: other} for key, inner in value.items() for other in _others(inner)] if value else []


#: Keys that change nothing in these very files, and why.
SILENT = {
    **dict.fromkeys(("num_nextn_predict_layers", "num_mtp_modules", "mtp_num_hidden_layers"), "counted beside the model"),
    **dict.fromkeys(("mamba_ssm_dtype", "mamba_ssm_cache_dtype"), "a format"),
    "expert_dtype": "a format",
    "use_sliding_window": "the window begins behind the last layer",
    "max_window_layers": "no layer has a window",
}
_LATENT = {"num_key_value_heads": "all heads share one cache", "head_dim": "heads have a size with and one without position"}
#: Of a class of model.
SILENT_IN = {
    "qwen3_moe": {"intermediate_size": "no layer is dense", "use_qk_norm": "by class"},
    "minimax_m2": {"use_qk_norm": "by class", "qk_norm_type": "by class"},
    "qwen3_5_moe_text": {"full_attention_interval": "layer_types says it"},
    "qwen3_5_text": {"full_attention_interval": "layer_types says it"},
    "llama4_text": {"use_qk_norm": "a norm without weights", "intermediate_size_mlp": "no layer is dense"},
    "gemma4_text": {"use_double_wide_mlp": "no layer shares keys and values"},
    "step3p7": {"n_shared_experts": "share_expert_dim is the width of all"},
    "nemotron_h": {
        "mlp_hidden_act": "an activation",
        "expand": "heads say how wide states are",
        "time_step_rank": "of another class",
        "intermediate_size": "no layer is dense",
    },
    "deepseek_v3": _LATENT,
    "kimi_k2": _LATENT,
    "deepseek_v32": _LATENT,
    "glm_moe_dsa": _LATENT,
    "deepseek_v4": {"num_key_value_heads": "one", "qk_rope_head_dim": "a part of the head", "compress_ratios": "the last is a draft's"},
}


def _keys() -> list[tuple[str, str]]:
    found = []
    for name, of in PUBLISHED.items():
        tower = next((of.config[t] for t in TOWERS if t in of.config), of.config)
        found += [(name, key) for key in tower]
    return found


@pytest.mark.parametrize(("name", "key"), _keys())
def test_a_key_that_is_changed_changes_the_model_or_is_known_to_change_nothing_or_is_refused(name, key):
    config = PUBLISHED[name].config
    tower = next((t for t in TOWERS if t in config), None)
    of = config[tower] if tower else config
    usual, silent = understood(config), SILENT | SILENT_IN.get(of.get("model_type", ""), {})
    for other in _others(of[key]):
        changed = deepcopy(config)
        (changed[tower] if tower else changed)[key] = other
        try:
            alike = understood(changed) == usual
        except SymroofError:
            continue
        assert not alike or key in silent, (key, other)


def test_what_is_known_to_change_nothing_changes_nothing():
    plain = understood(LLAMA)
    for key in IGNORED - {"model_type"}:
        assert understood(LLAMA | {key: 12345}) == plain, key


#: What means nothing in the place of a size, a flag, a word, a list or a table.
NONSENSE: list[Any] = [
    None, True, False, 0, -1, 1, 3, 64, 2**40, 10**30, -(2**70), 0.5, float("nan"), float("inf"), "", "x", "4096", "auto",
    [], [1], [[1]], [None], [{}], ["full_attention"], ["full_attention", "sliding_attention"] * 3, {}, {"a": 1},
]  # fmt: skip
CONFIGS = [config for config, _ in (REFERENCES | FILES).values()] + [of.config for of in PUBLISHED.values()]


def _spots(table: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a file, tables and lists inside it included."""
    inner = table.items() if isinstance(table, dict) else enumerate(table) if isinstance(table, list) else ()
    return [spot for key, value in inner for spot in [(*path, key), *(_spots(value, (*path, key)) if len(path) < 3 else [])]]


def _put(config: Any, path: tuple[Any, ...], value: Any, gone: bool) -> None:
    *above, last = path
    for key in above:
        config = config[key]
    if gone:
        del config[last]
    else:
        config[last] = deepcopy(value)


@settings(max_examples=some(400), deadline=None)
@given(st.sampled_from(CONFIGS), st.data())
def test_whatever_stands_in_a_file_it_is_read_or_refused_in_one_sentence(usual, data):
    """Keys that are gone, and nonsense in their place, two at once: never another error."""
    config = deepcopy(usual)
    for _ in range(data.draw(st.integers(1, 2))):
        spots = _spots(config)
        if spots:
            _put(config, data.draw(st.sampled_from(spots)), data.draw(st.sampled_from(NONSENSE)), data.draw(st.booleans()))
    try:
        of = understood(config)
        stack("model", of.width, of.groups, of.around)
        quantized(config, None, of.width, of.layers, of.around)
    except SymroofError as refused:
        assert "\n" not in str(refused) and len(str(refused)) < 400


@settings(max_examples=some(300), deadline=None)
@given(st.sampled_from([config for config, _ in OTHER_CLASSES.values()]), st.data())
def test_a_key_that_is_gone_or_another_makes_another_model_of_what_has_no_other_keys(usual, data):
    """These have no key whose absence means the same: without one, or with another number, the model is another or refused."""
    key = data.draw(st.sampled_from([key for key in usual if key != "model_type"]))
    others = [value for value in _others(usual[key]) if not isinstance(value, float)]
    changed = {k: v for k, v in usual.items() if k != key}
    if others and data.draw(st.booleans()):
        changed[key] = data.draw(st.sampled_from(others))
    try:
        alike = understood(changed) == understood(usual)
    except SymroofError:
        return
    assert not alike or (usual["model_type"], key) in ALIKE, key


#: Of these the result is rounded up, so that another number can be the same.
ALIKE = {("xlstm", "hidden_size"), ("lfm2", "intermediate_size"), ("recurrent_gemma", "intermediate_size")}


# -- what is not understood is one sentence
V3 = PUBLISHED["deepseek-ai/DeepSeek-V3"].config
GEMMA = PUBLISHED["nvidia/Gemma-4-31B-IT-NVFP4"].config["text_config"]
NANO = PUBLISHED["nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16"].config
SUPER = PUBLISHED["nvidia/Llama-3_3-Nemotron-Super-49B-v1"].config
WRONG = {
    "unknown class": (LLAMA | {"model_type": "llamma"}, "model_type 'llamma' is not understood; did you mean 'llama'?"),
    "no class": ({"hidden_size": 64}, "key 'model_type' is missing"),
    "unknown tower": ({"model_type": "gemma4", "text_config": GEMMA | {"model_type": "gemma9_text"}}, "'gemma9_text' is not understood"),
    "misspelt": (LLAMA | {"num_key_value_head": 8}, "'num_key_value_head' is not understood.*did you mean 'num_key_value_heads'"),
    "unknown key": (LLAMA | {"lorem_rank": 8}, "key 'lorem_rank' is not understood, and may change"),
    "missing": ({k: v for k, v in LLAMA.items() if k != "vocab_size"}, r"key 'vocab_size' is missing \(or padded_vocab_size\); add it"),
    "null": (LLAMA | {"vocab_size": None}, r"key 'vocab_size' is missing \(or padded_vocab_size\); add it"),
    "several missing": (
        {k: v for k, v in LLAMA.items() if k not in ("vocab_size", "hidden_size", "intermediate_size")},
        "keys 'hidden_size', 'intermediate_size' and 'vocab_size' are missing; add them",
    ),
    "all missing": ({"model_type": "llama"}, "'num_hidden_layers', 'num_attention_heads', .* are missing; add them"),
    "missing by a mistake": (
        {{"vocab_size": "vocab_sizze"}.get(k, k): v for k, v in LLAMA.items()},
        "'vocab_size' is missing .*the file has 'vocab_sizze', which is none; correct it",
    ),
    "encoder": ({"model_type": "bert", "hidden_size": 768}, "model_type 'bert' is not understood"),
    "encoder and decoder": ({"model_type": "t5", "d_model": 512, "is_encoder_decoder": True}, "model_type 't5' is not understood"),
    "pictures and words": ({"model_type": "clip", "text_config": {"model_type": "clip_text_model"}}, "'clip_text_model' is not understood"),
    "diffusion": ({"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet"]}, "a diffusion pipeline, no language model"),
    "parameters of another form": ({"dim": 4096, "n_layers": 32, "vocab_size": 32000}, "a params.json; give the config.json"),
    "index of weights": ({"metadata": {}, "weight_map": {"lm_head.weight": "x"}}, "an index of weights; give the config.json"),
    "too deep": (LLAMA | {"num_hidden_layers": 10**9}, "more than 16384 layers"),
    "layers that there are not": (
        {**LLAMA, "model_type": "lfm2", "full_attn_idxs": [2, 500]},
        "'full_attn_idxs' names layer 500, and the model has 0 to 31",
    ),
    "layers by a word": (
        {**LLAMA, "model_type": "lfm2", "full_attn_idxs": ["two"]},
        r"'full_attn_idxs\[0\]' is 'two', no whole number from 0 on",
    ),
    "one layer otherwise": (
        {**LLAMA, "model_type": "hunyuan_v1_moe", "num_experts": 8, "moe_topk": [2] * 31 + [3]},
        "'moe_topk' is .*no whole number",
    ),
    "tied or not": (
        {"model_type": "gemma3", "tie_word_embeddings": False, "text_config": {**LLAMA, "tie_word_embeddings": True}},
        "is 'True' of the language model and 'False' of the file",
    ),
    "a value that no class has": (LLAMA | {"rmsnorm": False}, "key 'rmsnorm' is 'False', and only True is understood"),
    "nothing": (LLAMA | {"hidden_size": 0}, "key 'hidden_size' is '0', no whole number from 1 on"),
    "negative": (LLAMA | {"hidden_size": -4096}, "no whole number from 1 on"),
    "text": (LLAMA | {"hidden_size": "4096"}, "no whole number from 1 on"),
    "list": (LLAMA | {"hidden_size": [4096]}, "no whole number from 1 on"),
    "too large": (LLAMA | {"hidden_size": 10**30}, "no whole number from 1 on"),
    "no flag": (LLAMA | {"tie_word_embeddings": 2}, "neither true nor false"),
    "two spellings": (V3 | {"num_experts": 128}, "'n_routed_experts' and 'num_experts' say the same twice"),
    "heads and D": (LLAMA | {"num_attention_heads": 33}, "33, which does not divide hidden_size = 4096"),
    "heads": (LLAMA | {"num_key_value_heads": 5}, "5 KV heads cannot share 32 query heads"),
    "k beyond E": (MIXTRAL | {"num_experts_per_tok": 9}, "cannot use k = 9 of E = 8 experts"),
    "groups": (NANO | {"n_groups": 7}, "7 groups cannot share 64 heads"),
    "layer_types": (GEMMA | {"num_hidden_layers": 61}, "'layer_types' has 60 entries, and the model 61 layers"),
    "more layer_types": (GEMMA | {"num_hidden_layers": 59}, "'layer_types' has 60 entries, and the model 59 layers"),
    "letters": (NANO | {"num_hidden_layers": 51}, "'hybrid_override_pattern' has 52 entries, and the model 51 layers"),
    "letter": (NANO | {"hybrid_override_pattern": "MEX", "num_hidden_layers": 3}, "an entry 'X' that is not understood"),
    "entry": (GEMMA | {"layer_types": ["sliding"] * 60}, "an entry 'sliding' that is not understood"),
    "no list": (GEMMA | {"layer_types": 60}, "'layer_types' is '60', no list"),
    "blocks": (SUPER | {"block_configs": SUPER["block_configs"][:5]}, "'block_configs' has 5 entries"),
    "blocks of what": (SUPER | {"block_configs": [1] * 80}, "'block_configs' is no list of tables"),
    "frequency": (V3 | {"moe_layer_freq": [0] * 3}, "'moe_layer_freq' has 3 entries, and the model 61 layers"),
    "no window": ({"model_type": "gemma2"} | {k: v for k, v in LLAMA.items() if k != "model_type"}, "'sliding_window' is missing"),
    "shared by all": (GEMMA | {"num_kv_shared_layers": 60}, "no layer before those keeps what they share"),
    "array": ([LLAMA], "no table of keys"),
    "tower": ({"model_type": "llama", "text_config": {}}, "are missing; add them"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_not_understood_is_refused_in_one_sentence(what, tmp_path):
    config, said = WRONG[what]
    with pytest.raises(SheetError, match=said) as refused:
        llm(written(tmp_path, config))
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 400
    with pytest.raises(SheetError, match=said):
        imported(str(tmp_path / "config.json"))


UNREADABLE = {
    "empty": ("", "is not JSON"),
    "cut off": (json.dumps(LLAMA)[:-20], "is not JSON"),
    "twice": ('{"model_type": "llama", "hidden_size": 1, "hidden_size": 2}', "'hidden_size' stands there twice, with two values"),
    "deep": ("[" * 100_000 + "]" * 100_000, "nested too deep"),
    "deep tables": ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested too deep"),
    "digits": (json.dumps(LLAMA)[:-1] + ', "hidden_act": ' + "7" * 5000 + "}", "is not JSON|no whole number"),
    "not a number": (json.dumps(LLAMA).replace("4096", "NaN"), "no whole number"),
    "infinite": (json.dumps(LLAMA).replace("4096", "Infinity"), "no whole number"),
    "large": (json.dumps(LLAMA | {"id2label": {str(i): "x" * 100 for i in range(200_000)}}), "larger than 16 MiB"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_file_that_cannot_be_read_is_one_sentence(what, tmp_path):
    text, said = UNREADABLE[what]
    with pytest.raises(SheetError, match=said) as refused:
        llm(written(tmp_path, text))
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 400


def test_a_path_that_holds_no_configuration_is_one_sentence(tmp_path):
    os.mkfifo(tmp_path / "fifo.json")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for weights in ("model.gguf", "model.safetensors"):
        (tmp_path / weights).write_bytes(b"GGUF\3\0\0\0" + bytes(64))
    (tmp_path / "latin.json").write_bytes(b'{"model_type": "ll\xe4ma"}')
    for path, said in (
        (str(tmp_path), "is no file; give the path of a config.json, or of a folder that holds one"),
        (str(tmp_path / "gone.json"), "is no file"),
        (str(tmp_path / "fifo.json"), "is no file"),
        (str(tmp_path / "latin.json"), "is not JSON"),
        ("/dev/null.json", "is no file"),
        (str(tmp_path / "loop"), "is no file"),
        (str(tmp_path / "loop" / "config.json"), "is no file"),
        (str(tmp_path / "a\0b.json"), "is no file"),
        (str(tmp_path / "model.gguf"), "it holds weights; give the config.json"),
        (str(tmp_path / "model.safetensors"), "it holds weights; give the config.json"),
    ):
        with pytest.raises(SheetError, match=said):
            llm(path)


def test_a_large_file_and_one_with_a_mark_of_its_encoding_are_read(tmp_path):
    plain = numbers(llm(written(tmp_path, LLAMA)))
    assert numbers(llm(written(tmp_path, LLAMA | {"id2label": {str(i): "x" * 100 for i in range(28_000)}}))) == plain  # 3 MB
    assert numbers(llm(written(tmp_path, "\ufeff" + json.dumps(LLAMA)))) == plain
    assert numbers(llm(str(tmp_path))) == plain  # the folder that holds it
    assert llm(str(tmp_path)).name == tmp_path.name.lower().replace("_", "-")[:40]


def test_null_is_not_said():
    absent = dict.fromkeys(("head_dim", "num_key_value_heads", "attention_bias", "sliding_window", "rope_scaling", "n_routed_experts"))
    assert understood({**absent, **LLAMA}) == understood(LLAMA)


def test_the_command_line_imports_and_shows_a_configuration(tmp_path):
    path, mine = written(tmp_path, LLAMA), str(tmp_path / "mine.toml")
    assert CliRunner().invoke(cli, ["import", path, "-o", mine]).exit_code == 0
    shown = [CliRunner().invoke(cli, ["show", where]) for where in (path, str(tmp_path), mine)]
    assert [done.exit_code for done in shown] == [0, 0, 0]
    assert all("8030261248 params" in done.output for done in shown)
    refused = CliRunner().invoke(cli, ["show", written(tmp_path, LLAMA | {"lorem_rank": 8})])
    assert refused.exit_code == 2 and "lorem_rank" in refused.output and "Traceback" not in refused.output


def test_the_page_about_models_names_every_kind_with_every_field():
    """models/README.md: a row for each kind, with all its sizes and options."""
    rows = [row for row in (MODELS / "README.md").read_text("utf-8").splitlines() if row.startswith("| `")]
    for word, kind in KINDS.items():
        if kind.around and word not in ("norm", "per-layer table"):
            continue  # [model] says it
        (row,) = [row for row in rows if f"`{word}`" in row.split("|")[1]]
        lacking = {f.name for f in fields(kind)} - set(re.findall(r"`(\w+)", row)) - {"name", "norms", "layer_norm", "again", *kind.follows}
        assert not lacking, (word, lacking)
