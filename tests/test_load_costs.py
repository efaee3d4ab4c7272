"""What a load costs: fleets, prices and crossings against a simulated server and against counting."""

from __future__ import annotations

import math
import random

import pytest
from serving_simulation import Server, gaps_of, lengths_of, serve
from test_load import HERE, at

from symroof import Cost, fleet, latency, llm, rates, replica
from symroof.errors import InputError
from symroof.symbols import G, Lam, g, lam, n_srv

LETTERS = {"a": 0.012, "b": 2e-4, "t_pre": 0.04, "G": 120.0}


def measured(server: Server, rate: float, mean: int, seed: int = 3) -> float:
    """The time per token of a server with Poisson arrivals and answers of one length."""
    rng = random.Random(seed)
    return serve(server, gaps_of("poisson", rate, rng), lengths_of("constant", mean, rng), 3000).token_time


@pytest.mark.parametrize("limit", [0.018, 0.025, 0.045])
def test_the_fleet_meets_its_limit_and_one_replica_less_does_not(limit: float) -> None:
    total = 60.0
    found = float(fleet.replicas().at(replica.traffic(), {lam: Lam / n_srv}, a=0.012, b=2e-4, t_pre=0.04, G=120, Lam=total, t_tok=limit))
    assert total / found == pytest.approx(float(rates.within().at(replica.traffic(), **LETTERS, t_tok=limit)), rel=1e-9)
    whole = math.ceil(found)
    server = Server(0.012, 2e-4, 0.04, "mixed")
    assert measured(server, total / whole, 120) <= 1.06 * limit
    assert measured(server, total / (whole - 1), 120) > limit


def test_two_designs_cross_where_the_simulation_says() -> None:
    """A slow start that needs less work wins from the crossing on."""
    rng, right, asked = random.Random(2), 0, 0
    while asked < 8:
        one, other = (Server(rng.uniform(5e-3, 2e-2), rng.uniform(5e-5, 3e-4), rng.uniform(0.01, 0.08), "mixed") for _ in range(2))
        designs = [replica.Replica(Cost(s.a, "s"), Cost(s.b, "s/token"), Cost(s.t_p, "s")) for s in (one, other)]
        found = fleet.crossing(*designs).at(g=99, z=1)
        most = min(1 / (s.t_p + 99 * s.b) for s in (one, other))
        if found.never or not 0.2 * most < float(found) < 0.7 * most:
            continue
        asked += 1
        for share in (0.6, 1.25):
            rate = share * float(found)
            if rate < 0.85 * most:
                times = [measured(s, rate, 100, asked) for s in (one, other)]
                said = [float(latency.token_time(d).at(g=99, z=1, lam=rate)) for d in designs]
                if abs(math.log(said[0] / said[1])) > 0.03:
                    assert (times[0] < times[1]) == (said[0] < said[1])
                    right += 1
    assert right >= 6


def test_a_request_costs_what_the_replica_does_over_its_rate() -> None:
    rate = float(rates.within().at(replica.traffic("constant"), **LETTERS, t_tok=0.03))
    paid = fleet.request().at(replica.traffic("constant"), **LETTERS, t_tok=0.03, n=4, price="$3/h")
    assert float(paid) == pytest.approx(4 * 3 / 3600 / rate, rel=1e-9)
    same = fleet.request_at_rate().at(lam=rate, n=4, price="$3/h")
    assert float(same) == pytest.approx(float(paid), rel=1e-9)
    with pytest.raises(InputError, match="no rate will do"):
        fleet.request().at(replica.traffic("constant"), **LETTERS, t_tok=0.011, n=4, price="$3/h")


@pytest.mark.parametrize("name", ["llama3-70b", "mixtral-8x7b"])
def test_the_price_of_a_token_is_that_of_one_more(name: str) -> None:
    m, sheet = llm(name), {"n": 8, "MFU": 0.5, "z": 1, "c_s2": 0, "t_tok": 0.04, "price": "$2/h"}
    length = {"T": 2000, "S_hit": 1000, "G": 300}

    def paid(**more: int) -> float:
        return float(fleet.request(m).at(*HERE, m, {g: G - 1}, **{**length, **more}, **sheet))

    for formula, letter in ((fleet.input_token, "T"), (fleet.cached_token, "S_hit"), (fleet.output_token, "G")):
        price = float(formula(m).at(*HERE, m, {g: G - 1}, **length, **sheet))
        assert price > 0
        assert price == pytest.approx(paid(**{letter: length[letter] + 1}) - paid(), rel=0.05), letter
    new, cached = (float(f(m).at(*HERE, m, {g: G - 1}, **length, **sheet)) for f in (fleet.input_token, fleet.cached_token))
    assert cached < new


def test_energy_falls_with_the_rate_to_that_of_a_chip_that_is_always_busy() -> None:
    sheet = {"power": 700, "P_idle": 100, "n": 2}
    joules = [at(fleet.energy(), {**LETTERS, **sheet, "lam": rate}) for rate in (0.01, 0.1, 1, 5, 10)]
    assert joules == sorted(joules, reverse=True)
    assert joules[-1] == pytest.approx(2 * 700 / (10 * 120), rel=1e-3)
    assert joules[0] == pytest.approx(2 * 100 / (0.01 * 120), rel=0.2)
    assert at(fleet.power_bill(), {**LETTERS, **sheet, "lam": 5, "price_J": 3e-8}) == pytest.approx(3e-8 * joules[3], rel=1e-9)


def test_one_more_request_holds_up_the_others() -> None:
    """What others wait more is the slope of what all wait, less the request's own."""
    here, near = ({**LETTERS, "lam": rate} for rate in (8.0, 8.0001))
    times = [119 * at(latency.token_time().cost, x, "constant") for x in (here, near)]
    assert at(fleet.delay(), here, "constant") == pytest.approx(8 * (times[1] - times[0]) / 1e-4, rel=1e-3)


def test_a_replica_does_not_say_what_a_token_takes() -> None:
    with pytest.raises(InputError, match="give a model"):
        fleet.input_token(replica.LETTERS)
