"""The tables of rotations (RoPE) that a server loads beside the weights, as a ``config.json`` says: they are stored in no checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symroof.sheets.spellings import towers

_BYTES = 2


def rotations(file: Mapping[str, Any]) -> int:
    """Bytes of cosines and sines of every position, half a rotated head each: positions x size x 2 bytes, a table for each scaling.

    A linear scaling keeps its factor as many positions (Gemma 3: 8), all others those of the file. 0 where nothing is rotated.

    >>> rotations({"max_position_embeddings": 131072, "head_dim": 128, "rope_theta": 5e5})
    33554432
    """
    tower, _ = towers(file)
    positions = _whole(tower.get("max_position_embeddings"))
    size = _whole(tower.get("qk_rope_head_dim")) or _whole(tower.get("head_dim"))
    width, heads = _whole(tower.get("hidden_size")), _whole(tower.get("num_attention_heads"))
    size = size or (width // heads if heads else 0)
    part = tower.get("partial_rotary_factor", 1)
    scalings = _scalings(tower)
    if not positions or not scalings:
        return 0
    size = int(size * part) if isinstance(part, (int, float)) and 0 < part <= 1 else size
    return int(sum(_factor(scaling) for scaling in scalings) * positions) * size * _BYTES


def _scalings(tower: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """How positions are scaled, once for every kind of layer that has a way of its own."""
    given = tower.get("rope_parameters")
    if isinstance(given, Mapping) and all(isinstance(v, Mapping) for v in given.values()):
        return list({repr(v): v for v in given.values()}.values())
    scaling = given or tower.get("rope_scaling")
    if scaling is None and "rope_theta" not in tower and "partial_rotary_factor" not in tower:
        return []
    local: list[Mapping[str, Any]] = [{}] if tower.get("rope_local_base_freq") or tower.get("swa_rope_theta") else []
    return [scaling if isinstance(scaling, Mapping) else {}, *local]


def _factor(scaling: Mapping[str, Any]) -> float:
    """How many times the positions a table has."""
    word, factor = scaling.get("rope_type", scaling.get("type")), scaling.get("factor")
    return factor if word == "linear" and isinstance(factor, (int, float)) and 1 <= factor <= 4096 else 1


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**40 else 0
