"""Meshes: axes together, axes over different links, sizes, and what is refused."""

import itertools
import pickle

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from symroof import Cost, SymroofError, chip
from symroof.errors import InputError, UnknownName
from symroof.machine.collectives import EXCHANGES, Collective
from symroof.machine.links import Network, Switch, Torus, Tree
from symroof.machine.mesh import Mesh, mesh
from symroof.symbols import B, D, W_dcn, W_ici, X, Y, Z, p, t_hop

V = p * B * D
POD = mesh(X=Torus(axes=1), Y=Torus(axes=2), Z=Network())


def over(kind, *axes):
    return Collective(kind, axes, "In", Cost(V, "byte"))


def same(a, b):
    return sp.simplify(a - b) == 0


def test_a_mesh_knows_its_axes():
    assert dict(POD.sizes) == {"X": X, "Y": Y, "Z": Z}
    assert POD.chips == X * Y * Z
    assert POD.link("Y") == Torus(axes=2)
    assert repr(POD.sized(Z=4)) == "mesh of 4*X*Y chips\n  X  Torus()\n  Y  Torus(axes=2)\n  Z  Network() of 4"
    assert mesh(data=Torus()).chips.name == "data"
    assert mesh(X=Torus(sizes=(4, 8)), Z=Tree(((8, W_ici), (4, W_dcn)))).chips == 32 * 32
    assert pickle.loads(pickle.dumps(POD)) == POD and isinstance(POD, Mesh) and len({POD, POD}) == 1


def test_one_axis_is_its_link():
    for kind, axis, exact, latency in itertools.product(EXCHANGES, "XYZ", (True, False), (True, False)):
        t = POD.time(over(kind, axis), exact, latency)
        assert t.name == f"{kind}_{axis}(In)"
        assert t == POD.link(axis).time(kind, Cost(V, "byte"), POD.sizes[axis], exact, latency)


@given(n=st.integers(1, 3), m=st.integers(1, 3))
def test_tori_work_together(n, m):
    t = mesh(X=Torus(axes=n), Y=Torus(axes=m)).time(over("AllGather", "X", "Y"))
    assert t.expr == V / ((n + m) * W_ici) and t.name == "AllGather_XY(In)"


def test_tori_together_in_detail():
    both = mesh(X=Torus(), Y=Torus())
    assert same(both.time(over("AllGather", "X", "Y"), exact=True).expr, V * (X * Y - 1) / (2 * X * Y * W_ici))
    assert same(both.time(over("AllGather", "X", "Y"), latency=True)["latency"].expr, t_hop * (X + Y) / 2)
    all_to_all = both.time(over("AllToAll", "X", "Y"))
    assert {part.expr for part in all_to_all.parts} == {V / (4 * Y * W_ici), V / (4 * X * W_ici)}  # V max(X, Y) / (4 X Y W)
    half = mesh(X=Torus(), Y=Torus(wrap=False)).time(over("AllGather", "X", "Y"))
    assert same(half.expr, V / (W_ici * sp.Rational(3, 2)))
    numbers = both.sized(X=4, Y=8)
    for kind, exact in itertools.product(set(EXCHANGES) - {"Permute"}, (True, False)):
        one = Torus(sizes=(4, 8)).time(kind, Cost(V, "byte"), exact=exact)
        assert same(numbers.time(over(kind, "X", "Y"), exact).expr.doit(), one.expr.doit())


def test_over_different_links_the_slowest_level_binds():
    t = POD.time(over("AllGather", "Z", "X"), exact=True)
    assert [part.name for part in t.parts] == ["X", "Z"]
    assert same(t["X"].expr, V * (X - 1) / (X * W_ici)) and same(t["Z"].expr, V * (Z - 1) / (Z * X * W_dcn))
    assert POD.time(over("AllReduce", "X", "Z")) == 2 * POD.time(over("AllGather", "X", "Z"))
    assert [part.name for part in POD.time(over("AllGather", "Y", "Z", "X")).parts] == ["X,Y", "Z"]
    gpus = mesh(Y=Switch("450 GB/s"), Z=Network("50 GB/s")).sized(Y=8, Z=32)
    rates = [1 / float(x) for x in gpus.time(over("AllGather", "Y", "Z"), exact=True).at(p=1, B=10**9, D=1).parts]
    assert rates == pytest.approx([514.29, 412.90], rel=1e-4)  # the tree's, from per-chip bandwidths


def test_levels_go_from_the_inside_out_whatever_the_order():
    back = mesh(Z=Network(), Y=Switch("900 GB/s"), X=Torus())
    t = back.time(over("ReduceScatter", "Z", "X", "Y"), exact=True)
    assert [part.name for part in t.parts] == ["X", "Y", "Z"]
    assert same(t["Y"].expr, V * (Y - 1) / (Y * X * 9 * 10**11))
    assert same(t["Z"].expr, V * (Z - 1) / (Z * X * Y * W_dcn))  # all chips further in share it


def test_a_shift_crosses_every_level_with_all_its_bytes():
    t = POD.time(over("Permute", "X", "Z"))
    assert (t["X"].expr, t["Z"].expr) == (2 * V / W_ici, V / W_dcn)
    assert not POD.time(over("Permute", "X", "Y")).parts  # alike axes are named once


@pytest.mark.parametrize("kind, exact", list(itertools.product(sorted(set(EXCHANGES) - {"Permute"}), (True, False))))
def test_a_switch_and_a_network_are_a_tree(kind, exact):
    tree = Tree(((8, W_ici), (4, Cost(8 * W_dcn, "byte/s"))))
    nodes = mesh(Y=Switch(), Z=Network()).sized(Y=8, Z=4).time(over(kind, "Y", "Z"), exact)
    for part, level in zip(nodes.parts, tree.time(kind, Cost(V, "byte"), exact=exact).parts, strict=True):
        assert same(part.expr, level.expr)


def test_axes_through_one_switch_are_one():
    node = mesh(X=Switch(), Y=Switch())
    assert same(node.time(over("AllGather", "X", "Y"), exact=True).expr, V * (X * Y - 1) / (X * Y * W_ici))
    assert node.time(over("AllToAll", "X", "Y")).expr == V / (X * Y * W_ici)


def test_all_to_all_over_levels_sends_each_its_share():
    t = POD.time(over("AllToAll", "X", "Z"))
    assert same(t["X"].expr, V / (4 * Z * W_ici)) and same(t["Z"].expr, V / (X * Z * W_dcn))


def test_an_axis_of_one_chip_costs_nothing():
    assert POD.sized(X=1).time(over("AllGather", "X")).expr == 0
    assert POD.sized(X=1).time(over("AllGather", "X", "Z")) == POD.time(over("AllGather", "Z"))
    assert POD.sized(X=1).time(over("AllGather", "X", "Y")) == POD.time(over("AllGather", "Y"))


def test_times_evaluate_at_a_chip():
    t = mesh(X=Torus(), Y=Torus()).sized(X=16, Y=16).time(over("AllGather", "X", "Y"))
    assert float(t.at(chip("v5e"), p=2, B=4096, D=8192)) == pytest.approx(2 * 4096 * 8192 / 1.8e11)
    assert float(t.at(chip("v5e"), p=2, B=4096, D=8192, eta_link=0.5)) == pytest.approx(2 * 4096 * 8192 / 0.9e11)


ERRORS = [
    (lambda: mesh(), InputError, "needs an axis"),
    (lambda: mesh(X=16), InputError, "is no link; give it Torus"),
    (lambda: mesh(B=Torus()), InputError, "which is batch"),
    (lambda: mesh(X=Torus(), data=Torus()).time(over("AllGather", "dtaa")), UnknownName, "did you mean 'data'"),
    (lambda: POD.link("W"), UnknownName, "there is X, Y, Z"),
    (lambda: POD.sized(Q=4), UnknownName, "no axis 'Q'"),
    (lambda: POD.sized(X=0), InputError, "whole number from 1"),
    (lambda: POD.sized(X="16"), InputError, "whole number from 1"),
    (lambda: mesh(X=Torus(sizes=(4, 4))).sized(X=8), InputError, "joins 16 chips, not 8"),
]


@pytest.mark.parametrize("wrong, error, cure", ERRORS)
def test_what_cannot_be_meant_is_a_sentence_with_its_cure(wrong, error, cure):
    with pytest.raises(error, match=cure) as caught:
        wrong()
    assert isinstance(caught.value, SymroofError) and "\n" not in str(caught.value)
