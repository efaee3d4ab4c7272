"""Published measurements: none is faster than its bound, and a doctored one is found out."""

import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import get_args

import pytest

from symroof import SymroofError, calibration, calibrations, chip, decode, dtype, llm, prefill
from symroof.algebra.symbols import FRACTIONS, UNLESS
from symroof.errors import InputError, SheetError
from symroof.fitting.curve import curve
from symroof.fitting.fit import foreseen
from symroof.measured import estimates
from symroof.measured.bounds import FORMULAS, at, beaten, binding, bound_of, cost_of, peak_of, ratio
from symroof.measured.page import page, path
from symroof.measured.records import NEEDS, Category, of_file, records
from symroof.measured.shipped import PLANS, curves, ship
from symroof.sheets.sheet import Sheet
from symroof.symbols import (
    C_FORMAT,
    C,
    W_hbm,
    eta_att,
    eta_fp8,
    eta_math,
    j_data,
    k_frag,
    k_g,
    k_h,
    k_pre,
    k_s,
    k_work,
    p_logit,
    x_dp,
    x_fs,
    x_tp,
)

MEASURED = Path(__file__).resolve().parent.parent / "models" / "measured"
FILES = sorted(MEASURED.glob("*.toml"))
RECORDS = {r.id: r for r in records()}
PAIRS = estimates.rows_of(RECORDS.values())


# -- the law
@pytest.mark.parametrize("name", RECORDS)
def test_no_measurement_beats_its_bound(name):
    record = RECORDS[name]
    bound = bound_of(record)
    assert str(bound.unit) == "s"
    assert float(bound) > 0
    assert float(bound) <= float(record.seconds) * 1.01, f"{name}: bound {float(bound)} s, measured {float(record.seconds)} s"


@pytest.mark.parametrize("name", RECORDS)
def test_a_bound_is_of_the_size_of_what_was_measured(name):
    small = RECORDS[name].category in ("gemm", "collective") and RECORDS[name].seconds < Fraction(1, 20_000)  # a call is all of it
    assert float(ratio(RECORDS[name])) < (1000 if small else 15), "a bound that is so much too low bounds nothing"


@pytest.mark.parametrize("name", RECORDS)
def test_a_doctored_measurement_is_named(name):
    good = RECORDS[name]
    fast = replace(good, seconds=Fraction(bound_of(good).number) * Fraction(98, 100))
    close = replace(good, seconds=Fraction(bound_of(good).number) * Fraction(995, 1000))
    assert beaten([good, fast]) == (name,)
    assert beaten([good, close]) == ()


def test_a_faster_chip_or_a_larger_model_changes_the_bound():
    record = RECORDS["decode.gptfast.llama2-7b.bf16.tp1"]
    faster = replace(record, chip=chip("h100"))
    larger = replace(record, model=llm("llama2-70b"))
    assert float(bound_of(faster)) == pytest.approx(float(bound_of(record)) * 2039 / 3350)
    assert beaten([record, larger, faster]) == (record.id,)


# -- every file, every record
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_says_where_it_is_from(path):
    found = of_file(path)
    assert found
    for record in found:
        assert record.origin.url.startswith("https://")
        assert record.origin.title
        assert record.origin.where
        assert record.origin.date[:2] == "20"
        assert record.id in path.read_text("utf-8")
        for sheet in (record.chip, record.model):
            for s in sheet.values if sheet is not None and sheet.name != "kernel" else ():
                assert sheet.source(s)


def test_every_category_has_a_formula_and_a_measurement():
    assert set(NEEDS) == set(FORMULAS) == set(get_args(Category)) == {r.category for r in RECORDS.values()}


def test_all_measurements_of_the_collection_are_here():
    kinds = [r.category for r in RECORDS.values()]
    shared = {
        "decode": 18,
        "prefill": 8,
        "serving": 2,
        "latency": 2,
        "attention": 3,
        "layer": 3,
        "gemm": 6,
        "copy": 1,
        "collective": 7,
        "training": 33,
    }
    assert all(kinds.count(kind) >= count for kind, count in shared.items())


def test_every_measurement_is_what_was_printed():
    printed = {  # typed from the sources; seconds of a step, a prompt, a batch or a kernel
        "decode.gptfast.llama2-7b.bf16.tp1": 1 / 104.9,
        "decode.gptfast.mixtral.bf16.tp8": 1 / 227.82,
        "decode.gptfast1.mixtral.bf16.tp8": 1 / 203.69,
        "prefill.llamacpp.H100-PCIe-80GB.8b.f16": 1024 / 10342.63,
        "e2e.ft.gpt20b.tp1.b1.80_200": 5.609,
        "serve.trtllm06.llama2-7b.b112.128_2048": 112 * 2048 / 6818,
        "layer.korth.22b.full_recompute": 0.0272,
        "attn.aic.h100_sxm.b32.s8192": 352.78e-6,
        "hbm.tpu.v6e.copy32MiB": 49.359e-6,
    }
    for name, seconds in printed.items():
        assert float(RECORDS[name].seconds) == pytest.approx(seconds, rel=1e-12), name


# -- training
TRAINED = [name for name, r in RECORDS.items() if r.category == "training"]
PEAKS = [name for name in TRAINED if RECORDS[name].run.peak]


@pytest.mark.parametrize("name", PEAKS)
def test_no_chip_held_less_than_the_least(name):
    """A bound of memory, and of the size of what was measured."""
    least, held = float(peak_of(RECORDS[name])), float(RECORDS[name].run.peak)
    assert least <= held * 1.01 < 3 * least


def test_runs_are_what_was_printed():
    printed = {  # typed from the sources; seconds of a step
        "train.korth.gpt3-175b.full": 18.13,
        "train.titan.t1.8b.fsdp8.compile": 2 * 8192 / 6667,
        "train.titan.t5.405b.interleaved.async.fp8": 256 * 8192 / 512 / 128,
        "train.llama3_405b.8k.8192": 2048
        * 8192
        * (6 * 405.85e9 * (1 - 128256 * 16384 / 405.85e9) + 6 * 126 * 16384 * 8193)
        / (8192 * 430e12),
        "train.sc21.145b": 96 * 2304 * 2048 * 80 * 12288**2 * (1 + 2048 / (6 * 12288) + 51200 / (16 * 80 * 12288)) / (1536 * 148e12),
        "train.maxtext.v5p.32b.1x128": 384 * 2048 * (6 * (31.7e9 - 32000 * 8192) + 12 * 32 * 64 * 128 * 2048) / (64 * 328e12),
    }
    for name, seconds in printed.items():
        assert float(RECORDS[name].seconds) == pytest.approx(seconds, rel=3e-3), name
    assert float(RECORDS["train.titan.t1.8b.fsdp8.compile"].run.peak) == 77 * 2**30


def test_the_memory_of_something_else_is_not_asked_for():
    with pytest.raises(InputError, match="no training run"):
        peak_of(RECORDS["gemm.tpu.v6e.8192"])


# -- bounds by hand, in plain arithmetic
BY_HAND = {
    # 32 layers: attention 2*4096*4096 + 2*4096*1024, router 8*4096, two experts of 3*4096*14336; norms; unembedding
    "decode.gptfast.mixtral.int8.tp1": (
        (32 * (2 * 4096**2 + 2 * 4096 * 1024 + 8 * 4096 + 2 * 3 * 4096 * 14336 + 2 * 4096) + 4096 + 32000 * 4096 + 5 * 32 * 2 * 1024 * 2)
        / 2.039e12
    ),
    "attn.aic.h100_sxm.b32.s8192": 32 * 8192 * 2 * 8 * 128 * 2 / 3.35e12,
    "gemm.llmcompass.A100-SXM-80GB.4096x12288x12288": 2 * 4096 * 12288**2 / 3.12e14,
    "gemm.vidur.a100.l70b_up.tp1.t1": 2 * (8192 * 57344 + 8192 + 57344) / 2.039e12,
    "hbm.tpu.v6e.copy32MiB": 2 * 2**25 / 1.6e12,
    # forward and two products backward, of 12 D^2 parameters and causal scores
    "layer.korth.22b.no_recompute": 3 * (2 * 4 * 2048 * 12 * 6144**2 + 4 * 4 * 6144 * 2048 * 2049 / 2) / (8 * 3.12e14),
    "layer.korth.22b.full_recompute": 4 * (2 * 4 * 2048 * 12 * 6144**2 + 4 * 4 * 6144 * 2048 * 2049 / 2) / (8 * 3.12e14),
    "layer.llmcompass.gpt3.prefill.tp4": (2 * 8 * 2048 * 12 * 12288**2 + 8 * 4 * 12288 * 2048 * 2049 / 2) / (4 * 3.12e14),
    # 28 layers of 12 D^2, logits of one token, causal scores
    "prefill.trtllm.A100-SXM-80GB.gptj-6b.tp1.2048": (
        (2 * 2048 * 28 * 12 * 4096**2 + 2 * 4096 * 50400 + 28 * 4 * 4096 * 2048 * 2049 / 2) / 3.12e14
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_bounds_by_hand(name):
    assert float(bound_of(RECORDS[name])) == pytest.approx(BY_HAND[name], rel=1e-9)


def test_a_static_batch_is_its_prompts_and_a_step_for_every_other_token():
    record = RECORDS["serve.trtllm06.llama2-7b.b80.2048_128"]
    at = (chip("h100"), llm("llama2-7b"), dtype("fp8", math="fp8"))
    m = llm("llama2-7b")
    prompts = 80 * float(prefill.bound(m)["math"].at(*at, T=2048, n=1))
    steps = [float(decode.bound(m).at(*at, B=80, S=2048 + j, n=1)) for j in range(1, 128)]
    assert float(bound_of(record)) == pytest.approx(prompts + sum(steps), rel=1e-9)
    assert binding(bound_of(record)) == "decode/hbm/cache"


def test_the_mean_context_of_windows_would_be_no_bound_so_the_first_is_taken():
    record = replace(RECORDS["e2e.ft.gpt20b.tp1.b1.80_200"], model=llm("gpt-oss-120b"))
    m, at = llm("gpt-oss-120b"), (record.chip, dtype("fp16", math="fp16"))
    steps = [float(decode.bound(m).at(*at, m, B=1, S=80 + j, n=1, E_hit=4)) for j in range(1, 200)]
    prompt = float(prefill.bound(m).at(*at, m, T=80, n=1))
    assert float(bound_of(record)) <= prompt + sum(steps)


def test_experts_are_those_that_no_routing_can_avoid():
    record = replace(RECORDS["decode.gptfast.mixtral.int8.tp1"], sizes={"batch": 16, "context": 5})
    m, at = llm("mixtral-8x7b"), (chip("a100-80"), dtype("bf16", weights="int8"))
    assert float(bound_of(record)) == float(decode.bound(m).at(*at, m, B=16, S=5, n=1, E_hit=2))
    assert float(bound_of(record)) < float(decode.bound(m).at(*at, m, B=16, S=5, n=1)) / 3


# -- what other programs call bounds and measured runs beat, or that miss what binds
def at_batch(model, chips, formats, name, form=decode.bound, **values):
    m = llm(model)
    return float(form(m).at(chip(name), m, formats, n=chips, **values))


def test_mixtral_is_as_fast_as_it_was_measured():
    assert 1 / at_batch("mixtral-8x7b", 1, dtype("bf16", weights="int8"), "a100-80", B=1, S=5) >= 97.92
    assert 1 / at_batch("mixtral-8x7b", 8, dtype("bf16"), "a100-80", B=1, S=5) >= 227.82


def test_three_sequences_hit_4625_experts():
    m = llm("mixtral-8x7b")
    values = {"B": 3, "S": 1, "n": 2}
    hit = float(decode.bound(m).at(chip("h100"), m, dtype("bf16"), **values))
    assert hit == pytest.approx(8.3e-3, rel=0.02)
    assert hit == pytest.approx(float(decode.bound(m).at(chip("h100"), m, dtype("bf16"), **values, E_hit=4.625)))
    weights = 32 * (2 * 4096**2 + 2 * 4096 * 1024 + 8 * 4096 + 4.625 * 3 * 4096 * 14336 + 2 * 4096) + 4096 + 32000 * 4096
    assert hit == pytest.approx(2 * weights / 6.7e12, rel=1e-4)


def test_gpt_oss_reads_four_experts():
    assert at_batch("gpt-oss-120b", 1, dtype("bf16", weights="fp4"), "h100", B=1, S=1) == pytest.approx(0.8e-3, rel=0.06)


def test_latent_attention_is_bound_by_arithmetic():
    values = {"B": 396, "S": 32768}
    fp8 = dtype("fp8", math="bf16")
    pairs = 396 * 32768 * 61 * 128 * 2 * (512 + 64 + 512) / (8 * 9.894e14)
    assert pairs == pytest.approx(27.9e-3, rel=0.01)
    assert at_batch("deepseek-v3", 8, fp8, "h200", decode.attention_time, **values) == pytest.approx(pairs, rel=1e-9)
    assert at_batch("deepseek-v3", 8, fp8, "h200", decode.step, **values) == pytest.approx(45.3e-3, rel=2e-3)
    assert at_batch("deepseek-v3", 8, fp8, "h200", **values) == pytest.approx(31.5e-3, rel=2e-3)


def test_prefill_has_attention():
    at_40 = at_batch("llama3-8b", 1, dtype("bf16"), "h100", prefill.prefill_time, T=131072, MFU="0.4")
    products = 2 * 131072 * 32 * (2 * 4096**2 + 2 * 4096 * 1024 + 3 * 4096 * 14336) + 2 * 4096 * 128256
    scores = 32 * 4 * 4096 * 131072 * 131073 / 2
    assert at_40 == pytest.approx((products + scores) / (0.4 * 9.894e14), rel=1e-9)
    assert at_40 == pytest.approx(16, rel=0.05)
    assert at_batch("llama3-70b", 8, dtype("bf16"), "h100", prefill.bound, T=131072) == pytest.approx(5.2, rel=0.03)


def test_a_short_prompt_waits_for_the_weights():
    m = llm("llama3-70b")
    bound = prefill.bound(m).at(chip("h100"), m, dtype("bf16"), T=128, n=8)
    assert bound.binding == "weights"
    assert float(bound) > 2 * float(bound["math"])


# -- the page
def test_the_page_is_current():
    cure = "models/measured/README.md is stale; write it again with python -m symroof.measured"
    assert (MEASURED / "README.md").read_text("utf-8") == page(), cure


def test_the_page_shows_every_measurement_in_one_row():
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == list(RECORDS)
    assert {row.count(" | ") for row in rows} == {5}
    assert "**faster than its bound**" not in page()


def test_the_page_names_what_is_faster_than_its_bound(monkeypatch):
    fast = replace(RECORDS["gemm.tpu.v6e.8192"], seconds=Fraction(1, 1000))
    monkeypatch.setattr("symroof.measured.page.records", lambda: (fast,))
    assert "Faster than their bound: gemm.tpu.v6e.8192." in page()
    assert "**faster than its bound**" in page()


# -- files that are wrong say where
GOOD = """title = "a page"
url = "https://example.org"
date = "2026-01"
where = "table 1"

[[records]]
id = "a"
category = "decode"
measured = "9 ms"
chip = "h100"
model = "llama3-8b"
format = "bf16"
batch = 1
context = 5
"""
FAST = """[rates.fast]
title = "x"
bandwidth = { value = "1 GB/s", source = "x" }
flops = { bf17 = { value = "1 FLOP/s", source = "x" } }
[[records]]"""
WRONG = [
    ("[[records]]", FAST, "key 'rates.fast.flops.bf17': 'bf17' is none of 'fp32', 'tf32', 'bf16'"),
    ("context = 5\n", "", "'context' is missing; a measurement of category decode needs model, batch, context"),
    ("context = 5", "context = 5\nprompt = 5", "'prompt' changes nothing"),
    ("context = 5", "context = 5\nremat = 'none'", "'remat' changes nothing"),
    ("batch", "bach", "unknown key 'records[0].bach'; did you mean 'batch'"),
    ('"9 ms"', '"9 GB"', "is in byte"),
    ('"9 ms"', '"0 ms"', "not positive"),
    ('"decode"', '"decoding"', "'records[0].category'"),
    ('"h100"', '"h1000"', "h1000"),
    ('"bf16"', '"bf17"', "bf17"),
    ('"llama3-8b"', '"llama3-9b"', "llama3-9b"),
    ('title = "a page"\n', "", "title"),
    ("where", "wher", "wher"),
    ("context = 5", "shape = [1, 2]", "key 'records[0].shape' is a list of 3, not of 2"),
    ("context = 5", "shape = [1, 2, 0]", "key 'records[0].shape[2]': '0' is not a whole number from 1"),
    ("[[records]]", "[records]", "write [[records]] in double brackets"),
    ("[[records]]", '[rates.fast]\ntitle = "x"\nbandwidth = { value = "1 GB/s", source = "x" }\nflops = {}\n\n[[records]]', "sources.x"),
]


TRAINING = """title = "a run"
url = "https://example.org"
date = "2026-01"
where = "table 1"

[[records]]
id = "a"
category = "training"
measured = "400 TFLOP/s/chip"
chip = "h100"
chips = 16
model = "llama3-8b"
format = "bf16"
batch = 64
context = 8192
run.layout = { data = "ZeRO-1", remat = ["Que", "Att"] }
run.ways = { X = 8, Y = 2, microbatches = 4 }
run.counting = "causal"
run.peak = "70 GiB"
"""
WRONG_RUNS = [
    ("X = 8", "X = 4", "X = 4, Y = 2 make 8 chips, and the record says 16"),
    ("ZeRO-1", "ZeRO-4", "did you mean 'ZeRO-2'"),
    ("remat =", "remats =", "'run.layout.remats' is no option of a layout; did you mean 'remat'"),
    ("microbatches = 4", "microbatch = 4", "'run.ways.microbatch' is no letter of it; did you mean 'microbatches'"),
    ("causal", "casual", "did you mean 'causal'"),
    ('run.counting = "causal"\n', "", "'run.counting' is missing"),
    ("400 TFLOP/s/chip", "9 s", "'run.counting' changes nothing"),
    ("70 GiB", "70 s", "'run.peak'"),
    ("context = 8192", "prompt = 8192", "'context' is missing"),
    ("run.peak", "run.peek", "did you mean 'peak'"),
]


@pytest.mark.parametrize("old, new, says", WRONG_RUNS, ids=[w[2] for w in WRONG_RUNS])
def test_a_wrong_run_says_what_is_wrong(tmp_path, old, new, says):
    path = tmp_path / "mine.toml"
    path.write_text(TRAINING)
    (record,) = of_file(path)
    assert float(ratio(record)) > 1
    assert record.run.what == "X=8 Y=2 microbatches=4"
    path.write_text(TRAINING.replace(old, new, 1))
    with pytest.raises(SheetError, match=r"mine\.toml") as problem:
        of_file(path)
    assert says in str(problem.value)


@pytest.mark.parametrize("old, new, says", WRONG, ids=[w[2] for w in WRONG])
def test_a_wrong_file_says_what_is_wrong(tmp_path, old, new, says):
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    assert of_file(path)[0].id == "a"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(SheetError, match=r"mine\.toml") as problem:
        of_file(path)
    assert says in str(problem.value)


def test_rates_that_no_record_names_are_refused(tmp_path):
    rates = '[sources.s]\ntitle = "s"\nurl = "https://example.org"\ndate = "2026-01"\n\n[rates.fast]\ntitle = "x"\n'
    rates += 'bandwidth = { value = "1 GB/s", source = "s" }\nflops.bf16 = { value = "1e12 FLOP/s", source = "s" }\n\n[[records]]'
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace("[[records]]", rates))
    with pytest.raises(SheetError, match=r"\[rates.fast\] is in no record"):
        of_file(path)
    path.write_text(GOOD.replace("[[records]]", rates).replace('"h100"', '"fast"'))
    (record,) = of_file(path)
    assert record.chip.values == {W_hbm: 10**9, C_FORMAT["bf16"]: 10**12}
    assert float(bound_of(record)) == pytest.approx(15.01, rel=1e-3)


def test_one_id_twice_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("SYMROOF_MODELS", str(tmp_path))
    (tmp_path / "measured").mkdir()
    (tmp_path / "measured" / "mine.toml").write_text(GOOD.replace('id = "a"', 'id = "gemm.tpu.v6e.8192"'))
    with pytest.raises(SheetError, match=r"there is a record .*gemm\.tpu\.v6e\.8192"):
        records()
    (tmp_path / "measured" / "mine.toml").write_text(GOOD)
    assert "a" in [r.id for r in records()]


def test_a_record_without_its_model_says_so():
    record = replace(RECORDS["decode.gptfast.llama2-7b.bf16.tp1"], model=None)
    with pytest.raises(InputError, match="has no model"):
        cost_of(record)
    uneven = replace(RECORDS["layer.korth.22b.no_recompute"], model=llm("deepseek-v3"))
    with pytest.raises(InputError, match="not alike"):
        cost_of(uneven)


def test_a_format_that_a_chip_has_not_is_refused():
    record = RECORDS["decode.llamacpp.H100-PCIe-80GB.8b.f16"]
    assert isinstance(record.chip, Sheet)
    with pytest.raises(SymroofError, match="C_fp8"):
        bound_of(replace(record, formats=dtype("fp8", math="fp8")))


# -- estimates
def test_every_category_but_layers_has_an_estimate_that_is_no_less_than_its_bound():
    assert estimates.FORMULAS.keys() == set(NEEDS) - {"layer"}
    seen = set()
    for record in RECORDS.values():
        if record.category not in estimates.FORMULAS or (record.category, record.chips > 1) in seen:
            continue
        seen.add((record.category, record.chips > 1))
        cost, row = estimates.FORMULAS[record.category](record), estimates.row_of(record)
        least = curve(row, cost, [s for s in cost.free_symbols if s in FRACTIONS or (s in UNLESS and UNLESS[s].is_number)]).least
        assert least >= float(bound_of(record)) * (1 - 1e-9), record.id


RUNS = [(row, cost, RECORDS[row.name.removesuffix(".memory")]) for row, cost in PAIRS if row.labels["category"] in ("training", "memory")]


@pytest.mark.parametrize("kind", ["training", "memory"])
def test_what_a_fit_sees_of_a_run_is_the_formula_at_its_letters(kind):
    """Other widths that a record gives, and a format with an efficiency of its own, count in both."""
    rng = random.Random(kind)
    letters = {
        "training": [eta_math, eta_att, eta_fp8, k_h, k_g, k_s, x_tp, x_fs, x_dp, j_data],
        "memory": [k_pre, k_work, k_frag, p_logit],
    }
    for row, cost, record in rng.sample([r for r in RUNS if r[0].labels["category"] == kind], 8):
        put = {s: Fraction(rng.randint(2, 9), 10) for s in letters[kind]}
        one = curve(row, cost, put)
        assert float(one({s: float(v) for s, v in put.items()})) == pytest.approx(float(at(cost, record, Sheet("letters", "", put))))
        assert (eta_fp8 in one.letters) == (kind == "training" and record.formats[C] == C_FORMAT["fp8"])


def test_a_collective_by_hand():
    record = RECORDS["coll.nccl.h100_sxm.all_gather.n8.16777216B"]
    assert float(bound_of(record)) == pytest.approx(16777216 * 7 / 8 / 450e9)
    reduced = RECORDS["coll.nccl.h100_sxm.all_reduce.n8.16777216B"]
    assert float(bound_of(reduced)) == pytest.approx(16777216 / 450e9)  # the switch adds up


# -- calibrations that ship
@pytest.mark.parametrize("name", PLANS)
def test_a_calibration_that_ships_is_what_its_plan_fits(name):
    """Its letters, its records, and its estimates of them: a change of data or formulas asks for ``python -m symroof.measured``."""
    found = calibration(name)
    assert {f"{f.symbol.name}:{f.by}" if f.by else f.symbol.name for f in found.letters} == set(PLANS[name].letters)
    of = curves(PLANS[name], PAIRS)
    assert {s.name for s in found.seen} == {c.row.name for c in of}
    told = {s.name: s.estimated for s in found.seen}
    for c in of[:: max(1, len(of) // 12)]:
        estimate, deviation = foreseen(c, found)
        assert estimate == pytest.approx(told[c.row.name], rel=0.01)
        assert 0 < deviation < 2


def test_every_calibration_has_a_plan():
    assert set(calibrations()) == set(PLANS)


def test_a_fit_of_one_plan_is_what_ships():
    again, ships = ship("nccl", PAIRS), calibration("nccl")
    for one, other in zip(again.letters, ships.letters, strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-3)


def test_the_page_of_validation_has_every_record_and_says_how_often_intervals_hold():
    text = (path().parents[2] / "benchmarks" / "validation.md").read_text("utf-8")
    lacking = {row.name for row, _ in PAIRS if row.name.replace("_", r"\_") not in text}
    assert not lacking
    assert "within 80 %" in text
