"""Numbers of a model belong together: what contradicts it is refused wherever it is given, and what follows moves along."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy as sp
from representatives import NAMES

from symroof import chip, decode, dtype, elasticity, llm, sensitivities, solve, sweep
from symroof.errors import InputError
from symroof.symbols import ALPHABET, B, E, E_hit, L, S, k

HERE = (chip("h100").on("8"), dtype("bf16"))
MODELS = [llm(name) for name in NAMES]
ROUTED = [m for m in MODELS if m.stack.aggregates.routed]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("mixtral-8x7b", {"k": 9}),
        ("mixtral-8x7b", {"K": 3}),
        ("mixtral-8x7b", {"K": np.array([8.0, 3.0])}),
        ("mixtral-8x7b", {"E_hit": 9}),
        ("mixtral-8x7b", {"E_hit": 8.25}),
        ("mixtral-8x7b", {"E_hit": 1}),
        ("mixtral-8x7b", {"E_hit": np.array([4.0, 8.5])}),
        ("deepseek-v3", {"k": 257}),
        ("llama3-8b", {"K": 5}),
        ("mixtral-8x7b", {"P": 4}),
    ],
)
def test_letters_that_contradict_the_model_are_refused(name: str, given: dict[str, object]) -> None:
    m = llm(name)
    with pytest.raises(InputError):
        decode.step(m).at(*HERE, m, B=3, S=1024, **given)
    if all(isinstance(v, np.ndarray) for v in given.values()):
        with pytest.raises(InputError):
            sweep(decode.step(m), *HERE, m, B=[1, 3], S=1024, **{key: list(v) for key, v in given.items()})  # type: ignore[call-overload]


@pytest.mark.parametrize("m", ROUTED, ids=lambda m: m.name)
def test_any_number_of_experts_from_k_to_all_may_be_hit(m: object) -> None:
    for hit, _, _ in m.stack.aggregates.routed:  # type: ignore[attr-defined]
        kind = next(la.kind for la in m.stack.layers if getattr(la.kind, "hit", None) == hit)  # type: ignore[attr-defined]
        least, most = (int(m[getattr(kind, f)]) for f in ("k", "E"))  # type: ignore[index]
        bound = decode.bound(m)  # type: ignore[arg-type]
        times = [float(bound.at(*HERE, m, B=64, S=1024, **{hit.name: x})) for x in (least, (least + most) / 2, most)]
        assert times == sorted(times)
        for x in (least - 1, most + 0.5):
            with pytest.raises(InputError):
                bound.at(*HERE, m, B=64, S=1024, **{hit.name: x})


@pytest.mark.parametrize("m", [m for m in MODELS if S in m.stack.flops().free_symbols], ids=lambda m: m.name)
def test_new_tokens_are_a_part_of_their_context(m: object) -> None:
    cost = m.stack.flops()  # type: ignore[attr-defined]
    assert float(cost.at(m, B=1, T=10, S=10)) > 0
    for ask in (
        lambda: cost.at(m, B=1, T=20, S=10),
        lambda: cost.at(m, B=1).at(T=20, S=10),
        lambda: cost.at(m, B=1, T=np.array([5.0, 20.0]), S=10),
        lambda: (2 * cost + cost).at(m, B=1, T=20, S=10),
        lambda: sweep(cost, m, B=1, T=[5, 20], S=10),
    ):
        with pytest.raises(InputError, match="give T at most S"):
            ask()


@pytest.mark.parametrize("m", ROUTED, ids=lambda m: m.name)
def test_the_elasticity_by_the_batch_counts_the_experts_it_hits(m: object) -> None:
    step = decode.step(m)  # type: ignore[arg-type]
    near = [float(step.at(*HERE, m, B=3 * f, S=1024)) for f in (0.999999, 1.000001)]
    slope = math.log(near[1] / near[0]) / math.log(1.000001 / 0.999999)
    assert float(elasticity(step, B).at(*HERE, m, B=3, S=1024)) == pytest.approx(slope, rel=1e-4)
    (row,) = sensitivities(step, among=(B,)).at(*HERE, m, B=3, S=1024)
    assert float(row.elasticity) == pytest.approx(slope, rel=1e-4)
    assert float(row.after) == pytest.approx(float(step.at(*HERE, m, B=sp.Rational(27, 10), S=1024)))


def test_the_elasticity_by_sizes_of_the_experts_counts_what_is_hit() -> None:
    m = llm("mixtral-8x7b")
    step, hit = decode.step(m), 8 * (1 - (1 - 2 / 8) ** 3)
    share = float(step.at(*HERE, m, B=3, S=1024)["MLP"]) / float(step.at(*HERE, m, B=3, S=1024))
    weights = float(m.stack.parameters.at(m))  # every weight but the table of the embedding and the experts that idle
    each = 3 * int(m[ALPHABET["D"]]) * int(m[ALPHABET["F"]]) * int(m[ALPHABET["L"]])
    read = weights - int(m[ALPHABET["D"]]) * int(m[ALPHABET["V"]]) - 8 * each + hit * each
    by_k = 8 * 3 * (1 - 2 / 8) ** 2 * (1 / 8) * each * 2 / read  # k dE_hit/dk / what is read
    assert float(elasticity(step, k).at(*HERE, m, B=3, S=1024)) == pytest.approx(by_k * share, rel=1e-6)
    assert float(elasticity(step, E_hit).at(*HERE, m, B=3, S=1024)) == pytest.approx(hit * each / read * share, rel=1e-6)
    assert float(elasticity(step, E).at(*HERE, m, B=3, S=1024)) > 0


@pytest.mark.parametrize("m", ROUTED, ids=lambda m: m.name)
def test_answers_stay_within_what_a_letter_can_be(m: object) -> None:
    step = decode.step(m)  # type: ignore[arg-type]
    kind = next(la.kind for la in m.stack.layers if hasattr(la.kind, "hit"))  # type: ignore[attr-defined]
    most, per_token = int(m[kind.E]), int(m[kind.k])  # type: ignore[index]
    sizes = {"B": 16, "S": 1024}
    for limit in (float(step.at(*HERE, m, **sizes)) * f for f in (0.2, 0.9, 1.1, 50)):
        found = solve(step <= f"{limit} s", kind.k).at(*HERE, m, **sizes)
        held = [float(step.at(*HERE, m, **sizes, **{kind.k.name: x})) <= limit for x in range(1, most + 1, max(1, most // 16))]
        if all(held):
            assert found.note.startswith("always")
        elif not any(held):
            assert found.note.startswith("never") or float(found) < 1
        else:
            assert 1 <= float(found) <= most
        hit = solve(step <= f"{limit} s", kind.hit).at(*HERE, m, **sizes)
        assert hit.note or per_token <= float(hit) <= most


def test_a_threshold_in_the_number_of_experts_is_quick_for_large_batches() -> None:
    m = llm("nemotron-3-nano")
    found = solve(decode.step(m) <= "5 ms", E).at(*HERE, m, B=64, S=8192)
    most = float(decode.step(m).at(*HERE, m, B=64, S=8192, E=float(found)))
    assert most == pytest.approx(5e-3, rel=1e-6)


def test_counts_of_layers_move_together() -> None:
    m = llm("gpt-oss-120b")
    step = decode.step(m)
    with pytest.raises(InputError, match="L = L_full \\+ L_win"):
        solve(step <= "20 ms", L).at(*HERE, m, B=64, S=8192)
    most = float(solve(step <= "20 ms", L).at(*HERE, m, B=64, S=8192, L_win=L / 2, L_full=L / 2))
    at = float(step.at(*HERE, m, B=64, S=8192, L=most, L_win=most / 2, L_full=most / 2))
    assert at == pytest.approx(20e-3, rel=1e-9)
    (windowed,) = (s for s in m.values if s.name == "L_win")
    assert float(solve(step <= "20 ms", windowed).at(*HERE, m, B=64, S=8192, L=72, L_full=36)) > 36
    dense = llm("llama3-8b")
    assert float(solve(decode.step(dense) <= "20 ms", L).at(*HERE, dense, B=8, S=8192)) > 32


@pytest.mark.parametrize("name", ["llama3-8b", "mixtral-8x7b", "nemotron-3-nano"])
def test_a_frontier_that_no_batch_reaches_is_refused(name: str) -> None:
    m = llm(name)
    rate = decode.frontier(m)
    assert float(rate.at(*HERE, m, S=1024, t_lim="20 ms")) > 0
    for limit in ("10 us", np.array([1e-5, 2e-2])):
        with pytest.raises(InputError, match="no B will do"):
            rate.at(*HERE, m, S=1024, t_lim=limit)


def test_what_is_given_of_a_model_is_not_derived_again() -> None:
    m = llm("mixtral-8x7b")
    few = m.but(E_hit=3)
    step = decode.step(m)
    assert step.at(*HERE, few, B=4, S=1024).number == step.at(*HERE, m, B=4, S=1024, E_hit=3).number
    assert step.at(*HERE, few, B=4, S=1024).number != step.at(*HERE, m, B=4, S=1024).number
    assert step.at(*HERE, few.but(L=64), B=4, S=1024)["MLP"].number > step.at(*HERE, few, B=4, S=1024)["MLP"].number
    assert few.but(L=64)[E_hit] == 3
