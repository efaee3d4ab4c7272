"""Formulas over large grids: the engine is plain NumPy is a loop of scalars, whatever the shape; bounded memory."""

import multiprocessing
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from second_opinion import close, costs, worth

from symroof import Cost, SymroofError, chip, decode, dtype, llm, symbol
from symroof.algebra.bind import bind
from symroof.algebra.evaluate import TABLE, tape
from symroof.grid import cut, graph
from symroof.grid.plan import plan

x, y, z = symbol("x"), symbol("y"), symbol("z")
TINY = {"LONG": 6, "ROW": 24, "BLOCK": 12, "TRIFLE": 3, "TINY": 8, "SMALL": 20, "BUDGET": 40}


@contextmanager
def tiny_blocks():
    """Blocks of a few elements, and hardly anything kept, so that small grids go through all of it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in TINY.items():
            patch.setattr(cut if hasattr(cut, name) else graph, name, value)
        yield


def plainly(compiled, values, slot):
    """The tape with one NumPy call per step, each on the whole."""
    slots = [np.asarray(values[s], dtype=float) for s in compiled.inputs] + [np.asarray(float(c)) for c in compiled.constants]
    for kind, places in compiled.steps:
        slots.append(TABLE[kind][1](*[slots[i] for i in places]))
    return slots[slot]


@st.composite
def grids(draw, symbols, low=1e-3, high=1e3):
    """A shape of up to five axes, and for every symbol an array over some of them; some not contiguous."""
    shape = tuple(draw(st.lists(st.sampled_from((1, 1, 2, 3, 5, 7)), max_size=5)))
    seed = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = {}
    for s in symbols:
        array = 10 ** seed.uniform(np.log10(low), np.log10(high), tuple(n if draw(st.booleans()) else 1 for n in shape))
        how = draw(st.sampled_from(("as it is", "number", "every second", "transposed", "fewer axes")))
        if how == "number":
            array = float(array.flat[0])
        elif how == "every second" and array.ndim:
            array = np.repeat(array, 2, axis=-1)[..., ::2]
        elif how == "transposed" and array.ndim:
            array = np.asfortranarray(array)
        elif how == "fewer axes" and array.ndim and array.shape[0] == 1:
            array = array[0]
        values[s] = array
    return shape, values


def check_against_numpy(compiled, shape, values, wanted, **how):
    with tiny_blocks() if np.prod(shape) < 20_000 else nullcontext():
        whole = plan(compiled, values, shape, wanted).run(**how)
    for array, slot in zip(whole, wanted, strict=True):
        assert array.shape == shape
        np.testing.assert_allclose(array, np.broadcast_to(plainly(compiled, values, slot), shape), rtol=1e-12, atol=0)
    return whole


@settings(max_examples=200)
@given(st.data())
def test_the_engine_is_plain_numpy_is_a_loop(data):
    cost = data.draw(costs())
    compiled = tape(cost.shape)
    shape, values = data.draw(grids(compiled.inputs))
    slots = len(compiled.inputs) + len(compiled.constants) + len(compiled.steps)
    wanted = [compiled.slots[0], *data.draw(st.lists(st.integers(0, slots - 1), max_size=3))]
    whole = check_against_numpy(compiled, shape, values, wanted, workers=data.draw(st.sampled_from((1, 2))))
    spread = {s: np.broadcast_to(v, shape) for s, v in values.items()}
    for at in list(np.ndindex(shape))[:: max(1, whole[0].size // 2)]:
        here = {s: Fraction(float(v[at])) for s, v in spread.items()}
        assert close(float(whole[0][at]), worth(cost.expr, here))
        assert float(cost.at({s: float(v) for s, v in here.items()})) == pytest.approx(float(whole[0][at]), rel=1e-12, abs=0)


@pytest.mark.parametrize("expr", [x / y / 12, sp.exp(x * y) * z, sp.exp(x * y) + sp.sqrt(z) * x], ids=str)
def test_whatever_axes_each_symbol_has(expr):
    """Also axes on which nothing depends, or nothing but the last step."""
    compiled, shape = tape(expr), (5, 2, 3)
    for axes in product(np.ndindex(2, 2, 2), repeat=len(compiled.inputs)):
        own = [tuple(n if has else 1 for n, has in zip(shape, one, strict=True)) for one in axes]
        values = {s: 1 + np.arange(np.prod(n)).reshape(n) / 64 for s, n in zip(compiled.inputs, own, strict=True)}
        check_against_numpy(compiled, shape, values, [compiled.slots[0]], workers=1)


def test_a_part_with_fewer_axes_in_a_block_of_many():
    outer, across, along = np.linspace(1, 2, 200_000)[:, None, None], np.linspace(1, 2, 100)[:, None], np.linspace(1, 2, 100)
    for first, last in ((across, along), (along, across)):
        for expr in (x * y, sp.exp(-x * y) * z):
            block = plan(tape(expr), {x: outer, y: first, z: last}, (200_000, 100, 100)).block(0)
            expected = outer[block.slices[0]] * first if expr == x * y else np.exp(-outer[block.slices[0]] * first) * last
            np.testing.assert_allclose(block.arrays[0], np.broadcast_to(expected, block.arrays[0].shape), rtol=1e-12)


functions = st.recursive(
    st.sampled_from((x, y, z, sp.Integer(2), sp.Rational(1, 3))),
    lambda e: st.one_of(
        st.builds(lambda a, b: a + b, e, e),
        st.builds(lambda a, b: a * b, e, e),
        st.builds(lambda a, b: a / b, e, e),
        st.builds(lambda a, b: sp.Max(a, b, evaluate=False), e, e),
        st.builds(lambda a, b: sp.Min(a, b, evaluate=False), e, e),
        st.builds(lambda a, k: a**k, e, st.sampled_from((2, 3, 4, -2, sp.Rational(1, 2), sp.Rational(2, 3), sp.Rational(-1, 2)))),
        st.builds(lambda a: sp.ceiling(a + 100, evaluate=False), e),
        st.builds(lambda a: sp.log(1 + a) + sp.exp(-a) + sp.asinh(a), e),
    ),
    max_leaves=6,
)


@settings(max_examples=120)
@given(functions, st.data())
def test_any_function_of_the_table(expr, data):
    compiled = tape(expr)
    shape, values = data.draw(grids(compiled.inputs, 0.2, 5))
    check_against_numpy(compiled, shape, values, [compiled.slots[0]])


@settings(max_examples=40)
@given(costs(), st.data())
def test_blocks_tile_the_grid(cost, data):
    compiled = tape(cost.shape)
    shape, values = data.draw(grids(compiled.inputs))
    with tiny_blocks():
        made = plan(compiled, values, shape)
    whole, times = np.full(shape, np.nan), np.zeros(shape)
    for i in made.blocks():
        block = made.block(i)
        whole[block.slices] = block.arrays[0]
        times[block.slices] += 1
    assert (times == 1).all()
    assert np.array_equal(whole, made.run()[0])


ROWS = 300_007
STEP = decode.step()
GIVEN = bind(STEP.free_symbols, (chip("v5e"), llm("llama3-70b"), dtype("int8", math="bf16")), {"n": 16, "B": 1, "S": 1}).numbers
AWKWARD = [
    (ROWS, 1),
    (1, ROWS),
    (ROWS, 3),
    (3, ROWS),
    (2, ROWS // 2, 2),
    (500, 500, 2),
    (2,) * 18,
    (7, 5, 8_011),
    (9_000, 33),
    (1, 1, 1),
    (),
]


@pytest.mark.parametrize("shape", [*AWKWARD, (0,), (5, 0, 3), (0, ROWS)], ids=str)
@pytest.mark.parametrize("workers", [1, 3])
def test_awkward_shapes(shape, workers):
    compiled = tape(STEP.shape)
    names = ("B", "S", "n", "p_kv", "W_hbm")
    values, rng = dict(GIVEN), np.random.default_rng(1)
    by_name = {s.name: s for s in compiled.inputs}
    for i, axis in enumerate(np.arange(len(shape)) % 5):
        own = [1] * len(shape)
        own[i] = shape[i]
        values[by_name[names[axis]]] = rng.uniform(1, 2, own) * float(GIVEN[by_name[names[axis]]])
    check_against_numpy(compiled, shape, values, [compiled.slots[0], compiled.slots[1][1][0]], workers=workers)
    if len(shape) > 1:
        values[by_name["B"]] = rng.uniform(1, 9, (shape[0], *(1,) * (len(shape) - 2), shape[-1]))
        values[by_name["S"]] = rng.uniform(1, 9, shape[::-1]).T  # full, and not contiguous
        check_against_numpy(compiled, shape, values, [compiled.slots[0]], workers=workers)


def test_threads_give_the_same_to_the_last_bit():
    compiled = tape(STEP.shape)
    by_name = {s.name: s for s in compiled.inputs}
    values = {**GIVEN, by_name["B"]: np.arange(1.0, 401)[:, None, None], by_name["S"]: np.arange(1.0, 4001)[:, None]}
    values[by_name["n"]] = np.array([1.0, 2.0])
    made = plan(compiled, values)
    one, two, many = (made.run(workers=k)[0] for k in (1, 2, 5))
    assert np.array_equal(one, two)
    assert np.array_equal(one, many)


def _block_sum(made, i):
    return float(made.block(i).arrays[0].sum())


def test_blocks_go_through_any_executor():
    compiled = tape(STEP.shape)
    by_name = {s.name: s for s in compiled.inputs}
    made = plan(compiled, {**GIVEN, by_name["B"]: np.arange(1.0, 701)[:, None], by_name["S"]: np.arange(1.0, 801)})
    again = pickle.loads(pickle.dumps(made))
    assert (again.shape, again.wanted, list(again.blocks())) == (made.shape, made.wanted, list(made.blocks()))
    assert len(made.blocks()) > 2
    wanted = [_block_sum(made, i) for i in made.blocks()]
    for pool in (ThreadPoolExecutor(2), ProcessPoolExecutor(2, multiprocessing.get_context("spawn"))):
        with pool:
            assert [f.result() for f in [pool.submit(_block_sum, made, i) for i in made.blocks()]] == wanted


# -- exactness
def test_float32_on_request():
    compiled = tape(STEP.shape)
    by_name = {s.name: s for s in compiled.inputs}
    values = {**GIVEN, by_name["B"]: np.arange(1.0, 301)[:, None], by_name["S"]: np.linspace(1, 9, 7 * 300 * 300).reshape(-1, 300, 300)}
    half = plan(compiled, values, dtype=np.float32).run()[0]
    assert half.dtype == np.float32
    np.testing.assert_allclose(half, plan(compiled, values).run()[0], rtol=1e-6)
    with pytest.raises(SymroofError, match="float64 or float32"):
        plan(compiled, values, dtype=np.float16)


BIG = np.linspace(1, 2, 1 << 18)
TROUBLE = [
    (1 / (x - y), {x: np.where(np.arange(len(BIG)) == 77_777, 3.0, 4.0), y: np.array([[3.0], [5.0]])}, ["x = 3", "y = 3"]),
    (sp.log(x - y), {x: BIG, y: np.array([[0.5], [1.5]])}, ["x = 1", "y = 1.5"]),
    (sp.exp(x) + y * z, {x: np.append(BIG, 1e4), y: np.ones((3, 1)), z: 2.0}, ["x = 10000"]),
    (x * y, {x: np.append(BIG, 1e300), y: np.array([[1.0], [1e200]])}, ["x = 1e+300", "y = 1e+200"]),
    (x**1000, {x: 1e300, y: 1.0}, ["x = 1e+300"]),
    (1 / (x - 3) + y, {x: np.array([1.0, 3.0, 4.0])[:, None], y: BIG}, ["x = 3"]),
]


@pytest.mark.parametrize("expr, values, says", TROUBLE, ids=lambda v: str(v)[:30])
@pytest.mark.parametrize("workers", [1, 2])
def test_what_has_no_value_names_the_symbols(expr, values, says, workers):
    with pytest.raises(SymroofError) as caught:
        plan(tape(expr), {s: values[s] for s in tape(expr).inputs}).run(workers=workers)
    message = str(caught.value)
    assert all(text in message for text in says), message
    assert len(message) < 400
    used = {w.split(" =")[0] for w in says}
    assert all(f"{s} =" not in message for s in {"x", "y", "z"} - used), message


def test_regrouping_never_leaves_the_range_that_the_order_stays_in():
    expr = sp.Mul(x, y, z, 1 / symbol("w"))
    for tiny in (1.0, -1.0):
        big = 10.0 ** (200 * tiny)
        values = {"x": big, "y": np.full((600, 1, 1), 1 / big), "z": np.full((1, 600, 1), big), "w": np.full((1, 1, 3), big)}
        compiled = tape(expr)
        found = plan(compiled, {s: values[s.name] for s in compiled.inputs}).run()[0]
        np.testing.assert_allclose(found, 1.0, rtol=1e-12)


@pytest.mark.parametrize("scale, terms", [(1.0, 4), (-1.0, 3), (1e-200, 3)], ids=["all", "not what is negative", "not what underflows"])
def test_a_sum_of_products_is_one_matrix_product_where_that_is_safe(scale, terms):
    compiled = tape(x * z + y * symbol("w") + x + symbol("w") + 3)
    columns = {"x": scale * np.linspace(1, 2, 40)[:, None], "y": np.linspace(3, 4, 40)[:, None]}
    by_name = columns | {"z": scale * np.linspace(5, 6, 9_000), "w": np.linspace(7, 8, 9_000)}
    values = {s: by_name[s.name] for s in compiled.inputs}
    (fused,) = plan(compiled, values, (40, 9_000)).kernel.products.values()
    assert len(fused.down) == terms
    check_against_numpy(compiled, (40, 9_000), values, [compiled.slots[0]])


def test_an_overflow_in_a_sum_of_products_is_said():
    compiled = tape(x * z + y)
    values = {x: np.linspace(1, 1e200, 40)[:, None], y: np.ones((40, 1)), z: np.linspace(1, 1e200, 9_000)}
    with pytest.raises(SymroofError, match="overflow"):
        plan(compiled, values, (40, 9_000)).run()


def test_float32_overflow_is_said():
    with pytest.raises(SymroofError, match="float32") as caught:
        plan(tape(x * y), {x: BIG * 1e20, y: np.array([[1.0], [1e20]])}, dtype=np.float32).run()
    assert "y = 1e+20" in str(caught.value)


def test_what_does_not_fit_is_refused():
    compiled = tape(x * y)
    with pytest.raises(SymroofError, match="missing: y"):
        plan(compiled, {x: BIG})
    with pytest.raises(SymroofError, match="y is an array of shape"):
        plan(compiled, {x: BIG, y: np.ones(3)}, BIG.shape)
    for bad in (np.empty(3), np.empty(BIG.shape, np.float32), np.empty(2 * len(BIG))[::2]):
        with pytest.raises(SymroofError, match="out must be"):
            plan(compiled, {x: BIG, y: 2.0}).run([bad])
    with pytest.raises(SymroofError, match="one for each"):
        plan(compiled, {x: BIG, y: 2.0}).run([])


# -- .at() uses it
def test_at_on_a_large_grid():
    batch, context = np.arange(1.0, 1201)[:, None], np.arange(1.0, 1001)
    sheets = chip("v5e"), llm("llama3-70b"), dtype("int8", math="bf16")
    large = STEP.at(*sheets, n=16, B=batch, S=context)
    assert large.number.shape == (1200, 1000)
    assert large["math"].number.shape == (1200, 1)
    assert isinstance(large["weights"].number, float)
    for i, j in ((0, 0), (17, 999), (1199, 500)):
        one = STEP.at(*sheets, n=16, B=batch[i, 0], S=context[j])
        assert large.number[i, j] == pytest.approx(float(one), rel=1e-12)
        assert large["attention"].number[i, j] == pytest.approx(float(one["attention"]), rel=1e-12)
        assert large["math"].number[i, 0] == pytest.approx(float(one["math"]), rel=1e-12)
    assert STEP["math"].at(*sheets, n=16, B=np.arange(1.0, 2e6)).number[-1] == pytest.approx(
        float(STEP["math"].at(*sheets, n=16, B=1999999))
    )


@pytest.mark.parametrize(
    "values, says",
    [
        ({"x": BIG, "y": np.ones((9, 1)), "z": np.array([2**60])}, "z holds an integer beyond"),
        ({"x": np.where(BIG > 1.99, np.nan, BIG), "y": np.ones((9, 1)), "z": 1}, "x must be positive and finite"),
        ({"x": BIG, "y": np.ones((9, 1)), "z": -1}, "z"),
        ({"x": np.where(BIG > 1.99, 2, BIG), "y": np.full((9, 1), 2.0), "z": 1}, "x = 2, y = 2"),
        ({"x": np.ones(1_000_003), "y": np.ones(1_000_002), "z": 1}, "do not broadcast: x"),
    ],
    ids=lambda v: str(v)[:20],
)
def test_at_names_the_symbol(values, says):
    with pytest.raises(SymroofError, match=says):
        Cost(z / (x - y), "1").at(**values)


MEMORY = """
import re, numpy as np
from pathlib import Path
from symroof import *
from symroof.algebra.bind import bind
from symroof.algebra.evaluate import tape
from symroof.grid.plan import plan
step = decode.step() {more}
given = dict(bind(step.free_symbols, (chip("v5e"), llm("llama3-70b"), dtype("int8", math="bf16")), dict(n=16, B=1, S=1)).numbers)
shape, names = {shape}, ("B", "S", "n", "p_kv", "W_hbm")
compiled = tape(step.shape)
for i, name in enumerate(names[: len(shape)]):
    s = next(s for s in compiled.inputs if s.name == name)
    given[s] = np.linspace(1, 2, shape[i]).reshape([-1 if i == j else 1 for j in range(len(shape))]) * float(given[s])
held = lambda what: int(re.search(what + r":\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
before = held("VmRSS")
out = plan(compiled, given, shape).run()[0]
print(held("VmHWM") - before - out.nbytes)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak memory of a process is read from /proc")
@pytest.mark.parametrize("shape", [(2, 10**7), (10**7, 2), (40, 50, 20, 5, 100)], ids=str)
@pytest.mark.parametrize("more", ["", "** 3 / (n * 2) * decode.step()['attention']"], ids=["step", "more"])
def test_memory_is_the_output_and_64_mib(shape, more):
    code = MEMORY.replace("{shape}", str(shape)).replace("{more}", more and "\nfrom symroof.symbols import n\nstep = step " + more)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert -8 << 20 < int(done.stdout) < 64 << 20  # a peak below the output would be none
