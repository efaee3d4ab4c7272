"""Search: the same answer as looking at every point, however it is run."""

import itertools
import pickle
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from symroof import Cost, SymroofError, chip, decode, divides, dtype, llm, memory, search, sharding, sheet, space
from symroof.algebra.evaluate import tape
from symroof.search import boxes, job, pool, stream
from symroof.solver.monotony import direction
from symroof.symbols import B, D, F, K, L, X, Y, n

COSTS = {
    "falls": Cost(F / D + L / F, "1"),
    "rises": Cost(D * F + L, "1"),
    "flat": Cost(sp.Max(60 / D, L, evaluate=False) + F, "1"),
    "steps": Cost(sp.ceiling(D / 3) * F + L, "1"),
    "bends": Cost(D + 16 / D + F / L, "1"),
    "saturates": Cost(D / (D + F) * L, "1"),
    "one axis": Cost(7 / D, "1"),
    "part of a maximum": Cost(D / sp.Max(D * F, 20, evaluate=False), "1"),
}
SIDES = [Cost(D * F, "1"), Cost(D + L, "1"), Cost(F / D, "1"), Cost(D * F * L, "1"), Cost(sp.floor(D / 2) + 1, "1"), Cost(L, "1")]
AXIS = st.lists(st.integers(1, 24), min_size=1, max_size=9)


@st.composite
def conditions(draw):
    """Limits that whole points reach exactly, so that a float on the wrong side would show."""
    found = []
    for _ in range(draw(st.integers(0, 3))):
        side, limit = draw(st.sampled_from(SIDES)), draw(st.sampled_from([1, 2, 3, 6, 12, 24, 40, 100, Fraction(1, 3)]))
        right = Cost(sp.Rational(limit), "1")
        found.append(draw(st.sampled_from([side <= right, side >= right, side < right, side > right])))
    return found


def put(thing, at):
    """A cost (a fraction) or a condition at the symbols it has."""
    found = thing.at(**{s.name: Fraction(at[s.name]) for s in thing.free_symbols})
    return found if isinstance(found, bool) else found.number


def by_hand(cost, sign, limits, axes, best):
    """Every point on fractions, one by one: the best and their places."""
    found = []
    for place, values in enumerate(itertools.product(*axes.values())):
        at = dict(zip(axes, values, strict=True))
        if all(put(c, at) for c in limits):
            found.append((sign * put(cost, at), place, at))
    return [at for _, _, at in sorted(found, key=lambda f: f[:2])[:best]]


@settings(max_examples=250)
@given(st.sampled_from(list(COSTS)), st.sampled_from([1, -1]), conditions(), AXIS, AXIS, AXIS, st.permutations("DFL"), st.integers(1, 4))
def test_the_answer_is_that_of_looking_at_every_point(name, sign, limits, one, two, three, order, best):
    cost = COSTS[name]
    free = {s.name for s in cost.free_symbols.union(*(c.free_symbols for c in limits))}
    lists = dict(zip("DFL", (one, two, three), strict=True))
    axes = {k: lists[k] for k in order if k in free}
    expected = by_hand(cost, sign, limits, axes, best)
    asked = {"minimize" if sign > 0 else "maximize": cost, "subject_to": limits, "best": best}
    for prune in (True, False):
        if not expected:
            with pytest.raises(SymroofError, match="no point"):
                search(space(**axes), prune=prune, **asked)
            continue
        found = search(space(**axes), prune=prune, **asked)
        assert [dict(p.at) for p in found.points] == expected
        assert found.considered == np.prod([len(a) for a in axes.values()])
        assert found.pruned + found.evaluated == found.considered
        assert 0 < found.evaluated <= found.considered
        assert prune or not found.pruned


CLOSE_COSTS = {  # equal, or nearly, where floats say otherwise
    "four": Cost(2 * sp.ceiling(6 * D) / (3 * D), "1"),
    "one": Cost(sp.Mul(D / (D + F), 1 + F / D, evaluate=False), "1"),
    "hardly rises": Cost(1 + D * sp.Rational(1, 10**18), "1"),
    "hardly falls": Cost(3 - (D + F) * sp.Rational(1, 10**20), "1"),
    "thirds": Cost(D / 3 + F / 7 + D / 11, "1"),
}


@settings(max_examples=120)
@given(
    st.lists(st.sampled_from([*COSTS.values(), *CLOSE_COSTS.values()]), min_size=2, max_size=4, unique=True),
    *(st.integers(0, 4), conditions(), AXIS, AXIS, AXIS),
)
def test_a_front_is_what_no_other_point_beats(costs, small, limits, one, two, three):
    """Decided on fractions; of equal points the first in the space."""
    free = {s.name for c in (*costs, *limits) for s in c.free_symbols}
    axes = {k: v for k, v in zip("DFL", (one, two, three), strict=True) if k in free}
    points = {}
    for values in itertools.product(*axes.values()):
        at = dict(zip(axes, values, strict=True))
        if all(put(c, at) for c in limits):
            points.setdefault(tuple(put(c, at) * (1 if i < small else -1) for i, c in enumerate(costs)), at)
    best = [p for p in points if not any(q != p and all(a <= b for a, b in zip(q, p, strict=True)) for q in points)]
    if not best:
        return
    for block, prune in ((1 << 17, True), (16, True), (16, False)):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("symroof.grid.cut.BLOCK", block)
            patched.setattr("symroof.grid.cut.ROW", block)
            patched.setattr(pool, "MANY", 1)
            patched.setattr(pool, "_LAYERS", 1000)
            found = search(space(**axes), minimize=costs[:small], maximize=costs[small:], subject_to=limits, prune=prune)
        assert found.evaluated + found.pruned == found.considered == np.prod([len(a) for a in axes.values()])
        assert prune or not found.pruned
        assert [dict(p.at) for p in found] == [points[p] for p in sorted(best)]


@given(*[st.integers(1, 4).flatmap(lambda k: st.lists(st.tuples(*[st.integers(0, 6)] * k), max_size=40))] * 2, st.sampled_from([1, 2000]))
def test_what_is_below_in_every_column(points, limits, pairs):
    if points and limits and len(points[0]) == len(limits[0]):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(pool, "_PAIRS", pairs)
            found = pool.below(np.array(points, float), np.array(limits, float))
        assert found.tolist() == [any(all(a < b for a, b in zip(p, t, strict=True)) for p in points) for t in limits]


def test_blocks_that_cannot_win_are_passed_over():
    """A corner of what is monotone bounds a part of the space, of a front as of a single cost."""
    many = space(*SHEETS, B=range(1, 3001), n=[4, 8, 16, 32], S=[1024 * k for k in range(1, 65)])
    asked = {"maximize": decode.throughput(), "subject_to": [FITS, decode.step() <= "15 ms"]}
    front = [search(many, minimize=decode.step(), prune=prune, **asked) for prune in (True, False)]
    assert answer(front[0]) == answer(front[1])
    one = [search(many, best=3, prune=prune, **asked) for prune in (True, False)]
    assert answer(one[0]) == answer(one[1])
    for pruned, whole in (front, one):
        assert pruned.considered == whole.considered == whole.evaluated == 768_000
        assert pruned.evaluated < 500_000


def test_every_block_comes_once():
    for count in (1, 2, 3, 63, 64, 65, 127, 128, 1000, 1025, 7631):
        runs = sorted(stream._spans(count))
        assert [start for start, _ in runs] == [0, *(stop for _, stop in runs[:-1])]
        assert runs[-1][1] == count


DIRECTIONS = [
    (D * F, 1),
    (F / D, -1),
    (F - D, -1),
    (D - D * F, None),
    (D + 16 / D, None),
    (D / (D + F), 1),
    (D / sp.Max(D * F + L, D, F), 1),
    (sp.ceiling(D / 3) * F, 1),
    (sp.ceiling(D / 3) / D, None),
    (sp.Max(D, F / D), None),
    (sp.Min(1 / D, F / D), -1),
    (L + F, 0),
    (sp.sqrt(D) * sp.log(D), None),
    ((D + F) ** 2 - D**2, 1),
]


@pytest.mark.parametrize("expr, way", DIRECTIONS, ids=str)
def test_directions(expr, way):
    assert direction(expr, D) == way


@settings(max_examples=80)
@given(st.sampled_from([e for e, w in DIRECTIONS if w is not None]), *[st.fractions(Fraction(1, 9), 99) for _ in range(4)])
def test_a_direction_is_never_wrong(expr, a, b, f, ell):
    low, high = sorted((a, b))
    at = [expr.subs({D: sp.Rational(x), F: sp.Rational(f), L: sp.Rational(max(ell, 1 / ell))}) for x in (low, high)]
    change = at[1] - at[0]
    way = direction(expr, D)
    assert change * way >= 0 if way else change == 0


@settings(max_examples=120)
@given(
    st.sampled_from([c.expr for c in COSTS.values()] + [e for e, _ in DIRECTIONS if sp.S(e).free_symbols <= {D, F, L}]), AXIS, AXIS, AXIS
)
def test_a_corner_bounds_a_block(expr, one, two, three):
    axes = dict(zip((D, F, L), (one, two, three), strict=True))
    axes = {s: v for s, v in axes.items() if expr.has(s)}
    values = {s: np.array(v, float).reshape([-1 if t == s else 1 for t in axes]) for s, v in axes.items()}
    compiled, corners = tape(("sum", (expr,))), boxes.Corners(values, tuple(len(v) for v in axes.values()))
    for part in itertools.product(*[((0, len(v)), (len(v) // 2, len(v) // 2 + 1), (len(v) // 2, len(v))) for v in axes.values()]):
        box = boxes.Boxes(*(np.array([[end[k] for end in part]]).reshape(len(axes), 1) for k in (0, 1)), np.zeros((1, 1)))
        spread = [np.ravel(at) for at in np.broadcast_arrays(*box.places())]
        places = [order[at] for order, at in zip(corners.order, spread, strict=True)]
        inside = zip(*[np.array(v)[at].tolist() for v, at in zip(axes.values(), places, strict=True)], strict=True) if axes else [()]
        found = [float(expr.subs(dict(zip(axes, at, strict=True)))) for at in inside]
        for side, edge in ((1, min(found)), (-1, max(found))):
            (corner,), known = corners.of(box, compiled, boxes.ways([expr], [], values)[0], side)
            assert not known[0] or side * corner[0] <= side * edge + 1e-9 * abs(edge)


def _compared(side, how, limit):
    right = Cost(sp.Integer(limit), "1")
    return side <= right if how == "<=" else side >= right


@settings(max_examples=150)
@given(st.sampled_from([*COSTS.values(), *SIDES]), st.sampled_from(["<=", ">="]), st.integers(0, 60), AXIS, AXIS, AXIS)
def test_a_line_begins_where_a_condition_allows_it(side, how, limit, one, two, three):
    """Before that every point of a box breaks it; what is left holds one that does not, if it is known how the condition goes."""
    axes = {s: v for s, v in zip((D, F, L), (one, two, three), strict=True) if side.expr.has(s)}
    values = {s: np.array(v, float).reshape([-1 if t == s else 1 for t in axes]) for s, v in axes.items()}
    corners = boxes.Corners(values, tuple(len(v) for v in axes.values()))
    (room,) = boxes.ways([], [_compared(side, how, limit)], values)
    compiled, whole = tape(("sum", (side.expr, sp.Integer(limit)))), boxes.Boxes.of([[slice(0, n) for n in corners.shape]], 1)
    for axis, symbol in enumerate(values):
        if not room.get(symbol) or len(corners.own[symbol]) != 1:
            continue
        line = boxes.Line(axis, symbol, room[symbol])
        forbidden = corners.drawn(whole, line, compiled, room, how)
        for box, before in zip(whole.begun(line, forbidden), (True, False), strict=True):
            if not box.sizes.all():
                continue
            at = [order[a] for order, a in zip(corners.order, np.broadcast_arrays(*box.places()), strict=True)]
            inside = zip(*[np.array(v)[a].ravel().tolist() for v, a in zip(axes.values(), at, strict=True)], strict=True)
            broken = [boxes.never(float(side.expr.subs(dict(zip(axes, p, strict=True)))), how, limit) for p in inside]
            assert all(broken) if before else None in room.values() or not all(broken)


def test_lines_on_which_a_cost_rises_are_one_point_each():
    """However the cost bends elsewhere: at D = 100, 200 * (100 + 9) is 21,800; at D = 99, B is 203, and so on."""
    bent = Cost(B * (D + 900 / D), "1")
    found = search(space(B=range(1, 2001), D=range(1, 101)), minimize=bent, subject_to=[Cost(B * D, "1") >= Cost(sp.Integer(20000), "1")])
    assert found.best.at == {"B": 200, "D": 100}
    assert found.evaluated <= 100 < found.considered == found.evaluated + found.pruned


def test_boxes_are_halved_until_every_point_is_there_once():
    waiting, seen = (
        boxes.Boxes(np.array([[0, 5], [0, 0], [0, 0]]), np.array([[5, 8], [7, 7], [1, 1]]), np.zeros((1, 2))),
        [],
    )
    assert waiting.sizes.tolist() == [35, 21]
    while len(waiting):
        single = waiting.sizes == 1
        seen += zip(*map(np.ravel, np.broadcast_arrays(*waiting.where(single).places())), strict=True)
        waiting = waiting.where(~single).halved(np.array([False, True, True]))
    assert sorted(seen) == list(itertools.product(range(8), range(7), [0]))


# -- a real search
SHEETS = (chip("tpu-v5e"), llm("llama3-70b"), dtype("int8", math="bf16"))
FITS = memory.memory() <= memory.capacity()
SERVE = {"B": range(1, 301), "n": [8, 16, 32, 64], "S": ["8 Ki", "32 Ki"]}


def serve(**options):
    return search(space(*SHEETS, **SERVE), maximize=decode.throughput(), subject_to=[FITS, decode.step() <= "15 ms"], best=5, **options)


def answer(found):
    return [(tuple(p.at.items()), p.value.number) for p in found]


class Late(Executor):
    """Runs what it is given when it is asked for it, and may break or be interrupted at some point."""

    def __init__(self, after=10**9, problem=None):
        self.left, self.problem = after, problem

    def submit(self, f, /, *args, **kwargs):
        self.left -= 1
        if self.left < 0:
            raise self.problem
        future = Future()
        future.set_result(f(*pickle.loads(pickle.dumps(args)), **kwargs))
        return future


def test_executors_give_the_same_answer(monkeypatch):
    monkeypatch.setattr("symroof.grid.cut.BLOCK", 64)
    monkeypatch.setattr("symroof.grid.cut.ROW", 8)
    monkeypatch.setattr(job, "BLOCK", 64)
    monkeypatch.setattr(job, "LEAF", 4)
    expected = answer(serve())
    assert answer(serve(prune=False)) == expected
    with ThreadPoolExecutor(3) as threads, ProcessPoolExecutor(1) as processes:
        for prune in (True, False):
            for executor in (threads, processes, Late(), Late(3, BrokenExecutor("gone")), Late(0, BrokenExecutor("gone"))):
                assert answer(serve(executor=executor, prune=prune)) == expected


def test_an_interrupt_gives_the_best_so_far(monkeypatch):
    monkeypatch.setattr("symroof.grid.cut.BLOCK", 64)
    monkeypatch.setattr("symroof.grid.cut.ROW", 8)
    monkeypatch.setattr(job, "BLOCK", 64)
    monkeypatch.setattr(job, "LEAF", 4)
    found = serve(prune=False, executor=Late(20, KeyboardInterrupt()))
    assert not found.complete
    assert 0 < found.considered < 2400
    assert found.considered == found.evaluated + found.pruned
    assert "interrupted" in repr(found)
    with pytest.raises(SymroofError, match="interrupted"):
        serve(executor=Late(0, KeyboardInterrupt()))


def test_what_binds_and_what_relaxing_it_buys():
    found = search(
        space(*SHEETS, B=range(1, 513), n=[16], S="32 Ki"), maximize=decode.throughput(), subject_to=[FITS, decode.step() <= "15 ms"]
    )
    assert found.binding.left.name == "decode step"
    assert found.best.at["B"] == decode.batch_within().at(*SHEETS, n=16, S="32 Ki", t_lim="15 ms").whole
    looser = decode.batch_within().at(*SHEETS, n=16, S="32 Ki", t_lim="16.5 ms").whole
    gain = found.gains[1]
    assert gain.best.at["B"] == looser
    assert gain.factor == pytest.approx(float(gain.best.value) / float(found.best.value))
    assert found.gains[0].factor == 1
    for text in ("<- binds", "relaxed by 10%", "points considered"):
        assert text in repr(found)


def test_large_spaces_are_pruned():
    lots = space(*SHEETS, B=range(1, 10**6 + 1), n=range(1, 101), S=[1024 * k for k in range(1, 11)])
    found = search(lots, maximize=decode.throughput(), subject_to=[FITS, decode.step() <= "15 ms"])
    assert found.considered == 10**9
    assert found.evaluated < 10**6
    assert found.pruned == found.considered - found.evaluated


def test_ties_stand_in_the_order_of_the_grid():
    found = search(
        space(D=[2, 1, 1], X=range(1, 3001), Y=[5, 6]),
        minimize=Cost(D, "1"),
        subject_to=[Cost(X * Y, "1") >= Cost(sp.Integer(1), "1")],
        best=3,
    )
    assert [tuple(p.at.values()) for p in found] == [(1, 1, 5), (1, 1, 6), (1, 2, 5)]


def test_costs_that_floats_cannot_tell_apart():
    cost = Cost(1 + D * sp.Rational(1, 10**18), "1")
    for prune in (True, False):
        assert search(space(D=[3, 1, 2]), minimize=cost, prune=prune).best.at == {"D": 1}


def test_rows_and_reprs():
    found = serve()
    assert found.rows()[0]["B"] == found.best.at["B"]
    assert len(found.rows()) == len(found) == 5
    assert "2,400 points" in repr(space(*SHEETS, **SERVE))
    assert found.to_numpy().tolist() == [[float(p.value)] for p in found]
    same = search(space(D=[1, 2], F=[3]), minimize=[Cost(D * F, "1", "D"), Cost(F / D, "1", "D")], best=2)
    assert same.rows() == [{"D": 1, "F": 3, "D 2": 3, "D 3": 3}, {"D": 2, "F": 3, "D 2": 6, "D 3": 1.5}]
    pytest.importorskip("pyarrow")
    assert found.to_arrow().to_pylist() == found.rows()
    pytest.importorskip("pandas")
    assert list(found.to_pandas().columns)[:3] == ["B", "n", "S"]
    assert found.to_pandas().to_dict("records") == found.rows()


@settings(max_examples=60)
@given(st.sampled_from(list(COSTS)), conditions(), AXIS, AXIS, AXIS, st.sampled_from([None, 0, 16]), st.integers(1, 3))
def test_small_blocks_through_executors_give_the_same_answer(name, limits, one, two, three, bound, best):
    prune = bound is not None  # 0: also short lines begin where they may
    cost = COSTS[name]
    free = {s.name for s in cost.free_symbols.union(*(c.free_symbols for c in limits))}
    axes = {k: v for k, v in zip("DFL", (one, two, three), strict=True) if k in free}
    expected = by_hand(cost, 1, limits, axes, best)
    if not expected:
        return
    with pytest.MonkeyPatch.context() as small, ThreadPoolExecutor(2) as threads:
        small.setattr("symroof.grid.cut.BLOCK", 4)
        small.setattr("symroof.grid.cut.ROW", 2)
        small.setattr("symroof.grid.cut.LONG", 2)
        small.setattr(job, "BLOCK", 4)
        small.setattr(job, "LEAF", 2)
        small.setattr(job, "_LINED", 3)
        small.setattr(job, "_BOUND", bound or 0)
        for executor in (None, threads, Late(), Late(2, BrokenExecutor("gone"))):
            found = search(space(**axes), minimize=cost, subject_to=limits, best=best, prune=prune, executor=executor)
            assert [dict(p.at) for p in found.points] == expected
            assert found.considered == np.prod([len(a) for a in axes.values()]) == found.pruned + found.evaluated


STEP = decode.step()
BAD = [
    (lambda: search(3, minimize=STEP), "no space"),
    (lambda: search(space(B=[1]), minimize=3), "no cost"),
    (lambda: search(space(B=[1])), "nothing to search"),
    (lambda: search(space(*SHEETS, B=[1], n=1, S=1), minimize=STEP, subject_to=[True]), "no condition"),
    (lambda: search(space(*SHEETS, B=[1], n=1, S=1), minimize=STEP, best=0), "best is"),
    (lambda: search(space(*SHEETS, B=[], n=1, S=1), minimize=STEP), "empty: B"),
    (lambda: search(space(*SHEETS, B=[1], n=1), minimize=STEP), "missing: S"),
    (lambda: search(space(*SHEETS, B=[1, 2], n=[1, 2], S=1), minimize=STEP, subject_to=[FITS, STEP <= "9 s"]), "excludes"),
    (lambda: serve().relax(2), "fraction"),
    (lambda: search(space(B=[1, 2]), minimize=[Cost(B, "token"), Cost(1 / B, "1/token")]).relax(), "Pareto"),
]


@pytest.mark.parametrize("call, says", BAD, ids=[b[1] for b in BAD])
def test_what_cannot_be_searched_is_said_in_a_sentence(call, says):
    with pytest.raises(SymroofError, match=says) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 420


def test_the_condition_that_excludes_most_is_named():
    for prune in (True, False):
        with pytest.raises(SymroofError, match="excludes") as caught:
            search(
                space(D=[1, 2, 3], F=[4, 5]),
                minimize=Cost(D * F, "1"),
                subject_to=[Cost(D, "1") <= Cost(F, "1"), Cost(F, "1") >= Cost(sp.Integer(9), "1")],
                prune=prune,
            )
        assert "F >= 9" in str(caught.value)


LESS = [  # the conditions, and what is said about them
    (
        lambda: [FITS, decode.step() <= "3 ms"],
        "decode step <= 3 ms excludes every point, and B=1, n=16, S=32 Ki comes closest",
        "against 3 ms",
    ),
    (
        lambda: [memory.memory() <= "16 GB", FITS],
        "memory <= 16 GB excludes every point, and B=1, n=8, S=32 Ki comes closest",
        "against 16 GB",
    ),
    (lambda: [decode.step() >= "9 ms", decode.step() <= "8.9 ms"], "decode step", "excludes every point that fulfils the others"),
    (lambda: [memory.memory() <= memory.capacity() / 9], "excludes every point", "TB|GB"),
]


@pytest.mark.parametrize("limits, says, also", LESS, ids=[x[1] for x in LESS])
def test_what_stands_in_the_way_is_named_with_the_nearest_point(limits, says, also):
    axes = {"B": range(1, 200), "n": [8, 16], "S": ["32 Ki"]}
    for prune in (True, False):
        with pytest.raises(SymroofError, match=f"{says}.*{also}.*relax it, or widen B") as caught:
            search(space(*SHEETS, **axes), maximize=decode.throughput(), subject_to=limits(), prune=prune)
        assert len(str(caught.value)) < 300


@settings(max_examples=60)
@given(conditions(), AXIS, AXIS, AXIS)
def test_the_nearest_point_is_nearest(limits, one, two, three):
    """One condition: the least violation over all points, by hand."""
    for limit in limits[:1]:
        axes = {k: v for k, v in zip("DFL", (one, two, three), strict=True) if k in {s.name for s in limit.free_symbols}}
        points = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
        if any(put(limit, at) for at in points):
            continue
        least = min(points, key=lambda at: abs(put(limit.left, at) - put(limit.right, at)))
        with pytest.raises(SymroofError, match="excludes every point") as caught:
            search(space(**axes), minimize=limit.left, subject_to=[limit])
        shown = dict(pair.split("=") for pair in str(caught.value).split(", and ")[1].split(" comes")[0].split(", "))
        nearest = put(limit.left, {k: int(v) for k, v in shown.items()})
        assert nearest == put(limit.left, least)


def test_a_flood_of_points_on_the_edge_is_decided_exactly():
    """Many points fulfil a condition with nothing to spare: floats leave them open, fractions do not."""
    many = pool.Points(np.arange(5000.0)[:, None], np.arange(5000), np.zeros(5000, bool))
    assert pool.settled(many, 2, lambda i: i % 7 == 6).index.tolist()[:2] == [6, 13]
    found = search(
        space(D=range(1, 200), F=range(1, 200), X=[1, 2, 3]),
        maximize=Cost(D * F + X / 10**9, "1"),
        subject_to=[Cost(D * F, "1") <= Cost(sp.Integer(720), "1")],
        prune=False,
    )
    assert found.best.at == {"D": 4, "F": 180, "X": 3}


def test_symbols_of_an_axis_that_move_others_are_not_pruned():
    found = search(space({F: 4 * D}, D=[1, 2, 3, 4], L=[1, 2]), minimize=Cost(F / D**2 * L, "1"))
    assert found.best.at == {"D": 4, "L": 1}


# -- divisibility and legal slices are part of the space
def test_what_does_not_divide_is_not_there():
    v5e, llama, int8 = chip("tpu-v5e"), llm("llama3-70b"), dtype("int8", math="bf16")
    for prune in (True, False):
        spots = space(v5e, llama, int8, X=range(1, 17), Y=range(1, 17), n=[16], B=[64])
        time = sharding.sharded_matmul()["math"] + sharding.sharded_matmul()["ici"] * Cost(X, "1")
        found = search(spots, minimize=time, subject_to=[divides(Y, K), divides(X * Y, n), Cost(X * Y, "1") >= 16], best=20, prune=prune)
        assert {(p.at["X"], p.at["Y"]) for p in found} == {(x, y) for x in range(1, 17) for y in (1, 2, 4, 8) if x * y == 16}


def test_a_search_over_the_legal_slices():
    v5e, llama, int8 = chip("tpu-v5e"), llm("llama3-70b"), dtype("int8", math="bf16")
    spots = space(llama, int8, slice=v5e.each(), B=range(3, 300, 7), S=8192)
    fits = memory.memory() <= memory.capacity()
    found = search(spots, maximize=decode.throughput(), subject_to=[fits, decode.step() <= "15 ms"])
    rate, plan = decode.throughput(), []
    for where in v5e.slices:
        for batch in range(3, 300, 7):
            known = (v5e.on(where), llama, int8)
            if (
                float(memory.memory().at(*known, B=batch, S=8192)) <= 16e9 * where.chips
                and float(decode.step().at(*known, B=batch, S=8192)) <= 0.015
            ):
                plan.append((float(rate.at(*known, B=batch, S=8192)), where.name, batch))
    best = max(plan, key=lambda p: float(f"{p[0]:.9g}"))  # the first of equals
    assert (found.best.at["slice"], found.best.at["B"]) == (f"tpu-v5e {best[1]}", best[2])


def test_nothing_divides():
    with pytest.raises(SymroofError, match=r"K/Y <= a whole number excludes every point"):
        search(space(llm("llama3-70b"), Y=[3, 5, 7]), minimize=Cost(Y, "1"), subject_to=[divides(Y, K)])


# -- kinds of question that ended in words of Python
def test_a_search_without_an_axis_and_a_best_of_nothing():
    one = space(chip("tpu-v5e").on("4x4"), llm("llama3-70b"), dtype("int8"), S=8192, B=32)
    for aims in ({"minimize": decode.step()}, {"minimize": [decode.step(), memory.memory()]}):
        for prune in (True, False):
            assert search(one, prune=prune, **aims).considered == 1
    free = search(space(D=range(1, 5)), minimize=Cost(D - 1, "1"), subject_to=Cost(D, "1") <= Cost(sp.Integer(3), "1"))
    assert (free.best.value.number, free.gains[0].factor) == (0, 1)
    paid = search(space(D=range(1, 5)), maximize=Cost(D - 3, "1"), subject_to=[Cost(D, "1") <= Cost(sp.Integer(3), "1")])
    assert paid.relax(0.5)[0].factor == np.inf and "D=4: 1" in repr(paid.relax(0.5)[0])


@pytest.mark.parametrize("limits", [5, "x", np.array([True, False]), [np.array([True])], [None], np.float64(1)], ids=repr)
def test_what_is_no_condition_is_said(limits):
    with pytest.raises(SymroofError, match="no condition"):
        search(space(D=[1, 2]), minimize=Cost(D, "1"), subject_to=limits)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=6), st.booleans(), st.booleans())
def test_categories_of_numbers_are_worth_what_each_is(rows, named, alike):
    """Sheets of nothing but numbers are laid out together, others one by one: the same points."""
    sheets = [{D: d, F: f} if alike or i else {D: d, F: f, L: 1} for i, (d, f) in enumerate(rows)]
    if named:
        sheets = [sheet(f"row {i}", **{k.name: v for k, v in s.items()}) for i, s in enumerate(sheets)]
    found = search(space(case=sheets, X=[1, 2, 3]), minimize=Cost(D * X + F, "1"), best=3 * len(rows))
    assert sorted(float(p.value) for p in found) == sorted(d * x + f for d, f in rows for x in (1, 2, 3))
