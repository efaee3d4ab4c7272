"""Tables for terminals (rich), LaTeX and JSON; without escape codes where the output is no terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from symroof.algebra import show

Cells = Sequence[Sequence[str]]


def printed(title: str, head: Sequence[str], rows: Cells, left: int = 1, caption: str = "") -> None:
    """Print a table; the first ``left`` columns are words, the others numbers."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for i, name in enumerate(head):
        table.add_column(
            name, justify="left" if i < left or name in ("formula", "why", "meaning", "source", "") else "right", overflow="fold"
        )
    for row in rows:
        table.add_row(*[_literal(cell) for cell in row])
    terminal = sys.stdout.isatty()
    console = Console(file=sys.stdout, width=None if terminal else 200, highlight=False, markup=False)
    for part in (title, table, caption):
        if part:
            console.print(part)


def _literal(cell: str) -> Any:
    from rich.text import Text

    return Text(cell, style="bold" if cell.endswith(("<- bound", "<- best")) else "")


def latex_table(head: Sequence[str], rows: Cells) -> str:
    """A ``tabular`` with the rules of booktabs; cells that hold mathematics bring their own dollars."""
    lines = [r"\begin{tabular}{l" + "l" * (len(head) - 1) + "}", r"\toprule", " & ".join(map(show.escape, head)) + r" \\", r"\midrule"]
    lines += [" & ".join(cell if cell.startswith(("$\\", "$ ")) else show.escape(cell) for cell in row) + r" \\" for row in rows]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"])


def as_json(data: Any) -> str:
    """Indented JSON; infinities become null."""
    return json.dumps(_finite(data), indent=2, ensure_ascii=False, allow_nan=False)


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {k: _finite(v) for k, v in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(v) for v in data]
    if isinstance(data, float) and (data != data or data in (float("inf"), float("-inf"))):
        return None
    if isinstance(data, Fraction) and data.denominator == 1:
        return int(data)
    return data if isinstance(data, (str, int, float, bool, type(None))) else float(data)
