"""Meshes: axes together, axes over different links, sizes, and what is refused."""

import itertools
import pickle

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from symroof import Cost, SymroofError, chip, program
from symroof.errors import InputError, UnknownName
from symroof.machine.collectives import EXCHANGES, Collective
from symroof.machine.layouts import Axis, layouts
from symroof.machine.links import Network, Switch, Torus, Tree
from symroof.machine.mesh import Mesh, mesh
from symroof.symbols import B, D, W_dcn, W_ici, W_link, X, Y, Z, p, t_hop

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


KINDS = st.sampled_from(sorted(EXCHANGES))


@given(KINDS, st.integers(2, 6), st.integers(1, 9), st.booleans(), st.booleans())
def test_a_tree_around_other_axes_shares_what_its_nodes_send(kind, nodes, inside, exact, latency):
    """What a child of the tree sends is shared by the chips of the axes further in, whether or not a collective goes over them."""
    tree = Tree(((nodes, "400 GB/s"),))
    rate = Cost(400 * 10**9, "byte/s") / inside
    for link in (Switch("450 GB/s"), Torus()):
        outer = mesh(X=tree, Y=link).sized(Y=inside).time(over(kind, "X"), exact, latency)
        shared = mesh(X=Network(rate)).sized(X=nodes).time(over(kind, "X"), exact, latency)
        at = {"p": 2, "B": 960, "D": 960, "W_ici": 9e10, "t_hop": 1e-6}
        assert float(outer.at(at_letters(outer, at))) == pytest.approx(float(shared.at(at_letters(shared, at))))
    if inside > 1 and kind != "Permute":
        both = mesh(X=tree, Y=Switch("450 GB/s")).sized(Y=inside).time(over(kind, "X", "Y"), exact)
        alone = Tree(((inside, "450 GB/s"), (nodes, "400 GB/s"))).time(kind, Cost(V, "byte"), exact=exact)
        assert same(both.expr.doit(), alone.expr.doit())
    assert mesh(X=tree, Z=Network()).time(over(kind, "X"), exact) == tree.time(kind, Cost(V, "byte"), exact=exact)  # a network is outside


def at_letters(cost, values):
    return {s: values[s.name] for s in cost.free_symbols}


@given(st.integers(2, 5), st.integers(1, 5))
def test_what_leaves_a_node_counted_chip_by_chip(nodes, inside):
    """An AllGather over nodes, as rings of the chips that stand at one place in each: every byte that leaves a node is counted."""
    volume, left = nodes * inside * 60, dict.fromkeys(range(nodes), 0)
    for _, step in itertools.product(range(inside), range(nodes - 1)):
        for node in range(nodes):
            assert (node + step) % nodes in left
            left[node] += volume // nodes  # the shard that came in the step before goes on to the next node
    time = mesh(X=Tree(((nodes, "7 byte/s"),)), Y=Switch()).sized(Y=inside).time(over("AllGather", "X"), exact=True)
    assert float(time.at({B: volume, D: 1, p: 1})) == pytest.approx(max(left.values()) / 7)


@pytest.mark.parametrize("inner, outer", [(1, 64), (2, 32), (4, 16), (8, 8), (16, 4)])
def test_the_rate_of_a_group_over_nodes_is_its_share_of_the_cards(inner, outer):
    """Every chip has a card of its own to the network, whatever other axes lie in its node."""
    h100 = chip("h100")
    nodes = h100.on(64).mesh(Y=inner, X=outer)
    in_node = max(1, 8 // inner)
    cards = float(h100[W_dcn]) * in_node
    assert float(nodes.rate("X").at(h100)) == pytest.approx(min(cards, float(h100[W_link])) if in_node > 1 else cards)


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


# -- the mesh of a slice
def links_used(shape, rings, groups):
    """A plain count on a torus: of every axis of links, how many groups go over one link, chips placed innermost group first."""
    busiest = {}
    for axis, (size, ring) in enumerate(zip(shape, rings, strict=True)):
        for members in groups(axis):
            steps = list(itertools.pairwise(members))
            steps += [(members[-1], members[0] + size)] if ring and len(members) * (members[1] - members[0]) == size else []
            for a, b in steps:
                for link in range(a, b):
                    busiest[axis, link % size] = busiest.get((axis, link % size), 0) + 1
    return max(busiest.values())


@pytest.mark.parametrize("size, ring, inner", list(itertools.product((4, 8, 16), (True, False), (2, 4))))
def test_groups_along_an_axis_share_its_links(size, ring, inner):
    """Counted link by link: groups ``inner`` apart share every link with that many, inner groups share none."""
    line = (Axis(size, ring),)
    within, around = next(layouts(line, (inner, size // inner)))
    apart = [[start + inner * i for i in range(size // inner)] for start in range(inner)]
    if size > inner:
        count = links_used((size,), (ring,), lambda _: apart)
        assert around[0].stride == count == inner
        assert around[0].ring == ring
        assert around[0].share == sp.Rational(1, (1 if ring else 2) * count)
    blocks = [[inner * b + i for i in range(inner)] for b in range(size // inner)]
    if inner < size:
        assert links_used((size,), (False,), lambda _: blocks) == 1 == within[0].stride
        assert not within[0].ring


def test_axes_that_share_a_physical_axis_are_joined():
    """X inside Y on the same lines: together they are the whole slice, which has no more links than it has."""
    both = chip("tpu-v5e").on("4x4").mesh(X=4, Y=4)
    whole = chip("tpu-v5e").on("4x4").mesh(X=16)
    assert both.rate("X", "Y").expr == whole.rate("X").expr == W_ici
    for kind, exact in itertools.product(("AllGather", "AllReduce", "AllToAll"), (True, False)):
        one, two = (m.time(over(kind, *axes), exact) for m, axes in ((both, "XY"), (whole, "X")))
        assert same(one.expr, two.expr)
    ring = chip("tpu-v5e").on("16x16").mesh(X="4x1", Y="4x1", Z="1x16")
    assert [ring.rate(axis).expr for axis in "XYZ"] == [W_ici / 2, W_ici / 4, W_ici]
    assert ring.rate("X", "Y").expr == W_ici  # the whole ring
    assert ring.rate("X", "Y", "Z").expr == 2 * W_ici


def test_the_hops_of_a_part_are_longer_where_its_chips_are_apart():
    lines = chip("tpu-v5e").on("4x4").mesh(X="2x1", Y="2x1", Z="1x4")
    assert [lines.time(over("AllGather", axis), latency=True)["latency"].expr / t_hop for axis in "XYZ"] == [1, 2, 3]


def test_a_mesh_of_nodes():
    h100 = chip("h100")
    nodes = h100.on(64).mesh(Y=16, X=4)
    assert nodes.link("Y") == Tree(((8, W_link), (2, Cost(8 * W_dcn, "byte/s"))))
    assert nodes.link("X") == Network()
    assert float(h100.on(12).mesh(Y=12).rate("Y").at(h100)) == 6 * 50e9  # six and six
    assert h100.on("2x3").mesh(Y=3, X=2).link("X") == Switch(W_link)
    assert float(chip("gb200").on(72).mesh(Y=8, X=9).rate("X").at(chip("gb200"))) == 9e11


def test_a_program_on_a_mesh_of_a_slice_is_that_on_letters_at_its_numbers():
    mlp = program("In[B_X, D_Y] W[D_X, F_Y] -> Tmp[B_X, F_Y]")
    h100 = chip("h100")
    on, letters = h100.on(64).mesh(Y=8, X=8), mesh(Y=Switch(W_link), X=Network())
    given = {"B": 2**18, "D": 8192, "F": 28672, "p": 2}
    for overlap in ("all", "none", "axes", "comms add"):
        one, two = mlp.time(on, overlap).at(h100, **given), mlp.time(letters, overlap).at(h100, X=8, Y=8, **given)
        assert float(one) == float(two)


ERRORS = [
    (lambda: chip("v5e").on("4x4").mesh(X=3), InputError, "3 is not 4x4, which has 16 chips"),
    (lambda: chip("v5e").on("4x4").mesh(), InputError, "no axis is not 4x4"),
    (lambda: chip("v5e").on("4x4").mesh(X="2x8"), InputError, "cannot lie on 4x4"),
    (lambda: chip("v5e").on("4x4").mesh(X="4x4x1"), InputError, "does not lie on 4x4"),
    (lambda: chip("v5e").on("4x4").mesh(X=0), InputError, "is no number of chips"),
    (lambda: chip("v5e").on("4x4").mesh(X=16.0), InputError, "is no number of chips"),
    (lambda: chip("h100").on(8).mesh(X="two", Y=4), InputError, "is no number of chips"),
    (lambda: chip("gh200").on(2).mesh(Y=2), InputError, "says nothing of links between chips"),
    (lambda: chip("mi325x").on(16).mesh(Y=16), InputError, "more than one node of 8, and the sheet says nothing of the network"),
    (lambda: chip("h100").on(8).mesh(X=1, Y=8).rate("X"), InputError, "one chip, which sends nothing"),
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
