"""Programs: the rules against chips simulated one by one, FLOPs and bytes against counting, gradients against finite sums."""

import itertools
from math import prod

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from symroof import SymroofError, Torus, decode, layers, llm, llms, mesh, program, sharding, sheet, solve
from symroof import training as runs
from symroof.errors import ProgramError
from symroof.program.backward import REMATS, backward, saved, training
from symroof.symbols import B, D, E, F, H, K, L, N, P, P_act, S, T, V, W_hbm, W_ici, X, Y, Z, n, n_axes, p, p_a, p_kv, p_w
from symroof.transformer.model import model

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
    gathered = {c.tensor: set(c.axes) for c in statement.collectives if c.kind in ("AllGather", "AllToAll")}
    reduced = {a for c in statement.collectives if c.kind in ("ReduceScatter", "AllReduce") for a in c.axes}
    scattered = {a for c in statement.collectives if c.kind == "ReduceScatter" for a in c.axes}
    locals_, ranges = [], []
    for chip in CHIPS:
        mine = {}
        for name, size in full.items():
            keep = set(range(size))
            for t in statement.operands:
                if name in t.names:
                    keep &= held([a for a in t.axes_of(name) if a not in gathered.get(t.name, ())], size, chip)
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
    per_point = 2 if s.contracted else 1
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
        lambda: layers.mlp("X"),
        lambda: training(program("A[B, D] W[D, F] -> C[B, F]"), "sometimes"),
    ):
        with pytest.raises(SymroofError):
            wrong()


# -- laws
PROGRAMS = {
    "mlp": layers.mlp(layers.Sharding("X", "Y", "X"), gated=False),
    "gated mlp": layers.mlp(layers.Sharding("X", "Y", "X")),
    "attention": layers.attention(layers.Sharding("X", "Y", "X")),
    "latent attention": layers.latent_attention(layers.Sharding("X", "Y", "X")),
    "unembedding": layers.unembedding(layers.Sharding("X", "Y", "X")),
    "chain": program("A[B_X, D] W[D, F_Y] W2[F_Y, H] -> C[B_X, H]"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_forward_and_backward_are_three_times_the_matmuls(name):
    forward = PROGRAMS[name]
    matmuls = [s for s in forward.statements if s.contracted and len(s.operands) > 1]
    if len(matmuls) < len(forward.statements):
        forward = type(forward)(tuple(matmuls), forward.on_chip)
    assert sp.simplify(forward.flops.expr + backward(forward).flops.expr - 3 * forward.flops.expr) == 0
    assert sp.simplify(training(forward, "block").flops.expr - 4 * forward.flops.expr) == 0


def test_gathers_come_back_as_scatters():
    forward = program("In[B_X, D] W[D_X, F] -> Out[B_X, F]")
    kinds = {(c.kind, c.tensor) for c in backward(forward).collectives}
    assert kinds == {("AllGather", "W"), ("ReduceScatter", "dW")}
    reshard = program("A[B_X, D] -> C[B, D]")
    assert [c.kind for c in backward(reshard).collectives] == ["ReduceScatter"]
    assert [c.kind for c in backward(program("A[B_X, D] -> C[B]")).collectives] == ["ReduceScatter"]
    assert [str(s) for s in backward(program("A[B, D] W[F] -> C[B, F]")).statements] == [
        "dC[B, F] W[F] -> dA[B, D]",
        "A[B, D] dC[B, F] -> dW[F]",
    ]
    assert [c.kind for c in backward(program("A[B, D]{U_X} -> C[B_X, D]")).collectives] == ["AllGather"]
    assert [c.kind for c in backward(program("A[B_X, D] -> C[B, D_X]")).collectives] == ["AllToAll"]


def test_a_gradient_is_reduced_once_however_often_its_tensor_is_used():
    back = layers.mlp(layers.Sharding(model="Y")).backward()
    assert [(c.kind, c.tensor) for c in back.collectives] == [("AllGather", "dOut"), ("ReduceScatter", "dIn")]
    back = layers.attention(layers.Sharding(model="Y")).backward()
    assert [(c.kind, c.tensor) for c in back.collectives] == [("AllGather", "dOut"), ("ReduceScatter", "dIn")]


def test_gradients_are_right_on_every_chip():
    rng = np.random.default_rng(1)
    for text in ("In[B_X, D_Y] W[D_X, F_Y] -> Out[B_X, F_Y]", "In[B_X, D] W[D_X, F] -> Out[B_X, F]", "In[B, D_Y] W[D_Y, F] -> Out[B_Y, F]"):
        for s in backward(program(text)).statements:
            arrays = {t.name: rng.integers(-2, 3, [int(d.size.subs(SIZES)) for d in t.dims]).astype(float) for t in s.operands}
            fresh = program(str(s)).statements[0]  # with its gathers, which the whole program does only once
            simulate(fresh, arrays)


def test_traffic_memory_and_what_stays_on_chip():
    attention = layers.attention(fused=False)
    fused = layers.attention()
    scores = p_a * B * T * S * N
    assert sp.expand(attention.traffic.expr - fused.traffic.expr - 2 * scores) == 0
    assert fused.bytes("Keys", "Values").expr == 2 * p_kv * B * S * K * H
    assert sp.expand(layers.mlp().bytes("W_in", "W_gate", "W_out").expr - 3 * p_w * D * F) == 0


def test_what_is_kept_shrinks_with_rematerialization():
    mlp = layers.mlp(gated=False)
    assert sp.expand(saved(mlp).expr - p_a * (B * D + B * F)) == 0
    assert saved(mlp, "block").expr == p_a * B * D
    attention = layers.attention(fused=False)
    kept = {r: saved(attention, r).expr.subs(dict.fromkeys(saved(attention, r).free_symbols, 2)) for r in REMATS}
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
    layer = [layers.attention(layers.Sharding(model="Y")), layers.mlp(layers.Sharding(model="Y"))]
    read = sum(c.expr for q in layer for s in q.statements for c in s.traffic if c.name.startswith("W_") or c.name in ("Keys", "Values"))
    weights = p_w * (2 * D * N * H + 2 * D * K * H + 3 * D * F) / Y
    assert sp.expand(read - weights - 2 * p_kv * B * S * K * H / Y) == 0
    flops = sum(s.flops.expr for q in layer for s in q.statements if any(t.name.startswith("W_") for t in s.operands))
    assert sp.expand(flops.subs(T, 1) - 2 * B * (2 * D * N * H + 2 * D * K * H + 3 * D * F) / Y) == 0


# -- whole models
def weights_read(whole, token):
    """What is left of the traffic when caches and activations cost nothing: the weights."""
    return sp.expand(whole.traffic.expr.subs({p_a: 0, p_kv: 0, token: 1}))


@pytest.mark.parametrize("name", llms())
def test_a_model_reads_its_parameters_and_computes_with_the_active_ones(name):
    """Decoding reads every parameter but the embedding once, and takes 2 FLOPs per active one; attention is on top."""
    found = llm(name)
    arch = found.architecture
    whole = model(arch, new_tokens=1)
    at = {s: sp.Rational(v.numerator, v.denominator) for s, v in found.values.items()}
    read = weights_read(whole, B).subs({p_w: 1}).subs(at)
    embedding = at[V] * at[D]
    beside = embedding if not arch.tied else 0  # a tied matrix is counted once and read once, as the unembedding
    assert read == at[P] - beside
    attention = sum(p_.statements[i].flops.expr * times for _, p_, times in whole.blocks for i in scores(p_))
    flops = sp.expand(whole.flops.expr - attention).subs({B: 1, S: 1})
    elementwise = sum(p_[t].flops.expr * times for _, p_, times in whole.blocks for t in ("Tmp",) if products(p_, t))
    active = 2 * (at[P_act] - beside)
    assert sp.simplify((flops - elementwise.subs({B: 1}) if elementwise else flops).subs(at) - active) == 0


def scores(program_):
    return [
        i
        for i, s in enumerate(program_.statements)
        if s.out.name in ("Scores", "Turned", "Att", "Mixed")
        and "W_o" not in names(s)
        and not any(t.name.startswith("W_") for t in s.operands)
    ]


def products(program_, name):
    return any(s.out.name == name and not s.contracted for s in program_.statements)


def names(statement):
    return [t.name for t in statement.operands]


def test_the_books_decode_step_is_a_limit_of_the_program():
    """KV caches and weights through HBM, FLOPs of the weights: what is left when activations and scores are free."""
    whole = model(new_tokens=1)
    read = whole.traffic.expr.subs({p_a: 0})
    weights = p_w * (L * (2 * D * N * H + 2 * D * K * H + 3 * D * F) + D * V)
    assert sp.expand(read - weights - 2 * p_kv * B * S * K * H * L) == 0
    step = decode.step()
    book = (step["attention"].expr + step["weights"].expr) * W_hbm * n
    parameters = L * (2 * D * N * H + 2 * D * K * H + 3 * D * F) + D * V
    assert sp.expand(read - book.subs(P, parameters)) == 0


def test_caches_are_sharded_over_batch_or_context():
    by_batch = layers.attention(layers.Sharding(model="Y", cache="Z"))
    assert [(c.kind, c.axes) for c in by_batch.collectives if "Z" in c.axes and c.kind == "AllToAll"] == [("AllToAll", ("Z",))] * 2
    by_context = layers.attention(layers.Sharding(model="Y", sequence="Z"))
    assert [(c.kind, c.tensor) for c in by_context.collectives if c.axes == ("Z",)] == [("AllReduce", "Att")]
    ring = layers.attention(layers.Sharding(context="Z"))
    assert [(c.kind, c.tensor, c.axes) for c in ring.collectives] == [("AllGather", "Keys", ("Z",)), ("AllGather", "Values", ("Z",))]
    assert sp.expand(ring.flops.expr * Z - layers.attention().flops.expr) == 0
    for q in (by_batch, by_context):
        assert sp.expand(q.bytes("Keys").expr * Y * Z - p_kv * B * S * K * H) == 0
    with pytest.raises(ProgramError):
        layers.attention(layers.Sharding(cache="Z", sequence="Z"))


def test_the_memory_bound_limit_of_model_parallelism_comes_from_the_program():
    """Y < F/(B beta): weights of a tensor-parallel layer through HBM against its two collectives, bytes alike."""
    layer = layers.mlp(layers.Sharding(model="Y"), gated=False)
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
    moe = layers.experts(layers.Sharding(data="X", fsdp="X", model="Y", experts="Z"))
    found = [(c.kind, "".join(c.axes), c.tensor) for c in moe.collectives]
    assert found == [
        ("AllToAll", "Z", "Sent"),
        *[("AllGather", "X", w) for w in ("W_in", "W_gate", "W_out")],
        ("AllReduce", "Y", "Made"),
        ("AllToAll", "Z", "Made"),
    ]
    whole = layers.experts()
    spread = moe.flops.expr - moe["Router"].flops.expr
    assert sp.expand(spread * X * Y * Z - (whole.flops.expr - whole["Router"].flops.expr)) == 0
    assert sp.expand(moe.bytes("W_in", "W_gate", "W_out").expr * X * Y * Z - 3 * p_w * E * D * F) == 0
