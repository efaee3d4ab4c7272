"""``calibration("gpt-fast")``: what is reached of rates and what is added to work, as fitted to measurements, as a Sheet with its spread.

A letter may differ ``by`` chip, by the width of the weights, or by another column of the records it was fitted to: then it has a value
for each of them, and where it is asked of one that was not measured, the mean of all and the spread between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import sqrt
from pathlib import Path
from typing import Any
from zlib import crc32

from symroof.algebra.bind import check
from symroof.algebra.spread import Known, Uncertain
from symroof.algebra.symbols import ALPHABET, FORMAT_OF, FRACTIONS, C, M_w, P, Symbol, W_hbm, p_w
from symroof.errors import SheetError, SymroofError, UnknownName, nearest, short
from symroof.sheets.files import listed, read
from symroof.sheets.schema import CalibrationFile
from symroof.sheets.sheet import Sheet

_KIND = "calibrations"


@dataclass(frozen=True)
class Fitted:
    """A letter as it was fitted: its value, the standard error of its logarithm, and where it differs by something each value of it.

    ``between`` is the standard deviation of the logarithm between those.
    """

    symbol: Symbol
    value: float
    error: float
    by: str = ""
    between: float = 0.0
    levels: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """A record that was fitted: what was measured and what is estimated [SI], and its group."""

    name: str
    group: str
    measured: float
    estimated: float


@dataclass(frozen=True)
class LeftOut:
    """Errors of groups that a fit did not see: median and ninth decile of the relative error, and how often the interval holds."""

    median: float
    ninth: float
    covered: float
    records: int
    groups: int


@dataclass(frozen=True, repr=False)
class Calibration(Sheet, Uncertain):
    """Letters with their covariance; what the form leaves unexplained, and what differs between groups.

    ``covariance`` is that of the logarithms of the letters and of the deviations of their levels, in the order of ``parameters``, each a
    letter and a level, which is empty for the letter itself. ``formula`` names what was fitted (with commas between several), ``groups``
    what records were grouped by. ``width`` is how many standard deviations an interval of 80 % reaches. ``left_out`` says how well it
    does on groups that a fit has not seen, ``seen`` each record with its estimate, ``chips`` those of the records.
    """

    formula: str = ""
    letters: tuple[Fitted, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    covariance: tuple[tuple[float, ...], ...] = ()
    scatter: float = 0.0
    between: float = 0.0
    width: float = 1.2816
    groups: str = ""
    left_out: LeftOut | None = None
    seen: tuple[Seen, ...] = ()
    chips: tuple[str, ...] = ()
    note: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)

    @property
    def formulas(self) -> tuple[str, ...]:
        """The formulas that it was fitted to, by name."""
        return tuple(name.strip() for name in self.formula.split(","))

    def where(self, **levels: str) -> Calibration:
        """The same where something is known that no sheet says: ``calibration("nccl").where(operation="AllReduce")``.

        Raises UnknownName for what no letter differs by, or for a level that was not measured.
        """
        known = {f.by: f.levels for f in self.letters if f.by}
        for by, level in levels.items():
            if by not in known:
                raise UnknownName(f"no letter of {self.name} differs by {short(by)}; {nearest(by, known)}")
            if level not in known[by]:
                raise UnknownName(f"{self.name} was fitted to no {by} {short(level)}; {nearest(level, known[by])}")
        return replace(self, chosen={**self.chosen, **levels})

    def beside(self, others: tuple[Any, ...]) -> Known:
        """Its letters for the chip and the formats of other sheets; what was not measured is the mean, and less certain."""
        said = {**settings(others), **self.chosen}
        levels = {f.symbol: said.get(f.by, "") if said.get(f.by, "") in f.levels else "" for f in self.letters}
        numbers = {f.symbol: f.levels[level][0] if (level := levels[f.symbol]) else f.value for f in self.letters}
        values = {s: Fraction(repr(min(v, 1.0) if s in FRACTIONS else v)) for s, v in numbers.items()}
        tied = self.tied(levels)
        errors = {f.symbol: sqrt(max(tied[i][i], 0.0)) for i, f in enumerate(self.letters)}
        added = frozenset(f.symbol for f in self.letters if f.symbol.name.startswith("t_") and f.value > 1e-9)
        own = self.scatter**2 + self.between**2
        return Known(Sheet(self.name, self.title, values, sources=self.sources), errors, tied, own, self.width, added)

    def drawn(self, others: tuple[Any, ...], count: int, seed: int = 0) -> dict[Symbol, Any]:
        """So many values of each letter beside other sheets, as likely as they are: their logarithms are normal, with the covariance.

        Draws of one seed belong together: what is alike in two places, such as an overhead on two chips, is so in every draw.
        """
        import numpy as np

        said = {**settings(others), **self.chosen}
        tied = np.asarray(self.covariance, dtype=float).reshape(len(self.parameters), -1)
        off = np.random.default_rng(seed).multivariate_normal(np.zeros(len(tied)), tied, count, method="eigh")
        places, found = {parameter: i for i, parameter in enumerate(self.parameters)}, {}
        for f in self.letters:
            level = said.get(f.by, "") if f.by else ""
            value, moved = f.levels.get(level, (f.value, 0.0))[0], off[:, places[f.symbol.name, ""]]
            if level in f.levels:
                moved = moved + off[:, places[f.symbol.name, level]]
            elif f.by:
                own = np.random.default_rng([seed, crc32(f"{f.symbol.name} {level}".encode())])
                moved = moved + own.normal(0, f.between, count)
            found[f.symbol] = np.minimum(value * np.exp(moved), 1.0) if f.symbol in FRACTIONS else value * np.exp(moved)
        return found

    def tied(self, levels: Mapping[Symbol, str]) -> tuple[tuple[float, ...], ...]:
        """The covariance of the logarithms of the letters at levels; of one that was not measured the spread between levels is added."""
        places = {parameter: i for i, parameter in enumerate(self.parameters)}
        of = [[places[f.symbol.name, level] for level in dict.fromkeys(("", levels[f.symbol]))] for f in self.letters]
        more = [f.between**2 if f.by and not levels[f.symbol] else 0.0 for f in self.letters]
        return tuple(
            tuple(sum(self.covariance[p][q] for p in one for q in other) + (more[i] if i == j else 0.0) for j, other in enumerate(of))
            for i, one in enumerate(of)
        )

    def rows(self) -> Iterator[tuple[str, str, str, str]]:
        """Letter, value with its error, meaning and what it differs by."""
        for f in self.letters:
            by = f"differs by {f.by}" if f.by else ""
            yield f.symbol.name, f"{f.value:.4g}", f.symbol.meaning, by


def settings(sheets: Iterable[Any]) -> dict[str, str]:
    """What sheets say that a letter may differ by: the chip, the width of the weights, the format of the arithmetic."""
    found: dict[str, str] = {}
    for sheet in sheets:
        if isinstance(sheet, Mapping) and all(isinstance(key, str) for key in sheet):
            found |= sheet  # labels of a record
            continue
        values = sheet if isinstance(sheet, Mapping) else {**sheet.defaults, **sheet.values}
        if W_hbm in values and not isinstance(sheet, Mapping):
            found.setdefault("chip", sheet.name.split(" ")[0])
        width = values.get(p_w, values[M_w] / values[P] if M_w in values and isinstance(values.get(M_w), Fraction) else None)
        if isinstance(width, Fraction):
            found.setdefault("weights", bits(width))
        if values.get(C) in FORMAT_OF and W_hbm not in values:
            found.setdefault("arithmetic", FORMAT_OF[values[C]])
    return found


def bits(width: Fraction) -> str:
    """Bytes a weight as one of three widths: ``16 bit``, ``8 bit``, ``4 bit``, with what comes beside them."""
    return "16 bit" if width > Fraction(3, 2) else "8 bit" if width > Fraction(3, 4) else "4 bit"


def calibrations() -> tuple[str, ...]:
    """The calibrations that ship, and those of your own folder."""
    return tuple(sorted(listed(_KIND)))


def calibration(name: Any) -> Calibration:
    """A calibration by name, or a file of your own by its path.

    Raises UnknownName with the nearest name, SheetError naming the key if the file is wrong.
    """
    if isinstance(name, Calibration):
        return name
    known = listed(_KIND)
    wanted = str(name).strip()[:200]
    if wanted in known:
        return loaded(known[wanted])
    if wanted.endswith(".toml"):
        return loaded(Path(wanted))
    raise UnknownName(f"there is no calibration {short(wanted)}; {nearest(wanted, known)}, or the path of a .toml file")


def calibrated(c: Calibration | None, on: str, formulas: Sequence[str]) -> str:
    """What the estimates of an answer stand on; without a calibration that there are none, and which could give some there.

    ``on`` names the chip, ``formulas`` are those that the answer has estimates of.
    """
    if c is None:
        know = [name for name in calibrations() if (one := calibration(name)) and on in one.chips and {*one.formulas} & {*formulas}]
        if know:
            return f"No estimates but bounds: --calibration NAME adds estimates; fitted to records of {on} are {', '.join(know)}."
        return f"No estimates but bounds: no calibration was fitted to records of {on}; --calibration any-decode stands on those of others."
    said = f"As calibrated: {c.title or c.name}, {len(c.seen)} records; in brackets an interval of 80 %."
    if not {*c.formulas} & {*formulas}:
        said = f"{c.name} was fitted to {c.formula or 'a formula without a name'}, of which nothing is here: no estimates but bounds."
    elif on not in c.chips:
        said += f" It was fitted to no record of {on}: there the bound holds, and the estimate may be further off than its interval."
    return said


def loaded(path: Path) -> Calibration:
    """A file as a calibration.

    Raises SheetError naming file and key.
    """
    file = read(path, CalibrationFile)
    letters = []
    for name, row in file.letters.items():
        if name not in ALPHABET:
            raise SheetError(f"{path.name}: there is no letter {short(name)}; {nearest(name, ALPHABET)}")
        s = ALPHABET[name]
        try:
            for number in (row.value, *(v for v, _ in row.levels.values())):
                check(s, number)
        except SymroofError as problem:
            raise SheetError(f"{path.name}: letters.{name}: {problem}") from None
        letters.append(Fitted(s, row.value, row.error, row.by, row.between, {k: (v, e) for k, (v, e) in row.levels.items()}))
    wanted = {(f.symbol.name, level) for f in letters for level in ("", *f.levels)}
    size = len(file.parameters)
    if set(file.parameters) != wanted or len(wanted) != size or [len(row) for row in file.covariance] != [size] * size:
        raise SheetError(
            f"{path.name}: parameters and covariance must have each letter and each of its levels once; write it anew with a fit"
        )
    out = file.left_out
    cite = f"fitted to {len(file.records)} records: {file.title}"
    values: dict[Symbol, Any] = {f.symbol: Fraction(repr(f.value)) for f in letters}
    return Calibration(
        path.stem,
        file.title,
        values,
        sources=dict.fromkeys(values, cite),
        formula=file.formula,
        letters=tuple(letters),
        parameters=tuple(file.parameters),
        covariance=tuple(tuple(row) for row in file.covariance),
        scatter=file.scatter,
        between=file.between,
        width=file.width,
        groups=file.groups,
        left_out=None if out is None else LeftOut(out.median, out.ninth, out.covered, out.records, out.groups),
        seen=tuple(Seen(*row) for row in file.records),
        chips=tuple(file.chips),
        note=file.note,
    )


def written(c: Calibration) -> str:
    """A calibration as the text of a file."""

    def number(x: float) -> str:
        return repr(float(f"{x:.5g}"))

    lines = [f"title = {_text(c.title)}", f"formula = {_text(c.formula)}", f"groups = {_text(c.groups)}"]
    lines += [f"{key} = {number(getattr(c, key))}" for key in ("scatter", "between", "width")]
    lines += [f"chips = [{', '.join(map(_text, c.chips))}]"] if c.chips else []
    lines += [f"note = {_text(c.note)}"] if c.note else []
    lines += ["parameters = ["] + [f"  [{_text(letter)}, {_text(level)}]," for letter, level in c.parameters] + ["]"]
    lines += ["covariance = ["] + [f"  [{', '.join(number(x) for x in row)}]," for row in c.covariance] + ["]"]
    lines += ["records = [  # name, group, measured, estimated"]
    lines += [f"  [{_text(s.name)}, {_text(s.group)}, {number(s.measured)}, {number(s.estimated)}]," for s in c.seen] + ["]"]
    if c.left_out:
        l = c.left_out
        lines += ["", "[left_out]", *(f"{k} = {number(getattr(l, k))}" for k in ("median", "ninth", "covered"))]
        lines += [f"records = {l.records}", f"groups = {l.groups}"]
    for f in c.letters:
        lines += ["", f"[letters.{f.symbol.name}]", f"value = {number(f.value)}", f"error = {number(f.error)}"]
        if f.by:
            levels = ", ".join(f"{_text(k)} = [{number(v)}, {number(e)}]" for k, (v, e) in f.levels.items())
            lines += [f"by = {_text(f.by)}", f"between = {number(f.between)}", f"levels = {{ {levels} }}"]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
