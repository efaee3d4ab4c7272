"""Whatever is typed, piped or closed: an answer, or one sentence; the right exit code, no traceback, no hang."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner
from lines import COMMANDS, EXAMPLES, HOSTILE, mutated, nothing_wrong, quick
from second_opinion import some

import symroof
from symroof import SymroofError
from symroof.cli import cli
from symroof.symbols import B, D, F, X

SYMROOF = (sys.executable, "-m", "symroof")
FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is not here")


# -- thousands of lines, in this process
def judged(line):
    done = CliRunner().invoke(cli, line)
    return nothing_wrong(done.exit_code, done.exception, done.stdout, done.stderr)


@pytest.mark.parametrize("part", range(6))
def test_lines_nobody_would_write(part, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wrong = {}
    for i in range(some(40)):
        line = mutated(random.Random(1000 * part + i))
        if quick(line) and (found := judged(line)):
            wrong[f"{1000 * part + i}: {line!r:.300}"] = found
    assert not wrong


def test_the_lines_reach_every_command():
    assert {tuple(line[: len(words)]) for words in COMMANDS for line in EXAMPLES if line[: len(words)] == [*words]} >= {*COMMANDS}
    assert len(HOSTILE) > 100


@pytest.mark.parametrize("words", [w for w in COMMANDS if quick([*w])], ids=" ".join)
def test_every_command_refuses_words_of_any_kind(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = random.Random(" ".join(words))
    for word in rng.sample(HOSTILE, 6):
        assert not judged([*words, word]), word


# -- what is given to functions
GIVEN = [
    None,
    True,
    -1,
    0,
    1.5,
    float("nan"),
    float("inf"),
    10**400,
    "",
    "x",
    "15 ms",
    b"x",
    [],
    [1],
    {},
    {"B": 1},
    (),
    object(),
    int,
    B,
    B * D,
    X > 1,
]
CALLS = {
    "symbol": lambda v: symroof.symbol(v),
    "symbol unit": lambda v: symroof.symbol("x", v),
    "symbol tex": lambda v: symroof.symbol("x", "s", "", v),
    "meaning": lambda v: symroof.symbol("x", "s", v),
    "cost": lambda v: symroof.Cost(v, "s"),
    "cost unit": lambda v: symroof.Cost(B, v),
    "cost name": lambda v: symroof.Cost(B, "token", v),
    "chip": lambda v: symroof.chip(v),
    "on": lambda v: symroof.chip("v5e").on(v),
    "llm": lambda v: symroof.llm(v),
    "dtype": lambda v: symroof.dtype(v),
    "dtype math": lambda v: symroof.dtype("int8", math=v),
    "at": lambda v: symroof.decode.step().at(v),
    "at B": lambda v: symroof.decode.step().at(B=v),
    "part": lambda v: symroof.decode.step()[v],
    "add": lambda v: symroof.decode.step() + v,
    "times": lambda v: symroof.decode.step() * v,
    "over": lambda v: symroof.decode.step() / v,
    "at most": lambda v: symroof.decode.step() <= v,
    "or": lambda v: symroof.decode.step() | v,
    "power": lambda v: symroof.decode.step() ** v,
    "compile": lambda v: symroof.decode.step().compile(v),
    "declare": lambda v: symroof.decode.step().declare(v),
    "step": lambda v: symroof.decode.step(v),
    "solve": lambda v: symroof.solve(v, B),
    "unknown": lambda v: symroof.solve(symroof.decode.step() <= "15 ms", v),
    "large": lambda v: symroof.solve(symroof.decode.step() <= "15 ms", B, large=v),
    "regimes": lambda v: symroof.regimes(v, along=B),
    "along": lambda v: symroof.regimes(symroof.decode.step(), along=v),
    "minimize": lambda v: symroof.minimize(v, over=B),
    "minimize over": lambda v: symroof.minimize(symroof.decode.step(), over=v),
    "elasticity": lambda v: symroof.elasticity(symroof.decode.step(), v),
    "subject": lambda v: symroof.maximize(symroof.decode.throughput(), over=B, subject_to=v),
    "matmul": lambda v: symroof.matmul(v, D, F),
    "limit": lambda v: symroof.limit(symroof.decode.step(), large=v),
    "program": lambda v: symroof.program(v),
    "mesh": lambda v: symroof.mesh(X=v),
    "program J": lambda v: symroof.program("A[B, J] -> C[B, J]", J=v),
    "on chip": lambda v: symroof.program("A[B, D] -> C[B, D]", on_chip=v),
    "formats": lambda v: symroof.program("A[B, D] -> C[B, D]", formats=v),
    "marks": lambda v: symroof.program("A[B, D] -> C[B, D]", marks=v),
    "torus": lambda v: symroof.Torus(axes=v),
    "switch": lambda v: symroof.Switch(v),
    "tree": lambda v: symroof.Tree(v),
    "sized": lambda v: symroof.mesh(X=symroof.Torus()).sized(X=v),
    "time": lambda v: symroof.mesh(X=symroof.Torus()).time(v),
    "roofline": lambda v: symroof.roofline(v),
    "work": lambda v: symroof.matmul(B, D, F) * v,
    "export": lambda v: symroof.export(v, "c"),
    "export to": lambda v: symroof.export(symroof.decode.step(), v),
    "export name": lambda v: symroof.export(symroof.decode.step(), "c", v),
    "sweep": lambda v: symroof.sweep(v, B=[1, 2]),
    "axis": lambda v: symroof.sweep(symroof.matmul(B, 8, 8).flops, B=v),
    "space": lambda v: symroof.space(B=v),
    "search": lambda v: symroof.search(v, minimize=symroof.decode.step()),
    "divides": lambda v: symroof.divides(v, B),
    "sheet": lambda v: symroof.sheet(v),
    "calibrate": lambda v: symroof.calibrate(v, symroof.decode.step(), ()),
    "page": lambda v: symroof.page(symroof.decode.weight_time(), P=70e9, p_w=2, n=4, W_hbm=v),
    "model D": lambda v: symroof.model("m", D=v, V=10, blocks=[(1, [symroof.layers.Mlp(F=8)])]),
    "model blocks": lambda v: symroof.model("m", D=8, V=10, blocks=v),
    "layer": lambda v: symroof.layers.Attention(N=v, K=2, H=8),
    "search serving": lambda v: symroof.search_serving(v, "tpu-v5e"),
    "serving on": lambda v: symroof.search_serving("llama3-8b", v),
    "latency": lambda v: symroof.search_serving("llama3-8b", "tpu-v5e", latency=v, chips=4),
    "chips": lambda v: symroof.search_serving("llama3-8b", "tpu-v5e", chips=v, formats="int8"),
    "but": lambda v: symroof.llm("llama3-8b").but(v),
}


@pytest.mark.parametrize("name", CALLS)
def test_arguments_of_any_kind_are_meant_or_refused_in_a_sentence(name):
    for value in GIVEN:
        try:
            CALLS[name](value)
        except SymroofError as problem:
            said = str(problem)
            assert 10 < len(said) < 700 and "Traceback" not in said, (name, value, said)


WORDS_THAT_HELP = [
    ("serve llama3-70b", "Write e.g. symroof serve llama3-70b --on tpu-v5e"),
    ("search llama3-70b", "Write e.g. symroof search serve llama3-70b"),
    ("export decode.step", "--to"),
    ("limit decode.step", "--large D,F or --small B"),
    ("chipz", "did you mean 'chips'"),
]


@pytest.mark.parametrize("line, words", WORDS_THAT_HELP, ids=[line for line, _ in WORDS_THAT_HELP])
def test_what_lacks_something_is_told_what(line, words):
    done = CliRunner().invoke(cli, line.split())
    assert done.exit_code == 2 and words in done.stderr


def test_what_is_missing_of_a_threshold_can_be_given_as_it_says():
    asked = ["solve", "training.tp_limit", "--set", "C=1e14 FLOP/s", "--set", "W_ici=90 GB/s", "--set", "F=8192", "--set", "M_Y=1"]
    assert "p_a: say --math bf16" in CliRunner().invoke(cli, asked).stdout
    assert "Y <= 14.7" in CliRunner().invoke(cli, [*asked, "--set", "p_a=1 byte"]).stdout


# -- processes
def ended(*words, **how):
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, "timeout": 120, **how}
    done = subprocess.run([*SYMROOF, *words], **how)
    said = (done.stderr or b"").decode()
    assert "Traceback" not in said and "Error:" not in said.replace("\nError: ", ""), said
    return done.returncode, (done.stdout or b"").decode(errors="replace"), said


def test_a_reader_that_has_enough_is_no_failure():
    for words in (("llms", "--json"), ("--help",)):
        work = subprocess.Popen([*SYMROOF, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        work.stdout.close()
        said = work.stderr.read().decode()
        assert (work.wait(timeout=120), said) == (0, "")


@FULL
def test_an_output_that_takes_nothing_is_one_sentence():
    for words in (("chips",), ("show", "h100", "--json"), ("--version",), ("export", "decode.step", "--to", "c")):
        with open("/dev/full", "w") as full:
            code, _, said = ended(*words, stdout=full)
        assert code == 2 and said == "symroof: the answer cannot be written: No space left on device\n"
    code, _, said = ended("export", "decode.step", "--to", "c", "-o", "/dev/full")
    assert code == 2 and said.count("\n") == 1 and "cannot be written" in said
    with open("/dev/full", "w") as full:
        assert ended("chipz", stderr=full)[0] == 2


@pytest.mark.skipif(os.name != "posix", reason="a shell closes the streams")
def test_closed_streams():
    def shell(line):
        return subprocess.run(
            ["sh", "-c", line.replace("symroof", f"{sys.executable} -m symroof")], capture_output=True, text=True, timeout=120
        )

    done = shell("symroof chips >&-")
    assert (done.returncode, done.stderr) == (2, "symroof: the answer cannot be written: the output is closed\n")
    assert shell("symroof chips >&- 2>&-").returncode == 2
    done = shell("symroof program - <&-")
    assert done.returncode == 2 and done.stderr.startswith("symroof: the program is empty")
    assert shell("symroof chips 2>&-").returncode == 0


@pytest.mark.parametrize("encoding", ["ascii:strict", "latin-1", "cp437", "utf-16", "ascii"])
def test_an_output_in_an_encoding_that_has_not_every_letter(encoding):
    code, out, said = ended("derive", "q05", env={**os.environ, "PYTHONIOENCODING": encoding})
    assert (code, said) == (0, "") and out
    code, out, said = ended("chips", env={**os.environ, "PYTHONIOENCODING": encoding, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"})
    assert (code, said) == (0, "") and out


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "f.toml")
    (tmp_path / "d.toml").mkdir()
    (tmp_path / "deep.toml").write_text("a=" + "[" * 20000 + "]" * 20000)
    (tmp_path / "bytes.toml").write_bytes(bytes(range(256)))
    (tmp_path / "large.toml").write_text("# " + "x" * 2**21)
    for path in (*sorted(tmp_path.iterdir()), "/dev/zero", "/dev/null"):
        for words in (("show",), ("serve", "--on", "tpu-v5e"), ("program",), ("import",)):
            done = CliRunner().invoke(cli, [*words, str(path)])
            assert done.exit_code == 2 and done.stderr.count("\n") <= 3, (path, words, done.stderr)
            assert not nothing_wrong(done.exit_code, done.exception, done.stdout, done.stderr)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("sign, code", [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_a_signal_ends_it_without_a_traceback(sign, code):
    """Sent again and again while it works, once the program has begun to say what it does."""
    run = "import sys; from symroof.cli import main; print('ready', file=sys.stderr, flush=True); sys.argv = ['symroof', 'llms']; main()"
    work = subprocess.Popen([sys.executable, "-c", run], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert work.stderr.readline() == b"ready\n"
    time.sleep(0.2)
    work.send_signal(sign)
    _, said = work.communicate(timeout=120)
    assert work.returncode in (code, 0)  # 0: it was done before
    assert not said or said.strip().endswith(b"symroof: stopped")
