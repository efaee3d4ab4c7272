"""Views of sweeps, searches and choices: tables of points, the best one marked, and how much of each condition is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isinf, log, prod
from typing import Any

from symroof.algebra.quantity import show_quantity
from symroof.show import document as doc
from symroof.show.derivations import formula
from symroof.show.document import Bars, Block, Document, Note, Table, Text, Title, Words, amount, bare, table
from symroof.show.forms.text import value
from symroof.show.views import view

_MOST = 12  # rows or columns of a table of samples
_POINTS = 10  # points of a search that are listed


def _label(label: Any) -> str:
    return f"{label:g}" if isinstance(label, float) else str(label)


def _labels(at: Mapping[str, Any]) -> str:
    """Where a point is: ``B=1, chip=tpu-v5e``."""
    return ", ".join(f"{name}={_label(x)}" for name, x in at.items())


# -- sweeps
@view("grid.sweep.Sweep")
def sweep(s: Any) -> Iterator[Block]:
    """The axes, the range, and the values: a table along one axis, a map over the two longest."""
    ends = [show_quantity(float(f()), s.unit) for f in (s.values.min, s.values.max)] if s.size else []
    yield Title(f"{s.name or 'sweep'}  [{s.unit}]  {s.size:,} points" + f", {' to '.join(ends)}" * bool(ends))
    yield table(("axis", "values"), [(a.name, str(a)) for a in s.scale], headed=False)
    if s.size:
        yield Text(f"least at {_labels(s.argmin)}", 1)
        if s.interval:
            factors = (s.interval[1] / s.interval[0]) ** 0.5
            yield Text(f"eight of ten lie within a factor of {factors.min():.3g} to {factors.max():.3g}: .interval", 1)
        yield from () if not s.scale else _map(s) if len(s.scale) > 1 else _line(s)


def _line(s: Any) -> Iterator[Block]:
    """Values along the only axis, with what binds where a maximum decides."""
    (axis,), least, top, binds = s.scale, int(s.values.argmin()), float(s.values.max()), _binding(s)
    places = _picked(len(axis), least)
    rows: list[tuple[Words, ...]] = []
    for i in places:
        shown = amount(float(s.values[i]), s.unit)
        bar = doc.bar(shown.number / top if top > 0 and shown.number >= 0 else 0.0, shown.text)
        within = [" to ".join(show_quantity(float(end[i]), s.unit) for end in s.interval)] if s.interval else []
        rows.append((_label(axis.labels[i]), shown, *within, bar, binds(i)))
    head = (doc.Column(axis.name, True), s.name or "value", *("within 80 %",) * bool(s.interval), "", "binds")
    yield table(head, rows, marked=(places.index(least),), fold="")
    yield from _sampled(len(axis), len(places), "values")


def _map(s: Any) -> Iterator[Block]:
    """A table over the two longest axes, the others where the value is least; darker is more, on a log scale."""
    longest = sorted(range(len(s.scale)), key=lambda i: -len(s.scale[i]))[:2]
    fixed = {a.name: s.argmin[a.name] for i, a in enumerate(s.scale) if i not in longest}
    plane = s.sel(**fixed) if fixed else s
    down, across = plane.scale
    least = divmod(int(plane.values.argmin()), len(across))
    rows, columns = _picked(len(down), least[0]), _picked(len(across), least[1])
    shade, binds = _shades(float(plane.values.min()), float(plane.values.max())), _binding(plane)

    def cell(i: int, j: int) -> doc.Amount:
        x = float(plane.values[i, j])
        return doc.Amount(x, s.unit, show_quantity(x, s.unit), shade(x), binds(i, j))

    if fixed:
        yield Note(f"at {_labels(fixed)}, where it is least", fold="")
    head = (f"{down.name} \u2193  {across.name} \u2192", *(_label(across.labels[j]) for j in columns))
    yield table(head, [(_label(down.labels[i]), *(cell(i, j) for j in columns)) for i in rows], fold="")
    yield from _sampled(len(down) * len(across), len(rows) * len(columns), "points")


def _binding(s: Any) -> Callable[..., str]:
    """From a place to the part that binds there; to nothing where no maximum decides."""
    found = s.binding if s.cost.join == "max" else None
    return lambda *place: str(found.names[int(found.codes[place])]) if found else ""


def _shades(low: float, high: float) -> Callable[[float], float]:
    """From a number to how dark its cell is, 0 to 1."""
    if not (low < high < float("inf")):
        return lambda x: 0.0 if x < float("inf") else 1.0
    return lambda x: log(x / low) / log(high / low) if low > 0 else (x - low) / (high - low)


def _sampled(every: int, shown: int, word: str) -> Iterator[Block]:
    if shown < every:
        yield Note(f"{shown} of {every:,} {word} shown", fold="")


def _picked(length: int, also: int) -> list[int]:
    """A few of so many places, evenly, the ends and another one among them."""
    if length <= _MOST:
        return list(range(length))
    return sorted({round(i * (length - 1) / (_MOST - 1)) for i in range(_MOST)} | {also})


@view("grid.sweep.Spot")
def spot(s: Any) -> Iterator[Block]:
    """One point of a sweep."""
    yield Text(f"at {_labels(s.at)}:")
    yield Bars(s.value, 1)


# -- searches
@view("search.found.Found")
def found(f: Any) -> Document:
    """The points, the best first; what the conditions leave at the winner; how many points were looked at."""
    blocks: list[Block] = []
    if f.points:
        blocks.append(_points(f.points[:_POINTS]))
        if len(f.points) > _POINTS:
            blocks.append(Note(f"... {len(f.points) - _POINTS} more points"))
        if f.best.value.parts and len(f.best.values) == 1:
            blocks.append(Bars(f.best.value, fold=""))
        blocks += [_limits(f.limits, f.binding if f.known_gains else None), *(Note(_gained(gain)) for gain in f.known_gains)]
    blocks.append(Note(f"{f.considered:,} points considered, {f.pruned:,} pruned, {f.evaluated:,} evaluated in {f.seconds:.2g} s"))
    if not f.complete:
        blocks.append(Note("interrupted: the best of what was seen"))
    return Document(tuple(blocks), {"rows": f.rows() if f.points else [], "considered": f.considered, "evaluated": f.evaluated})


def _points(some: Sequence[Any]) -> Table:
    """Where points are, and what every cost is there."""
    names = [v.name or f"cost {i + 1}" for i, v in enumerate(some[0].values)]
    axes = list(dict.fromkeys(name for point in some for name in point.at))
    rows: list[tuple[Words, ...]] = [(*(_label(p.at.get(a, "")) for a in axes), *map(bare, p.values)) for p in some]
    return table([*(doc.Column(a, True) for a in axes), *names], rows, marked=(0,) if len(rows) > 1 else (), level=0)


def _limits(limits: Sequence[Any], binds: Any) -> Table:
    """The conditions at the winner, with a bar for how much of each is used."""
    rows: list[tuple[Words, ...]] = []
    for limit in limits:
        used = f"{limit.room:.1%} left"
        bar = doc.bar(1.0 - limit.room, used, "bound" if limit.room < 0.01 else "all")
        rows.append((limit.name, bare(limit.left), bare(limit.right), bar, used, "<- binds" if limit is binds else ""))
    return table(("condition at the best", "is", "of", "", "left", ""), rows)


@view("search.found.Slack")
def limit(one: Any) -> Iterator[Block]:
    """A condition at the winner, and how much of it is left."""
    yield Text(f"{one.name}: {bare(one.left).text} of {bare(one.right).text}, {one.room:.1%} left")


@view("search.found.Gain")
def gain(one: Any) -> Iterator[Block]:
    """What relaxing a condition buys."""
    yield Text(_gained(one))


def _gained(one: Any) -> str:
    change = "nothing" if one.factor == 1 else repr(one.best) if isinf(one.factor) else f"{one.factor - 1:+.2%}, {one.best!r}"
    return f"{one.limit.name} relaxed by {one.by:.0%}: {change}"


@view("search.found.Candidate")
def candidate(c: Any) -> Iterator[Block]:
    """One point, with the parts of its costs."""
    yield Text(f"{c.labels}: {'   '.join(bare(v).text for v in c.values) if len(c.values) > 1 else value(c.value)}")
    yield from (Bars(v, fold="") for v in c.values if v.parts)


@view("search.search.Space")
def space(s: Any) -> Iterator[Block]:
    """How many points there are, axis by axis."""
    axes = " x ".join(f"{name} {n:,}" for name, n in s.lengths.items())
    yield Text(f"space of {prod(s.lengths.values()):,} points: {axes or 'no axes'}")


# -- deployments and runs
@view("plan.choices.Choices")
def choices(c: Any, top: int = _POINTS) -> Document:
    """The best of every slice, what relaxing the limits of the winner buys, then the slices that cannot, and what stops each."""
    able, none = c.able, [row for row in c.rows if not row.found]
    blocks: list[Block] = [Title(f"{c.model}: the best of every slice by {c.by}")]
    if able:
        blocks += [_choices(able[:top], (0,) if len(able) > 1 else ()), Text(f"Best: {_choice(able[0])}.", 1)]
        blocks += [Note(_standing(c.standing), 2)] if c.standing else []
        for slack, factor, then in able[0].margins:
            change = "nothing" if factor == 1 else f"the {c.by} by {factor - 1:+.2%}, at {then}"
            blocks.append(Note(f"{slack!r}; 10 % more would change {change}", 2))
    if len(able) > top:
        blocks.append(Note(f"{len(able) - top} more", 1))
    if none:
        rows = [(row.chip, row.slice.name, row.option, row.stopped_by) for row in none[:top]]
        blocks += [Text("These cannot:"), table(("chip", "slice", "option", "because"), rows)]
    counts = ", ".join(f"{count:,} {name}" for name, count in c.counts.items())
    blocks += [Note(line, 1) for line in (counts, *c.stands_on)]
    data = {"model": c.model, "by": c.by, "best": able[0].row() if able else None, "rows": c.table(), "stands_on": c.stands_on}
    data |= {"standing": dict(vars(c.standing))} if c.standing else {}
    return Document(tuple(blocks), data, not able)


def _standing(s: Any) -> str:
    """How sure the best of estimates is."""
    said = f"of {s.draws} draws of the letters of the calibration it is the best of {s.among} in {100 * s.best:.0f} %"
    return said + (f", and keeps the limits in {100 * s.keeps:.0f} %" if s.keeps < 1 else "")


def _choices(rows: Sequence[Any], marked: tuple[int, ...] = (), fold: str | None = None) -> Table:
    names = list(dict.fromkeys(name for row in rows for name in row.values))
    head = ("chip", "slice", "option", "mesh", doc.Column("batch", True), *names, "stopped by")
    cells: list[tuple[Words, ...]] = []
    for row in rows:
        values = (amount(row.values[name]) if name in row.values else "" for name in names)
        cells.append((row.chip, row.slice.name, row.option, row.ways, f"{row.batch:,}" if row.batch else "", *values, row.stopped_by))
    return table(head, cells, marked=marked, fold=fold)


@view("plan.choices.Choice")
def choice(c: Any) -> Document:
    """The best of one slice, on a line."""
    return Document((Text(_choice(c)), _choices([c], fold="")), c.row())


def _choice(c: Any) -> str:
    where = f"{c.chip} {c.slice.name}, {c.option}"
    if c.found is None:
        return f"{where}: none; {c.stopped_by}"
    shown = ", ".join(f"{name} {value.shown}" for name, value in c.values.items())
    return f"{where}, {c.ways}, B={c.batch}: {shown}; stopped by {c.stopped_by}"


# -- the serving story
@view("plan.story.Story")
def story(told: Any, formulas: bool = False) -> Document:
    """A row for every key, a column for every choice of formats; ``formulas`` adds each row's formula."""
    by_key = [{r.key: r for r in c.rows} for c in told.columns]
    rows: list[list[Words]] = []
    firsts: dict[str, Any] = {}
    for r in (r for c in told.columns for r in c.rows):
        firsts.setdefault(r.key, r)
    for first in firsts.values():
        said = [formula(first.formula) if first.formula is not None else ""] if formulas else []
        rows.append([first.label, *(c[first.key].shown if first.key in c else "" for c in by_key), *said])
    heads: list[doc.Column | Words] = ["", *(doc.Column(c.known.format, True) for c in told.columns), *["formula"] * formulas]
    chip, model = told.known.chip, told.known.model
    tokens = ", ".join(f"{name} {float(x):g}" for name, x in list(told.traffic.items())[:3])
    title = Title(f"{model and model.title} on {chip and chip.title}: {tokens} tokens")
    about = {"model": model and model.name, "chip": chip and chip.name, **told.traffic}
    formats = {c.known.format: {r.key: _row(r) for r in c.rows} for c in told.columns}
    data = {**about, "formats": formats, "stands_on": told.stands_on}
    return Document((title, table(heads, rows), *(Note(line) for line in told.stands_on)), data, not told.fits)


def _row(r: Any) -> dict[str, Any]:
    known = r.formula is not None and r.value is not None and not isinstance(r.value, str)
    said = None if r.formula is None else doc.plain(formula(r.formula)).replace("\n", " ")
    unit = str(r.formula.unit) if known else None
    ends = {"interval": list(r.interval)} if getattr(r, "interval", None) else {}
    return {"label": r.label.strip(), "value": r.value, **ends, "unit": unit, "shown": r.shown, "formula": said}


@view("plan.room.Room")
def served(told: Any) -> Document:
    """What a server gives to the KV cache of a chip, line by line."""
    chip, model = told.known.chip, told.known.model
    title = Title(f"{model and model.title} on a chip of {chip and chip.title}, served by {told.server.title}")
    padded = (
        "The cache is as the server counts it: tokens have a place in every layer that caches, a sequence what the server admits it with."
        if told.full
        else "Every layer keeps the tokens it sees."
    )
    notes = (f"{told.known.format}. {padded}", *told.said)
    data = {"model": model and model.name, "chip": chip and chip.name, "server": told.server.name}
    rows = {r.key: _row(r) for r in told.rows}
    return Document(
        (title, table(("", ""), [(r.label, r.shown) for r in told.rows], headed=False), *map(Note, notes)), {**data, "rows": rows}
    )
