"""Asked again and again: ``.at`` remembers what sheets contribute, ``.compile`` is a function; both give what ``.at`` gives at first."""

import ast
import inspect
import math
import operator
import pickle
from fractions import Fraction as Q
from functools import reduce

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from second_opinion import close, costs, points, worth
from test_evaluate import FIRES, smooth, x, y, z

from symroof import Cost, SymroofError, chip, decode, deployment, dtype, llm, prefill, pretraining, sheet, symbol
from symroof.algebra import native
from symroof.algebra.claims import NONE
from symroof.algebra.value import Value
from symroof.ask.names import formulas, named, wants_model
from symroof.errors import InputError, UnknownName
from symroof.symbols import B, C, D, S, T, W_hbm, eta_hbm, n, p_w, t_hop

V5E, LLAMA, INT8 = chip("tpu-v5e").on("4x4"), llm("llama3-70b"), dtype("int8", math="bf16")
SHEETS = (V5E, LLAMA, INT8)
STEP = decode.step()


def fresh(cost):
    """The same cost, which remembers nothing."""
    return pickle.loads(pickle.dumps(cost))


def tree(value):
    return (type(value.number), value.number, str(value.unit), value.name, value.join, tuple(map(tree, value.parts)))


def outcome(cost, *sheets, **values):
    """A value with its parts, or what is said in its place."""
    try:
        found = cost.at(*sheets, **values)
    except SymroofError as problem:
        return type(problem), str(problem)
    if isinstance(found, Value):
        return tree(found) if not found.is_array else (found.number.tolist(), found.binding.tolist() if found.parts else None)
    return repr(found)


# -- .at
def test_every_formula_is_worth_the_same_each_time():
    asked = {"B": 32, "S": 8192, "T": 512, "G": 64, "X": 2, "Y": 4, "Z": 1, "MFU": 0.4, "microbatches": 3, "D_tok": "15T", "t_lim": "15 ms"}
    checked = 0
    for model in ("llama3-70b", "mixtral-8x7b", "deepseek-v3", "nemotron-3-nano", "gpt-oss-120b"):
        m = llm(model)
        for name in formulas():
            if not wants_model(name) and model != "llama3-70b":
                continue
            try:
                cost = named(name, m if wants_model(name) else None)
            except SymroofError:
                continue
            values = {letter: asked[letter] for letter in asked if letter in {s.name for s in cost.free_symbols}}
            first, second, third = (outcome(cost, chip("h100").on("8"), m, INT8, **values) for _ in range(3))
            assert first == second == third, (name, model)
            other = {letter: f"{v}.5" if isinstance(v, int) and letter in "BSTG" else v for letter, v in values.items()}
            assert outcome(cost, chip("h100").on("8"), m, INT8, **other) == outcome(fresh(cost), chip("h100").on("8"), m, INT8, **other)
            checked += isinstance(first, tuple) and bool(values)
    assert checked > 60


@given(costs(), points(), st.data())
def test_what_is_remembered_changes_nothing(cost, at, data):
    letters = sorted(cost.free_symbols, key=str)
    chosen = data.draw(st.lists(st.sampled_from(letters), unique=True))
    given_ = sheet("given", **{s.name: at[s] for s in letters if s not in chosen})
    values = {s.name: at[s] for s in chosen}
    first = cost.at(given_, **values)
    for _ in range(3):
        assert tree(cost.at(given_, **values)) == tree(first)
    twice = {s.name: 2 * at[s] for s in chosen}
    assert tree(cost.at(given_, **twice)) == tree(fresh(cost).at(given_, **twice))
    floats = {s.name: float(at[s]) for s in chosen}
    assert tree(cost.at(given_, **floats)) == tree(fresh(cost).at(given_, **floats))


@settings(max_examples=40)
@given(smooth, st.tuples(*[st.integers(11, 989).map(lambda m: Q(m, 100))] * 3))
def test_functions_that_are_not_exact_give_the_same_bits_too(expr, row):
    cost = Cost(expr, "1", "f")
    at = {s.name: v for s, v in zip((x, y, z), row, strict=True) if s in expr.free_symbols}
    first = cost.at(**at)
    assert cost.at(**at).number == cost.at(**at).number == first.number


ODD = [
    {"B": -1, "S": 8},
    {"B": 0, "S": 8},
    {"B": "8k", "S": 8},
    {"B": "3 ms", "S": 8},
    {"B": float("nan"), "S": 8},
    {"B": float("inf"), "S": 8},
    {"B": 10**400, "S": 8},
    {"B": True, "S": 8},
    {"B": None, "S": 8},
    {"B": [1, 2], "S": 8},
    {"B": [1, -2], "S": 8},
    {"B": np.arange(1, 4), "S": np.arange(1, 4)[:, None]},
    {"B": np.int64(3), "S": np.float32(8)},
    {"B": D, "S": 8},
    {"B": Value(Q(3), B.unit), "S": 8},
    {"B": "1/3", "S": 0.1},
    {"B": 3, "Q": 8},
    {"B": 3},
    {"B": 3, "S": 8, "n": 8},
    {"B": 3, "S": 8, "eta_hbm": 0.5},
    {"B": 3, "S": 8, "eta_hbm": 1.5},
    {"B": 3, "S": 8, "L": 8},
    {"B": 3, "S": 8, "K": 3},
    {"B": 3, "S": 8, "p_kv": "2 byte"},
    {"B": 3, "S": 8, "W_hbm": "1 TB/s"},
]


@pytest.mark.parametrize("values", ODD, ids=str)
def test_whatever_is_given_is_answered_the_same_each_time(values):
    once = outcome(fresh(STEP), *SHEETS, **values)
    kept = fresh(STEP)
    kept.at(*SHEETS, B=1, S=2)
    kept.at(*SHEETS, B=1, S=2)
    assert [outcome(kept, *SHEETS, **values) for _ in range(3)] == [once] * 3


def test_what_sheets_contradict_is_refused_each_time():
    for sheets in ((V5E, LLAMA, INT8, chip("h100")), (V5E, llm("mixtral-8x7b"), INT8), (V5E, "x")):
        first = outcome(fresh(STEP), *sheets, B=3, S=4)
        cost = fresh(STEP)
        assert [outcome(cost, *sheets, B=3, S=4) for _ in range(3)] == [first] * 3
        assert isinstance(first, tuple)


def test_a_mapping_that_changes_is_not_remembered():
    cost, own = fresh(STEP), {p_w: 1}
    seen = []
    for bytes_ in (1, 1, 1, 2):
        own[p_w] = bytes_
        seen.append(cost.at(V5E, LLAMA, sheet("kv", p_kv=1), own, B=1, S=1)["MLP/weights"].number)
    assert seen[0] == seen[1] == seen[2] == seen[3] / 2


def test_new_tokens_beyond_their_context_are_refused_each_time():
    m = llm("deepseek-v3")
    cost = prefill.bound(m)
    sheets = (chip("h100").on("8"), m, dtype("fp8"))
    step = deployment.step(m)
    for each, good, bad in (
        (cost, {"T": 8}, {"T": -8}),
        (step, {"B": 8, "S": 9, "X": 1, "Y": 1, "Z": 1}, {"B": 8, "S": 9, "X": 0, "Y": 1, "Z": 1}),
    ):
        outcomes = [outcome(each, *sheets, **values) for values in (good, good, bad, good, bad)]
        assert outcomes[0] == outcomes[1] == outcomes[3]
        assert outcomes[2] == outcomes[4] != outcomes[0]


def test_no_more_is_kept_than_is_asked_often():
    cost = fresh(STEP)
    for i in range(100):
        cost.at(V5E, LLAMA, dtype("int8", math="bf16"), B=i + 1, S=8)
    assert len(vars(cost)["_ready"]) <= 16


# -- .compile
@given(costs(), points(), st.data())
def test_a_function_of_floats_is_worth_what_the_cost_is(cost, at, data):
    letters = data.draw(st.permutations(sorted(cost.free_symbols, key=str)))
    many = data.draw(st.integers(0, len(letters)))
    f = cost.compile(*letters[:many], **{s.name: at[s] for s in letters[many:]})
    found = f(*[float(at[s]) for s in letters[:many]])
    assert type(found) is float
    assert close(found, worth(cost.expr, at))
    assert f(**{s.name: float(at[s]) for s in letters[:many]}) == found
    if many:
        rows = np.array([1.0, 2.0, 3.0])
        first, *others = letters[:many]
        array = f(float(at[first]) * rows, *[float(at[s]) for s in others])
        assert array.shape == (3,)
        for row, number in zip(rows.tolist(), array.tolist(), strict=True):
            assert close(number, worth(cost.expr, {**at, first: Q(repr(float(at[first]) * row))}))
            assert close(number, f(float(at[first]) * row, *[float(at[s]) for s in others]))


@settings(max_examples=40)
@given(smooth, st.tuples(*[st.integers(11, 989).map(lambda m: Q(m, 100))] * 3))
def test_a_function_of_any_functions(expr, row):
    letters = sorted(expr.free_symbols, key=str)
    at = dict(zip((x, y, z), row, strict=True))
    found = Cost(expr, "1", "f").compile(*letters)(*[float(at[s]) for s in letters])
    assert close(found, worth(expr, {s: at[s] for s in letters}), 1e-11)


@pytest.mark.parametrize("row", FIRES, ids=lambda c: c.__name__)
def test_every_row_of_the_table_has_its_function(row):
    cost = Cost(FIRES[row], "1")
    letters = sorted(cost.free_symbols, key=str)
    for numbers in ((0.7, 2.0), (3.0, 0.3), (10 * 0.7, 1.0)):
        given_ = numbers[: len(letters)]
        exact = cost.at(**{s.name: v for s, v in zip(letters, given_, strict=True)})
        assert close(cost.compile(*letters)(*given_), float(exact))


def test_a_function_of_a_model():
    for model in ("mixtral-8x7b", "deepseek-v3", "gpt-oss-120b"):
        m = llm(model)
        f = decode.step(m).compile(B, "S", chip("h100").on("8"), m, dtype("fp8"))
        for batch, context in ((1, 1), (7, 4096), (300.5, 1e5)):
            wanted = float(decode.step(m).at(chip("h100").on("8"), m, dtype("fp8"), B=batch, S=context))
            assert f(batch, context) == pytest.approx(wanted, rel=1e-12)
        assert f([1, 7], "4 Ki") == pytest.approx([f(1, 4096), f(7, 4096)], rel=1e-12)
    g = STEP.compile(B, S, n, W_hbm, eta_hbm, *SHEETS)
    wanted = STEP.at(*SHEETS, B=3, S=5, n=7, W_hbm="1 TB/s", eta_hbm=0.5)
    assert g(3, 5, 7, 1e12, 0.5) == pytest.approx(float(wanted), rel=1e-12)
    assert STEP.at(*SHEETS).compile(B, S)(32, 8192) == pytest.approx(float(STEP.at(*SHEETS, B=32, S=8192)), rel=1e-12)
    assert "B [token]" in g.__doc__
    assert str(g.unit) == "s"


def test_sizes_of_a_model_are_checked_in_a_function_too():
    f = STEP.compile("K", B, S, *SHEETS)
    assert f(8, 3, 5) == pytest.approx(float(STEP.at(*SHEETS, B=3, S=5)), rel=1e-12)
    assert f(4, B=3, S=5) == pytest.approx(float(STEP.at(*SHEETS, K=4, B=3, S=5)), rel=1e-12)
    with pytest.raises(InputError):
        f(3, 3, 5)
    with pytest.raises(InputError, match="K, B, S"):
        f(3, 5)


@pytest.mark.parametrize("odd", [-1, 0, float("nan"), float("inf"), 10**400, "8k", "3 ms", None, [1, -1], [], {}, b"1", D], ids=repr)
def test_what_at_refuses_a_function_refuses(odd):
    f = STEP.compile(B, S, *SHEETS)
    said = outcome(fresh(STEP), *SHEETS, B=odd, S=8)
    if isinstance(said, tuple) and isinstance(said[0], type) and issubclass(said[0], SymroofError):
        with pytest.raises(said[0]) as caught:
            f(odd, 8)
        assert "\n" not in str(caught.value)


HOSTILE, KEYWORD = (sp.Symbol(name, positive=True) for name in ("__import__('os')", "lambda"))
REFUSED = [
    (lambda: STEP.compile(B, S), InputError, "say chip"),
    (lambda: STEP.compile(B, *SHEETS), InputError, "S: say S=8192"),
    (lambda: STEP.compile(B, S, T, *SHEETS), UnknownName, "T is not a symbol"),
    (lambda: STEP.compile("B", "Q", *SHEETS), UnknownName, "'Q'"),
    (lambda: STEP.compile(B, B, S, *SHEETS), InputError, "twice"),
    (lambda: STEP.compile(B, S, *SHEETS, n=-1), InputError, "n = -1"),
    (lambda: STEP.compile(B, S, V5E, 3), SymroofError, "no sheet"),
    (
        lambda: Cost(sp.Symbol("__import__('os')", positive=True), "1").compile(sp.Symbol("__import__('os')", positive=True)),
        InputError,
        "declare",
    ),
    (lambda: Cost(sp.Symbol("lambda", positive=True), "1").compile(sp.Symbol("lambda", positive=True)), InputError, "declare"),
    (lambda: Cost(x + symbol("x", "token"), "1").compile(x, symbol("x", "token")), InputError, "one name"),
]


@pytest.mark.parametrize("what, kind, said", REFUSED, ids=[said for *_, said in REFUSED])
def test_what_cannot_be_a_function_is_refused(what, kind, said):
    with pytest.raises(kind) as caught:
        what()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_result_beyond_a_float_is_refused():
    f = Cost(x**3 * y, "1").compile(x, y)
    assert f(1e100, 1e-100) == pytest.approx(1e200)
    with pytest.raises(InputError):
        f(1e200, 1.0)
    assert Cost(x * y * z, "1").compile(x, y, z)(1e200, 1e200, 1e-200) == pytest.approx(1e200)  # exactly, where floats overflow


# -- no text is executed
def test_the_function_is_made_of_a_tree_that_is_built_node_by_node():
    body = ast.parse(inspect.getsource(native))
    calls = [node for node in ast.walk(body) if isinstance(node, ast.Call)]
    named = [c.func.id for c in calls if isinstance(c.func, ast.Name)]
    attributes = {c.func.attr for c in calls if isinstance(c.func, ast.Attribute)}
    assert named.count("compile") == 1
    assert not {"eval", "exec", "__import__"} & set(named)
    assert not {"parse", "literal_eval", "unparse"} & attributes


@given(st.text(min_size=1, max_size=12))
def test_no_name_of_a_symbol_gets_into_a_function_unless_it_is_an_identifier(name):
    s = sp.Symbol(name, positive=True)
    try:
        found = Cost(2 * s, "1").compile(s)(3.0)
    except InputError:
        return
    assert found == 6.0
    assert name.isidentifier()


def test_a_function_knows_nothing_of_the_outside():
    f = STEP.compile(B, S, *SHEETS)
    assert f.__globals__["__builtins__"] == {}
    allowed = (float, isinstance, Exception)
    assert all(v in allowed or callable(v) for k, v in f.__globals__.items() if k != "__builtins__")
    assert math.isfinite(reduce(operator.add, [f(b, 1) for b in range(1, 5)]))
    assert frozenset() == NONE
    assert {C, t_hop}
    assert pretraining
