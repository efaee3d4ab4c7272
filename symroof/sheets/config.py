"""A model from the ``config.json`` of a checkpoint: read as it is, without a network, and refused where it is not understood."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from symroof.errors import SheetError, SymroofError, nearest, short
from symroof.sheets.adapted import adapted
from symroof.sheets.apart import Beside
from symroof.sheets.architectures import ALIASES, ARCHITECTURES
from symroof.sheets.beside import drafted, vision
from symroof.sheets.files import WEIGHTS
from symroof.sheets.keys import TABLES, Keys, Missing, duplicates
from symroof.sheets.kinds_of import kind_of
from symroof.sheets.patterns import layers
from symroof.sheets.spellings import IGNORED, KEYS, TOWERS, towers
from symroof.transformer import layers as kinds
from symroof.transformer.build import Around, Group
from symroof.transformer.kind import Kind

_LARGEST = 16 * 2**20
#: What other files of a checkpoint are, by a key of theirs.
_OTHERS = {
    "_class_name": "a diffusion pipeline, no language model",
    "weight_map": "an index of weights; give the config.json beside it",
    "dim": "a params.json; give the config.json of the same checkpoint",
}
#: What stands for a size that is missing while others are looked for: 1, or what many numbers divide.
_STANDS = {"D": 720720 * 4096, "N": 720720}


def read_json(path: Path) -> Mapping[str, Any]:
    """A JSON file, a table of keys each of which stands there once.

    Raises SheetError for what cannot be read.
    """
    try:
        if path.is_dir():
            path = path / "config.json"
        if not path.is_file():
            raise SheetError("it is no file; give the path of a config.json, or of a folder that holds one")
        if path.suffix in WEIGHTS:
            raise SheetError("it holds weights; give the config.json that says what they are")
        if path.stat().st_size > _LARGEST:
            raise SheetError("it is larger than 16 MiB; a config.json is a page of JSON")
        found = json.loads(path.read_text("utf-8-sig"), object_pairs_hook=duplicates)
    except OSError as problem:
        raise SheetError(f"{short(str(path))} cannot be read: {problem.strerror or problem}") from None
    except RecursionError:
        raise SheetError(f"{path.name} is nested too deep to be a config.json") from None
    except SheetError as problem:
        raise SheetError(f"{short(str(path))}: {problem}") from None
    except ValueError as problem:
        raise SheetError(f"{path.name} is not JSON: {short(problem, 120)}") from None
    if not isinstance(found, dict):
        raise SheetError(f"{path.name} is no table of keys, as a config.json is")
    return found


def named(path: Path) -> str:
    """What a model is called whose configuration stands somewhere: as its folder."""
    folder = path if path.is_dir() else path.resolve().parent if path.name == "config.json" else path.with_suffix("")
    found = re.sub(r"[^a-z0-9.-]+", "-", (folder.resolve().name or "model").lower()).strip("-.")
    return found[:40] or "model"


@dataclass(frozen=True)
class Config:
    """What a configuration says: the width, the layers in order and in groups, what stands around them, and what beside the model."""

    width: int
    groups: tuple[Group, ...]
    around: Around
    layers: tuple[tuple[Kind, ...], ...] = ()
    drafts: tuple[int, tuple[Kind, ...]] = (0, ())
    vision: Beside | None = None


def understood(file: Mapping[str, Any]) -> Config:
    """The layers of a configuration.

    Raises SheetError for an architecture or a key that is not understood, for all keys that are missing, or for what contradicts itself;
    InputError for sizes that contradict each other.
    """
    lacking: dict[str, Missing] = {}
    while True:
        try:
            found = _understood(file, lacking)
        except Missing as problem:
            if problem.meaning not in lacking:
                lacking[problem.meaning] = problem
                continue
        except SymroofError:
            if not lacking:
                raise
        else:
            if not lacking:
                return found
        raise _missing(list(lacking.values()), towers(file)[0])


def _missing(lacking: list[Missing], tower: Mapping[str, Any]) -> SheetError:
    """All keys that are missing in one sentence, and what may be meant by one that nobody knows."""
    words = [*TOWERS, *(word for each in lacking for word in KEYS.get(each.meaning, (each.meaning,)))]
    known = {word for row in KEYS.values() for word in row} | IGNORED | {*TABLES}
    meant = [key for key in tower if key not in known and nearest(key, words).startswith("did you mean")]
    said, cure = str(lacking[0]).removesuffix("; add it"), "add it"
    if len(lacking) > 1:
        said, cure = f"keys {', '.join(repr(each.key) for each in lacking[:-1])} and {lacking[-1].key!r} are missing", "add them"
    return SheetError(f"{said}; " + (f"the file has {short(meant[0])}, which is none; correct it" if meant else cure))


def _understood(file: Mapping[str, Any], lacking: Mapping[str, Missing]) -> Config:
    """The layers of a configuration, with something for what it lacks."""
    tower, file = towers(file)
    name = _class(tower, file)
    of = ARCHITECTURES[name]
    stands = {meaning: _STANDS.get(meaning, 1) for meaning in lacking}
    keys = Keys(tower, file, replace(of, missing={**of.missing, **stands}))
    keys.of = adapted(name, keys)
    words = layers(keys)
    _kept(keys, words)
    made: list[tuple[Kind, ...]] = []
    for i, each in enumerate(words):
        found = [kind for word in each for kind in kind_of(word, keys, i, len(words))]
        if keys.maybe("residuals"):
            found = [kind for one in found for kind in (kinds.ResidualAttention(), one)]
        made.append(tuple(found))
    around, width = _around(keys), keys.count("D")
    keys.ignore("drafts", "state_dtype", "expert_dtype")
    apart = drafted(keys, made[-1])
    keys.refuse_unread()
    groups = tuple((count, list(kinds)) for kinds, count in Counter(made).items())
    return Config(width, groups, around, tuple(made), apart, vision(file, width))


def _kept(keys: Keys, words: list[list[str]]) -> None:
    """Raise SheetError for layers that share keys and values of which no layer before keeps any."""
    first = len(words) - (keys.maybe("shared_kv") or 0)
    if not {word[0] for word in words[max(first, 0) :]} <= {word[0] for word in words[: max(first, 0)]} and first < len(words):
        raise SheetError(
            f"key {keys.said('shared_kv')!r} is {keys.raw('shared_kv')}, and no layer before those keeps what they share; correct it"
        )


def _class(tower: Mapping[str, Any], file: Mapping[str, Any]) -> str:
    """The class of a tower, or of what stands around it where the tower does not say."""
    named = next((str(of["model_type"]) for of in (tower, file) if of.get("model_type")), "")
    if not named:
        what = next((said for key, said in _OTHERS.items() if key in file), None)
        cure = f"this is {what}" if what else "add it"
        raise SheetError(f"key 'model_type' is missing, which says what class of model this is; {cure}")
    found = ALIASES.get(named, named)
    if found not in ARCHITECTURES:
        raise SheetError(f"model_type {short(named)} is not understood; {nearest(named, [*ARCHITECTURES, *ALIASES])}")
    return found


def _around(keys: Keys) -> Around:
    of = keys.of
    positions = None if of.positions is None else keys.count("positions") + of.positions
    before: list[Kind] = []
    after: list[Kind] = []
    if of.mlp in ("gemma3n", "gemma4") and keys.maybe("D_ple"):
        before.append(kinds.PerLayerTable(keys.count("V_ple", keys.count("V")), keys.count("D_ple")))
    if of.mixer == "compressed":
        after.append(kinds.HyperConnection(keys.count("n_res"), end=True))
    if keys.maybe("residuals"):
        after.append(kinds.ResidualAttention())
    if of.mlp == "gemma3n":
        before.append(kinds.AltUp(keys.count("n_res"), keys.count("R_lau"), ends=True))
    if of.extra:
        before.append(kinds.Norm(norms=of.extra))
    return Around(
        keys.count("V"),
        _tied(keys),
        positions,
        norm=of.final_norm,
        layer_norm=of.layer_norm,
        head_bias=keys.flag(of.head_bias),
        D_emb=None if keys.maybe("D_emb") in (None, keys.count("D")) else keys.count("D_emb"),
        before=tuple(before),
        after=tuple(after),
    )


def _tied(keys: Keys) -> bool:
    found = keys.flag("tied", bool(keys.of.tied))
    if found and keys.of.tied is None:
        raise SheetError(f"key {keys.said('tied')!r} is true, and models of this class have an unembedding of their own; correct it")
    return found
