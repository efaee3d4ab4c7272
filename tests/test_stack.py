"""Stacks: a model's counts are those of its reference implementation, and every formula of a model agrees with a walk over its layers."""

import importlib
import inspect
import pkgutil
import pydoc
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction as Q
from typing import Any, ClassVar

import numpy as np
import pytest
import sympy as sp
from counting import COUNTERS, Run
from hypothesis import given, settings
from hypothesis import strategies as st
from second_opinion import some
from test_tensor_counts import COUNTS

import symroof.workloads
from symroof import (
    Bound,
    Cost,
    Llm,
    SymroofError,
    Value,
    chip,
    decode,
    layers,
    llm,
    llms,
    memory,
    model,
    prefill,
    search_serving,
    search_training,
    symbol,
    training,
)
from symroof.algebra.symbols import UNLESS
from symroof.errors import InputError, SheetError, UnknownName
from symroof.symbols import (
    A_X,
    A_Z,
    MFU,
    W_X,
    W_Y,
    B,
    C,
    D,
    E_hit,
    F,
    H,
    K,
    L,
    M_hbm,
    N,
    P,
    P_exp,
    P_mm,
    P_read,
    S,
    S_win,
    T,
    T_tile,
    V,
    W_hbm,
    X,
    Y,
    Z,
    kv,
    kv_win,
    lam,
    n,
    p_a,
    p_conv,
    p_kv,
    p_st,
    p_w,
    price,
    t_lim,
    t_tok,
    u_hbm,
    z,
)
from symroof.transformer.facts import facts
from symroof.transformer.kind import Kind, Pass
from symroof.transformer.layers import KINDS, Attention, Experts, LatentAttention, Mamba2, Mlp, Norm, Sharding
from symroof.workloads import models as of_models
from symroof.workloads import pretraining

# -- models of which the reference implementations are counted
#: Parameters and buffers of the classes of transformers 5.24, tensor by tensor, at the config.json of the model's page;
#: multiplied with a token: without lookups, norms, biases, convolutions. Bytes with a 16-bit cache, fp32 states, 16-bit convolutions.


@dataclass(frozen=True)
class Counts:
    total: int
    active: int
    kv: int
    buffers: int = 0
    windowed: int = 0
    state: int = 0


def deepseek(heads: int, vocabulary: int, experts: int, dense: int) -> Callable[[], Llm]:
    """DeepSeek-V3 and its kin: leading dense layers, then experts with a shared one."""
    attention = LatentAttention(N=heads, R_q=1536, R_kv=512, H_nope=128, H_rope=64, H_v=128)
    routed = Experts(E=experts, k=8, F=2048, shared=2048, correction=True)
    return lambda: model("it", D=7168, V=vocabulary, blocks=[(dense, [attention, Mlp(F=18432)]), (61 - dense, [attention, routed])])


def plain(layers: int, d: int, vocabulary: int, attention: Kind, mlp: Kind, **around: Any) -> Callable[[], Llm]:
    return lambda: model("it", D=d, V=vocabulary, blocks=[(layers, [attention, mlp])], **around)


def lettered(pattern: str, d: int, vocabulary: int, **layers: Kind) -> Callable[[], Llm]:
    """Layers by the letters of a pattern: M a state space, * attention, - an MLP, E experts."""
    names = {"M": "mamba", "*": "attention", "-": "mlp", "E": "experts"}
    return lambda: model("it", D=d, V=vocabulary, blocks=[(1, [layers[names[letter]]]) for letter in pattern])


def oss(layers: int, experts: int) -> Callable[[], Llm]:
    """gpt-oss: every second layer sees 128 tokens."""
    shape: dict[str, Any] = {"N": 64, "K": 8, "H": 64, "qkv_bias": True, "out_bias": True, "sinks": True}
    routed = Experts(E=experts, k=4, F=2880, bias=True)
    groups = [(layers // 2, [Attention(**shape, window=128), routed]), (layers // 2, [Attention(**shape), routed])]
    return lambda: model("it", D=2880, V=201088, blocks=groups)


def mimo() -> Llm:
    """MiMo-V2-Flash: windows with 8 KV heads, full layers with 4; the first layer is dense."""
    full = Attention(N=64, K=4, H=192, H_v=128)
    window = Attention(N=64, K=8, H=192, H_v=128, window=128, sinks=True)
    routed = Experts(E=256, k=8, F=2048, correction=True)
    return model("it", D=4096, V=152576, blocks=[(1, [full, Mlp(F=16384)]), (39, [window, routed]), (8, [full, routed])])


NANO = "MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME"
H56 = "M-M-M-M*-" + "M-M-M-M-M*-" * 9 + "M-M-M-M-M-"
PUBLISHED: dict[str, tuple[Callable[[], Llm], Counts]] = {
    "DeepSeek-V3": (deepseek(128, 129280, 256, 3), Counts(671026404352, 36624596992, 70272, buffers=14848)),
    "Kimi-K2.5": (deepseek(64, 163840, 384, 1), Counts(1026408209408, 31686066176, 70272, buffers=23040)),
    "Llama-3.1-8B": (plain(32, 4096, 128256, Attention(N=32, K=8, H=128), Mlp(F=14336)), Counts(8030261248, 7504658432, 131072)),
    "Llama-3.1-70B": (plain(80, 8192, 128256, Attention(N=64, K=8, H=128), Mlp(F=28672)), Counts(70553706496, 69501714432, 327680)),
    "Mixtral-8x7B": (
        plain(32, 4096, 32000, Attention(N=32, K=8, H=128), Experts(E=8, k=2, F=14336)),
        Counts(46702792704, 12748587008, 131072),
    ),
    "Qwen3-8B": (
        plain(36, 4096, 151936, Attention(N=32, K=8, H=128, qk_norm="head"), Mlp(F=12288)),
        Counts(8190735360, 7568097280, 147456),
    ),
    "Qwen3-30B-A3B": (
        plain(48, 2048, 151936, Attention(N=32, K=4, H=128, qk_norm="head"), Experts(E=128, k=8, F=768)),
        Counts(30532122624, 3041656832, 98304),
    ),
    "Qwen3-Coder-480B-A35B": (
        plain(62, 6144, 151936, Attention(N=96, K=8, H=128, qk_norm="head"), Experts(E=160, k=8, F=2560)),
        Counts(480154875392, 34540486656, 253952),
    ),
    "MiniMax-M2.5": (
        plain(62, 3072, 200064, Attention(N=48, K=8, H=128, qk_norm="layer"), Experts(E=256, k=8, F=1536, correction=True)),
        Counts(228689748992, 10415112192, 253952, buffers=15872),
    ),
    "gpt-oss-20b": (oss(24, 32), Counts(20914757184, 3607142400, 24576, windowed=24576)),
    "MiMo-V2-Flash": (mimo, Counts(308778768832, 14820573184, 23040, buffers=12032, windowed=199680)),
    "Nemotron-3-Nano": (
        lettered(
            NANO, 2688, 131072,
            mamba=Mamba2(N_ssm=64, H_ssm=64, G_ssm=8, D_st=128, w_conv=4, chunk=128),
            attention=Attention(N=32, K=2, H=128),
            experts=Experts(E=128, k=6, F=1856, shared=3712, gated=False, correction=True),
        ),
        Counts(31577937344, 3226804224, 6144, buffers=2944, state=49082368),
    ),
    "Nemotron-H-56B": (
        lettered(
            H56, 8192, 131072,
            mamba=Mamba2(N_ssm=256, H_ssm=64, G_ssm=8, D_st=256, w_conv=4, chunk=128),
            attention=Attention(N=64, K=8, H=128),
            mlp=Mlp(F=32768, gated=False),
        ),
        Counts(56324350464, 55243177984, 40960, state=912605184),
    ),
}  # fmt: skip

#: Files of models/llms, the others in test_tensor_counts:
#: parameters as above (of PaLM and MT-NLG, which have no reference, the arithmetic of their papers); active parameters are
#: the total without embeddings that are not tied, norms and biases; of experts what k of them have.
FILES: dict[str, Counts] = {
    "deepseek-v3": PUBLISHED["DeepSeek-V3"][1],
    "gemma-7b": Counts(8537680896, 8537680896 - 57 * 3072, 2 * 16 * 256 * 28 * 2),
    "gpt-oss-120b": Counts(
        116829156672,
        36 * (2 * 2880 * 64 * (64 + 8) + 2880 * 128 + 4 * 3 * 2880 * 2880) + 201088 * 2880,
        2 * 8 * 64 * 18 * 2,
        windowed=2 * 8 * 64 * 18 * 2,
    ),
    "gpt3-175b": Counts(174604259328, 96 * 12 * 12288**2 + 50257 * 12288, 2 * 12288 * 96 * 2),
    "llama2-13b": Counts(13015864320, 13015864320 - (32000 + 81) * 5120, 2 * 5120 * 40 * 2),
    "llama2-70b": Counts(68976648192, 68976648192 - (32000 + 161) * 8192, 2 * 1024 * 80 * 2),
    "llama2-7b": Counts(6738415616, 6738415616 - (32000 + 65) * 4096, 2 * 4096 * 32 * 2),
    "llama3-405b": Counts(405853388800, 405853388800 - (128256 + 253) * 16384, 2 * 1024 * 126 * 2),
    "llama3-70b": PUBLISHED["Llama-3.1-70B"][1],
    "llama3-8b": PUBLISHED["Llama-3.1-8B"][1],
    "mistral-7b": Counts(7241732096, 7241732096 - (32000 + 65) * 4096, 0, windowed=2 * 1024 * 32 * 2),
    "mixtral-8x7b": PUBLISHED["Mixtral-8x7B"][1],
    "mt-nlg-530b": Counts(  # four and eight D^2, their biases, two layer norms; words and positions, and the last norm
        105 * (12 * 20480**2 + (4 + 5 + 4) * 20480) + (50257 + 2048 + 2) * 20480,
        105 * 12 * 20480**2 + 50257 * 20480,
        2 * 20480 * 105 * 2,
    ),
    "nemotron-3-nano": PUBLISHED["Nemotron-3-Nano"][1],
    "palm-540b": Counts(
        118 * (3 * 18432 * 73728 + 2 * 18432 * (48 + 1) * 256 + 18432) + 256000 * 18432 + 18432,
        118 * (3 * 18432 * 73728 + 2 * 18432 * (48 + 1) * 256) + 256000 * 18432,
        2 * 256 * 118 * 2,
    ),
    "qwen3-235b-a22b": Counts(
        235093634560, 94 * (2 * 4096 * (64 + 4) * 128 + 4096 * 128 + 8 * 3 * 4096 * 1536) + 151936 * 4096, 2 * 4 * 128 * 94 * 2
    ),
    "qwen3-32b": Counts(32762123264, 32762123264 - 151936 * 5120 - 129 * 5120 - 64 * 256, 2 * 1024 * 64 * 2),
    "qwen3-8b": PUBLISHED["Qwen3-8B"][1],
}
MADE: dict[str, Callable[[], Llm]] = {name: make for name, (make, _) in PUBLISHED.items()}
MADE |= {name: lambda name=name: llm(name) for name in FILES}
COUNTED = {name: counts for name, (_, counts) in PUBLISHED.items()} | FILES
BITS = {p_kv: 2, p_w: 2, p_a: 2, p_st: 4, p_conv: 2}
every_model = pytest.mark.parametrize("name", MADE)
every_file = pytest.mark.parametrize("name", FILES)


def at(cost: Any, m: Any = None, **values: Any) -> Any:
    """A cost at a model, and at what else it needs; widths of 16 bits unless told."""
    left = cost.at(m) if m is not None else cost
    if not isinstance(left, Cost):
        return left.number
    known = {**BITS, **{s: v for s in left.free_symbols for name, v in values.items() if s.name == name}}
    return left.at({s: known[s] for s in left.free_symbols}).number


def test_every_file_is_counted():
    assert {*FILES, *COUNTS} == set(llms()), "a new file of models/llms needs its counts here, or in test_tensor_counts"
    assert len(MADE) == len(PUBLISHED) + len(FILES)


@every_model
def test_parameters_to_the_last_one(name):
    m, wanted = MADE[name](), COUNTED[name]
    assert m[P] == at(m.stack.parameters, m) == wanted.total
    assert m[P_mm] == at(m.stack.active, m) == wanted.active
    assert at(m.stack.buffers, m) == wanted.buffers


@every_model
def test_what_a_sequence_keeps(name):
    m, wanted = MADE[name](), COUNTED[name]
    assert at(m.stack.cache, m) == wanted.kv
    assert at(m.stack.state, m) == wanted.state
    assert at(m.stack.sequence(1), m) == wanted.kv + wanted.windowed + wanted.state
    window = min((k.window for k in _kinds(m) if getattr(k, "window", None)), default=sp.Integer(10**9)).subs(m.values)
    assert at(m.stack.sequence(10**6), m) == wanted.kv * 10**6 + wanted.windowed * min(int(window), 10**6) + wanted.state


@every_file
def test_published_counts(name):
    """Rounded counts of papers and cards; an active one may or may not have the embedding."""
    m = llm(name)
    assert abs(m[P] - m.published) <= m.published / 100
    if m.published_active is not None:
        both = m[P_mm], m[P_mm] + m[V] * m[D]
        assert min(abs(b - m.published_active) for b in both) <= m.published_active / 40


def test_palm_is_what_its_paper_says():
    assert abs(llm("palm-540b")[P] - 540.35e9) < 1e7  # arXiv:2204.02311, table 1


def _kinds(m: Llm) -> list[Kind]:
    return [layer.kind for layer in m.stack.layers]


# -- aggregates are what a walk over the layers finds
@every_model
def test_aggregates_are_the_walk(name):
    m = MADE[name]()
    stack = m.stack
    for seen, batch in ((1, 1), (5, 3), (1000, 64), (10**5, 7)):
        walk = {"B": batch, "S": seen}
        step = Pass(new=1)
        flops = B * (of_models.multiplied(m) + of_models.seen(m, step) + of_models.states(m, step)).expr
        assert at(Cost(flops, "FLOP"), m, **walk) == at(stack.flops(new=1), m, **walk)
        moved = at(of_models.read(m), m, **walk) * 2 + batch * (at(of_models.cached(m), m, **walk) + 2 * at(stack.state, m))
        assert float(at(stack.reads, m, **walk) - _rows(m, batch) * 2) == pytest.approx(float(moved), rel=1e-12)
        assert at(of_models.kept(m), m, **walk) == at(stack.sequence(seen), m)
    for new in (128, 12800):  # whole chunks
        prompt = prefill.prompt_flops(m)
        assert at(prompt, m, T=new) == at(stack.flops(new=new, context=new, last=True), m, B=1)
        for causal in (True, False):
            each = training.flops_per_token(m, causal)
            assert at(each, m, S=new) * new == 3 * at(stack.flops(new=new, context=new, causal=causal), m, B=1)


def _rows(m: Llm, batch: int) -> int:
    """What lookups read: a row of the embedding for each token, and one of learned positions."""
    embedding: Any = _kinds(m)[0]
    return batch * int(m[D]) * (1 if embedding.positions is None else 2)


@every_model
def test_parameters_that_a_step_reads(name):
    """All but lookups and routed experts; with every expert hit, all but lookups."""
    m = MADE[name]()
    kinds: list[Any] = _kinds(m)
    tables = 0 if kinds[-1].tied else int(m[V] * m[D])
    tables += 0 if kinds[0].positions is None else int(m.values[kinds[0].positions] * m[D])
    routed = sum((at(Cost(each, "param"), m) * m.values[experts] for _, each, experts in m.stack.aggregates.routed), 0)
    assert m[P_read] == m[P] - tables - routed
    if routed:
        assert at(Cost(m[E_hit], "1"), B=1e6) == pytest.approx(float(m.values[m.stack.aggregates.routed[0][2]]))
        assert m[P_exp] * m.values[m.stack.aggregates.routed[0][2]] == routed


@pytest.mark.parametrize("name", ["llama3-8b", "gpt-oss-20b", "deepseek-v3", "MiMo-V2-Flash", "Nemotron-3-Nano", "mistral-7b", "gpt3-175b"])
@pytest.mark.parametrize("formula", [decode.step, decode.bound, memory.memory, prefill.prompt_flops, decode.throughput])
def test_expanded_formulas_say_the_same(name, formula):
    m = MADE[name]()
    given = {"B": 6, "S": 3000, "T": 256, "n": 4, "C": 10**15, "W_hbm": 3 * 10**12}
    cost = formula(m)
    whole = cost.expand()
    assert at(whole, m, **given) == pytest.approx(at(cost, m, **given), rel=1e-12)
    letters = {s for s in m.stack.definitions if s not in m.stack.aggregates.hits}
    assert not whole.free_symbols & letters
    assert cost.free_symbols & letters


# -- a letter given anew changes everything that follows from it
@pytest.mark.parametrize("name", ["llama3-8b", "mixtral-8x7b", "gpt-oss-120b", "Nemotron-3-Nano", "qwen3-8b"])
def test_another_number_of_kv_heads(name):
    m = MADE[name]()
    other = m.but({K: 1})
    for mine, count, kinds in ((other, 1, _kinds(m)), (m, int(m[K]), _kinds(m))):
        attention: list[Any] = [(k_, layer.count) for k_, layer in zip(kinds, m.stack.layers, strict=True) if k_.word == "attention"]
        cached = sum(2 * count * 2 * mine.values[a.H] * mine.values[times] for a, times in attention)
        assert at(mine.stack.sequence(1), mine) - at(mine.stack.state, mine) == cached
    given = {"B": 6, "S": 3000, "n": 4, "C": 10**15, "W_hbm": 3 * 10**12}
    for formula in (decode.step, decode.bound, decode.memory_bound_step, memory.kv_per_sequence):
        cost = formula(m)
        assert at(cost, other, **given) == at(cost.at(m, K=1), **given)
        assert at(cost, other, **given) != at(cost, m, **given)
    assert other[P] == at(m.stack.parameters, other) < m[P]
    assert other.sources[K] == "given"


def test_a_model_but_is_the_model_with_that_size():
    small = {"N": 4, "K": 2, "H": 8}
    blocks = lambda **sizes: [(3, [Attention(**{**small, **sizes}), Mlp(F=sizes.get("F", 24))])]  # noqa: E731
    m = model("tiny", D=16, V=50, blocks=[(3, [Attention(N=4, K=2, H=8), Mlp(F=24)])])
    wanted = model("tiny", D=16, V=50, blocks=blocks(K=4))
    found = m.but({K: 4})
    assert found.values == wanted.values
    assert m.but({F: 30})[P] == model("tiny", D=16, V=50, blocks=[(3, [Attention(**small), Mlp(F=30)])])[P]
    assert m.but({P: 10**6})[P_mm] == 10**6 - (m[P] - m[P_mm])
    for other in (m.but({"K": 4}), m.but(K=4), m.but({K: "4"}), m.but({"F": 24}, K=4)):
        assert other.values == wanted.values
    assert m.but().values == m.values
    assert m.but({p_kv: 1})[kv] == 2 * 2 * 8 * 3


# -- counts of layers add up
#: Two counts that change together, of every model that has more than one: what is refused, and what is the model repeated.
PATTERNS: list[tuple[str, dict[str, int], dict[str, int]]] = [
    ("gpt-oss-120b", {"L": 72}, {"L": 72, "L_win": 36, "L_full": 36}),
    ("gpt-oss-120b", {"L_win": 20}, {"L_win": 20, "L_full": 16}),
    ("deepseek-v3", {"L": 30}, {"L": 30, "L_dense": 3, "L_moe": 27}),
    ("deepseek-v3", {"L_moe": 60}, {"L_moe": 60, "L_dense": 1}),
    ("nemotron-3-nano", {"L": 104}, {"L": 104, "L_ssm": 46, "L_full": 12, "L_moe": 46}),
    ("MiMo-V2-Flash", {"L": 96}, {"L": 96, "L_dense": 2, "L_moe": 94, "L_win": 78, "L_full": 18}),
    ("MiMo-V2-Flash", {"L": 58, "L_win": 49}, {"L": 58, "L_win": 49, "L_moe": 57}),
]


def checked(m: Llm, values: dict[Any, Any]) -> None:
    m.stack.check({**m.values, **values})


@pytest.mark.parametrize("name, wrong, right", PATTERNS, ids=[f"{n} {w}" for n, w, _ in PATTERNS])
def test_counts_of_layers_that_do_not_add_up_are_refused(name, wrong, right):
    m = MADE[name]()
    with pytest.raises(InputError, match=r"do not add up: in .* L = L_.* \+ L_.*; give L, L_\w+.* and L_\w+ together") as problem:
        m.but(**wrong)
    sentence(problem.value)
    other = m.but(right)
    assert [other[_letter(m, s)] for s in right] == list(right.values())
    assert other[P] == at(m.stack.parameters, other)
    checked(m, {_letter(m, s): np.array([v, m[_letter(m, s)]], float) for s, v in right.items()})
    if {_letter(m, s) for s in right} <= m.stack.letters:
        with pytest.raises(InputError, match="do not add up"):
            checked(other, {_letter(m, s): np.array([v, v + 1]) for s, v in list(right.items())[:1]})


@pytest.mark.parametrize("name, wrong, right", PATTERNS, ids=[f"{n} {w}" for n, w, _ in PATTERNS])
def test_counts_beside_a_model_add_up_too(name, wrong, right):
    """A formula takes counts that are those of a model with them, and no others."""
    m = MADE[name]()
    given = {"B": 3, "S": 500, "n": 4, "C": 10**15, "W_hbm": 3 * 10**12, **{s.name: w for s, w in BITS.items()}}
    cost = decode.step(m).expand()
    given = {k_: v for k_, v in given.items() if k_ in {s.name for s in cost.free_symbols}}
    with pytest.raises(SymroofError, match=r"do not add up|'L' is not a symbol of this formula"):
        cost.at(m, **given, **wrong)
    reached = {s: v for s, v in right.items() if s in {x.name for x in cost.free_symbols}}
    if len(reached) > 1:
        assert cost.at(m, **given, **reached).number == pytest.approx(float(cost.at(m.but(**right), **given).number), rel=1e-12)


def test_a_pattern_is_scaled_as_the_cure_says():
    m = llm("gpt-oss-120b")
    with pytest.raises(InputError, match=r"e\.g\. L=72, L_win=36, L_full=36"):
        m.but(L=72)
    other = m.but(L=72, L_win=36, L_full=36)
    around = 2 * m[V] * m[D] + m[D]
    assert other[P] - around == 2 * (m[P] - around)
    assert at(other.stack.sequence(1000), other) == 2 * at(m.stack.sequence(1000), m)


def test_layers_follow_where_none_is_counted_by_all():
    """Every layer of a hybrid has a count of its own: L is their sum, and a formula, which has no L, takes them without it."""
    m = llm("nemotron-3-nano")
    counts = {"L_ssm": 46, "L_full": 12, "L_moe": 46}
    other = m.but(counts)
    assert other[L] == 104
    assert m.but(L=104, **counts).values == other.values
    assert m.but(L_ssm=24)[L] == 53
    step = decode.step(m).expand()
    given = {"B": 3, "S": 500, "n": 4, "C": 10**15, "W_hbm": 3 * 10**12, "p_w": 2, "p_kv": 2}
    assert step.at(m, **given, **counts).number == pytest.approx(float(step.at(other, **given).number), rel=1e-12)


@every_model
def test_every_model_is_checked_by_what_its_layers_add_up_to(name):
    """Another L changes all layers, or is refused; a letter without a number is held against nothing."""
    m = MADE[name]()
    counts = {layer.count for layer in m.stack.layers if layer.count != 1}
    assert bool(m.stack.pattern.relations()) == (len(counts) > 1)
    for relation in m.stack.pattern.relations():
        assert relation.subs(m.stack.values) == 0
    checked(m, {})
    checked(m, {s: s for s in counts})
    if not m.stack.pattern.relations():
        other = m.but(L=2 * m[L])
        around = m[P] - m[L] * sum(f for f in [m.stack.parameters.expr.coeff(L, 1).subs(m.values)])
        assert other[P] - around == 2 * (m[P] - around)
        assert at(other.stack.sequence(100), other) == 2 * at(m.stack.sequence(100), m)


@settings(max_examples=some(40))
@given(st.data())
def test_random_patterns(data):
    """Counts of a pattern repeated otherwise are accepted, and counts that no repetition gives are not."""
    kinds = [FULL, Attention(N=4, K=2, H=3, window=2), DENSE, Mlp(F=5, name="other"), Experts(E=4, k=2, F=3)]
    groups = data.draw(st.lists(st.lists(st.sampled_from(kinds), min_size=1, max_size=3), min_size=1, max_size=3))
    first, other = (data.draw(st.lists(st.integers(1, 9), min_size=len(groups), max_size=len(groups))) for _ in range(2))
    m, wanted = (tiny(list(zip(times, groups, strict=True))) for times in (first, other))
    layers = dict(zip([layer.kind for layer in m.stack.layers], m.stack.layers, strict=True))
    if wanted.stack.structure == m.stack.structure:
        assert m.but({s: v for s, v in wanted.stack.values.items() if s.name.startswith("L")}).values == wanted.values
    assert len(layers) == len(m.stack.layers)
    for s in {layer.count for layer in m.stack.layers if layer.count != 1}:
        if any(s in relation.free_symbols for relation in m.stack.pattern.relations(*([] if L in m.stack.letters else [L]))):
            with pytest.raises(InputError, match="do not add up"):
                m.but({s: m[s] + 1})
        else:
            assert m.but({s: m[s] + 1})[s] == m[s] + 1


UNKNOWN: list[tuple[Callable[[Llm], Any], str]] = [
    (lambda m: m.but({S_win: 4}), "'S_win' is no letter of mixtral-8x7b; there is B, D, E"),
    (lambda m: m.but(L_win=4), "'L_win' is no letter of mixtral-8x7b"),
    (lambda m: m.but({"k2": 4}), "'k2' is no letter of mixtral-8x7b"),
    (lambda m: m.but({3: 4}), "'3' is no letter of mixtral-8x7b"),
    (lambda m: m.but({symbol("K", "byte"): 4}), r"K \[byte\] is not the K \[1\] of mixtral-8x7b; write K=\.\.\."),
    (lambda m: m.but({P: 4}), "P = 4 is too few parameters for mixtral-8x7b: its layers leave P_read = -"),
    (lambda m: m.but({kv: 4}), "kv follows from the layers of mixtral-8x7b; give what it follows from: H, K, L, p_kv"),
    (lambda m: m.but(P_mm=4), "P_mm follows from the layers of mixtral-8x7b; give what it follows from"),
    (lambda m: m.but({K: 4}, K=8), "K is given twice, as '4' and '8'; give it once"),
    (lambda m: m.but(K=[4, 8]), "is not one number; a formula takes several"),
    (lambda m: m.but(K=N), "K = 'N' is not one number"),
    (lambda m: m.but(K=-1), "K = -1 must be positive"),
    (lambda m: m.but(K="2.5"), "K = '2.5' is no size of a layer and no count; give a whole number"),
    (lambda m: m.but(K="four"), "K: 'four' is no quantity"),
]


@pytest.mark.parametrize("changed, said", UNKNOWN, ids=[f"{i}: {said}" for i, (_, said) in enumerate(UNKNOWN)])
def test_letters_that_a_model_does_not_have(changed, said):
    m = llm("mixtral-8x7b")
    with pytest.raises(SymroofError, match=said) as problem:
        changed(m)
    sentence(problem.value)
    assert m.but(E_hit=5)[E_hit] == 5


# -- random models against loops
TINY = st.one_of(
    st.builds(
        lambda q, k_, h, v, w, norm: Attention(N=q * k_, K=k_, H=h, H_v=v, window=w, qk_norm=norm),
        st.integers(1, 3), st.integers(1, 2), st.integers(1, 3), st.none() | st.integers(1, 3), st.none() | st.integers(1, 8),
        st.sampled_from(["", "head", "layer"]),
    ),
    st.builds(LatentAttention, st.integers(1, 3), st.none() | st.integers(1, 3), *[st.integers(1, 3)] * 4),
    st.builds(Mlp, st.integers(1, 4), gated=st.booleans(), bias=st.booleans(), norms=st.integers(0, 2)),
    st.builds(
        lambda k_, more, f, s, g, b: Experts(E=k_ + more, k=k_, F=f, shared=s, gated=g, bias=b),
        st.integers(1, 2), st.integers(0, 2), st.integers(1, 3), st.none() | st.integers(1, 3), st.booleans(), st.booleans(),
    ),
    st.builds(
        lambda g, r, p, s, u: Mamba2(N_ssm=g * r, H_ssm=p, G_ssm=g, D_st=s, w_conv=3, chunk=u),
        *[st.integers(1, 2)] * 4, st.sampled_from([1, 2, 3]),
    ),
)  # fmt: skip
GROUPS = st.lists(st.tuples(st.integers(1, 3), st.lists(TINY, min_size=1, max_size=3)), min_size=1, max_size=3)
AROUND = st.fixed_dictionaries(
    {"tied": st.booleans(), "positions": st.none() | st.integers(1, 9), "norm": st.booleans(), "layer_norm": st.booleans()}
)


def around(d: int, v: int, options: dict[str, Any]) -> int:
    """Parameters that stand around the layers."""
    tables = d * v * (1 if options["tied"] else 2) + d * (options["positions"] or 0)
    return tables + options["norm"] * d * (2 if options["layer_norm"] else 1)


@settings(max_examples=some(60))
@given(GROUPS, AROUND, st.integers(1, 4), st.integers(1, 5), st.sampled_from([(1, 1), (1, 9), (6, 6), (6, 11)]))
def test_random_models(groups, options, d, v, tokens):
    """Whatever differs between layers gets letters of its own, so that a model's formulas are the sum of its layers."""
    m = model("it", D=d, V=v, blocks=groups, **options)
    new, context = tokens
    run = Run(d, 2, new, context)
    layers: list[tuple[int, Any]] = [(count, kind) for count, kinds in groups for kind in kinds]
    stored = [(count, t) for count, kind in layers for t in COUNTERS[kind.word].stored(kind, d).values() if t.of != "buffer"]
    assert m[P] == at(m.stack.parameters, m) == sum(count * t.elements for count, t in stored) + around(d, v, options)
    active = sum(count * COUNTERS[kind.word].active(kind, d) for count, kind in layers) + d * v
    assert m[P_mm] == at(m.stack.active, m) == active
    flops = sum(count * sum(f for f, _ in COUNTERS[kind.word].work(kind, run).values()) for count, kind in layers)
    assert at(m.stack.flops(new, context), m, B=2) == flops + 2 * 2 * new * d * v
    one = Run(d, 1, 1, context)
    width = {"p_kv": 2, "p_st": 4, "p_conv": 2}
    kept = [(count, t) for count, kind in layers for t in COUNTERS[kind.word].kept(kind, one).values()]
    keeps = sum(count * t.elements * width[t.width] for count, t in kept)
    assert at(m.stack.sequence(context), m) == keeps
    assert at(of_models.kept(m), m, S=context) == keeps
    step = Run(d, 2, 1, context)
    read: Any = around(d, v, options) - (0 if options["tied"] else d * v) - d * (options["positions"] or 0)
    read += 2 * d * (1 if options["positions"] is None else 2)
    for count, kind in layers:
        hit = kind.E * (1 - (1 - Q(kind.k, kind.E)) ** 2) if kind.word == "experts" else 0
        read += count * COUNTERS[kind.word].read(kind, step, hit)
    states = sum(count * t.elements * width[t.width] for count, t in kept if t.of != "cache")
    assert float(at(m.stack.reads, m, B=2, S=context)) == pytest.approx(float(2 * read + 2 * keeps + 2 * states), rel=1e-12)


@settings(max_examples=some(30))
@given(GROUPS, AROUND, st.randoms(use_true_random=False))
def test_stored_bytes_by_class(groups, options, rng):
    m = model("it", D=3, V=5, blocks=groups, **options)
    wanted = {"embedding": 15 + 3 * (options["positions"] or 0), "norm": options["norm"] * (6 if options["layer_norm"] else 3)}
    wanted |= {} if options["tied"] else {"unembedding": 15}
    for count, kinds in groups:
        for kind in kinds:
            for t in COUNTERS[kind.word].stored(kind, 3).values():
                if t.of != "buffer":
                    wanted[t.of] = wanted.get(t.of, 0) + count * t.elements
    wanted = {of: count for of, count in wanted.items() if count}
    assert {part.name: at(part, m) for part in m.stack.parameters.parts} == wanted
    widths = {of: Q(rng.randint(1, 64), 32) for of in rng.sample(sorted(wanted), rng.randint(0, len(wanted)))}
    assert at(m.stack.stored(widths), m) == sum(count * widths.get(of, 2) for of, count in wanted.items())


def test_widths_of_a_class_there_is_not():
    with pytest.raises(InputError, match=r"no weights of class 'experts'; it has .*attention"):
        llm("llama3-8b").stack.stored({"experts": 1})
    parts = llm("gpt-oss-120b").stack.stored({"experts": Q(17, 32)})
    routed = 36 * 128 * (3 * 2880 * 2880 + 3 * 2880)
    assert at(parts["experts"], llm("gpt-oss-120b")) == routed * Q(17, 32)
    assert at(parts, llm("gpt-oss-120b")) == routed * Q(17, 32) + (116829156672 - routed) * 2


# -- layers that differ
def test_two_kinds_of_attention_with_other_heads():
    narrow, wide, mlp = Attention(N=4, K=2, H=3), Attention(N=6, K=1, H=5, name="wide"), Mlp(F=7)
    m = model("two heads", D=8, V=11, tied=True, blocks=[(3, [narrow, mlp]), (2, [wide, mlp])])
    cached = 3 * 2 * 2 * 3 + 2 * 2 * 1 * 5
    assert at(m.stack.cache, m) == 2 * cached
    assert {s.name: int(v) for s, v in m.stack.values.items()} == {
        **{"L": 5, "D": 8, "V": 11, "N": 4, "K": 2, "H": 3, "F": 7},
        **{"N_wide": 6, "K_wide": 1, "H_wide": 5, "L_full": 3, "L_wide": 2},
    }
    assert m[P] == 3 * (2 * 8 * 12 + 2 * 8 * 6 + 8) + 2 * (2 * 8 * 30 + 2 * 8 * 5 + 8) + 5 * (3 * 8 * 7 + 8) + 8 * 11 + 8
    assert m.stack.dense
    assert at(decode.attention_time(m), m, B=1, S=100, n=1, C=10**6, W_hbm=1) == 100 * 2 * cached


def test_one_kind_in_two_groups_is_one_layer():
    mlp, full = Mlp(F=7), Attention(N=4, K=2, H=3)
    apart = model("it", D=8, V=11, blocks=[(1, [full, mlp]), (1, [full]), (2, [mlp])])
    together = model("it", D=8, V=11, blocks=[(2, [full]), (3, [mlp])])
    assert apart[P] == together[P]
    assert len(apart.stack.layers) == len(together.stack.layers) == 5


@pytest.mark.parametrize("windows", [(3, 5), (3, 3)])
def test_two_windows_have_letters_of_their_own(windows):
    groups = [(1, [Attention(N=2, K=1, H=1 + i, window=w), Mlp(F=2)]) for i, w in enumerate(windows)]
    m = model("it", D=4, V=5, blocks=groups)
    for context in (1, 3, 4, 5, 9):
        wanted = sum(2 * (1 + i) * 2 * min(context, w) for i, w in enumerate(windows))
        assert at(of_models.kept(m), m, S=context) == at(m.stack.sequence(context), m) == wanted


@pytest.mark.parametrize("sizes", [((4, 1), (4, 2)), ((4, 2), (6, 2)), ((3, 1), (6, 2)), ((4, 2), (4, 2))])
def test_two_kinds_of_experts_are_hit_each_on_their_own(sizes):
    groups = [(i + 1, [Attention(N=2, K=1, H=1), Experts(E=e, k=k_, F=2 + i)]) for i, (e, k_) in enumerate(sizes)]
    m = model("it", D=4, V=5, blocks=groups)
    always = 3 * (4 * 4 * 2 - 8 + 2 * 4) + sum((i + 1) * 4 * e for i, (e, _) in enumerate(sizes)) + 20 + 4
    for batch in (1, 3, 7):
        routed = sum((i + 1) * 3 * 4 * (2 + i) * e * (1 - (1 - Q(k_, e)) ** batch) for i, (e, k_) in enumerate(sizes))
        assert at(of_models.read(m), m, B=batch) == pytest.approx(float(always + routed), rel=1e-12)
        assert at(m.stack.reads["weights"], m, B=batch) == pytest.approx(float(2 * (always + routed)), rel=1e-12)


def test_models_of_one_structure_share_their_formulas():
    assert llm("llama3-8b").stack.structure == llm("llama2-70b").stack.structure
    assert llm("llama3-8b").stack.structure != llm("qwen3-8b").stack.structure
    assert decode.step(llm("llama3-8b")).expr == decode.step(llm("llama2-70b")).expr


# -- a new kind is one file
@dataclass(frozen=True)
class Linear(Kind):
    """One matrix [D, D] in place of a sublayer."""

    word = "linear"

    def text(self, at: Pass, how: Sharding) -> str:
        """One product."""
        return """
            weight linear: W_l
            In[B~d, T, D~m] W_l[D~f, J~m] -> Out[B~d, T, J~m]
        """

    def sizes(self, at: Pass) -> dict[str, Any]:
        """J is D."""
        return {"J": D}


R_low = symbol("R_low", "1", "rank of a layer in two matrices")


@dataclass(frozen=True)
class Ranked(Kind):
    """Two matrices [D, R_low] and [R_low, D] without anything between; a size that the alphabet does not have, and an option."""

    R_low: Any = R_low
    bias: bool = False

    word = "ranked"

    def text(self, at: Pass, how: Sharding) -> str:
        """Two products."""
        text = """
            weight ranked: W_a, W_b
            In[B~d, T, D~m]  W_a[D~f, R~m] -> Low[B~d, T, R~m]
            Low[B~d, T, R~m] W_b[R~m, D~f] -> Out[B~d, T, D~m]
        """
        return text + ("weight ranked: b\n b[R]\n" if self.bias else "")

    def sizes(self, at: Pass) -> dict[str, Any]:
        """R is the rank."""
        return {"R": self.R_low}


def test_a_new_kind_needs_one_class():
    m = model("it", D=8, V=11, blocks=[(2, [Attention(N=4, K=2, H=3), Linear()]), (3, [Linear(), Ranked(R_low=5, bias=True, norms=0)])])
    attention = 2 * 8 * 12 + 2 * 8 * 6
    linear, ranked = 5 * 8 * 8, 3 * 2 * 8 * 5
    assert m[P] == 2 * (attention + 8) + linear + 5 * 8 + ranked + 3 * 5 + 2 * 8 * 11 + 8
    assert m[R_low] == 5
    assert m.but(R_low=7)[P] - m[P] == 2 * 3 * (2 * 8 + 1)
    assert m[P_mm] == 2 * attention + linear + ranked + 8 * 11
    assert at(m.stack.flops(new=1), m, B=3, S=7) == 3 * (2 * (2 * attention + linear + ranked + 8 * 11) + 2 * 2 * 2 * 12 * 7)
    assert at(m.stack.parameters["linear"], m) == linear
    assert at(decode.math_time(m), m, B=3, n=1, C=1) == 3 * 2 * m[P_mm]
    assert "linear" in repr(m.stack)
    with pytest.raises(InputError, match=r"it has linear and ranked; write the formula of the model"):
        decode.step().at(m)
    sharded = Linear(norms=0).program(Sharding(data="X", model="Y", fsdp="X"))
    assert [(c.kind, c.tensor, c.axes) for c in sharded.collectives] == [("AllGather", "In", ("Y",)), ("AllGather", "W_l", ("X",))]
    assert sharded.backward().flops.expr == 2 * sharded.flops.expr


def test_two_layers_of_a_new_kind_have_letters_of_their_own():
    """A kind that says nothing of how its letters are marked is marked with its word."""
    m = model("it", D=8, V=11, blocks=[(1, [Ranked(R_low=5)]), (2, [Ranked(R_low=6)]), (3, [Ranked(R_low=7)])])
    assert m[P] == sum(n * (2 * 8 * r + 8) for n, r in ((1, 5), (2, 6), (3, 7))) + 2 * 8 * 11 + 8
    assert {s.name for s in m.stack.values} >= {"R_low", "R_low_ranked", "R_low_ranked2", "L_ranked", "L_ranked2", "L_ranked3"}
    assert [layer.name for layer in m.stack.layers][1:-2] == ["ranked", "ranked2", "ranked3"]


@dataclass(frozen=True)
class Textless(Kind):
    """Nothing but a word."""

    word = "textless"


@dataclass(frozen=True)
class Unlettered(Ranked):
    """A size without a letter."""

    taps: int = 4

    word = "unlettered"


@pytest.mark.parametrize("word", KINDS)
def test_every_kind_takes_norms(word):
    """Also one that is new: no text speaks of them."""
    for kind in (KINDS[word], Linear):
        for norms, layer_norm in ((1, False), (2, True), (3, False)):
            stored = facts(kind(norms=norms, layer_norm=layer_norm)).stored.get("norm", sp.Integer(0))
            without = facts(kind(norms=norms + 1, layer_norm=layer_norm)).stored["norm"]
            assert without - stored == D * (2 if layer_norm else 1)


def test_a_norm_of_its_own_is_counted_as_often_as_it_stands():
    """Also where it is the one that stands before the unembedding."""
    m = model("it", D=8, V=11, blocks=[(5, [FULL, DENSE, Norm()])])
    assert m[P] - tiny([(5, [FULL, DENSE])])[P] == 5 * 8
    assert [layer.name for layer in m.stack.layers if layer.kind.word == "norm"] == ["norm", "norm2"]


@pytest.mark.parametrize("norms", [{}, {"norms": 1}, {"norms": 2, "layer_norm": True}])
def test_beside_attention_there_is_one_norm(norms):
    """Attention and a parallel MLP read one norm, unless more are asked for."""
    beside, after = (tiny([(3, [FULL, Mlp(F=7, parallel=p, **norms)])]) for p in (True, False))
    assert after[P] - beside[P] == (0 if norms else 3 * 8)
    assert at(beside.stack.parameters["norm"], beside) == 3 * 8 + 8 + 3 * 8 * {0: 0, 1: 1, 2: 4}[norms.get("norms", 0)]
    assert beside[P_mm] == after[P_mm]


def test_sizes_of_numpy_are_sizes():
    whole = np.int64
    attention = Attention(N=whole(4), K=np.int8(2), H=np.uint16(3), window=whole(5), norms=whole(2))
    m = model("tiny", D=whole(8), V=np.int32(11), blocks=[(whole(2), [attention, Mlp(F=whole(7))])], positions=whole(9))
    attention = Attention(N=4, K=2, H=3, window=5, norms=2)
    assert m.values == tiny([(2, [attention, DENSE])], positions=9).values
    assert all(type(v) is int for v in m.stack.values.values())
    assert m.but({K: whole(1)})[K] == 1


# -- what a formula assumes of the model
def formulas() -> dict[str, Callable[..., Any]]:
    """Every public formula of a model, by module and name."""
    found = {}
    for info in pkgutil.walk_packages(symroof.workloads.__path__, "symroof.workloads."):
        module = importlib.import_module(info.name)
        for name, function in vars(module).items():
            own = inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
            if own and "m" in inspect.signature(function).parameters:
                found[f"{info.name.rpartition('.')[2]}.{name}"] = function
    return found


#: What is no formula: it looks at a model, gives programs, or sets two formulas beside each other.
NO_FORMULAS = {
    "models.stack_of",
    "models.letters",
    "models.reaches",
    "models.blocks_of",
    "models.summed",
    "models.present",
    "deployment.blocks",
    "turns.turns",
}
NO_FORMULAS |= {"models.approximated", "decode.approximation", "prefill.approximation"}
NO_FORMULAS |= {"terms.cached", "terms.overheads", "models.checked", "models.with_width", "training.mlps"}
NO_FORMULAS |= {"replica.of", "replica.placed", "replica.hits_of", "estimated.estimated"}
NO_FORMULAS |= {"pretraining.rates", "deployment.prompt", "counted.time_of"}
FORMULAS = {name: f for name, f in formulas().items() if name not in NO_FORMULAS}
VALUES = {
    **BITS,
    **{B: 8, S: 1000, T: 512, n: 64, X: 2, Y: 4, Z: 2, C: 10**15, W_hbm: 3 * 10**12, M_hbm: 8 * 10**11, MFU: Q(2, 5), t_lim: 1},
    **{u_hbm: Q(9, 10), T_tile: 16, W_X: 10**11, W_Y: 10**11, A_X: 10**11, A_Z: 10**11, price: "$2/h"},
    **{lam: 1, z: 1, t_tok: 1},
}
#: Formulas that may be zero, and of which models.
NOTHING: dict[str, Callable[[Llm], bool]] = {
    "decode.state_time": lambda m: m.stack.aggregates.state == 0,
    "models.states": lambda m: m.stack.aggregates.state == 0,
    "terms.padded": lambda m: not m.stack.aggregates.routed,
    "memory.kv_per_token": lambda m: kv not in m.values,
    "room.per_token": lambda m: kv not in m.values,
}


def called(name: str, m: Llm | None) -> Any:
    """A formula of a model, in the middle of a decode step where it is asked for."""
    wanted = inspect.signature(FORMULAS[name]).parameters
    given = {"at": Pass(new=1), "scheme": "FSDP", "stage": 1}
    return FORMULAS[name](m=m, **{word: value for word, value in given.items() if word in wanted})


def evaluated(found: Cost | Bound, m: Llm) -> Any:
    """A formula at a model, and at values for everything else."""
    free = found.condition.free_symbols - {found.symbol} if isinstance(found, Bound) else found.free_symbols
    free = free | {s for f in free if isinstance(m.values.get(f), sp.Expr) for s in m.values[f].free_symbols}
    left = {s for s in free if s not in m.values} - ({found.symbol} if isinstance(found, Bound) else set())
    return found.at(m, {s: VALUES.get(s, Q(1, 3) if s in UNLESS else 3) for s in left})


def test_there_are_formulas_to_try():
    assert len(FORMULAS) > 50
    assert {"decode.step", "memory.memory", "prefill.prefill_time", "deployment.step", "pretraining.step"} <= set(FORMULAS)
    assert {"training_memory.flops_per_token", "serving.dollars_per_token"} <= set(FORMULAS)


@pytest.mark.parametrize("formula", FORMULAS)
def test_every_formula_is_of_its_model(formula):
    """With a model it has a value there, and at another model it is refused or right; without, no model but a dense one takes it."""
    known = {name: llm(name) for name in FILES}
    found = {name: called(formula, m) for name, m in known.items()}
    own = {name: evaluated(found[name], m) for name, m in known.items()}
    book = called(formula, None) if inspect.signature(FORMULAS[formula]).parameters["m"].default is None else None
    for i, (name, m) in enumerate(known.items()):
        assert isinstance(own[name], Value), name
        assert own[name].number > 0 or (own[name].number == 0 and NOTHING[formula](m)), name
        others = list(known.values())
        other = others[(i + 5) % len(others)]
        try:
            there = evaluated(found[name], other)
        except InputError as problem:
            _refused(problem, other)
            assert other.stack.structure != m.stack.structure
        else:
            assert there.number == own[other.name].number, f"{formula} of {name} is another at {other.name}"
        if book is not None and not m.stack.dense and book.free_symbols & m.values.keys():
            try:
                there = evaluated(book, m)
            except InputError as problem:
                _refused(problem, m)
            else:  # the same for every model, or of an MLP, of three matrices or of two, and the model has MLPs
                assert _same(there, own[name]) or (claimed(book) == {"mlp"} and not any(k.word == "experts" for k, _ in m.stack.structure))


def _same(one: Any, other: Any) -> bool:
    """Whether two answers are one: values, or ranges."""
    return one.number == other.number if isinstance(one, Value) else repr(one) == repr(other)


def claimed(found: Cost | Bound) -> set[str]:
    """The kinds of what a formula assumes of the model, besides the order of numbers, what cancelled and what is whole."""
    return {claim.kind for claim in (found.condition.of if isinstance(found, Bound) else found.of)} - {"order", "cancelled", "whole"}


def _refused(problem: InputError, other: Llm) -> None:
    """One sentence that names the model, and what to write instead."""
    said = str(problem)
    assert other.name in said
    assert f"write the formula of the model, e.g. decode.step(m) with m = llm({other.name!r})" in said
    assert "\n" not in said


@pytest.mark.parametrize("formula", [f for f in FORMULAS if f.startswith(("pretraining.", "memory.parameters"))])
def test_formulas_of_a_gated_mlp_are_refused_where_it_is_not(formula):
    if inspect.signature(FORMULAS[formula]).parameters["m"].default is None:
        with pytest.raises(InputError, match="dense model with a gated MLP, and gpt3-175b has an MLP of two matrices"):
            evaluated(called(formula, None), llm("gpt3-175b"))


@every_file
@pytest.mark.parametrize("approximation", [decode.approximation, prefill.approximation])
def test_the_book_is_no_approximation_of_other_models(name, approximation):
    m = llm(name)
    if m.stack.dense:
        assert approximation(m) is not None
    else:
        with pytest.raises(InputError) as problem:
            approximation(m)
        _refused(problem.value, m)


def test_two_models_of_one_name():
    """Which of the two it is evaluated at, and what to call the other."""
    shipped, own = llm("mixtral-8x7b"), model("mixtral-8x7b", D=8, V=11, blocks=[(2, [FULL, DENSE])])
    for formula, there, said in ((own, shipped, "read from mixtral-8x7b.toml"), (shipped, own, r"made by model\(\)")):
        with pytest.raises(InputError, match=f"another model called mixtral-8x7b: .* is {said}, .*; give .* a name of its own") as problem:
            decode.step(formula).at(there)
        sentence(problem.value)
    with pytest.raises(InputError, match="with m = the model"):
        decode.step(llm("deepseek-v3")).at(own)


def test_formulas_of_two_models_do_not_add():
    with pytest.raises(InputError, match="their letters mean different things"):
        decode.step(llm("mixtral-8x7b")) + decode.step(llm("deepseek-v3"))
    with pytest.raises(InputError, match=r"no model; give e\.g\. llm"):
        decode.step("llama3-8b")


@pytest.mark.parametrize("name", ["llama3-8b", "gpt3-175b", "gemma-7b", "qwen3-32b", "palm-540b"])
def test_the_book_approximates_dense_models(name):
    """The napkin formulas read the embedding, and multiply with it: an error of the embedding's share, and none of experts or heads."""
    m = llm(name)
    given = {"B": 32, "S": 2000, "n": 8, "C": 10**15, "W_hbm": 3 * 10**12}
    napkin, exact = at(decode.step(), m, **given), at(decode.step(m), m, **given)
    share = float(m[V] * m[D] / m[P])
    assert exact <= napkin * (1 + 1e-9)
    assert napkin <= exact * (1 + share) * 1.01


# -- bad input: one sentence
FULL, DENSE = Attention(N=4, K=2, H=3), Mlp(F=7)


def tiny(blocks: Any, **options: Any) -> Llm:
    return model("tiny", **{"D": 8, "V": 11, "blocks": blocks, **options})


BAD: list[tuple[Callable[[], Any], str]] = [
    (lambda: tiny([(2, [Attention(N=4, K=8, H=3), DENSE])]), "8 KV heads cannot share 4 query heads; K must divide N"),
    (lambda: tiny([(2, [FULL, Experts(E=4, k=5, F=3)])]), "k = 5 of E = 4"),
    (lambda: tiny([(0, [FULL, DENSE])]), "how often it repeats, at least once"),
    (lambda: tiny([(-1, [FULL, DENSE])]), "how often it repeats, at least once"),
    (lambda: tiny([(True, [FULL, DENSE])]), "how often it repeats"),
    (lambda: tiny([FULL, DENSE]), "no group of layers"),
    (lambda: tiny([(2, [])]), "a group of 2 layers needs layers"),
    (lambda: tiny([(2, FULL)]), "a group of 2 layers needs layers"),
    (lambda: tiny([(2, ["attention"])]), "a group of 2 layers needs layers"),
    (lambda: tiny([]), "a model needs layers"),
    (lambda: tiny([(2, [FULL, DENSE]), (1, [unembedding()])], tied=True), "is tied to the embedding already"),
    (lambda: tiny([(2, [FULL, DENSE]), (1, [unembedding()])]), "has one already; leave the second unembedding out"),
    (lambda: tiny([(2, [FULL, DENSE]), (1, [embedding()])]), "has an embedding already; leave the second one out"),
    (lambda: tiny([(2, [FULL, DENSE])], tide=True), "no option 'tide' of a model; did you mean 'tied'"),
    (lambda: tiny([(2, [FULL, DENSE])], D=0), "D = '0' is no size"),
    (lambda: tiny([(2, [FULL, DENSE])], V=2.5), "V = '2.5' is no size"),
    (lambda: tiny([(2, [FULL, DENSE])], positions=0), "positions"),
    (lambda: tiny([(2, [FULL, DENSE])], tied="yes"), "tied"),
    (lambda: tiny([(2, [Attention(N=4, K=2, H=3, name="a"), Mlp(F=7, name="a")])]), "two layers are called 'a'"),
    (lambda: tiny([(2, [FULL, Mlp(F=7, name="attention")])]), "named 'attention', and another one is called that already"),
    (lambda: tiny([(2, [FULL, Mlp(F=7, name="embedding")])]), "named 'embedding', and another one is called that already"),
    (lambda: tiny([(2, [FULL, Mlp(F=7, name="a b")])]), "'a b' cannot mark the letters of a layer"),
    (lambda: tiny([(2, [FULL, Attention(N=4, K=2, H=5, H_v=3, name="v")])]), "H_v would be 5 and 3; give the layer .* another name"),
    (lambda: tiny([(2, [Mlp(F=7, parallel=True), FULL])]), "parallel = True is beside attention, and none stands before it"),
    (lambda: tiny([(2, [FULL, DENSE]), (1, [Mlp(F=7, parallel=True)])]), "beside attention, and none stands before it"),
    (lambda: tiny([(2, [Unlettered()])]), r"unlettered: the size taps has no letter; .* name it in Unlettered\.letters"),
    (lambda: tiny([(2, [Textless()])]).stack.parameters, "Textless has no text; write its program in the sharding notation"),
    (lambda: tiny([(np.int64(0), [FULL, DENSE])]), "how often it repeats, at least once"),
    (lambda: tiny([(2, [FULL, DENSE])], D=np.float64(8)), "D = '8.0' is no size"),
    (lambda: tiny([(2, [FULL, DENSE])]).stack.flops(new=8, context=4), "8 new tokens do not fit into a context of 4"),
    (lambda: tiny([(2, [FULL, DENSE])]).but({N: 5}), "2 KV heads cannot share 5 query heads"),
    (lambda: tiny([(2, [FULL, DENSE])]).but({K: 3}), "3 KV heads cannot share 4 query heads"),
]


def unembedding() -> Kind:
    return importlib.import_module("symroof.transformer.layers").Unembedding(V=11)


def embedding() -> Kind:
    return importlib.import_module("symroof.transformer.layers").Embedding(V=11)


def sentence(problem: BaseException) -> None:
    said = str(problem)
    assert "\n" not in said
    assert 20 < len(said) < 260
    assert "Traceback" not in said


@pytest.mark.parametrize("made, said", BAD, ids=[f"{i}: {said}" for i, (_, said) in enumerate(BAD)])
def test_bad_models_are_refused_with_a_sentence(made, said):
    with pytest.raises(SymroofError, match=said) as problem:
        made()
    sentence(problem.value)


FILE = """
name = "tiny"
[sources.paper]
title = "A paper"
url = "https://example.org"
date = "2024-01"
[model]
source = "paper"
D = 8
V = 11
tied = false
[layers.attention]
kind = "attention"
N = 4
K = 2
H = 3
[layers.mlp]
kind = "mlp"
F = 7
[[blocks]]
count = 2
layers = ["attention", "mlp"]
"""
BAD_FILES = [
    (('kind = "mlp"', 'kind = "mpl"'), r"\[layers.mlp\]: there is no layer kind 'mpl'; did you mean 'mlp'"),
    (("F = 7", "F = 7\nf = 8"), r"\[layers.mlp\]: unknown key 'f'; did you mean 'F'"),
    (("H = 3", ""), r"\[layers.attention\]: key 'H' is missing: size of a head"),
    (('kind = "mlp"\n', ""), r"key 'layers.mlp.kind' is missing"),
    (('["attention", "mlp"]', '["attention"]'), r"\[layers.mlp\] stands in no block"),
    (('["attention", "mlp"]', '["attention", "mpl"]'), r"there is no \[layers.'mpl'\]; did you mean 'mlp'"),
    (("[model]", "[[model]]"), r"\[model\] is one table, not a list; write \[model\], once"),
    (("[layers.mlp]", "[[layers.mlp]]"), r"\[layers.NAME\] is one table, not a list"),
    (("[[blocks]]", "[blocks]"), r"\[\[blocks\]\] are tables in a list, not one table; write \[\[blocks\]\]"),
    (('kind = "mlp"\nF = 7', 'kind = "unembedding"'), "tiny has one already; leave the second unembedding out"),
    (('kind = "mlp"\nF = 7', 'kind = "embedding"'), "tiny has an embedding already; leave the second one out"),
    (("F = 7", "F = 7\nparallel = true\nname = 'attention'"), "named 'attention', and another one is called that already"),
    (
        ('["attention", "mlp"]', '["mlp", "attention"]\n[layers.beside]\nkind = "mlp"\nF = 7\nparallel = true'),
        r"\[layers.beside\] stands in no block",
    ),
    (('["attention", "mlp"]', "[]"), "stands in no block"),
    (('["attention", "mlp"]', '"mlp"'), r"key 'blocks\[0\].layers' is a list, not a text; write it in brackets"),
    (("count = 2", "count = 0"), r"blocks\[0\].count': '0' is not a whole number from 1"),
    (("K = 2", "K = 8"), "8 KV heads cannot share 4 query heads"),
    (("K = 2", "K = 3"), "K must divide N"),
    (("F = 7", "F = 0"), r"F = '0' is no size"),
    (("F = 7", "F = -7"), r"F = '-7' is no size"),
    (("F = 7", 'F = "7"'), r"F = '7' is no size"),
    (("F = 7", "F = true"), r"F = 'True' is no size"),
    (("F = 7", "F = 7\ngated = 1"), r"gated = '1' is neither true nor false"),
    (("F = 7", "F = 7\nnorms = -1"), r"norms = '-1' is no count"),
    (("H = 3", 'H = 3\nqk_norm = "both"'), r"qk_norm = 'both' is no norm; write 'head' or 'layer'"),
    (("H = 3", "H = 3\nwindow = 0"), r"window = '0' is no size"),
    (("tied = false", ""), "tied"),
    (("D = 8", "D = 0"), "D"),
    (("tied = false", "tied = false\nmoe = 1"), "moe"),
    (('[layers.mlp]\nkind = "mlp"\nF = 7', '[layers.mlp]\nkind = "unembedding"\nV = 11'), "already; leave the second unembedding out"),
]


@pytest.mark.parametrize("change, said", BAD_FILES, ids=[f"{i}: {b}" for i, ((_, b), _) in enumerate(BAD_FILES)])
def test_bad_files_are_refused_with_a_sentence(tmp_path, change, said):
    path = tmp_path / "tiny.toml"
    assert FILE.count(change[0]) == 1
    path.write_text(FILE.replace(*change), "utf-8")
    with pytest.raises(SheetError, match=said) as problem:
        llm(str(path))
    sentence(problem.value)
    assert "tiny.toml" in str(problem.value)


def test_a_file_is_the_model_that_python_makes(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(FILE, "utf-8")
    assert llm(str(path)).values == tiny([(2, [FULL, DENSE])]).values
    with pytest.raises(UnknownName):
        llm("tiny-that-is-not")


def test_a_step_in_letters_of_the_layers():
    """The letters of a model's own aggregates are declared where a formula shows them."""
    m = llm("gpt-oss-120b")
    assert {kv, kv_win, P_mm, P_read, P_exp} <= set(m.definitions)
    assert set(m.definitions) <= set(m.values)
    assert sp.expand(m.definitions[kv] - 2 * K * H * _letter(m, "L_full") * p_kv) == 0
    assert m[L] == 36
    assert pretraining.step(m).free_symbols & {L, _letter(m, "L_full")}


def test_help_shows_every_kind():
    shown = pydoc.plain(pydoc.render_doc(layers))
    for word, kind in KINDS.items():
        assert f"class {kind.__name__}(" in shown, word


def _letter(m: Llm, name: str) -> Any:
    return next(s for s in m.values if s.name == name)


@pytest.mark.parametrize("width", [-1, 0, "2 s", "x", [1, 2], float("nan")])
def test_a_width_that_is_none_is_refused(width):
    with pytest.raises(SymroofError):
        llm("llama3-8b").stack.stored({"mlp": width})


@pytest.mark.parametrize("blocks", [layers.Mlp(F=4), None, 3, "mlp"])
def test_blocks_that_are_no_groups_are_refused(blocks):
    with pytest.raises(SymroofError):
        model("none", D=4, V=4, blocks=blocks)


def test_a_kind_that_splits_by_heads_without_heads_is_searched():
    """A kind of a user's that is sharded as attention is, and has neither query heads nor a cache."""

    @dataclass(frozen=True)
    class Gate(Kind):
        F: Any = F
        word: ClassVar[str] = "gate"
        label: ClassVar[str] = "gate"
        split: ClassVar[str] = "attention"

        def text(self, at, how):
            return "weight gate: W_g, W_h\n In[A~d, D] W_g[D, F~m] -> Mid[A~d, F~m]\n Mid[A~d, F~m] W_h[F~m, D] -> Out[A~d, D]"

        def sizes(self, at):
            return {"A": at.tokens, "F": self.F}

    m = model("gates", D=256, V=512, blocks=[(2, [layers.Attention(N=4, K=4, H=64), Gate(F=256)])])
    assert search_serving(m, chip("h100"), context=64, chips=4).best.batch >= 1
    assert search_training(m, chip("h100"), batch=64, context=64, chips=4, tokens=10**6).best
