"""One decode step: every sequence of the batch gets one token; weights and what sequences keep are read once.

``decode.step(m)`` is the book's form, attention and then the matmuls, for any model; ``decode.bound(m)`` is the strict one, in
which everything overlaps that can. Without a model ``decode.step()`` is the book's napkin formula of a dense model, an
approximation of ``decode.step(m)``: all parameters are read and multiplied, attention is bandwidth-bound.
The assumptions: everything is sharded evenly over n chips, communication is free, nothing else takes time; routing is even
unless E_hit is given. ``decode.estimate(m)`` has what these leave out, with letters for a calibration to say how much it is.
Source: How to Scale Your Model, parts 7 and 8.
"""

from __future__ import annotations

import sympy as sp

from symroof.algebra.cost import Cost, largest, total
from symroof.algebra.symbols import W_Y, B, C, M_hbm, S, W_hbm, W_ici, X, Y, Z, n, n_axes, t_lim
from symroof.errors import InputError
from symroof.rooms import public
from symroof.solver.bound import Bound
from symroof.solver.limits import Limit
from symroof.solver.solve import solve
from symroof.workloads.models import (
    STEP,
    Model,
    approximated,
    letters,
    loaded,
    looked_at,
    multiplied,
    present,
    reaches,
    seen_time,
    stack_of,
    states,
    summed,
)
from symroof.workloads.terms import decoding

_SOURCE = "How to Scale Your Model, part 7: general step time"


def step(m: Model = None) -> Cost:
    """Decode step time [s]: attention + states + max(2 B P_mm / (nC), (P_read + E_hit P_exp) p_w / (n W_hbm)).

    Attention is the larger of reading the cache and its FLOPs, and so are states, where a model has them.
    Without a model the book's approximation: B KV / (n W_hbm) + max(2BP / (nC), P p_w / (n W_hbm)).

    >>> from symroof import llm
    >>> step(llm("mixtral-8x7b"))
    decode step  [s]  = sum of
      attention  max of
        cache  B*S*kv/(W_hbm*n)
        math   B*S*f_att/(C*n)
      MLP        max of
        math     2*B*P_mm/(C*n)
        weights  p_w*(E_hit*P_exp + P_read)/(W_hbm*n)
    """
    mlp = math_time(m) | weight_time(m)
    return present(m, {"attention": attention_time(m), "states": state_time(m), "MLP": mlp}).named("decode step", _SOURCE)


def approximation(m: Model) -> Limit:
    """The book's step as what it is for a dense model: an approximation of ``step(m)``; ``.error(...)`` says how far it is off.

    Raises InputError for a model that the book's formula does not belong to.
    """
    return approximated(step(), step(m), m)


def bound(m: Model) -> Cost:
    """No decode step is faster [s]: max(all FLOPs / (nC), all bytes / (n W_hbm)); models/measured/README.md says what it assumes."""
    flops = {"matmuls": math_time(m), "attention": seen_time(m, STEP), "states": B * states(m, STEP) / n / C}
    moved = {"weights": weight_time(m), "cache": _moved(looked_at(m)), "states": _moved(_rewritten(m))}
    return (present(m, flops).named("math") | present(m, moved).named("hbm")).named("decode bound")


def estimate(m: Model = None) -> Cost:
    """A decode step on n chips as programs run it [s]: attention, then the matmuls, collectives and overheads one after the other.

    Rates are those that are reached (``eta_hbm``, ``eta_kv`` of caches, ``eta_math``, ``eta_att``, ``eta_link``), heads, widths and
    experts are split n ways; more ways than KV heads copy the cache. Of experts those are read that even routing hits, and their
    tokens fill up tiles of ``T_tile``. Each AllReduce takes ``t_coll`` beside its bytes, each layer ``t_layer``, the step ``t_step``,
    each sequence ``t_req``. What is not bound is 1 or 0; then no more than ``bound`` is left of it but collectives and the order.

    >>> estimate()
    decode estimate  [s]  = sum of
      attention    2*B*H*L*S*p_kv*Max(K, n)/(W_hbm*eta_kv*n)
      MLP          max of
        math     2*B*P/(C*eta_math*n)
        weights  P*p_w/(W_hbm*eta_hbm*n)
      collectives  sum of
        bytes    B*D*p_a*(4*L + 1)*(n - 1)/(W_ici*eta_link*n*n_axes)
        latency  t_coll*(1 - 1/n**2)*(4*L + 1)/2
      overheads    sum of
        layers     L*t_layer
        step       t_step
        sequences  B*t_req
    """
    return decoding(m).map(lambda e: sp.factor_terms(e.xreplace(_ONE_GROUP)))


#: One group of n chips, each with all its links at the service of a collective.
_ONE_GROUP = {X: sp.Integer(1), Z: sp.Integer(1), Y: n, W_Y: W_ici * n_axes}


def attention_time(m: Model = None) -> Cost:
    """The time of attention [s]: the larger of reading the cache and 2 FLOPs a product; of the book's model the reading."""
    return present(m, {"cache": _moved(looked_at(m)), "math": seen_time(m, STEP)}, largest).named("attention")


def state_time(m: Model = None) -> Cost:
    """The time of states, read and written once [s]: the larger of bytes and FLOPs; 0 where a model keeps none."""
    return present(m, {"hbm": _moved(_rewritten(m)), "math": B * states(m, STEP) / n / C}, largest).named("states")


def math_time(m: Model = None) -> Cost:
    """The FLOPs of the matmuls of a step at full rate [s]: 2 B P_mm / (nC); 2BP / (nC) in the book."""
    return (B * multiplied(m) / n / C).named("math")


def weight_time(m: Model = None) -> Cost:
    """The time to read every weight that a step needs once [s]: (P_read + E_hit P_exp) p_w / (n W_hbm); P p_w / (n W_hbm) in the book.

    Of a model as it is stored (M_read + E_hit M_exp) / (n W_hbm).
    """
    return (loaded(m) / n / W_hbm).named("weights")


def full_hbm_time() -> Cost:
    """The time to read the whole HBM of a chip [s]: M_hbm / W_hbm, the step time of a batch that fills it."""
    return (Cost(M_hbm, "byte") / W_hbm).named("full HBM")


def memory_bound_step(m: Model = None) -> Cost:
    """The step time if only bandwidth counts [s]: what sequences keep, and the weights, over n W_hbm."""
    if m is None:
        return (attention_time() + weight_time()).named("memory-bound step")
    return bound(m)["hbm"].named("memory-bound step")


def critical_batch(m: Model = None) -> Bound:
    """The batch from which the matmuls are compute-bound, for any formats: solve(math >= weights, B).

    With experts it is in E_hit, itself a function of the batch; at sheets it is found with that.

    >>> critical_batch()
    B >= C*p_w/(2*W_hbm)
    """
    if m is None:
        return solve(math_time() >= weight_time(), B)
    return solve(math_time(m).at(n=1) >= weight_time(m).at(n=1), B)  # whatever n, also where the batch is found numerically


def throughput(m: Model = None) -> Cost:
    """Tokens per second and chip: B / (n step)."""
    return (B / step(m) / n).declare("token/s/chip").named("throughput")


def plateau(m: Model = None) -> Cost:
    """The throughput per chip once the matmuls are compute-bound; B and n cancel."""
    rest = [part for part in step(m).parts if part.name != "MLP"]
    if m is None:
        saturated = B / total([math_time(), *rest]) / n
        return saturated.map(lambda e: sp.factor(sp.together(e))).declare("token/s/chip").named("").cancelling(B, n)
    each: Cost = total([math_time(m), *rest]).at(B=1, n=1)
    return (Cost(1, "token/chip") / each).declare("token/s/chip").named("plateau").cancelling(B, n)


def kv_overtakes_math(m: Model = None) -> Bound:
    """The context from which attention takes longer than the FLOPs of the matmuls, at any batch: solve(attention >= math, S).

    Raises InputError for a model without a cache.
    """
    if not reaches(m):
        raise InputError(f"{stack_of(m).name} keeps no KV cache: what it keeps of a sequence does not grow with the context")
    return solve(attention_time(m) >= math_time(m), S)


def batch_within(m: Model = None) -> Bound:
    """The batch whose step stays within t_lim: solve(step <= t_lim, B)."""
    return solve(step(m) <= Cost(t_lim, "s", "limit"), B)


def chips_within(m: Model = None) -> Bound:
    """The chips that read the weights within t_lim, whatever the batch: solve(weights <= t_lim, n)."""
    return solve(weight_time(m) <= Cost(t_lim, "s", "limit"), n)


def frontier(m: Model = None) -> Cost:
    """The best throughput per chip at a step time of t_lim [token/s/chip]: the latency/throughput frontier over batch.

    The batch of ``batch_within`` divided by n t_lim; evaluate it with an array for t_lim. The experts that are hit depend on
    that batch, so with experts it is found numerically, together with them.
    """
    return (batch_within(m).cost / Cost(t_lim, "s") / n).declare("token/s/chip").named("frontier")


# -- helpers
def _moved(volume: Cost) -> Cost:
    """The time of the bytes of every sequence [s]."""
    return B * volume / n / W_hbm


def _rewritten(m: Model) -> Cost:
    """States are read and written once."""
    return summed(m, [2 * letters(m).state], "byte")


__all__ = public(globals())
