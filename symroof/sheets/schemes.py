"""What a quantization table says: formats, the modules that have them or not, the KV cache; one function for every method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from symroof.errors import SheetError, misspelt, nearest, short
from symroof.sheets.dtypes import FP8_BLOCK, Format, format_of

#: The keys of modules that are not converted.
_LEFT_OUT = ("ignore", "exclude_modules", "modules_to_not_convert", "ignored_layers")
#: Keys that are read here, or that change nothing of what is stored.
_READ = (
    "quant_method fmt activation_scheme weight_block_size scale_fmt config_groups format kv_cache_scheme quantization_status version",
    "global_compression_ratio sparsity_config transform_config provider producer quant_algo kv_cache_quant_algo group_size",
    "quantized_layers bits w_bit q_group_size zero_point sym desc_act act_group_aware damp_percent damp_auto_increment static_groups",
    "true_sequential lm_head model_name_or_path model_file_base_name checkpoint_format meta pack_dtype tokenizer dataset batch_size",
    "block_name_to_quantize cache_block_outputs exllama_config max_input_length module_name_preceding_first_block pad_token_id",
    "modules_in_block_to_quantize use_cuda_fp16 use_exllama backend do_fuse fuse_max_seq_len modules_to_fuse activation_scale_ub",
    "is_marlin_format has_zero_point pre_quant_scale awq_block_size smoothquant_val quant_config run_compressed dequantize",
    "is_checkpoint_fp8_serialized packed_modules_mapping store_dtype",
)
_KNOWN = frozenset(word for words in _READ for word in words.split())
#: What inner tables have: those of weights, activations and the cache; of groups; of layers.
_INNER = (
    "num_bits type group_size strategy symmetric dynamic block_structure actorder observer observer_kwargs scale_dtype zp_dtype",
    "targets weights input_activations output_activations format",
    "quant_algo group_size weight_scale_encoding",
)
_NUMBERS, _GROUP, _LAYER = (frozenset(words.split()) for words in _INNER)
#: What a key is where it has a value.
_TYPES: Mapping[str, type] = {
    **dict.fromkeys(("quant_method", "activation_scheme", "format", "quant_algo", "kv_cache_quant_algo", "type", "strategy"), str),
    **dict.fromkeys(("bits", "w_bit", "group_size", "q_group_size", "num_bits"), int),
    **dict.fromkeys(("symmetric", "lm_head", "zero_point"), bool),
    **dict.fromkeys(("config_groups", "weights", "input_activations", "quantized_layers"), dict),
}
_CURE = "give --formats, or leave the table out"


@dataclass(frozen=True)
class Rule:
    """A format, and the modules that are ``named``; of none named all that are converted."""

    form: Format
    named: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scheme:
    """What one table says; ``head``: the unembedding is one of all, ``only``: the classes that are converted, if not all."""

    rules: tuple[Rule, ...] = ()
    left_out: tuple[str, ...] = ()
    head: bool = False
    only: tuple[str, ...] = ()
    kv: Format | None = None


def scheme(table: Mapping[str, Any]) -> Scheme:
    """What a ``quantization_config`` says, or the table of a ``hf_quant_config.json``.

    Raises SheetError for a method or a format that is not understood.
    """
    if "quantization" in table and isinstance(table["quantization"], Mapping):  # a file of its own
        table = {"quant_method": "modelopt", **table["quantization"]}
    _check(table, _KNOWN | {*_LEFT_OUT})
    method = table.get("quant_method") or ("modelopt" if "quant_algo" in table else "")
    if not method:
        raise SheetError(f"its quantization {short(dict(table))} names no quant_method, so what is stored is not understood; {_CURE}")
    if method not in _METHODS:
        raise SheetError(f"quant_method {short(method)} is not understood; {nearest(method, _METHODS)}, or {_CURE}")
    found = _METHODS[method](table)
    left = tuple(str(name) for key in _LEFT_OUT for name in _list(table, key))
    return replace(found, left_out=(*found.left_out, *left), kv=found.kv or _cache(table))


def _check(table: Mapping[str, Any], known: frozenset[str]) -> None:
    """Raise SheetError for a key that is not understood, unless it is off, or a value of another type."""
    for key, value in table.items():
        off = value in (None, False, 0, "", [], {})
        if key not in known and not (off and misspelt(key, known - {*table}) is None):
            raise SheetError(f"key {short(key)} of its quantization is not understood; {nearest(key, known)}, or {_CURE}")
        wanted = _TYPES.get(key)
        if wanted and value is not None and (not isinstance(value, wanted) or (wanted is int and isinstance(value, bool))):
            raise SheetError(f"key {short(key)} of its quantization is {short(value)}, which is not understood; {_CURE}")


def with_experts(of: Scheme, element: Any) -> Scheme:
    """The same with the experts in an element type of their own, ``expert_dtype``.

    Raises SheetError for one that is not understood.
    """
    if element is None:
        return of
    known = {"fp4": format_of("mxfp4"), "fp8": FP8_BLOCK, "bf16": format_of("bf16"), "bfloat16": format_of("bf16")}
    if not isinstance(element, str) or element not in known:
        raise SheetError(f"expert_dtype {short(element)} is not understood; {nearest(str(element), known)}, or {_CURE}")
    return replace(of, rules=(Rule(known[element], ("*.experts.*",)), *of.rules))


# -- methods
def _fp8(table: Mapping[str, Any]) -> Scheme:
    """Blocks with a 32-bit scale each, or a scale for a tensor; static activations have one too."""
    block = table.get("weight_block_size")
    if block is None:
        static = _of(table, "activation_scheme", "dynamic", "static") == "static"
        return Scheme((Rule(replace(format_of("fp8 tensor"), tensor=Fraction(4 if static else 0))),))
    return Scheme((Rule(replace(FP8_BLOCK, name=_named(FP8_BLOCK, block), block=_block(block))),))


def _named(of: Format, block: Any) -> str:
    return of.name if tuple(_block(block)) == of.block else f"{of.name} {'x'.join(map(str, block))}"


def _block(given: Any) -> tuple[int, int]:
    if not (isinstance(given, list) and len(given) == 2 and all(isinstance(n, int) and 0 < n < 2**20 for n in given)):
        raise SheetError(f"a block of {short(given)} is none; give its two sides, e.g. [128, 128]")
    return given[0], given[1]


def _compressed(table: Mapping[str, Any]) -> Scheme:
    """Groups of modules, each with its bits; scales are 16-bit numbers, of 4-bit floats 8-bit ones and a 32-bit one a tensor."""
    packed = table.get("format") == "pack-quantized"
    rules = []
    for name, group in _table(table, "config_groups").items():
        if not isinstance(group, Mapping):
            raise SheetError(f"config_groups.{short(name)} is {short(group)}, no table; {_CURE}")
        _check(group, _GROUP)
        weights, inputs = _table(group, "weights"), _table(group, "input_activations")
        _check(weights, _NUMBERS)
        _check(inputs, _NUMBERS)
        named = tuple(str(t) for t in _list(group, "targets") if t not in ("Linear", "LinearBase"))
        static = _dynamic(inputs) is False
        if weights:
            rules.append(Rule(_bits(weights, packed, static), named))
        elif not named:
            raise SheetError(f"config_groups.{name} says nothing of weights, and is not understood; {_CURE}")
    if not rules:
        raise SheetError(f"config_groups is empty, so what is stored is not understood; {_CURE}")
    return Scheme(tuple(sorted(rules, key=lambda rule: not rule.named)), head=True)


def _bits(weights: Mapping[str, Any], packed: bool, static: bool) -> Format:
    bits, group = weights.get("num_bits"), weights.get("group_size")
    kind = weights.get("type", "int")
    strategy = weights.get("strategy") or ("group" if group else "tensor")
    word = {("float", 8): "fp8", ("int", 8): "int8", ("int", 4): "int4", ("float", 4): "fp4"}.get(
        (str(kind), bits if isinstance(bits, int) else 0)
    )
    if word is None:
        raise SheetError(f"weights of {short(bits)} bits of type {short(kind)} are not understood; {_CURE}")
    activations = Fraction(4 if static else 0)
    if word == "fp4" and isinstance(group, int):
        return format_of("mxfp4") if group == 32 else replace(format_of("nvfp4"), block=(1, group), tensor=4 + activations)
    number, zero = format_of(word).number, Fraction(0) if weights.get("symmetric", True) else format_of(word).number
    own = Fraction(16 if packed else 0) + activations  # a packed tensor has its shape beside it
    if strategy == "channel":
        return Format(f"{word} channel", number, 2 + zero, (1, 0), own)
    if strategy == "block":
        return replace(FP8_BLOCK, number=number, block=_block(weights.get("block_structure")), tensor=activations)
    if strategy == "tensor":
        return Format(f"{word} tensor", number, Fraction(4), (0, 0), activations)
    if strategy == "group" and isinstance(group, int) and 0 < group < 2**20:
        return Format(f"{word} group {group}", number, 2 + zero, (1, group), own)
    raise SheetError(f"weights with the strategy {short(strategy)} are not understood; {_CURE}")


#: What the algorithms of ModelOpt keep: the format, with the scale of a tensor's activations beside that of its weights.
_ALGORITHMS: Mapping[str, Format] = {
    "FP8": replace(format_of("fp8 tensor"), tensor=Fraction(4)),
    "NVFP4": replace(format_of("nvfp4"), tensor=Fraction(8)),
    "NVFP4_AWQ": replace(format_of("nvfp4"), tensor=Fraction(8)),
    "W4A16_NVFP4": format_of("nvfp4"),
    "FP8_PB_WO": FP8_BLOCK,
    "FP8_BLOCK_SCALES": FP8_BLOCK,
    "FP8_PER_CHANNEL_PER_TOKEN": format_of("fp8 channel"),
    "MXFP8": format_of("mxfp8"),
    "MXFP4": format_of("mxfp4"),
    "W4A16_AWQ": format_of("int4 group"),
    "W4A8_AWQ": format_of("int4 group"),
    "W4A8_MXFP4_FP8": format_of("mxfp4"),
    "W8A8_SQ_PER_CHANNEL": format_of("int8 channel"),
}


def _modelopt(table: Mapping[str, Any]) -> Scheme:
    """One algorithm for all, or layers that are listed with their own."""
    layers, algorithm = _table(table, "quantized_layers"), table.get("quant_algo")
    if layers:
        named: dict[Format, list[str]] = {}
        for name in layers:
            layer = _table(layers, name)
            _check(layer, _LAYER)
            if layer.get("quant_algo") != "UNQUANTIZED":
                named.setdefault(_algorithm(layer), []).append(name)
        return Scheme(tuple(Rule(form, tuple(names)) for form, names in named.items()), only=("nothing",))
    groups = _compressed(table).rules if "config_groups" in table else ()
    if not algorithm and not groups:
        raise SheetError(f"quant_algo is missing, which says what weights are stored in; add it, or {_CURE}")
    if algorithm == "MIXED_PRECISION" and groups:
        return Scheme(groups, head=True)
    one = (Rule(_algorithm(table)),) if algorithm else groups
    for rule in groups if algorithm else ():
        if len(groups) == 1 and rule.form.bytes != one[0].form.bytes:
            raise SheetError(f"quant_algo is {short(algorithm)}, and config_groups say {rule.form.name}; leave one of them")
    return Scheme(groups if len(groups) > 1 else one, head=True)


def _algorithm(table: Mapping[str, Any]) -> Format:
    name = str(table.get("quant_algo"))
    if table.get("weight_scale_encoding"):
        raise SheetError(f"weight_scale_encoding {short(table['weight_scale_encoding'])} is not understood; {_CURE}")
    if name not in _ALGORITHMS:
        raise SheetError(f"quant_algo {short(name)} is not understood; {nearest(name, _ALGORITHMS)}, or {_CURE}")
    found, group = _ALGORITHMS[name], table.get("group_size")
    if found.block[0] == 1 and found.block[1] > 1 and isinstance(group, int) and 0 < group < 2**20:
        return replace(found, block=(1, group))
    return found


def _packed(table: Mapping[str, Any], order: bool) -> Scheme:
    """Integers in groups along the inputs, with a 16-bit scale and a zero each."""
    bits, group = table.get("bits", table.get("w_bit")), table.get("group_size", table.get("q_group_size"))
    if bits not in (2, 3, 4, 8) or not isinstance(group, int) or not (group == -1 or 0 < group < 2**20):
        raise SheetError(f"{short(bits)} bits in groups of {short(group)} are not understood; {_CURE}")
    number = Fraction(bits, 8)
    form = Format(f"int{bits} group {group}" if group > 0 else f"int{bits} channel", number, 2 + number, (1, max(group, 0)))
    return Scheme((Rule(form),), head=bool(table.get("lm_head")) and order)


def _cache(table: Mapping[str, Any]) -> Format | None:
    """The format of the KV cache, where the table has one.

    Raises SheetError for one that is not understood.
    """
    named, given = table.get("kv_cache_quant_algo"), table.get("kv_cache_scheme")
    found = None
    if isinstance(given, Mapping):
        _check(given, _NUMBERS)
        bits = given.get("num_bits")
        kinds = {(8, "float"): "fp8", (8, "int"): "int8", (4, "float"): "nvfp4"}
        found = kinds.get((bits if isinstance(bits, int) else 0, str(given.get("type", "float"))))
    elif named is not None or given is not None:
        found = {"FP8": "fp8", "INT8": "int8", "NVFP4": "nvfp4"}.get(str(named or given).upper(), "")
    if not found and (named or given):
        raise SheetError(f"a KV cache in {short(named or given)} is not understood; {_CURE}")
    return format_of(found) if found else None


_METHODS: Mapping[str, Callable[[Mapping[str, Any]], Scheme]] = {
    "fp8": _fp8,
    "fbgemm_fp8": lambda _: Scheme((Rule(format_of("fp8 channel")),)),
    "mxfp4": lambda _: Scheme((Rule(format_of("mxfp4")),), only=("experts",)),
    "compressed-tensors": _compressed,
    "modelopt": _modelopt,
    "modelopt_fp4": _modelopt,
    "modelopt_mixed": _modelopt,
    "gptq": lambda table: _packed(table, order=True),
    "gptq_marlin": lambda table: _packed(table, order=True),
    "awq": lambda table: _packed(table, order=False),
    "awq_marlin": lambda table: _packed(table, order=False),
}


def _of(table: Mapping[str, Any], key: str, *words: str) -> str:
    """One of several words, the first where the table has none.

    Raises SheetError for another.
    """
    found = table.get(key)
    if found is not None and found not in words:
        raise SheetError(f"key {key!r} of its quantization is {short(found)}; {nearest(str(found), words)}, or {_CURE}")
    return found or words[0]


def _dynamic(table: Mapping[str, Any]) -> bool | str | None:
    """Whether scales of activations are worked out as they come, "local" if in part.

    Raises SheetError for what is neither.
    """
    found = table.get("dynamic")
    if not isinstance(found, bool) and found not in (None, "local"):
        raise SheetError(f"key 'dynamic' of its quantization is {short(found)}, neither true nor false; {_CURE}")
    return found


def _list(table: Mapping[str, Any], key: str) -> list[Any]:
    found = table.get(key)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise SheetError(f"key {key!r} is {short(found)}, no list of names; correct it")
    return found


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = table.get(key) or {}
    if not isinstance(found, Mapping):
        raise SheetError(f"key {key!r} is {short(found)}, no table; correct it")
    return found
