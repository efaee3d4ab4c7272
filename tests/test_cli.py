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
    (("serve", "llama3-70b", "--on", "v5e", "--math", "fp8"), "no arithmetic in fp8; it has bf16, int8, int4"),
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


# -- nothing that is said is ignored
MODEL = ("llama3-8b", "--on", "h100")
TWICE = [
    (("serve", *MODEL, "--slice", "8", "--context", "1024", "--batch", "4", "--set", "B=8"), "--batch and --set B both give the batch"),
    (("serve", *MODEL, "--context", "1024", "--set", "S=2048"), "--context and --set S both give the context"),
    (("serve", *MODEL, "--context", "8192", "--set", "S=8192"), "--context and --set S both give the context"),
    (("serve", *MODEL, "--prompt", "9", "--set", "T=5"), "--prompt and --set T both give the prompt"),
    (("serve", *MODEL, "--generate", "9", "--set", "G=5"), "--generate and --set G both give the tokens that are generated"),
    (("serve", *MODEL, "--mfu", "0.5", "--set", "MFU=0.4"), "--mfu and --set MFU both give the MFU of prefill"),
    (("serve", *MODEL, "--slice", "8", "--set", "n=3"), "--slice and --set n both give the number of chips"),
    (("serve", *MODEL, "--chips", "8", "--set", "n=3"), "--chips and --set n both give the number of chips"),
    (("serve", *MODEL, "--formats", "int8", "--set", "p_w=2 byte"), "--formats and --set p_w both give the bytes of a weight"),
    (("serve", *MODEL, "--kv", "int8", "--set", "p_kv=2 byte"), "--kv and --set p_kv both give the bytes of an element"),
    (("serve", *MODEL, "--math", "bf16", "--set", "C=1 TFLOP/s"), "--math and --set C both give the FLOP/s"),
    (("serve", *MODEL, "--latency", "5 ms", "--set", "t_lim=4 ms"), "--latency and --set t_lim both give the longest decode step"),
    (("serve", *MODEL, "--latency", "5 ms", "--prompt", "3000", "--set", "T=5"), "--prompt and --set T both give the prompt"),
    (("serve", *MODEL, "--latency", "5 ms", "--batch", "3", "--set", "B=5"), "--batch and --set B both give the batch"),
    (("search", "serve", *MODEL, "--context", "1024", "--set", "S=2048"), "--context and --set S both give the context"),
    (("search", "serve", *MODEL, "--batch", "4", "--set", "B=2"), "--batch and --set B both give the batch"),
    (("search", "train", *MODEL, "--tokens", "1e12", "--set", "D_tok=2e12"), "--tokens and --set D_tok both give the tokens of the run"),
    (("search", "train", *MODEL, "--context", "1024", "--set", "S=2048"), "--context and --set S both give the context"),
    (("search", "train", *MODEL, "--format", "bf16", "--set", "p_w=1 byte"), "--format and --set p_w both give the bytes of a weight"),
    (("formulas", "decode.step", "--on", "h100", "--slice", "8", "--set", "n=4"), "--slice and --set n both give the number of chips"),
    (("formulas", "decode.step", "--model", "llama3-8b", "--kv", "int8", "--set", "p_kv=2 byte"), "--kv and --set p_kv both give"),
    (("figure", "latency", *MODEL, "--slice", "8", "--context", "2048", "--set", "S=4096"), "--context and --set S both give the context"),
    (("figure", "frontier", *MODEL, "--contexts", "2048", "--set", "S=4096"), "--contexts and --set S both give the context"),
    (("figure", "memory", *MODEL, "--slices", "8", "--set", "n=4"), "--slices and --set n both give the number of chips"),
    (("page", "serve", *MODEL, "--slice", "8", "--set", "n=4"), "--slice and --set n both give the number of chips"),
]


@pytest.mark.parametrize(("args", "words"), TWICE, ids=lambda x: " ".join(x) if isinstance(x, tuple) else "")
def test_an_option_and_a_letter_that_mean_the_same_are_refused_in_a_sentence(args, words):
    done = run(*args)
    assert done.exit_code == 2, done.output
    assert done.stderr.startswith(f"symroof: {words}") and done.stderr.endswith("; give one\n") and done.stderr.count("\n") == 1
    assert not done.stdout


@pytest.mark.parametrize(
    ("letters", "options"),
    [
        (("B=8",), ("--batch", "8")),
        (("S=1 Ki",), ("--context", "1 Ki")),
        (("S=1024", "T=512"), ("--context", "1024", "--prompt", "512")),
        (("G=64", "MFU=0.5"), ("--generate", "64", "--mfu", "0.5")),
        (("n=8",), ("--slice", "8")),
        (("t_lim=20 ms", "B=8", "S=2048"), ("--latency", "20 ms", "--batch", "8", "--context", "2048")),
    ],
    ids=lambda x: " ".join(x),
)
def test_a_letter_alone_is_the_option_that_means_the_same(letters, options):
    said = [w for letter in letters for w in ("--set", letter)]
    start = ("serve", *MODEL, "--chips", "4") if "t_lim=20 ms" in letters else ("serve", *MODEL)
    by_letter, by_option = run(*start, *said), run(*start, *options)
    assert by_option.exit_code == 0
    assert by_letter.output == by_option.output


def test_the_largest_batch_follows_the_context_that_is_set():
    def largest(*more):
        done = run("serve", *MODEL, "--slice", "8", "--formats", "bf16", *more, "--json")
        return json.loads(done.output)["formats"]["bf16"]["largest_batch"]["value"]

    room = 8 * 79.18 * 2**30 - 8030261248 * 2  # the HBM that a program sees
    assert largest("--set", "S=2048") == floor(room / (2 * 8 * 128 * 32 * 2 * 2048)) == 2473


def test_experts_hit_that_are_given_are_not_derived_from_the_batch_again():
    """Mixtral on two H100: weights read in a step are P_read and so many experts, two bytes each, at 3.35 TB/s a chip."""
    for hit, more in ((3, ("--set", "E_hit=3")), (8, ("--set", "E_hit=8"))):
        done = run("serve", "mixtral-8x7b", "--on", "h100", "--slice", "2", "--formats", "bf16", *more, "--json")
        rows = json.loads(done.output)["formats"]["bf16"]
        assert rows["mlp_weights"]["value"] == pytest.approx((1.4744e9 + hit * 5637144576) * 2 / (2 * 3.35e12), rel=1e-4)
        wide = run("search", "serve", "mixtral-8x7b", "--on", "h100", "--chips", "2", "--formats", "bf16", *more, "--json")
        assert json.loads(wide.output)["best"]["latency"] == pytest.approx(rows["step"]["value"], rel=0.1)


def test_what_is_given_is_said():
    text = run("serve", *MODEL, "--formats", "bf16", "--set", "K=4", "--set", "W_hbm=3 TB/s").output
    assert "Given: K = 4, W_hbm = 3 TB/s." in text
    head = run("serve", *MODEL, "--set", "p_w=0.5 byte", "--set", "p_kv=1 byte").output
    assert "p_w = 0.5 B" in head and "int8" not in head


@pytest.mark.parametrize("letter", ["L=64", "N=64", "F=28672", "D=8192", "K=4", "W_ici=200 GB/s", "C_bf16=500 TFLOP/s", "M_hbm=100 GB"])
@pytest.mark.parametrize("kind", [("serve", "--formats", "bf16"), ("train", "--batch", "1048576", "--remat", "block")], ids=lambda k: k[0])
@pytest.mark.parametrize("model", ["llama3-8b", "mistral-7b"])
def test_a_search_takes_every_letter_of_its_sheets(kind, model, letter):
    """As ``serve`` does; a model with another size is the model of that size, and what it leaves free follows."""
    start = ("search", kind[0], model, "--on", "h100", "--chips", "8", *kind[1:], "--json")
    done, usual = run(*start, "--set", letter), run(*start)
    assert done.exit_code in (0, 1), done.output
    assert json.loads(done.output)["rows"] and usual.exit_code == 0
    if letter[:2] in ("L=", "N=", "F=", "D="):
        assert json.loads(done.output)["rows"] != json.loads(usual.output)["rows"]


def test_layers_that_are_given_are_those_that_stages_hold():
    """96 layers are 24 stages of 4; LLaMA 3-8B's 32 would leave some of 24 empty. Stages need not be of one length."""
    from symroof import chip, llm
    from symroof.ask.known import Known
    from symroof.plan.layouts import training_meshes
    from symroof.symbols import Z

    where, wide = chip("tpu-v5p"), Known(model=llm("llama3-8b"), letters={"L": "96"}).own
    of = next(s for s in where.slices if s.chips % 3 == 0)
    assert any(int(mesh[Z]) == 24 for mesh in training_meshes(wide, where, of, 384))
    stages = {int(mesh[Z]) for mesh in training_meshes(llm("llama3-8b"), where, of, 384)}
    assert 24 not in stages and 6 in stages  # five of 6 and one of 2
    assert all(-(-32 // -(-32 // z)) == z for z in stages)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("search", "serve", *MODEL, "--set", "n=8"), "the search chooses the slice"),
        (("search", "serve", *MODEL, "--set", "Y=8"), "the search chooses the mesh"),
        (("search", "train", *MODEL, "--set", "B=8"), "the sequences of a step follow"),
        (("search", "serve", *MODEL, "--top", "3", "--json"), "--top changes nothing beside --json"),
        (("serve", *MODEL, "--latency", "9 ms", "--set", "G=3"), "--generate changes nothing beside --latency"),
        (("serve", *MODEL, "--set", "B=8", "--set", "B=9"), "--set gives B twice"),
        (("serve", *MODEL, "--batch", "8", "--batch", "9"), "--batch is given twice"),
        (("search", "serve", *MODEL, "--by", "cost", "--by", "latency"), "--by is given twice"),
        (("serve", *MODEL, "--json", "--latex"), "two forms of one output"),
        (("search", "serve", *MODEL, "--json", "--csv"), "two forms of one output"),
        (("serve", *MODEL, "--latency", ""), "is no quantity"),
        (("serve", *MODEL, "--set", "B=0.5"), "give at least 1"),
        (("derive", "q05", "--index"), "changes nothing beside --index"),
        (("derive", "--index", "--json"), "leave out --json"),
        (("program", "In[B, D] W[D, F] -> Out[B, F]", "--bind", "D=3", "--bind", "D=4"), "--bind gives D twice"),
        (("solve", "decode.step <= 9 ms", "--for", "B", "--model", "llama3-8b", "--kv", "int8", "--formats", "int8"), ""),
        (("solve", "decode.weight_time <= 9 ms", "--for", "n", "--kv", "int8"), "--kv changes nothing"),
        (("export", "memory.weight_memory", "--to", "c", "--on", "h100"), "--on changes nothing"),
        (("elasticity", "memory.kv_per_token", "--on", "h100", "--slice", "8"), "--on changes nothing"),
        (("limit", "decode.weight_time", "--large", "n", "--math", "bf16"), "--math changes nothing"),
        (("formulas", "--on", "h100"), "--on changes nothing without the NAME"),
        (("figure", "memory", *MODEL, "--slices", "8", "--slice", "4"), "--slices and --slice say the same"),
        (("figure", "memory", *MODEL, "--slices", "8", "--remat", "block"), "--remat changes nothing without --training"),
        (("figure", "memory", *MODEL, "--training", "8", "--slices", "8"), "--slices changes nothing beside --training"),
        (("figure", "latency", *MODEL, "--model", "llama3-70b"), "both name the model"),
        (("figure", "regimes", "decode.step", "--over", "B,S", "--window", "B=1:2", "--window", "B=1:3"), "gives a letter twice"),
        (("figure", "training", "--on", "tpu-v5p", "--slice", "4x4x4"), "--slice changes nothing"),
        (("page", "training", "--on", "tpu-v5p", "--set", "B=8"), "asked for and given"),
        (("document", "decode.step <= 9 ms @ B", "--set", "B=8"), "asked for and given"),
    ],
    ids=lambda x: " ".join(x) if isinstance(x, tuple) else "",
)
def test_no_option_and_no_letter_is_ignored(args, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(*args)
    if words:
        assert done.exit_code == 2 and words in done.output, done.output
    else:
        assert done.exit_code == 0, done.output


def test_a_document_of_several_questions_takes_the_letters_of_each():
    done = run("document", "decode.weight_time", "decode.step <= 15 ms @ B", "--set", "S=8192", "--model", "llama3-8b")
    assert done.exit_code == 0, done.output


def test_a_search_speaks_of_the_mesh_and_the_batch():
    """Not of sequences per shard of the KV cache, which the answer does not show, and in sentences."""
    text = run("search", "serve", "llama3-70b", "--on", "tpu-v5e,h100", "--latency", "15 ms").output
    assert "10 % more would change the cost by -1.04%, at X=1 Y=8 Z=2, B=96" in text
    assert "b=" not in text and "mesh=" not in text and "which grow with" not in text.replace("comms, which grow with", "")


@pytest.mark.parametrize("model", ["mixtral-8x7b", "deepseek-v3", "nemotron-3-nano", "gpt-oss-120b", "mistral-7b"])
@pytest.mark.parametrize("kind", [("latency",), ("frontier", "--contexts", "2048,8192")], ids=lambda k: k[0])
def test_figures_of_serving_draw_every_kind_of_model(model, kind, tmp_path):
    """The experts hit follow from the batch that is swept, which stands in no formula of the weights."""
    done = run("figure", *kind, model, "--on", "h200", "--slice", "16", "--formats", "bf16", "-o", str(tmp_path / "figure.svg"))
    assert done.exit_code == 0, (done.output, done.exception)


def test_the_latency_of_a_mixture_is_drawn_at_every_batch():
    """The parts as drawn, against the decode step at each batch; Mamba's states are one of them."""
    from symroof import chip, decode, dtype, llm
    from symroof.ask.known import Known
    from symroof.figures import named as figures

    for name, parts in (("mixtral-8x7b", 5), ("nemotron-3-nano", 7)):
        known = Known(chip("h200"), "8", llm(name), ("bf16", "", ""))
        axes = figures.latency(known, 4096, 256).axes[0]
        lines = {line.get_label(): line for line in axes.get_lines() if len(line.get_xdata()) > 100}
        assert len(lines) == parts and {"KV loading", "param loading", "MLP FLOPs"} <= set(lines)
        xs, ys = lines["total"].get_data()
        step = decode.step(llm(name)).at(chip("h200").on("8"), llm(name), dtype("bf16"), B=xs, S=4096)
        assert ys == pytest.approx(step.number, rel=1e-9)


def test_the_map_of_a_mixture_becomes_a_page(tmp_path):
    at = ("--on", "h200", "--slice", "8", "--model", "mixtral-8x7b", "--formats", "bf16")
    done = run("page", "regimes", "decode.step", "--over", "B,S", *at, "-o", str(tmp_path / "map.html"))
    assert done.exit_code == 0, (done.output, done.exception)
