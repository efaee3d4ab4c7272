"""From where tricks of serving pay: each threshold against the two ways it stands between, on both sides, and against simulated servers."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest
from serving_simulation import Server, gaps_of, lengths_of, serve

from symroof import apart, batching, caching, drafting, latency, rates, replica, spreading
from symroof.algebra.value import as_span
from symroof.solver.bound import Bound
from symroof.symbols import G, g

SIDES = 60


def inside(found: Any, x: float, bound: Bound) -> bool:
    """Whether a number lies where a threshold at values holds."""
    return any(low <= x <= high for low, high in as_span(bound.symbol, found).intervals)


def draw(rng: random.Random, names: str) -> dict[str, float]:
    """Letters over some decades."""
    wide = {
        "a": (3e-3, 3e-2),
        "b": (1e-6, 1e-3),
        "c": (1e-6, 1e-3),
        "a_0": (1e-4, 2e-3),
        "a_2": (3e-3, 3e-2),
        "b_2": (1e-6, 1e-3),
        "t_pre2": (1e-3, 0.3),
        "t_pre": (1e-3, 0.3),
        "g": (10, 2000),
        "G": (10, 2000),
        "B": (1, 500),
        "B_max": (1, 500),
        "k_long": (1.01, 6),
        "t_plan": (1e-5, 1e-1),
        "t_hash": (1e-5, 1e-1),
        "k_room": (0.1, 0.99),
        "S": (100, 1e5),
        "M_tok": (1e3, 1e6),
        "W_back": (1e8, 1e12),
        "t_back": (1e-5, 1e-1),
        "t_new": (1e-6, 1e-3),
        "t_new2": (1e-11, 1e-7),
        "z": (0.1, 2),
        "t_wait": (1e-3, 1),
        "t_tok": (3e-3, 1e-1),
        "c_a2": (0.1, 4),
        "n_dr": (1, 8),
        "n_ok": (1.01, 8),
        "a_dr": (1e-5, 1e-2),
        "b_dr": (1e-7, 1e-4),
        "alpha": (0.05, 0.98),
        "h": (0.01, 0.99),
        "n": (2, 64),
        "n_kv": (1, 32),
        "Z": (2, 16),
        "M_att": (1e8, 1e11),
        "W_hbm": (1e12, 1e13),
        "t_swap": (1e-5, 1e-2),
        "t_red": (1e-5, 1e-2),
        "t_hop": (1e-6, 1e-2),
        "t_lim": (1e-2, 1e-1),
        "T_chunk": (1, 1e4),
        "T": (10, 1e5),
        "lam": (1e-3, 1),
    }
    whole = ("n", "n_kv", "Z", "n_dr")
    found = {}
    for name in names.split():
        low, high = wide[name]
        found[name] = rng.uniform(low, high) if name in ("alpha", "h", "k_room") else math.exp(rng.uniform(math.log(low), math.log(high)))
        found[name] = float(round(found[name])) if name in whole else found[name]
    return found


Way = Callable[..., float]
#: A threshold, the letter it is for, the other letters, and what both ways take, written out again by hand.
TRICKS: dict[str, tuple[Callable[[], Bound], str, str, Way, Way]] = {
    "continuous batching": (
        batching.continuous_pays,
        "t_plan",
        "a b B G k_long",
        lambda a, b, B, G, k_long, t_plan, **_: (G - 1) * (a + b * B + t_plan),
        lambda a, b, B, G, k_long, **_: (k_long * G - 1) * (a + b * B),
    ),
    "a chunk that is free": (
        batching.chunk_is_free,
        "T_chunk",
        "a b c B",
        lambda a, b, c, B, T_chunk: c * (B + T_chunk),
        lambda a, b, c, B, T_chunk: a + b * B,
    ),
    "a chunk within a limit": (
        batching.chunk_within,
        "T_chunk",
        "a b c B t_lim",
        lambda a, b, c, B, t_lim, T_chunk: max(a + b * B, c * (B + T_chunk)),
        lambda a, b, c, B, t_lim, T_chunk: t_lim,
    ),
    "cached prefixes": (caching.prefix_pays, "h", "t_hash t_pre", lambda t_hash, t_pre, h: t_hash, lambda t_hash, t_pre, h: h * t_pre),
    "cached prefixes that take room": (
        caching.prefix_pays_for_room,
        "h",
        "a b g t_pre B_max k_room",
        lambda a, b, g, t_pre, B_max, k_room, h: g * (a + b * k_room * B_max) / (k_room * B_max) + (1 - h) * t_pre,
        lambda a, b, g, t_pre, B_max, k_room, h: g * (a + b * B_max) / B_max + t_pre,
    ),
    "a cache elsewhere, by its length": (
        caching.reload_tokens,
        "S",
        "M_tok W_back t_back t_new t_new2",
        lambda S, M_tok, W_back, t_back, t_new, t_new2: t_back + S * M_tok / W_back,
        lambda S, M_tok, W_back, t_back, t_new, t_new2: t_new * S + t_new2 * S * S / 2,
    ),
    "a cache elsewhere, by its bandwidth": (
        caching.reload_bandwidth,
        "W_back",
        "S M_tok t_back t_new t_new2",
        lambda S, M_tok, W_back, t_back, t_new, t_new2: t_back + S * M_tok / W_back,
        lambda S, M_tok, W_back, t_back, t_new, t_new2: t_new * S + t_new2 * S * S / 2,
    ),
    "the transfer of a cache": (
        apart.transfer,
        "W_back",
        "T M_tok g t_lim t_tok",
        lambda T, M_tok, g, t_lim, t_tok, W_back: T * M_tok / W_back,
        lambda T, M_tok, g, t_lim, t_tok, W_back: g * (t_lim - t_tok),
    ),
    "drafts, by the batch": (
        drafting.pays,
        "B",
        "a b c n_dr n_ok a_dr b_dr",
        lambda a, b, c, n_dr, n_ok, a_dr, b_dr, B: n_dr * (a_dr + b_dr * B) + max(a + b * B, c * B * (n_dr + 1)),
        lambda a, b, c, n_dr, n_ok, a_dr, b_dr, B: n_ok * max(a + b * B, c * B),
    ),
    "drafts, by what they yield": (
        drafting.needed,
        "n_ok",
        "a b c n_dr B a_dr b_dr",
        lambda a, b, c, n_dr, n_ok, a_dr, b_dr, B: n_dr * (a_dr + b_dr * B) + max(a + b * B, c * B * (n_dr + 1)),
        lambda a, b, c, n_dr, n_ok, a_dr, b_dr, B: n_ok * max(a + b * B, c * B),
    ),
    "one draft": (
        drafting.worth_a_draft,
        "alpha",
        "a b B a_dr b_dr",
        lambda a, b, B, a_dr, b_dr, alpha: (a + b * B + a_dr + b_dr * B) / (1 + alpha),
        lambda a, b, B, a_dr, b_dr, alpha: a + b * B,
    ),
    "data parallel attention": (
        spreading.data_parallel_attention,
        "B",
        "M_att S M_tok n n_kv W_hbm t_swap t_red",
        lambda M_att, S, M_tok, n, n_kv, W_hbm, t_swap, t_red, B: M_att / W_hbm + B * S * M_tok / n / W_hbm + t_swap,
        lambda M_att, S, M_tok, n, n_kv, W_hbm, t_swap, t_red, B: M_att / n / W_hbm + B * S * M_tok / min(n, n_kv) / W_hbm + t_red,
    ),
    "context parallel decoding": (
        spreading.context_parallel_pays,
        "B",
        "S M_tok n n_kv W_hbm t_swap",
        lambda S, M_tok, n, n_kv, W_hbm, t_swap, B: B * S * M_tok / n / W_hbm + t_swap,
        lambda S, M_tok, n, n_kv, W_hbm, t_swap, B: B * S * M_tok / min(n, n_kv) / W_hbm,
    ),
    "a pipeline instead of tensor parallelism": (
        spreading.pipeline_beats_tensor_parallel,
        "t_red",
        "a Z t_hop",
        lambda a, Z, t_hop, t_red: a + Z * t_hop,
        lambda a, Z, t_hop, t_red: a / Z + t_red,
    ),
    "a pipeline instead of replicas": (
        spreading.pipeline_beats_replicas,
        "t_hop",
        "a b B B_max Z",
        lambda a, b, B, B_max, Z, t_hop: Z * B_max / (a + b * B_max),
        lambda a, b, B, B_max, Z, t_hop: B / (a + b * B / Z + Z * t_hop),
    ),
}


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_pays_where_it_takes_no_more(name: str) -> None:
    """At random letters, on random places: inside the threshold it takes no more than the other way, outside of it more."""
    made, x, letters, one, other = TRICKS[name]
    rng, bound, sides = random.Random(name), made(), [0, 0]
    for _ in range(SIDES):
        here = draw(rng, letters)
        if name == "continuous batching":
            here["g"] = here["G"] - 1
        found = bound.at(**{k: v for k, v in here.items() if k in {s.name for s in bound.condition.free_symbols}})
        for _ in range(4):
            place = draw(rng, x)[x]
            ways = {k: v for k, v in here.items() if k != "g" or name != "continuous batching"} | {x: place}
            first, last = one(**ways), other(**ways)
            if abs(first - last) > 1e-6 * max(abs(first), abs(last)):
                assert inside(found, place, bound) == (first <= last), (here, place)
                sides[first <= last] += 1
    assert min(sides) >= 3, sides


def test_machines_of_their_own_pay_up_to_a_limit() -> None:
    rng = random.Random(1)
    wins = 0
    for _ in range(SIDES):
        here = draw(rng, "a b g t_pre z t_wait c_a2")
        limit = draw(rng, "t_tok")["t_tok"]
        if here["a"] + here["b"] * here["z"] >= limit:
            continue
        free = 1 - (here["a"] + here["b"] * here["z"]) / limit
        load = 2 * here["t_wait"] / (here["c_a2"] * here["t_pre"] + 2 * here["t_wait"])
        split, together = here["t_pre"] / load + here["b"] * here["g"] / free, (here["t_pre"] + here["b"] * here["g"]) / free
        given = {k: here[k] for k in ("a", "b", "z", "t_pre", "t_wait", "c_a2")}
        assert (limit <= float(apart.pays().at(**given))) == (split <= together)
        machines = float(apart.prefill_machines().at(**{k: here[k] for k in ("t_pre", "t_wait", "c_a2")}))
        assert machines == pytest.approx(here["t_pre"] / load)
        assert machines == pytest.approx(1 / float(rates.within_wait().at(t_pre=here["t_pre"], t_wait=here["t_wait"], c_a2=here["c_a2"])))
        wins += split <= together
    assert 3 < wins < SIDES - 3


def test_what_drafts_yield_is_what_chance_says() -> None:
    rng = random.Random(5)
    for acceptance, drafts in ((0.3, 2), (0.8, 4), (0.95, 7)):
        rounds = 40_000
        made = 0
        for _ in range(rounds):
            kept = 0
            while kept < drafts and rng.random() < acceptance:
                kept += 1
            made += kept + 1
        assert float(drafting.tokens().at(alpha=acceptance, n_dr=drafts)) == pytest.approx(made / rounds, rel=0.01)


def test_a_replica_that_drafts_is_one_like_any_other() -> None:
    given = {"a": 0.02, "b": 1e-4, "c": 1e-4, "a_dr": 0.001, "b_dr": 1e-6, "n_dr": 3, "n_ok": 2.5}
    r = drafting.drafting()
    plain = {"G": 200, "t_pre": 0.02, "lam": 2}
    slow = float(latency.token_time(replica.ROOFED).cost.at(replica.traffic(), **plain, a=0.02, b=1e-4, c=1e-4))
    fast = float(latency.token_time(r).cost.at(replica.traffic(), **plain, **given))
    assert fast < slow
    by_hand = {"a": (0.02 + 3 * 0.001) / 2.5, "b": (1e-4 + 3e-6) / 2.5, "c": (4e-4 + 3e-6) / 2.5, "a_0": 0.003 / 2.5}
    assert fast == pytest.approx(float(latency.token_time(replica.FLOORED).cost.at(replica.traffic(), **plain, **by_hand)), rel=1e-9)


def test_the_longest_answer_of_a_batch() -> None:
    rng = random.Random(2)
    for count, mean in ((8, 60), (64, 200)):
        length = lengths_of("geometric", mean, rng)
        longest = sum(max(length() for _ in range(count)) for _ in range(1500)) / 1500
        assert float(batching.longest_of_batch().at(B=count, G=mean, g=mean - 1)) == pytest.approx(longest / mean, rel=0.03)


def test_a_chunk_below_the_least_falls_behind() -> None:
    """Half of it: the queue grows for as long as one looks; twice of it: it does not."""
    a, b, t_p, mean, T = 0.01, 5e-5, 0.06, 100, 1000.0
    rate = 0.5 / (t_p + 99 * b)
    least = float(batching.chunk_keeps_up().at(replica.traffic(), a=a, b=b, t_pre=t_p, G=mean, T=T, lam=rate))
    waits = {}
    for share in (0.6, 1.7):
        server = Server(a, b, t_p, "chunked", chunks=T / (share * least))
        rng = random.Random(3)
        waits[share] = [
            serve(server, gaps_of("poisson", rate, rng), lengths_of("constant", mean, rng), count).first_token for count in (1500, 6000)
        ]
    assert waits[0.6][1] > 2 * waits[0.6][0]
    assert waits[1.7][1] < 2 * waits[1.7][0]


def test_caches_that_take_room_pay_from_a_hit_rate_on() -> None:
    """A closed loop with all slots, and with a part of them and shorter prefills."""
    a, b, t_p, mean, slots, left = 0.01, 1e-4, 0.08, 80, 40, 0.75
    share = float(caching.prefix_pays_for_room().at(a=a, b=b, g=mean - 1, t_pre=t_p, B_max=slots, k_room=left))
    assert 0 < share < 1

    def rate(slots: int, t_p: float) -> float:
        return serve(Server(a, b, t_p, "whole", slots=slots), lambda: 0.01, lengths_of("constant", mean, random.Random(1)), 3000).rate

    full, part = rate(slots, t_p), {by: rate(int(left * slots), t_p * (1 - by * share)) for by in (0.7, 1.3)}
    assert part[0.7] < full < part[1.3]


def test_static_batches_yield_less() -> None:
    given = {"a": 0.01, "b": 1e-4, "t_pre": 0.02, "B": 32, "G": 100}
    ways = [
        float(f().at({g: G - 1}, **given, **more)) for f, more in ((batching.static_rate, {"k_long": 3}), (batching.continuous_rate, {}))
    ]
    assert ways[0] == pytest.approx(32 / (32 * 0.02 + 299 * 0.0132))
    assert ways[1] == pytest.approx(32 / (32 * 0.02 + 99 * 0.0132))


def test_more_chips_a_replica_against_more_replicas() -> None:
    rng, sides = random.Random(8), [0, 0]
    one = replica.LETTERS
    for _ in range(SIDES):
        here = draw(rng, "a b t_pre a_2 b_2 t_pre2 g n z")
        bound = spreading.tensor_parallel_pays(one)
        found = bound.at(**here)
        most = min(1 / (here["t_pre"] + here["b"] * here["g"]), 1 / (here["t_pre2"] + here["b_2"] * here["g"]) / here["n"])
        for share in (0.1, 0.5, 0.9):
            lam = share * most
            alone = (here["a"] + here["b"] * here["z"]) / (1 - lam * (here["t_pre"] + here["b"] * here["g"]))
            large = (here["a_2"] + here["b_2"] * here["z"]) / (1 - here["n"] * lam * (here["t_pre2"] + here["b_2"] * here["g"]))
            assert inside(found, lam, bound) == (large <= alone)
            sides[large <= alone] += 1
    assert min(sides) > 5


def test_a_pipeline_is_counted_turn_by_turn() -> None:
    """A token of a microbatch comes when it has been through all stages, and the first stage is free again."""
    for stages, many in ((4, 2), (4, 4), (3, 7)):
        given = {"a": 0.02, "b": 1e-4, "B": 48, "t_hop": 2e-4}
        turn = 0.02 / stages + 1e-4 * 48 / (stages * many) + 2e-4
        free, ready, ends = [0.0] * stages, [0.0] * many, []
        for _ in range(30):
            for i in range(many):
                at = ready[i]
                for s in range(stages):
                    at = max(at, free[s]) + turn
                    free[s] = at
                ready[i] = at
            ends.append(ready[0])
        found = float(spreading.pipeline_token_time().at(**given, Z=stages, microbatches=many))
        assert found == pytest.approx(ends[-1] - ends[-2], rel=1e-9)
