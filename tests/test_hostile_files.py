"""Files that are spoilt: a key misspelt, a value of another type, nonsense. The same answer, or one sentence."""

import json
import os
import tempfile
from copy import deepcopy
from typing import Any

import checkpoints
import checkpoints_of_experts
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from second_opinion import some
from test_config import CONFIGS, LLAMA, NONSENSE, _put, _spots
from test_formats import LLAMA as SMALL
from test_formats import WHERE

from symroof import Llm, SymroofError, llm
from symroof.cli import cli
from symroof.sheets.config import understood
from symroof.sheets.quantized import quantized
from symroof.sheets.spellings import TOWERS, towers

SPOILT = {
    "a letter less": lambda key, i: key[:i] + key[i + 1 :],
    "a letter twice": lambda key, i: key[: i + 1] + key[i:],
    "another letter": lambda key, i: key[:i] + "x" + key[i + 1 :],
    "two letters exchanged": lambda key, i: key[:i] + key[i + 1 : i + 2] + key[i] + key[i + 2 :],
    "several": lambda key, i: key + "s",
    "in capitals": lambda key, i: key.upper(),
    "with hyphens": lambda key, i: key.replace("_", "-"),
    "in one word": lambda key, i: key.replace("_", ""),
    "with a blank": lambda key, i: key + " ",
    "abridged": lambda key, i: key.replace("num_", "n_"),
}


def _retyped(value: Any) -> list[Any]:
    """The same in another type, and what is no value of its type at all."""
    odd = [float("nan"), float("inf"), {"a": value}, [value]]
    if isinstance(value, bool):
        return [*odd, str(value).lower(), int(value), "yes"]
    if isinstance(value, int):
        return [*odd, str(value), value + 0.5, -max(value, 1), True, 10**30, "auto"]
    if isinstance(value, float):
        return [str(value), [value], True]
    if isinstance(value, str):
        return [{"a": value}, [value], 3, True]
    if isinstance(value, list):
        return [{"a": value}, [value], "x", True, [None] * len(value), [str(each) for each in value], [[each] for each in value]]
    return [[value], "x", 3, True, list(value)] if value else []


def _refused(of: Any) -> str:
    """The sentence that something is refused with; empty if it is not."""
    try:
        of()
    except SymroofError as problem:
        said = str(problem)
        assert said and "\n" not in said and len(said) < 500
        return said
    return ""


def _tower(config: dict[str, Any]) -> dict[str, Any]:
    return towers(config)[0]  # type: ignore[return-value]


def _misspelt(data: st.DataObject, key: str) -> str:
    return SPOILT[data.draw(st.sampled_from(sorted(SPOILT)))](key, data.draw(st.integers(0, len(key) - 1)))


@settings(max_examples=some(700), deadline=None)
@given(st.sampled_from(CONFIGS), st.data())
def test_a_misspelt_key_is_named_or_the_model_is_the_same(usual, data):
    """Whatever its value, so that what is off is not taken for what a class has by default."""
    changed = deepcopy(usual)
    of = data.draw(st.sampled_from([changed, _tower(changed)]))
    key = data.draw(st.sampled_from(list(of)))
    other = _misspelt(data, key)
    if other in of:
        return
    of[other] = of.pop(key)
    said = _refused(lambda: understood(changed))
    if not said:
        assert understood(changed) == understood(usual), (key, other)


@settings(max_examples=some(1000), deadline=None)
@given(st.sampled_from(CONFIGS), st.data())
def test_a_value_of_another_type_is_refused_or_the_model_is_the_same(usual, data):
    changed = deepcopy(usual)
    of = _tower(changed)
    key = data.draw(st.sampled_from([key for key in of if _retyped(of[key])]))
    of[key] = data.draw(st.sampled_from(_retyped(of[key])))
    said = _refused(lambda: understood(changed))
    if not said and (key, of[key]) not in AUTOMATIC:
        assert understood(changed) == understood(usual), (key, of[key])


#: What a class works out where a file leaves it to the class.
AUTOMATIC = [("mamba_d_head", "auto"), ("mamba_dt_rank", "auto"), ("time_step_rank", "auto")]


def _tables(of: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where a key stands that says what is stored."""
    inside = bool(path) and "quantization_config" in path
    here = [(*path, key) for key in of if inside or key.endswith(("dtype", "quantization_config"))]
    return here + [spot for key, value in of.items() if isinstance(value, dict) and len(path) < 4 for spot in _tables(value, (*path, key))]


#: Small models with every method, the experts of DeepSeek-V4, states with a format of their own.
STORED = [SMALL | {"quantization_config" if key == "beside" else key: of for key, of in says.items()} for says, _ in WHERE if says]
STORED += [config for config in CONFIGS if {"expert_dtype", "mamba_ssm_dtype", "mamba_ssm_cache_dtype"} & {*_tower(config)}][:4]


@settings(max_examples=some(600), deadline=None)
@given(st.sampled_from(STORED), st.data())
def test_what_is_stored_is_the_same_or_said_when_a_table_is_spoilt(usual, data):
    """Keys of a quantization table that are misspelt or of another type: never other bytes without a word."""
    changed = deepcopy(usual)
    spot = data.draw(st.sampled_from(_tables(changed)))
    of = changed
    for key in spot[:-1]:
        of = of[key]
    if data.draw(st.booleans()):
        other = _misspelt(data, spot[-1])
        if other in of:
            return
        of[other] = of.pop(spot[-1])
    else:
        others = _retyped(of[spot[-1]])
        of[spot[-1]] = data.draw(st.sampled_from(others)) if others else None

    def stored(config: dict[str, Any]) -> Any:
        read = understood(config)
        found = quantized(config, None, read.width, read.layers, read.around)
        return found.widths, found.kv.bytes, found.state

    if not _refused(lambda: stored(changed)):
        assert stored(changed) == stored(usual), spot


WHOLE = [of.config for of in (checkpoints.CHECKPOINTS | checkpoints_of_experts.CHECKPOINTS).values()]


@settings(max_examples=some(120), deadline=None)
@given(st.sampled_from(WHOLE), st.data())
def test_whatever_stands_in_the_file_of_a_checkpoint_it_is_read_or_refused(usual, data):
    """With its towers, what it is stored in and what stands beside it; nonsense in one or two places, or nothing."""
    config = deepcopy(usual)
    for _ in range(data.draw(st.integers(1, 2))):
        spots = _spots(config)
        _put(config, data.draw(st.sampled_from(spots)), data.draw(st.sampled_from(NONSENSE)), data.draw(st.booleans()))
    with tempfile.TemporaryDirectory() as where:
        path = os.path.join(where, "config.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        read: list[Llm] = []
        if not _refused(lambda: read.append(llm(path))):
            assert all(int(each) > 0 for each in read[0].beside.values())
            _refused(lambda: read[0].as_stored)


def _paths(folder: Any) -> dict[str, str]:
    """What can stand where a file is looked for."""
    text = json.dumps(LLAMA)
    os.mkfifo(folder / "fifo.json")
    (folder / "loop.json").symlink_to(folder / "loop.json")
    (folder / "a folder").mkdir()
    bytes_ = {
        "latin": '{"model_type": "llämä"}'.encode("latin-1"),
        "other marks": text.encode("utf-16"),
        "zeros": bytes(100),
        "digits": text.replace("4096", "7" * 5000).encode(),
        "deep": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
        "twice": (text[:-1] + ', "hidden_size": 1}').encode(),
        "half": text[: len(text) // 2].encode(),
        "no table": b"[1, 2]",
        "nothing": b"",
    }
    for name, content in bytes_.items():
        (folder / f"{name}.json").write_bytes(content)
    return {name: str(folder / f"{name}.json") for name in (*bytes_, "fifo", "loop", "gone")} | {"a folder": str(folder / "a folder/")}


@pytest.mark.parametrize("command", [["show"], ["import"], ["serve", "--on", "h100"], ["memory", "--on", "h100"]], ids=lambda c: c[0])
def test_every_command_says_what_is_wrong_with_a_path_in_one_sentence(command, tmp_path):
    for name, path in _paths(tmp_path).items():
        done = CliRunner().invoke(cli, [command[0], path, *command[1:]])
        assert done.exit_code == 2 and not isinstance(done.exception, Exception), (name, done.exception)
        assert len(done.output.strip().splitlines()) <= 4 and "Traceback" not in done.output, name


@settings(max_examples=some(150), deadline=None)
@given(st.data())
def test_text_that_is_cut_or_has_other_letters_is_read_or_refused(data):
    """What a disk or a download makes of a file."""
    text = json.dumps(data.draw(st.sampled_from(CONFIGS)))
    i, j = (data.draw(st.integers(0, len(text))) for _ in "ij")
    spoilt = (
        text[: min(i, j)] + data.draw(st.text('{}[]",:0nt\\', max_size=3)) + text[max(i, j) if data.draw(st.booleans()) else min(i, j) :]
    )
    with tempfile.TemporaryDirectory() as where:
        path = os.path.join(where, "config.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(spoilt)
        _refused(lambda: llm(path))


def test_a_tower_with_another_name_is_looked_for():
    usual = next(config for config in CONFIGS if any(tower in config for tower in TOWERS))
    tower = next(tower for tower in TOWERS if tower in usual)
    assert f"the file has {tower + 's'!r}, which is none" in _refused(
        lambda: understood({k: v for k, v in usual.items() if k != tower} | {tower + "s": usual[tower]})
    )


@pytest.mark.parametrize("command", [["serve"], ["memory"], ["page", "serve"]], ids=lambda c: c[-1])
def test_what_is_stored_in_an_unknown_way_is_refused_unless_formats_are_given(command, tmp_path):
    where = tmp_path / "config.json"
    where.write_text(json.dumps(LLAMA | {"quantization_config": {"quant_method": "quip"}}))
    more = ["-o", str(tmp_path / "page.html")] if command[0] == "page" else []
    done = CliRunner().invoke(cli, [*command, str(where), "--on", "h100", *more])
    assert done.exit_code == 2 and "'quip' is not understood" in done.output
    assert CliRunner().invoke(cli, [*command, str(where), "--on", "h100", "--formats", "bf16", *more]).exit_code == 0
