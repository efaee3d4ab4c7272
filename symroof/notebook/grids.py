"""Sweeps, searches and choices: tables of points, the best one marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import Any

from symroof.algebra.quantity import show_quantity
from symroof.notebook.markup import bar, div, picked, related, table, tag, title, words
from symroof.notebook.values import brief, described
from symroof.notebook.values import value as value_view

_MOST = 12  # rows or columns of a table of samples
_POINTS = 10  # points of a search that are listed


# -- sweeps
def sweep(s: Any) -> str:
    """The axes, the range, and the values: a table along one axis, a map over the two longest."""
    axes = [(a.name, words(a)) for a in s.scale]
    if not s.size:
        return title(s.name or "sweep", words(f"[{s.unit}]  0 points")) + described(axes)
    low, high = (show_quantity(float(f()), s.unit) for f in (s.values.min, s.values.max))
    least = [("least at", words(where(s.argmin)))]
    points = "1 point" if s.size == 1 else f"{s.size:,} points, {low} to {high}"
    head = title(s.name or "sweep", words(f"[{s.unit}]  {points}"))
    if not s.scale:
        return head + value_view(s.best().value)
    return head + described([*axes, *least]) + (_map(s) if len(s.scale) > 1 else _line(s))


def where(at: Mapping[str, Any]) -> str:
    """Labels as ``B=1, chip=tpu-v5e``."""
    return ", ".join(f"{k}={v:g}" if isinstance(v, float) else f"{k}={v}" for k, v in at.items())


def _line(s: Any) -> str:
    """Values along the only axis, with what binds where a maximum decides."""
    (axis,) = s.scale
    least, top = int(s.values.argmin()), float(s.values.max())
    names = s.binding if s.cost.join == "max" else None
    rows = []
    places = picked(len(axis), _MOST, (least,))
    for i in places:
        number = float(s.values[i])
        share = number / top if top > 0 and number >= 0 else 0.0
        shown = show_quantity(number, s.unit)
        said = names.names[int(names.codes[i])] if names is not None else ""
        rows.append((words(_label(axis, i)), words(shown), bar([(0.0, share, "sr-all")], shown), words(said)))
    more = _sampled(len(axis), len(places), "values")
    return table((axis.name, s.name or "value", "", "binds" if names else ""), rows, (0, 1), (places.index(least),)) + more


def _map(s: Any) -> str:
    """A table over the two longest axes, the others where the value is least; darker is more, on a log scale."""
    at = s.argmin
    longest = sorted(range(len(s.scale)), key=lambda i: -len(s.scale[i]))[:2]
    fixed = {a.name: at[a.name] for i, a in enumerate(s.scale) if i not in longest}
    plane = s.sel(**fixed) if fixed else s
    down, across = plane.scale
    values = plane.values
    least = divmod(int(values.argmin()), len(across))
    rows, columns = picked(len(down), _MOST, least[:1]), picked(len(across), _MOST, least[1:])
    shade = _shades(float(values.min()), float(values.max()))
    binding = plane.binding if plane.cost.join == "max" else None
    top = [tag("th", words(f"{down.name} \u2193  {across.name} \u2192")), *[tag("th", words(_label(across, j))) for j in columns]]
    lines = [tag("tr", "".join(top))]
    for i in rows:
        cells = [tag("th", words(_label(down, i)))]
        for j in columns:
            number = float(values[i, j])
            style = {"style": f"background:rgba(47,134,201,{shade(number):.2f})"}
            said = {"title": binding.names[int(binding.codes[i, j])]} if binding is not None else {}
            kind = "sr-least" if (i, j) == least else ""
            cells.append(tag("td", words(show_quantity(number, s.unit)), kind, **style, **said))
        lines.append(tag("tr", "".join(cells)))
    note = div(words(f"at {where(fixed)}, where it is least"), kind="sr-note") if fixed else ""
    more = _sampled(len(down) * len(across), len(rows) * len(columns), "points")
    return note + div(tag("table", tag("tbody", "".join(lines)), "sr-heat"), kind="sr-wide") + more


def _label(axis: Any, i: int) -> str:
    label = axis.labels[i]
    return f"{label:g}" if hasattr(label, "dtype") and label.dtype.kind == "f" else str(label)


def _shades(low: float, high: float) -> Any:
    """From a number to how dark its cell is, 0.05 to 0.55."""
    if not (low < high < float("inf")):
        return lambda x: 0.05 if x < float("inf") else 0.55
    if low > 0:
        return lambda x: 0.05 + 0.5 * log(x / low) / log(high / low)
    return lambda x: 0.05 + 0.5 * (x - low) / (high - low)


def _sampled(every: int, shown: int, word: str) -> str:
    return div(words(f"{shown} of {every:,} {word} shown"), kind="sr-note") if shown < every else ""


def spot(s: Any) -> str:
    """One point of a sweep."""
    return div(words(f"at {where(s.at)}"), kind="sr-note") + value_view(s.value)


# -- searches
def found(f: Any) -> str:
    """The points, the best first; what the conditions leave at the winner; how many points were looked at."""
    counts = f"{f.considered:,} points considered, {f.pruned:,} pruned, {f.evaluated:,} evaluated in {f.seconds:.2g} s"
    counts += "" if f.complete else "; interrupted: the best of what was seen"
    if not f.points:
        return div(words(counts), kind="sr-note")
    more = len(f.points) - _POINTS
    rest = div(words(f"{more} more points"), kind="sr-note") if more > 0 else ""
    best = f.points[0]
    parts = value_view(best.value) if best.value.parts and len(best.values) == 1 else ""
    return _candidates(f.points[:_POINTS]) + rest + parts + _limits(f) + _gains(f) + div(words(counts), kind="sr-note")


def candidate(c: Any) -> str:
    """One point, with the parts of its costs."""
    return div(words(c.labels), kind="sr-title") + div(*[value_view(v) for v in c.values])


def _candidates(points: Sequence[Any]) -> str:
    names = [v.name or f"cost {i + 1}" for i, v in enumerate(points[0].values)]
    labels = list(points[0].at)
    rows = [[*[words(_short(p.at.get(k, ""))) for k in labels], *[_amount(v) for v in p.values]] for p in points]
    head, numbers = [*labels, *names], range(len(labels) + len(names))
    return table(head, rows, numbers, (0,) if len(rows) > 1 else ())


def _limits(f: Any) -> str:
    """The conditions at the winner, with a bar for how much of each is used."""
    gains = f.__dict__.get("gains", ())
    binds = f.binding if gains else None  # only if it is known already: it takes a search for every condition
    rows = []
    for limit in f.limits:
        said = tag("span", words("\u2190 binds"), "sr-mark") if limit is binds else ""
        used = f"{limit.room:.1%} left"
        rows.append((related(limit.name), _amount(limit.left), _amount(limit.right), bar(_used(limit.room), used), words(used), said))
    return table(("condition at the best", "is", "of", "", "", ""), rows, (1, 2, 4)) if rows else ""


def _used(room: float) -> list[tuple[float, float, str]]:
    return [(0.0, 1.0 - room, "sr-bound" if room < 0.01 else "sr-all")]


def _gains(f: Any) -> str:
    gains = f.__dict__.get("gains", ())
    return div(*[div(related(repr(g))) for g in gains], kind="sr-note") if gains else ""


def _amount(v: Any) -> str:
    return words(show_quantity(float(v), v.unit))


def _short(label: Any) -> str:
    return f"{label:g}" if isinstance(label, float) else str(label)


# -- deployments and runs
def choices(c: Any) -> str:
    """The best of every slice, then the slices that cannot, and what stops each."""
    counts = ", ".join(f"{count:,} {name}" for name, count in c.counts.items())
    shown = c.rows[:_POINTS]
    more = len(c.rows) - len(shown)
    rest = div(words(f"{more} more, see .table()"), kind="sr-note") if more > 0 else ""
    return title(c.model, words(f"the best of every slice by {c.by}")) + _choices(shown) + rest + div(words(counts), kind="sr-note")


def choice(c: Any) -> str:
    """The best of one slice."""
    return _choices([c])


def _choices(rows: Sequence[Any]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row.values))
    head = ["chip", "slice", "option", "mesh", "B", *names, "stopped by"]
    cells = []
    for row in rows:
        able = row.found is not None
        said = [words(x) for x in (row.chip, row.slice.name, row.option, row.ways if able else "none", row.batch if able else "")]
        values = [brief(row.values[name]) if name in row.values else "" for name in names]
        cells.append([c if able else tag("span", c, "sr-note") if c else "" for c in (*said, *values, related(row.stopped_by))])
    best = (0,) if rows and rows[0].found is not None and len(rows) > 1 else ()
    return table(head, cells, range(4, 5 + len(names)), best)
