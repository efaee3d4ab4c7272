"""Exported source, executed: NumPy, Python, JavaScript and C say what the engine says, whatever the names."""

import json
import math
import os
import runpy
import shutil
import subprocess
import sys
from fractions import Fraction as Q
from importlib.util import find_spec
from itertools import pairwise

import numpy as np
import pytest
import sympy as sp
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from second_opinion import costs, counting, points, worth

from symroof import Cost, Span, Value, chip, decode, dtype, export, llm, serving, solve, symbol
from symroof.algebra.evaluate import TABLE
from symroof.algebra.roots import Log1p, PositiveRoot, PowerOfTwo
from symroof.algebra.symbols import FRACTIONS
from symroof.cli import cli
from symroof.errors import InputError, SolveError, SymroofError, UnknownName
from symroof.export.export import arguments as needed
from symroof.export.helpers import HELPERS
from symroof.export.languages import DIALECTS
from symroof.symbols import B, C, H, K, L, P, S, W_hbm, n, p_kv, p_w, t_lim

x, y, z = symbol("x"), symbol("y"), symbol("z")
ONE = [pytest.param(name, marks=pytest.mark.skipif(not shutil.which(tool), reason=f"{tool} is not here"), id=name)
       for name, tool in (("numpy", "true"), ("python", "true"), ("javascript", "node"), ("c", "gcc"))]  # fmt: skip
JAX = pytest.mark.skipif(find_spec("jax") is None, reason="jax is not here")
ONE.append(pytest.param("jax", marks=JAX, id="jax"))
COMPILED = [p for p in ONE if p.id in ("javascript", "c")]
GCC = ("gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-O2")


# -- running what was exported
def loaded(source, folder, name):
    """A Python, NumPy or JAX function of a file; JAX in 64 bits."""
    if "import jax" in source:
        import jax

        jax.config.update("jax_enable_x64", True)
    path = folder / f"{name}.py"
    path.write_text(source, "utf-8")
    return runpy.run_path(str(path))[name]


def results(language, calls, folder):
    """``[(formula, values by symbol), ...]`` exported (each formula once) and called: one float each."""
    formulas = {id(f): f for f, _ in calls}
    places = {key: i for i, key in enumerate(formulas)}
    sources = [export(f, language, f"f{i}") for i, f in enumerate(formulas.values())]
    asked = [(places[id(f)], arguments(f, at)) for f, at in calls]
    if language in ("numpy", "python", "jax"):
        functions = [loaded(source, folder, f"f{i}") for i, source in enumerate(sources)]
        return [float(functions[i](*at)) for i, at in asked]
    return (in_c if language == "c" else in_javascript)(sources, asked, folder)


def arguments(formula, at):
    """The values in the order of the arguments; of a bound only what its ends need."""
    free = formula.free_symbols if isinstance(formula, Cost) else needed(formula)
    return [float(at[s]) for s in sorted(free, key=lambda s: s.name)]


def in_javascript(sources, asked, folder):
    for i, source in enumerate(sources):
        (folder / f"f{i}.js").write_text(source, "utf-8")
    driver = "".join(f'console.log(String(require("./f{i}.js").f{i}({", ".join(map(repr, at))})));\n' for i, at in asked)
    (folder / "driver.js").write_text(driver, "utf-8")
    done = subprocess.run(["node", "driver.js"], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [float(text.replace("Infinity", "inf")) for text in done.stdout.split()]


def in_c(sources, asked, folder):
    for i, source in enumerate(sources):
        (folder / f"f{i}.c").write_text(source, "utf-8")
    takes = {i: len(at) for i, at in asked}
    heads = "".join(f"double f{i}({', '.join(['double'] * count) or 'void'});\n" for i, count in takes.items())
    prints = "".join(f'  printf("%.17g\\n", f{i}({", ".join(map(repr, at))}));\n' for i, at in asked)
    return [float(text) for text in ran(f"#include <stdio.h>\n{heads}int main(void) {{\n{prints}  return 0;\n}}\n", len(sources), folder)]


def ran(main, count, folder):
    (folder / "main.c").write_text(main, "utf-8")
    files = [f"f{i}.c" for i in range(count)]
    built = subprocess.run([*GCC, "main.c", *files, "-lm", "-o", "main"], cwd=folder, capture_output=True, text=True, timeout=120)
    assert built.returncode == 0, built.stderr
    return subprocess.run([str(folder / "main")], capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()


def engine(cost, at):
    """The engine on arrays of one element."""
    return float(np.ravel(cost.at({s: np.array([float(at[s])]) for s in cost.free_symbols}).number)[0])


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("exported")


# -- every row of the table
FIRES = {
    sp.Add: x + y + sp.Rational(1, 3),
    sp.Mul: sp.Rational(2, 3) * x * y,
    sp.Pow: x**3 / y**2 + x ** sp.Rational(2, 3) + sp.sqrt(y) + (x + y) ** -2 + x**y,
    sp.Max: sp.Max(x, y, x * y, evaluate=False),
    sp.Min: sp.Min(x, y, x * y, evaluate=False),
    sp.ceiling: sp.ceiling(10 * x),
    sp.floor: sp.floor(10 * x),
    sp.Abs: sp.Abs(x - 2 * y),
    sp.log: sp.log(x),
    Log1p: sp.log(1 + x * y / 10**9),
    sp.exp: sp.exp(-x),
    sp.sinh: sp.sinh(x),
    sp.asinh: sp.asinh(x),
    PositiveRoot: PositiveRoot(x, y, -7, -1),
    PowerOfTwo: PowerOfTwo(5 * x),
}
AT = [{x: Q(a), y: Q(b)} for a in ("1/2", "7/10", "3", "64/5") for b in ("7/5", "3")]


@pytest.mark.parametrize("language", ONE)
def test_every_row_fires_in_every_language(language, tmp_path):
    assert set(FIRES) == set(TABLE), "give a new row an expression in FIRES, and a counterpart in every language"
    assert all(kind in d.functions for d in DIALECTS.values() for kind in TABLE if kind not in (sp.Add, sp.Mul, sp.Pow))
    calls = [(cost, at) for cost in [Cost(expr, "1") for expr in FIRES.values()] for at in AT]
    for (cost, at), found in zip(calls, results(language, calls, tmp_path), strict=True):
        assert found == pytest.approx(float(worth(cost.expr, at)), rel=1e-13), (cost, at)


@pytest.mark.parametrize("language", ONE)
def test_a_ceiling_never_trips_over_a_rounding_error(language, tmp_path):
    tenths = [i / 10 for i in range(1, 30)] + [1 / 3, 0.49999999999999994, 4503599627370497.5, 2.0**52 + 1, 8e14 + 0.5]
    exprs = (sp.ceiling(10 * x), sp.floor(10 * x), sp.ceiling(x / sp.Rational(3, 10)), sp.floor(x))
    calls = [(cost, {x: t}) for cost in [Cost(e, "1") for e in exprs] for t in tenths]
    assert results(language, calls, tmp_path) == [engine(*call) for call in calls]


# -- random costs
@given(costs(), st.lists(points(), min_size=3, max_size=3))
def test_python_and_numpy_are_the_engine(place, cost, rows):
    free = sorted(cost.free_symbols, key=lambda s: s.name)
    columns = [np.array([float(row[s]) for row in rows]) for s in free]
    wanted = np.broadcast_to(cost.at(dict(zip(free, columns, strict=True))).number, 3)
    np.testing.assert_allclose(loaded(export(cost, "numpy", "f"), place, "f")(*columns), wanted, rtol=1e-15)
    alone = loaded(export(cost, "python", "f"), place, "f")
    for i, row in enumerate(rows):
        assert alone(*[float(row[s]) for s in free]) == pytest.approx(wanted[i], rel=1e-15)
        exact = cost.at({s: row[s] for s in free}).number
        assert alone(*[float(row[s]) for s in free]) == pytest.approx(float(exact), rel=1e-13)


@pytest.mark.parametrize("language", COMPILED)
@given(calls=st.lists(st.tuples(costs(), points()), min_size=12, max_size=12))
@settings(max_examples=4)
def test_javascript_and_c_are_the_engine(place, language, calls):
    for call, found in zip(calls, results(language, calls, place), strict=True):
        assert found == pytest.approx(engine(*call), rel=1e-12)


any_cost = st.recursive(
    st.sampled_from((x, y, z, sp.Integer(2), sp.Rational(1, 3), sp.Rational(-5, 7))),
    lambda e: st.one_of(
        *[st.builds(lambda a, b, f=f: f(a, b), e, e) for f in (lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b)],
        st.builds(lambda a, b: sp.Max(a, b, evaluate=False), e, e),
        st.builds(lambda a, b: sp.Min(a, b, evaluate=False), e, e),
        st.builds(lambda a, k: a**k, e, st.integers(2, 3)),
        st.builds(lambda a: sp.sqrt(1 + a**2), e),
        st.builds(lambda a: 1 / (1 + a**2), e),
        st.builds(lambda a: sp.Abs(a, evaluate=False), e),
        st.builds(lambda a: sp.asinh(a), e),
    ),
    max_leaves=7,
)
small = st.fixed_dictionaries(dict.fromkeys((x, y, z), st.integers(11, 989).map(lambda m: Q(m, 128))))


@given(any_cost, small)
@settings(max_examples=150)
def test_signs_powers_and_parentheses(place, expr, at):
    assume(expr.free_symbols and expr.is_finite is not False)
    cost = Cost(expr, "1")
    wanted, near = engine(cost, at), 1e-13 * scale(expr, at)
    values = [float(at[s]) for s in sorted(expr.free_symbols, key=lambda s: s.name)]
    for language in ("python", "numpy"):
        assert float(loaded(export(cost, language, "f"), place, "f")(*values)) == pytest.approx(wanted, rel=1e-13, abs=near)


@pytest.mark.parametrize("language", COMPILED)
@given(calls=st.lists(st.tuples(any_cost, small), min_size=25, max_size=25))
@settings(max_examples=2)
def test_signs_powers_and_parentheses_in_javascript_and_c(place, language, calls):
    calls = [(Cost(e, "1"), at) for e, at in calls]
    for (cost, at), found in zip(calls, results(language, calls, place), strict=True):
        assert found == pytest.approx(engine(cost, at), rel=1e-12, abs=1e-12 * scale(cost.expr, at)), cost


def scale(expr, at):
    """The largest number on the way, against which what cancels is measured."""
    parts = [float(worth(e, at)) for e in sp.preorder_traversal(expr) if isinstance(e, sp.Expr)]
    return max(map(abs, parts))


# -- the listing of the book
def listing(B, C, H, K, L, P, S, W_hbm, n, p_kv, p_w):
    """The step time of the book by hand, with keys and values, KV heads, and two FLOPs per parameter and token."""
    kv_cache = 2 * p_kv * L * K * H * S
    return B * kv_cache / (n * W_hbm) + np.maximum(2 * P * B / (n * C), P * p_w / (n * W_hbm))


def test_the_numpy_listing_of_a_decode_step(tmp_path):
    step = loaded(export(decode.step(), "numpy", "decode_step"), tmp_path, "decode_step")
    batch, context = np.array([1, 8, 64, 240, 512, 4096]), np.array([[128], [8192], [131072]])
    model = {"H": 128, "K": 8, "L": 80, "P": 70e9}
    pod = {"C": 1.97e14, "W_hbm": 8.1e11, "n": 16}
    for formats in ({"p_kv": 1, "p_w": 1}, {"p_kv": 2, "p_w": 2}, {"p_kv": 1, "p_w": 0.5}):
        given = {"B": batch, "S": context, **model, **pod, **formats}
        found = step(**given)
        assert found.shape == (3, 6)
        np.testing.assert_allclose(found, decode.step().at(**given).number, rtol=1e-15)
        np.testing.assert_allclose(found, listing(**given), rtol=1e-14)
    assert step(**{**given, "B": 10**9, "L": np.int32(80), "S": np.float32(8192)}) > 0  # no integer overflows


def test_whole_numbers_do_not_overflow_in_numpy(tmp_path):
    product = loaded(export(Cost(x * y * z, "1"), "numpy", "f"), tmp_path, "f")
    assert product(np.int32(2**30), np.array([2**30]), 2**30).tolist() == [2.0**90]


@pytest.mark.parametrize("language", ONE)
def test_every_formula_that_has_a_name(language, tmp_path):
    from symroof.ask.grammar import formula
    from symroof.ask.names import formulas, unit_of

    calls = []
    for i, name in enumerate(formulas()):
        cost = formula(name, llm("deepseek-v3") if unit_of(name) == "of a model" else None)
        letters = sorted(cost.free_symbols, key=str)
        calls.append(
            (
                cost,
                {
                    s: Q(3 + (7 * i + 5 * j) % 11, {"lam": 10**6}.get(s.name, 2 if s not in FRACTIONS else 20))
                    + 64 * (s.name == "E")
                    + 10**9 * (s.name in ("M_hbm", "t_tok"))
                    for j, s in enumerate(letters)
                },
            )
        )
    for (cost, at), found in zip(calls, results(language, calls, tmp_path), strict=True):
        assert found == pytest.approx(float(cost.at(at).number), rel=1e-12), cost


def test_exact_numbers_in_exact_numbers_out(tmp_path):
    f = loaded(export(Cost(x**2 * y / (x + 1), "1") | Cost(y, "1"), "python", "f"), tmp_path, "f")
    assert f(Q(1, 3), Q(5, 7)) == Q(5, 7)
    assert f(Q(7, 3), Q(5, 7)) == Q(49, 9) * Q(5, 7) / Q(10, 3)


# -- what the text looks like
def test_what_is_used_twice_is_computed_once():
    shared = sp.log(x + y)
    cost = Cost(shared * z + shared**2, "1") | Cost(shared / z, "1")
    for language, call in (("numpy", "np.log("), ("python", "math.log("), ("javascript", "Math.log("), ("c", "= log(")):
        assert export(cost, language).count(call) == 1
    two = solve(Cost(x**2 + y, "1") <= Cost(4 * x, "1"), x)
    assert export(two, "python").count("math.sqrt") == 1


def test_helpers_come_only_where_they_are_needed():
    for language in DIALECTS:
        plain = export(decode.step(), language)
        assert not any(word in plain for word in ("positive_root", "power_of_two", "ceil", "floor", "largest", "union"))
        assert export(Cost(sp.ceiling(x / y), "1"), language).count("8e-16") == 1


def test_arguments_are_sorted_and_explained():
    source = export(decode.step(), "python")
    assert "def decode_step(B, C, H, K, L, P, S, W_hbm, n, p_kv, p_w):" in source
    for s in (B, C, H, K, L, P, S, W_hbm, n, p_kv, p_w):
        assert f"[{s.unit}] {s.meaning}" in source
    assert "decode step [s]" in source
    assert "part 7" in source


@pytest.mark.parametrize("count", [13, 1200])
@pytest.mark.parametrize("language", ["python", "numpy"])
def test_long_sums_and_maxima(count, language, tmp_path):
    total = Cost(sp.Add(*[i * x ** (i % 7) * y ** (i // 7 % 5 + 1) * (x + i) for i in range(1, count)]), "1")
    largest = Cost(sp.Max(*[i * x + y / i for i in range(1, count // 4)], evaluate=False), "1")
    for cost in (total, largest):
        assert float(loaded(export(cost, language, "f"), tmp_path, "f")(0.5, 1.25)) == pytest.approx(
            engine(cost, {x: 0.5, y: 1.25}), rel=1e-14
        )


@pytest.mark.parametrize(
    "number", ["1/3", "-22/7", "123456789012345678901234567890", "1/123456789012345678901", "1.7e308", "3e-308", "9007199254740993"]
)
def test_numbers_round_trip(number, tmp_path):
    exact = Q(number)
    cost = Cost(x * sp.Rational(exact.numerator, exact.denominator), "1")
    for language in ("python", "numpy"):
        assert float(loaded(export(cost, language, "f"), tmp_path, "f")(1.0)) == float(exact)


@pytest.mark.parametrize("number", [sp.Integer(10) ** 400, sp.Rational(1, 10**400)], ids=["huge", "tiny"])
def test_numbers_that_no_float_holds_are_refused(number):
    for language in DIALECTS:
        with pytest.raises(InputError, match="float64"):
            export(Cost(x * number, "1"), language)


# -- parts
TIES = (Cost(x, "1", "math") | Cost(y, "1", "math") | Cost(z, "1")) + Cost(x * y, "1", "math").named("b/c")


@pytest.mark.parametrize("cost", [decode.step(), decode.step()["MLP"], TIES], ids=["step", "MLP", "same names"])
def test_parts_and_what_binds(cost, tmp_path):
    free = sorted(cost.free_symbols, key=lambda s: s.name)
    f, g = (loaded(export(cost, language, "f", parts=True), tmp_path, "f") for language in ("python", "numpy"))
    for seed in range(6):
        at = {s: counting(s, float(10 ** np.random.default_rng(seed + i).uniform(-2, 2))) for i, s in enumerate(free)}
        value, found = cost.at(at), f(*at.values())
        arrays = g(*[np.array([v, 2 * v]) for v in at.values()])
        assert found["value"] == pytest.approx(float(value), rel=1e-14)
        flat = [p.number for part in value.parts for p in (part, *part.parts)]
        assert list(found["parts"].values()) == pytest.approx([float(v) for v in flat], rel=1e-14)
        assert len(found["parts"]) == len(flat)
        heaviest = max(range(len(value.parts)), key=lambda i: value.parts[i].number)
        direct = [name for name in found["parts"] if name.count("/") == (name.startswith("b/c"))]
        assert found["binding"] == direct[heaviest]
        assert arrays["binding"].tolist()[0] == found["binding"]
        assert {k: v.tolist()[0] for k, v in arrays["bindings"].items()} == found["bindings"]


@pytest.mark.skipif(not shutil.which("node"), reason="node is not here")
def test_parts_in_javascript(tmp_path):
    (tmp_path / "f.js").write_text(export(decode.step(), "javascript", "f", parts=True), "utf-8")
    call = 'console.log(JSON.stringify(require("./f.js").f(64, 1.97e14, 128, 8, 80, 7e10, 8192, 8.1e11, 16, 1, 1)))'
    found = json.loads(subprocess.run(["node", "-e", call], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60).stdout)
    value = decode.step().at(B=64, C=1.97e14, H=128, K=8, L=80, P=7e10, S=8192, W_hbm=8.1e11, n=16, p_kv=1, p_w=1)
    assert found["value"] == pytest.approx(float(value), rel=1e-14)
    assert found["parts"]["MLP/math"] == pytest.approx(float(value["MLP/math"]), rel=1e-14)
    assert (found["binding"], found["bindings"]) == (value.binding, {"MLP": value["MLP"].binding})


@pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not here")
def test_parts_in_c(tmp_path):
    source = export(decode.step(), "c", "f0", parts=True)
    main = (
        "#include <stdio.h>\nint main(void) {\n  f0_parts r = f0(64, 1.97e14, 128, 8, 80, 7e10, 8192, 8.1e11, 16, 1, 1);\n"
        '  printf("%.17g\\n%.17g\\n%s\\n%s\\n", r.value, r.MLP_math, r.binding, r.MLP_binding);\n  return 0;\n}\n'
    )
    value = decode.step().at(B=64, C=1.97e14, H=128, K=8, L=80, P=7e10, S=8192, W_hbm=8.1e11, n=16, p_kv=1, p_w=1)
    whole, math_, *binding = ran(source + main, 0, tmp_path)
    assert float(whole) == pytest.approx(float(value), rel=1e-14)
    assert float(math_) == pytest.approx(float(value["MLP/math"]), rel=1e-14)
    assert binding == [value.binding, value["MLP"].binding]


# -- bounds
@given(costs(max_leaves=3), costs(max_leaves=3), st.sampled_from(("<=", ">=", "<", ">")), points())
@settings(max_examples=70)
def test_a_bound_is_the_engine(place, left, right, relation, at):
    assume(B in left.free_symbols | right.free_symbols)
    bound = solve({"<=": left <= right, ">=": left >= right, "<": left < right, ">": left > right}[relation], B)
    assume(bound.kind != "numeric")
    at = {s: float(at[s]) for s in needed(bound)}
    wanted = bound.at(at)
    if not isinstance(wanted, (Value, Span)):
        return
    values = [at[s] for s in sorted(at, key=lambda s: s.name)]
    found = loaded(export(bound, "python", "f"), place, "f")(*values)
    if isinstance(found, list):
        ends = wanted.intervals if isinstance(wanted, Span) else ends_of(wanted)
        assert [e for pair in found for e in pair] == pytest.approx([float(e) for pair in ends for e in pair], rel=1e-9)
        pairs = loaded(export(bound, "numpy", "f"), place, "f")(*values)
        for low, high in ends:
            inside = min(max(float(low) * 1.001, 1e-12) if high == math.inf else float(low + high) / 2, 1e300)
            assert any(a <= inside <= b for a, b in pairs) == any(a <= inside <= b for a, b in found)
    else:
        assert found == pytest.approx(float(wanted), rel=1e-9)
        assert float(loaded(export(bound, "numpy", "f"), place, "f")(*values)) == pytest.approx(found, rel=1e-14)


def ends_of(value):
    """The interval that one threshold stands for."""
    if value.note:
        return () if value.note.startswith("never") else ((0, math.inf),)
    return ((0, value.number),) if value.round_down else ((value.number, math.inf),)


BOUNDS = [
    decode.critical_batch(),
    decode.batch_within(),
    decode.chips_within(),
    decode.kv_overtakes_math(),
    serving.prefill_servers(),
    solve(Cost(sp.ceiling(x / y), "1") >= Cost(z, "1"), x),
    solve(Cost(x**3 + x * y, "1") >= Cost(z, "1"), x),
    solve(Cost(x * y, "1") + Cost(z, "1") <= Cost(x, "1"), x),
]


@pytest.mark.parametrize("language", ONE)
def test_thresholds_with_their_domain(language, tmp_path):
    calls = []
    for i, bound in enumerate(BOUNDS):
        for k in range(4):
            calls.append(
                (
                    bound,
                    {
                        s: counting(s, 10 ** float(np.random.default_rng(31 * i + 7 * k + j).uniform(-1, 1 - (s in FRACTIONS))))
                        for j, s in enumerate(sorted(bound.free_symbols, key=str))
                    },
                )
            )
    found = results(language, calls, tmp_path)
    for (bound, at), number in zip(calls, found, strict=True):
        assert number == pytest.approx(float(bound.at(at)), rel=1e-9), bound
    assert 0.0 in found and math.inf in found


def test_outside_the_domain_it_never_holds(tmp_path):
    bound = decode.batch_within()
    known = {"C": 1.97e14, "H": 128, "K": 8, "L": 80, "P": 7e10, "S": 8192, "W_hbm": 8.1e11, "n": 16, "p_kv": 1, "p_w": 1}
    f, g = (loaded(export(bound, language, "f"), tmp_path, "f") for language in ("python", "numpy"))
    assert f(**known, t_lim=0.001) == 0 == float(bound.at(**known, t_lim="1 ms"))
    times = np.array([0.001, 0.005, 0.0055, 0.01, 0.1])
    np.testing.assert_allclose(g(**known, t_lim=times), bound.at({t_lim: times}, **known).number, rtol=1e-14)


TWO_ENDS = solve(Cost(x**2 + y, "1") <= Cost(4 * x, "1"), x)
OUTSIDE = solve(Cost(x**2 + y, "1") >= Cost(4 * x, "1"), x)


@pytest.mark.parametrize("bound", [TWO_ENDS, OUTSIDE], ids=["between", "outside"])
def test_several_ends_are_intervals(bound, tmp_path):
    f, g = (loaded(export(bound, language, "f"), tmp_path, "f") for language in ("python", "numpy"))
    for value in (0.5, 3.0, 3.99, 5.0, 100.0):
        root = math.sqrt(4 - value) if value < 4 else None
        between = [(2 - root, 2 + root)] if root is not None else []
        outside = [(0, 2 - root), (2 + root, math.inf)] if root is not None else [(0, math.inf)]
        wanted = between if bound is TWO_ENDS else outside
        assert np.array(f(value)).ravel() == pytest.approx(np.array(wanted).ravel(), rel=1e-9)
        for at in (0.01, 0.3, 1.0, 2.0, 3.5, 3.99, 50.0):
            holds = bool(bound.condition.at(x=at, y=value))
            assert any(low <= at <= high for low, high in f(value)) == holds
            assert any(low[1] <= at <= high[1] for low, high in g(np.array([1.0, value]))) == holds
    with pytest.raises(SolveError, match="more than one threshold"):
        export(bound, "c")


@pytest.mark.skipif(not shutil.which("node"), reason="node is not here")
def test_intervals_in_javascript(tmp_path):
    for bound in (TWO_ENDS, OUTSIDE):
        (tmp_path / "f.js").write_text(export(bound, "javascript", "f"), "utf-8")
        call = 'console.log(JSON.stringify([0.5, 3, 3.99, 5].map(y => require("./f.js").f(y).map(p => p.map(String)))))'
        done = subprocess.run(["node", "-e", call], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
        f = loaded(export(bound, "python", "f"), tmp_path, "f")
        for value, pairs in zip((0.5, 3, 3.99, 5), json.loads(done.stdout), strict=True):
            found = [float(e.replace("Infinity", "inf")) for pair in pairs for e in pair]
            assert found == pytest.approx([e for pair in f(value) for e in pair], rel=1e-12)


def test_always_and_never(tmp_path):
    always = solve(Cost(x + y, "1") >= Cost(x, "1"), x)
    never = solve(Cost(x, "1") >= Cost(x + y, "1"), x)
    for bound, wanted in ((always, 0.0), (never, math.inf)):
        for language in ("python", "numpy"):
            assert float(loaded(export(bound, language, "f"), tmp_path, "f")()) == wanted == float(bound.at(y=1))


def test_a_bound_without_a_closed_form_is_refused():
    bound = solve(Cost(sp.exp(x) + x * y, "1") >= Cost(z, "1"), x)
    assert bound.kind == "numeric"
    with pytest.raises(SolveError, match="closed form"):
        export(bound, "python")


def test_intervals_that_touch_are_one_only_if_the_point_between_holds(tmp_path):
    (tmp_path / "u.py").write_text(HELPERS["union", "python"], "utf-8")
    union = runpy.run_path(str(tmp_path / "u.py"))["_union"]
    assert union([(2.0, True, math.inf, True), (0, False, 2.0, False)]) == [(0, 2.0), (2.0, math.inf)]
    assert union([(2.0, False, math.inf, True), (0, False, 2.0, False)]) == [(0, math.inf)]
    assert union([(2.0, True, math.inf, True), (0, False, 2.0, True)]) == [(0, math.inf)]
    assert union([(3.0, False, 2.0, True), (2.0, True, 2.0, True), (1.0, False, 1.0, True)]) == [(1.0, 1.0)]


def test_a_word_of_the_language_gets_an_underscore():
    for word, language in (("lambda", "python"), ("max", "numpy"), ("in", "javascript"), ("double", "c"), ("int", "c")):
        assert f"{word}_)" in export(Cost(symbol(word), "1"), language, "f")


# -- names
WORDS = ("lambda_", "in", "double", "int", "max", "lambda", "function", "np", "math", "pow", "fmax", "M_PI", "expf", "linux", "self",
         "Math", "var", "async", "e", "t1", "per_x", "x", "result", "found", "threshold", "low", "y1", "index", "arguments", "abs",
         "symroof_ceil", "typeof", "INFINITY", "True", "f0_parts", "value", "math_", "nan", "gamma", "static", "let", "yield")  # fmt: skip


@pytest.mark.parametrize("language", ONE)
def test_words_of_a_language_are_legal_symbols(language, tmp_path):
    letters = [symbol(w) for w in WORDS]
    cost = Cost(sp.Add(*[sp.ceiling(s) / letters[i - 1] for i, s in enumerate(letters)]), "1", "max")
    pairs = [Cost(sp.exp(a) + sp.Max(a, b, evaluate=False), "1") for a, b in pairwise(letters)]
    at = {s: Q(3 + i, 4) for i, s in enumerate(letters)}
    calls = [(f, at) for f in (cost, *pairs, solve(pairs[3] <= Cost(x * letters[4], "1"), x))]
    for (f, _), found in zip(calls, results(language, calls, tmp_path), strict=True):
        wanted = f.at({s: at[s] for s in f.free_symbols})
        assert found == pytest.approx(float(wanted), rel=1e-12)


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "1a", "f();", "f\n", "größe", "_f", "__init__", "f" * 200, "a-b", "symroof_ceil", 3, None, "f)"], ids=repr
)
@pytest.mark.parametrize("language", list(DIALECTS))
def test_a_function_name_is_an_identifier(name, language):
    if not name:  # the default
        assert export(decode.step(), language, name or "")
        return
    with pytest.raises(InputError, match="name"):
        export(decode.step(), language, name)


@pytest.mark.parametrize(
    "language, name",
    [("python", "lambda"), ("numpy", "np"), ("javascript", "function"), ("c", "double"), ("c", "printf"), ("c", "main"), ("c", "gamma")],
)
def test_a_word_of_the_language_names_no_function(language, name):
    with pytest.raises(InputError, match="is a word of"):
        export(decode.step(), language, name)
    other = "javascript" if language in ("python", "c") else "c"
    assert export(Cost(x, "1", name), language)
    assert export(Cost(x, "1", name), other)


EVIL = (
    '*/ #error "out" /*',
    '""" + open("gone", "w") + """',
    "'''",
    "line\nimport os\n#error out\nthrow 1\n",
    "\\",
    'ends in a quote"',
    '"starts',
    "// */ \\\n*/",
    "*\\\n/ #error",
    "??/\n*??/\n/ #error out",
    "*/*/ #error",
    "/*/ #error",
    "\u2028throw 1\u2029",
    "\u202e rtl \u2066",
    "</script><!--",
    "${x}`",
    "%s %n {} {x}",
    "\x00\x1b[31m",
    "\ud800",
    "größe 😀",
    "__proto__",
    "\\u000a throw 1",
    "\\N{BULLET} \\x",
    "# -*- coding: utf-7 -*-",
)  # fmt: skip


@pytest.mark.parametrize("language", ONE)
def test_no_text_breaks_out(language, tmp_path):
    calls = []
    for text in EVIL:
        letter = symbol("q", "1", text)
        cost = (Cost(2 * letter, "1", text) | Cost(x, "1", text + "b")).named(text, text) + Cost(sp.ceiling(x), "1", text)
        calls.append((cost.named(text, text), {letter: 3.0, x: 5.0}))
    assert results(language, calls, tmp_path) == [11.0] * len(EVIL)
    for i, (cost, _) in enumerate(calls):
        source = export(cost, language, f"f{i}", parts=True)
        (tmp_path / f"f{i}.{'c' if language == 'c' else 'js'}").write_text(source, "utf-8")
        assert export(cost, language)
        if language in ("numpy", "python", "jax"):
            found = loaded(source, tmp_path, f"f{i}")(3.0, 5.0)
            assert (float(found["value"]), len(found["parts"])) == (11.0, 4)
    if language == "c":
        ran("int main(void) { return 0; }\n", len(calls), tmp_path)
    if language == "javascript":
        code = "".join(f'if (Object.keys(require("./f{i}.js").f{i}(3, 5).parts).length !== 4) throw {i};' for i in range(len(calls)))
        subprocess.run(["node", "-e", code], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    assert not (tmp_path / "gone").exists() and not os.path.exists("gone")


@pytest.mark.parametrize("name", ["a b", "__LINE__", "x;", "λ", "a\n", "", "_Bool"], ids=repr)
def test_a_symbol_of_plain_sympy_needs_a_name(name):
    for language in DIALECTS:
        with pytest.raises(SymroofError):
            export(Cost(sp.Symbol(name, positive=True) + 1, "1"), language)


def test_two_symbols_of_one_name():
    with pytest.raises(InputError, match="more than one x"):
        export(Cost(symbol("x", "token") * x, "token"), "c")


@pytest.mark.parametrize(
    "what",
    [3, "decode.step", None, x, decode.step().at(chip("v5e"), llm("llama3-70b"), dtype("int8"), B=1, S=1, n=16)],
    ids=["number", "text", "none", "symbol", "value"],
)
def test_only_formulas_are_exported(what):
    with pytest.raises(InputError, match="no formula"):
        export(what, "c")


def test_what_has_no_counterpart_is_refused():
    with pytest.raises(UnknownName, match="numpy"):
        export(decode.step(), "nunpy")
    with pytest.raises(InputError, match="gamma"):
        export(Cost(sp.gamma(x), "1"), "c")
    with pytest.raises(InputError, match="no parts"):
        export(Cost(x, "1"), "c", parts=True)
    with pytest.raises(InputError, match="no parts"):
        export(decode.critical_batch(), "c", parts=True)


def test_the_room_can_be_called_like_its_function():
    assert sys.modules["symroof.export"](decode.step(), "c") == export(decode.step(), "c")


# -- the command line
def run(*args):
    return CliRunner().invoke(cli, ["export", *args])


def test_the_command_prints_what_export_returns(tmp_path):
    assert run("decode.step", "--to", "c").output == export(decode.step(), "c")
    assert run("decode.step/MLP", "--to", "js", "--parts", "--name", "mlp").output == export(
        decode.step()["MLP"], "javascript", "mlp", parts=True
    )
    path = tmp_path / "step.py"
    assert run("decode.step", "--to", "numpy", "-o", str(path)).output == ""
    assert path.read_text("utf-8") == export(decode.step(), "numpy")


def test_letters_with_a_value_become_numbers(tmp_path):
    at = ("--on", "tpu-v5e", "--slice", "4x4", "--model", "llama3-70b", "--formats", "int8")
    step = loaded(run("decode.step", "--to", "python", "--name", "f", *at).output, tmp_path, "f")
    whole = decode.step().at(chip("tpu-v5e"), llm("llama3-70b"), dtype("int8", math="bf16"), n=16, B=64, S=8192)
    assert step(B=64, S=8192) == pytest.approx(float(whole), rel=1e-14)
    batch = loaded(run("decode.step <= 15 ms", "--for", "B", "--to", "python", "--name", "f", *at).output, tmp_path, "f")
    best = batch(S=8192)
    assert step(best * (1 - 1e-9), 8192) < 0.015 < step(best * (1 + 1e-9), 8192)


@pytest.mark.parametrize(
    "args, says",
    [
        (("decode.stop", "--to", "c"), "decode.step"),
        (("decode.step", "--to", "fortran"), "fortran"),
        (("decode.step", "--to", "c", "--name", "1"), "cannot name a function"),
        (("decode.step <= 15 ms", "--to", "c"), "--for"),
        (("decode.step", "--to", "c", "--for", "B"), "--for"),
        (
            ("decode.weight_time", "--to", "c", "--on", "tpu-v5e", "--slice", "4x4", "--model", "llama3-70b", "--formats", "int8"),
            "no function",
        ),
        (("decode.step", "--to", "c", "-o", "/nowhere/at/all.c"), "cannot be written"),
        (("decode.weight_time", "--to", "c", "--parts"), "no parts"),
    ],
    ids=lambda a: a if isinstance(a, str) else None,
)
def test_the_command_refuses_in_a_sentence(args, says):
    done = run(*args)
    assert done.exit_code == 2
    assert says in done.output + done.stderr
    assert "Traceback" not in done.output


# -- JAX
def jax_at(formula, folder, name="f", parts=False):
    return loaded(export(formula, "jax", name, parts), folder, name)


@JAX
@settings(max_examples=25)
@given(costs(), points())
def test_jax_compiles_maps_and_differentiates(place, cost, at):
    import jax

    free = sorted(cost.free_symbols, key=lambda s: s.name)
    f, row = jax_at(cost, place), [float(at[s]) for s in free]
    wanted = float(worth(cost.expr, at))
    assert float(jax.jit(f)(*row)) == pytest.approx(wanted, rel=1e-12)
    assert np.asarray(jax.vmap(f)(*[np.array([v, v]) for v in row])) == pytest.approx([wanted, wanted], rel=1e-12)
    for i, s in enumerate(free):
        step = Q(1, 10**7)
        sides = [worth(cost.expr, {**at, s: at[s] * (1 + k * step)}) for k in (-1, 0, 1)]
        below, above = ((b - a) / float(at[s] * step) for a, b in pairwise(map(float, sides)))
        found = float(jax.grad(f, i)(*row))
        slack = 1e-5 * max(abs(below), abs(above)) + 1e-6 * wanted / float(at[s])
        assert min(below, above) - slack <= found <= max(below, above) + slack  # at a tie it lies between


@JAX
def test_the_derivative_of_a_root_is_that_of_its_polynomial(tmp_path):
    import jax

    f = jax_at(Cost(PositiveRoot(x, y, -7, -1), "1"), tmp_path)
    for a, b in ((0.5, 1.4), (3.0, 0.2), (12.8, 3.0)):
        root = float(f(a, b))
        slope = 3 * a * root**2 + 2 * b * root - 7
        assert float(jax.grad(f, 0)(a, b)) == pytest.approx(-(root**3) / slope, rel=1e-9)
        assert float(jax.grad(f, 1)(a, b)) == pytest.approx(-(root**2) / slope, rel=1e-9)


@JAX
def test_parts_in_jax_with_the_place_of_the_one_that_binds(tmp_path):
    import jax

    cost = decode.step()
    free = sorted(cost.free_symbols, key=lambda s: s.name)
    f = jax.jit(jax_at(cost, tmp_path, parts=True))
    for seed in range(4):
        at = {s: counting(s, float(10 ** np.random.default_rng(seed + i).uniform(-2, 2))) for i, s in enumerate(free)}
        value, found = cost.at(at), f(*at.values())
        assert float(found["value"]) == pytest.approx(float(value), rel=1e-12)
        assert float(found["parts"]["MLP/weights"]) == pytest.approx(float(value["MLP/weights"]), rel=1e-12)
        assert value.parts[int(found["binding"])].name == value.binding
        assert value["MLP"].parts[int(found["bindings"]["MLP"])].name == value["MLP"].binding


@JAX
def test_thresholds_in_jax(tmp_path):
    import jax

    bound = decode.batch_within()
    known = {"C": 1.97e14, "H": 128, "K": 8, "L": 80, "P": 7e10, "S": 8192, "W_hbm": 8.1e11, "n": 16, "p_kv": 1, "p_w": 1}
    times = np.array([0.001, 0.005, 0.0055, 0.01, 0.1])
    found = jax.jit(jax_at(bound, tmp_path))(**known, t_lim=times)
    np.testing.assert_allclose(found, bound.at({t_lim: times}, **known).number, rtol=1e-12)


@JAX
def test_jax_as_it_comes_counts_in_32_bits(tmp_path):
    path = tmp_path / "f.py"
    path.write_text(export(decode.step().at(chip("tpu-v5e").on("4x4"), llm("llama3-70b"), dtype("int8", math="bf16")), "jax", "f"), "utf-8")
    code = "import runpy, sys, jax; f = runpy.run_path(sys.argv[1])['f']; print(float(jax.jit(f)(32.0, 8192.0)), f(32.0, 8192.0).dtype)"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=120)
    number, kind = done.stdout.split()
    assert (float(number), kind) == (pytest.approx(8.757976809876543e-3, rel=1e-6), "float32"), done.stderr
