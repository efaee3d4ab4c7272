"""What a ``config.json``, and a ``hf_quant_config.json`` beside it, say that a model is stored in, as formats of classes of weights.

Every weight of every layer gets a format: that of its module where a file converts it, else the element type of the file (bf16
unless it says). What a file names and nobody knows is the ``trouble`` of the formats: a module that is left out unseen would make
every number too small.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from symroof.algebra.symbols import D, L
from symroof.errors import SheetError, short
from symroof.sheets.dtypes import Format, format_of
from symroof.sheets.modules import NEVER, SINGLE, Patterns, modules
from symroof.sheets.rotations import rotations
from symroof.sheets.schemes import Scheme, scheme, with_experts
from symroof.sheets.stored import Formats, Sized, sized, tallied
from symroof.transformer.build import Around
from symroof.transformer.kind import Kind
from symroof.transformer.tensors import Weight

_TABLES = ("quantization_config", "compression_config", "quantization")
#: How files spell element types.
_DTYPES = {
    "float32": "fp32",
    "float": "fp32",
    "fp32": "fp32",
    "bfloat16": "bf16",
    "bf16": "bf16",
    "float16": "fp16",
    "half": "fp16",
    "fp16": "fp16",
    "torch.bfloat16": "bf16",
    "torch.float16": "fp16",
    "torch.float32": "fp32",
}


def quantized(
    file: Mapping[str, Any], beside: Mapping[str, Any] | None, width: int, layers: Sequence[Sequence[Kind]], around: Around
) -> Formats:
    """The formats of a model of a ``width`` and ``layers``, in order, by its file and the one ``beside`` it.

    Raises SheetError for two tables that contradict each other; what is not understood is the trouble of what is returned.
    """
    towers = [
        file,
        *(v for k, v in file.items() if isinstance(v, Mapping) and k.endswith(("text_config", "llm_config", "language_config"))),
    ]
    state: Format | None = None
    try:
        state = _element(towers, ("mamba_ssm_dtype", "mamba_ssm_cache_dtype"))
        base = _element(towers, ("torch_dtype", "dtype")) or format_of("bf16")
        expert = next((t["expert_dtype"] for t in towers if t.get("expert_dtype")), None)
        tables = [t[key] for t in towers for key in _TABLES if t.get(key)]
        wrong = next((table for table in tables if not isinstance(table, Mapping)), None)
        if wrong is not None:
            raise SheetError(f"key {_TABLES[0]!r} is {short(wrong)}, no table; correct it")
        told = [with_experts(scheme(table), expert) for table in (*tables, *([] if beside is None else [beside]))]
        found = [_formats(each, base, width, layers, around) for each in told or [with_experts(Scheme(), expert)]]
    except SheetError as problem:
        return Formats(state=state, trouble=str(problem), rotations=rotations(file))
    for other in found[1:]:
        if other.widths != found[0].widths or other.kv.bytes != found[0].kv.bytes:
            raise SheetError(f"two quantization tables contradict each other, {found[0].said} and {other.said}; leave one")
    return replace(found[0], state=state, rotations=rotations(file))


def _element(towers: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> Format | None:
    """An element type, by one of several keys; None where no tower has it."""
    given = next((t[key] for t in reversed(towers) for key in keys if t.get(key) not in (None, "auto")), None)
    if given is None:
        return None
    if str(given) not in _DTYPES:
        raise SheetError(f"key {keys[0]!r} is {short(given)}, which is not understood; write e.g. bfloat16, or give --formats")
    return format_of(_DTYPES[str(given)])


def _formats(told: Scheme, base: Format, width: int, layers: Sequence[Sequence[Kind]], around: Around) -> Formats:
    """The formats of a model by one table.

    Raises SheetError for a name that is none of its modules.
    """
    left = Patterns(told.left_out, len(layers))
    rules = [(rule.form, Patterns(rule.named, len(layers)) if rule.named else None) for rule in told.rules]

    def chosen(weight: Weight, layer: int | None) -> Format:
        """The format of a weight of a layer, or of what stands around the layers."""
        if not weight.matrix:
            return base
        names = modules(weight, layer)
        out = left.match(names, layer)
        for form, named in rules:
            if named is not None and named.match(names, layer) and not out:
                return form
            if named is None and not out and _converted(weight, told):
                return form
        return base

    rows = [(each, chosen(each[0], layer), 1) for each, layer in _weights(width, layers, around)]
    for patterns in (left, *(named for _, named in rules if named)):
        unknown = patterns.unknown(all_of=patterns is not left) or (patterns.some() if patterns is left else None)
        if unknown is not None:
            raise SheetError(f"the modules {short(unknown)} of its quantization are not understood; give --formats, e.g. --formats fp8")
    return Formats(tallied(rows, around.tied), told.kv or format_of("bf16"))


def _converted(weight: Weight, told: Scheme) -> bool:
    """Whether a weight is one of all that a table converts."""
    if told.only:
        return weight.of in told.only
    head = told.head and weight.of == "unembedding"
    return head or (weight.of not in NEVER and (weight.of, weight.name) not in SINGLE)


def _weights(width: int, layers: Sequence[Sequence[Kind]], around: Around) -> Iterator[tuple[Sized, int | None]]:
    """Every weight with the number of its layer."""
    values, known = {D: width, L: len(layers)}, dict[Kind, list[Sized]]()
    before, after = around.kinds()
    for kinds, layer in (*((kinds, i) for i, kinds in enumerate(layers)), ((*before, *after), None)):
        for kind in kinds:
            if kind not in known:
                known[kind] = sized(kind, values)
            yield from ((each, layer) for each in known[kind])
