"""A load as a plan: fleets against a simulated server, against the formulas at sheets, at its ends, and what is refused."""

from __future__ import annotations

import json
import math
import random
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from serving_simulation import ARRIVALS, LENGTHS, Server, gaps_of, lengths_of, serve

from symroof import Cost, chip, dtype, latency, llm, load, replica
from symroof.algebra.symbols import MFU, G, T_all, c_a2, c_s2, e_G, eta_hbm, g, h, lam, t_api
from symroof.cli.main import cli
from symroof.errors import InputError, SymroofError
from symroof.plan.layouts import serving_meshes
from symroof.plan.replicas import Served
from symroof.workloads.load.estimated import estimated

TIMES = st.sampled_from(["tpot", "ttft", "e2e"])
JOB: dict[str, Any] = {"prompt": 2048, "generate": 512, "slice": 8}


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["load", *words])
    return done.exit_code, done.output


def served(server: Server, came: str, long: str, mean: float) -> Served:
    """A server of the simulation in numbers."""
    times = {"fixed": Cost(server.a, "s"), "each": Cost(server.b, "s/token"), "prompt": Cost(server.t_p, "s")}
    spread = {c_a2: ARRIVALS[came], c_s2: LENGTHS[long][0], e_G: LENGTHS[long][1]}
    return Served(replica.Replica(**times, slots=Cost(500, "token")), {G: mean, g: mean - 1, t_api: 0.0, **spread})


@pytest.mark.parametrize("came", ["poisson", "constant"])
@pytest.mark.parametrize("long", ["constant", "geometric"])
def test_a_replica_in_numbers_is_what_is_simulated(came: str, long: str) -> None:
    rng = random.Random(4)
    for share in (0.3, 0.7):
        server = Server(0.012, 2e-4, 0.03, "mixed")
        rate = share / (0.03 + 119 * 2e-4)
        found = serve(server, gaps_of(came, rate, rng), lengths_of(long, 120, rng), 6000)
        here = served(server, came, long, found.tokens)
        times, states = here.times(found.rate), here.states(found.rate)
        assert times["tpot"] == pytest.approx(found.token_time, rel=0.05)
        assert times["ttft"] == pytest.approx(found.first_token, rel=0.08)
        assert times["e2e"] == pytest.approx(found.end_to_end, rel=0.05)
        assert states["running"] == pytest.approx(found.running, rel=0.06)


@pytest.mark.parametrize("name", ["llama3-70b", "mixtral-8x7b"])
@pytest.mark.parametrize("made", [replica.placed, estimated])
def test_numbers_are_those_of_the_formulas_at_the_sheets(name: str, made: Any) -> None:
    """Two routes: letters put in first, and the formula of the model put at the sheets; experts are found with the sequences."""
    m, where, rate = llm(name), chip("h100"), 3.0
    follows = {g: G - 1, c_a2: 0, c_s2: 0, e_G: 1}
    lengths = {T_all: 2048, h: "1/4", G: 512, eta_hbm: 0.8, MFU: 0.4}
    for mesh in list(serving_meshes(m, where, where.slice(8)))[:3]:
        r, sheets = made(m), (m, dtype("bf16"), mesh, replica.prompts(), lengths)
        here = Served(r.at(*sheets, {c_s2: 0}), {G: 512.0, g: 511.0, c_a2: 0.0, c_s2: 0.0, e_G: 1.0, t_api: 0.0})
        runs = float(latency.running(r).at(*sheets, follows, {lam: rate}, z=0))
        assert here.states(rate)["running"] == pytest.approx(runs, rel=1e-6)
        assert here.token_time(rate) == pytest.approx(runs / (rate * 511), rel=1e-6)


@settings(max_examples=30)
@given(st.floats(1e-3, 5e-2), st.floats(1e-6, 1e-3), st.floats(1e-4, 0.3), st.floats(20, 2000), TIMES)
def test_the_rate_within_a_limit_is_where_the_limit_is_reached(a: float, b: float, t_p: float, mean: float, name: str) -> None:
    here = served(Server(a, b, t_p), "poisson", "constant", mean)
    for share in (0.1, 0.6, 0.95):
        limit = here.times(share * here.highest)[name]
        assert here.within(name, limit) == pytest.approx(share * here.highest, rel=1e-6)
    assert here.within(name, here.times(1e-9 * here.highest)[name] * 0.99) == 0


@pytest.mark.parametrize("limit", ["20 ms", "30 ms", "60 ms"])
def test_a_fleet_meets_its_limit_and_one_replica_less_does_not(limit: str) -> None:
    best = load("llama3-70b", "h100", rate="20/s", tpot=limit, **JOB).best
    assert float(best.values["tpot"]) <= float(limit.split()[0]) / 1e3
    assert best.chips == 8 * best.replicas
    assert best.most == best.rates[best.binds] == min(best.rates.values())
    if best.replicas > 1:
        less = load("llama3-70b", "h100", rate="20/s", tpot=limit, replicas=best.replicas - 1, **JOB)
        assert not less.able
        with pytest.raises(InputError, match="is the most on h100 8"):
            _ = less.best


def test_the_job_of_published_estimates() -> None:
    """70B on 8 H100, 2048 in, 512 out, 30 ms a token: published 433 tokens/s a GPU; with prefill for nothing it was 2718."""
    best = load("llama3-70b", "h100", rate="5/s", tpot="30 ms", **JOB).best
    assert 0.5 * 433 < best.most * 512 / 8 < 1.5 * 433


def test_more_requests_take_no_fewer_chips_and_a_looser_limit_no_more() -> None:
    chips = [
        load("llama3-8b", "h100", rate=f"{rate}/s", tpot="15 ms", prompt=2048, generate=512, chips=2).best.chips
        for rate in (1, 10, 40, 160)
    ]
    assert chips == sorted(chips)
    chips = [load("llama3-8b", "h100", rate="80/s", tpot=f"{ms} ms", prompt=2048, generate=512, chips=2).best.chips for ms in (8, 12, 30)]
    assert chips == sorted(chips, reverse=True)


def test_what_is_cached_already_is_not_read_again() -> None:
    rates = [load("llama3-8b", "h100", rate="1/s", prompt=4096, generate=256, hit=hit, slice=1).best for hit in (0, 0.5, 1)]
    highest = [f.rates["time"] for f in rates]
    assert highest == sorted(highest)
    assert float(rates[-1].values["cost_of_input_token"]) > float(rates[-1].values["cost_of_cached_token"]) > 0
    whole = [f.values["ttft"] for f in rates]
    assert float(whole[0]) > float(whole[1]) > float(whole[2]) > 0


def test_prices_are_what_one_more_token_adds_to_the_bill() -> None:
    """At the same time per token a fleet with a longer prompt costs what its new tokens do, to first order."""
    one, more = (load("llama3-70b", "h100", rate="2/s", slice=8, prompt=2048 + extra, generate=512).best for extra in (0, 1))
    assert float(one.values["cost_of_request"]) == pytest.approx(8 * float(chip("h100")["price"]) / 2, rel=1e-9)
    assert float(one.values["cost_of_input_token"]) > 0
    assert float(more.values["load"]) > float(one.values["load"])


def test_experts_on_32_chips_and_a_prompt_of_a_hundred_thousand_tokens() -> None:
    found = load("deepseek-v3", "h200", rate="20/s", slice=32, formats="fp8", math="bf16", tpot="50 ms", prompt=2048, generate=512).best
    assert found.slice.chips == 32
    assert float(found.values["tpot"]) <= 0.05
    long = load("llama3-8b", "h100", rate="0.05/s", prompt=100_000, generate=200, slice=1).best
    alone = 2 * 8.0e9 * 1e5 / (0.4 * 989.5e12)
    assert float(long.values["ttft"]) > alone  # attention comes on top


def test_an_estimate_has_an_interval_and_is_slower_than_the_bound() -> None:
    bound = load("llama3-70b", "h100", rate="1/s", **JOB).best
    estimate = load("llama3-70b", "h100", rate="1/s", calibration="tensorrt-llm", **JOB).best
    low, high = estimate.values["tpot"].interval
    assert low < float(estimate.values["tpot"]) < high
    assert float(bound.values["tpot"]) < float(estimate.values["tpot"])
    assert bound.values["tpot"].interval is None
    assert {"tpot_low", "tpot_high"} <= estimate.row().keys()


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({}, "a load is a rate of requests"),
        ({"rate": 0}, "rate: Lam = 0 must be positive"),
        ({"rate": "-3/s"}, "rate"),
        ({"rate": "3 s"}, "rate"),
        ({"rate": "1/s", "generate": 1}, "at least 2"),
        ({"rate": "1/s", "hit": 1.5}, "hit"),
        ({"rate": "1/s", "replicas": 1.5}, "whole number"),
        ({"rate": "1/s", "tpot": "3 m"}, "tpot"),
        ({"rate": "1/s", "arrivals": "poison"}, "poisson"),
        ({"rate": "1/s", "arrivals": -1}, "c_a2"),
        ({"rate": "1/s", "lengths": 3}, "no pair"),
        ({"rate": "1/s", "lengths": (1, 2, 3)}, "no pair"),
        ({"rate": "1/s", "lengths": (0, 7)}, "e_G"),
        ({"rate": "1/s", "chips": 4}, "give one of them"),
        ({"rate": "1/s", "mfu": 0.9, "calibration": "tensorrt-llm"}, "mfu changes nothing"),
        ({"rate": "1/s", "letters": {"MFU": 0.9}, "calibration": "tensorrt-llm"}, "mfu changes nothing"),
        ({"rate": "1/s", "lam": 3}, "there is no wish 'lam'"),
        ({"rate": "1/s", "letters": {"lam": 3}}, "follows from the rate"),
        ({"rate": "1/s", "letters": {"S_win": 3}}, "S_win"),
        ({"rate": "1/s", "calibration": "nothing"}, "there is no calibration"),
    ],
)
def test_what_is_no_load_is_refused(wishes: dict[str, Any], words: str) -> None:
    with pytest.raises(SymroofError) as problem:
        load("llama3-8b", "h100", slice=1, **wishes)
    assert words in str(problem.value)
    assert "\n" not in str(problem.value)


def test_letters_of_a_server_and_of_its_power_count() -> None:
    """What a request costs beside its steps comes on top of the first token; an idle chip that takes less makes tokens cheaper."""
    usual = load("llama3-70b", "h100", rate="1/s", **JOB).best
    later = load("llama3-70b", "h100", rate="1/s", letters={"t_api": "6 ms"}, **JOB).best
    assert float(later.values["ttft"]) == pytest.approx(float(usual.values["ttft"]) + 0.006)
    joules = [
        load("llama3-70b", "h100", rate="1/s", letters=more, **JOB).best.values["energy_of_token"]
        for more in ({"P_idle": 100}, {"power": 350})
    ]
    assert float(joules[0]) < float(usual.values["energy_of_token"])
    assert float(joules[1]) == pytest.approx(float(usual.values["energy_of_token"]) / 2)
    pairs = [load("llama3-70b", "h100", rate="1/s", lengths=lengths, **JOB).best for lengths in ("geometric", [1, 0.5])]
    assert float(pairs[0].values["tpot"]) == pytest.approx(float(pairs[1].values["tpot"]))
    assert any("not fitted to prefill" in line for line in load("llama3-70b", "h100", rate="1/s", calibration="gpt-fast", **JOB).stands_on)


def test_the_command_says_the_same() -> None:
    code, text = run("llama3-70b", "--on", "h100", "--rate", "20/s", "--tpot", "30 ms", "--slice", "8")
    assert code == 0
    for words in ("4 replicas of h100 8", "32 chips", "<- binds", "time to first token", "one more input token", "one less would"):
        assert words in text
    code, text = run("llama3-70b", "--on", "h100", "--rate", "20/s", "--tpot", "30 ms", "--slice", "8", "--json")
    best = load("llama3-70b", "h100", rate="20/s", tpot="30 ms", slice=8).best
    assert json.loads(text)["best"] == json.loads(json.dumps(best.row()))
    code, text = run("llama3-70b", "--on", "h100", "--rate", "40/s", "--replicas", "2", "--slice", "8")
    assert code == 1
    assert "request/s is the most" in text
    assert "KV cache" in text
    code, text = run("llama3-70b", "--on", "h100", "--rate", "1/s", "--slice", "8", "--chips", "8")
    assert code == 2
    code, text = run("llama3-70b", "--on", "h100", "--rate", "1/s", "--tpot", "0.1 ms", "--slice", "8")
    assert code == 1
    assert "even a request by itself takes longer" in text


def test_without_end_is_said_so() -> None:
    """Beyond the highest rate there is no time, and no replicas without a limit are ever at it."""
    best = load("llama3-8b", "h100", rate="200/s", slice=1, prompt=2048, generate=512).best
    assert all(math.isfinite(float(v)) for v in best.values.values())
    assert float(best.values["load"]) < 1


def test_the_figure_has_the_knee_on_the_line_of_tokens(tmp_path) -> None:
    """Half the highest rate, where a token takes twice what it does alone."""
    from symroof.figures.named import load as drawn

    plan = load("llama3-70b", "h100", rate="5/s", **JOB)
    axes = drawn(plan).axes[0]
    line = next(x for x in axes.get_lines() if x.get_label().startswith("time per token"))
    assert len(line.get_xdata()) > 50
    where = [x for x in axes.get_lines() if len(x.get_xdata()) == 1] or axes.collections
    assert where
    words = ["llama3-70b", "--on", "h100", "--rate", "5/s", "--slice", "8", "-o", str(tmp_path / "load.svg")]
    done = CliRunner().invoke(cli, ["figure", "load", *words])
    assert done.exit_code == 0
    assert (tmp_path / "load.svg").read_text().startswith("<?xml")
    done = CliRunner().invoke(cli, ["figure", "load", "mixtral-8x7b", *words[1:]])
    assert done.exit_code == 2
    assert "experts" in done.output
