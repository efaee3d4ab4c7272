"""A search goes through any executor, survives the loss of its workers, ends at Ctrl-C and says how far it is."""

import contextlib
import multiprocessing
import os
import pty
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from symroof import Cost, chip, decode, dtype, llm, memory, search, space
from symroof.errors import InputError
from symroof.search import stream
from symroof.symbols import D, F

SHEETS = (chip("tpu-v5e"), llm("llama3-70b"), dtype("int8", math="bf16"))
LIMITS = [memory.memory() <= memory.capacity(), decode.step() <= "15 ms"]
LARGE = {"B": range(1, 1001), "n": range(1, 201), "S": [1024 * k for k in range(1, 101)]}  # 2e7 points in 64 runs of blocks
ALL = 20_000_000


def serve(**options):
    """Every point of a large space, by default: something to be lost on the way."""
    asked = {"maximize": decode.throughput(), "subject_to": LIMITS, "prune": False, "best": 4}
    return search(space(*SHEETS, **options.pop("axes", LARGE)), **{**asked, **options})


def answer(found):
    return found.considered, found.evaluated, [(tuple(p.at.items()), p.value.number) for p in found.points]


@pytest.fixture(scope="module")
def expected():
    found = answer(serve())
    assert found[:2] == (ALL, ALL)
    return found


class Watched(Executor):
    """Another executor; once some results are back and others are under way, something happens to it."""

    def __init__(self, inner, happens=None):
        self.inner, self.happens, self.back = inner, happens, 0
        self.sent = self.whole = 0
        if hasattr(inner, "_max_workers"):
            self._max_workers = inner._max_workers

    def submit(self, f, /, *args):
        self.sent, self.whole = self.sent + 1, self.whole + (args[1] is not None)
        future = self.inner.submit(f, *args)
        if self.happens and self.back >= 5 and not future.done():
            happens, self.happens = self.happens, None
            happens()
        future.add_done_callback(self._count)
        return future

    def _count(self, future):
        self.back += not future.cancelled() and future.exception() is None and future.result() is not None


# -- executors of this machine
def test_threads(expected):
    with ThreadPoolExecutor(2) as threads:
        watched = Watched(threads)
        assert answer(serve(executor=watched)) == expected
        assert watched.whole == 0


def test_processes_ask_for_the_job(expected, monkeypatch):
    """A spawned process knows nothing: the job, here with an axis of a million numbers, goes to it, but not with every block."""
    monkeypatch.setattr(stream, "_SILENCE", 600)  # a worker that is slow to begin is not lost: nothing is done here in its place
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
        watched = Watched(processes)
        assert answer(serve(executor=watched)) == expected
        long = {"B": np.arange(1.0, 10**6 + 1), "n": [8, 16, 24], "S": "32 Ki"}
        assert 1 <= watched.whole <= 4 < watched.sent / 10
        for prune in (True, False):
            assert answer(serve(executor=watched, axes=long, prune=prune)) == answer(serve(axes=long, prune=prune))


def test_a_process_that_is_killed(expected):
    with ProcessPoolExecutor(2) as processes:
        watched = Watched(processes, lambda: os.kill(next(iter(processes._processes)), signal.SIGKILL))
        assert answer(serve(executor=watched)) == expected
        assert watched.happens is None
        with pytest.raises(BrokenExecutor):
            processes.submit(int)


def test_an_executor_that_is_shut_down(expected):
    threads = ThreadPoolExecutor(1)
    assert answer(serve(executor=Watched(threads, lambda: threads.shutdown(wait=False, cancel_futures=True)))) == expected


class Odd(Executor):
    """Every third result is a problem, another one never comes."""

    def __init__(self, problem):
        self.problem, self.count = problem, 0

    def submit(self, f, /, *args):
        future = Future()
        self.count += 1
        if self.problem is None and self.count % 3:
            return future
        if self.count % 3 == 2:
            future.set_exception(self.problem)
        else:
            future.set_result(f(*args))
        return future


@pytest.mark.parametrize(
    "problem", [CancelledError(), TimeoutError("late"), OSError("the network"), ValueError("a bad worker"), None], ids=repr
)
def test_what_an_executor_loses_is_done_here(problem, expected, monkeypatch):
    monkeypatch.setattr(stream, "_SILENCE", 0.05)
    assert answer(serve(executor=Odd(problem))) == expected


def test_what_is_no_executor():
    with pytest.raises(InputError, match="get_executor"):
        serve(executor=3)


def test_an_error_of_the_formula_is_said_wherever_it_occurs():
    bad = Cost(D**3 * F**3, "1")
    axes = {"D": [1.0, 1e90], "F": [1.0, 1e90]}
    with ThreadPoolExecutor(1) as threads:
        for executor in (None, threads):
            with pytest.raises(InputError, match="cannot be evaluated"):
                search(space(**axes), minimize=bad, prune=False, executor=executor)


def test_a_worker_keeps_a_few_jobs(monkeypatch):
    class Done:
        def run(self, start, stop, before):
            return "done"

    monkeypatch.setattr(stream, "_HELD", {})
    assert stream.work("0", None, 0, 1, None) is None
    for i in range(9):
        assert stream.work(str(i), Done(), 0, 1, None) == stream.work(str(i), None, 0, 1, None) == "done"
    assert list(stream._HELD) == ["5", "6", "7", "8"]


# -- a cluster
@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None, "silence_logs": 50}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        yield client


def test_dask(client, expected):
    watched = Watched(client.get_executor())
    assert answer(serve(executor=watched)) == expected
    assert 1 <= watched.whole < watched.sent / 2
    assert answer(serve(executor=watched, prune=True))[2] == expected[2]


def test_a_dask_worker_that_is_killed(client, expected):
    before = set(client.run(os.getpid).values())
    watched = Watched(client.get_executor(), lambda: os.kill(min(before), signal.SIGKILL))
    assert answer(serve(executor=watched)) == expected
    assert watched.happens is None


# -- Ctrl-C
ENDLESS = """
import signal, sys
from concurrent.futures import ProcessPoolExecutor
from symroof import chip, decode, dtype, llm, memory, search, space
from symroof.search import search as searching, stream

def main(kind):
    take, exact = stream.Seen.take, searching.exact
    def seen(self, *args):
        before = self.points.sure.any()
        take(self, *args)
        if self.points.sure.any() > before:
            print("begun", flush=True)
    def again(*args):
        signal.raise_signal(signal.SIGINT)
        return exact(*args)
    stream.Seen.take = seen
    if kind == "twice":
        searching.exact = again
    pool = ProcessPoolExecutor(2) if kind == "processes" else None
    lots = space(chip("tpu-v5e"), llm("llama3-70b"), dtype("int8", math="bf16"), B=range(1, 10**6), n=range(1, 1000), S=range(1024, 10**6))
    found = search(lots, maximize=decode.throughput(), subject_to=[memory.memory() <= memory.capacity()], prune=False, executor=pool)
    if pool:
        pool.shutdown(cancel_futures=True)
    print(found)
    print("sound", found.complete is False, 0 < found.considered == found.evaluated + found.pruned)

if __name__ == "__main__":
    main(sys.argv[1])
"""


@pytest.mark.parametrize("kind", ["once", "twice", "processes"])
def test_ctrl_c_gives_the_best_so_far(kind, tmp_path):
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, script, kind], start_new_session=True, **pipes) as running:
        try:
            assert running.stdout.readline() == "begun\n"
            pressed = time.monotonic()
            os.killpg(running.pid, signal.SIGINT)  # as a terminal does
            out, err = running.communicate(timeout=20)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
    assert running.returncode == 0, err
    assert time.monotonic() - pressed < 5
    assert "interrupted: the best of what was seen" in out
    assert "sound True True" in out


def test_a_second_ctrl_c_is_the_first_one_again_unless_it_is_meant(monkeypatch):
    with stream.Interrupts() as pressed:
        assert not pressed.pressed
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert pressed.pressed
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    monkeypatch.setattr(stream, "_TWICE", -1)
    with pytest.raises(KeyboardInterrupt), stream.Interrupts():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    with ThreadPoolExecutor(1) as threads:  # where no signal arrives
        assert threads.submit(lambda: len(serve(axes={"B": [1, 2], "n": 16, "S": "8 Ki"}))).result() == 2


# -- a line on the terminal
SLOW = """
import sys
from symroof import chip, decode, dtype, llm, memory, search, space
from symroof.search import stream
stream._PATIENCE = float(sys.argv[1])
last = 1024 + int(sys.argv[2])
some = space(chip("tpu-v5e"), llm("llama3-70b"), dtype("int8", math="bf16"), B=range(1, 1001), n=range(1, 201), S=range(1024, last))
found = search(some, maximize=decode.throughput(), subject_to=[memory.memory() <= memory.capacity()], prune=False)
print(found.best.labels, "rich.progress" in sys.modules)
"""


def on_a_terminal(tmp_path, patience, size):
    """What a script prints, and what it shows beside on a terminal."""
    script = tmp_path / "slow.py"
    script.write_text(SLOW)
    ours, its = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        [sys.executable, script, patience, size], stdout=subprocess.PIPE, stderr=its, text=True, env=environment
    ) as running:
        os.close(its)
        shown = b""
        with contextlib.suppress(OSError):  # how Linux says that the other end is closed
            while piece := os.read(ours, 1 << 16):
                shown += piece
        os.close(ours)
        return running.communicate(timeout=20)[0], shown.decode()


def test_progress_on_a_terminal(tmp_path):
    out, shown = on_a_terminal(tmp_path, "0", "100")
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    for text in (r"search ", r"\d+%", r"[\d.]+ M points/s", r"best [\d.]+ token/s/chip", r"\d\d:\d\d"):
        assert re.search(text, plain), plain
    assert shown.endswith("\x1b[1A\x1b[2K"), "the line is cleared at the end"
    assert shown.count("\n") == 1
    assert out.startswith("B=")


def test_no_progress_for_what_is_quick_or_not_watched(tmp_path):
    assert on_a_terminal(tmp_path, "60", "9")[1] == ""
    run = subprocess.run([sys.executable, tmp_path / "slow.py", "0", "9"], capture_output=True, text=True, timeout=60, check=True)
    assert run.stderr == ""
    assert run.stdout.endswith("False\n"), "and nothing is loaded for it"
