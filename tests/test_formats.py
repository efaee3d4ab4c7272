"""Number formats: names, scales, and exact numbers of bytes; what a ``config.json`` says its tensors are stored in."""

import json
import math
import re
from fractions import Fraction

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from symroof import chip, decode, deployment, dtype, llm, memory, prefill
from symroof.algebra.symbols import M_exp, P, p_kv, p_st, p_w
from symroof.cli.main import cli
from symroof.errors import InputError, SheetError, UnknownName
from symroof.sheets.checkpoint import imported
from symroof.sheets.dtypes import Format, format_of
from symroof.sheets.modules import Patterns


def bytes_by_loops(of: Format, outputs: int, inputs: int) -> Fraction:
    """Every number, and every block that a scale stands for, one by one."""
    rows, columns = (size or side for size, side in zip(of.block, (outputs, inputs), strict=True))
    numbers = sum(of.number for _ in range(outputs) for _ in range(inputs))
    scales = sum(of.scale for _ in range(0, outputs, rows) for _ in range(0, inputs, columns))
    return numbers + scales + of.tensor


@pytest.mark.parametrize("name", ["bf16", "fp8 block", "fp8 channel", "fp8 tensor", "mxfp4", "nvfp4", "int4 group", "q8_0"])
@pytest.mark.parametrize(("outputs", "inputs"), [(128, 128), (129, 127), (64, 300), (1, 1)])
def test_bytes_of_a_matrix_are_those_of_plain_loops(name, outputs, inputs):
    assert format_of(name).of(outputs, inputs) == bytes_by_loops(format_of(name), outputs, inputs)
    assert format_of(name).of(outputs, inputs, 3) == 3 * bytes_by_loops(format_of(name), outputs, inputs)


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("mxfp4", "17/32"),  # OCP Microscaling Formats: 32 numbers of 4 bits share 8 bits
        ("nvfp4", "9/16"),  # 16 numbers of 4 bits share 8 bits
        ("fp8 block", "4097/4096"),  # arXiv:2412.19437: a 32-bit scale for 128 x 128
        ("FP8-Block", "4097/4096"),
        ("fp8 per tensor", "1"),
        ("q8_0", "17/16"),
        ("17/16 B", "17/16"),
        ("1 byte", "1"),
        (Fraction(17, 16), "17/16"),
        (2, "2"),
        ("8 bits", "1"),
    ],
)
def test_a_format_is_a_name_or_an_exact_number_of_bytes(name, width):
    assert dtype(name)[p_w] == dtype("bf16", kv=name)[p_kv] == Fraction(width)


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("fp7", UnknownName, "did you mean 'fp8'"),
        ("4", InputError, "bytes of an element with their unit"),
        ("3 GB/s", InputError, "is no number of bytes"),
        ("17 B", InputError, "at most 8"),
        ("1e999 B", InputError, "is no number format"),
        (0, InputError, "more than 0"),
        (float("nan"), InputError, "more than 0"),
        (True, UnknownName, "no number format"),
        (["int8"], UnknownName, "no number format"),
        ("9" * 5000, InputError, "is no number format"),
    ],
)
def test_what_is_no_format_is_refused_in_one_sentence(name, error, said):
    with pytest.raises(error, match=said) as refused:
        dtype(name)
    assert len(str(refused.value)) < 300


def test_no_arithmetic_is_done_in_a_format_with_scales():
    with pytest.raises(InputError, match="no arithmetic is done in nvfp4"):
        dtype("nvfp4", math="nvfp4")


def ran(*words: str) -> str:
    found = CliRunner().invoke(cli, list(words))
    assert found.exit_code == 0, found.output
    return found.output


def test_bytes_are_formats_on_the_command_line():
    once = ran("serve", "llama3-8b", "--on", "h100", "--formats", "fp8 block", "--kv", "17/16 B")
    assert "fp8 block, KV 17/16 B" in once
    assert "69.63 kB/token" in once  # 65,536 elements
    letter = ran("serve", "llama3-8b", "--on", "h100", "--formats", "bf16", "--set", "p_kv=17/16 B")
    assert "69.63 kB/token" in letter
    assert ran("formulas", "memory.kv_per_token", "--model", "llama3-8b", "--kv", "17/16 B")


def test_a_letter_wins_over_the_format_of_a_sheet():
    found = memory.kv_per_token().at(llm("llama3-8b"), dtype("bf16"), p_kv="1 byte")
    assert math.isclose(float(found), 65536)


# -- what a config.json says
LLAMA = {
    "model_type": "llama",
    "hidden_size": 192,
    "intermediate_size": 320,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 3,
    "vocab_size": 1000,
    "torch_dtype": "bfloat16",
}
EXPERTS = {
    "model_type": "qwen3_moe",
    "hidden_size": 192,
    "intermediate_size": 320,
    "moe_intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 3,
    "head_dim": 32,
    "num_experts": 8,
    "num_experts_per_tok": 2,
    "vocab_size": 1000,
}


def folder(tmp_path, config: dict, **more) -> str:
    (tmp_path / "config.json").write_text(json.dumps({**config, **{k: v for k, v in more.items() if k != "beside"}}))
    if "beside" in more:
        (tmp_path / "hf_quant_config.json").write_text(json.dumps(more["beside"]))
    return str(tmp_path)


def blocks(outputs: int, inputs: int, rows: int, columns: int) -> int:
    return len(range(0, outputs, rows)) * len(range(0, inputs, columns))


#: The matrices of a layer of LLAMA as [outputs, inputs], by hand: q, k, v, o; gate, up, down.
ATTENTION = [(192, 192), (96, 192), (96, 192), (192, 192)]
MLP = [(320, 192), (320, 192), (192, 320)]
OTHERS = 2 * 1000 * 192 + 7 * 192  # embedding, unembedding, norms: 16-bit numbers

FP8 = {"quant_method": "fp8", "weight_block_size": [128, 128]}
INT4 = {"num_bits": 4, "type": "int", "group_size": 32, "strategy": "group", "symmetric": True}


def compressed(weights: dict, **more) -> dict:
    return {"quant_method": "compressed-tensors", "config_groups": {"g": {"targets": ["Linear"], "weights": weights}}, **more}


def quantized(each, left=()) -> int:
    """Bytes of LLAMA whose matrices cost ``each``, those of ``left`` (layer, "attention" or "mlp") two bytes a number."""
    found = 2 * OTHERS
    for layer in range(3):
        for of, matrices in (("attention", ATTENTION), ("mlp", MLP)):
            for o, i in matrices:
                found += 2 * o * i if (layer, of) in left else each(o, i)
    return found


def block_fp8(o, i):
    return o * i + 4 * blocks(o, i, 128, 128)


WHERE = [
    ({}, quantized(lambda o, i: 2 * o * i)),
    ({"torch_dtype": "float32"}, 2 * quantized(lambda o, i: 2 * o * i)),
    ({"quantization_config": FP8}, quantized(block_fp8)),
    (
        {"quantization_config": {**FP8, "modules_to_not_convert": ["lm_head", "model.layers.1.self_attn", "model.layers.2.mlp.gate_proj"]}},
        quantized(block_fp8, {(1, "attention")}) + 2 * 320 * 192 - block_fp8(320, 192),
    ),
    ({"quantization_config": {"quant_method": "fp8", "activation_scheme": "static"}}, quantized(lambda o, i: o * i + 8)),
    ({"quantization_config": {"quant_method": "fbgemm_fp8", "modules_to_not_convert": ["lm_head"]}}, quantized(lambda o, i: o * i + 4 * o)),
    (
        {"quantization_config": compressed(INT4, ignore=["lm_head", "re:.*self_attn.*"], format="pack-quantized")},
        quantized(lambda o, i: o * i / 2 + 2 * blocks(o, i, 1, 32) + 16, {(0, "attention"), (1, "attention"), (2, "attention")}),
    ),
    (
        {"quantization_config": compressed({"num_bits": 8, "type": "float", "strategy": "channel"}, ignore=["lm_head"])},
        quantized(lambda o, i: o * i + 2 * o),
    ),
    (
        {"quantization_config": compressed({"num_bits": 8, "type": "int", "strategy": "tensor"})},  # the unembedding is one of all
        quantized(lambda o, i: o * i + 4) - 1000 * 192 + 4,
    ),
    (
        {"beside": {"quantization": {"quant_algo": "NVFP4", "group_size": 16, "exclude_modules": ["lm_head", "model.layers.0*"]}}},
        quantized(lambda o, i: o * i / 2 + blocks(o, i, 1, 16) + 8, {(0, "attention"), (0, "mlp")}),
    ),
    (
        {
            "beside": {
                "quantization": {
                    "quant_algo": "MIXED_PRECISION",
                    "quantized_layers": {
                        f"model.layers.{i}.mlp.{m}_proj": {"quant_algo": "FP8"} for i in range(2) for m in ("up", "gate", "down")
                    },
                }
            }
        },
        quantized(lambda o, i: o * i + 8, {(2, "mlp"), *((i, "attention") for i in range(3))}),
    ),
    (
        {"quantization_config": {"quant_method": "awq", "bits": 4, "group_size": 64, "zero_point": True}},
        quantized(lambda o, i: o * i / 2 + (2 + 0.5) * blocks(o, i, 1, 64)),
    ),
    (
        {"quantization_config": {"quant_method": "gptq", "bits": 8, "group_size": -1, "lm_head": False}},
        quantized(lambda o, i: o * i + 3 * o),
    ),
]


@pytest.mark.parametrize(("says", "size"), WHERE)
def test_bytes_of_a_config_are_those_of_its_matrices_by_hand(says, size, tmp_path):
    m = llm(folder(tmp_path, LLAMA, **says)).as_stored
    assert float(memory.weight_memory(m).at(m)) == size
    assert float(m.stack.stored().at(m)) == size


NAMES = [  # as published files spell them; what stays in 16 bits
    (["lm_head", "model.layers.*.self_attn*", "model.layers.3*"], "attention"),
    (["re:.*lm_head", "re:.*self_attn", "re:.*router", "re:.*vision_model", "re:.*multi_modal_projector"], "attention"),
    (["Llama4TextAttention", "lm_head"], "attention"),
    (["language_model.lm_head", "*self_attn*", "vision_tower*", "mtp.*"], "attention"),
    (["lm_head", "re:.*mlp\\.(gate|up|gate_up|down)_proj.*", "model.layers.0.input_layernorm"], "mlp"),
    (["lm_head", "gate_up_proj", "down_proj", "e_score_correction_bias", "model.layers.1.mlp.gate"], "mlp"),
    (["backbone.embeddings", "lm_head", "re:^model\\.layers\\.\\d+\\.mlp\\..*$", "re:model.layers.9.*"], "mlp"),
]


@pytest.mark.parametrize(("names", "left"), NAMES)
def test_modules_are_known_as_files_spell_them(names, left, tmp_path):
    m = llm(folder(tmp_path, LLAMA, quantization_config={"quant_method": "fbgemm_fp8", "modules_to_not_convert": names})).as_stored
    expected = quantized(lambda o, i: o * i + 4 * o, {(i, left) for i in range(3)})
    assert float(memory.weight_memory(m).at(m)) == expected


def test_layers_that_are_listed_one_by_one_are_read_at_once(tmp_path):
    """Every expert by its name, as a file of 6,000 modules has them."""
    of = {
        f"backbone.layers.{i}.mlp.experts.{e}.{m}_proj": {"quant_algo": "NVFP4"} for i in range(3) for e in range(8) for m in ("up", "down")
    }
    of |= {f"backbone.layers.{i}.mlp.experts.{e}.gate_proj": {"quant_algo": "FP8"} for i in range(3) for e in range(8)}
    of |= {"backbone.layers.0.self_attn.q_proj": {"quant_algo": "UNQUANTIZED"}}
    beside = {"quantization": {"quant_algo": "MIXED_PRECISION", "kv_cache_quant_algo": "FP8", "quantized_layers": of}}
    m = llm(folder(tmp_path, EXPERTS, beside=beside)).as_stored
    nvfp4, fp8 = 24 * 2 * (64 * 192 * 9 / 16 + 8), 24 * (64 * 192 + 8)
    assert float(m.stack.stored()["experts"].at(m)) == nvfp4 + fp8
    assert "KV cache fp8" in m.formats.said and "attention" in m.formats.said


def test_one_expert_of_several_is_not_understood(tmp_path):
    some = {"quant_method": "fbgemm_fp8", "modules_to_not_convert": ["model.layers.0.mlp.experts.3.up_proj"]}
    assert "are not understood" in llm(folder(tmp_path, EXPERTS, quantization_config=some)).formats.said
    every = {**some, "modules_to_not_convert": [f"model.layers.{i}.mlp.experts.{e}" for i in range(3) for e in range(8)]}
    assert "attention fp8 channel" in llm(folder(tmp_path, EXPERTS, quantization_config=every)).formats.said


def test_bytes_of_gpt_oss_are_those_of_its_index(tmp_path):
    """The total_size of model.safetensors.index.json on the page of openai/gpt-oss-20b, 2025-08."""
    says = ["model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"]
    sizes = {"hidden_size": 2880, "intermediate_size": 2880, "num_hidden_layers": 24, "num_attention_heads": 64, "num_key_value_heads": 8}
    more = {"head_dim": 64, "num_local_experts": 32, "num_experts_per_tok": 4, "vocab_size": 201088, "sliding_window": 128}
    method = {"quantization_config": {"quant_method": "mxfp4", "modules_to_not_convert": says}}
    m = llm(folder(tmp_path, {"model_type": "gpt_oss", **sizes, **more, **method})).as_stored
    assert float(memory.weight_memory(m).at(m)) == 13_761_264_768
    assert m.formats.said == "experts mxfp4; attention, embedding, unembedding, router, norm bf16; KV cache bf16"


def test_bytes_of_a_class_in_a_format_are_those_of_an_index():
    """The same of openai/gpt-oss-120b."""
    m = llm("gpt-oss-120b").in_formats("bf16", experts="mxfp4")
    assert float(memory.weight_memory(m).at(m)) == pytest.approx(65_248_815_744, rel=1e-4)


def test_what_a_step_reads_as_stored(tmp_path):
    """A router, attention and norms once, of each expert that is hit three matrices; the embedding not."""
    m = llm(folder(tmp_path, EXPERTS, quantization_config={**FP8, "modules_to_not_convert": ["lm_head", "mlp.gate"]})).as_stored
    expert = 3 * (2 * block_fp8(64, 192) + block_fp8(192, 64))
    attention = 3 * (2 * block_fp8(192, 192) + 2 * block_fp8(96, 192))
    steady = attention + 2 * (3 * (8 * 192 + 2 * 192 + 2 * 32) + 192 + 1000 * 192)
    assert float(decode.weight_time(m).at(m, E_hit=5, n=1, W_hbm=1)) == steady + 5 * expert
    assert float(deployment.weights(m).at(m, X=4, Y=1, Z=1)) == steady + 2 * 1000 * 192 + 8 * expert / 4
    assert float(prefill.weight_time(m).at(m, T=10**6, n=1, W_hbm=1)) == pytest.approx(steady + 8 * expert)
    assert float(m.stack.reads["weights"].at(m, E_hit=5)) == steady + 5 * expert


def test_letters_move_what_is_stored(tmp_path):
    m = llm(folder(tmp_path, EXPERTS, quantization_config={**FP8, "modules_to_not_convert": ["mlp.gate"]})).as_stored
    more = m.but(P=m[P] + 1000)
    assert float(memory.weight_memory(m).at(more)) - float(memory.weight_memory(m).at(m)) == pytest.approx(1000, rel=0.01)  # experts in fp8
    twice = m.but(E=16)
    router, experts = 2 * 3 * 8 * 192, 8 * float(m[M_exp])
    assert float(memory.weight_memory(m).at(twice)) - float(memory.weight_memory(m).at(m)) == pytest.approx(router + experts)


@pytest.mark.parametrize(
    ("says", "width"),
    [
        ({"quantization_config": compressed(INT4, kv_cache_scheme={"num_bits": 8, "type": "float"})}, 1),
        ({"beside": {"quantization": {"quant_algo": "FP8", "kv_cache_quant_algo": "FP8"}}}, 1),
        ({"beside": {"quantization": {"quant_algo": "NVFP4", "kv_cache_quant_algo": "NVFP4"}}}, Fraction(9, 16)),
        ({"quantization_config": FP8}, 2),
        ({}, 2),
    ],
)
def test_the_cache_is_in_the_format_of_the_file_or_in_16_bits(says, width, tmp_path):
    m = llm(folder(tmp_path, LLAMA, **says)).as_stored
    assert m[p_kv] == width
    assert float(memory.kv_per_token(m).at(m)) == 2 * 3 * 32 * 3 * width
    assert float(memory.kv_per_token(m).at(m, dtype("bf16", kv="17/16 B"))) == 2 * 3 * 32 * 3 * 17 / 16  # unless it is given


def test_states_are_in_the_format_of_the_file_whatever_the_weights_are_in(tmp_path):
    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "state_size": 16, "num_heads": 4, "head_dim": 32, "n_groups": 1, "vocab_size": 100}
    path = folder(tmp_path, {"model_type": "mamba2", **sizes, "mamba_ssm_dtype": "bfloat16"})
    assert llm(path).defaults[p_st] == llm(path).as_stored.defaults[p_st] == 2


TROUBLE = [
    ({"quant_method": "quip"}, "quant_method 'quip' is not understood"),
    ({"quant_method": "modelopt", "quant_algo": "INT2"}, "quant_algo 'INT2' is not understood"),
    ({**FP8, "modules_to_not_convert": ["model.layers.0.self_attention_block"]}, "are not understood"),
    ({**FP8, "modules_to_not_convert": "lm_head"}, "no list of names"),
    ({**FP8, "weight_block_size": 128}, "a block of '128'"),
    (compressed({"num_bits": 3, "type": "int"}), "'3' bits"),
    (compressed(INT4, ignore=["re:(a+)+$"]), "is not understood"),
    (compressed(INT4, ignore=["re:" + ".*a" * 30]), "is not understood"),
    (compressed(INT4, kv_cache_scheme={"num_bits": 3}), "a KV cache in"),
    ({**FP8, "weight_blok_size": [64, 64]}, "did you mean 'weight_block_size'"),
    ({"quant_method": "gptq", "bits": 4, "group_size": 128, "dynamic": {"-:.*down.*": {}}}, "'dynamic' of its quantization"),
    (compressed(INT4, ignore=[f"*a{i}" for i in range(1000)]), "are too many"),
    ("fp8", "no table"),
    ({"quant_method": "gptq", "bits": 5, "group_size": 128}, "'5' bits"),
]


@pytest.mark.parametrize(("table", "said"), TROUBLE)
def test_what_is_not_understood_of_formats_is_said_and_the_model_is_still_one(table, said, tmp_path):
    m = llm(folder(tmp_path, LLAMA, quantization_config=table))
    assert m.formats is not None and said in m.formats.said
    with pytest.raises(SheetError, match=r"give |leave|correct|write"):
        _ = m.as_stored
    found = CliRunner().invoke(cli, ["serve", str(tmp_path), "--on", "h100"])
    assert found.exit_code != 0 and said.split("'")[0] in found.output and "Traceback" not in found.output
    assert CliRunner().invoke(cli, ["serve", str(tmp_path), "--on", "h100", "--formats", "fp8"]).exit_code == 0


@pytest.mark.parametrize(
    "beside",
    [
        {"quantization": {"quant_algo": "NVFP4", "exclude_modules": ["lm_head"]}},
        {"quantization": {"quant_algo": "FP8_PB_WO", "exclude_modules": ["lm_head", "*self_attn*"]}},
        {"quantization": {"quant_algo": "FP8_PB_WO", "exclude_modules": ["lm_head"], "kv_cache_quant_algo": "FP8"}},
    ],
)
def test_two_files_that_contradict_each_other_are_refused(beside, tmp_path):
    with pytest.raises(SheetError, match="contradict each other"):
        llm(folder(tmp_path, LLAMA, quantization_config=FP8, beside=beside))


def test_two_files_that_agree_are_one(tmp_path):
    beside = {"quantization": {"quant_algo": "FP8_PB_WO", "exclude_modules": ["lm_head"]}}
    assert llm(folder(tmp_path, LLAMA, quantization_config=FP8, beside=beside)).formats.said.startswith("mlp, attention fp8 block")


@pytest.mark.parametrize(("says", "size"), WHERE)
def test_an_imported_file_stores_the_same(says, size, tmp_path):
    path = folder(tmp_path, LLAMA, **says)
    (tmp_path / "mine.toml").write_text(imported(path))
    mine, m = llm(str(tmp_path / "mine.toml")).as_stored, llm(path).as_stored
    assert float(memory.weight_memory(mine).at(mine)) == size
    assert mine.defaults == m.defaults
    times = [float(decode.bound(x).at(x, chip("h100"), B=3, S=100, n=1)) for x in (mine, m)]
    assert times[0] == times[1]


def test_formats_by_class_in_python_and_on_the_command_line():
    m = llm("gpt-oss-120b").in_formats("bf16", experts="mxfp4")
    wide = ran("serve", "gpt-oss-120b", "--on", "h100", "--formats", "bf16; experts=mxfp4", "--kv", "fp8")
    assert f"{float(memory.weight_memory(m).at(m)) / 1e9:.2f} GB" in wide
    assert "experts mxfp4; attention" in wide
    with pytest.raises(InputError, match="no weights of class 'expert'"):
        llm("gpt-oss-120b").in_formats("bf16", expert="mxfp4")
    refused = CliRunner().invoke(cli, ["serve", "llama3-8b", "--on", "h100", "--formats", "as stored"])
    assert "does not say what it is stored in" in refused.output


def test_serve_takes_a_config_as_it_is_stored(tmp_path):
    path = folder(tmp_path, LLAMA, quantization_config={**FP8, "modules_to_not_convert": ["lm_head"]})
    told = ran("serve", path, "--on", "h100")
    assert "as stored" in told and "int8" not in told
    assert "As stored: mlp, attention fp8 block" in told
    assert "as stored" in ran("serve", path, "--on", "h100", "--latency", "10 ms")
    assert "As stored" in ran("show", path)


def test_formulas_of_bytes_and_of_a_format_are_not_mixed(tmp_path):
    m = llm(folder(tmp_path, LLAMA, quantization_config=FP8))
    for of, at in ((m, m.as_stored), (m.as_stored, m)):
        with pytest.raises(InputError, match=r"m\.as_stored"):
            decode.step(of).at(at, chip("h100"), dtype("bf16"), B=1, S=100, n=1)
    with pytest.raises(InputError, match=r"m\.as_stored"):
        memory.kv_room(m.as_stored).at(m, chip("h100"), n=1)
    assert float(memory.kv_room(m.as_stored).at(m.as_stored, M_hbm="1 GB", n=1)) == 1e9 - float(
        memory.weight_memory(m.as_stored).at(m.as_stored)
    )


@given(
    st.lists(
        st.sampled_from(
            [
                "re:.*self_attn.*",
                "re:.*layers\\.\\d\\.mlp.*",
                "re:.*mlp\\.(gate|up)_proj.*",
                "*self_attn*",
                "*layers.1*",
                "re:.*layers\\.[0-1]\\..*",
                "re:.*layers\\.1\\d+\\..*",
                "*o_proj",
            ]
        ),
        unique=True,
    ),
    st.integers(0, 12),
    st.data(),
)
def test_a_pattern_means_what_it_does_in_whatever_order_layers_are_asked(texts, layer, data):  # fmt: skip
    """What is remembered of one layer is no answer for another: each pattern against a name by hand."""
    of = Patterns(texts, 13)
    for number in [*data.draw(st.permutations(range(13))), layer]:
        for inner in ("self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"):
            name = f"model.layers.{number}.{inner}"
            plain = [text for text in texts if not text.startswith("re:")]
            expected = any(re.match(text[3:], name) for text in texts if text.startswith("re:"))
            expected |= any(re.search(r"(^|\.)" + text.replace(".", r"\.").replace("*", ".*") + r"(\.|$)", name) for text in plain)
            assert of.match((name.removeprefix("model."),), number) == expected, (texts, name)


def test_a_table_of_another_program_is_not_passed_over(tmp_path):
    """MLX calls it ``quantization``, and names no method."""
    m = llm(folder(tmp_path, LLAMA, quantization={"group_size": 64, "bits": 4}))
    assert "names no quant_method" in m.formats.said
    with pytest.raises(SheetError, match="give --formats"):
        _ = m.as_stored


@pytest.mark.parametrize(
    ("name", "says", "doubted"),
    [
        ("DeepSeek-V3.1-NVFP4", {}, "nvfp4"),
        ("Llama-3.1-70B-Instruct-FP8", {}, "fp8"),
        ("some.awq", {}, "awq"),
        ("nvidia--NVIDIA-Nemotron-3-Nano-30B-A3B-NVFP4", {}, "nvfp4"),
        ("Llama-3.1-70B-Instruct-FP8", {"quantization_config": FP8}, ""),
        ("Qwen3-8B", {}, ""),
        ("fp8ish", {}, ""),
    ],
)
def test_a_name_that_says_formats_which_no_table_says_is_told(name, says, doubted, tmp_path):
    """A hf_quant_config.json that was left behind: 16 bits are what the file says, and doubtful."""
    (tmp_path / name).mkdir()
    m = llm(folder(tmp_path / name, LLAMA, **says))
    assert (f"its name says {doubted}" in m.formats.said) == bool(doubted)
    assert ("though its name" in CliRunner().invoke(cli, ["serve", str(tmp_path / name), "--on", "h100"]).output) == bool(doubted)
