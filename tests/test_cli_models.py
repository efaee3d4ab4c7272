"""The command line gives for a model what Python gives, for models whose letters have siblings: kv_win, M_st, F_sh."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from symroof import chip, decode, dtype, elasticity, llm, minimize, regimes, serving, solve
from symroof.cli import cli
from symroof.export.export import export
from symroof.symbols import ALPHABET, B, S

HERE = (chip("h100").on("8"), dtype("bf16"))
AT = ("--on", "h100", "--slice", "8", "--formats", "bf16")
MODELS = {
    "mixtral-8x7b": (),
    "mistral-7b": (),
    "gpt-oss-120b": (),
    "deepseek-v3": (),
    "nemotron-3-nano": (),
    "llama3-8b": ("--exact",),
}
EACH = pytest.mark.parametrize("name", MODELS)


def run(name: str, *words: str) -> str:
    found = CliRunner().invoke(cli, [*words, "--model", name, *MODELS[name]])
    assert found.exit_code == 0, (words, found.stderr, found.exception)
    return found.stdout


def asked(name: str, *words: str) -> Any:
    return json.loads(run(name, *words, "--json"))


@EACH
@pytest.mark.parametrize("letter", ["B", "S", "W_hbm", "D", "p_kv"])
def test_solve(name: str, letter: str) -> None:
    m, s = llm(name), ALPHABET[letter]
    values = {key: value for key, value in (("B", 8), ("S", 1024)) if key != letter}
    of = solve(decode.step(m) <= "20 ms", s).at(*HERE, m, **values)
    found = asked(name, "solve", "decode.step <= 20 ms", "--for", letter, *AT, *(f"--set={k}={v}" for k, v in values.items()))
    assert found["value"] == pytest.approx(float(of), rel=1e-12)


@EACH
def test_solve_without_values_says_what_is_free(name: str) -> None:
    found = asked(name, "solve", "decode.step <= 20 ms", "--for", "S")
    assert {"B", "C", "W_hbm", "n", "p_kv", "p_w"} == set(found["free"])
    left = asked(name, "solve", "decode.step <= 20 ms", "--for", "S", "--on", "h100", "--formats", "bf16", "--set", "B=8")
    assert left["free"] == ["n"]


@EACH
def test_regimes(name: str) -> None:
    m = llm(name)
    of = regimes(decode.step(m), along=B).at(*HERE, m, S=1024)
    (found,) = asked(name, "regimes", "decode.step", "--along", "B", *AT, "--set", "S=1024")["at"]
    assert [r["high"] for r in found["regimes"][:-1]] == pytest.approx([float(x) for x in of.breakpoints], rel=1e-12)
    assert [r["binds"] for r in found["regimes"]] == [dict(r.winners) for r in of]
    plane = regimes(decode.step(m), over=(B, S)).at(*HERE, m)
    shown = asked(name, "regimes", "decode.step", "--over", "B,S", *AT)["at"]
    assert shown == plane.reason if plane.reason else [r["binds"] for r in shown] == [dict(r.winners) for r in plane.regions]


@EACH
def test_minimize(name: str) -> None:
    m = llm(name)
    of = minimize(serving.dollars_per_token(m), over=B).at(*HERE, m, S=1024, price="$2/h")
    found = asked(name, "minimize", "serving.dollars_per_token", "--over", "B", *AT, "--set", "S=1024", "--set", "price=$2/h")["best"]
    assert found["value"] == pytest.approx(float(of.value), rel=1e-12)
    assert found["kind"] == of.kind


@EACH
def test_elasticity(name: str) -> None:
    m = llm(name)
    found = asked(name, "elasticity", "decode.step", *AT, "--set", "S=1024", "--set", "B=8")
    assert found["value"] == pytest.approx(float(decode.step(m).at(*HERE, m, S=1024, B=8)), rel=1e-12)
    for row in found["ranking"]:
        if isinstance(row["elasticity"], (int, float)) and row["letter"] in "BSWn":
            of = elasticity(decode.step(m), ALPHABET[row["letter"]]).at(*HERE, m, S=1024, B=8)
            assert row["elasticity"] == pytest.approx(float(of), rel=1e-9)
    run(name, "elasticity", "decode.step", "--on", "h100")
    run(name, "elasticity", "decode.step", "--of", "S", *AT)


@EACH
@pytest.mark.parametrize("to", ["python", "c"])
def test_export(name: str, to: str) -> None:
    m = llm(name)
    assert run(name, "export", "decode.step", "--to", to, *AT, "--set", "S=1024") == export(decode.step(m).at(*HERE, m, S=1024), to)
    assert "p_kv" in run(name, "export", "decode.step", "--to", to, "--on", "h100")
    for letter, values in (("S", "B=8"), ("D", "S=1024")):  # some have more than one threshold, which is no number in C
        assert run(name, "export", "decode.step <= 20 ms", "--for", letter, "--to", "python", "--on", "h100", "--set", values)


@EACH
def test_formulas_limits_and_documents(name: str, tmp_path: Any) -> None:
    m = llm(name)
    found = asked(name, "formulas", "decode.step", *AT, "--set", "S=1024", "--set", "B=8")
    assert found["value"] == pytest.approx(float(decode.step(m).at(*HERE, m, S=1024, B=8)), rel=1e-12)
    assert "Still free: B, S, n, p_kv, p_w." in run(name, "formulas", "decode.step", "--on", "h100")
    run(name, "limit", "decode.step", "--large", "B", *AT, "--set", "S=1024")
    for question in ("decode.step", "decode.step <= 20 ms @ D"):
        run(name, "document", question, *AT, "--set", "B=8", "--set", "S=1024", "-o", str(tmp_path / "d.tex"))
        run(name, "document", question, "--on", "h100", "-o", str(tmp_path / "d.tex"))


@EACH
def test_the_frontier(name: str) -> None:
    m = llm(name)
    of = decode.frontier(m).at(*HERE, m, S=1024, t_lim="30 ms")
    at = (*AT, "--set", "S=1024", "--set", "t_lim=30 ms")
    assert asked(name, "formulas", "decode.frontier", *at)["value"] == pytest.approx(float(of), rel=1e-12)
    refused = CliRunner().invoke(cli, ["formulas", "decode.frontier", *at, "--set", "B=1", "--model", name, *MODELS[name]])
    assert refused.exit_code == 2
    assert "B follows from the other values" in refused.stderr or "B does not occur" in refused.stderr
    rest = asked(name, "formulas", "decode.frontier", *AT, "--set", "S=1024")
    assert "B" not in rest["at"]


@pytest.mark.parametrize("name", ["mixtral-8x7b", "llama3-8b"])
def test_questions_about_the_frontier(name: str, tmp_path: Any) -> None:
    at = (*AT, "--set", "S=1024")
    run(name, "regimes", "decode.frontier", "--along", "t_lim", *at)
    solved = asked(name, "solve", "decode.frontier >= 100 token/s/chip", "--for", "t_lim", *at)
    assert solved.get("free", []) == (["E_hit"] if "E_hit" in solved["given"] else [])
    question = ("solve", "decode.frontier >= decode.frontier", "--for", "t_lim", "--than", "a100-80:8", *at)
    found = CliRunner().invoke(cli, [*question, "--model", name, *MODELS[name]])
    assert isinstance(found.exception, (SystemExit, type(None)))
    assert "Traceback" not in found.output


def test_one_letter_that_was_solved_for_on_two_chips_is_two() -> None:
    at = ("--slice", "8", "--formats", "bf16", "--set", "S=1024", "--set", "t_lim=3 ms", "--model", "mixtral-8x7b")
    found = CliRunner().invoke(cli, ["solve", "decode.frontier >= decode.frontier", "--for", "n", "--than", "a100-80", "--on", "h100", *at])
    assert found.exit_code == 2
    assert "not the same in every part" in found.stderr


@pytest.mark.parametrize("words", [("figure", "training", "--on", "tpu-v5p"), ("page", "training", "--on", "tpu-v5p", "--slice", "4x4x4")])
@pytest.mark.parametrize("name", [n for n in MODELS if n not in ("mistral-7b", "llama3-8b")])
def test_one_mlp_is_not_drawn_for_a_model_without_it(name: str, words: tuple[str, ...]) -> None:
    found = CliRunner().invoke(cli, [*words, "--model", name])
    assert found.exit_code == 2
    assert "one MLP of width F" in found.stderr
