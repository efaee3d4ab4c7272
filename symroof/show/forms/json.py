"""JSON: the data of a document where it has some, else its blocks."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

from symroof.algebra.cost import Cost
from symroof.algebra.value import Value
from symroof.show.document import DEEPER, Amount, Bars, Block, Document, Formula, Table, Title, Words, inlines, plain


def render(document: Document) -> str:
    """Indented JSON; what is infinite or no number becomes null."""
    data = document.record
    data = [_block(block) for block in document] if data is None else data
    return json.dumps(_finite(data), indent=2, ensure_ascii=False, allow_nan=False)


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Title):
        return {"title": plain(block.words)} | ({"about": plain(block.about)} if block.about else {})
    if isinstance(block, Formula):
        named = _node(block.node) if block.node is not None else {}
        return {"formula": block.math.text, "latex": block.math.tex, **named}
    if isinstance(block, Bars):
        return {"value": value(block.value)}
    if isinstance(block, Table):
        table = block.kept()
        heads = [plain(c.head) or f"column {i + 1}" for i, c in enumerate(table.columns)]
        rows = [dict(zip(heads, map(_cell, row), strict=True)) for row in table.rows]
        return {"table": table.name or table.fold or "", "rows": rows}
    return {type(block).__name__.lower(): plain(block.words)}


def _node(node: Cost) -> dict[str, Any]:
    parts = [{"name": p.name, "formula": str(p.expr), **({"parts": _node(p)["parts"]} if p.join else {})} for p in node.parts]
    return {"name": node.name, "unit": str(node.unit), "join": node.join, "parts": parts}


def value(of: Value) -> dict[str, Any]:
    """A value with its parts."""
    number = of.number.tolist() if of.is_array else of.number
    parts = {part.name: value(part) for part in of.parts}
    binding = {} if of.is_array or of.join != "max" else {"binding": of.binding}
    ends = {} if of.interval is None else {"interval": [end.tolist() if of.is_array else end for end in of.interval]}
    return {"name": of.name, "number": number, "unit": str(of.unit)} | ends | ({"parts": parts} if parts else {}) | binding


def _cell(cell: Words) -> Any:
    alone = inlines(cell)
    if len(alone) == 1 and isinstance(alone[0], Amount) and not hasattr(alone[0].number, "shape"):
        return {"value": alone[0].number, "unit": str(alone[0].unit)}
    return plain(cell).lstrip(DEEPER)


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {str(k): _finite(v) for k, v in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(v) for v in data]
    if data is None or isinstance(data, (str, bool, int)):
        return data
    if isinstance(data, Fraction) and data.denominator == 1:
        return int(data)
    number = float(data)
    return number if abs(number) < float("inf") else None
