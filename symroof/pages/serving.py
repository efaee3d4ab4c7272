"""``symroof serve``: the story of every format side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symroof.plan.story import Row, Story
from symroof.present.book import formula_text
from symroof.present.tables import as_json, latex_table, printed


def story(told: Story, form: str, formulas: bool = False) -> int:
    """Print the story; exit code 1 if no format fits."""
    chip, model = told.known.chip, told.known.model
    if form == "json":
        about = {"model": model and model.name, "chip": chip and chip.name, **told.traffic}
        print(as_json({**about, "formats": {c.known.format: _record(c.rows) for c in told.columns}, "stands_on": told.stands_on}))
    else:
        labels = list(dict.fromkeys((r.key, r.label) for c in told.columns for r in c.rows))
        by_key = [{r.key: r for r in c.rows} for c in told.columns]
        lines = [_line(key, label, by_key, formulas, form) for key, label in labels]
        head = ["", *(c.known.format for c in told.columns), *["formula"] * formulas]
        if form == "latex":
            print(latex_table(head, lines))
        else:
            tokens = ", ".join(f"{name} {float(x):g}" for name, x in list(told.traffic.items())[:3])
            title = f"{model and model.title} on {chip and chip.title}: {tokens} tokens"
            printed(title, head, lines, caption="\n".join(told.stands_on))
    return 0 if told.fits else 1


def _line(key: str, label: str, columns: Sequence[dict[str, Row]], formulas: bool, form: str) -> list[str]:
    cells = [c[key].shown if key in c else "" for c in columns]
    if formulas:
        row = next(c[key] for c in columns if key in c)
        cells.append(_formula(row.formula, form))
    return [label, *cells]


def _formula(formula: Any, form: str) -> str:
    if formula is None:
        return ""
    return f"$\\displaystyle {formula.latex()}$" if form == "latex" else formula_text(formula)


def _record(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        r.key: {
            "label": r.label.strip(),
            "value": r.value,
            "unit": str(r.formula.unit) if r.formula is not None and r.value is not None and not isinstance(r.value, str) else None,
            "shown": r.shown,
            "formula": None if r.formula is None else formula_text(r.formula),
        }
        for r in rows
    }
