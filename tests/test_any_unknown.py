"""Any letter can be the unknown: questions that people ask, each answer checked by evaluating the cost there."""

import pytest

from symroof import SymroofError, chip, decode, dtype, llm, matmul, memory, roofline, serving, solve, training
from symroof.symbols import B, C, D, F, G, K, L, M_hbm, P, S, T, W_hbm, n, p_kv, p_w, price

LLAMA, INT8 = llm("llama3-70b"), dtype("int8", math="bf16")
V5E = (chip("tpu-v5e").on("4x4"), LLAMA, INT8)
V5P = (chip("tpu-v5p").on("2x2x4"), LLAMA, INT8)
STEP, MINE = decode.step(), decode.step(LLAMA).expand()  # the book's, and the model's own in the letters of its layers
PER_TOKEN = serving.dollars_per_token()
THERE = PER_TOKEN.at(*V5E, B=32, S=8192)

QUESTIONS = [  # question, condition, unknown, sheets and values, the sense of the answer
    ("what HBM bandwidth makes this step 10 ms?", STEP <= "10 ms", W_hbm, (*V5E,), {"B": 32, "S": 8192}, "least"),
    (
        "which FLOP/s make prefill 1 s?",
        training.math(training.layer("FSDP")) <= "1 ms",
        C,
        (),
        {"B": 2**17, "D": 8192, "F": 28672, "X": 64},
        "least",
    ),
    ("how many chips for 10 ms?", STEP <= "10 ms", n, (*V5E,), {"B": 32, "S": 8192}, "least"),
    ("which price makes v5p as cheap per token as v5e?", PER_TOKEN <= THERE, price, (*V5P,), {"B": 32, "S": 8192}, "most"),
    ("what context makes KV loading half the step?", STEP["attention"] >= STEP / 2, S, (*V5E,), {"B": 32}, "least"),
    ("how large must HBM be?", memory.memory() <= memory.capacity(), M_hbm, (*V5E,), {"B": 32, "S": 8192}, "least"),
    ("how many bytes per KV element for 10 ms?", STEP <= "10 ms", p_kv, (*V5E,), {"B": 32, "S": 8192}, "most"),
    ("how many bytes per weight for 10 ms?", STEP <= "10 ms", p_w, (*V5E,), {"B": 32, "S": 8192}, "most"),
    ("how long may an answer be in 10 s?", serving.generation_time() <= "10 s", G, (*V5E,), {"B": 32, "S": 8192}, "most"),
    ("how many parameters in 10 ms?", STEP <= "10 ms", P, (*V5E,), {"B": 32, "S": 8192}, "most"),
    ("how many KV heads in 10 ms, its weights fixed?", STEP <= "10 ms", K, (*V5E,), {"B": 32, "S": 8192, "P": 70e9}, "most"),
    ("how deep a model in 10 ms, its weights fixed?", STEP <= "10 ms", L, (*V5E,), {"B": 32, "S": 8192, "P": 70e9}, "most"),
    ("how many KV heads in 10 ms?", MINE <= "10 ms", K, (*V5E,), {"B": 32, "S": 8192}, "most"),
    ("how deep a model in 10 ms?", MINE <= "10 ms", L, (*V5E,), {"B": 32, "S": 8192}, "most"),
]


def both(condition, sheets, values):
    """What the two sides are worth."""
    found = []
    for side in (condition.left, condition.right):
        names = {s.name for s in side.free_symbols}
        found.append(float(side.at(*sheets, **{k: v for k, v in values.items() if k in names})))
    return found


@pytest.mark.parametrize("condition, unknown, sheets, values, sense", [q[1:] for q in QUESTIONS], ids=[q[0] for q in QUESTIONS])
def test_at_the_threshold_both_sides_are_equal(condition, unknown, sheets, values, sense):
    bound = solve(condition, unknown)
    assert bound.closed
    assert bound.unit == unknown.unit
    found = bound.at(*sheets, **values)
    assert not found.note
    assert found.round_down == (sense == "most")
    left, right = both(condition, sheets, {**values, unknown.name: found.number})
    assert left == pytest.approx(right, rel=1e-12)
    outside = float(found.number) * (1.01 if sense == "most" else 0.99)
    inside = float(found.number) * (0.99 if sense == "most" else 1.01)
    for at, holds in ((outside, False), (inside, True)):
        put = f"${at * 3600!r}/h" if unknown == price else at
        left, right = both(condition, sheets, {**values, unknown.name: put})
        assert {">=": left >= right, "<=": left <= right}[condition.relation] is holds


def test_numbers_by_hand():
    layer = 3 * 8192 * 28672 + 2 * 8192 * 64 * 128 + 2 * 8192 * 8 * 128  # MLP, queries and output, keys and values
    weights, kv = 80 * (layer + 2 * 8192) + 2 * 128256 * 8192 + 8192, 2 * 8 * 128 * 80  # one byte each; kv per token
    assert float(llm("llama3-70b").values[P]) == weights
    bandwidth = solve(STEP <= "10 ms", W_hbm).at(*V5E, B=32, S=8192)
    assert float(bandwidth) == pytest.approx((32 * 8192 * kv + weights) / 16 / 10e-3)
    context = solve(STEP["attention"] >= STEP / 2, S).at(*V5E, B=32)
    assert float(context) == pytest.approx(weights / (32 * kv))  # weights bind at 32, so equal shares are equal bytes
    assert context.whole == -(-weights // (32 * kv))


def test_impossible_questions_say_why():
    never = solve(STEP <= "4 ms", B).at(*V5E, S=8192)
    assert repr(never).startswith("never: at tpu-v5e 4x4, llama3-70b, int8 the left side of ")
    assert "of what it needs" in repr(never)
    slow = solve(STEP <= "1 ms", W_hbm).at(*V5E, B=320, S=8192)
    assert repr(slow).startswith("never")  # the arithmetic alone takes longer
    t = roofline(matmul(B, D, F))
    assert "0.411" in repr(solve(t["math"] >= t["hbm"], B).at(chip("tpu-v5e"), dtype("bf16"), D=200, F=200))
    with pytest.raises(SymroofError, match="does not occur"):
        solve(STEP <= "10 ms", T)
