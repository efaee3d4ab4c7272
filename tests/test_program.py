"""Programs: the rules against chips simulated one by one, FLOPs and bytes against counting, gradients against finite sums."""

import itertools
from fractions import Fraction as Q
from math import prod

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from representatives import NAMES

from symroof import (
    Cost,
    Switch,
    SymroofError,
    Torus,
    decode,
    dtype,
    layers,
    llm,
    matmul,
    mesh,
    program,
    roofline,
    sharding,
    sheet,
    solve,
)
from symroof import training as runs
from symroof.errors import InputError, ProgramError
from symroof.program.backward import REMATS
from symroof.program.roles import WORDS
from symroof.symbols import (
    B,
    C,
    D,
    E,
    F,
    H,
    K,
    L,
    N,
    P,
    P_mm,
    S,
    T,
    V,
    W_hbm,
    W_ici,
    X,
    Y,
    Z,
    k,
    n,
    n_axes,
    p,
    p_a,
    p_conv,
    p_kv,
    p_st,
    p_w,
)
from symroof.workloads.models import BOOK

STEP, FULL = layers.Pass(new=1), layers.Pass(causal=False)  # B tokens; B sequences of T new tokens, each against all S
FSDP_TP = layers.Sharding("X", "Y", "X")
UNGATED, GATED, HEADS = layers.Mlp(gated=False), layers.Mlp(), layers.Attention()

AXES = {"X": 2, "Y": 3, "Z": 2}
SIZES = {B: 12, D: 24, F: 36, H: 12, X: 2, Y: 3, Z: 2, p: 2}
CHIPS = [dict(zip(AXES, at, strict=True)) for at in itertools.product(*map(range, AXES.values()))]


# -- chips, simulated one by one: what each holds, what the collectives bring, what it computes
def held(axes, size, chip):
    """The indices of a dimension that a chip holds when these axes shard it: each axis fixes a digit of the index.

    So the order of axes on a dimension does not matter, as in the notation: what a reordering costs is left out.
    """
    strides = {"X": 1, "Y": AXES["X"], "Z": AXES["X"] * AXES["Y"]}
    return {i for i in range(size) if all(i // strides[a] % AXES[a] == chip[a] for a in axes)}


def simulate(statement, arrays):
    """Run a statement on every chip with its collectives; the result must be right on every chip. Returns FLOPs per chip."""
    full = {d.name: int(d.size.subs(SIZES)) for t in statement.operands for d in t.dims}
    brought = [(c.tensor, a) for c in statement.collectives if c.kind in ("AllGather", "AllToAll") for a in c.axes]
    reduced = {a for c in statement.collectives if c.kind in ("ReduceScatter", "AllReduce") for a in c.axes}
    scattered = {a for c in statement.collectives if c.kind == "ReduceScatter" for a in c.axes}
    locals_, ranges = [], []
    for chip in CHIPS:
        mine = {}
        for name, size in full.items():
            keep = set(range(size))
            for t in statement.operands:
                if name in t.names:
                    keep &= held([a for a in t.axes_of(name) if (t.name, a) not in brought], size, chip)
            if name in statement.out.names:
                keep &= held([a for a in statement.out.axes_of(name) if a not in scattered], size, chip)
            mine[name] = sorted(keep)
        ranges.append(mine)
        blocks = [arrays[t.name][np.ix_(*[mine[x] for x in t.names])] for t in statement.operands]
        letters = {name: "abcdefgh"[i] for i, name in enumerate(full)}
        spec = ",".join("".join(letters[x] for x in t.names) for t in statement.operands)
        locals_.append(np.einsum(f"{spec}->{''.join(letters[x] for x in statement.out.names)}", *blocks))
    truth = np.einsum(f"{spec}->{''.join(letters[x] for x in statement.out.names)}", *[arrays[t.name] for t in statement.operands])
    for i, chip in enumerate(CHIPS):
        group = [j for j, other in enumerate(CHIPS) if all(other[a] == chip[a] for a in AXES if a not in reduced)]
        shapes = {tuple(map(tuple, (ranges[j][x] for x in statement.out.names))) for j in group}
        assert len(shapes) == 1, "chips that add up hold different parts of the result"
        total = sum(locals_[j] for j in group)
        wanted = [sorted(held(statement.out.axes_of(x), full[x], chip)) for x in statement.out.names]
        have = [ranges[i][x] for x in statement.out.names]
        assert all(set(w) <= set(h) for w, h in zip(wanted, have, strict=True)), "a chip lacks part of its result"
        part = total[np.ix_(*[[h.index(e) for e in w] for w, h in zip(wanted, have, strict=True)])]
        np.testing.assert_allclose(part, truth[np.ix_(*wanted)])
    return max(prod(len(r) for r in mine.values()) for mine in ranges)


def shardings(names):
    """A tensor with these dimensions, each axis on at most one of them."""
    return st.lists(st.sampled_from([*names, None]), min_size=3, max_size=3).map(
        lambda where: ", ".join(
            n_ + ("_" + "".join(a for a, w in zip(AXES, where, strict=True) if w == n_) if n_ in where else "") for n_ in names
        )
    )


KINDS = [("BD", "DF", "BF"), ("BD", "DF", "FB"), ("BDH", "DHF", "BF"), ("BDH", "BHF", "BDF"), ("BD", "BD", "BD"), ("BDF", "DF", "B")]
KINDS += [("BD", "F", "BDF")]


@settings(max_examples=150)
@given(st.sampled_from(KINDS).flatmap(lambda k: st.tuples(st.just(k), *[shardings(t) for t in k])))
def test_the_collectives_make_every_chip_right(case):
    _, a, b, out = case
    try:
        s = program(f"In[{a}] W[{b}] -> Out[{out}]").statements[0]
    except ProgramError:
        assume(False)
    rng = np.random.default_rng(0)
    arrays = {t.name: rng.integers(-3, 4, [int(d.size.subs(SIZES)) for d in t.dims]).astype(float) for t in s.operands}
    points = simulate(s, arrays)
    per_point = 2 if {n for t in s.operands for n in t.names} - {*s.out.names} else 1
    assert s.flops.expr.subs(SIZES) == per_point * points


@settings(max_examples=80)
@given(shardings("BDF"), shardings("BDF"))
def test_resharding_makes_every_chip_right(a, b):
    s = program(f"A[{a}] -> C[{b}]").statements[0]
    simulate(s, {"A": np.arange(12.0 * 24 * 36).reshape(12, 24, 36)})


# -- the rules, one row each: text -> collectives with bytes
RULES = [
    ("A[B, D] W[D, F] -> C[B, F]", []),
    ("A[B_X, D] W[D, F_Y] -> C[B_X, F_Y]", []),
    ("A[B, D_X] W[D, F] -> C[B, F]", [("AllGather", "X", "A", p * B * D)]),
    ("A[B_Y, D_X] W[D, F] -> C[B_Y, F]", [("AllGather", "X", "A", p * B * D / Y)]),
    ("A[B, D_X] W[D_X, F] -> C[B, F]", [("AllReduce", "X", "C", p * B * F)]),
    ("A[B, D_X] W[D_X, F] -> C[B, F]{U_X}", []),
    ("A[B, D_X] W[D_X, F] -> C[B_X, F]", [("ReduceScatter", "X", "C", p * B * F)]),
    ("A[B, D_X] W[D_X, F_Y] -> C[B, F_YX]", [("ReduceScatter", "X", "C", p * B * F / Y)]),
    ("A[B_X, D] W[D, F_X] -> C[B_X, F]", [("AllGather", "X", "W", p * D * F)]),
    ("A[B, D_XY] W[D_XY, F] -> C[B_X, F]", [("ReduceScatter", "X", "C", p * B * F), ("AllReduce", "Y", "C", p * B * F / X)]),
    ("A[B_X, D] -> C[B, D_X]", [("AllToAll", "X", "A", p * B * D)]),
    ("A[B_X, D] -> C[B, D]", [("AllGather", "X", "A", p * B * D)]),
    ("A[B_X, D_Y] -> C[B, D_X]", [("AllToAll", "X", "A", p * B * D / Y), ("AllGather", "Y", "A", p * B * D / X)]),
    (  # the slice on X that the first product takes is no use to the second
        "A[B, D_Y] W[D, F] -> C[B_X, F]\nA[B, D_Y] V[D, H] -> E[B, H]",
        [("AllGather", "Y", "A", p * B * D)],
    ),
    (
        "A[B_X, D_Y] W[D, F] -> C[B_X, F]\nA[B_X, D_Y] V[D, H] -> E[B_X, H]\nA[B_X, D_Y] U[D, K] -> G[B, K]",
        [("AllGather", "XY", "A", p * B * D)],
    ),
    ("A[B_Z, D]{U_X} -> C[B, D]", [("AllReduce", "X", "A'", p * B * D / Z), ("AllGather", "Z", "A'", p * B * D)]),
    ("A[B_XY, D] W[D, F] -> C[B, F]\nA[B_XY, D] V[D, H] -> E[B, H]", [("AllGather", "XY", "A", p * B * D)]),
    ("A[B, D] -> C[B_X, D]", []),
    ("A[B, D]{U_X} -> C[B_X, D]", [("ReduceScatter", "X", "C", p * B * D)]),
    ("A[B_Y, D]{U_X} -> C[B_Y, D]", [("AllReduce", "X", "C", p * B * D / Y)]),
    ("int8 A[B, D_X] W[D, F] -> C[B, F]", [("AllGather", "X", "A", B * D)]),
    ("Scores[B, T, S_Z, K_Y] Values[B, S_Z, K_Y, H] -> Att[B, T, K_Y, H]", [("AllReduce", "Z", "Att", p * B * T * K * H / Y)]),
    ("Que[B_Z, T, K_Y, H] Keys[B_Z, S, K_Y, H] -> Scores[B_Z, T, S, K_Y]", []),
    ("In[B_Z, D_Y] W[D_Y, F_X] -> Out[B_Z, F_XY]", [("ReduceScatter", "Y", "Out", p * B * F / (X * Z))]),
    ("A[B_X, S, K_Y, H] -> C[B, S_X, K_Y, H]", [("AllToAll", "X", "A", p * B * S * K * H / Y)]),
]


@pytest.mark.parametrize("text, wanted", RULES, ids=[r[0] for r in RULES])
def test_the_rules(text, wanted):
    found = [(c.kind, "".join(c.axes), c.tensor, c.volume.expr) for c in program(text).collectives]
    assert found == [(k, a, t, sp.sympify(v)) for k, a, t, v in wanted]


REFUSED = [
    ("", "empty"),
    ("A[B, D", "column 7"),
    ("A[B, D] W[D, F]", "column 16"),
    ("A[B, D] W[D, F] => C[B, F]", "column 17"),
    ("A[B, Q] W[Q, F] -> C[B, F]", "bind it"),
    ("A[B_x, D] -> C[B, D]", "'x' is no mesh axis"),
    ("A[B_D, F] -> C[B, F]", "'D' is no mesh axis"),
    ("A[B_X, D_X] W[D, F] -> C[B, F]", "axis X shards"),
    ("A[B, B] -> C[B]", "twice"),
    ("A[B, D] W[D, F] -> C[B, H]", "column 20: dimension H of C[B, H] stands in no operand"),
    ("A[B, D] W[D, F] -> C[B, F]{U_X}", "partial sums over X"),
    ("A[B, D]{U_X} W[D_X, F] -> C[B, F]", "reduce first"),
    ("A[B, D]{V_X} -> C[B, D]", "{U_X}"),
    ("__import__('os').system('x')", "column 1"),
    ("A[B, D] W[D, F] -> C[B, F] extra", "one statement a line"),
    ("x" * 10**6, "at most"),
    ("A[B, D] W[D, F] -> O[B, F]\nO[B, F] V[F, D] -> A[B, D]", "A is there already"),
    ("A[B, D] W[D, F] -> O[B, F]\nW[B, F] O[B, F] -> R[B, F]", "one name, one tensor"),
    ("\n\nA[B, D] W[D, F] -> C[B,]", "line 3"),
]


@pytest.mark.parametrize("text, words", REFUSED, ids=[r[0][:40] for r in REFUSED])
def test_a_wrong_program_says_where(text, words):
    with pytest.raises(ProgramError) as caught:
        program(text)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 500


def test_what_is_bound_and_named_is_checked():
    assert program("A[B, D] W[D, F] -> C[B, F]", width="bf16", formats={"W": "int4"}).bytes("A", "W").expr == 2 * B * D + D * F / 2
    assert program("A[I, J] W[J, O] -> C[I, O]", I=4, J=8, O=D).flops.expr == 64 * D
    for wrong in (
        lambda: program("A[B, D] W[D, F] -> C[B, F]", on_chip=("Q",)),
        lambda: program("A[B, D] W[D, F] -> C[B, F]").bytes("Q"),
        lambda: program("A[B, D] W[D, F] -> C[B, F]")["Q"],
        lambda: program("A[B, D] W[D, F] -> C[B, F]").time(mesh(X=Torus()), "some"),
        lambda: program("A[B, D] W[D, F] -> C[B, F]", B="2*D"),
        lambda: program("A[B, D] W[D, F] -> C[B, F]", B=-4),
        lambda: program("A[B, D] W[D, F] -> C[B, F]", width=0),
        lambda: program("A[B, D] W[D, F] -> C[B, F]", width="int9"),
        lambda: program("A[B, D] W[D, F] -> C[B, F]", formats={"Q": 1}),
        lambda: layers.Mlp().program("X"),
        lambda: program("A[B, D] W[D, F] -> C[B, F]").training("sometimes"),
    ):
        with pytest.raises(SymroofError):
            wrong()


# -- laws
PROGRAMS = {
    "mlp": UNGATED.program(FSDP_TP, STEP),
    "gated mlp": GATED.program(FSDP_TP, STEP),
    "parallel mlp": layers.Mlp(parallel=True).program(FSDP_TP, STEP),
    "attention": HEADS.program(FSDP_TP, FULL),
    "causal attention": HEADS.program(FSDP_TP),
    "absorbed latent attention": layers.LatentAttention().program(FSDP_TP, layers.Pass(absorbed=True)),
    "expanded latent attention": layers.LatentAttention().program(FSDP_TP),
    "experts": layers.Experts(shared=F).program(layers.Sharding(data="X", experts="X", model="Y"), STEP),
    "state space": layers.Mamba2().program(layers.Sharding(data="X", fsdp="X")),
    "unembedding": layers.Unembedding().program(FSDP_TP, STEP),
    "chain": program("A[B_X, D] W[D, F_Y] W2[F_Y, H] -> C[B_X, H]"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_forward_and_backward_are_three_times_the_matmuls(name):
    forward = PROGRAMS[name]
    back = forward.backward()
    copied = sum((s.flops.expr for s in forward.statements if s.out.name == "Router"), sp.Integer(0))  # of its gradient only a slice
    slices = sum((s.flops.expr for s in back.statements if (s.operands[0].name, s.out.name) == ("dRouter", "dIn")), sp.Integer(0))
    assert sp.simplify(back.flops.expr - 2 * forward.flops.expr + copied - slices) == 0
    assert sp.simplify(forward.training("block").flops.expr - 2 * forward.flops.expr - back.flops.expr) == 0


def test_gathers_come_back_as_scatters():
    forward = program("In[B_X, D] W[D_X, F] -> Out[B_X, F]")
    kinds = {(c.kind, c.tensor) for c in forward.backward().collectives}
    assert kinds == {("AllGather", "W"), ("ReduceScatter", "dW")}
    reshard = program("A[B_X, D] -> C[B, D]")
    assert [c.kind for c in reshard.backward().collectives] == ["ReduceScatter"]
    assert [c.kind for c in program("A[B_X, D] -> C[B]").backward().collectives] == ["ReduceScatter"]
    assert [str(s) for s in program("A[B, D] W[F] -> C[B, F]").backward().statements] == [
        "dC[B, F] W[F] -> dA[B, D]",
        "A[B, D] dC[B, F] -> dW[F]",
    ]
    assert [c.kind for c in program("A[B, D]{U_X} -> C[B_X, D]").backward().collectives] == ["AllGather"]
    assert [c.kind for c in program("A[B_X, D] -> C[B, D_X]").backward().collectives] == ["AllToAll"]


def test_a_gradient_is_reduced_once_however_often_its_tensor_is_used():
    back = GATED.program(layers.Sharding(model="Y"), STEP).backward()
    assert [(c.kind, c.tensor) for c in back.collectives] == [("AllGather", "dOut"), ("ReduceScatter", "dIn")]
    back = HEADS.program(layers.Sharding(model="Y")).backward()
    assert [(c.kind, c.tensor) for c in back.collectives] == [("AllGather", "dOut"), ("ReduceScatter", "dIn")]


def test_gradients_are_right_on_every_chip():
    rng = np.random.default_rng(1)
    for text in ("In[B_X, D_Y] W[D_X, F_Y] -> Out[B_X, F_Y]", "In[B_X, D] W[D_X, F] -> Out[B_X, F]", "In[B, D_Y] W[D_Y, F] -> Out[B_Y, F]"):
        for s in program(text).backward().statements:
            arrays = {t.name: rng.integers(-2, 3, [int(d.size.subs(SIZES)) for d in t.dims]).astype(float) for t in s.operands}
            fresh = program(str(s)).statements[0]  # with its gathers, which the whole program does only once
            simulate(fresh, arrays)


def test_traffic_memory_and_what_stays_on_chip():
    fused = HEADS.program(at=FULL)
    attention = type(fused)(fused.statements, roles=fused.roles)
    scores = p_a * B * T * S * N
    assert sp.expand(attention.traffic.expr - fused.traffic.expr - 2 * scores) == 0
    assert fused.bytes("Keys", "Values").expr == 2 * p_kv * B * S * K * H
    assert sp.expand(GATED.program(at=STEP).bytes("W_in", "W_gate", "W_out").expr - 3 * p_w * D * F) == 0


def test_what_is_kept_shrinks_with_rematerialization():
    mlp = UNGATED.program(at=STEP)
    assert sp.expand(mlp.saved().expr - p_a * (B * D + B * F)) == 0
    assert mlp.saved("block").expr == p_a * B * D
    fused = HEADS.program(at=FULL)
    attention = type(fused)(fused.statements, roles=fused.roles)
    kept = {r: attention.saved(r).expr.subs(dict.fromkeys(attention.saved(r).free_symbols, 2)) for r in REMATS}
    assert kept["none"] > kept["matmuls"] > kept["block"]


def test_times_join_as_told():
    forward = PROGRAMS["mlp"]
    on = mesh(X=Torus(), Y=Torus())
    at = dict.fromkeys(forward.time(on).free_symbols, 3)
    times = {how: float(forward.time(on, how).at(at)) for how in ("all", "axes", "comms add", "none")}
    assert times["all"] <= times["axes"] <= times["comms add"] <= times["none"]
    parts = forward.time(on, "none").at(at)
    assert times["none"] == pytest.approx(sum(float(v) for v in parts.parts))
    assert times["all"] == pytest.approx(max(float(v) for v in parts.parts))


def test_a_decode_step_is_the_programs_read_from_hbm():
    """The book's step: weights and caches through HBM, 2 FLOPs a weight; activations are small beside D, F and S."""
    layer = [kind.program(layers.Sharding(model="Y"), STEP) for kind in (HEADS, GATED)]
    read = sum(c.expr for q in layer for s in q.statements for c in s.traffic if c.name in q.having("weight", "cache"))
    weights = p_w * (2 * D * N * H + 2 * D * K * H + 3 * D * F) / Y
    assert sp.expand(read - weights - 2 * p_kv * B * S * K * H / Y) == 0
    flops = sum(s.flops.expr for q in layer for s in q.statements if any(t.name in q.having("weight") for t in s.operands))
    assert sp.expand(flops - 2 * B * (2 * D * N * H + 2 * D * K * H + 3 * D * F) / Y) == 0


# -- whole models
@pytest.mark.parametrize("name", NAMES)
def test_a_model_reads_its_parameters_and_computes_with_the_active_ones(name):
    """Decoding reads every weight once (experts: those hit), and takes 2 FLOPs for each that is used; attention is on top."""
    found = llm(name)
    read = flops = idle = 0
    for block in found.stack.blocks(at=STEP):
        q = block.program
        weights = set(q.having("weight", "shared"))
        crossing = [c for s in q.statements for c in s.traffic if c.name in weights]
        assert len(crossing) == len({c.name for c in crossing})  # once
        per = block.times / p_w
        read += (sum(c.expr for c in crossing) + sum(p_w * t.touched for t in q.stored if t.name in weights)) * per
        flops += sum(s.flops.expr for s in q.statements if weights & {t.name for t in s.operands} and s.mark != "vector") * block.times
    values = {s: sp.Rational(str(v)) for s, v in found.values.items() if not isinstance(v, sp.Expr)}
    idle, one_token = 0, {B: 1}
    for hit, each, experts in found.stack.aggregates.routed:
        idle += (values[experts] - values[k]) * values[each]
        one_token[hit] = values[k]
    (embedding,) = (kind for kind, _ in found.stack.structure if kind.word == "embedding")
    tables = values[D] * (values[V] + (values[embedding.positions] if embedding.positions else 0))
    rows = values[D] * (2 if embedding.positions else 1)  # what one token looks up
    tied = any(kind.word == "unembedding" and kind.tied for kind, _ in found.stack.structure)
    unembedding = values[D] * values[V] if tied else 0  # stored with the embedding, read all the same
    assert sp.expand(read).subs(values | one_token) == values[P] - tables + rows + unembedding - idle
    assert sp.expand(flops).subs(values | one_token) == 2 * values[P_mm]


def test_the_books_decode_step_is_a_limit_of_the_program():
    """KV caches and weights through HBM, FLOPs of the weights: what is left when activations and scores are free."""
    whole = BOOK.blocks(at=STEP)
    read = sp.expand(whole.traffic.expr.subs({p_a: 0})) - p_w * B * D  # less the rows of the embedding
    weights = p_w * (L * (2 * D * N * H + 2 * D * K * H + 3 * D * F) + D * V)
    assert sp.expand(read - weights - 2 * p_kv * B * S * K * H * L) == 0
    step = decode.step()
    book = (step["attention"].expr + step["weights"].expr) * W_hbm * n
    parameters = L * (2 * D * N * H + 2 * D * K * H + 3 * D * F) + D * V
    assert sp.expand(read - book.subs(P, parameters)) == 0


def test_caches_are_sharded_over_batch_or_context():
    by_batch = HEADS.program(layers.Sharding(model="Y", cache="Z"))
    assert [(c.kind, c.axes) for c in by_batch.collectives if "Z" in c.axes and c.kind == "AllToAll"] == [("AllToAll", ("Z",))] * 2
    by_context = HEADS.program(layers.Sharding(model="Y", sequence="Z"))
    assert [(c.kind, c.tensor) for c in by_context.collectives if c.axes == ("Z",)] == [("AllReduce", "Att")]
    ring = HEADS.program(layers.Sharding(context="Z"))
    assert [(c.kind, c.tensor, c.axes) for c in ring.collectives] == [("AllGather", "Keys", ("Z",)), ("AllGather", "Values", ("Z",))]
    assert sp.expand(ring.flops.expr * Z - HEADS.program().flops.expr) == 0
    for q in (by_batch, by_context):
        assert sp.expand(q.bytes("Keys").expr * Y * Z - p_kv * B * S * K * H) == 0
    with pytest.raises(ProgramError):
        layers.Sharding(cache="Z", sequence="Z")


def test_the_memory_bound_limit_of_model_parallelism_comes_from_the_program():
    """Y < F/(B beta): weights of a tensor-parallel layer through HBM against its two collectives, bytes alike."""
    layer = UNGATED.program(layers.Sharding(model="Y"), STEP)
    on = mesh(Y=Torus())
    comms = on.time(layer.collectives[0]) + on.time(layer.collectives[1])
    weights = layer.bytes("W_in", "W_out") / W_hbm
    bound = solve(comms <= weights, Y)
    assert bound.expr == sharding.largest_model_parallelism("hbm").expr.subs(n_axes, 1)
    assert (bound.expr.subs({p_w: p, p_a: p}) * B * W_hbm / (F * W_ici)) == 1


def test_zero_stages_hold_less_and_move_the_same():
    held = [runs.zero_memory(stage).at(sheet("eight ways", P=8 * 10**9, p_w=2, X=8), {runs.p_opt: 12}) for stage in range(4)]
    assert [float(m) / 1e9 for m in held] == [128, 44, 30, 16]
    with pytest.raises(SymroofError):
        runs.zero_memory(4)


def test_experts_are_spread_sharded_and_split():
    moe = layers.Experts().program(layers.Sharding(data="X", fsdp="X", model="Y", experts="Z"), STEP)
    found = [(c.kind, "".join(c.axes), c.tensor) for c in moe.collectives]
    assert found == [
        ("AllGather", "Y", "In"),
        ("AllToAll", "Z", "Sent"),
        *[("AllGather", "X", w) for w in ("W_in", "W_gate", "W_out")],
        ("AllToAll", "Z", "Made"),
        ("ReduceScatter", "Y", "Out"),  # of a token's k results together, not of each
    ]
    whole = layers.Experts().program(at=STEP)
    spread = moe.flops.expr - moe["Router"].flops.expr
    assert sp.expand(spread * X * Y * Z - (whole.flops.expr - whole["Router"].flops.expr)) == 0
    assert sp.expand(moe.bytes("W_in", "W_gate", "W_out").expr * X * Y * Z - 3 * p_w * E * D * F) == 0


# -- roles
HEADER = """
    weight mlp: W_in, W_out; weight norm: g; buffer: seen; shared: W_u; cache: Keys; state: St; tail: Tail; on chip: Tmp
    lent: Theirs; pending: Open
    In[B, D]   W_in[D, F]     -> Tmp[B, F]
    Tmp[B, F]  W_out[F, D]    -> Out[B, D]
    Out[B, D]  W_u[D, V]      -> Logits[B, V]
    In[B, D]   Keys[B, S, D]  -> Att[B, S]
    St[B, H]   In[B, D]       -> St'[B, H, D]
    g[D]
    seen[E]
    Tail[B, K]
    In[B, D]   Theirs[B, S, D] -> Seen[B, S]
    Open[B, K]
"""
ROLES = [  # tensor, role, class, bytes an element
    ("W_in", "weight", "mlp", p_w),
    ("W_out", "weight", "mlp", p_w),
    ("g", "weight", "norm", p_w),
    ("seen", "buffer", "", 4),
    ("W_u", "shared", "", p_w),
    ("Keys", "cache", "", p_kv),
    ("St", "state", "", p_st),
    ("St'", "state", "", p_st),
    ("Tail", "tail", "", p_conv),
    ("Theirs", "lent", "", p_kv),
    ("Open", "pending", "", p_st),
    ("Tmp", "on chip", "", p),
    ("In", "", "", p),
    ("Out", "", "", p),
]


def test_every_word_for_a_role_is_tried():
    assert {role for _, role, _, _ in ROLES} == {*WORDS, ""}


@pytest.mark.parametrize("name, word, of, width", ROLES, ids=[r[0] for r in ROLES])
def test_roles_are_declared_and_say_how_wide_a_tensor_is(name, word, of, width):
    found = program(HEADER)
    assert (found.role(name).word, found.role(name).of) == (word, of)
    assert (name in found.having(word)) is True
    assert found.tensors[name].width == width


def test_roles_may_stand_on_several_lines_and_give_way_to_formats():
    text = "weight mlp: W_in\nIn[B, D] W_in[D, F] -> Tmp[B, F]  # cache: nothing\nweight: W_out\nTmp[B, F] W_out[F, D] -> Out[B, D]"
    found = program(text, formats={"W_in": "int4"})
    assert found.having("weight") == ("W_in", "W_out")
    assert found.bytes("W_in").expr == D * F / 2
    assert found.bytes("W_out").expr == p_w * D * F
    assert program("weight: W\nIn[B, D] int8 W[D, F] -> Out[B, F]").bytes("W").expr == D * F  # in the text it counts most
    assert program("cache: Keys\nIn[B, D] Keys[B, D] -> Out[B]").bytes("Keys").expr == p_kv * B * D


BAD_ROLES = [
    ("wight: W", "line 1: 'wight' is no role; did you mean 'weight'?"),
    ("\n\nwight: W", "line 3"),
    ("matrix of mine: W", "line 1: 'matrix of mine' is no role"),
    ("weight: W; cashe: In", "did you mean 'cache'?"),
    ("weight: W, W", "line 1: W has two roles; give it one"),
    ("weight: W; cache: W", "line 1: W has two roles"),
    ("weight: W\ncache: W", "line 2: W has a role already; give it one"),
    ("cache keys: W", "line 1: only weights have a class; write 'cache: W'"),
    ("weight: W_inn", "a role names 'W_inn', which the program does not have; did you mean"),
    ("weight:", "line 1: '' names no tensor"),
    ("weight: W,, In", "names no tensor"),
    ("weight: W x", "line 1: 'W x' names no tensor"),
    ("weight: 3", "names no tensor"),
    ("weight W: W", "is no role"),
    (":", "is no role"),
    ("weight: __import__('os')", "names no tensor"),
    ("weight: " + "W" * 5000, "does not have"),
]


@pytest.mark.parametrize("header, words", BAD_ROLES, ids=[r[0][:30] for r in BAD_ROLES])
def test_a_wrong_role_says_where(header, words):
    with pytest.raises(ProgramError) as caught:
        program(f"{header}\nIn[B, D] W[D, F] -> Out[B, F]")
    assert words in str(caught.value)
    assert len(str(caught.value)) < 300


SILENT = [  # a program that declares nothing, and what its weights are: the inputs without the batch, its very first dimension
    ("In[B_X, D] W_in[D_X, F] -> Tmp[B_X, F]\nTmp[B_X, F] W_out[F, D_X] -> Out[B_X, D]", {"W_in", "W_out"}),
    ("In[B, T, D] q[D, H] -> Que[B, T, H]\nQue[B, T, H] Old[B, S, H] -> Scores[B, T, S]", {"q"}),
    ("A[D, B] W_1[D, F] -> C[B, F]", set()),  # the first dimension is D, so W_1 is a batch of it
    ("A[B] -> C[B_X]", set()),
]


@pytest.mark.parametrize("text, weights", SILENT, ids=[r[0] for r in SILENT])
def test_weights_without_roles_are_the_inputs_without_the_batch(text, weights):
    silent = program(text)
    assert silent.weights == weights
    header = f"weight: {', '.join(sorted(weights))}" if weights else "weight: other\nother[D]"
    said = program(f"{header}\n{text}", formats=dict.fromkeys(weights, p))
    assert said.saved().expr == silent.saved().expr
    for policy in REMATS:
        assert silent.training(policy).flops.expr == said.training(policy).flops.expr
        assert silent.training(policy).collectives == said.training(policy).collectives


def test_a_name_says_nothing_of_what_a_tensor_is():
    text = "In[B_X, D] W_in[D_X, F] -> Tmp[B_X, F]\nTmp[B_X, F] W_out[F, D_X] -> Out[B_X, D]"
    said = program(f"weight: W_in, W_out\n{text}", formats={"W_in": p, "W_out": p})
    assert sp.expand(said.saved().expr - p * (B * D + B * F) / X) == 0
    assert said.saved("block").expr == p * B * D / X
    back = [(c.kind, c.tensor) for c in said.backward().collectives]
    assert back.count(("AllGather", "W_in")) == back.count(("AllGather", "W_out")) == 1  # gathered again
    renamed = program(f"weight: mine, W_out\n{text}".replace("W_in", "mine"), formats={"mine": p, "W_out": p})
    assert renamed.saved().expr == said.saved().expr
    activations = program(f"weight: g\ng[D]\n{text}")  # said to be none, whatever they are called: the gathered ones are kept
    assert [(c.kind, c.tensor) for c in activations.backward().collectives] == [("ReduceScatter", "dW_out"), ("ReduceScatter", "dW_in")]
    assert sp.expand(activations.saved().expr - p * (B * D + B * F + 2 * D * F) / X) == 0


# -- what a pass touches, stores, scales
def test_a_dimension_of_which_a_part_is_touched():
    """Reading counts what is touched; memory, FLOPs and collectives count everything."""
    text = "weight: W\nHeld[E, C, D] W[E{}:Hit, D, F] -> Up[E, C, F]"
    whole, part = (program(text.replace("{}:Hit", mark).replace("{}", ""), C=B * k / E, Hit=3) for mark in ("", "{}:Hit"))
    assert part.flops.expr == whole.flops.expr == 2 * B * D * F * k
    assert part.memory.expr == whole.memory.expr
    assert sp.expand(whole.traffic.expr - part.traffic.expr - p_w * (E - 3) * D * F) == 0
    assert str(part.statements[0]) == "Held[E, C, D] W[E:Hit, D, F] -> Up[E, C, F]"
    spread = program("weight: W\nHeld[E_X, C, D] W[E_X:Hit, D_Y, F] -> Up[E_X, C, F]", C=B * k / E, Hit=3)
    assert spread.collectives[0].volume.expr == p_w * E * D * F / X  # whoever gathers does not know which
    loaded = next(c.expr for c in spread.statements[0].traffic if c.name == "W")
    assert loaded == p_w * 3 * D * F / X


@given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 4), st.integers(1, 4))
def test_touched_bytes_are_counted(touched, e, d, f):
    assume(touched <= e)
    found = program("Held[I, J] W[I:Part, J, O] -> Out[I, O]", I=e, J=d, O=f, Part=touched, width=1)
    read = sum(1 for expert, _, _ in itertools.product(range(e), range(d), range(f)) if expert < touched)
    assert found.traffic.expr == e * d + read + e * f
    assert found.flops.expr == sum(2 for _ in itertools.product(range(e), range(d), range(f)))


def test_a_mark_scales_flops_forward_and_backward_and_nothing_else():
    text = "Que[B, T, H] Keys[B, S, H] -> Scores[B, T, S] {causal}\nScores[B, T, S] Vals[B, S, H] -> Att[B, T, H] {causal}"
    half = program(text, marks={"causal": sp.Rational(1, 2)})
    whole = program(text.replace(" {causal}", ""))
    for one, other in ((half, whole), (half.backward(), whole.backward()), (half.training("block"), whole.training("block"))):
        assert sp.expand(2 * one.flops.expr - other.flops.expr) == 0
        assert sp.expand(one.traffic.expr - other.traffic.expr) == 0
    assert half.memory.expr == whole.memory.expr
    assert str(half["Scores"]).endswith("{causal}")
    mixed = program(text.replace(" {causal}", "", 1), marks={"causal": sp.Rational(1, 3)})
    assert sp.expand(mixed.flops.expr - 2 * B * T * S * H * sp.Rational(4, 3)) == 0
    chain = program("A[B, D] W[D, F] V2[F, H] -> Out[B, H] {causal}", marks={"causal": sp.Rational(1, 2)})
    assert sp.expand(chain.flops.expr - B * D * F - B * F * H) == 0  # every product of a chain


def test_vector_statements_are_no_matmuls():
    text = "In[B, D] W[D, F] -> Up[B, F]\nIn[B, D] G[D, F] -> Gate[B, F]\nUp[B, F] Gate[B, F] -> Tmp[B, F] {vector}"
    found = program(text)
    assert sp.expand(found.flops.expr - 4 * B * D * F) == 0
    assert found.vector.expr == B * F
    assert sp.expand(found.backward().flops.expr - 8 * B * D * F) == 0
    assert found.backward().vector.expr == 2 * B * F
    assert sp.expand(program(text.replace(" {vector}", "")).flops.expr - 4 * B * D * F - B * F) == 0
    assert sp.expand(found.traffic.expr - program(text.replace(" {vector}", "")).traffic.expr) == 0  # bytes are moved all the same
    assert program("In[B, D] g[D] -> Out[B, D] {vector}").flops.expr == 0


def test_a_lookup_takes_rows_and_multiplies_nothing():
    found = program("weight embedding: W_e; on chip: Hot\nHot[B, V] W_e[V:B, D] -> Out[B, D] {lookup}")
    assert found.flops.expr == found.vector.expr == 0
    assert sp.expand(found.traffic.expr - p_w * B * D - p * B * D) == 0
    assert found.memory.expr == p_w * V * D + p * B * D
    assert found.backward().flops.expr == 0
    assert found.collectives == ()


def test_a_tensor_alone_on_its_line_is_only_stored():
    found = program("weight norm: g; weight mlp: W; buffer: c\nIn[B, D] W[D, F] -> Out[B, F]\ng[D]\nc[E_X]")
    bare = program("weight mlp: W\nIn[B, D] W[D, F] -> Out[B, F]")
    assert [t.name for t in found.stored] == ["g", "c"]
    assert found.flops.expr == bare.flops.expr
    assert found.traffic.expr == bare.traffic.expr
    assert found.saved().expr == bare.saved().expr
    assert sp.expand(found.memory.expr - bare.memory.expr - p_w * D - 4 * E / X) == 0
    assert found.bytes("g", "c").expr == p_w * D + 4 * E / X
    assert "g" not in found.inputs
    only = program("weight norm: g\ng[D]")
    assert (only.flops.expr, only.traffic.expr, only.collectives) == (0, 0, ())
    both = found + bare
    assert both.bytes("g").expr == p_w * D
    assert both.having("weight") == ("W", "g")


def test_a_state_is_read_and_written():
    found = program("state: St; on chip: Kept\nSt[B_X, H] Dt[B_X] -> Kept[B_X, H]\nKept[B_X, H] In[B_X, D] -> St'[B_X, H, D]")
    assert found.bytes("St").expr == p_st * B * H / X
    assert found.bytes("St'").expr == p_st * B * H * D / X
    assert found.having("state") == ("St", "St'")
    assert found.inputs == ("St", "Dt", "In")
    moved = {c.name: c.expr for s in found.statements for c in s.traffic}
    assert moved["St"] == p_st * B * H / X  # read once
    assert moved["St'"] == p_st * B * H * D / X  # written once
    with pytest.raises(ProgramError, match="St is there already; give the result a name of its own"):
        program("state: St\nSt[B, H] In[B, H] -> St[B, H]")


BAD_GRAMMAR = [
    ("A[B, D:] -> C[B]", "line 1, column 8"),
    ("A[B, D:hit] -> C[B]", "line 1, column 8: 'hit' is no size"),
    ("A[B, D] W[D, F:oops] -> C[B, F]", "column 16"),
    ("A[B, D] W[D, F] -> C[B, F] {casual}", "line 1, column 29: 'casual' is no mark"),
    ("A[B, D] W[D, F] -> C[B, F] {vektor}", "did you mean 'vector'"),
    ("A[B, D] W[D, F] -> C[B, F] {}", "column 29: expected a mark such as {vector}"),
    ("A[B, D] W[D, F] -> C[B, F] {vector", "column 35: expected '}'"),
    ("A[B, D] W[D, F] -> C[B, F] {vector} {lookup}", "one statement a line"),
    ("A[B, D] {vector} W[D, F] -> C[B, F]", "line 1, column 9"),
    ("\nweight: W\n\nA[B, D] W[D, F] -> C[B, F] {half}", "line 4, column 29"),
    ("weight: W\nA[B, D] W[D F] -> C[B, F]", "line 2, column 13"),
    ("weight: W", "the program is empty"),
    ("A[B, D]{V_X} -> C[B, D]", "partial sums are written {U_X}"),
    ("A[B, D:2] -> C[B]", "line 1, column 8"),
]


@pytest.mark.parametrize("text, words", BAD_GRAMMAR, ids=[r[0][:40] for r in BAD_GRAMMAR])
def test_wrong_grammar_says_line_and_column(text, words):
    with pytest.raises(ProgramError) as caught:
        program(text)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 300
    line = next(line for line in str(caught.value).splitlines()[1:] if "^" not in line) if "column" in str(caught.value) else ""
    assert line.strip() in text


def test_marks_must_be_bound():
    text = "A[B, D] W[D, F] -> C[B, F] {half}"
    with pytest.raises(ProgramError, match="bind it: program"):
        program(text)
    assert program(text, marks={"half": sp.Rational(1, 2)}).flops.expr == B * D * F
    assert program(text, marks={"half": X}).flops.expr == 2 * B * D * F * X


@pytest.mark.parametrize("kind", [layers.Attention(), layers.LatentAttention()])
def test_a_layer_refuses_new_tokens_beyond_their_context(kind):
    made = kind.program()
    assert made.flops.at(dict.fromkeys(made.flops.free_symbols, 8)).number > 0
    for cost in (made.flops, made.training().flops, made.traffic):
        with pytest.raises(InputError, match="T is beyond S"):
            cost.at({**dict.fromkeys(cost.free_symbols, 8), S: 2})


# -- bytes per element
WIDE = {"bf16": Q(2), "int4": Q(1, 2), 1: Q(1), 3: Q(3), Q(17, 16): Q(17, 16), "9/16 byte": Q(9, 16), 0.5: Q(1, 2), p: Q(7), p_w * 2: Q(10)}
GIVEN = {p: 7, p_w: 5, W_hbm: 1, C: Q(10) ** 12, W_ici: 3}
widths = st.sampled_from(list(WIDE))


@settings(max_examples=60)
@given(widths, widths, widths, st.tuples(*[st.integers(1, 5)] * 4), st.booleans())
def test_bytes_are_counted_one_by_one_however_wide(inner, weight, whole, sizes, shared):
    """Elements of every tensor by a loop, times what was said: of a format, a number, a text, a letter, or a mixture of them."""
    b, d, f, x = sizes
    made = program("In[B_X, D] W[D_X, F] -> Out[B_X, F]", width=whole, formats={"In": inner, **({} if shared else {"W": weight})})
    wide = {"In": inner, "W": whole if shared else weight, "Out": whole}
    shapes = {"In": (b, d), "W": (d, f), "Out": (b, f)}
    held = {name: Q(sum(1 for _ in itertools.product(*map(range, shape)))) * WIDE[wide[name]] for name, shape in shapes.items()}
    at = {B: b, D: d, F: f, X: x, **GIVEN}
    read = held["In"] / x + held["W"] + held["Out"] / x
    assert Q(str(made.traffic.expr.subs(at))) == read
    assert Q(str(made.bytes("W").expr.subs(at))) == held["W"] / x
    time = made.time(mesh(X=Torus()), exact=True)
    assert float(time["hbm"].at(at)) == pytest.approx(float(read))
    if x > 1:
        assert float(time["AllGather_X(W)"].at(at)) == pytest.approx(float(held["W"] * (x - 1) / x / 3))
    alone = matmul(B, D, F, weights=wide["W"], activations=inner) * 2 + matmul(B, D, F)
    sums = 2 * (WIDE[inner] * (b * d + b * f) + WIDE[wide["W"]] * d * f) + 7 * (b * d + b * f + d * f)
    assert Q(str(alone.traffic.expr.subs(at))) == sums
    assert float(roofline(alone)["hbm"].at(at)) == pytest.approx(float(sums))


NO_WIDTHS = [0, -2, "int9", "8 s", None, [1, 2], True, X, W_hbm, Cost(1, "s"), dtype("int8"), float("nan"), "", object()]


@pytest.mark.parametrize("wrong", NO_WIDTHS, ids=range(len(NO_WIDTHS)))
def test_what_is_no_width_or_no_size_is_refused_in_a_sentence(wrong):
    text = "A[B, D] W[D, F] -> C[B, F]"
    for ask in (lambda: program(text, width=wrong), lambda: program(text, formats={"W": wrong}), lambda: matmul(B, D, F, weights=wrong)):
        with pytest.raises(SymroofError) as caught:
            ask()
        assert len(str(caught.value)) < 300 and "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [W_hbm, p, Cost(3, "byte")], ids=str)
def test_a_size_is_a_number_of_elements(size):
    with pytest.raises(SymroofError, match="number of elements"):
        program("A[B, J] -> C[B, J]", J=size)
    with pytest.raises(SymroofError, match="number of elements"):
        matmul(B, size, F)


# -- a mesh with numbers
@settings(max_examples=40)
@given(st.integers(1, 8), st.integers(1, 8), st.sampled_from(["all", "none", "axes", "comms add"]), st.booleans())
def test_a_sized_mesh_is_the_mesh_at_its_sizes(x, y, overlap, exact):
    made = program("In[B_X, D_Y] W[D_X, F_Y] -> Out[B_X, F_Y]")
    links, at = mesh(X=Torus(), Y=Switch()), {B: 840, D: 840, F: 1680, **GIVEN}
    sized = made.time(links.sized(X=x, Y=y), overlap, exact)
    wanted = float(made.time(links, overlap, exact).at(at, X=x, Y=y)) if exact or min(x, y) > 1 else None
    assert not sized.free_symbols & {X, Y}
    assert wanted is None or float(sized.at(at)) == pytest.approx(wanted)
    assert float(sized.at(at, X=x, Y=y)) == float(sized.at(at))
    for wrong in ({"X": x + 1}, {"Y": y + 1}):
        with pytest.raises(InputError, match=r"is \d in this formula, as its mesh says"):
            sized.at(at, **wrong)
    with pytest.raises(InputError, match="as its mesh says"):
        (sized + made.time(links, overlap, exact)).at(at, X=x + 1, Y=y)
