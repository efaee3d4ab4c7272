"""The times of a replica under load: per output token, to the first token, end to end; and how many sequences run.

One condition is the law of it. A token waits for a step: a + b z + b lam g t_tok of decoding, for lam g t_tok sequences run
(Little), and lam t_pre t_tok of the prompts that come meanwhile; the step has to be done before the next token is due::

    a + b z + lam (t_pre + b g) t_tok <= t_tok        and, where arithmetic binds, the same with 0 and c in place of a and b

``solve`` of it for t_tok is the time per token, for lam the highest rate at a limit, for a price, a bandwidth or an acceptance rate
where that pays. z = 0 is the mean over steps; a token sees itself and the spread of arrivals, see ``replica.traffic``.
Prompts are read in the next step, together with the decoding, or, ``whole``, by themselves and first.
"""

from __future__ import annotations

import sympy as sp

from symroof.algebra.bind import Given
from symroof.algebra.claims import Claims, solved
from symroof.algebra.cost import Condition, Cost, quantity, total
from symroof.algebra.symbols import B, busy, c_a2, g, lam, t_api, t_tok, z
from symroof.algebra.units import Unit
from symroof.rooms import public
from symroof.solver.bound import Bound
from symroof.workloads.load.replica import Replica, Served, of
from symroof.workloads.load.tags import Tag

#: Poisson arrivals by how much: 0 where requests come at a steady rate, 1 of any larger spread too.
_RANDOM = sp.Min(c_a2, 1, evaluate=False)


def law(served: Served = None) -> Condition:
    """The law of a load: ``a + b z + lam (t_pre + b g) t_tok <= t_tok``, and where arithmetic binds ``c z + lam (t_pre + c g) t_tok``.

    The experts that a step hits are those that lam g t_tok sequences hit.

    >>> law()
    a + b*g*lam*t_tok + b*z + lam*t_pre*t_tok <= t_tok
    """
    r = of(served).at_limit
    return r.taken(lam * g * t_tok) <= Cost(t_tok, "s", "limit")


@Tag("approximate", "stationary arrivals, steps short against a request", (0.01, 0.04))
def token_time(served: Served = None) -> Bound:
    """The time per output token after the first [s]: solve(law, t_tok); beyond the highest rate there is none.

    >>> token_time()
    t_tok >= (a + b*z)/(1 - lam*(b*g + t_pre))   when 1 > lam*(b*g + t_pre)
    """
    return of(served).at_limit.solved(law, t_tok)


@Tag("approximate", "stationary arrivals, steps short against a request", (0.02, 0.06))
def running(served: Served = None) -> Cost:
    """Sequences that run on average [token]: lam g t_tok, Little's law; the experts that they hit are found with them.

    >>> running()
    g*lam*(a + b*z)/(1 - lam*(b*g + t_pre))  [token]
    """
    return _running(of(served))


@Tag("exact", "any arrivals and lengths, as long as memory binds and there is something to do")
def step_time(served: Served = None) -> Cost:
    """The mean time of a step, with the prompts that are read before or in it [s]: a / (1 - lam (t_pre + b g)).

    >>> step_time()
    a/(1 - lam*(b*g + t_pre))  [s]
    """
    r = of(served)
    return r.formula(r.fixed.expr / (1 - r.load), "s", "step").claiming(_claims(r, mean=True))


@Tag("approximate", "Poisson arrivals, prompts short against an answer", (0.01, 0.05))
def idle(served: Served = None) -> Cost:
    """The share of time in which there is nothing to do [1]: (1 - u)(1 - x_d)^r; u = lam t_pre, x_d = lam b g / (1 - u), r = a/b + 1."""
    r = of(served)
    return r.formula(r.idle, "1", "idle").claiming(_claims(r, mean=True))


@Tag("approximate", "arrivals up to Poisson's; c_a2 = 4 is 4 to 6 and 11 to 16 % off", (0.009, 0.04))
def first_token(served: Served = None, whole: bool = False) -> Cost:
    """The time to the first token [s]: what is left of a step, and the step that reads the prompt, held up by others.

    An arrival meets a long step more often than a short one, and a long step collects more arrivals, which make the next one long:
    L = s + (v + t_pre^2 lam s c_a2) / ((1 - u^2) s) with the mean step s and v = b^2 Var B. So busy L/2 of what is left of a step, and
    a + b B + t_pre (1 + lam busy L) of the next; at a steady rate one step and a half, and the prefill.
    ``whole``: prompts are read by themselves and first, an M/G/1 queue with decode steps s_d as vacations:
    t_pre + c_a2 u t_pre / (2 (1 - u)) + (1 - (1 - busy)/(1 - u)) (s_d + v/s_d) / 2; at a steady rate nothing queues.
    A server may take ``t_api`` for a request beside its steps.
    """
    r = of(served, whole)
    parts = {**(_whole(r) if whole else _mixed(r)), "server": t_api}
    return total(r.formula(expr, "s", name) for name, expr in parts.items()).named("first token").claiming(_running(r).of)


@Tag("approximate", "arrivals up to Poisson's; c_a2 = 4 is 2 and 11 % off", (0.006, 0.032))
def token_time_of_request(served: Served = None, whole: bool = False) -> Cost:
    """The time per output token that a request sees [s]: t_tok, and the prompts that came while its own was read, spread over g tokens."""
    r = of(served, whole)
    runs, first = _running(r), first_token(r, whole).expr
    u, own = lam * r.prompt.expr, runs.expr / (lam * g)
    if whole:
        held = _RANDOM * u * (first / (1 - u) - own) + (1 - _RANDOM) * (u * first - r.prompt.expr / 2)
    else:
        step = r.decodes(runs.expr) + r.prompt.expr * (1 + lam * busy * _met(r))
        held = _RANDOM * u / (1 - u) * (step - own)
    parts = {"steps": own, "prompts": held / g}
    return total(r.formula(expr, "s", name) for name, expr in parts.items()).named("time per token").claiming(runs.of)


@Tag("approximate", "arrivals up to Poisson's; c_a2 = 4 is 2 and 9 % off", (0.011, 0.043))
def end_to_end(served: Served = None, whole: bool = False) -> Cost:
    """The time of a request from its arrival to its last token [s]: to the first token, and g more."""
    more = (token_time_of_request(served, whole) * Cost(g, "token")).declare("s").named("other tokens")
    return (first_token(served, whole) + more).named("end to end")


@Tag("exact", "Little's law, given the time to the first token")
def waiting(served: Served = None, whole: bool = False) -> Cost:
    """Requests that are not decoding yet, those whose prompt is being read among them [request]: lam times the time to the first token."""
    return (Cost(lam, "request/s") * first_token(served, whole)).declare("request").named("waiting")


# -- helpers
def _sequences(r: Replica) -> Condition:
    """The law about the sequences that run: they are those that come while their tokens are made."""
    arrived = r.taken(B) * Cost(lam, "request/s") * Cost(g, "token/request")
    return arrived.declare("token") <= Cost(B, "token")


def _running(r: Replica) -> Cost:
    """The sequences that run."""
    return quantity(r.solved(_sequences, B).expr, Unit.of("token"), "running").claiming(_claims(r))


def _claims(r: Replica, mean: bool = False) -> Claims:
    """That the rate is below the highest, and that experts are hit by the sequences that run, or one; with ``mean``, over steps."""
    if not r.hits:
        return r.of | {r.stable}
    found = r.solved(_sequences, B)
    least = (Cost(1, "token") | found.condition.left) <= Cost(B, "token")
    return r.of | {r.stable, solved(found.of_condition(least.put(Given({}, {z: sp.Integer(0)})) if mean else least))}


def _uneven(r: Replica) -> sp.Expr:
    """The variance of a decode step over its mean [s]: b^2 r x_d/(1 - x_d)^2, of a negative binomial with r = a/b + 1, over a/(1 - x_d)."""
    return lam * g * r.each.expr**2 * (r.fixed.expr + r.each.expr) / (r.fixed.expr * (1 - r.load))


def _whole(r: Replica) -> dict[str, sp.Expr]:
    u, prompt = lam * r.prompt.expr, r.prompt.expr
    bursts = sp.exp((1 - u) * sp.Min(0, 1 / sp.Max(c_a2, 1, evaluate=False) - 1, evaluate=False))
    step = r.fixed.expr * (1 - u) / (1 - r.load)
    return {
        "prefill": prompt,
        "queue": c_a2 * u * prompt / (2 * (1 - u)) * bursts,
        "step": (1 - _RANDOM * (1 - busy) / (1 - u)) * (step + _RANDOM * _uneven(r)) / 2,
    }


def _mixed(r: Replica) -> dict[str, sp.Expr]:
    decode, prompt, met = r.decodes(_running(r).expr), r.prompt.expr, _met(r)
    even = sp.Max(3 * decode / 2 + prompt, 3 * r.fixed.expr / (1 - r.load) / 2, evaluate=False)
    random = {"step": busy * met / 2, "own step": decode + prompt, "others": prompt * lam * busy * met}
    return {**{name: _RANDOM * expr for name, expr in random.items()}, "even": (1 - _RANDOM) * even}


def _met(r: Replica) -> sp.Expr:
    """The step that an arrival meets, if any [s]: L, of the step a/(1 - x), uneven by its decoding and by its prompts."""
    u = lam * r.prompt.expr
    return r.fixed.expr / (1 - r.load) + _uneven(r) / (1 + u) + u * r.prompt.expr * c_a2 / (1 - u**2)


__all__ = public(globals())
