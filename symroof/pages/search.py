"""``symroof search serve`` and ``search train``: the best configuration of every slice, and what stops it."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence

from symroof.algebra.value import Value
from symroof.plan.choices import Choice, Choices
from symroof.present.tables import as_json, latex_table, printed

_HEADS = {"latency": "step", "time": "step"}


def choices(found: Choices, form: str, top: int = 10) -> int:
    """Print the choices; exit code 1 if no slice fulfils the wishes."""
    if form == "json":
        best = found.able[0].row() if found.able else None
        said = {"model": found.model, "by": found.by, "best": best, "rows": found.table(), "stands_on": found.stands_on}
        print(as_json(said))
    elif form == "csv":
        _csv(found.table())
    else:
        _text(found, form, top)
    return 0 if found.able else 1


def _csv(rows: Sequence[Mapping[str, object]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _text(found: Choices, form: str, top: int) -> None:
    names = list(found.able[0].values) if found.able else []
    head = ["chip", "slice", "option", "mesh", "batch", *(_HEADS.get(name, name) for name in names), "stopped by"]
    rows = [_cells(choice, names) for choice in found.able[:top]]
    if form == "latex":
        print(latex_table(head, rows))
        return
    if rows:
        printed(f"{found.model}: the best of every slice by {found.by}", head, rows, left=4)
        print(f"Best: {found.best!r}.")
        _margin(found.best, found.by)
    left = len(found.able) - len(rows)
    if left > 0:
        print(f"{left} more; see them with --top, --json or --csv.")
    none = [c for c in found.rows if not c.found]
    if none:
        printed(
            "These cannot:",
            ["chip", "slice", "option", "because"],
            [[c.chip, c.slice.name, c.option, c.stopped_by] for c in none[:top]],
            left=4,
        )
    counts = found.counts
    print(f"{counts['considered']:,} points considered, {counts['pruned']:,} pruned, {counts['evaluated']:,} evaluated.")
    for line in found.stands_on:
        print(line)


def _margin(best: Choice, by: str) -> None:
    """What relaxing the limits of the winner by 10 % buys."""
    for limit, factor, then in best.margins:
        change = "nothing" if factor == 1 else f"the {by} by {factor - 1:+.2%}, at {then}"
        print(f"  {limit!r}; 10 % more would change {change}")


def _cells(choice: Choice, names: Sequence[str]) -> list[str]:
    values = [_shown(choice.values[name]) if name in choice.values else "" for name in names]
    return [choice.chip, choice.slice.name, choice.option, choice.ways, f"{choice.batch:,}", *values, choice.stopped_by]


def _shown(value: Value) -> str:
    return value._shown()
