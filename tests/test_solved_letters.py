"""A letter that is asked for, or that a formula was solved for, has no other value; what a model derives from it goes with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from representatives import NAMES

from symroof import chip, decode, dtype, elasticity, layers, llm, model, regimes, sensitivities, solve
from symroof.algebra.value import Span, Value
from symroof.errors import InputError, SolveError, UnknownName
from symroof.solver.bound import Bound
from symroof.symbols import ALPHABET, B, E, F, S, p_kv, t_lim

HERE = (chip("h100").on("8"), dtype("bf16"))
TWO = model(
    "two mixtures",
    D=1024,
    V=32000,
    blocks=[
        (8, [layers.Attention(N=16, K=4, H=64), layers.Experts(E=8, k=2, F=2048)]),
        (8, [layers.Attention(N=16, K=4, H=64), layers.Experts(E=16, k=4, F=2048, name="b")]),
    ],
)
MODELS = {**{name: llm(name) for name in NAMES}, "two mixtures": TWO}
ROUTED = [m for m in MODELS.values() if len(m.stack.aggregates.routed) == 1]


# -- the letter that is asked for
@pytest.mark.parametrize("name", MODELS)
def test_a_decode_step_is_solved_for_every_letter_that_a_model_gives(name: str) -> None:
    m = MODELS[name]
    condition = decode.step(m) <= "20 ms"
    asked = [(s.name, x) for s, x in ((B, 8), (S, 1024)) if s in condition.free_symbols]
    for s in sorted({*m.values, *m.defaults, *condition.free_symbols}, key=lambda s: str(s.name)):
        values = {key: value for key, value in asked if key != s.name}
        try:
            found = solve(condition, s).at(*HERE, m, **values)
        except SolveError as problem:
            assert "does not occur" in str(problem)
            continue
        except InputError as problem:  # a count of layers, which does not change alone
            assert s.name[0] == "L"
            assert f"{s} moves L" in str(problem)
            continue
        assert isinstance(found, (Value, Span)), (s, found)
        _holds_up_to(condition, s, found, m, values)


def _holds_up_to(condition: Any, s: Any, found: Any, m: Any, values: dict[str, Any]) -> None:
    """The answer against the condition itself, a bit on either side of the threshold."""
    if not isinstance(found, Value) or found.note or found.is_array:
        return
    below, above = (float(found) * factor for factor in (0.999, 1.001))
    sheets = [*HERE, m]
    known = {t: v for table in ([x.defaults for x in sheets], [x.values for x in sheets]) for each in table for t, v in each.items()}
    known |= {t: d for t, d in m.definitions.items() if t != s and s in _behind(t, m)} | {ALPHABET[key]: v for key, v in values.items()}
    for x, holds in ((below, found.round_down), (above, not found.round_down)):
        if s.count and x < 1:  # there is no such count
            continue
        try:
            held = condition.at({**known, s: x})
        except InputError as problem:  # more experts a token than there are
            assert "comes out negative" in str(problem)
            assert s.name[0] in "Ek"
            continue
        assert bool(held) is holds, (s, found, x)


def _behind(letter: Any, m: Any) -> set[Any]:
    inside = m.definitions[letter].free_symbols
    return inside.union(*(_behind(x, m) for x in inside & m.definitions.keys()))


def test_a_marked_sibling_of_a_letter_says_nothing_about_it() -> None:
    v3 = llm("deepseek-v3")
    assert solve(decode.step(v3) <= "20 ms", F).at(*HERE, v3, B=8, S=1024).round_down
    weights = {t: v for t, v in HERE[1].values.items() if t != p_kv}
    cache = solve(decode.step(v3)["attention/cache"] <= "1 ms", S).at(HERE[0], v3, weights, B=8)
    assert isinstance(cache, Bound)
    assert p_kv in cache.free_symbols  # p_w alone would not have given it


def test_bytes_that_are_not_given_stay_a_letter_though_others_are() -> None:
    m = llm("mixtral-8x7b")
    weights = {s: v for s, v in HERE[1].values.items() if s.name == "p_w"}
    left = decode.step(m).at(HERE[0], m, weights, B=8, S=1024)
    assert left.free_symbols == {p_kv}
    found = regimes(decode.step(m), along=B).at(HERE[0], m, weights, S=1024, E_hit=8)
    assert p_kv in found.cost.free_symbols


def test_arithmetic_that_a_chip_does_not_do_is_still_refused() -> None:
    m = llm("llama3-8b")
    with pytest.raises(InputError, match=r"C stands for C_fp4 here, but h100.* only gives .*math='bf16'"):
        decode.step(m).at(chip("h100").on("8"), m, dtype("bf16", math="fp4"), B=8, S=1024)


def test_what_is_asked_for_is_given_no_value() -> None:
    for name in ("llama3-8b", "mixtral-8x7b"):
        m = llm(name)
        bound = decode.batch_within(m)
        with pytest.raises(UnknownName, match="B"):
            bound.at(*HERE, m, S=1024, t_lim="3 ms", B=5)
        without = bound.at(*HERE, m, S=1024, t_lim="3 ms")
        derived = {s: v for s, v in m.values.items() if s in bound.free_symbols}  # a plain sheet, with no definitions of its own
        assert float(bound.at(*HERE, {**derived, B: 5}, S=1024, t_lim="3 ms")) == float(without)


# -- the letter that a formula was solved for
@pytest.mark.parametrize("m", ROUTED, ids=lambda m: m.name)
@pytest.mark.parametrize("limit", [0.003, 0.03])
def test_the_frontier_of_experts_is_at_the_largest_batch_within_the_limit(m: Any, limit: float) -> None:
    batch = decode.batch_within(m).at(*HERE, m, S=1024, t_lim=limit)
    found = decode.frontier(m).at(*HERE, m, S=1024, t_lim=limit)
    if batch.note:
        assert float(found) <= 0
        return
    assert float(found) == pytest.approx(float(batch) / (8 * limit), rel=1e-9)
    at = float(batch)
    assert float(decode.step(m).at(*HERE, m, S=1024, B=at)) == pytest.approx(limit, rel=1e-9)
    assert float(found) == pytest.approx(float(decode.throughput(m).at(*HERE, m, S=1024, B=at)), rel=1e-9)


def test_the_frontier_of_experts_takes_an_array() -> None:
    m = llm("mixtral-8x7b")
    limits = np.array([[0.003, 0.004], [0.005, 0.03]])
    found = np.asarray(decode.frontier(m).at(*HERE, m, S=1024, t_lim=limits))
    one_by_one = [float(decode.frontier(m).at(*HERE, m, S=1024, t_lim=float(t))) for t in limits.ravel()]
    assert found.shape == limits.shape
    assert found.ravel() == pytest.approx(one_by_one, rel=1e-12)


@pytest.mark.parametrize("first", [0, 1, 2])
def test_the_frontier_of_experts_is_the_same_in_any_order_of_values(first: int) -> None:
    m = llm("mixtral-8x7b")
    whole = float(decode.frontier(m).at(*HERE, m, S=1024, t_lim="3 ms"))
    sheets = [HERE[0], HERE[1], m]
    left = decode.frontier(m).at(*(sheets[: first + 1] if first < 2 else sheets))
    assert B not in left.free_symbols
    assert float(left.at(*sheets, S=1024, t_lim="3 ms")) == pytest.approx(whole)
    assert float(decode.frontier(m).expand(E).at(*sheets, S=1024, t_lim="3 ms")) == pytest.approx(whole)
    assert float((2 * decode.frontier(m)).named("twice").at(*sheets, S=1024, t_lim="3 ms")) == pytest.approx(2 * whole)


def test_experts_that_are_given_need_no_batch() -> None:
    m = llm("mixtral-8x7b")
    found = decode.frontier(m).at(*HERE, m, S=1024, t_lim="3 ms", E_hit=4)
    batch = decode.batch_within(m).at(*HERE, m, S=1024, t_lim="3 ms", E_hit=4)
    assert float(found) == pytest.approx(float(batch) / (8 * 0.003), rel=1e-12)


def test_a_batch_is_refused_where_it_follows() -> None:
    m = llm("mixtral-8x7b")
    frontier = decode.frontier(m)
    with pytest.raises(UnknownName, match="B follows from the other values"):
        frontier.at(*HERE, m, S=1024, t_lim="3 ms", B=1)
    without = frontier.at(*HERE, m, S=1024, t_lim="3 ms")
    assert float(frontier.at(*HERE, m, {B: 1}, S=1024, t_lim="3 ms")) == float(without)  # what a sheet gives in vain is left
    with pytest.raises(InputError, match="not the same in every part"):
        (frontier * B).at(*HERE, m, S=1024, t_lim="3 ms", B=8)
    two = decode.batch_within(m).cost / decode.critical_batch(m).cost
    with pytest.raises(InputError, match="not the same in every part"):
        two.at(*HERE, m, S=1024, t_lim="3 ms")
    dense = llm("llama3-8b")
    two = decode.batch_within(dense).cost / decode.critical_batch(dense).cost
    assert isinstance(two.at(*HERE, dense, S=1024, t_lim="3 ms"), Value)


def test_no_elasticity_holds_a_letter_that_moves() -> None:
    m = llm("mixtral-8x7b")
    for asked in (elasticity(decode.frontier(m), S), sensitivities(decode.frontier(m), among=[S])):
        with pytest.raises(InputError, match="depend on B"):
            asked.at(*HERE, m, S=1024, t_lim="3 ms")
    dense = llm("llama3-8b")
    assert float(elasticity(decode.frontier(dense), t_lim).at(*HERE, dense, S=1024, t_lim="30 ms")) >= 0


def test_regimes_of_a_frontier_are_found_with_numbers_put_in() -> None:
    dense = llm("llama3-8b")
    found = regimes(decode.frontier(dense), along=t_lim).at(*HERE, dense, S=1024)
    for r in found:
        inside = 2 * r.low if r.low else r.high / 2
        whole = decode.frontier(dense).at(*HERE, dense, S=1024, t_lim=inside)
        assert float(r.cost.at({t_lim: inside})) == pytest.approx(float(whole), rel=1e-9)
