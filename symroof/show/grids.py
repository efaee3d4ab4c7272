"""Views of sweeps, searches and choices: tables of points, the best one marked, and how much of each condition is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import log
from typing import Any

from symroof.algebra.quantity import show_quantity
from symroof.show.derivations import formula
from symroof.show.document import (
    Amount,
    Bars,
    Block,
    Column,
    Document,
    Note,
    Share,
    Table,
    Text,
    Title,
    Words,
    amount,
    labels,
    plain,
    table,
)  # fmt: skip
from symroof.show.views import view

_MOST = 12  # rows or columns of a table of samples
_POINTS = 10  # points of a search that are listed


# -- sweeps
@view("grid.sweep.Sweep")
def sweep(s: Any) -> Iterator[Block]:
    """The axes, the range, and the values: a table along one axis, a map over the two longest."""
    title = f"{s.name or 'sweep'}  [{s.unit}]  {s.size:,} points"
    axes = table(("axis", "values"), [(a.name, str(a)) for a in s.scale], headed=False)
    if not s.size:
        yield Title(title)
        yield axes
        return
    low, high = (show_quantity(float(f()), s.unit) for f in (s.values.min, s.values.max))
    yield Title(f"{title}, {low} to {high}")
    yield axes
    yield Text(f"least at {labels(s.argmin)}", 1)
    if s.scale:
        yield from _map(s) if len(s.scale) > 1 else _line(s)


def _line(s: Any) -> Iterator[Block]:
    """Values along the only axis, with what binds where a maximum decides."""
    (axis,) = s.scale
    least, top = int(s.values.argmin()), float(s.values.max())
    names = s.binding if s.cost.join == "max" else None
    places = picked(len(axis), _MOST, (least,))
    rows: list[tuple[Words, ...]] = []
    for i in places:
        number = float(s.values[i])
        share = number / top if top > 0 and number >= 0 else 0.0
        shown = amount(number, s.unit)
        rows.append((_label(axis, i), shown, Share(((0.0, share, "all"),), shown.text), names.names[int(names.codes[i])] if names else ""))
    yield table((Column(axis.name, True), s.name or "value", "", "binds"), rows, marked=(places.index(least),), fold="")
    yield from _sampled(len(axis), len(places), "values")


def _map(s: Any) -> Iterator[Block]:
    """A table over the two longest axes, the others where the value is least; darker is more, on a log scale."""
    at = s.argmin
    longest = sorted(range(len(s.scale)), key=lambda i: -len(s.scale[i]))[:2]
    fixed = {a.name: at[a.name] for i, a in enumerate(s.scale) if i not in longest}
    plane = s.sel(**fixed) if fixed else s
    down, across = plane.scale
    least = divmod(int(plane.values.argmin()), len(across))
    rows, columns = picked(len(down), _MOST, least[:1]), picked(len(across), _MOST, least[1:])
    shade = _shades(float(plane.values.min()), float(plane.values.max()))
    binding = plane.binding if plane.cost.join == "max" else None
    cells: list[tuple[Words, ...]] = []
    for i in rows:
        numbers = [float(plane.values[i, j]) for j in columns]
        binds = [binding.names[int(binding.codes[i, j])] if binding is not None else "" for j in columns]
        shown = [Amount(x, s.unit, show_quantity(x, s.unit), shade(x), who) for x, who in zip(numbers, binds, strict=True)]
        cells.append((_label(down, i), *shown))
    if fixed:
        yield Note(f"at {labels(fixed)}, where it is least", fold="")
    yield table((f"{down.name} \u2193  {across.name} \u2192", *(_label(across, j) for j in columns)), cells, fold="")
    yield from _sampled(len(down) * len(across), len(rows) * len(columns), "points")


def _label(axis: Any, i: int) -> str:
    label = axis.labels[i]
    return f"{label:g}" if hasattr(label, "dtype") and label.dtype.kind == "f" else str(label)


def _shades(low: float, high: float) -> Callable[[float], float]:
    """From a number to how dark its cell is, 0 to 1."""
    if not (low < high < float("inf")):
        return lambda x: 0.0 if x < float("inf") else 1.0
    if low > 0:
        return lambda x: log(x / low) / log(high / low)
    return lambda x: (x - low) / (high - low)


def _sampled(every: int, shown: int, word: str) -> Iterator[Block]:
    if shown < every:
        yield Note(f"{shown} of {every:,} {word} shown", fold="")


def picked(length: int, most: int, also: Sequence[int] = ()) -> list[int]:
    """At most ``most`` of so many places, evenly, the ends and some ``also`` among them."""
    if length <= most:
        return list(range(length))
    return sorted({round(i * (length - 1) / (most - 1)) for i in range(most)} | set(also))


@view("grid.sweep.Spot")
def spot(s: Any) -> Iterator[Block]:
    """One point of a sweep."""
    yield Text(f"at {labels(s.at)}:")
    yield Bars(s.value, 1)


# -- searches
@view("search.found.Found")
def found(f: Any) -> Document:
    """The points, the best first; what the conditions leave at the winner; how many points were looked at."""
    known = f.known_gains
    blocks: list[Block] = []
    if f.points:
        blocks.append(points(f.points[:_POINTS]))
        if len(f.points) > _POINTS:
            blocks.append(Note(f"... {len(f.points) - _POINTS} more points"))
        if f.points[0].value.parts and len(f.points[0].values) == 1:
            blocks.append(Bars(f.points[0].value, fold=""))
        blocks.append(limits(f, f.binding if known else None))
        blocks += [Note(gained(gain)) for gain in known]
    counts = f"{f.considered:,} points considered, {f.pruned:,} pruned, {f.evaluated:,} evaluated in {f.seconds:.2g} s"
    blocks.append(Note(counts))
    if not f.complete:
        blocks.append(Note("interrupted: the best of what was seen"))
    return Document(tuple(blocks), {"rows": f.rows() if f.points else [], "considered": f.considered, "evaluated": f.evaluated})


def points(some: Sequence[Any]) -> Table:
    """Where points are, and what every cost is there."""
    names = [v.name or f"cost {i + 1}" for i, v in enumerate(some[0].values)]
    axes = list(dict.fromkeys(name for point in some for name in point.at))
    rows: list[tuple[Words, ...]] = [
        (*(_short(p.at.get(a, "")) for a in axes), *(amount(float(v), v.unit) for v in p.values)) for p in some
    ]
    return table([*(Column(a, True) for a in axes), *names], rows, marked=(0,) if len(rows) > 1 else (), level=0)


def _short(label: Any) -> str:
    return f"{label:g}" if isinstance(label, float) else str(label)


def limits(f: Any, binds: Any) -> Table:
    """The conditions at the winner, with a bar for how much of each is used."""
    rows = []
    for limit in f.limits:
        used = f"{limit.room:.1%} left"
        share = Share(((0.0, 1.0 - limit.room, "bound" if limit.room < 0.01 else "all"),), used)
        left, right = (amount(float(v), v.unit) for v in (limit.left, limit.right))
        rows.append((limit.name, left, right, share, used, "<- binds" if limit is binds else ""))
    return table(("condition at the best", "is", "of", "", "left", ""), rows)


@view("search.found.Slack")
def limit(one: Any) -> Iterator[Block]:
    """A condition at the winner, and how much of it is left."""
    yield Text(_limit(one))


def _limit(one: Any) -> str:
    left, right = (show_quantity(float(v), v.unit) for v in (one.left, one.right))
    return f"{one.name}: {left} of {right}, {one.room:.1%} left"


@view("search.found.Gain")
def gain(one: Any) -> Iterator[Block]:
    """What relaxing a condition buys."""
    yield Text(gained(one))


def gained(one: Any) -> str:
    """What relaxing a condition buys, in words."""
    change = "nothing" if one.factor == 1 else f"{one.factor - 1:+.2%}, {one.best!r}"
    return f"{one.limit.name} relaxed by {one.by:.0%}: {change}"


@view("search.found.Candidate")
def candidate(c: Any) -> Iterator[Block]:
    """One point, with the parts of its costs."""
    yield Text(_candidate(c))
    yield from (Bars(v, fold="") for v in c.values if v.parts)


def _candidate(c: Any) -> str:
    from symroof.show.forms.text import value

    shown = "   ".join(show_quantity(float(v), v.unit) for v in c.values) if len(c.values) > 1 else value(c.value)
    return f"{c.labels}: {shown}"


# -- deployments and runs
@view("plan.choices.Choices")
def choices(c: Any, top: int = _POINTS) -> Document:
    """The best of every slice, what relaxing the limits of the winner buys, then the slices that cannot, and what stops each."""
    able, none = c.able, [row for row in c.rows if not row.found]
    blocks: list[Block] = [Title(f"{c.model}: the best of every slice by {c.by}")]
    if able:
        blocks += [_choices(able[:top], (0,) if len(able) > 1 else ()), Text(f"Best: {_choice(able[0])}.", 1)]
        blocks += [Note(line, 2) for line in _margins(able[0], c.by)]
    if len(able) > top:
        blocks.append(Note(f"{len(able) - top} more", 1))
    if none:
        rows = [(row.chip, row.slice.name, row.option, row.stopped_by) for row in none[:top]]
        blocks += [Text("These cannot:"), table(("chip", "slice", "option", "because"), rows)]
    blocks.append(Note(", ".join(f"{count:,} {name}" for name, count in c.counts.items()), 1))
    blocks += [Note(line, 1) for line in c.stands_on]
    best = able[0].row() if able else None
    data = {"model": c.model, "by": c.by, "best": best, "rows": c.table(), "stands_on": c.stands_on}
    return Document(tuple(blocks), data, not able)


def _margins(best: Any, by: str) -> Iterator[str]:
    for slack, factor, then in best.margins:
        change = "nothing" if factor == 1 else f"the {by} by {factor - 1:+.2%}, at {then}"
        yield f"{slack!r}; 10 % more would change {change}"


def _choices(rows: Sequence[Any], marked: tuple[int, ...] = ()) -> Table:
    names = list(dict.fromkeys(name for row in rows for name in row.values))
    heads: list[Column | Words] = ["chip", "slice", "option", "mesh", Column("batch", True), *names, "stopped by"]
    cells = []
    for row in rows:
        values = [amount(row.values[name]) if name in row.values else "" for name in names]
        cells.append((row.chip, row.slice.name, row.option, row.ways, f"{row.batch:,}" if row.batch else "", *values, row.stopped_by))
    return table(heads, cells, marked=marked)


@view("plan.choices.Choice")
def choice(c: Any) -> Document:
    """The best of one slice, on a line."""
    return Document((Text(_choice(c)), Table(_choices([c]).columns, _choices([c]).rows, fold="")), c.row())


def _choice(c: Any) -> str:
    where = f"{c.chip} {c.slice.name}, {c.option}"
    if c.found is None:
        return f"{where}: none; {c.stopped_by}"
    shown = ", ".join(f"{name} {value.shown}" for name, value in c.values.items())
    return f"{where}, {c.ways}, B={c.batch}: {shown}; stopped by {c.stopped_by}"


@view("search.space.Space")
def space(s: Any) -> Iterator[Block]:
    """How many points there are, axis by axis."""
    lengths = s.lengths
    points = 1
    for n in lengths.values():
        points *= n
    yield Text(f"space of {points:,} points: {' x '.join(f'{name} {n:,}' for name, n in lengths.items()) or 'no axes'}")


# -- the serving story
@view("plan.story.Story")
def story(told: Any, formulas: bool = False) -> Document:
    """A row for every key, a column for every choice of formats; ``formulas`` adds each row's formula."""
    labels = dict.fromkeys((r.key, r.label) for c in told.columns for r in c.rows)
    by_key = [{r.key: r for r in c.rows} for c in told.columns]
    rows = []
    for key, label in labels:
        said = next(c[key].formula for c in by_key if key in c)
        cells = [c[key].shown if key in c else "" for c in by_key]
        rows.append((label, *cells, *([formula(said) if said is not None else ""] if formulas else [])))
    heads: list[Column | Words] = ["", *(Column(c.known.format, True) for c in told.columns), *["formula"] * formulas]
    chip, model = told.known.chip, told.known.model
    tokens = ", ".join(f"{name} {float(x):g}" for name, x in list(told.traffic.items())[:3])
    blocks: list[Block] = [Title(f"{model and model.title} on {chip and chip.title}: {tokens} tokens"), table(heads, rows)]
    blocks += [Note(line) for line in told.stands_on]
    about = {"model": model and model.name, "chip": chip and chip.name, **told.traffic}
    data = {**about, "formats": {c.known.format: _story_record(c.rows) for c in told.columns}, "stands_on": told.stands_on}
    return Document(tuple(blocks), data, not told.fits)


def _story_record(rows: Sequence[Any]) -> dict[str, Any]:
    return {
        r.key: {
            "label": r.label.strip(),
            "value": r.value,
            "unit": str(r.formula.unit) if r.formula is not None and r.value is not None and not isinstance(r.value, str) else None,
            "shown": r.shown,
            "formula": None if r.formula is None else plain(formula(r.formula)).replace("\n", " "),
        }
        for r in rows
    }
