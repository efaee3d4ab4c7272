"""Published checkpoints, whole: what their config.json says is what their tensors hold, to the last number."""

import json

import checkpoints
import checkpoints_of_experts
import pytest
from test_config import numbers

from symroof import llm
from symroof.sheets.checkpoint import imported

CHECKPOINTS = checkpoints.CHECKPOINTS | checkpoints_of_experts.CHECKPOINTS


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_checkpoint_holds_what_its_file_says(name, tmp_path):
    of = CHECKPOINTS[name]
    (tmp_path / "config.json").write_text(json.dumps(of.config))
    m = llm(str(tmp_path))
    counted = numbers(m)
    assert counted["parameters"] + counted["buffers"] + sum(map(int, m.beside.values())) + of.more == of.numbers
    if of.gib is not None:
        assert float(m.as_stored.stack.stored().at(m.as_stored)) / 2**30 == pytest.approx(of.gib, rel=5e-4, abs=0.006)


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_what_is_imported_is_the_same_in_what_it_is_stored_in(name, tmp_path):
    """Counts, caches, windows and states, the format of every class of weights, of the cache and of the states, what stands beside."""
    (tmp_path / "config.json").write_text(json.dumps(CHECKPOINTS[name].config))
    (tmp_path / "mine.toml").write_text(imported(str(tmp_path)))
    read, mine = llm(str(tmp_path)), llm(str(tmp_path / "mine.toml"))
    assert numbers(mine) == numbers(read)
    for of in (read, mine):
        assert not of.formats.trouble
    assert mine.as_stored.stack.stored().at(mine.as_stored) == read.as_stored.stack.stored().at(read.as_stored)
    assert (mine.formats.kv.bytes, mine.formats.state) == (read.formats.kv.bytes, read.formats.state)
    assert mine.formats.rotations == read.formats.rotations
    assert {name: int(each) for name, each in mine.beside.items()} == {name: int(each) for name, each in read.beside.items()}
