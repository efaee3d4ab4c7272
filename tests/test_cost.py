"""The algebra of costs: a small algebra closed under ``+`` and ``|``, whose laws are properties."""

import copy
import pickle
from dataclasses import FrozenInstanceError
from fractions import Fraction as Q

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from second_opinion import close, costs, leaves, points, positives, worth

from symroof import Cost, SymroofError, UnitError, matmul, roofline, solve, symbol
from symroof.algebra.bind import check
from symroof.algebra.symbols import UNLESS
from symroof.symbols import B, C, D, F, K, L, W_hbm, W_ici, eta_att, n, p, p_g, p_w, t_hop, x_dp

MATH, HBM, HOP = Cost(2 * B * D * F / C, "s", "math"), Cost(p * D * F / W_hbm, "s", "hbm"), Cost(t_hop, "s", "hop")
BYTES, FLOPS = Cost(p * B * D, "byte", "traffic"), Cost(2 * B * D * F, "FLOP", "flops")


# -- the laws
@given(costs(), costs(), costs(), points())
def test_plus_and_overlap_commute_and_associate(a, b, c, at):
    def value(cost):
        return worth(cost.expr, at)

    assert close(value(a + b), value(b + a))
    assert close(value(a | b), value(b | a))
    assert close(value((a + b) + c), value(a + (b + c)))
    assert close(value((a | b) | c), value(a | (b | c)))
    assert close(value(a + b), value(a) + value(b))
    assert value(a | b) == max(value(a), value(b))
    assert value(a | a) == value(a)
    assert close(value(a + (b | c)), max(value(a + b), value(a + c)))


@given(costs(), costs(), positives, points())
def test_scaling_goes_into_every_part(a, b, k, at):
    assert k * (a | b) == k * a | k * b
    assert (k * (a + b)).parts == (k * a + k * b).parts
    assert (a + b) * k == k * (a + b)
    assert [q.name for q in (k * (a | b)).parts] == [q.name for q in (a | b).parts]
    assert (k * a).unit == a.unit
    assert close(worth((k * a).expr, at), Q(k).numerator * worth(a.expr, at) / Q(k).denominator)
    assert close(worth((a / k).expr, at), worth(((1 / k) * a).expr, at))


@given(costs(), points())
def test_a_symbol_scales_too(a, at):
    scaled = L * a
    assert scaled.unit == a.unit
    assert close(worth(scaled.expr, {**at, L: Q(7)}), 7 * worth(a.expr, at))
    assert close(worth((scaled / L).expr, {**at, L: Q(7)}), worth(a.expr, at))


@given(leaves(), leaves(), costs())
def test_names_units_and_sources_survive(a, b, c):
    a, b = a.named("first", "page 1"), b.named("second", "page 2")
    for whole in (a + b, a | b, 3 * (a | b), (a + b) / 2, (a | b) * L, ((a | b) + c.named("third"))):
        assert str(whole.unit) == "s"
        for name, source in (("first", "page 1"), ("second", "page 2")):
            assert whole[name].source == source
            assert str(whole[name].unit) == "s"
    assert (a + b).named("both", "page 3").source == "page 3"
    assert (a + b).named("both") + c.named("third") != a + b
    assert ((a + b).named("both") + c.named("third"))["both"].name == "both"
    assert len(((a + b) + c.named("third")).parts) == 3  # a sum without a name is no part of its own


@given(st.lists(costs(), min_size=1, max_size=4), points())
def test_pythons_sum(several, at):
    assert close(worth(sum(several).expr, at), sum(worth(c.expr, at) for c in several))


@given(costs(), costs(), points())
def test_minus(a, b, at):
    assert worth((a - b).expr, at) == 0 or close(worth((a - b).expr, at), worth(a.expr, at) - worth(b.expr, at), 1e-20)
    assert worth((a + b - b).expr, at) == 0 or close(worth((a + b - b).expr, at), worth(a.expr, at), 1e-20)


@given(costs(), costs())
def test_equal_costs_have_equal_hashes(a, b):
    assert (a == b) == (a.expr == b.expr)
    assert a != b or hash(a) == hash(b)


COPIES = [copy.copy, copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))]
COPIED = [MATH, MATH + HBM, MATH | HBM, ((MATH | HBM) + HOP).named("layer", "page 1"), (MATH | 2 * MATH), (HOP | (HOP + MATH))]


@pytest.mark.parametrize("again", COPIES, ids=["copy", "deepcopy", "pickle"])
@pytest.mark.parametrize("cost", COPIED, ids=lambda c: c.name or c.join)
def test_a_copy_is_the_same_cost(cost, again):
    for _ in range(2):  # fresh, and after .expr was asked for
        same = again(cost)
        assert (repr(same), same.parts, same.source) == (repr(cost), cost.parts, cost.source)
        assert same == cost
        assert hash(same) == hash(cost)
        cost.expr
    condition = again(cost >= HOP)
    assert repr(condition) == repr(cost >= HOP)


# -- units
OTHERS = [
    BYTES,
    FLOPS,
    Cost(B, "token", "tokens"),
    Cost(n, "chip", "chips"),
    Cost(C, "FLOP/s", "rate"),
    Cost(L, "1", "layers"),
    Cost(B / t_hop, "token/s", "speed"),
]
JOINS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "|": lambda a, b: a | b,
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
}


@pytest.mark.parametrize("join", JOINS.values(), ids=JOINS)
@pytest.mark.parametrize("other", OTHERS, ids=lambda c: c.name)
def test_different_units_are_never_joined(join, other):
    for a, b in ((MATH, other), (other, MATH), (MATH | HBM, other), (other, MATH + HBM)):
        with pytest.raises(UnitError) as caught:
            join(a, b)
        assert str(other.unit) in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("join", JOINS.values(), ids=JOINS)
@pytest.mark.parametrize(
    "other",
    [
        3,
        0.5,
        10**400,
        Q(1, 3),
        sp.Integer(2),
        B,
        B * D,
        "3 byte",
        "3",
        "15 GB",
        W_hbm,
        np.float64(2),
        float("nan"),
        float("inf"),
        None,
        [],
        object(),
        True,
        "x",
    ],
)
def test_nothing_else_is_joined_either(join, other):
    with pytest.raises(SymroofError):
        join(MATH, other)


@pytest.mark.parametrize(
    "wrong, blamed",
    [
        (lambda: FLOPS / W_hbm, "FLOP"),
        (lambda: FLOPS / W_ici, "FLOP"),
        (lambda: FLOPS / (n * W_hbm), "FLOP"),
        (lambda: FLOPS / Cost(W_hbm, "byte/s", "W"), "FLOP"),
        (lambda: FLOPS / "810 GB/s", "FLOP"),
        (lambda: matmul(B, D, F).flops / W_hbm, "flops"),
        (lambda: BYTES / C, "byte"),
        (lambda: BYTES / "197 TFLOP/s", "byte"),
        (lambda: Cost(B * D, "byte"), "byte"),  # bytes per element forgotten
        (lambda: Cost(B * D / W_hbm, "s"), "byte"),
        (lambda: Cost(2 * B * D * F / W_hbm, "s"), "byte"),
        (lambda: Cost(p * B * D, "s"), "byte"),
        (lambda: Cost(B * D + p * B * D, "byte"), "byte"),
        (lambda: Cost(t_hop + 1 / W_hbm, "s"), "t_hop"),
        (lambda: Cost(sp.Max(t_hop, p), "s"), "byte"),
        (lambda: Cost(sp.exp(t_hop), "1"), "t_hop"),
        (lambda: Cost(sp.log(p), "1"), "p"),
        (lambda: Cost(2**t_hop, "1"), "t_hop"),
        (lambda: Cost(t_hop**B, "s"), "t_hop"),
        (lambda: Cost(sp.ceiling(t_hop), "1"), "s"),
        (lambda: BYTES.declare("token"), "byte"),
        (lambda: MATH.declare("1"), "s"),
    ],
)
def test_a_slip_is_refused_on_its_own_line(wrong, blamed):
    with pytest.raises(UnitError, match=blamed) as caught:
        wrong()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_flops_and_bytes_get_the_cure_they_need():
    with pytest.raises(
        UnitError, match=r"flops is in FLOP but traffic is in byte; divide each by a rate first, e.g. flops/C \+ traffic/W_hbm"
    ):
        FLOPS + BYTES


@pytest.mark.parametrize(
    "cost, unit",
    [
        (FLOPS / C, "s"),
        (FLOPS / (n * C), "s"),  # chips are a plain factor and add no count
        (BYTES / W_hbm, "s"),
        (BYTES / "810 GB/s", "s"),
        (FLOPS / BYTES, "FLOP/byte"),
        (MATH**2, "s^2"),
        (BYTES ** sp.Rational(1, 2), "byte^(1/2)"),
        (B / MATH, "token/s"),
        (1 / MATH, "1/s"),
        (Cost(B, "token") / MATH, "token/s"),
        (Cost(B, "token") / MATH / n, "token/s"),
        ((B / MATH / n).declare("token/s/chip"), "token/s/chip"),
        (Cost(2, "FLOP/token") * B, "FLOP"),
    ],
    ids=str,
)
def test_units_work_out(cost, unit):
    assert str(cost.unit) == unit


# -- what may stand beside and before a cost
SECONDS = [("15 ms", Q(15, 1000)), ("2 s", Q(2)), ("1 min", Q(60)), (t_hop, t_hop), (Cost(t_hop, "s"), t_hop)]


@pytest.mark.parametrize("other, worthy", SECONDS, ids=["ms", "s", "min", "symbol", "cost"])
def test_a_quantity_beside_a_cost(other, worthy):
    worthy = sp.Rational(worthy.numerator, worthy.denominator) if isinstance(worthy, Q) else worthy
    assert (MATH + other).expr == MATH.expr + worthy
    assert (other + MATH).expr == MATH.expr + worthy
    assert (MATH - other).expr == MATH.expr - worthy
    assert (other - MATH).expr == worthy - MATH.expr
    assert (MATH | other).expr.args == sp.Max(MATH.expr, worthy, evaluate=False).args
    assert (other | MATH).expr.args == sp.Max(MATH.expr, worthy, evaluate=False).args
    assert (MATH <= other).right.expr == worthy  # noqa: SIM300
    assert (MATH >= other).relation == ">="  # noqa: SIM300


def test_a_value_beside_a_cost():
    value = HOP.at(t_hop="3 us")
    assert (MATH + value).expr == MATH.expr + sp.Rational(3, 10**6)
    assert (MATH <= value).right.expr == sp.Rational(3, 10**6)  # noqa: SIM300
    assert (value >= MATH).left.expr == MATH.expr


def test_a_text_on_the_left_of_a_comparison():
    asked = "15 ms" >= MATH  # noqa: SIM300
    assert asked.relation == "<="
    assert asked.right.expr == sp.Rational(15, 1000)


def test_zero_is_neutral():
    assert MATH + 0 == MATH
    assert 0 + MATH == MATH
    assert MATH - 0 == MATH
    assert (0 - MATH).expr == -MATH.expr


@pytest.mark.parametrize(
    "k",
    [2, 2.0, Q(2), sp.Integer(2), sp.Float(2.0), np.float64(2), np.float32(2), np.int64(2), np.int32(2), "2"],
    ids=lambda k: type(k).__name__,
)
def test_any_kind_of_number_scales(k):
    for scaled in (k * MATH, MATH * k):
        assert isinstance(scaled, Cost)
        assert scaled.expr == 2 * MATH.expr
        assert scaled.name == "math"
    assert (MATH / k).expr == MATH.expr / 2


@pytest.mark.parametrize(
    "k",
    [
        0,
        -1,
        -0.5,
        float("nan"),
        float("inf"),
        "-3",
        None,
        True,
        [2],
        "x",
        "1e400",
        sp.oo,
        sp.nan,
        sp.zoo,
        sp.I,
        1j,
        {},
        np.array([1.0, 2.0]),
    ],
    ids=str,
)
def test_no_other_thing_scales(k):
    ways = (lambda: MATH * k, lambda: MATH / k, lambda: k * MATH)
    for wrong in ways[: 2 if k is sp.nan else 3]:  # sympy's own nan times anything is nan, before we are asked
        with pytest.raises(SymroofError):
            wrong()


@pytest.mark.parametrize("power", ["2", None, B, 1.5j, "x", float("nan"), sp.pi, True], ids=str)
def test_no_other_thing_is_a_power(power):
    with pytest.raises(SymroofError):
        MATH**power


# -- exact
@given(st.floats(1e-6, 1e6))
def test_floats_become_the_decimals_they_print_as(x):
    exact = sp.Rational(repr(x))
    for cost in (Cost(x * p * B, "byte"), Cost(p * B, "byte") * x, x * Cost(p * B, "byte"), Cost(sp.Float(x) * p * B, "byte")):
        assert not cost.expr.atoms(sp.Float)
    assert (x * Cost(p, "byte")).expr == exact * p
    assert Cost(x, "1").expr == exact


# -- sympy
def test_sympy_takes_a_cost_as_it_is():
    t = roofline(matmul(B, D, F))
    for cost in (t["math"], t["hbm"], t["math"] + t["hbm"]):
        e = cost.expr
        assert sp.sympify(cost) == e
        assert sp.diff(cost, B) == sp.diff(e, B)
        assert sp.limit(cost, B, 0) == sp.limit(e, B, 0)
        assert sp.simplify(cost) == sp.simplify(e)
        assert sp.expand(cost) == sp.expand(e)
        assert sp.factor(cost) == sp.factor(e)
        assert sp.latex(sp.sympify(cost)) == sp.latex(e)
        assert cost.free_symbols == e.free_symbols
    assert isinstance(t.expr, sp.Max)
    assert t.free_symbols == {B, C, D, F, W_hbm, p}
    assert sp.diff(t["hbm"], D) == p * (B + F) / W_hbm


def test_sympy_leaves_operations_to_the_cost():
    for cost in (B * MATH, MATH * B, B / MATH, t_hop + MATH, sp.Integer(2) * MATH, (B + D) * MATH):
        assert isinstance(cost, Cost)


# -- never a text
EVIL = "__import__('pathlib').Path('pwned').touch()"


ATTEMPTS = {
    "Cost": lambda text: Cost(text, "s"),
    "+": lambda text: MATH + text,
    "|": lambda text: MATH | text,
    "*": lambda text: MATH * text,
    "/": lambda text: MATH / text,
    "text /": lambda text: text / MATH,
    ">=": lambda text: text <= MATH,
    "matmul": lambda text: matmul(text, D, F),
    "work *": lambda text: matmul(B, D, F) * text,
    "solve": lambda text: solve(text, B),
    "solve for": lambda text: solve(MATH >= HBM, text),
    "large": lambda text: solve(MATH >= HBM, B, large=(text,)),
    "small": lambda text: solve(MATH >= HBM, B, small=(text,)),
    "large alone": lambda text: solve(MATH >= HBM, B, large=text),
    "unit": lambda text: Cost(B, text + "!"),
    "declare": lambda text: MATH.declare(text + "!"),
    "value": lambda text: MATH.at(B=text),
    "sheet": lambda text: MATH.at(text),
    "keyword": lambda text: MATH.at(**{text + "!": 3}),
    "key": lambda text: MATH.at({text: 3}),
    "part": lambda text: MATH[text],
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_no_text_is_a_formula(attempt, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for text in ("B*D", "2*B", "1/C", EVIL, "B", "t_hop", "lambda: 1", "x" * 10**7):
        with pytest.raises(SymroofError) as caught:
            attempt(text)
        assert len(str(caught.value)) < 400
    assert not list(tmp_path.iterdir())


# -- parts
TREE = ((MATH.named("math") | HBM.named("hbm")).named("mlp") + (MATH.named("math") | HOP.named("hop")).named("attention")).named("layer")


def test_parts_by_name_and_path():
    assert TREE["mlp"].name == "mlp"
    assert TREE["mlp/math"] == MATH
    assert TREE["attention/hop"] == HOP
    assert TREE["hbm"] == HBM  # the only one of that name
    assert TREE["mlp"]["hbm"] == HBM


@pytest.mark.parametrize(
    "name, cure",
    [("math", "mlp/math, attention/math"), ("mlpp", "mlp"), ("mlp/hop", "math"), ("", "mlp"), ("a/b/c", ""), ("x" * 10**7, "")],
)
def test_a_wrong_part(name, cure):
    with pytest.raises(SymroofError) as caught:
        TREE[name]
    assert isinstance(caught.value, LookupError)
    assert cure in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_part_may_have_a_slash_in_no_name_and_is_found_by_number_nowhere():
    for wrong in (0, None, 1.5, B):
        with pytest.raises(SymroofError):
            TREE[wrong]


# -- frozen
@pytest.mark.parametrize("attribute", ["leaf", "unit", "name", "parts", "join", "source", "anything"])
def test_a_cost_is_frozen(attribute):
    with pytest.raises((FrozenInstanceError, AttributeError)):
        setattr(MATH, attribute, "x")
    with pytest.raises((FrozenInstanceError, AttributeError)):
        setattr(MATH >= HBM, attribute, "x")


def test_an_operation_changes_nothing_else():
    before = repr(MATH), repr(HBM), repr(TREE)
    MATH + HBM, MATH | HBM, 2 * TREE, TREE - HOP, TREE.named("other", "x"), TREE.at(B=3), solve(MATH >= HBM, B)
    assert (repr(MATH), repr(HBM), repr(TREE)) == before


# -- NumPy
def test_numpy_does_not_hijack():
    for wrong in (
        lambda: np.array([1.0, 2.0]) * MATH,
        lambda: MATH * np.array([1.0, 2.0]),
        lambda: np.array([1.0]) + MATH,
        lambda: np.array([1.0]) <= MATH,
    ):
        with pytest.raises(SymroofError):
            wrong()
    assert isinstance(np.float64(2) * MATH, Cost)


# -- conditions
def test_a_condition_has_no_truth_of_its_own():
    with pytest.raises(SymroofError, match="solve"):
        bool(MATH >= HBM)
    assert (MATH >= HBM).free_symbols == {B, C, D, F, W_hbm, p}
    assert (MATH >= HBM).at(B=10, C=1, D=1, F=1, W_hbm=1, p=1) is True
    assert (MATH >= HBM).at(B=[1, 0.25], C=1, D=1, F=1, W_hbm=1, p=1).tolist() == [True, False]
    assert (MATH >= HBM).at(D=3, F=4).free_symbols == {B, C, W_hbm, p}
    assert (MATH > MATH).at(B=1, C=1, D=1, F=1) is False


# -- what it looks like
def test_one_glance():
    assert repr(matmul(B, D, F).flops) == "2*B*D*F  [FLOP]"
    assert repr(roofline(matmul(B, D, F))) == "matmul  [s]  = max of\n  math  2*B*D*F/C\n  hbm   p*(B*D + B*F + D*F)/W_hbm"
    assert TREE.latex().count(r"\underbrace") == 2
    assert TREE.latex().count("{") == TREE.latex().count("}")
    assert r"\max" in TREE.latex()
    assert (MATH >= HBM).latex() == r"\frac{2 B D F}{C} \ge \frac{D F p}{W_\text{hbm}}"
    assert Cost(K * p, "byte", "a_b%").named("a_b%")._repr_latex_().startswith("$")


def test_a_free_letter_without_a_unit_counts_as_a_plain_number():
    z = sp.Symbol("z", positive=True)
    assert str(Cost(z * p, "byte").unit) == "byte"
    assert Cost(symbol("widgets", "widget") * p, "byte").at(widgets=3, p=2).number == 6


# -- letters that are neutral unless they are bound
def test_a_letter_is_worth_what_is_usual_once_nothing_else_is_open():
    step = Cost(B / (eta_att * C) * (1 + x_dp) + p_g * B / W_hbm, "s")
    known = {B: 8, C: 4, W_hbm: 2, p_w: 3}
    assert step.at(known).number == Q(8, 4) + Q(3 * 8, 2)
    assert step.at(known, eta_att="50%", x_dp="0.5", p_g=4).number == Q(8, 2) * Q(3, 2) + Q(4 * 8, 2)
    part = step.at(C=4, W_hbm=2)  # something is open: a calibration may still come
    assert {eta_att, x_dp, p_g} <= part.free_symbols
    assert part.at({B: 8, p_w: 3}, eta_att="50%").number == step.at(known, eta_att="50%").number
    assert np.asarray(step.at(known, x_dp=[0, 1])).tolist() == [14.0, 16.0]


@pytest.mark.parametrize("letter", UNLESS, ids=str)
def test_what_is_usual_is_a_value_that_the_letter_may_have(letter):
    usual = UNLESS[letter]
    given = check(letter, usual if usual.is_Symbol else Q(int(usual)))
    assert given == (usual if usual.is_Symbol else int(usual))
    with pytest.raises(SymroofError):
        check(letter, -1)
