"""Every formula of a collective against chips that really send chunks, link by link; laws; the textbook's numbers."""

import gc
import itertools
import math
import pickle
from dataclasses import dataclass
from fractions import Fraction as Q

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from symroof import Cost, SymroofError, UnitError, chip, dtype, solve
from symroof.errors import InputError, UnknownName
from symroof.machine.collectives import EXCHANGES, Collective, Exchange
from symroof.machine.links import Network, Switch, Torus, Tree
from symroof.machine.simulation import Fabric, Wires
from symroof.symbols import B, D, F, W_dcn, W_hbm, W_ici, X, Y, Z, n_axes, p, t_hop

VOLUME = Cost(p * B * D, "byte")
SIZES = range(2, 9)
ONE_WAY = Q(1)  # byte/s of one link in one direction, so an axis has W = 2
volumes = st.fractions(min_value=1, max_value=10**6, max_denominator=7)


def seconds(link, kind, volume, size=None, **how):
    """The formula's time, exact, with W = 2 for both directions of an axis (and 1 s a hop)."""
    cost = link.time(kind, Cost(sp.Rational(volume.numerator, volume.denominator), "byte"), size, **how)
    expr = cost.expr.xreplace({W_ici: sp.Integer(2), W_dcn: sp.Integer(2), t_hop: sp.Integer(1)}).doit()
    return Q(int(expr.p), int(expr.q))


# -- every kind against its own simulation

TORI = [*((size,) for size in SIZES), (2, 2), (3, 3), (4, 4), (2, 4), (3, 4), (3, 5), (4, 6), (4, 8), (2, 2, 2), (3, 3, 3)]
LEVELS = [*((size,) for size in SIZES), (2, 2), (4, 2), (3, 5), (8, 4), (2, 3, 2)]


def kinds(of=Exchange):
    return {of, *(found for each in of.__subclasses__() for found in kinds(each))}


def test_every_kind_is_in_the_table_and_has_a_simulation():
    assert {type(kind) for kind in EXCHANGES.values()} == kinds() - {Exchange}

    class Unplayed(Exchange):
        name = "Unplayed"

    try:
        with pytest.raises(TypeError, match="runs"):
            Unplayed()
    finally:
        del Unplayed
        gc.collect()


def holds(link, kind, fabric, rates, sharp=False):
    """Bandwidth and hops of a formula are those of the simulation; runs are in V, rates in byte/s of one link one way."""
    runs = EXCHANGES[kind].runs(fabric, sharp)
    busiest = min(max(share / rate for share, rate in zip(run.busiest, rates, strict=True)) for run in runs)
    assert seconds(link, kind, Q(7), exact=True) == 7 * busiest
    assert seconds(link, kind, Q(7)) >= 7 * busiest
    assert seconds(link, kind, Q(1, 10**9), exact=True, latency=True) == min(run.steps for run in runs)


@pytest.mark.parametrize("kind", EXCHANGES)
@pytest.mark.parametrize("wrap", [True, False])
@pytest.mark.parametrize("sizes", TORI, ids=str)
def test_a_torus_takes_what_its_busiest_link_takes(sizes, wrap, kind):
    fabric = Fabric(tuple(Wires("ring" if wrap else "line", size) for size in sizes))
    holds(Torus(sizes=sizes, wrap=wrap), kind, fabric, [ONE_WAY] * len(sizes))


@pytest.mark.parametrize("kind", EXCHANGES)
@pytest.mark.parametrize("sharp", [True, False])
@pytest.mark.parametrize("sizes", LEVELS, ids=str)
def test_switches_and_trees_take_what_their_busiest_child_takes(sizes, sharp, kind):
    fabric, rates = Fabric(tuple(Wires("switch", size) for size in sizes)), [5, 2, 9][: len(sizes)]
    tree = Tree(tuple((size, f"{rate} byte/s") for size, rate in zip(sizes, rates, strict=True)), sharp)
    holds(tree, kind, fabric, rates, sharp)
    if len(sizes) == 1:
        holds(Sized(sizes[0], "5 byte/s", sharp), kind, fabric, rates, sharp)


@dataclass
class Sized:
    """A switch that knows its chips."""

    size: int
    bandwidth: str
    sharp: bool

    def time(self, kind, volume, size=None, **how):
        return Switch(self.bandwidth, self.sharp).time(kind, volume, self.size, **how)


def test_a_simulation_notices_what_is_wrong():
    ring, two = Fabric((Wires("ring", 2),)), frozenset({(0,), (1,)})
    (there,) = ring.sent("part", Q(1), (0,), [(1,)], [0], 0)
    mine = ((0,), "part", frozenset({(0,)}))
    assert ring.run([there], [mine], [((1,), "part", frozenset({(0,)}))]).busiest == (1,)
    for sends, start, wanted, why in (
        ([there], [], [], "has none"),
        ([there], [mine, ((1,), "part", two)], [], "there already"),
        ([there], [mine], [((1,), "part", two)], "lacks"),
    ):
        with pytest.raises(ArithmeticError, match=why):
            ring.run(sends, start, wanted)


@given(a=st.integers(2, 12), b=st.integers(2, 12))
def test_unequal_rings_share_a_gather_if_it_is_split_to_keep_both_busy(a, b):
    shares = [share for _, share in Fabric((Wires("ring", a), Wires("ring", b))).balanced()]
    assert sum(shares) == 1 and all(0 <= share <= 1 for share in shares)


@pytest.mark.parametrize("wrap", [True, False])
@pytest.mark.parametrize("sizes", [(2, 2), (2, 4), (4, 4), (3, 5), (4, 6), (2, 3, 4), (3, 3, 3)])
def test_all_to_all_on_a_torus_is_bound_by_its_longest_axis(sizes, wrap):
    torus, total = Torus(sizes=sizes, wrap=wrap), math.prod(sizes)
    rule = seconds(torus, "AllToAll", Q(7))
    assert rule == Q(7 * max(sizes), 4 * total * 2) * (1 if wrap else 2) >= seconds(torus, "AllToAll", Q(7), exact=True)


@pytest.mark.parametrize("side", SIZES)
def test_axes_without_sizes_are_alike(side):
    for kind in EXCHANGES:
        alike, given = seconds(Torus(axes=2), kind, Q(11), side**2, exact=True), seconds(Torus(sizes=(side, side)), kind, Q(11), exact=True)
        assert alike == given


@pytest.mark.parametrize("size", SIZES)
def test_hops_are_the_steps_until_the_farthest_chip_knows(size):
    def steps(wrap):
        reached, count = {0}, 0
        while len(reached) < size:
            reached |= {(c + d) % size for c in reached for d in (1, -1) if wrap or 0 <= c + d < size}
            count += 1
        return count

    for wrap in (True, False):
        slow = seconds(Torus(wrap=wrap), "AllGather", Q(1, 10**9), size, exact=True, latency=True)
        assert slow == steps(wrap)
        assert seconds(Torus(wrap=wrap), "AllReduce", Q(1, 10**9), size, exact=True, latency=True) == 2 * slow


# -- trees


def test_a_tree_reduces_twice_or_in_its_switches():
    tree, sharp = Tree(((8, W_ici), (4, W_dcn))), Tree(((8, W_ici), (4, W_dcn)), sharp=True)
    assert tree.time("AllReduce", VOLUME, exact=True) == 2 * tree.time("AllGather", VOLUME, exact=True)
    assert sharp.time("AllReduce", VOLUME, exact=True) == tree.time("AllGather", VOLUME) == tree.time("Permute", VOLUME)
    assert [part.name for part in tree.time("AllReduce", VOLUME, latency=True).parts] == ["latency", "level 1", "level 2"]


def test_a_tree_of_one_level_is_a_switch():
    for kind, exact, sharp in itertools.product(EXCHANGES, (True, False), (True, False)):
        assert Tree(((8, W_ici),), sharp).time(kind, VOLUME, exact=exact) == Switch(sharp=sharp).time(kind, VOLUME, 8, exact=exact)


# -- laws

LINKS = [Torus(), Torus(axes=2), Torus(axes=3, wrap=False), Torus(axes=n_axes), Switch(), Network()]


@pytest.mark.parametrize("link", LINKS, ids=repr)
def test_a_reduction_is_a_scatter_and_a_gather(link):
    for exact in (True, False):
        gather, scatter, both = (link.time(kind, VOLUME, Y, exact) for kind in ("AllGather", "ReduceScatter", "AllReduce"))
        assert sp.simplify(both.expr - gather.expr - scatter.expr) == 0


@pytest.mark.parametrize("link", LINKS, ids=repr)
def test_exact_tends_to_the_rule_which_knows_no_size(link):
    for kind in ("AllGather", "ReduceScatter", "AllReduce", "Permute"):
        rule, exact = link.time(kind, VOLUME, X), link.time(kind, VOLUME, X, exact=True)
        assert X not in rule.free_symbols
        assert kind == "Permute" or X in exact.free_symbols
        if n_axes not in exact.free_symbols or kind != "Permute":
            assert sp.limit(exact.expr / rule.expr, X, sp.oo) == 1


@given(volume=volumes, size=st.integers(2, 64), kind=st.sampled_from(sorted(EXCHANGES)), axes=st.integers(1, 3), wrap=st.booleans())
def test_times_grow_with_the_volume_and_exact_is_never_above_the_rule(volume, size, kind, axes, wrap):
    for link in (Torus(sizes=(size,) * axes, wrap=wrap), Switch(), Network(sharp=True)):
        n = size**axes
        exact, rule = (seconds(link, kind, volume, n, exact=e) for e in (True, False))
        assert 0 < exact <= rule
        assert seconds(link, kind, 3 * volume, n) == 3 * rule
        assert seconds(link, kind, volume, n, latency=True) >= rule


def test_halving_the_links_doubles_the_time():
    for kind in sorted(set(EXCHANGES) - {"Permute"}):
        assert Torus(wrap=False).time(kind, VOLUME, X) == 2 * Torus().time(kind, VOLUME, X)
    assert Torus(wrap=False).time("Permute", VOLUME, X) == Torus().time("Permute", VOLUME, X)  # it goes one way only


def test_one_chip_exchanges_nothing():
    for link, kind, exact in itertools.product((Torus(), Torus(sizes=(1, 1)), Switch(), Tree(((1, W_ici),))), EXCHANGES, (True, False)):
        assert link.time(kind, VOLUME, 1, exact, latency=True).expr == 0
    assert Torus(sizes=(1, 8)).time("AllGather", VOLUME) == Torus().time("AllGather", VOLUME, 8)  # an axis of 1 carries nothing


# -- the textbook's formulas and numbers


@pytest.mark.parametrize(
    "link, kind, size, how, formula",
    [
        (Torus(), "AllGather", X, {}, VOLUME.expr / W_ici),
        (Torus(), "AllGather", X, {"exact": True}, VOLUME.expr * (X - 1) / (X * W_ici)),
        (Torus(axes=3), "ReduceScatter", X, {}, VOLUME.expr / (3 * W_ici)),
        (Torus(axes=n_axes), "AllGather", X, {}, VOLUME.expr / (n_axes * W_ici)),
        (Torus(axes=2), "AllReduce", X, {}, VOLUME.expr / W_ici),
        (Torus(), "AllToAll", X, {}, VOLUME.expr / (4 * W_ici)),
        (Torus(axes=2), "AllToAll", X, {}, VOLUME.expr / (4 * sp.sqrt(X) * W_ici)),
        (Torus(sizes=(4, 8)), "AllToAll", None, {}, VOLUME.expr * 8 / (4 * 32 * W_ici)),
        (Torus(), "Permute", X, {}, 2 * VOLUME.expr / W_ici),
        (Switch(), "AllToAll", Y, {"exact": True}, VOLUME.expr * (Y - 1) / (Y**2 * W_ici)),
        (Switch(sharp=True), "AllReduce", Y, {"exact": True}, VOLUME.expr / W_ici),
        (Network(), "AllReduce", Z, {}, 2 * VOLUME.expr / W_dcn),
    ],
)
def test_the_formula_of_the_textbook(link, kind, size, how, formula):
    assert sp.simplify(link.time(kind, VOLUME, size, **how).expr - formula) == 0


def test_latency_keeps_its_parts():
    t = Torus(axes=2).time("AllGather", VOLUME, X, latency=True)
    assert (t["latency"].expr, t["bandwidth"].expr) == (sp.sqrt(X) * t_hop, VOLUME.expr / (2 * W_ici))
    assert Torus(sizes=(X, Y)).time("AllReduce", VOLUME, latency=True)["latency"].expr.equals(t_hop * (X + Y))
    assert Torus().time("Permute", VOLUME, X, latency=True)["latency"].expr == t_hop
    assert Switch().time("AllReduce", VOLUME, X, latency=True)["latency"].expr == 2 * t_hop
    assert Switch(sharp=True).time("AllReduce", VOLUME, X, latency=True)["latency"].expr == t_hop


def test_a_gather_on_v5e_is_latency_bound_below_45_kB_a_hop():
    t = Torus().time("AllGather", VOLUME, Y, latency=True)
    bound = solve(t["latency"] >= t["bandwidth"], B)
    assert repr(bound) == "B <= W_ici*Y*t_hop/(2*D*p)"
    largest = bound.at(chip("v5e"), dtype("bf16"), t_hop="1 us", Y=8, D=8192)
    assert float(largest) * 2 * 8192 == pytest.approx(8 * 45e3)  # bytes of an 8-way buffer: 360 kB


def test_v5e_gathers_an_array_at_90_GB_a_second():
    t = Torus().time("AllGather", Cost(p * D * F, "byte"), X)
    assert float(t.at(chip("v5e"), p=2, D=2048, F=8192)) == pytest.approx(2 * 2048 * 8192 / 9e10)  # 373 us


@pytest.mark.parametrize("levels, gb", [(1, 514.3), (2, 412.9), (3, 412.9)])
def test_a_superpod_of_h100_gathers_at_the_speed_of_its_slowest_level(levels, gb):
    tree = Tree(((8, "450 GB/s"), (32, "400 GB/s"), (4, "12.8 TB/s"))[:levels])
    assert 1 / float(tree.time("AllGather", Cost(sp.Integer(10**9), "byte"), exact=True).at()) == pytest.approx(gb, rel=1e-3)
    if levels == 3:
        parts = tree.time("AllGather", Cost(sp.Integer(10**9), "byte"), exact=True).at().parts
        assert [round(1 / float(x)) for x in parts] == [514, 413, 17067]


def test_sharp_is_75_percent_faster_in_a_node_of_8():
    plain, sharp = (Switch("450 GB/s", s).time("AllReduce", VOLUME, 8, exact=True) for s in (False, True))
    assert (plain / sharp).expr == sp.Rational(7, 4)


# -- what they are, and what is refused


def test_a_collective_says_what_it_is():
    gather = Collective("AllGather", ("Y", "Z"), "W_in", Cost(p * D * F / X, "byte"))
    assert repr(gather) == "AllGather_YZ(W_in)  D*F*p/X  [byte]"
    assert Collective("AllReduce", ("data", "Z"), "g", VOLUME).name == "AllReduce_data,Z(g)"
    assert pickle.loads(pickle.dumps(gather)) == gather and len({gather, gather}) == 1


def test_links_are_values():
    assert Torus(bandwidth="90 GB/s") == Torus(bandwidth="9e10 byte/s") != Torus()
    assert Switch() != Network(bandwidth=W_ici)
    assert repr(Torus(axes=2, wrap=False)) == "Torus(axes=2, wrap=False)"
    assert repr(Tree(((8, W_ici), (4, W_dcn)))) == "Tree(levels=((8, W_ici), (4, W_dcn)))"
    assert repr(Network()) == "Network()"
    for link in (*LINKS, Tree(((8, W_ici),))):
        assert pickle.loads(pickle.dumps(link)) == link and hash(link) == hash(link)


ERRORS = [
    (lambda: Collective("AllGathr", ("X",), "a", VOLUME), UnknownName, "did you mean 'AllGather'"),
    (lambda: Collective("Broadcast", ("X",), "a", VOLUME), UnknownName, "there is AllGather"),
    (lambda: Collective("AllGather", "X", "a", VOLUME), InputError, r"axes=\('X',\)"),
    (lambda: Collective("AllGather", (), "a", VOLUME), InputError, "tuple of names"),
    (lambda: Collective("AllGather", ("X", "X"), "a", VOLUME), InputError, "name each axis once"),
    (lambda: Collective("AllGather", ("X",), "a", p * B * D), UnitError, "give a cost"),
    (lambda: Collective("AllGather", ("X",), "a", Cost(B * D, "1")), UnitError, "bytes per element"),
    (lambda: Torus().time("AllGather", Cost(B * D, "FLOP"), X), UnitError, "not in byte"),
    (lambda: Torus().time("AllGather", Cost(p * B, "byte/token"), X), UnitError, "declare it in byte"),
    (lambda: Torus().time("Gather", VOLUME, X), UnknownName, "AllGather"),
    (lambda: Torus().time("AllGather", VOLUME), InputError, "size="),
    (lambda: Torus().time("AllGather", VOLUME, 0), InputError, "whole number from 1"),
    (lambda: Torus().time("AllGather", VOLUME, 2.5), InputError, "whole number from 1"),
    (lambda: Switch().time("AllGather", VOLUME, "16"), InputError, "whole number from 1"),
    (lambda: Torus(sizes=(4, 4)).time("AllGather", VOLUME, 8), InputError, "joins 16 chips, not 8"),
    (lambda: Torus(axes=3, sizes=(4, 4)), InputError, "leave axes out"),
    (lambda: Torus(sizes=16), InputError, r"sizes=\(4, 8\)"),
    (lambda: Torus(wrap="no"), InputError, "neither True nor False"),
    (lambda: Switch(sharp=1), InputError, "neither True nor False"),
    (lambda: Torus(axes=0), InputError, "number of axes"),
    (lambda: Torus(bandwidth=90), UnitError, "byte/s"),
    (lambda: Torus(bandwidth="90 GB"), UnitError, "450 GB/s"),
    (lambda: Torus(hop=W_hbm), UnitError, "is in s"),
    (lambda: Switch("450 FLOP/s"), UnitError, "give it in byte/s"),
    (lambda: Tree(()), InputError, "pairs"),
    (lambda: Tree((8, W_ici)), InputError, "pairs"),
    (lambda: Tree(((0, W_ici),)), InputError, "level of a Tree"),
    (lambda: Tree(((8, 450),)), UnitError, "byte/s"),
    (lambda: Tree(((8, W_ici),)).time("AllGather", VOLUME, 16), InputError, "joins 8 chips, not 16"),
]


@pytest.mark.parametrize("wrong, error, cure", ERRORS)
def test_what_cannot_be_meant_is_a_sentence_with_its_cure(wrong, error, cure):
    with pytest.raises(error, match=cure) as caught:
        wrong()
    assert isinstance(caught.value, SymroofError) and "\n" not in str(caught.value)
