"""Commands of measurements: a fit from a file, what explains one record, an estimate in a story; and what they refuse, in a sentence."""

import csv
import json

import pytest
from click.testing import CliRunner

from symroof import calibration, chip, decode, dtype, llm
from symroof.cli import cli
from symroof.symbols import B, S, eta_hbm

pytest.importorskip("scipy")


def run(*args):
    return CliRunner().invoke(cli, list(args))


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    path, m = tmp_path_factory.mktemp("records") / "runs.csv", llm("llama3-8b")
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["chip", "chips", "model", "format", "batch", "context", "measured"])
        for batch, context in (
            (1, 100),
            (4, 1000),
            (16, 2000),
            (64, 1000),
            (128, 512),
            (256, 256),
            (2, 20000),
            (8, 8000),
            (32, 4000),
            (1, 30000),
        ):
            took = decode.estimate(m).at(chip("h100").on(1), m, dtype("bf16"), {B: batch, S: context}, eta_hbm=0.72, t_req="9 us")
            writer.writerow(["h100", 1, "llama3-8b", "bf16", batch, context, f"{float(took)} s"])
    return path


def test_a_file_is_fitted_and_its_calibration_written_and_used(records, tmp_path):
    out = tmp_path / "mine.toml"
    done = run("calibrate", str(records), "--letters", "eta_hbm,t_req", "-o", str(out), "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["letters"]["eta_hbm"]["value"] == pytest.approx(0.72, rel=1e-4)
    assert float(calibration(str(out))[eta_hbm]) == pytest.approx(0.72, rel=1e-3)
    story = run("serve", "llama3-8b", "--on", "h100", "--formats", "bf16", "--batch", "8", "--calibration", str(out), "--json")
    row = json.loads(story.output)["formats"]["bf16"]["estimate"]
    assert row["interval"][0] <= row["value"] <= row["interval"][1]
    assert row["value"] > json.loads(story.output)["formats"]["bf16"]["bound"]["value"]


def test_a_story_without_a_calibration_offers_one_and_one_on_another_chip_says_so():
    at = ("serve", "llama3-8b", "--formats", "bf16", "--on")
    offered = run(*at, "h100").output
    assert "--calibration NAME" in offered
    assert "tensorrt-llm" in offered
    assert "gpt-fast" not in offered  # an A100
    assert "no calibration was fitted to records of tpu-v5e" in run(*at, "tpu-v5e").output
    assert "no record of tpu-v5e: there the bound holds" in run(*at, "tpu-v5e", "--calibration", "gpt-fast").output
    assert "no record of" not in run(*at, "a100-80", "--calibration", "gpt-fast").output


def test_a_story_estimates_only_what_a_calibration_was_fitted_to():
    at = ("serve", "llama3-8b", "--formats", "bf16", "--on", "a100-80", "--json", "--calibration")
    rows = {name: json.loads(run(*at, name).output)["formats"]["bf16"].keys() for name in ("gpt-fast", "llama-cpp-prefill", "tensorrt-llm")}
    assert {name: [key for key in ("estimate", "prefill_estimate") if key in found] for name, found in rows.items()} == {
        "gpt-fast": ["estimate"],
        "llama-cpp-prefill": ["prefill_estimate"],
        "tensorrt-llm": ["estimate", "prefill_estimate"],
    }
    assert "of which nothing is here" in run(*at[:-2], "--calibration", "kernels").output


def test_one_measurement_is_explained():
    at = ("--on", "a100-80", "--slice", "1", "--model", "llama2-7b", "--formats", "bf16", "--set", "B=1", "--set", "S=5")
    done = run("explain", "9.533 ms", *at)
    assert done.exit_code == 0, done.output
    assert "1.47 times" in done.output
    assert "0.68" in done.output
    assert "Estimate: " in run("explain", "9.533 ms", *at, "--calibration", "gpt-fast").output


@pytest.mark.parametrize(
    "args",
    [
        ("calibrate", "no-such.csv", "--letters", "eta_hbm"),
        ("calibrate", "RECORDS", "--letters", "eta_hbn"),
        ("calibrate", "RECORDS", "--letters", "eta_hbm:engine"),
        ("calibrate", "RECORDS", "--letters", "eta_hbm", "--of", "decode.steps"),
        ("calibrate", "RECORDS", "--letters", "eta_hbm", "-o", "mine.csv"),
        ("calibrate", "RECORDS", "--letters", "eta_hbm", "-o", "/no/such/folder/mine.toml"),
        ("explain", "fast", "--on", "h100", "--model", "llama3-8b"),
        ("explain", "9 ms", "--on", "h100", "--model", "llama3-8b"),
        ("explain", "9 ms", "--on", "h100", "--model", "llama3-8b", "--calibration", "gpt-slow"),
        ("serve", "llama3-8b", "--on", "h100", "--calibration", "gpt-slow"),
        ("serve", "llama3-8b", "--on", "h100", "--latency", "15 ms", "--calibration", "gpt-slow"),
        ("search", "serve", "llama3-8b", "--on", "h100", "--calibration", "kernels"),
        ("search", "serve", "llama3-8b", "--on", "h100", "--calibration", "gpt-fast", "--no-overlap"),
        ("search", "train", "llama3-8b", "--on", "h100", "--calibration", "gpt-fast"),
        ("page", "serve", "llama3-8b", "--on", "h100", "--calibration", "gpt-fast"),
        ("figure", "frontier", "llama3-8b", "--on", "h100", "--calibration", "gpt-fast"),
        ("validate", "no-such.csv"),
    ],
    ids=" ".join,
)
def test_what_is_refused_is_one_sentence(args, records):
    done = run(*[str(records) if a == "RECORDS" else a for a in args])
    assert done.exit_code == 2, done.output
    assert "Traceback" not in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
