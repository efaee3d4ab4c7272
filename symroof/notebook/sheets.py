"""Sheets, and what machines and programs are made of: tables with sources."""

from __future__ import annotations

from typing import Any

from symroof.algebra import show
from symroof.errors import SymroofError
from symroof.notebook.formulas import letters
from symroof.notebook.markup import div, folded, readable, source, table, tag, title, words
from symroof.notebook.mathml import formula, math


def sheet(s: Any) -> str:
    """Symbol, value, meaning and source of every entry, the sources numbered below; a chip's slices folded."""
    said = list(s.rows())
    notes = {text: str(i + 1) for i, text in enumerate(dict.fromkeys(row[3] for row in said if row[3]))}
    rows = [
        (formula(x), words(shown), tag("span", words(meaning), "sr-words"), notes.get(text, ""))
        for x, (_, shown, meaning, text) in zip({**s.values, **s.defaults}, said, strict=True)
    ]
    alone = len(notes) == 1 and all(row[3] for row in said)
    sources = [div(words("source: " if alone else f"{i}  "), source(text)) for text, i in notes.items()]
    columns = ("", "value", "meaning") if alone or not notes else ("", "value", "meaning", "source")
    values = table(columns, [row[: len(columns)] for row in rows], numbers=(1, 3))
    return title(s.name, words(s.title)) + values + div(*sources, kind="sr-note") + _more(s)


def _more(s: Any) -> str:
    """What a chip or a model has beyond its values."""
    slices = ", ".join(one.name for one in getattr(s, "slices", ()))
    note = getattr(s, "note", "")
    return folded("slices", div(words(slices), kind="sr-note") if slices else "") + (div(words(note), kind="sr-note") if note else "")


def work(w: Any) -> str:
    """FLOPs, traffic and intensity."""
    costs = [("FLOPs", w.flops), ("HBM traffic", w.traffic), ("intensity", w.intensity)]
    rows = [(words(name), formula(readable(c.expr)), words(f"[{c.unit}]")) for name, c in costs]
    return title(w.name) + table((), rows) + letters(w.flops.free_symbols | w.traffic.free_symbols)


def mesh(m: Any) -> str:
    """The axes, what each runs over, and how many chips it has."""
    rows = [(words(axis), words(repr(m.link(axis))), formula(size)) for axis, size in m.sizes.items()]
    return title("mesh of", formula(m.chips) + words(" chips")) + table(("axis", "link", "chips"), rows)


def collective(c: Any) -> str:
    """Its name and its volume."""
    return tag("span", words(c.name)) + words(" ") + formula(readable(c.volume.expr)) + words(f" [{c.volume.unit}]")


def program(p: Any) -> str:
    """The statements, the FLOPs of each and the collectives it needs, then what the whole asks of a chip."""
    rows = [
        (tag("code", words(s)), formula(readable(s.flops.expr)), "".join(div(collective(c)) for c in s.collectives)) for s in p.statements
    ]
    totals = [("FLOPs per chip", p.flops), ("HBM traffic per chip", p.traffic)]
    whole = table((), [(words(name), formula(readable(c.expr)), words(f"[{c.unit}]")) for name, c in totals])
    return table(("statement", "FLOPs", "collectives"), rows) + whole + letters(p.flops.free_symbols | p.traffic.free_symbols)


# -- derivations
def question(q: Any) -> str:
    """The question in words, and its answers beside print."""
    head = title(f"{q.id} \u00b7 {q.title}", words(q.chapter)) + (div(words(q.text), kind="sr-note") if q.text else "")
    try:
        return head + _answers(q.answers())
    except SymroofError as problem:
        return head + div(words(problem), kind="sr-note")


def answer(a: Any) -> str:
    """One answer."""
    return _answers([a])


def _answers(answers: Any) -> str:
    rows = []
    for a in answers:
        asked = div(words(a.asked)) + div(words(a.id), kind="sr-note")
        rows.append((asked, _formula(a.formula), words(a.shown(a.ours)), words(a.shown(a.printed)), words(_verdict(a))))
    return table(("answer", "formula", "ours", "book", ""), rows, numbers=(2, 3))


def _verdict(a: Any) -> str:
    said = f"{a.verdict} by {100 * a.off:.2g} %" if a.verdict == "differs" else a.verdict
    again = f"; that gives {a.shown(a.reproduced)}" if a.reproduced else ""
    return f"{said}: {a.why}{again}" if a.why else said + again


def _formula(f: Any) -> str:
    if hasattr(f, "join") and hasattr(f, "expr"):
        return math(show.tree_latex(f, braces=False), show.text(f.expr))
    return math(f.latex(), repr(f)) if hasattr(f, "latex") else words(f)
