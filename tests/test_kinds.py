"""Every layer kind against plain loops over tokens, heads and experts: parameters, FLOPs, what a step reads, what a sequence keeps.

The kinds are found by themselves: one that has no counter in ``counting.COUNTERS``, or an option that no case tries, fails.
"""

import random
from dataclasses import dataclass, fields, replace
from fractions import Fraction as Q
from itertools import combinations, product
from math import prod
from typing import Any

import counting_others  # noqa: F401  (both register their counters)
import counting_rest  # noqa: F401
import counting_states  # noqa: F401
import pytest
import sympy as sp
from counting import COUNTERS, Counter, Run
from hypothesis import given, settings
from hypothesis import strategies as st
from second_opinion import some

from symroof.errors import InputError, ProgramError, SymroofError
from symroof.symbols import B, D, E, E_hit, L, N, S, T, X, Y, Z, k, p_a, p_conv, p_kv, p_st, p_w
from symroof.transformer.experts import experts_hit
from symroof.transformer.facts import facts
from symroof.transformer.kind import Kind, Pass
from symroof.transformer.layers import (
    KINDS,
    Adapter,
    AltUp,
    Attention,
    CompressedAttention,
    Draft,
    Embedding,
    Experts,
    GatedDeltaNet,
    HyperConnection,
    IdleExperts,
    KimiDeltaAttention,
    LatentAttention,
    LightningAttention,
    Linear,
    LinearRecurrence,
    Mamba1,
    Mamba2,
    MatrixMemory,
    Mlp,
    Norm,
    PerLayerInput,
    PerLayerTable,
    ResidualAttention,
    RoutedAttention,
    Sharding,
    ShortConvolution,
    Skip,
    Unembedding,
    Weights,
)
from symroof.transformer.stack import Layer, Stack
from symroof.transformer.view import View

WIDTHS = {p_w: 2, p_kv: 3, p_a: 5, p_st: 4, p_conv: Q(1, 2)}
WIDE = {"p_w": 2, "p_kv": 3, "p_st": 4, "p_conv": Q(1, 2)}

#: Every kind with every option in both positions.
CASES = [
    Attention(N=4, K=2, H=3),
    Attention(N=4, K=4, H=3, norms=0),
    Attention(N=6, K=1, H=2, H_v=3, norms=2, layer_norm=True),
    Attention(N=4, K=2, H=3, window=3, sinks=True),
    Attention(N=4, K=2, H=3, qkv_bias=True, out_bias=True),
    Attention(N=4, K=2, H=3, H_v=2, window=100, qkv_bias=True),
    Attention(N=4, K=2, H=3, window=1, qk_norm="head"),
    Attention(N=6, K=2, H=3, qk_norm="layer"),
    Attention(N=4, K=2, H=3, chunk=3, gate="full"),
    Attention(N=4, K=2, H=3, H_v=2, chunk=2, gate="head", qk_norm="head"),
    Attention(N=4, K=2, H=3, top=3, N_ix=2, H_ix=5, qk_norm="head"),
    Attention(N=4, K=4, H=2, top=2),
    Attention(N=4, K=2, H=3, v_from_k=True, gate="full"),
    Attention(N=4, K=2, H=3, lent=True, qk_norm="head", qkv_bias=True),
    Attention(N=6, K=2, H=3, lent=True, window=3, qk_norm="layer"),
    Attention(N=4, K=2, H=3, wide=True, norms=0, differential=True),
    Attention(N=4, K=2, H=3, H_v=2, wide=True, gate="full", window=3),
    Attention(N=4, K=4, H=2, differential=True, window=3),
    LatentAttention(N=3, R_q=5, R_kv=4, H_nope=3, H_rope=2, H_v=3, top=3, N_ix=2, H_ix=4, bias=True),
    LatentAttention(N=2, R_q=None, R_kv=4, H_nope=3, H_rope=2, H_v=3, top=2, N_ix=3, H_ix=2, gate=True, bias=True),
    LatentAttention(N=2, R_q=3, R_kv=4, H_nope=3, H_rope=2, H_v=3, top=4),
    LatentAttention(N=3, R_q=5, R_kv=4, H_nope=3, H_rope=2, H_v=3),
    LatentAttention(N=2, R_q=None, R_kv=5, H_nope=2, H_rope=1, H_v=4, norms=2),
    LatentAttention(N=2, R_q=0, R_kv=3, H_nope=2, H_rope=1, H_v=2, norms=1, layer_norm=True),
    Mlp(F=7),
    Mlp(F=7, gated=False, norms=2),
    Mlp(F=6, parallel=True),
    Mlp(F=6, parallel=True, norms=1),
    Mlp(F=6, norms=0),
    Mlp(F=5, gated=False, bias=True, layer_norm=True),
    Mlp(F=5, bias=True),
    Experts(E=4, k=2, F=3),
    Experts(E=4, k=4, F=3, gated=False, norms=0),
    Experts(E=5, k=1, F=3, shared=4, correction=True),
    Experts(E=3, k=2, F=4, shared=2, gated=False, bias=True, layer_norm=True),
    Experts(E=3, k=1, F=2, bias=True, correction=True, norms=2),
    Experts(E=4, k=2, F=3, latent=2, latent_norm=True, shared=3, shared_gate=True),
    Experts(E=4, k=3, F=2, hashed=7, latent=5, gated=False, bias=True, scales=True, norms=3),
    IdleExperts(E=4, k=2, F=3, idle=2, correction=True),
    IdleExperts(E=3, k=3, F=2, idle=5, shared=4, shared_gate=True, bias=True, scales=True, norms=0),
    IdleExperts(E=2, k=1, F=3, idle=1, gated=False, latent=3, latent_norm=True, hashed=5, layer_norm=True),
    RoutedAttention(E=4, k=2, K=2, H=3),
    RoutedAttention(E=3, k=3, K=1, H=2, norms=0),
    RoutedAttention(E=5, k=1, K=3, H=1, layer_norm=True),
    Adapter(R_ad=2, F=5),
    Adapter(R_ad=3, F=4, wide=True, norms=1, layer_norm=True),
    ShortConvolution(w_conv=3),
    ShortConvolution(w_conv=2, bias=True, norms=2, layer_norm=True),
    LinearRecurrence(N=2, D_rec=6, w_conv=4),
    LinearRecurrence(N=3, D_rec=3, w_conv=2, norms=2, layer_norm=True),
    MatrixMemory(N_kl=2, H_kl=3, H_vl=4, chunk=2),
    MatrixMemory(N_kl=3, H_kl=2, H_vl=1, chunk=6, norms=0, layer_norm=True),
    Mamba2(N_ssm=2, H_ssm=3, G_ssm=1, D_st=2, w_conv=4, chunk=2, bias=True),
    Mamba1(D_in=4, D_st=2, R_dt=1, w_conv=3, bias=True),
    Mamba2(N_ssm=4, H_ssm=3, G_ssm=2, D_st=5, w_conv=4, chunk=2),
    Mamba2(N_ssm=3, H_ssm=2, G_ssm=1, D_st=2, w_conv=2, chunk=1, conv_bias=False, norms=2),
    Mamba2(N_ssm=2, H_ssm=2, G_ssm=2, D_st=3, w_conv=3, chunk=3, gated_norm=False, layer_norm=True, norms=0),
    GatedDeltaNet(N_kl=2, N_vl=4, H_kl=3, H_vl=2, w_conv=4, chunk=2),
    GatedDeltaNet(N_kl=3, N_vl=3, H_kl=2, H_vl=5, w_conv=2, chunk=1, norms=2, layer_norm=True),
    KimiDeltaAttention(N_kl=2, H_kl=3, w_conv=4, chunk=2),
    KimiDeltaAttention(N_kl=3, H_kl=2, w_conv=2, chunk=3, full_gate=True, decays=2, norms=0),
    KimiDeltaAttention(N_kl=1, H_kl=4, w_conv=3, chunk=6, layer_norm=True),
    LightningAttention(N=2, H=3, chunk=2),
    LightningAttention(N=3, H=2, chunk=6, norms=2, layer_norm=True),
    Mamba1(D_in=4, D_st=3, R_dt=2, w_conv=4),
    Mamba1(D_in=6, D_st=2, R_dt=1, w_conv=2, conv_bias=False, inner_norms=True, norms=2, layer_norm=True),
    CompressedAttention(N=4, H=3, R_q=2, G_o=2, R_o=5, window=3),
    CompressedAttention(N=4, H=2, R_q=3, G_o=4, R_o=2, window=2, every=3, norms=2),
    CompressedAttention(N=6, H=3, R_q=2, G_o=3, R_o=3, window=4, every=2, top=2, N_ix=2, H_ix=5, layer_norm=True),
    HyperConnection(n_res=3),
    HyperConnection(n_res=2, end=True),
    HyperConnection(n_res=4, norms=1, layer_norm=True),
    AltUp(n_res=3, R_lau=2),
    AltUp(n_res=4, R_lau=3, ends=True, norms=1),
    AltUp(n_res=2, R_lau=1, layer_norm=True, norms=1),
    ResidualAttention(),
    ResidualAttention(norms=0, layer_norm=True),
    PerLayerTable(V_ple=7, D_ple=3),
    PerLayerTable(V_ple=5, D_ple=2, norms=1, layer_norm=True),
    PerLayerInput(D_ple=3),
    PerLayerInput(D_ple=2, norms=2, layer_norm=True),
    Draft(),
    Draft(norms=2, layer_norm=True),
    Weights(stored=7),
    Weights(stored=0, of="audio"),
    Weights(stored=3, of="buffer", norms=1, layer_norm=True),
    Linear(),
    Linear(norms=0),
    Linear(norms=2, layer_norm=True),
    Skip(),
    Skip(norms=1, layer_norm=True),
    Embedding(V=11),
    Embedding(V=7, positions=9),
    Embedding(V=7, positions=9, width=4),
    Embedding(V=5, width=3),
    Embedding(V=7, norms=1, layer_norm=True),
    Unembedding(V=11),
    Unembedding(V=7, tied=True),
    Unembedding(V=7, bias=True),
    Unembedding(V=7, tied=True, width=4),
    Unembedding(V=5, bias=True, width=3),
    Unembedding(V=7, tied=True, bias=True),
    Unembedding(V=7, norms=1),
    Unembedding(V=7, norms=1, layer_norm=True),
    Norm(),
    Norm(layer_norm=True),
    Norm(norms=2),
]
NEW = {"step": (1, 7), "first step": (1, 1), "prompt": (6, 6), "on a cached context": (6, 10)}


def ids(kind: Kind) -> str:
    told = [f"{f.name}={getattr(kind, f.name)}" for f in fields(kind) if f.name != "hit" and getattr(kind, f.name) not in ("", False, None)]
    return f"{kind.word}({','.join(told)})"


def counter(kind: Kind) -> type[Counter]:
    return COUNTERS[kind.word]


def at(cost, values):
    """A cost at numbers, those that it does not need left out."""
    return cost.at({s: values[s] for s in cost.free_symbols}).number


def numbers(run: Run, **ways: int) -> dict[Any, Any]:
    return {**WIDTHS, D: run.d, L: 5, B: run.batch, X: 1, Y: 1, Z: 1} | {{"X": X, "Y": Y, "Z": Z}[a]: n for a, n in ways.items()}


def passed(run: Run) -> Pass:
    return Pass(run.new, run.context, run.causal, run.last, run.absorbed)


def alone(kind: Kind) -> Stack:
    return Stack("one layer", (Layer("it", kind, sp.Integer(1)),))


every_kind = pytest.mark.parametrize("kind", CASES, ids=ids)
every_pass = pytest.mark.parametrize("new, context", NEW.values(), ids=NEW)


# -- no kind and no option goes without
@pytest.mark.parametrize("word", KINDS)
def test_a_kind_in_which_tokens_meet_says_so(word):
    f = facts(KINDS[word]())
    assert KINDS[word].meets == bool(f.cache or f.lent or f.state != 0)


@pytest.mark.parametrize("word", KINDS)
def test_every_kind_has_a_counter_and_a_case(word):
    assert word in COUNTERS, f"write a counter of {word!r} in tests/counting.py"
    assert word in {kind.word for kind in CASES}
    assert KINDS[word].word == word
    assert set(COUNTERS) <= set(KINDS), "a counter of no kind"


@pytest.mark.parametrize("word", KINDS)
def test_every_option_of_a_kind_is_tried(word):
    for f in fields(KINDS[word]):
        tried = {getattr(kind, f.name) for kind in CASES if kind.word == word}
        if f.name not in ("name", "again", *KINDS[word].follows):  # "again" is a law of its own, for all
            assert len(tried) > 1, f"no case of {word!r} tries another {f.name}"
        if isinstance(f.default, bool) and f.name != "again":
            assert tried == {True, False}, f"{word}: {f.name}"
    if word == "attention":
        assert {kind.qk_norm for kind in CASES if isinstance(kind, Attention)} == {"", "head", "layer"}


# -- what is stored
@every_kind
def test_parameters_by_tensor(kind):
    found = kind.program(at=Pass(new=1))
    stored = counter(kind).stored(kind, 6)
    sizes = {name: found.tensors[name].elements.subs({D: 6, L: 5}) for name in found.having("weight", "buffer")}
    assert sizes == {name: t.elements for name, t in stored.items()}
    for name, t in stored.items():
        role = found.role(name)
        assert (role.of if role.word == "weight" else role.word) == t.of, name


@every_kind
def test_parameters_by_class_and_buffers(kind):
    stored = counter(kind).stored(kind, 6)
    wanted: dict[str, int] = {}
    for t in stored.values():
        if t.of != "buffer":
            wanted[t.of] = wanted.get(t.of, 0) + t.elements
    assert {of: count.subs({D: 6, L: 5}) for of, count in facts(kind).stored.items()} == wanted
    assert at(alone(kind).parameters, {D: 6, L: 5}) == sum(wanted.values())
    assert at(alone(kind).buffers, {D: 6, L: 5}) == sum(t.elements for t in stored.values() if t.of == "buffer")


@every_kind
@every_pass
def test_what_is_stored_does_not_depend_on_the_pass(kind, new, context):
    """A step and a prompt are two programs of the same tensors."""
    one, other = kind.program(at=Pass(new=1)), kind.program(at=Pass(new, context))
    assert {n: one.tensors[n].elements for n in one.having("weight", "buffer")} == {
        n: other.tensors[n].elements for n in other.having("weight", "buffer")
    }


# -- FLOPs
@every_kind
@every_pass
@pytest.mark.parametrize("causal", [True, False])
def test_flops_of_a_pass(kind, new, context, causal):
    run = Run(d=6, batch=2, new=new, context=context, causal=causal)
    program = kind.program(at=passed(run))
    assert at(program.flops, numbers(run)) == sum(flops for flops, _ in counter(kind).work(kind, run).values())
    assert at(program.vector, numbers(run)) >= counter(kind).vector_flops(kind, run)
    assert at(alone(kind).flops(new, context, causal), numbers(run)) == at(program.flops, numbers(run))


@pytest.mark.parametrize("kind", [k_ for k_ in CASES if isinstance(k_, (Mlp, Experts))], ids=ids)
@every_pass
def test_gates_are_no_matmuls(kind, new, context):
    run = Run(d=6, batch=2, new=new, context=context)
    assert at(kind.program(at=passed(run)).vector, numbers(run)) == counter(kind).vector_flops(kind, run)


@pytest.mark.parametrize("kind", [k_ for k_ in CASES if isinstance(k_, LatentAttention)], ids=ids)
@every_pass
@pytest.mark.parametrize("absorbed", [True, False])
def test_latent_attention_absorbed_and_expanded(kind, new, context, absorbed):
    run = Run(d=6, batch=2, new=new, context=context, absorbed=absorbed)
    wanted = sum(flops for flops, _ in counter(kind).work(kind, run).values())
    assert at(kind.program(at=passed(run)).flops, numbers(run)) == wanted
    by_default = Run(d=6, batch=2, new=new, context=context, absorbed=new == 1)
    found = kind.program(at=Pass(new, context)).flops
    assert at(found, numbers(run)) == sum(flops for flops, _ in counter(kind).work(kind, by_default).values())


@pytest.mark.parametrize("kind", [k_ for k_ in CASES if isinstance(k_, Unembedding)], ids=ids)
def test_a_prompt_needs_logits_of_its_last_token_only(kind):
    run = Run(d=6, batch=2, new=5, context=5, last=True)
    assert at(kind.program(at=passed(run)).flops, numbers(run)) == 2 * 2 * (
        6 * kind.V if kind.width is None else 6 * kind.width + kind.width * kind.V
    )


@every_kind
def test_active_parameters_are_those_a_token_is_multiplied_with(kind):
    assert at(alone(kind).active, {D: 6, L: 5}) == counter(kind).active(kind, 6)


@every_kind
@every_pass
def test_weights_of_a_layer_before_are_used_again_and_stored_once(kind, new, context):
    """A layer that takes the weights of another stores none, multiplies and reads as much, and keeps a cache of its own."""
    run = Run(d=6, batch=3, new=new, context=context)
    again, values = replace(kind, again=True), numbers(run) | {E_hit: 1, S: context}
    assert at(alone(again).parameters, values) == 0
    own, other = (each.program(at=passed(run)) for each in (kind, again))
    assert at(own.flops, values) == at(other.flops, values)
    for fact in ("active", "reads", "cache", "state"):
        assert at(getattr(alone(kind), fact), values) == at(getattr(alone(again), fact), values), fact
    assert kind.program(at=passed(run)).having("buffer") == again.program(at=passed(run)).having("buffer")


# -- bytes
@every_kind
@pytest.mark.parametrize("context", [1, 3, 7])
def test_bytes_that_a_step_reads(kind, context):
    """Weights once, of experts those that some token uses, rows of an embedding; what sequences keep, states twice."""
    run = Run(d=6, batch=3, new=1, context=context)
    rng = random.Random(context)
    hit = len({e for _ in range(run.tokens) for e in rng.sample(range(kind.E), kind.k)}) if hasattr(kind, "hit") else 0
    wanted = 2 * counter(kind).read(kind, run, hit)
    for t in counter(kind).looked(kind, run).values():
        wanted += t.elements * WIDE[t.width] * (1 if t.of == "cache" else 2)
    assert at(alone(kind).reads, {**numbers(run), S: context, E_hit: hit}) == wanted


@every_kind
@pytest.mark.parametrize("context", [1, 3, 7])
def test_what_a_sequence_keeps(kind, context):
    run = Run(d=6, batch=1, new=1, context=context)
    kept = counter(kind).kept(kind, run)
    bytes_ = sum(t.elements * WIDE[t.width] for t in kept.values())
    assert at(alone(kind).sequence(context), numbers(run)) == bytes_
    state = sum(t.elements * WIDE[t.width] for t in kept.values() if t.of != "cache")
    assert at(alone(kind).state, numbers(run)) == state
    far = [sum(t.elements * WIDE[t.width] for t in counter(kind).kept(kind, Run(6, 1, 1, at_)).values()) for at_ in (199, 200)]
    grows = far[1] - far[0]  # once every window is full
    assert at(alone(kind).cache, numbers(run)) == grows


@every_kind
@every_pass
def test_caches_of_a_program(kind, new, context):
    """The tensors that a program calls its cache or its state are what the sequences of a batch keep."""
    run = Run(d=6, batch=3, new=new, context=context)
    found = kind.program(at=passed(run))
    names = [n for n in found.having("cache", "pending", "state", "tail") if not n.endswith("'")]
    kept = counter(kind).kept(kind, run)
    assert set(names) == set(kept)
    for name in names:
        assert found.role(name).word == kept[name].of
        read = kept | counter(kind).looked(kind, run) if new == 1 else kept
        if kind.sees().grows or new == 1:
            assert at(found.bytes(name), numbers(run)) == read[name].elements * WIDE[read[name].width]


@every_kind
@pytest.mark.parametrize("context", [1, 3, 7])
def test_a_step_moves_what_is_kept_once(kind, context):
    """Fused attention reads its cache once, whatever it is used for; a state is read and written once."""
    run = Run(d=6, batch=3, new=1, context=context)
    found = kind.program(at=passed(run))
    names = [n for n in found.having("cache", "lent", "state") if n not in found.on_chip]
    moved = sum(at(c, numbers(run)) for s in found.statements for c in s.traffic if c.name in names)
    kept = counter(kind).looked(kind, run).values()
    assert moved == sum(t.elements * WIDE[t.width] * {"cache": 1, "state": 2, "tail": 0}[t.of] for t in kept)


@pytest.mark.parametrize("kind", [k_ for k_ in CASES if isinstance(k_, Attention) and k_.chunk is None and k_.top is None], ids=ids)
@pytest.mark.parametrize("new, context", [(1, 7), (6, 6), (3, 10), (2, 10)])
def test_a_window_reads_what_its_tokens_see(kind, new, context):
    """Every key that some new token sees is read once."""
    run = Run(d=6, batch=3, new=new, context=context)
    window = context if kind.window is None else kind.window
    seen = {other for at_ in range(context - new, context) for other in range(at_ + 1) if at_ - other < window}
    traffic = [c for s in kind.program(at=passed(run)).statements for c in s.traffic if c.name in ("Keys", "Values")]
    assert sum(at(c, numbers(run)) for c in traffic) == 3 * run.batch * len(seen) * kind.K * (kind.H + (kind.H_v or kind.H))


# -- sizes at random
SIZES = st.integers(1, 4)
RANDOM = {
    "attention": st.builds(
        lambda k_, q, h, v, w, b, norm: Attention(N=k_ * q, K=k_, H=h, H_v=v, window=w, qkv_bias=b, qk_norm=norm),
        SIZES, SIZES, SIZES, st.none() | SIZES, st.none() | st.integers(1, 9), st.booleans(), st.sampled_from(["", "head", "layer"]),
    ),
    "latent attention": st.builds(LatentAttention, SIZES, st.none() | SIZES, SIZES, SIZES, SIZES, SIZES),
    "mlp": st.builds(Mlp, SIZES, gated=st.booleans(), parallel=st.booleans(), bias=st.booleans(), norms=st.integers(0, 3)),
    "experts": st.builds(
        lambda e, more, f, s, g, b: Experts(E=e + more, k=e, F=f, shared=s, gated=g, bias=b),
        SIZES, st.integers(0, 3), SIZES, st.none() | SIZES, st.booleans(), st.booleans(),
    ),
    "mamba-2": st.builds(
        lambda g, r, p_, m, c, u, b: Mamba2(N_ssm=g * r, H_ssm=p_, G_ssm=g, D_st=m, w_conv=c, chunk=u, conv_bias=b),
        SIZES, SIZES, SIZES, SIZES, st.integers(2, 4), st.sampled_from([1, 2, 3, 6]), st.booleans(),
    ),
    "gated delta net": st.builds(
        lambda g, r, p_, i, c, u: GatedDeltaNet(N_kl=g, N_vl=g * r, H_kl=p_, H_vl=i, w_conv=c, chunk=u),
        SIZES, SIZES, SIZES, SIZES, st.integers(2, 4), st.sampled_from([1, 2, 3, 6]),
    ),
    "kimi delta attention": st.builds(
        lambda n_, h, c, u, f, a: KimiDeltaAttention(N_kl=n_, H_kl=h, w_conv=c, chunk=u, full_gate=f, decays=a),
        SIZES, SIZES, st.integers(2, 4), st.sampled_from([1, 2, 3, 6]), st.booleans(), st.integers(0, 5),
    ),
    "lightning attention": st.builds(LightningAttention, SIZES, SIZES, st.sampled_from([1, 2, 3, 6])),
    "mamba-1": st.builds(Mamba1, SIZES, SIZES, SIZES, st.integers(2, 4), st.booleans(), st.booleans()),
    "compressed attention": st.builds(
        lambda g, q, h, r, o, w, m: CompressedAttention(N=g * q, H=h, R_q=r, G_o=g, R_o=o, window=w, every=m),
        SIZES, SIZES, SIZES, SIZES, SIZES, st.integers(1, 9), st.none() | SIZES,
    ),
    "hyper-connection": st.builds(HyperConnection, SIZES, st.booleans()),
    "alternating updates": st.builds(AltUp, st.integers(2, 4), SIZES, st.booleans()),
    "residual attention": st.builds(ResidualAttention),
    "short convolution": st.builds(ShortConvolution, st.integers(2, 5), st.booleans()),
    "linear recurrence": st.builds(lambda n_, r, c: LinearRecurrence(N=n_, D_rec=n_ * r, w_conv=c), SIZES, SIZES, st.integers(2, 5)),
    "matrix memory": st.builds(MatrixMemory, SIZES, SIZES, SIZES, st.sampled_from([1, 2, 3, 6])),
    "adapter": st.builds(Adapter, SIZES, SIZES, st.booleans()),
    "idle experts": st.builds(
        lambda e, more, f, s, i: IdleExperts(E=e + more, k=e, F=f, shared=s, idle=i),
        SIZES, st.integers(0, 3), SIZES, st.none() | SIZES, SIZES,
    ),
    "routed attention": st.builds(
        lambda e, more, k_, h: RoutedAttention(E=e + more, k=e, K=k_, H=h), SIZES, st.integers(0, 3), SIZES, SIZES
    ),
    "per-layer table": st.builds(PerLayerTable, SIZES, SIZES),
    "per-layer input": st.builds(PerLayerInput, SIZES),
    "draft": st.builds(Draft),
    "weights": st.builds(Weights, st.integers(1, 9), of=st.sampled_from(["vision", "buffer"])),
    "linear": st.builds(Linear, norms=st.integers(0, 2), layer_norm=st.booleans()),
    "skip": st.builds(Skip, norms=st.integers(0, 2)),
    "embedding": st.builds(Embedding, SIZES, st.none() | SIZES),
    "unembedding": st.builds(Unembedding, SIZES, st.booleans(), st.booleans()),
    "norm": st.builds(Norm, layer_norm=st.booleans(), norms=st.integers(1, 3)),
}  # fmt: skip
RUNS = st.builds(
    lambda d, b, at_, causal: Run(d, b, *at_, causal=causal),
    st.integers(1, 5), st.integers(1, 3), st.sampled_from([(1, 1), (1, 5), (6, 6), (6, 8), (6, 13)]), st.booleans(),
)  # fmt: skip


@pytest.mark.parametrize("word", KINDS)
def test_random_sizes(word):
    @settings(max_examples=some(30))
    @given(RANDOM[word], RUNS)
    def law(kind, run):
        of, values = counter(kind), numbers(run)
        program = kind.program(at=passed(run))
        assert {n: program.tensors[n].elements.subs({D: run.d, L: 5}) for n in program.having("weight", "buffer")} == {
            n: t.elements for n, t in of.stored(kind, run.d).items()
        }
        assert at(program.flops, values) == sum(flops for flops, _ in of.work(kind, run).values())
        whole = Run(run.d, 1, 1, run.context)
        kept = sum(t.elements * WIDE[t.width] for t in of.kept(kind, whole).values())
        assert at(alone(kind).sequence(run.context), values) == kept

    law()


# -- over chips
SHARDINGS = {
    "one chip": Sharding(),
    "data": Sharding(data="X"),
    "tensor": Sharding(model="Y"),
    "tensor over two axes": Sharding(model="YZ"),
    "data and tensor": Sharding(data="X", model="Y"),
    "fsdp": Sharding(data="X", fsdp="X"),
    "fsdp and tensor": Sharding(data="X", model="Y", fsdp="X"),
    "cache over its batch": Sharding(data="X", model="Y", cache="Z"),
    "cache over its context": Sharding(data="X", model="Y", sequence="Z"),
    "context": Sharding(data="X", model="Y", context="Z"),
    "experts on the axis of data": Sharding(data="X", model="Y", experts="X"),
    "experts on an axis of their own": Sharding(data="X", model="Y", experts="Z"),
    "experts on one of two axes of data": Sharding(data="XZ", model="Y", experts="Z"),
}


def axes_of(how: Sharding, ways: str) -> str:
    """The mesh axes of some fields of a sharding, each once."""
    return "".join(dict.fromkeys("".join(getattr(how, f) for f in ways.split())))


def slices(dims, how: Sharding, mesh: dict[str, int]):
    """How many elements of a tensor each chip holds: its block of every dimension, index by index."""
    for chip in product(*(range(n) for n in mesh.values())):
        place = dict(zip(mesh, chip, strict=True))
        held = 1
        for size, ways in dims:
            axes = axes_of(how, ways)
            block, rank = size // prod(mesh[a] for a in axes), 0
            for a in axes:
                rank = rank * mesh[a] + place[a]
            held *= sum(1 for i in range(size) if i // block == rank)
        yield held


def divisible(word: str, mesh: dict[str, int], many: int) -> Kind:
    """A kind whose sizes the axes of a mesh divide."""
    x, y, z = mesh.values()
    return {
        "attention": Attention(
            N=y * z * z, K=y * z, H=2, H_v=many, window=(None, 2 * z)[many % 2], qkv_bias=True, sinks=True, qk_norm="layer", gate="full"
        ),
        "latent attention": LatentAttention(N=y * z, R_q=(None, 3)[many % 2], R_kv=2, H_nope=many, H_rope=1, H_v=2),
        "mlp": Mlp(F=y * z * many, bias=True, parallel=False),
        "experts": Experts(E=x * z * many, k=1, F=y * z, shared=y * z, bias=True, correction=True),
        "mamba-2": Mamba2(N_ssm=y * z * many, H_ssm=2, G_ssm=y * z, D_st=many, w_conv=3, chunk=1),
        "gated delta net": GatedDeltaNet(N_kl=y * z, N_vl=y * z * many, H_kl=2, H_vl=3, w_conv=2, chunk=1),
        "kimi delta attention": KimiDeltaAttention(N_kl=y * z, H_kl=many, w_conv=3, chunk=1, full_gate=many == 2),
        "lightning attention": LightningAttention(N=y * z, H=many, chunk=1),
        "mamba-1": Mamba1(D_in=y * z * many, D_st=2, R_dt=3, w_conv=2, inner_norms=True),
        "compressed attention": CompressedAttention(
            N=y * z * z, H=2, R_q=3, G_o=y * z, R_o=many, window=2 * z, every=z, top=9, N_ix=many, H_ix=3
        ),
        "hyper-connection": HyperConnection(n_res=many),
        "alternating updates": AltUp(n_res=2, R_lau=many),
        "residual attention": ResidualAttention(),
        "short convolution": ShortConvolution(w_conv=3, bias=True),
        "linear recurrence": LinearRecurrence(N=y * z, D_rec=y * z * many, w_conv=2),
        "matrix memory": MatrixMemory(N_kl=y * z, H_kl=many, H_vl=2, chunk=1),
        "adapter": Adapter(R_ad=many, F=y * z, wide=many == 2),
        "idle experts": IdleExperts(E=x * z * many, k=1, F=y * z, shared=y * z, idle=many, correction=True),
        "routed attention": RoutedAttention(E=many + 1, k=many, K=y * z, H=2),
        "per-layer table": PerLayerTable(V_ple=many, D_ple=3),
        "per-layer input": PerLayerInput(D_ple=many),
        "draft": Draft(),
        "weights": Weights(stored=many),
        "linear": Linear(),
        "skip": Skip(),
        "embedding": Embedding(V=many, positions=3, width=(None, 2)[many % 2]),
        "unembedding": Unembedding(V=y * z * many, bias=True, width=(None, 3)[many % 2]),
        "norm": Norm(),
    }[word]


@pytest.mark.parametrize("word", KINDS)
@pytest.mark.parametrize("how", SHARDINGS.values(), ids=SHARDINGS)
def test_every_chip_does_its_share(word, how):
    """FLOPs and what is held of weights and caches, per chip: whatever is not split is copied and counted as such."""

    @settings(max_examples=some(8))
    @given(st.tuples(*[st.integers(1, 3)] * 3), st.integers(1, 2), st.sampled_from(["step", "prompt", "cached"]))
    def law(ways, many, phase):
        mesh = dict(zip("XYZ", ways, strict=True))
        x, y, z = ways
        kind, new = divisible(word, mesh, many), 1 if phase == "step" else 2 * z
        if new == 1 and how.context:
            new = z
        context = new + {"step": 3 * z, "prompt": 0, "cached": 3 * z}[phase] if new > 1 else 4 * z
        run = Run(x * y * z, x * z, new, context)
        values = numbers(run, **mesh)
        program = kind.program(how, passed(run))
        work = counter(kind).work(kind, run)
        share = sum(Q(flops, prod(mesh[a] for a in axes_of(how, over))) for flops, over in work.values())
        assert at(program.flops, values) == share
        tensors = counter(kind).stored(kind, run.d) | (counter(kind).kept(kind, run) if _whole_cache(kind, run) else {})
        for name, t in tensors.items():
            held = set(slices(t.dims, how, mesh))
            width = 4 if t.of == "buffer" else WIDE[t.width]
            assert {at(program.bytes(name), values) / Q(width)} == held, name

    law()


def _whole_cache(kind, run):
    """A window's cache is what a step finds; a prompt reads more of it."""
    return getattr(kind, "window", None) is None or run.new == 1


@pytest.mark.parametrize("word", KINDS)
@pytest.mark.parametrize("how", SHARDINGS.values(), ids=SHARDINGS)
def test_no_tensor_moves_for_free(word, how):
    """A tensor is read with the sharding that it was made with: another one needs a statement, and so a collective."""
    kinds = {f"{type(c)}{c.program().having('weight')}{c.program().inputs}": c for c in CASES if c.word == word}  # one for each text
    for kind, at_ in product(kinds.values(), (Pass(new=1), Pass(), Pass(absorbed=True))):
        seen: dict[str, Any] = {}
        for s in kind.program(how, at_).statements:
            for t in (*s.operands, s.out):
                if t.name != "In":  # an input may come whole, or as the output of the layer before
                    assert seen.setdefault(t.name, t).dims == t.dims, t.name


def test_what_is_no_sharding_is_refused():
    with pytest.raises(ProgramError, match="Sharding"):
        Mlp().program("X")  # type: ignore[arg-type]
    with pytest.raises(ProgramError, match="give one"):
        Sharding(cache="Z", context="X")


# -- laws
@settings(max_examples=some(60))
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 3))
def test_experts_hit_is_the_mean_over_all_routings(experts, used, tokens):
    """Every choice of k of E experts is as likely as another, for every token by itself."""
    if used > experts or len(list(combinations(range(experts), used))) ** tokens > 3000:
        return
    choices = list(combinations(range(experts), used))
    sizes = [len(set().union(*picked)) for picked in product(choices, repeat=tokens)]
    kind = Experts(E=experts, k=used, F=2)
    wanted = Q(sum(sizes), len(sizes))
    assert Q(str(experts_hit(kind, tokens))) == wanted
    if tokens:
        (definition,) = [e for s, e in alone(kind).definitions.items() if s == E_hit]
        assert Q(str(definition.subs({B: tokens, E: experts, k: used}))) == wanted


def test_experts_hit_by_chance():
    rng = random.Random(7)
    kind, trials = Experts(E=64, k=6, F=2), 4000
    total = sum(len({e for _ in range(20) for e in rng.sample(range(64), 6)}) for _ in range(trials))
    assert total / trials == pytest.approx(float(experts_hit(kind, 20)), rel=3e-3)


@settings(max_examples=some(150))
@given(st.integers(1, 40), st.integers(0, 40), st.none() | st.integers(1, 50))
def test_pairs_are_the_sum_over_new_tokens(new, cached, window):
    """The i-th token of a sequence sees min(i, W) tokens."""
    context, view = new + cached, View(window=window)
    wanted = sum(i if window is None else min(i, window) for i in range(cached + 1, context + 1))
    assert Pass(new, context).pairs(view).doit() == wanted
    symbolic = Pass(T, S).pairs(view)
    assert symbolic.subs({T: new, S: context}).doit() == wanted
    assert Pass(new, context, causal=False).pairs(view).doit() == new * (context if window is None else min(window, context))
    if window is not None and cached == 0 and new >= window:
        assert Pass(new, context).pairs(view).doit() == new * window - window * (window - 1) // 2


@settings(max_examples=some(150))
@given(st.integers(0, 4), st.integers(0, 4), st.integers(1, 9))
def test_pairs_inside_chunks(new, cached, chunk):
    """The i-th token sees what its chunk has up to it; whole chunks of new tokens over whole chunks, and on average in a step."""
    new, cached, view = (new + 1) * chunk, cached * chunk, View(chunk=chunk)
    seen = [i % chunk + 1 for i in range(cached, cached + new)]
    assert Pass(new, cached + new).pairs(view).doit() == sum(seen)
    assert Pass(1, cached + new + chunk).pairs(view).doit() == Q(sum(seen), len(seen))
    assert Pass(1, cached + new).held(view).doit() == max(seen)


@settings(max_examples=some(150))
@given(st.integers(1, 30), st.integers(0, 30), st.integers(1, 5), st.none() | st.integers(1, 9))
def test_pairs_with_entries_that_stand_for_several_tokens(new, cached, every, top):
    """One entry for each ``every`` tokens, the last one in part: i/m entries, of them at most the best few."""
    view, context = View(every=every, top=top), new + cached
    seen = [Q(i, every) if top is None else min(Q(i, every), top) for i in range(1, context + 1)]
    assert Q(str(Pass(new, context).pairs(view).doit())) == sum(seen[cached:])
    assert Q(str(Pass(1, context).pairs(view).doit())) == seen[-1]
    assert Q(str(Pass(1, context).held(view).doit())) == Q(context, every)


@settings(max_examples=some(80))
@given(
    st.builds(LatentAttention, SIZES, st.just(2), st.integers(2, 40), st.integers(1, 20), st.integers(1, 6), st.integers(1, 20)),
    st.integers(1, 60),
    st.integers(0, 2000),
)
def test_expanding_beats_absorbing_where_the_theory_says(kind, new, cached):
    """T > S R (n+v) / (R (n+v) + S (2R - n - v)), if every new token sees every cached one."""
    context, r, nv = new + cached, kind.R_kv, kind.H_nope + kind.H_v
    run = Run(3, 1, new, context)
    expanded, absorbed = (at(kind.program(at=Pass(new, context, causal=False, absorbed=a)).flops, numbers(run)) for a in (False, True))
    assert (expanded < absorbed) == (new * (r * nv + context * (2 * r - nv)) > context * r * nv)


@pytest.mark.parametrize("r, nv, first", [(512, 256, 171), (512, 448, 399)], ids=["DeepSeek-V3", "values of 256"])
def test_expanding_pays_from_how_many_new_tokens(r, nv, first):
    """At a long context: T > R(n+v)/(2R-n-v), 170.7 in DeepSeek-V3."""
    kind = LatentAttention(N=4, R_q=3, R_kv=r, H_nope=nv // 2, H_rope=64, H_v=nv - nv // 2)

    def cheaper(new):
        flops = [at(kind.program(at=Pass(new, 10**9, absorbed=a)).flops, numbers(Run(3, 1, new, 10**9))) for a in (False, True)]
        return flops[0] < flops[1]

    assert [cheaper(first - 1), cheaper(first)] == [False, True]


@pytest.mark.parametrize("new", [2, 7, 50])
def test_from_scratch_expanding_always_wins(new):
    kind = LatentAttention(N=128, R_q=1536, R_kv=512, H_nope=128, H_rope=64, H_v=128)
    flops = [at(kind.program(at=Pass(new, new, absorbed=a)).flops, numbers(Run(64, 1, new, new))) for a in (False, True)]
    assert flops[0] < flops[1]


@pytest.mark.parametrize(
    "kind", [k_ for k_ in CASES if k_.word not in ("mamba-1", "linear recurrence") and getattr(k_, "N_ix", None) is None], ids=ids
)  # not matmuls only
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("how", ["one chip", "fsdp and tensor", "data"])
def test_the_backward_pass_has_twice_the_flops(kind, causal, how):
    """Every product needs two: the gradient of each side; a lookup and a norm need none."""
    forward = kind.program(SHARDINGS[how], Pass(S, S, causal=causal))
    run = Run(6, 2, 6, 6, causal=causal)
    values = {**numbers(run), S: 6, T: 6}
    backward = forward.backward()
    if how == "one chip":
        assert at(backward.flops, values) == 2 * sum(flops for flops, _ in counter(kind).work(kind, run).values())
    # a router and a low rank are copied over model axes, but each chip needs its slice of the gradient of the input only
    names = ("Router", "Fs", "Ls", "Low", "Open", "Ends", "Lifted", "Score")
    copied = sum((s.flops.expr for s in forward.statements if s.out.name in names), sp.Integer(0))
    inputs = ("dIn", "dFlat", "dBoth")
    slices = sum((s.flops.expr for s in backward.statements if s.operands[0].name[1:] in names and s.out.name in inputs), sp.Integer(0))
    twice = 2 * forward.flops.expr - copied + slices
    assert sp.expand(backward.flops.expr - twice) == 0
    assert sp.expand(forward.training("block").flops.expr - 2 * forward.flops.expr - twice) == 0 or not forward.statements


def test_a_causal_prompt_has_half_the_attention_flops():
    kind = Attention(N=4, K=2, H=3)
    causal, full = (sum(kind.program(at=Pass(S, S, causal=c))[n].flops.expr for n in ("Scores", "Att")) for c in (True, False))
    assert sp.limit(causal / full, S, sp.oo) == sp.Rational(1, 2)
    assert sp.simplify(causal / full - (S + 1) / (2 * S)) == 0


def test_letters_stay_letters():
    """A kind without numbers is in the alphabet's letters."""
    found = Attention().program(at=Pass(new=1)).flops.expr
    assert N in found.free_symbols
    assert sp.expand(found - found.subs(S, 0)) == Attention().program(at=Pass(new=1))["Scores"].flops.expr * 2


# -- what cannot be meant: one sentence with its cure
REFUSED = [
    (lambda: Attention(N=4, K=8, H=3), "8 KV heads cannot share 4 query heads; K must divide N"),
    (lambda: Attention(N=6, K=4, H=3), "4 KV heads cannot share 6 query heads; K must divide N"),
    (lambda: Attention(N=6, K=0, H=3), "K"),
    (lambda: Attention(N=4, K=2, H=-3), "H = '-3' is no size; give a whole number or a letter"),
    (lambda: Attention(N=4, K=2, H=0), "H"),
    (lambda: Attention(N=4, K=2, H=3, window=0), "window"),
    (lambda: Attention(N=4, K=2, H=3, qk_norm="both"), "qk_norm"),  # type: ignore[arg-type]
    (lambda: Attention(N=4, K=2, H=2.5), "H"),  # type: ignore[arg-type]
    (lambda: Attention(N=4, K=2, H="3"), "H"),  # type: ignore[arg-type]
    (lambda: Attention(N=4, K=2, H=3, norms=-1), "norms"),
    (lambda: Attention(N=4, K=2, H=3, sinks=2), "sinks"),  # type: ignore[arg-type]
    (lambda: Experts(E=4, k=5, F=3), "k = 5 of E = 4 experts; k is 1 to E"),
    (lambda: Experts(E=4, k=0, F=3), "k"),
    (lambda: Experts(E=4, k=2, F=3, shared=0), "shared"),
    (lambda: Mamba2(N_ssm=4, H_ssm=3, G_ssm=3, D_st=5, w_conv=4, chunk=2), "3 groups cannot share 4 heads; G_ssm must divide N_ssm"),
    (lambda: Mamba2(N_ssm=4, H_ssm=3, G_ssm=2, D_st=5, w_conv=1, chunk=2), "w_conv"),
    (lambda: Mlp(F=sp.Integer(7)), "F"),
    (lambda: Pass(new=8, context=4), "8 new tokens .* context of 4"),
    (lambda: Pass(new=0, context=4), "new"),
    (lambda: Mlp(F=7).program(at=Pass(new=8, context=4)), "8 new tokens .* context of 4"),
]


@pytest.mark.parametrize("made, said", REFUSED, ids=[said for _, said in REFUSED])
def test_bad_sizes_are_refused_with_a_sentence(made, said):
    with pytest.raises(SymroofError, match=said) as problem:
        made()
    assert "\n" not in str(problem.value)
    assert len(str(problem.value)) < 200


@pytest.mark.parametrize("new, context", [(4, 4), (1, S), (T, S), (T, 4), (1, 1), (S, S)])
def test_passes_that_are_fine(new, context):
    assert Pass(new, context).pairs() is not None


# -- a kind is one file
@dataclass(frozen=True)
class Odd(Kind):
    """A kind that nobody counts."""

    word = "odd"


def test_a_kind_without_a_counter_is_noticed(monkeypatch):
    monkeypatch.setitem(KINDS, "odd", Odd)
    with pytest.raises(AssertionError, match="write a counter of 'odd'"):
        test_every_kind_has_a_counter_and_a_case("odd")
    with pytest.raises(InputError):
        Attention(N=4, K=3)
