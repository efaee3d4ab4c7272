"""The command line as users meet it: what it prints, what it refuses, its exit codes."""

import json
import subprocess
import sys
from fractions import Fraction
from math import floor

import pytest
from click.testing import CliRunner

from symroof.cli import cli


def run(*args: str):
    return CliRunner().invoke(cli, list(args))


def test_serve_prints_the_story_without_escape_codes_when_piped():
    done = subprocess.run(
        [sys.executable, "-m", "symroof", "serve", "llama3-70b", "--on", "tpu-v5e"], capture_output=True, text=True, check=True
    )
    assert "\x1b" not in done.stdout
    for words in ("weights", "KV cache per token", "4x2 = 8 chips", "<- bound", "tokens/s/chip", "QPS/chip", "/Mtoken", "critical batch"):
        assert words in done.stdout


def test_serve_json_is_the_chapter_recomputed_by_hand():
    """Int8 on 4x2 at batch 32 and 8k: givens of the book (P = 70e9), arithmetic in plain Python."""
    done = run(
        "serve", "llama3-70b", "--on", "tpu-v5e", "--slice", "4x2", "--batch", "32", "--formats", "int8", "--set", "P=70e9", "--json"
    )
    assert done.exit_code == 0, done.output
    rows = json.loads(done.output)["formats"]["int8"]
    kv = 2 * 8 * 128 * 80 * 8192 * 32
    step = kv / (8 * 8.1e11) + max(2 * 32 * 70e9 / (8 * 1.97e14), 70e9 / (8 * 8.1e11))
    assert rows["weights"]["value"] == 70e9
    assert rows["kv_per_token"]["value"] == 163840
    assert rows["largest_batch"]["value"] == floor((8 * 16e9 - 70e9) / (163840 * 8192)) == 43
    assert rows["step"]["value"] == pytest.approx(step, rel=1e-12)
    assert rows["throughput"]["value"] == pytest.approx(32 / step / 8, rel=1e-12)
    assert rows["qps"]["value"] == pytest.approx(32 / step / 8 / 512, rel=1e-12)
    assert rows["cost_per_token"]["value"] == pytest.approx(1.2 / 3600 * 8 * step / 32, rel=1e-12)
    assert rows["critical_batch"]["value"] == pytest.approx(1.97e14 / (2 * 8.1e11), rel=1e-12)
    assert rows["tensor_parallel_math"]["value"] == pytest.approx(2 * 28672 * 9e10 / 1.97e14, rel=1e-12)
    assert rows["critical_batch"]["formula"] == "B >= C*p_w/(2*W_hbm)"


@pytest.mark.parametrize(
    ("formats", "slice_"),
    [("bf16", "4x4"), ("int8", "4x2"), ("int4", "2x2")],
)
def test_smallest_slices_of_the_book(formats, slice_):
    rows = json.loads(run("serve", "llama3-70b", "--on", "v5e", "--formats", formats, "--json").output)["formats"][formats]
    assert rows["slice"]["value"] == slice_


LATENCY = ("llama3-405b", "--on", "tpu-v5e", "--formats", "int8", "--latency", "15 ms")


@pytest.mark.parametrize("more", [(), ("--slice", "8x8"), ("--batch", "32"), ("--set", "P=405e9"), ("--context", "2 Ki", "--kv", "bf16")])
def test_serve_within_a_latency_is_the_answer_of_the_search(more):
    """One engine: what ``serve --latency`` says is what ``search serve`` finds."""
    here = json.loads(run("serve", *LATENCY, *more, "--json").output)
    there = run("search", "serve", *LATENCY, *[w for w in more if w != "--slice" and w != "8x8"], "--json")
    rows = [r for r in json.loads(there.output)["rows"] if "--slice" not in more or r["slice"] == "8x8"]
    assert here["rows"] == rows
    assert here["best"]["latency"] <= 0.015
    assert any("Price of a chip" in line for line in here["stands_on"])


def test_a_slice_and_a_latency_are_both_heard():
    done = run("serve", "llama3-70b", "--on", "tpu-v5e", "--slice", "4x4", "--latency", "15 ms", "--json")
    rows = json.loads(done.output)["rows"]
    assert {r["slice"] for r in rows} == {"4x4"}
    assert all(r["latency"] <= 0.015 for r in rows)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("serve", *LATENCY, "--generate", "100"), "--generate changes nothing beside --latency"),
        (("serve", *LATENCY, "--formulas"), "--formulas changes nothing beside --latency"),
        (("serve", *LATENCY, "--set", "E=8"), "E changes nothing here"),
        (("serve", "llama3-8b", "--on", "h100", "--set", "R_q=8"), "R_q changes nothing here"),
        (("search", "train", "llama3-8b", "--on", "h100", "--chips", "8", "--set", "S_win=8"), "S_win changes nothing here"),
        (("serve", "llama3-8b", "--on", "h100", "--mfu", "40"), "MFU = 40 is above 1"),
    ],
)
def test_what_changes_nothing_is_refused(args, words):
    done = run(*args)
    assert done.exit_code == 2
    assert words in done.output


def test_a_letter_wins_over_a_sheet_and_what_follows_from_it_follows():
    """KV cache per token of LLaMA 3-8B: 2 K H L bytes at one byte, whatever the format says; half of it with half the heads."""
    for more, wanted in ((("p_kv=1 byte",), 65536), (("p_kv=1 byte", "K=4"), 32768)):
        done = run("serve", "llama3-8b", "--on", "h100", "--formats", "bf16", *[w for m in more for w in ("--set", m)], "--json")
        assert json.loads(done.output)["formats"]["bf16"]["kv_per_token"]["value"] == wanted
    priced = run("serve", "llama3-8b", "--on", "b200", "--formats", "bf16", "--set", "price=$3/h")
    assert "Price of a chip $3/h, as given." in priced.output
    assert "/Mtoken" in priced.output


def test_percent_is_a_fraction():
    half, same = (run("serve", "llama3-8b", "--on", "h100", "--formats", "bf16", "--mfu", mfu, "--json").output for mfu in ("50%", "0.5"))
    assert json.loads(half) == json.loads(same)


def test_latency_that_nothing_meets_is_exit_code_one():
    done = run("serve", "llama3-70b", "--on", "v5e", "--latency", "1 us")
    assert done.exit_code == 1
    assert "These cannot:" in done.output


def test_does_not_fit_is_exit_code_one():
    done = run("serve", "llama3-70b", "--on", "v5e", "--slice", "2x2", "--formats", "bf16")
    assert done.exit_code == 1
    assert "does not fit on 2x2" in done.output


def test_eta_makes_an_estimate():
    lower = json.loads(run("serve", "llama3-8b", "--on", "h100", "--formats", "bf16", "--json").output)
    fitted = run("serve", "llama3-8b", "--on", "h100", "--formats", "bf16", "--set", "eta_hbm=0.8")
    assert "Estimates with eta_hbm=0.8" in fitted.output
    slow = json.loads(run("serve", "llama3-8b", "--on", "h100", "--formats", "bf16", "--set", "eta_hbm=0.8", "--json").output)
    a, b = (x["formats"]["bf16"]["step"]["value"] for x in (lower, slow))
    assert b == pytest.approx(a / 0.8)


REFUSED = [
    (("srve",), "'serve'"),
    (("serve", "llama3-70", "--on", "v5e"), "'llama3-70b'"),
    (("serve", "llama3-70b", "--on", "tpu-v5"), "'tpu-v5"),
    (("serve", "llama3-70b"), "--on"),
    (("serve", "llama3-70b", "--on", "v5e", "--context", "8k"), "'8 Ki'"),
    (("serve", "llama3-70b", "--on", "v5e", "--batch", "-3"), "B = -3 must be positive"),
    (("serve", "llama3-70b", "--on", "v5e", "--batch", "0"), "must be positive"),
    (("serve", "llama3-70b", "--on", "v5e", "--batch", "nan"), "B: 'nan'"),
    (("serve", "llama3-70b", "--on", "v5e", "--batch", "1e400"), "float64"),
    (("serve", "llama3-70b", "--on", "v5e", "--context", "__import__('os').system('id')"), "no quantity"),
    (("serve", "llama3-70b", "--on", "v5e", "--context", "9" * 10_000), "10000 characters"),
    (("serve", "llama3-70b", "--on", "v5e", "--latency", "15"), "'15 ms'"),
    (("serve", "llama3-70b", "--on", "v5e", "--latency", "15 GB"), "t_lim is in s"),
    (("serve", "llama3-70b", "--on", "v5e", "--formats", "int9"), "'int8'"),
    (("serve", "llama3-70b", "--on", "v5e", "--formats", ","), "--formats is empty"),
    (("serve", "llama3-70b", "--on", "v5e", "--slice", "3x3"), "4x2"),
    (("serve", "llama3-70b", "--on", "v5e", "--slice", "4x4", "--chips", "16"), "give one of them"),
    (("serve", "llama3-70b", "--on", "v5e", "--chips", "0"), "--chips"),
    (("serve", "llama3-70b", "--on", "v5e", "--math", "int4"), "C_int8"),
    (("serve", "llama3-70b", "--on", "v5e", "--mfu", "40"), "MFU"),
    (("serve", "llama3-70b", "--on", "v5e", "--set", "W_hmb=3"), "'W_hbm'"),
    (("serve", "llama3-70b", "--on", "v5e", "--set", "W_hbm=3"), "'810 GB/s'"),
    (("serve", "llama3-70b", "--on", "v5e", "--set", "P"), "--set P=70e9"),
    (("show", "h10"), "'h100'"),
    (("derive", "q999"), "there is no question"),
    (("show", "/nowhere/at/all.toml"), "cannot be read"),
]


@pytest.mark.parametrize(("args", "words"), REFUSED, ids=[" ".join(a)[:60] for a, _ in REFUSED])
def test_what_is_refused(args, words):
    done = run(*args)
    assert done.exit_code == 2
    assert words in done.output
    assert "Traceback" not in done.output
    assert len(done.output) < 600
    assert done.exception is None or isinstance(done.exception, SystemExit)


@pytest.mark.parametrize("form", [[], ["--json"], ["--latex"]])
@pytest.mark.parametrize(
    "args",
    [
        ["serve", "llama3-70b", "--on", "tpu-v5e"],
        ["serve", "deepseek-v3", "--on", "h200", "--formats", "fp8"],
        ["serve", "mistral-7b", "--on", "v100", "--formats", "int8"],
        ["serve", "gpt-oss-120b", "--on", "mi300x", "--formats", "fp4", "--kv", "bf16", "--latency", "10 ms"],
        ["serve", "llama3-70b", "--on", "tpu-v5p", "--formulas", "--chips", "16"],
        ["derive"],
        ["derive", "q05"],
        ["chips"],
        ["llms"],
        ["show", "tpu-v5e"],
        ["show", "deepseek-v3"],
        ["show", "int4"],
    ],
    ids=lambda a: " ".join(a)[:40],
)
def test_every_form_of_every_command(args, form):
    done = run(*args, *form)
    assert done.exit_code == 0, done.output
    assert done.output.strip()
    if form == ["--json"]:
        json.loads(done.output)
    if form == ["--latex"]:
        assert done.output.count("{") == done.output.count("}")


@pytest.mark.parametrize("command", [[], ["serve"], ["derive"], ["chips"], ["llms"], ["show"]])
def test_help_has_an_example(command):
    done = run(*command, "--help")
    assert done.exit_code == 0
    assert "  symroof " in done.output


def test_show_names_the_source_of_every_value():
    found = json.loads(run("show", "tpu-v5e", "--json").output)
    for letter in ("C_bf16", "M_hbm", "W_hbm", "W_ici", "price"):
        assert "http" in found["values"][letter]["source"]
    assert Fraction(found["values"]["W_ici"]["value"]) == 90_000_000_000


def test_program_shows_statements_collectives_and_costs():
    done = run("program", "In[B_X, D] W[D_X, F] -> Out[B_X, F]", "--backward", "--json")
    found = json.loads(done.output)
    assert found["statements"][0]["statement"] == "In[B_X, D] W[D_X, F] -> Out[B_X, F]"
    kinds = [(c["kind"], c["tensor"]) for s in found["statements"] for c in s["collectives"]]
    assert kinds == [("AllGather", "W"), ("AllGather", "W"), ("ReduceScatter", "dW")]
    assert found["flops"] == "6*B*D*F/X"


def test_program_reads_files_and_standard_input(tmp_path):
    path = tmp_path / "layer.txt"
    path.write_text("A[B, J] W[J, F] -> C[B, F]")
    assert "8192*B*F" in run("program", str(path), "--bind", "J=4096").output
    done = CliRunner().invoke(cli, ["program", "-"], input="A[B_X, D] -> C[B, D]")
    assert "AllGather_X(A)" in done.output
    for wrong in (["program", "nowhere"], ["program", "A[B, J] -> C[B]"], ["program", "A[B, J] -> C[B]", "--bind", "J=-4"]):
        assert run(*wrong).exit_code == 2
