"""The commands that ask the solver: what they answer, against arithmetic done here, and what they refuse."""

import json
import operator
import pkgutil
import shlex
from math import floor, isclose

import pytest
import sympy as sp
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import symroof
import symroof.workloads
from symroof import Cost, decode, llm
from symroof import symbols as letters
from symroof.ask.grammar import asked, formula
from symroof.ask.names import MODULES, formulas, needing, summary, thresholds, unit_of
from symroof.cli import cli
from symroof.cli.main import COMMANDS
from symroof.errors import InputError, SymroofError

# TPU v5e, v5p and LLaMA 3-70B from their data sheets; int8 weights and cache, bf16 arithmetic.
W, C, M, PRICE = 8.1e11, 1.97e14, 16e9, 1.2 / 3600
W5P, C5P = 2.8e12, 4.59e14
P, L, K, H = 70_553_706_496, 80, 8, 128
N, S, B = 16, 8192, 32
AT = ("--on", "tpu-v5e", "--slice", "4x4", "--model", "llama3-70b", "--formats", "int8")
FULL = (*AT, "--set", "S=8192", "--set", "B=32")


def step(batch=B, context=S, w=W, c=C, kv=1.0, chips=N):
    """The decode step, once more."""
    return 2 * batch * K * H * L * context * kv / (chips * w) + max(2 * batch * P / (chips * c), P / (chips * w))


def deep(layers):
    """The same with other layers, of which the parameters follow: two embeddings and a norm, and 855,654,400 + 2 norms a layer."""
    params = layers * (3 * 8192 * 28672 + 2 * 8192 * 72 * 128 + 2 * 8192) + 2 * 8192 * 128256 + 8192
    return 2 * B * K * H * layers * S / (N * W) + max(2 * B * params / (N * C), params / (N * W))


def run(*args: str):
    return CliRunner().invoke(cli, list(args))


def answer(*args: str):
    done = run(*args, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def flips(holds, threshold, below):
    """A condition holds on one side of a threshold and not on the other."""
    near, far = (threshold * (1 - 1e-9), threshold * (1 + 1e-9)) if below else (threshold * (1 + 1e-9), threshold * (1 - 1e-9))
    return holds(near) and not holds(far)


# -- solve
def test_without_values_the_formula_of_the_book():
    found = answer("solve", "decode.step/MLP/math >= decode.step/MLP/weights", "--for", "B")
    assert found["formula"] == "B >= C*p_w/(2*W_hbm)"
    assert "value" not in found
    assert found["given"] == {}


def test_which_batch_stays_within_a_latency():
    found = answer("solve", "decode.step <= 15 ms", "--for", "B", *AT, "--set", "S=8192")
    assert flips(lambda b: step(b) <= 0.015, found["value"], below=True)
    brute = max(b for b in range(1, 1000) if step(b) <= 0.015)
    assert found["whole"] == brute
    shown = run("solve", "decode.step <= 15 ms", "--for", "B", *AT, "--set", "S=8192").output
    assert f"so {brute}" in shown
    assert "B <= Min(" in shown


def test_what_bandwidth_makes_the_step_10_ms():
    found = answer("solve", "decode.step <= 10 ms", "--for", "W_hbm", *FULL)
    assert flips(lambda w: step(w=w) <= 0.010, found["value"], below=False)
    assert "W_hbm" not in found["given"]
    assert found["unit"] == "byte/s"
    assert "whole" not in found


def test_which_price_makes_v5p_as_cheap_per_token_as_v5e():
    question = "serving.dollars_per_token <= serving.dollars_per_token"
    values = ("--model", "llama3-70b", "--formats", "int8", "--set", "S=8192", "--set", "B=32")
    found = answer("solve", question, "--for", "price", "--on", "tpu-v5p", "--than", "tpu-v5e", *values)
    chips = 1
    ours = PRICE * chips * step(chips=chips) / (chips * step(w=W5P, c=C5P, chips=chips))
    assert isclose(found["value"], ours, rel_tol=1e-12)
    assert "price_tpu_v5e" in found["formula"]
    assert found["relation"] == "<="


def test_a_letter_that_neither_chip_gives_is_one_letter_on_both():
    """Up to which batch are the matmuls faster on 4 v5p than on 2 H100? And v5p is never the cheaper per token than v5e."""
    question = ("solve", "decode.step/MLP <= decode.step/MLP", "--for", "B", "--on", "tpu-v5p", "--slice", "4", "--than", "h100:2")
    found = answer(*question, "--model", "llama3-70b", "--formats", "int8")

    def mlp(batch, chips, w, c):
        return max(2 * batch * P / (chips * c), P / (chips * w))

    assert flips(lambda b: mlp(b, 4, W5P, C5P) <= mlp(b, 2, 3.35e12, 9.895e14), found["value"], below=True)
    question = ("solve", "serving.dollars_per_token <= serving.dollars_per_token", "--for", "B", "--on", "tpu-v5p", "--than", "tpu-v5e")
    done = run(*question, "--model", "llama3-70b", "--formats", "int8", "--set", "S=8192")
    assert done.exit_code == 1
    assert "never" in done.output
    for batch in (1, 10, 100, 1000, 10**6):
        assert 4.2 * step(batch, w=W5P, c=C5P) > 1.2 * step(batch)


def test_what_context_makes_kv_loading_half_the_step():
    found = answer("solve", "decode.step/attention >= 0.5*decode.step", "--for", "S", *AT, "--set", "B=32")

    def half(context):
        loading = 2 * B * K * H * L * context / (N * W)
        return loading >= 0.5 * step(context=context)

    assert flips(half, found["value"], below=False)
    assert half(found["whole"])
    assert not half(found["whole"] - 1)


@pytest.mark.parametrize(
    ("question", "letter", "values", "holds"),
    [
        ("decode.step <= 10 ms", "p_kv", FULL, lambda kv: step(kv=kv) <= 0.010),
        ("decode.step <= 6 ms", "n", (*AT[:2], *AT[4:], "--set", "S=8192", "--set", "B=32"), lambda n: step(chips=n) <= 0.006),
        ("serving.generation_time <= 5 s", "G", FULL, lambda g: g * step() <= 5),
        ("decode.step <= 10 ms", "S", (*AT, "--set", "B=32"), lambda s: step(context=s) <= 0.010),
        ("decode.step <= 16 ms", "C", (*AT, "--set", "S=8192", "--set", "B=100"), lambda c: step(100, c=c) <= 0.016),
        ("memory.memory <= memory.capacity", "M_hbm", FULL, lambda m: N * m >= P + 2 * B * K * H * L * S),
        ("15 ms >= decode.step", "L", (*AT, "--set", "S=8192", "--set", "B=32"), lambda x: deep(x) <= 0.015),
        ("serving.dollars_per_token <= $1/Mtoken", "price", FULL, lambda p: p * N * step() / B <= 1e-6),
        ("decode.step <= 10 ms", "W_hbm", (*FULL, "--set", "eta_hbm=0.8"), lambda w: step(w=0.8 * w) <= 0.010),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_any_letter_can_be_the_unknown_whatever_a_sheet_says(question, letter, values, holds):
    found = answer("solve", question, "--for", letter, *values)
    assert letter not in found["given"]
    assert flips(holds, found["value"], below=found["relation"] == "<=")


def test_some_values_are_put_in_and_the_rest_is_named():
    done = run("solve", "decode.step <= 15 ms", "--for", "B", "--on", "tpu-v5e", "--formats", "int8")
    assert "still free: H, K, L, P, S, n" in done.output
    assert "W_hbm" not in done.output.partition("at tpu-v5e")[2]


@pytest.mark.parametrize(
    ("question", "letter", "extra", "why"),
    [
        ("decode.step <= 1 ms", "B", ("--set", "S=8192"), "0.184 of what it needs"),
        ("memory.memory <= memory.capacity", "B", ("--set", "S=8192", "--set", "P=405e9"), "of what it needs"),
        ("decode.step <= 5.445 ms", "B", ("--set", "S=8192"), "no whole B will do"),
        ("decode.step <= 10 ms", "W_hbm", ("--set", "S=8192", "--set", "B=100000"), "never"),
        ("decode.weight_time >= 2*decode.weight_time", "n", (), "never"),
    ],
)
def test_the_physically_impossible_is_never_with_the_reason_and_exit_code_one(question, letter, extra, why):
    done = run("solve", question, "--for", letter, *AT, *extra)
    assert done.exit_code == 1
    assert why in done.output


def test_large_letters_give_the_rule_and_its_error():
    values = ("--model", "llama3-70b", "--set", "p_a=2 byte")
    found = answer("solve", "memory.working_activations <= 1 GB", "--for", "B", "--large", "F", *values)
    dims = 8192, 28672, 128256
    limit, exact = 1e9 / (2 * 2 * dims[1]), 1e9 / (2 * (dims[0] + 2 * dims[1] + dims[2]))
    assert isclose(found["value"], limit, rel_tol=1e-12)
    assert f"{100 * (limit / exact - 1):.3g} % high" in found["error"]
    assert "for large F" in found["formula"]


def test_an_efficiency_can_be_asked_for_but_never_above_one():
    found = answer("solve", "decode.step <= 10 ms", "--for", "eta_hbm", *FULL)
    assert flips(lambda eta: step(w=eta * W) <= 0.010, found["value"], below=False)
    done = run("solve", "decode.step <= 8 ms", "--for", "eta_hbm", *FULL)
    assert done.exit_code == 1
    assert "never: it takes eta_hbm >= 1.095" in done.output


def test_the_limit_of_a_formula_and_its_error():
    found = answer("limit", "memory.working_activations", "--large", "F", "--model", "llama3-70b", "--set", "B=32", "--set", "p_a=2 byte")
    limit, exact = 2 * 32 * 2 * 28672, 2 * 32 * (8192 + 2 * 28672 + 128256)
    assert found["limit"] == "2*B*F*p_a"
    assert found["value"] == limit
    assert isclose(found["error"], limit / exact - 1, rel_tol=1e-12)


def test_a_formula_at_values_is_its_value_with_parts():
    found = answer("formulas", "decode.step", *FULL)
    assert isclose(found["value"], step(), rel_tol=1e-12)
    assert isclose(found["at_parts"]["MLP/math"], 2 * B * P / (N * C), rel_tol=1e-12)
    assert "<- bound" in run("formulas", "decode.step", *FULL).output
    assert "Still free: B" in run("formulas", "decode.step", *AT, "--set", "S=8192").output


def test_steps_and_their_check():
    done = run("solve", "decode.step/MLP/math >= decode.step/MLP/weights", "--for", "B", "--steps")
    assert "(the condition)" in done.output
    found = answer("solve", "decode.step <= 15 ms", "--for", "B", "--proof")
    assert found["proof"]["holds"] is True
    assert len(found["proof"]["lines"]) == len(found["steps"]) > 3
    assert "\\begin{align*}" in run("solve", "decode.step <= 15 ms", "--for", "B", "--steps", "--latex").output


def test_the_architecture_follows_the_model():
    """A mixture of experts computes with its active parameters only; latent attention has one cache for all heads."""
    dense, mixture = (answer("formulas", "decode.step", *m) for m in ((), ("--model", "deepseek-v3")))
    assert "P_mm" not in dense["letters"]
    assert {"P_mm", "kv", "f_att", "P_exp", "E_hit"} <= mixture["letters"].keys()
    found = answer("solve", "serving.queries >= 1 query/s/chip", "--for", "G", "--model", "deepseek-v3")
    assert "P_mm" in found["formula"]


# -- regimes, optima, elasticities
def test_regimes_along_the_batch_at_values():
    found = answer("regimes", "decode.step", "--along", "B", *AT, "--set", "S=8192")
    (case,) = found["at"]
    ends = [r["high"] for r in case["regimes"]]
    assert isclose(ends[0], P / (2 * K * H * L * S), rel_tol=1e-12)
    assert isclose(ends[1], C / (2 * W), rel_tol=1e-12)
    assert ends[2] is None
    assert [r["binds"]["MLP"] for r in case["regimes"]] == ["weights", "weights", "math"]
    assert [r["dominant"] for r in case["regimes"]] == ["MLP: weights", "attention", "attention"]
    assert len(found["regimes"]) == 2


def test_regimes_with_what_is_known_to_hold():
    found = answer("regimes", "decode.step", "--along", "B", "--given", "P*W_hbm > C*K*H*L*S*p_kv")
    assert len(found["regimes"]) == 1


def test_regimes_over_batch_and_context():
    """Each region's winner and largest summand, against the step's own terms at places on both sides of every line."""
    found = answer("regimes", "decode.step", "--over", "B,S", *AT)
    rows = {(r["binds"]["MLP"], r["dominant"]) for r in found["at"]}
    seen = set()
    for batch in (1, 40, 119, 125, 4000):
        for context in (100, 3400, 3700, 10**5, 10**6):
            parts = {"math": 2 * batch * P / (N * C), "weights": P / (N * W)}
            mlp = max(parts, key=parts.__getitem__)
            loading = 2 * batch * K * H * L * context / (N * W)
            seen.add((mlp, "attention" if loading > parts[mlp] else f"MLP: {mlp}"))
    assert rows == seen
    assert "B >= C*p_w/(2*W_hbm) and S >= P*W_hbm/(C*H*K*L*p_kv)" in [r["where"] for r in found["regimes"]]
    assert "B >= 121.6 tokens and S >= 3541 tokens" in run("regimes", "decode.step", "--over", "B,S", *AT).output


@pytest.mark.parametrize("way", [("minimize", "serving.dollars_per_token"), ("maximize", "decode.throughput")])
def test_the_best_batch_under_a_latency_and_a_memory_limit(way):
    limits = ("--subject-to", "decode.step <= 15 ms", "--subject-to", "memory.memory <= memory.capacity")
    found = answer(*way, "--over", "B", *limits, *AT, "--set", "S=8192")
    able = [b for b in range(1, 2000) if step(b) <= 0.015 and P + 2 * b * K * H * L * S <= N * M]
    assert found["best"]["whole"]["B"] == max(able, key=lambda b: b / step(b))
    rate = found["best"]["whole"]["B"] / step(found["best"]["whole"]["B"]) / N
    assert isclose(found["best"]["whole_value"], rate if way[0] == "maximize" else PRICE / rate, rel_tol=1e-12)
    shown = run(*way, "--over", "B", *limits, *AT, "--set", "S=8192").output
    assert "stopped by decode.step <= 15 ms" in shown


def test_the_best_sharding_in_closed_form():
    """X_opt = sqrt(B n M_X p_a / (F M_Y p_w)), and no whole numbers of ways, X and n/X, communicate less."""
    question = ("minimize", "training.mixed/comms", "--over", "X")
    assert "the derivative vanishes there" in answer(*question)["answer"]
    values = ("--set", "B=65536", "--set", "n=256", "--set", "M_X=2", "--set", "M_Y=1", "--formats", "bf16", "--math", "bf16")
    best = answer(*question, *values, "--set", "W_ici=90 GB/s", "--set", "D=8192", "--set", "F=28672")["best"]
    optimum = (65536 * 256 * 2 / 28672) ** 0.5
    assert isclose(best["point"]["X"]["value"], optimum, rel_tol=1e-9)

    def comms(x):
        return 2 * 2 * 8192 * (28672 * x / (2 * 256) + 65536 / x) / 9e10

    assert isclose(best["value"], comms(optimum), rel_tol=1e-9)
    assert best["whole"]["X"] == min((d for d in range(1, 257) if 256 % d == 0), key=comms)  # n/X ways of tensor parallelism


def test_an_equation_eliminates_a_letter():
    found = answer(
        "minimize", "decode.step", "--over", "B", "--subject-to", "B*n = 512", "--subject-to", "B >= 8", *AT[:2], *AT[4:], "--set", "S=8192"
    )
    best = found["best"]
    assert best["whole"]["B"] == 8
    assert best["whole"]["n"] == 64
    assert isclose(best["value"], step(8, chips=64), rel_tol=1e-12)


def test_no_optimum_is_exit_code_one():
    done = run("maximize", "decode.throughput", "--over", "B", "--subject-to", "decode.step <= 1 ms", *AT, "--set", "S=8192")
    assert done.exit_code == 1
    assert "never: no B satisfies decode.step <= 1 ms" in done.output
    assert run("minimize", "decode.step", "--over", "n").exit_code == 1


def test_what_would_help_most_is_what_ten_percent_do():
    found = answer("elasticity", "decode.step", *FULL)
    rows = {r["letter"]: r for r in found["ranking"]}
    assert isclose(rows["W_hbm"]["effect"], step(w=1.1 * W) / step() - 1, rel_tol=1e-9)
    assert isclose(rows["S"]["effect"], step(context=0.9 * S) / step() - 1, rel_tol=1e-9)
    assert rows["C"]["effect"] == 0
    slope = (step(w=W * 1.000001) / step() - 1) / 1e-6
    assert isclose(rows["W_hbm"]["elasticity"], slope, rel_tol=1e-4)
    effects = [abs(r["effect"]) for r in found["ranking"]]
    assert effects == sorted(effects, reverse=True)


def test_elasticity_without_and_with_some_values():
    found = answer("elasticity", "decode.step/attention", "--of", "W_hbm,S")
    assert found["elasticity"] == {"W_hbm": "-1", "S": "1"}
    done = run("elasticity", "decode.step", "--of", "W_hbm", *AT, "--set", "S=8192")
    assert "Still free: B" in done.output
    assert "They sum to 2, the degree" in run("elasticity", "memory.weight_memory").output


# -- the registry and the parser
def test_every_workload_is_named_or_shown_by_one_that_is():
    place = "symroof.workloads."
    shown = {f.__module__.removeprefix(place) for f in formulas().values()}
    made_of = {"models", "layout", "turns", "terms", "counted", "load.tags", "load.estimated"}  # what formulas are made of
    files = {m.name for m in pkgutil.walk_packages(symroof.workloads.__path__, place) if not m.ispkg}
    assert {name.removeprefix(place) for name in files} - made_of <= {*MODULES, *shown}


@pytest.mark.parametrize("name", sorted(formulas()))
def test_every_formula_is_a_cost_with_a_docstring(name):
    assert isinstance(formula(name, llm("mixtral-8x7b")), Cost)
    if unit_of(name) == "of a model":
        with pytest.raises(SymroofError, match="needs a model"):
            formula(name)
    else:
        assert isinstance(formula(name), Cost)
    assert summary(name).endswith((".", "]", ";", '".')), summary(name)


def test_the_list_of_formulas_says_what_and_in_which_unit():
    rows = {r["name"]: r for r in answer("formulas")}
    told = {f"{name}({', '.join(f'{option}=...' for option in options)})" for name, options in needing().items()}
    assert rows.keys() == formulas().keys() | thresholds().keys() | told
    assert rows["decode.step"] == {"name": "decode.step", "unit": "s", "meaning": summary("decode.step"), "kind": "formula"}
    assert rows["training.tp_limit"]["kind"] == "threshold" and rows["training.tp_limit"]["meaning"] == summary("training.tp_limit")
    assert rows["memory.kv_per_token"]["unit"] == "byte/token"


@pytest.mark.parametrize("name", sorted({**formulas(), **thresholds()}))
def test_every_name_can_be_imported(name):
    module, _, word = name.partition(".")
    assert getattr(getattr(symroof, module), word) is {**formulas(), **thresholds()}[name]


def test_a_threshold_is_shown_with_its_number():
    assert "B >= C*p_w/(2*W_hbm)" in run("formulas", "decode.critical_batch").output
    found = answer("formulas", "decode.critical_batch", "--on", "tpu-v5e", "--formats", "int8", "--set", "eta_hbm=0.5")
    assert isclose(found["value"], C / (2 * 0.5 * W), rel_tol=1e-12)
    assert answer("formulas", "training.tp_limit")["for"] == "Y"
    batch = answer("formulas", "memory.largest_batch", *AT, "--set", "S=8192")
    assert batch["whole"] == answer("solve", "memory.memory <= memory.capacity", "--for", "B", *AT, "--set", "S=8192")["whole"]


def test_the_functions_themselves_are_what_is_found():
    assert formula("decode.step") == decode.step()
    assert formula("decode.step/MLP/math") == decode.step()["MLP/math"]
    assert {"decode.step", "memory.capacity", "serving.dollars_per_token", "training.mixed"} <= formulas().keys()
    assert "serving.step" not in formulas()
    assert "training.zero_memory" not in formulas()


CONDITIONS = [
    ("B <= 64", "B <= 64"),
    ("64 >= B", "B <= 64"),
    ("n*M_hbm >= memory.memory", "M_hbm*n >= 2*B*H*K*L*S*p_kv + P*p_w"),
    ("decode.full_hbm_time < t_lim", "M_hbm/W_hbm < t_lim"),
    ("2 * decode.full_hbm_time ≤ 3 ms", "2*M_hbm/W_hbm <= 3/1000"),
    ("B/X^2 >= 1e3", "B/X**2 >= 1000"),
    ("training.run_time <= 30 days", "6*D_tok*P/(C*MFU*n) <= 2592000"),
    ("training.run_time <= 0.5*t_run", "6*D_tok*P/(C*MFU*n) <= t_run/2"),
    ("decode.step/attention - decode.weight_time <= 1 ms", "2*B*H*K*L*S*p_kv/(W_hbm*n) - P*p_w/(W_hbm*n) <= 1/1000"),
    ("decode.weight_time + 1 ms + 1 ms <= 0.02 s", "P*p_w/(W_hbm*n) + 1/500 <= 1/50"),
    ("max(decode.full_hbm_time, 2 ms, t_lim) <= 5 ms", "Max(1/500, t_lim, M_hbm/W_hbm) <= 1/200"),
    ("min(B, 2*S) >= 64", "Min(B, 2*S) >= 64"),
    ("3*(B + X)^2 / 2 >= n", "3*(B + X)**2/2 >= n"),
    ("-(B - S) <= 3", "S - B <= 3"),
    ("2 B - 1 byte <= M_hbm", "M_hbm >= 1"),
    ("decode.full_hbm_time/n <= 15 ms/2", "M_hbm/(W_hbm*n) <= 3/400"),
    ("memory.memory/KV cache <= n * 16 GiB", "2*B*H*K*L*S*p_kv <= 17179869184*n"),
    ("price <= $3/h", "price <= 1/1200"),
    ("MFU >= 40%", "MFU >= 2/5"),
    ("S <= 8 Ki", "S <= 8192"),
    ("decode.throughput/n >= 1,000 token/s/chip", repr((decode.throughput() / letters.n).declare("token/s/chip") >= "1000 token/s/chip")),
    ("X*Y divides n", "n/(X*Y) <= floor(n/(X*Y))"),
]


@pytest.mark.parametrize(("text", "meaning"), CONDITIONS)
def test_conditions(text, meaning):
    assert repr(asked(text).condition) == meaning


EXPRESSIONS = [
    ("decode.step", decode.step()),
    ("2*decode.step", 2 * decode.step()),
    ("decode.step/n - decode.step/MLP/2", decode.step() / letters.n - decode.step()["MLP"] / 2),
    ("max(decode.full_hbm_time, decode.weight_time)", decode.full_hbm_time() | decode.weight_time()),
    ("n*M_hbm", Cost(letters.n * letters.M_hbm, "byte")),
]


@pytest.mark.parametrize(("text", "meaning"), EXPRESSIONS, ids=[e[0] for e in EXPRESSIONS])
def test_expressions(text, meaning):
    assert formula(text).expr == meaning.expr
    assert formula(text).unit.measured == meaning.unit.measured


def test_an_expression_is_asked_about_as_a_formula_is():
    rate = answer("formulas", "decode.step - decode.step/attention", *FULL)["value"]
    assert isclose(rate, max(2 * B * P / (N * C), P / (N * W)), rel_tol=1e-12)
    found = answer("solve", "decode.step - decode.weight_time <= 5 ms", "--for", "B", *AT, "--set", "S=8192")
    assert flips(lambda b: step(b) - P / (N * W) <= 0.005, found["value"], below=True)
    assert answer("elasticity", "2*decode.step/attention", "--of", "S")["elasticity"] == {"S": "1"}


TREES = st.recursive(st.sampled_from("BXSn23"), lambda e: st.tuples(e, st.sampled_from("+-*/^"), e), max_leaves=6)
HOW = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "^": lambda a, _: a**2}


@settings(max_examples=200)
@given(TREES, st.booleans())
def test_arithmetic_is_that_of_sympy(tree, spaced):
    def written(e):
        gap = " " if spaced else ""
        return e if isinstance(e, str) else f"({written(e[0])}){gap}{e[1]}{gap}{2 if e[1] == '^' else f'({written(e[2])})'}"

    def meant(e):
        if isinstance(e, str):
            return letters.ALPHABET.get(e) or sp.Integer(e)
        return HOW[e[1]](meant(e[0]), meant(e[2]))

    try:
        found = asked(f"{written(tree)} <= 7*T").left.expr
    except InputError:
        assert meant(tree).has(sp.zoo, sp.nan)
    else:
        assert sp.simplify(found - meant(tree)) == 0 or meant(tree).is_number


@pytest.mark.parametrize(
    ("text", "meaning"),
    [("B - S - X", "B - S - X"), ("B/S/X", "B/(S*X)"), ("B/S*X", "B*X/S"), ("B + 2*S^2/X", "B + 2*S**2/X"), ("-B^2*-S", "B**2*S")],
)
def test_what_binds_stronger(text, meaning):
    assert repr(asked(f"{text} <= 7*T").condition) == f"{meaning} <= 7*T"


def test_a_condition_holds_as_plain_arithmetic_says():
    c = asked("decode.step <= 0.5*serving.generation_time").condition
    values = {
        "B": B,
        "H": H,
        "K": K,
        "L": L,
        "S": S,
        "P": P,
        "W_hbm": "810 GB/s",
        "C": "197 TFLOP/s",
        "n": N,
        "p_w": "1 byte",
        "p_kv": "1 byte",
    }
    assert c.at(**values, G=3) is True
    assert c.at(**values, G=1) is False


@settings(max_examples=600)
@given(st.lists(st.sampled_from([*"BXn064.*/^ <>=_-+()$", "decode", "decode.step", "memory", "/MLP", " ms", "<=", "GB"]), max_size=12))
def test_any_text_is_a_condition_or_a_sentence(words):
    try:
        asked("".join(words))
    except SymroofError as problem:
        assert len(str(problem)) < 500


BAD = [
    ("decod.step <= 15 ms", "'decode.step'"),
    ("step <= 15 ms", "'decode.step'"),
    ("decode.step/MPL <= 15 ms", "'MLP'"),
    ("decode.step <= 15 lightyears", "unknown unit"),
    ("decode.step <= 15", "'15 s'"),
    ("decode.step <= 15 GB", "is in s"),
    ("decode.step", "one of <= >= < > ="),
    ("1 ms < decode.step < 2 ms", "one of <= >= < > ="),
    ("15 ms <= 16 ms", "two numbers"),
    ("decode.step = 15 ms", "equation"),
    ("decode.critical_batch <= 3", "solved already"),
    ("training.zero_memory <= 3 GB", "needs stage"),
    ("B <= W_hmb", "'W_hbm'"),
    ("__import__('os').system('id') <= 3", "no formula"),
    ("decode.__class__ <= 3 s", "no formula"),
    ("decode.step <= B.__class__", "no formula"),
    ("B**99999 <= 3", "from '99999 <= 3' on: a power is a whole number up to 99"),
    ("decode.step <= 3 * ", "ends too early: a formula, a letter or a number is missing"),
    ("(B + 1 <= 64", "from '<= 64' on: a bracket is not closed"),
    ("B 2 <= 64", "from '2 <= 64' on: an operator is missing"),
    ("2 X <= n", "from 'X <= n' on: an operator is missing, write 2*X"),
    ("decode.step + B <= 3 s", "'B' is in 1"),
    ("B / (n - n) <= 3", "which is zero"),
    ("max(B, ) <= 3", "from ') <= 3' on"),
    ("(" * 200 + "B" + ")" * 190 + " <= 3", "too deep"),
    ("decode.step != 3 s", "from '!= 3 s' on"),
    ("decode.step <= (lambda: 1)()", "no formula"),
    ("9" * 500 + " <= B", "too long"),
    ("decode.step <= 8k", "two ways"),
    ("", "no condition"),
]


@pytest.mark.parametrize(("text", "words"), BAD, ids=[b[0][:30] for b in BAD])
def test_what_a_condition_cannot_be(text, words):
    done = run("solve", text, "--for", "B")
    assert done.exit_code == 2
    assert words in done.output
    assert "Traceback" not in done.output
    assert len(done.output) < 500
    assert isinstance(done.exception, SystemExit)


REFUSED = [
    (("solve", "decode.step <= 15 ms"), "--for"),
    (("solve", "decode.step <= 15 ms", "--for", "Q"), "Q"),
    (("solve", "decode.step <= 15 ms", "--for", "price"), "does not occur"),
    (("solve", "decode.step <= 15 ms", "--for", "B", "--set", "B=3"), "asked for and given"),
    (("solve", "decode.step <= 15 ms", "--for", "B", "--set", "Z=3"), "does not occur"),
    (("solve", "decode.step <= 15 ms", "--for", "B", "--set", "S=8k"), "'8 Ki'"),
    (("solve", "decode.step <= 15 ms", "--for", "B", "--set", "S"), "no '='"),
    (("solve", "decode.step <= 15 ms", "--for", "B", "--on", "tpu-v5"), "'tpu-v5"),
    (("solve", "decode.step <= 15 ms", "--for", "B", "--model", "llama3-70"), "'llama3-70b'"),
    (("solve", "decode.step <= 15 ms", "--for", "B", "--slice", "4x4"), "a slice needs a chip"),
    (("solve", "decode.step <= 15 ms", "--for", "B", "--on", "v5e", "--slice", "3x3"), "no slice"),
    (("solve", "decode.step <= 15 ms", "--for", "B", "--formats", "int9"), "'int8'"),
    (("solve", "decode.step <= 15 ms", "--for", "B", "--formats", "int8,int4"), "one format"),
    (("solve", "decode.step <= 15 ms", "--for", "B", "--on", "v5e", "--math", "fp8"), "no arithmetic in fp8"),
    (("solve", "decode.step <= 15 ms", "--for", "B", "--large", "Z"), "does not occur"),
    (("solve", "decode.step <= 15 ms", "--for", "B", "--than", "v5e"), "changes nothing"),
    (("limit", "decode.step"), "what grows"),
    (("limit", "decode.step", "--large", "Z"), "does not occur"),
    (("regimes", "decode.step"), "--along"),
    (("regimes", "decode.step", "--along", "B", "--over", "B,S"), "--along"),
    (("regimes", "decode.step", "--over", "B"), "two"),
    (("regimes", "decode.stp", "--along", "B"), "'decode.step'"),
    (("minimize", "decode.step"), "--over"),
    (("minimize", "decode.step", "--over", ","), "empty"),
    (("minimize", "decode.step", "--over", "B", "--subject-to", "B"), "no condition"),
    (("minimize", "decode.step", "--over", "Z"), "does not occur"),
    (("elasticity", "decode.step", "--of", "price"), "does not occur"),
    (("elasticity", "decode.step <= 3 s"), "is a condition, not a formula"),
    (("elasticity", "decode.critical_batch"), "solved already"),
    (("elasticity", "2*3"), "is a number"),
    (("formulas", "decode.spte"), "'decode.step'"),
    (("formulas", "--model", "lama3-70b"), "'llama3-70b'"),
    (("minimise", "decode.step"), "'minimize'"),
]


@pytest.mark.parametrize(("args", "words"), REFUSED, ids=[" ".join(a)[:60] for a, _ in REFUSED])
def test_what_is_refused(args, words):
    done = run(*args)
    assert done.exit_code == 2, done.output
    assert words in done.output
    assert len(done.output) < 600
    assert done.exception is None or isinstance(done.exception, SystemExit)


@pytest.mark.parametrize("form", [[], ["--json"], ["--latex"]])
@pytest.mark.parametrize(
    "args",
    [
        ["solve", "decode.step <= 15 ms", "--for", "B", "--steps"],
        ["solve", "decode.step <= 15 ms", "--for", "B", *AT, "--proof"],
        ["solve", "decode.step <= 15 ms", "--for", "B", *AT, "--set", "S=8192"],
        ["solve", "training.mixed/math >= training.mixed/comms", "--for", "X"],
        ["regimes", "decode.step", "--along", "B"],
        ["regimes", "decode.step", "--along", "S", *AT],
        ["regimes", "decode.step", "--over", "B,S", *AT],
        ["minimize", "training.mixed/comms", "--over", "X"],
        ["maximize", "decode.throughput", "--over", "B", "--subject-to", "decode.step <= 15 ms", *AT],
        ["maximize", "decode.throughput", "--over", "B", "--subject-to", "decode.step <= 15 ms", *AT, "--set", "S=8192"],
        ["elasticity", "decode.step"],
        ["elasticity", "decode.step", "--of", "W_hbm", *AT],
        ["elasticity", "decode.step", *FULL],
        ["limit", "memory.working_activations", "--large", "F"],
        ["limit", "memory.working_activations", "--large", "F", "--model", "llama3-70b"],
        ["limit", "memory.working_activations", "--large", "F", "--model", "llama3-70b", "--set", "B=3", "--set", "p_a=2 byte"],
        ["formulas", "decode.step", *AT],
        ["formulas", "decode.step", *FULL],
        ["formulas"],
        ["formulas", "training.mixed"],
    ],
    ids=lambda a: " ".join(a)[:40],
)
def test_every_form_of_every_command(args, form):
    done = run(*args, *form)
    assert done.exit_code == 0, done.output
    assert done.output.strip()
    if form == ["--json"]:
        json.loads(done.output)
    if form == ["--latex"]:
        assert done.output.replace(r"\{", "").replace(r"\}", "").count("{") == done.output.replace(r"\{", "").replace(r"\}", "").count("}")


ASKING = [name for name, file in COMMANDS.items() if file == "questions"]
EXAMPLES = [
    line.strip()
    for name in ASKING
    for line in (cli.get_command(None, name).help or "").partition("\b\n")[2].replace("\\\n", "").splitlines()
    if line.strip()
]


def test_every_command_has_an_example():
    assert {shlex.split(line)[1] for line in EXAMPLES} == set(ASKING)


@pytest.mark.parametrize("line", EXAMPLES)
def test_the_examples_of_the_help_texts_run(line):
    program, *args = shlex.split(line)
    assert program == "symroof"
    done = run(*args)
    assert done.exit_code == 0, done.output


def test_the_floor_is_the_whole_answer():
    found = answer("solve", "memory.memory <= memory.capacity", "--for", "B", *AT, "--set", "S=8192")
    assert found["whole"] == floor((N * M - P) / (2 * K * H * L * S))
