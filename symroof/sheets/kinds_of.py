"""The layer kinds of a ``config.json``: a word of its pattern, and the sizes that its keys give."""

from __future__ import annotations

from collections.abc import Mapping

from symroof.sheets.attention_of import ATTENTION, Made
from symroof.sheets.keys import Keys
from symroof.sheets.mlps_of import MLPS
from symroof.sheets.states_of import STATES
from symroof.transformer.kind import Kind

_MADE: Mapping[str, Made] = {**ATTENTION, **STATES, **MLPS}


def kind_of(word: str, keys: Keys, i: int, count: int) -> list[Kind]:
    """The kinds of one word of layer ``i`` of ``count``; a norm more where a class has one around each.

    Raises SheetError for a key that is missing or wrong, InputError for sizes that contradict each other.
    """
    name, _, what = word.partition(":")
    return _MADE[name](keys, i, count, what)
