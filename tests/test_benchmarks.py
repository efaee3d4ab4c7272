"""The benchmarks do not rot: they run, and what they time gives the same numbers. Times are not looked at."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"
sys.path.insert(0, str(FOLDER))

import speed_growth  # noqa: E402
import speed_rivals  # noqa: E402
from speed_case import QUICK, Case  # noqa: E402

SHAPES = [QUICK, (1, 3, 1, 2, 5), (3, 40, 5, 2, 100), (2, 1, 1, 1, 3001), (7, 1, 20, 5, 1)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_all_work_out_the_same_numbers(shape):
    apart = speed_rivals.agreement(Case(shape))
    assert "NumPy" in apart
    assert max(apart.values()) < 1e-12
    assert max(speed_rivals.agreement(Case(shape, "float32")).values()) < 2e-6


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_what_is_written_over_is_what_is_made_new(precision):
    case = Case(QUICK, precision)
    for work in (Case.symroof, *speed_rivals.rivals().values()):
        new, out = work(case), np.full(case.shape, np.nan, precision)
        work(case, out)
        assert new.dtype == out.dtype == precision
        np.testing.assert_array_equal(out, new)
    for work in speed_rivals.ADD.values():
        assert (work(case) == 2).all()


@pytest.mark.parametrize("count", speed_growth.TERMS)
def test_sums_of_terms(count):
    shape = (3, 17, 4, 5, 30)
    axes = [np.linspace(1, 2, n).reshape([-1 if i == j else 1 for j in range(5)]) for i, n in enumerate(shape)]
    ours, plainly = np.empty(shape), np.empty(shape)
    speed_growth._sum(count, axes, ours)
    speed_growth._plainly(count, axes, plainly)
    np.testing.assert_allclose(ours, plainly, rtol=1e-12, atol=0)


def test_the_command():
    command = [sys.executable, FOLDER / "speed.py", "--quick", "--only", "grid"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("# Speed")
    assert "## A grid of 1e5 points" in done.stdout
    assert done.stdout.count("| symroof |") == 3  # two precisions, and the memory


def test_single_calls_give_one_number():
    import calls

    assert len({round(float(work()), 15) for work in calls.works().values()}) == 1
