"""What a real server gives to the KV cache: published start-ups, plain counts on small models, and the command line."""

import json
from dataclasses import replace
from math import ceil

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from symroof import chip, dtype, layers, llm, model, room, served, server
from symroof.algebra.symbols import M_act, M_more, R_seq, T_step, u_hbm
from symroof.ask.known import Known
from symroof.cli.main import cli
from symroof.errors import InputError, SymroofError, UnknownName
from symroof.measured.startups import startups

STARTS = startups()
GIB = 2**30


def ran(start, **letters):
    """A start as symroof has it, with what its log gives as letters."""
    row = start.row
    given = {"M_hbm": start.file.seen, "u_hbm": row.fraction, "S": str(row.context), "M_more": row.beside, **letters}
    math = "fp32" if row.formats == "fp32" else ""
    known = Known.of(start.file.chip, str(row.chips) if row.chips > 1 else "", letters=given)
    known = replace(known, model=start.model, formats=(row.formats, row.kv, math)).dressed()
    return served(known, start.file.server, row.stages, full=True)


def reserve(start):
    return {"M_act": start.row.activations, "M_run": start.row.buffers}


def test_there_are_starts():
    assert len(STARTS) == 29
    assert len({s.row.id for s in STARTS}) == 29


@pytest.mark.parametrize("start", STARTS, ids=lambda s: s.row.id)
def test_weights_of_a_start(start):
    """Within 1 % of the log, of a quantised model within 2 %."""
    found = ran(start, **reserve(start))
    assert found["weights"] + found["beside"] == pytest.approx(float(start.weights), rel=0.01 if "=" not in start.row.formats else 0.02)


@pytest.mark.parametrize("start", STARTS, ids=lambda s: s.row.id)
def test_tokens_of_a_start_with_the_reserve_of_its_log(start):
    """Within 3 %; the log of a pipeline is of its first stage, and its tokens are those of its last, which samples."""
    found = ran(start, **reserve(start))
    assert found["tokens"] == pytest.approx(start.row.tokens, rel=0.03)
    assert found["sequences"] == pytest.approx(float(start.row.sequences), rel=0.031)


@pytest.mark.parametrize("start", STARTS, ids=lambda s: s.row.id)
def test_tokens_of_a_start_with_the_reserve_that_is_predicted(start):
    found = ran(start)
    assert found["tokens"] == pytest.approx(start.row.tokens, rel=0.03)  # 8 % is asked for
    assert found["activations"] == pytest.approx(float(start.activations), abs=0.8 * GIB)  # a vision tower's own are not predicted
    assert found["buffers"] == pytest.approx(float(start.buffers), abs=0.25 * GIB)


def test_what_is_not_counted_is_said():
    """Pictures of a model that sees, and other ways to spread experts; of neither where there is none."""
    said = [" ".join(served(Known.of("h200", chips, name, ("bf16", "", "")), "vllm").said) for chips, name in CASES]
    assert [("vision tower" in each, "expert and data parallelism" in each) for each in said] == [
        (True, False),
        (False, True),
        (False, False),
    ]


CASES = [("", "qwen3-vl-8b"), ("2", "mixtral-8x7b"), ("2", "llama3-8b")]


# -- by hand
TINY = model(
    "tiny",
    D=64,
    V=1000,
    blocks=[
        (5, [layers.Attention(N=4, K=2, H=16, window=128), layers.Mlp(F=256)]),
        (2, [layers.Attention(N=4, K=2, H=16), layers.Mlp(F=256)]),
    ],
)


def test_weights_of_a_chip_by_hand():
    """Heads and d_ff split, norms copied; of two KV heads four chips have a copy each."""
    attention, mlp, norms = 64 * 64 * 2, 3 * 64 * 256, 2 * 64
    for ways in (1, 2, 4):
        keys = 2 * 64 * 32 * max(1, ways / 2)
        each = 7 * ((attention + keys + mlp) / ways + norms)
        assert float(room.weights(TINY).at(TINY, dtype("bf16"), Y=ways)) == 2 * (each + 2 * 64 * 1000 / ways + 64)
        assert float(room.weights(TINY, stages=True).at(TINY, dtype("bf16"), Y=ways, Z=2)) == pytest.approx(
            2 * (each * 4 / 7 + 64 * 1000 / ways)
        )


def test_the_fullest_of_uneven_stages_counts():
    """Of seven layers on four stages one has two, on three one has three."""
    for stages, most in ((4, 2), (3, 3), (7, 1)):
        whole = float(room.weights(TINY).at(TINY, dtype("bf16"), Y=1)) - 2 * (2 * 64 * 1000 + 64)
        found = float(room.weights(TINY, stages=True).at(TINY, dtype("bf16"), Y=1, Z=stages))
        assert found == pytest.approx(whole * most / 7 + 2 * 64 * 1000)
        cached = [
            float(room.per_sequence(TINY, stages=on).at(TINY, dtype("bf16"), Y=1, S=1000, **{"Z": stages} if on else {})) for on in (0, 1)
        ]
        assert cached[1] == pytest.approx(cached[0] * most / 7)


@pytest.mark.parametrize(
    ("windows", "others", "places"), [(5, 5, 10), (7, 5, 14), (3, 2, 6), (8, 6, 16), (15, 10, 30), (12, 17, 34), (5, 2, 8)]
)
def test_groups_are_of_the_rarest_or_of_the_most_if_it_has_less_than_half_as_many_more(windows, others, places):
    """Places of layers in the cache: 12 and 17 are two groups of 17; 10 and 15 are three of 10."""
    blocks = [(n, [layers.Attention(N=4, K=2, H=16, window=w), layers.Mlp(F=256)]) for n, w in ((windows, 128), (others, None))]
    m = model("mixed", D=64, V=1000, blocks=blocks)
    assert float(room.per_token(m, full=True).at(m, dtype("bf16"), Y=1)) == places * 2 * 2 * 16 * 2


def test_cache_of_a_token_by_hand():
    one = 2 * 2 * 16 * 2
    assert float(room.per_token(TINY).at(TINY, dtype("bf16"), Y=1)) == 2 * one
    assert float(room.per_token(TINY, full=True).at(TINY, dtype("bf16"), Y=1)) == (2 + 2 * ceil(5 / 2)) * one  # groups of two layers
    assert float(room.per_token(TINY, full=True).at(TINY, dtype("bf16"), Y=4)) == 8 * one / 2  # one of two heads
    assert float(room.per_sequence(TINY).at(TINY, dtype("bf16"), Y=1, S=1000)) == (2 * 1000 + 5 * 128) * one
    latent = llm("deepseek-v3")
    sparse = llm("deepseek-v3.2")  # latents and the keys of an indexer both grow: no groups
    for full in (False, True):
        assert float(room.per_token(sparse, full=full).at(sparse, dtype("bf16"))) == 61 * (512 + 64 + 128) * 2
        assert float(room.per_sequence(sparse, full=full).at(sparse, dtype("bf16"), S=100)) == 61 * (512 + 64 + 128) * 2 * 100
    assert float(room.per_token(latent).at(latent, dtype("bf16"))) == 61 * (512 + 64) * 2  # latents are copied


PAGE = 16  # tokens of a page of a layer that attends


@st.composite
def patterns(draw):
    """Layers of three kinds in some numbers, and a context."""
    counts = draw(st.tuples(st.integers(1, 9), st.integers(0, 40), st.integers(0, 40)))
    window, chunked = draw(st.sampled_from((128, 1024, 4096))), draw(st.booleans())
    return counts, window, chunked, draw(st.integers(1, 16)) * 4096, draw(st.sampled_from((1, 2)))


def admitted(groups, room, context, step):
    """Tokens and sequences as a server counts them, block by block: groups (layers, bytes of a token, tokens of a page, limit)."""
    size = max(layers for layers, *_ in groups)
    page = max(bytes_ * tokens for _, bytes_, tokens, _ in groups)
    blocks = room // (page * size)
    each = 0
    for _, bytes_, _, limit in groups:
        tokens = context if limit is None else min(limit + step, context)
        each += 1 if not bytes_ else ceil(tokens / (page // bytes_)) + (limit is not None)
    return blocks // len(groups) * min(tokens for _, bytes_, tokens, _ in groups if bytes_), blocks / each


@given(patterns())
@settings(max_examples=40)
def test_a_padded_cache_is_that_of_a_server_counted_in_blocks(drawn):
    """Source: groups of vLLM since March 2026 (v1/core/kv_cache_utils.py): one size of group, one size of page, one block for a state."""
    (full, seen, states), window, chunked, context, ways = drawn
    look = {"chunk": window} if chunked else {"window": window}
    mlp, mamba = layers.Mlp(F=256), layers.Mamba2(N_ssm=8, H_ssm=16, G_ssm=2, D_st=16, w_conv=4, chunk=64)
    blocks = [(full, [layers.Attention(N=4, K=2, H=16), mlp])]
    blocks += [(seen, [layers.Attention(N=4, K=2, H=16, **look), mlp])] if seen else []
    blocks += [(states, [mamba, mlp])] if states else []
    m = model("mixed", D=64, V=1000, blocks=blocks)
    counts = [n for n in (full, seen, states) if n]
    size = max(counts) if max(counts) < 1.5 * min(counts) else min(counts)
    token, state = 2 * 2 * 16 * 2 // ways, (8 * 16 * 16 * 4 + (8 * 16 + 2 * 2 * 16) * 3 * 2) / ways
    page = max(PAGE, PAGE * ceil(state / token / PAGE)) if states else PAGE  # of a layer that attends, in tokens, at least a state
    limits = [(full, token, None), (seen, token, window if chunked else window - 1), (states, 0, None)]
    groups = [(size, of, page, limit) for n, of, limit in limits for _ in range(ceil(n / size))]
    tokens, sequences = admitted(groups, 2**40, context, 8192)
    at = {"Y": ways, "S": context, "T_step": 8192}
    assert 2**40 / float(room.per_token(m, full=True).at(m, dtype("bf16"), Y=ways)) == pytest.approx(tokens, rel=1e-3)
    found = room.per_sequence(m, full=True)
    mine = 2**40 / float(found.at(m, dtype("bf16"), **{k: v for k, v in at.items() if k in {s.name for s in found.free_symbols}}))
    rounded = len(groups) * page * token * size  # at most a page of every group
    assert sequences <= mine * (1 + 1e-3) and mine <= 2**40 / (2**40 / sequences - 2 * rounded) * (1 + 1e-3)


def test_layers_with_states_are_padded_as_layers_that_cache():
    m = llm("nemotron-3-nano")
    attention, mamba = (int(next(v for s, v in m.stack.values.items() if s.name == name)) for name in ("L_full", "L_ssm"))
    layers_padded = attention + attention * ceil(mamba / attention)
    assert float(room.per_token(m, full=True).at(m, dtype("bf16"), Y=1)) == layers_padded * 2 * 2 * 128 * 2
    state = 64 * 64 * 128 * 4 + (64 * 64 + 2 * 8 * 128) * 3 * 2  # 32 bits, and three columns of the convolution in 16
    held = 6 * 8192 * 2 * 2 * 128 * 2 + 24 * state
    assert float(room.per_sequence(m, full=True).at(m, dtype("bf16"), Y=1, S=8192)) == held


def test_pages_of_layers_with_fewer_heads_hold_more_tokens():
    """Gemma 4: 4 heads of 512 in 10 layers, 16 of 256 in 50 that see 1024 tokens."""
    m = llm("gemma4-31b")
    assert float(room.per_token(m, full=True).at(m, dtype("bf16"), Y=1)) == 60 * 2 * 16 * 256 * 2
    held = 10 * 32768 * 2 * 4 * 512 * 2 + 50 * (1023 + 8192) * 2 * 16 * 256 * 2
    assert float(room.per_sequence(m, full=True).at(m, dtype("bf16"), Y=1, S=32768, T_step=8192)) == held


def test_activations_by_hand():
    """In an MLP the input, both halves of the hidden layer and their product are alive beside the residual; sampling has the logits."""
    wide = model("wide", D=64, V=10, blocks=[(1, [layers.Attention(N=4, K=2, H=16), layers.Mlp(F=512)])])
    found = room.activations(wide).at(wide, dtype("bf16"), Y=2, T_step=100, R_seq=1)
    peaks = [100 * 2 * (64 + 64 + 2 * 256), 100 * 2 * (64 + 3 * 256)]
    assert float(found) == pytest.approx(max(peaks), rel=0.1)
    sampled = room.activations(TINY).at(TINY, dtype("bf16"), Y=1, T_step=10, R_seq=1024)
    assert float(sampled) == 1024 * 1000 * (2 + 4 + 8) + 2 * 10 * 64 * 2
    assert float(room.activations(TINY, last=False).at(TINY, dtype("bf16"), Y=1, T_step=10)) < float(sampled)


def test_room_is_what_is_left():
    given = {"Y": 1, "u_hbm": "0.9", "M_act": "1 GB", "M_run": "2 GB", "M_more": "0 byte", "M_hbm": "80 GB"}
    m = llm("llama3-8b")
    found = room.cache(m).at(m, dtype("bf16"), **given)
    assert float(found) == pytest.approx(0.9 * 80e9 - 3e9 - 8030261248 * 2)
    bound = room.cache(m).at(m, dtype("bf16"), **{**given, "u_hbm": 1, "M_act": 0, "M_run": 0})
    assert float(bound) == pytest.approx(80e9 - 8030261248 * 2)
    with pytest.raises(SymroofError):
        room.cache(m).at(m, dtype("bf16"), **{**given, "M_hbm": "16 GB"})


def test_a_server_is_a_sheet():
    assert server("vllm")[T_step] == 8192
    assert server("vLLM-0.19")[u_hbm] * 10 == 9
    assert server("vllm")[R_seq] == 1024
    with pytest.raises(UnknownName, match="there is no server 'vlm'; did you mean 'vllm'"):
        server("vlm")


# -- tables of rotations
@pytest.mark.parametrize(
    ("says", "size"),
    [
        ({"rope_theta": 5e5}, 4096 * 64 * 2),
        ({"rope_scaling": {"rope_type": "linear", "factor": 8.0}, "rope_local_base_freq": 1e4}, 9 * 4096 * 64 * 2),  # as Gemma 3
        ({"rope_scaling": {"rope_type": "yarn", "factor": 8.0}}, 4096 * 64 * 2),
        ({"rope_theta": 1e4, "partial_rotary_factor": 0.5}, 4096 * 32 * 2),
        ({}, 0),
    ],
)
def test_tables_of_rotations(says, size, tmp_path):
    sizes = {"hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 100}
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama", "max_position_embeddings": 4096, **sizes, **says}))
    m = llm(str(tmp_path))
    assert m.defaults.get(M_more, 0) == size
    found = served(Known.of("h100", "", str(tmp_path), ("as stored", "", "")))
    assert found["beside"] == size


# -- the command line
def said(*words: str) -> str:
    found = CliRunner().invoke(cli, ["memory", *words])
    return found.output


def test_on_the_command_line():
    text = said("llama3-8b", "--on", "h100", "--set", "u_hbm=0.95", "--set", "M_hbm=79.19 GiB")
    assert "16.06 GB" in text and "tokens that fit" in text and "u_hbm = 0.95" in text
    found = json.loads(
        said("gpt-oss-120b", "--on", "h100", "--chips", "2", "--formats", "bf16; experts=mxfp4", "--cache", "full", "--json")
    )
    own = json.loads(said("gpt-oss-120b", "--on", "h100", "--chips", "2", "--formats", "bf16; experts=mxfp4", "--json"))
    assert found["rows"]["tokens"]["value"] < own["rows"]["tokens"]["value"]
    assert found["rows"]["weights"]["value"] == own["rows"]["weights"]["value"] > 65e9 / 2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("llama3-70b", "--on", "h100"), "on a chip, and the server uses 76.52 GB; give more chips or fewer bytes"),
        (("llama3-405b", "--on", "h100", "--chips", "8"), "on each of 8 chips"),
        (("llama3-8b", "--on", "h100", "--chips", "4", "--stages", "3"), "do not share 4 chips evenly"),
        (("llama3-8b", "--on", "h100", "--set", "T=3"), "T changes nothing"),
        (("llama3-8b", "--on", "h100", "--chips", "64", "--stages", "64"), "32 layers cannot be 64 stages"),
        (("llama3-8b", "--on", "h100", "--chips", "6"), "6 chips do not share 32 query heads evenly"),
        (("phi-4", "--on", "h100", "--chips", "4"), "4 chips do not share 10 KV heads evenly"),
        (("qwen2.5-7b", "--on", "h100", "--chips", "8"), "query heads evenly"),
        (("llama3-8b", "--on", "h100", "--server", "nope"), "there is no server"),
        (("llama3-8b", "--on", "h100", "--set", "u_hbm=1.1"), "above 1"),
        (("llama3-8b", "--on", "h100", "--set", "M_act=-1 GB"), "must be positive"),
        (("llama3-8b", "--on", "h100", "--formats", "bf16,int8"), "no number format"),
    ],
)
def test_what_is_refused(words, why):
    text = said(*words)
    assert why in text and "Traceback" not in text and text.count("\n") < 5


def test_python_needs_a_chip_and_a_model():
    with pytest.raises(InputError, match="needs a chip and a model"):
        served(Known.of("h100"))
    assert chip("h100").name == "h100"
    assert M_act.unit == M_more.unit
