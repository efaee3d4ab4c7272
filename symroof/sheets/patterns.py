"""Which mixer and which MLP every layer of a ``config.json`` has: lists of layers where a file has them, else the rule of its class.

A layer is a list of words: ``full window chunk latent delta kimi lightning mamba-1 mamba-2 compressed linear skip`` for what mixes tokens,
``mlp experts linear skip`` for what does not. A word of attention may carry what follows a colon: a number that tells layers apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from symroof.errors import SheetError, nearest, short
from symroof.sheets.keys import Keys, whole

#: What the entries of a list of layers mean.
MIXERS: Mapping[str, str] = {
    "full_attention": "full",
    "attention": "full",
    "global_attention": "full",
    "sliding_attention": "window",
    "local_attention": "window",
    "chunked_attention": "chunk",
    "linear_attention": "linear",
    "deepseek_sparse_attention": "sparse latent",
    "indexed_attention": "sparse latent",
    "compressed_sparse_attention": "compressed:4",
    "heavily_compressed_attention": "compressed:128",
    "minimax_m3_sparse": "sparse",
    "mamba": "mamba",
    "mamba2": "mamba",
    "conv": "conv",
    "recurrent": "recurrence",
}
_DEEPEST = 2**14
_MLPS = {"dense": "mlp", "sparse": "experts", "moe": "experts", "hash_moe": "experts:hashed"}
_LETTERS = {"M": "mamba-2", "*": "full", "-": "mlp", "E": "experts"}
_BLOCKS = {
    "mamba": "mamba-2",
    "linear_attention": "mamba-2",
    "attention": "full",
    "full_attention": "full",
    "mlp": "mlp",
    "moe": "experts",
}


def layers(keys: Keys) -> list[list[str]]:
    """The words of every layer.

    Raises SheetError for a list of another length than the model has layers, or an entry that is not understood.
    """
    if keys.of.pattern == "letters":
        return _letters(keys)
    if keys.of.pattern == "blocks":
        return _searched(keys)
    if keys.of.pattern in ("zamba", "zamba2"):
        return _sharing(keys)
    if keys.of.pattern == "shortcut":
        return [["latent", "mlp", "idle", "latent", "mlp"]] * depth(keys)
    count = depth(keys)
    mixers, others = _mixers(keys, count), _others(keys, count)
    return [[word for word in both if word] for both in zip(mixers, others, strict=True)]


def depth(keys: Keys) -> int:
    """How many layers there are.

    Raises SheetError for more than anyone has, which would be listed one by one.
    """
    count = keys.count("L")
    if count > _DEEPEST:
        raise SheetError(f"key {keys.said('L')!r} is {count}, more than {_DEEPEST} layers, which are read one by one; correct it")
    return count


#: What a list of layers makes unnecessary.
_RULED = (
    *("full_attention_interval", "window_every", "no_rope_layers", "hybrid_layer_pattern", "compress_ratios"),
    *("prefix_dense_sliding_window_pattern", "attn_layer_indices", "full_attn_idxs", "block_types"),
)


def _mixers(keys: Keys, count: int) -> list[str]:
    named = keys.listed("layer_types")
    if named is not None:
        if len(named) < count or (len(named) > count and keys.raw("drafts") is None):
            raise SheetError(f"key 'layer_types' has {len(named)} entries, and the model {count} layers; correct one of them")
        keys.ignore(*_RULED)
        return [_linear(_word(entry, MIXERS, "layer_types"), keys) for entry in named[:count]]
    chosen = keys.places("attn_layer_indices" if keys.has("attn_layer_indices") else "full_attn_idxs", count)
    if chosen is not None:
        return ["full" if i in chosen else keys.of.mixer for i in range(count)]
    sparse = Keys(keys.table("sparse_attention_config"), {}, keys.of).numbers("sparse_attention_freq", count)
    if sparse is not None:
        if len(sparse) != count:
            raise SheetError(f"key 'sparse_attention_freq' has {len(sparse)} entries, and the model {count} layers; correct one of them")
        return ["sparse" if entry else "full" for entry in sparse]
    for key, rule in _LISTS.items():
        if key == "no_rope_layers" and keys.of.pattern != "llama4":
            keys.ignore(key)  # which layers turn positions, not what they see
            continue
        entries = keys.numbers(key, count)
        if entries is not None:
            return [rule(entry) for entry in entries[:count]]
    if keys.of.mixer == "kimi":
        return _kimi(keys, count)
    if keys.of.pattern not in _RULES:
        return [keys.of.mixer] * count
    return [_RULES[keys.of.pattern](keys, i, count) for i in range(count)]


def _linear(word: str, keys: Keys) -> str:
    """What linear attention is in this class, and its own kind of latent attention."""
    if word in ("linear", "mamba"):
        return keys.of.state
    latent = {"latent": "latent", "sparse latent": "sparse latent", "kimi": "latent"}
    return latent.get(keys.of.mixer, word) if word == "full" else word


def _word(entry: Any, known: Mapping[str, str], key: str) -> str:
    if not isinstance(entry, str) or entry not in known:
        raise SheetError(f"key {key!r} has an entry {short(entry)} that is not understood; {nearest(str(entry), known)}")
    return known[entry]


#: Lists of numbers: 1 or 0 for one kind of layer or the other.
_LISTS: Mapping[str, Callable[[int], str]] = {
    "hybrid_layer_pattern": lambda e: "window" if e == 1 else "full",
    "no_rope_layers": lambda e: "full" if e == 0 else "chunk",
    "attn_type_list": lambda e: "full" if e == 1 else "lightning",
    "compress_ratios": lambda e: f"compressed:{e}",
}


def _kimi(keys: Keys, count: int) -> list[str]:
    """Of Kimi Linear the lists count from 1 on."""
    lists = keys.table("linear_attn_config")
    if not lists:
        return ["latent" if i and i % 4 == 0 else "kimi" for i in range(count)]
    inner = Keys(lists, {}, keys.of)
    full, own = (inner.places(key, count, first=1) or set() for key in ("full_attn_layers", "kda_layers"))
    every = set(range(1, count + 1))
    if full & own or not every <= full | own:
        raise SheetError(f"key 'linear_attn_config': kda_layers and full_attn_layers are not the {count} layers, each once; correct them")
    return ["latent" if i in full else "kimi" for i in range(1, count + 1)]


# -- rules for files that list nothing
def _all_windows(keys: Keys, i: int, count: int) -> str:
    return "window" if keys.maybe("window") else "full"


def _last_windows(keys: Keys, i: int, count: int) -> str:
    keys.ignore("window", "window_from")
    if not keys.flag("use_window"):
        return "full"
    return "window" if keys.maybe("window") and i >= keys.count("window_from", count, 0) else "full"


def _every_second(keys: Keys, i: int, count: int) -> str:
    return "window" if i % 2 == 0 else "full"


def _interval(keys: Keys, i: int, count: int) -> str:
    return "full" if (i + 1) % keys.count("full_attention_interval", 4) == 0 else "delta"


def _windows_but(last: int, forced: bool = False) -> Callable[[Keys, int, int], str]:
    def rule(keys: Keys, i: int, count: int) -> str:
        every = keys.count("window_every", last)
        return "full" if (i + 1) % every == 0 or (forced and i == count - 1) or not keys.maybe("window") else "window"

    return rule


def _llama4(keys: Keys, i: int, count: int) -> str:
    return "full" if (i + 1) % 4 == 0 or not keys.maybe("chunk") else "chunk"


def _jamba(keys: Keys, i: int, count: int) -> str:
    every, first = keys.count("attn_layer_period", 8), keys.count("attn_layer_offset", 4, 0)
    return "full" if i % every == first else "mamba-1"


def _after_dense(keys: Keys, i: int, count: int) -> str:
    """Leading dense layers have a pattern of their own, and the others begin a new one."""
    dense, window = keys.count("dense_first", 0, 0), keys.maybe("window")
    leading, other = keys.count("prefix_dense_sliding_window_pattern", 1), keys.count("window_every", 4)
    every = leading if i < dense else other
    return "full" if ((i if i < dense else i - dense) + 1) % every == 0 or not window else "window"


def _gpt_neo(keys: Keys, i: int, count: int) -> str:
    """Runs of words: [[["global", "local"], 12]]."""
    words: list[Any] = []
    for entry in keys.listed("attention_types") or ([["global", "local"], -(-count // 2)],):
        if not isinstance(entry, (list, tuple)) or len(entry) != 2 or not isinstance(entry[0], (list, tuple)):
            raise SheetError("key 'attention_types' is no list of words and how often they repeat; correct it")
        words += list(entry[0]) * min(whole(entry[1], "attention_types", 0), count + 1)
    if len(words) != count:
        raise SheetError(f"key 'attention_types' has {len(words)} entries, and the model {count} layers; correct one of them")
    keys.ignore("attention_layers")
    return _word(words[i], {"global": "full", "local": "window"}, "attention_types")


def _listed(keys: Keys, i: int, count: int) -> str:
    raise SheetError("key 'layer_types' is missing; add it")


def _griffin(keys: Keys, i: int, count: int) -> str:
    """A run of words that repeats; attention is local."""
    run = keys.listed("block_types") or ("recurrent", "recurrent", "attention")
    return _word(run[i % len(run)], {"recurrent": "recurrence", "attention": "window"}, "block_types")


def _sharing(keys: Keys) -> list[list[str]]:
    """Of Zamba all layers are states, and some have the attention and MLP before them that they share; 0, 1, ... of these."""
    count = depth(keys)
    places = keys.places("hybrid_layer_ids", count)
    chosen = None if places is None else sorted(places)
    named = keys.listed("layers_block_type", count)
    if named is not None:
        words = {"hybrid": "shared", "linear_attention": "", "mamba": "", "mamba2": ""}
        if len(named) != count:
            raise SheetError(f"key 'layers_block_type' has {len(named)} entries, and the model {count} layers; correct one of them")
        said, chosen = chosen, [i for i in range(count) if _word(named[i], words, "layers_block_type")]
        if said is not None and said != chosen:
            raise SheetError("keys 'layers_block_type' and 'hybrid_layer_ids' say two things of the layers; leave one")
    elif keys.of.pattern == "zamba":
        every, first = keys.count("attn_layer_period", 6), keys.count("attn_layer_offset", 4, 0)
        chosen = [i for i in range(count) if i == 2 or (i > 2 and (i - 3) % every == first)]
    elif chosen is None:
        raise SheetError("key 'layers_block_type' is missing (or hybrid_layer_ids); add it")
    keys.ignore("attn_layer_period", "attn_layer_offset")
    order = {i: j for j, i in enumerate(chosen)}
    return [[f"shared:{order[i]}", keys.of.mixer] if i in order else [keys.of.mixer] for i in range(count)]


def _compressed(keys: Keys, i: int, count: int) -> str:
    return "compressed:128" if i < 2 or i % 2 == 0 else "compressed:4"


_RULES: Mapping[str, Callable[[Keys, int, int], str]] = {
    "all windows": _all_windows,
    "last windows": _last_windows,
    "every second": _every_second,
    "first of two": _every_second,
    "interval": _interval,
    "alternate": lambda keys, i, count: keys.of.mixer if i % 2 else "full",
    "every fifth": _windows_but(5),
    "every sixth": _windows_but(6, forced=True),
    "gemma3": _windows_but(6),
    "gemma4": _windows_but(6, forced=True),
    "gemma3n": _windows_but(5),
    "lfm2": lambda keys, i, count: "full",
    "listed": _listed,
    "lfm3": lambda keys, i, count: "conv" if i < 2 or i % 2 else "full" if i % 4 == 2 else "window",
    "griffin": _griffin,
    "lara": lambda keys, i, count: ("delta", "window", "delta", "full", "window")[i % 5],
    "flint": lambda keys, i, count: "full" if i < 2 or i % 4 == 1 or i == count - 1 else "window",
    "after dense": _after_dense,
    "gpt neo": _gpt_neo,
    "cwm": lambda keys, i, count: "full" if i % 4 == 0 or not keys.maybe("window") else "window",
    "cohere2": _windows_but(4),
    "exaone4": _windows_but(4),
    "llama4": _llama4,
    "jamba": _jamba,
    "mimo2": lambda keys, i, count: "full" if i == 0 or (i + 1) % 6 == 0 else "window",
    "compressed": _compressed,
    "step3": lambda keys, i, count: "full" if i % 4 == 0 or not keys.maybe("window") else "window",
}


# -- MLPs and experts
def _others(keys: Keys, count: int) -> list[str]:
    if keys.of.mlp != "experts" and not (keys.of.pattern == "interval" and keys.has("E")):
        return [keys.of.mlp] * count
    named = keys.listed("mlp_layer_types", count)
    if named is not None:
        keys.ignore("dense_first", "moe_layer_freq")
        return [_word(entry, _MLPS, "mlp_layer_types") for entry in named[:count]]
    hashed = keys.count("num_hash_layers", 0, 0)
    return ["mlp" if not routed else "experts:hashed" if i < hashed else "experts" for i, routed in enumerate(_routed(keys, count))]


def _routed(keys: Keys, count: int) -> Sequence[bool]:
    if not keys.has("E"):
        return [False] * count
    every = keys.raw("moe_layer_freq")
    if isinstance(every, (list, tuple)):
        listed = keys.listed("moe_layer_freq", count) or ()
        if any(entry not in (0, 1) for entry in listed):
            raise SheetError("key 'moe_layer_freq' has an entry that is neither 0 nor 1; correct it")
        return [bool(entry) for entry in listed][:count]
    chosen = _places(keys, count)
    if chosen is not None:
        keys.ignore("dense_first", "moe_step")
        return [i in chosen for i in range(count)]
    if keys.of.pattern == "jamba":
        period, first = keys.count("expert_layer_period", 2), keys.count("expert_layer_offset", 1, 0)
        return [i % period == first and keys.count("E") > 1 for i in range(count)]
    if keys.of.pattern == "ernie":
        first, last = keys.count("moe_layer_start_index", 1, 0), keys.count("moe_layer_end_index", -1, -1)
        every = keys.count("moe_layer_interval", 1)
        return [(i + 1) % every == 0 and first <= i <= (last if last >= 0 else count) for i in range(count)]
    step, dense = keys.count("moe_step", 1), _dense(keys, count)
    usual = (3 if keys.of.pattern == "step3" else 0) if keys.of.leading else None
    leading = keys.count("dense_first", usual, 0)
    freq = keys.count("moe_layer_freq", 1)
    return [i >= leading and i % freq == 0 and (i + 1) % step == 0 and i not in dense for i in range(count)]


def _places(keys: Keys, count: int) -> set[int] | None:
    """The layers with experts, where a file lists them, as a list or as a text."""
    text = keys.raw("moe_layers_enum")
    if not isinstance(text, str):
        return keys.places("moe_layers" if text is None else "moe_layers_enum", count)
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isdecimal() and len(word) < 6 for word in words):
        raise SheetError(f"key 'moe_layers_enum' is {short(text)}, no layers between commas; correct it")
    return Keys({"moe_layers_enum": [int(word) for word in words]}, {}, keys.of).places("moe_layers_enum", count)


def _dense(keys: Keys, count: int) -> set[int]:
    """Layers that are dense, by a list of them or by their class."""
    found = keys.places("mlp_only_layers", count)
    return set(keys.raw("dense_only", ())) if found is None else found


def _letters(keys: Keys) -> list[list[str]]:
    """Of Nemotron-H every layer is one sublayer; L is the length of the pattern where the file does not say."""
    found = letters(keys, "hybrid_override_pattern", "layers_block_type")
    if not found:
        raise SheetError("key 'hybrid_override_pattern' is missing (or layers_block_type); add it")
    count = keys.count("L", len(found))
    if count != len(found):
        key = next(key for key in ("hybrid_override_pattern", "layers_block_type") if keys.listed(key))
        raise SheetError(f"key {key!r} has {len(found)} entries, and the model {count} layers; correct one of them")
    return [[word] for word in found]


def letters(keys: Keys, text: str, names: str) -> list[str]:
    """The words of a pattern in letters, or of a list of names; none where the file has neither.

    Raises SheetError for an entry that is not understood.
    """
    given, listed = keys.listed(text), keys.listed(names)
    known: Mapping[str, str] = _LETTERS if given is not None else _BLOCKS
    found = given if given is not None else listed or ()
    for entry in found:
        if not isinstance(entry, str) or entry not in known:
            raise SheetError(f"the pattern of layers has an entry {short(entry)} that is not understood; {nearest(str(entry), known)}")
    return [known[entry] for entry in found]


def _searched(keys: Keys) -> list[list[str]]:
    """Of an architecture search every layer says what it has, or that it has none."""
    blocks = keys.listed("block_configs") or ()
    count = keys.count("L", len(blocks))
    if count != len(blocks):
        raise SheetError(f"key 'block_configs' has {len(blocks)} entries, and the model {count} layers; correct one of them")
    if not all(isinstance(block, Mapping) for block in blocks):
        raise SheetError("key 'block_configs' is no list of tables, one for each layer; correct it")
    return [[_part(b.get("attention"), "full", i), _part(b.get("ffn"), "mlp", i)] for i, b in enumerate(blocks)]


def _part(table: Any, word: str, i: int) -> str:
    if not isinstance(table, Mapping):
        raise SheetError(f"key 'block_configs[{i}]' does not say what its attention and its ffn are; add them")
    for key, value in table.items():
        if value and key not in ("no_op", "replace_with_linear", "n_heads_in_group", "ffn_mult"):
            raise SheetError(
                f"key 'block_configs[{i}].{short(key)}' is {short(value)}, which is not understood; leave it out if it is none"
            )
    return "skip" if table.get("no_op") else "linear" if table.get("replace_with_linear") else f"{word}:{i}"
