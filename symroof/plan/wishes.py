"""What is asked of a search for a deployment or a training run: what is known, where to look, limits, and choices left open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from symroof.algebra.bind import check
from symroof.algebra.cost import Cost
from symroof.algebra.symbols import (
    DERATES,
    B,
    B_max,
    D_tok,
    G,
    Lam,
    M_hbm,
    Symbol,
    T_all,
    W_dcn,
    W_ici,
    h,
    n,
    n_srv,
    p_opt,
    t_lim,
    t_run,
)
from symroof.ask.known import Known
from symroof.ask.letters import MEANT, reach, refuse_unused, said, word
from symroof.errors import InputError, SymroofError, UnknownName, nearest, short
from symroof.program.backward import REMATS
from symroof.sheets.calibrations import Calibration, calibrated, calibration, calibrations
from symroof.sheets.chips import Chip, chip
from symroof.sheets.llms import Llm, llm
from symroof.sheets.slices import Slice, Switched

_MESH = dict.fromkeys(("X", "Y", "Z"), "the search chooses the mesh; leave it out")
_SLICE = "the search chooses the slice; limit it with chips"


@dataclass(frozen=True)
class Kind:
    """A kind of search: its wishes with what holds unless said, those that mean a letter, limits, and letters that it chooses itself.

    ``aims`` are what a search makes best, and whether that is small or large, ``formula`` that of which there are calibrations.
    """

    usual: Mapping[str, Any]
    meant: tuple[str, ...]
    checked: Mapping[str, Symbol]
    chosen: Mapping[str, str]
    aims: Mapping[str, str]
    formula: str


SERVING = Kind(
    {
        "context": 8192,
        "prompt": None,
        "mfu": "0.4",
        "formats": ("bf16", "int8"),
        "kv": (),
        "math": "",
        "overlap": True,
        "latency": None,
        "first_token": None,
        "batch": None,
        "chips": None,
        "slice": None,
        "calibration": None,
        "letters": {},
    },
    ("context", "prompt", "mfu", "latency", "batch", "formats", "kv", "math"),
    {"chips": n, "latency": t_lim, "first_token": t_lim, "batch": B},
    {"n": _SLICE, **_MESH},
    {"cost": "minimize", "throughput": "maximize", "latency": "minimize"},
    "decode.estimate",
)
TRAINING = Kind(
    {
        "context": 8192,
        "batch": 2**22,
        "tokens": None,
        "optimizer": 8,
        "format": "bf16",
        "math": "",
        "overlap": True,
        "finish": None,
        "chips": None,
        "remat": ("none", "matmuls", "block"),
        "calibration": None,
        "letters": {},
    },
    ("context", "tokens", "finish", "optimizer", "format", "math"),
    {"chips": n, "batch": B, "tokens": D_tok, "finish": t_run, "optimizer": p_opt, "context": B},
    {"n": _SLICE, "B": "the sequences of a step follow from its tokens and the context; give batch and context", **_MESH},
    {"time": "minimize", "cost": "minimize", "MFU": "maximize", "throughput": "maximize"},
    "pretraining.estimate",
)
_LENGTHS = "it follows from the prompt and the hit rate; give prompt and hit"
LOAD = Kind(
    {
        "rate": None,
        "prompt": 2048,
        "generate": 512,
        "hit": 0,
        "arrivals": "poisson",
        "lengths": "constant",
        "ttft": None,
        "tpot": None,
        "e2e": None,
        "replicas": None,
        "sequences": None,
        "mfu": "0.4",
        "formats": ("bf16",),
        "kv": (),
        "math": "",
        "chips": None,
        "slice": None,
        "calibration": None,
        "letters": {},
    },
    ("generate", "mfu", "formats", "kv", "math"),
    {
        "rate": Lam,
        "prompt": T_all,
        "hit": h,
        "ttft": t_lim,
        "tpot": t_lim,
        "e2e": t_lim,
        "replicas": n_srv,
        "sequences": B_max,
        "chips": n,
        "generate": G,
    },
    {"n": _SLICE, **_MESH, **dict.fromkeys(("T", "S_hit", "T_all", "h"), _LENGTHS), "lam": "it follows from the rate and the replicas"},
    {"chips": "minimize", "cost": "minimize"},
    "decode.estimate",
)
_LIMITS = ("latency", "batch", "finish")  # a letter of theirs is no value, but the most that it may be


@dataclass(frozen=True)
class Wishes:
    """``known`` is the model and the letters, to which a search adds chips ``on`` which it looks, and formats; ``of`` are all wishes."""

    kind: Kind
    known: Known
    on: tuple[Chip, ...]
    by: str
    of: Mapping[str, Any]
    given: Mapping[str, Any]

    @staticmethod
    def make(kind: Kind, model: str | Llm, on: Any, by: str, wishes: Mapping[str, Any]) -> Wishes:
        """The wishes, checked; what is not said has a default. A letter that means a wish is that wish.

        Raises UnknownName for an aim, a chip, a model or a letter that does not exist, InputError for a wish there is not, a wrong
        one, or one that a letter gives as well.
        """
        if by not in kind.aims:
            raise UnknownName(f"nothing is judged by {short(by)}; {nearest(str(by), kind.aims)}")
        for name in wishes:
            if name not in kind.usual:
                raise InputError(f"there is no wish {short(name)}; {nearest(name, kind.usual)}")
        given = wishes.get("letters", {})
        if not isinstance(given, Mapping):
            raise InputError(f"letters are names and values, e.g. letters={{'P': '70e9'}}, not {short(given)}")
        for name, why in kind.chosen.items():
            if name in given:
                raise InputError(f"{name} has no value to be given here: {why}")
        letters = said(given, {name: wishes[name] for name in kind.meant if name in wishes}, word)
        whole = {**kind.usual, **wishes}
        whole |= {name: letters.pop(MEANT[name][0], None) for name in _LIMITS if name in kind.meant}
        whole |= {name: letters[MEANT[name][0]] for name in kind.meant if MEANT[name][2] and MEANT[name][0] in letters}
        _check(kind, whole)
        if whole.get("slice") is not None and whole["chips"] is not None:
            raise InputError("slice says which chips, and chips at most how many; give one of them")
        usual = {MEANT[name][0]: whole[name] for name in kind.meant if MEANT[name][2] and name not in _LIMITS}
        usual |= {"T": whole["context"]} if kind is SERVING and whole["prompt"] is None else {}
        own = {name: value for name, value in letters.items() if name not in usual}
        fitted = _calibration(kind, whole)
        known = Known(model=model if isinstance(model, Llm) else llm(model), formats=("", "", whole["math"]), calibration=fitted)
        known = replace(known, letters={**{k: v for k, v in usual.items() if v is not None}, **own})
        return Wishes(kind, known, _listed(on), by, whole, own)

    def __getitem__(self, name: str) -> Any:
        return self.of[name]

    def places(self) -> Iterator[Known]:
        """What is known on every chip.

        Raises InputError if a chip has no rate for the arithmetic, or no price where cost is what counts.
        """
        for where in self.on:
            here = replace(self.known, chip=where)
            if self.by == "cost" and not here.priced:
                raise InputError(f"{where.name} has no price; give letters={{'price': '$2/h'}} (--set), or search by throughput")
            here.refuse_arithmetic()
            yield here

    def slices(self, where: Chip) -> tuple[Slice, ...]:
        """The slices of a chip that are looked at.

        Raises UnknownName for a slice that it does not have.
        """
        if self.of.get("slice") is not None:
            return (where.slice(self.of["slice"]),)
        return where.slices if self["chips"] is None else where.up_to(check(n, self["chips"]))

    def refuse_unused(self, known: Known, costs: Iterable[Cost], also: Iterable[Any] = ()) -> None:
        """Raise UnknownName for a letter that was given and that changes nothing."""
        free = {x for cost in costs for x in cost.free_symbols} | {M_hbm, W_ici, W_dcn, *also}
        refuse_unused([s for s in known.given if s.name in self.given], reach(free, known.sheets))

    @property
    def sequences(self) -> int:
        """Sequences of a batch of tokens.

        Raises InputError unless the batch is a multiple of the context.
        """
        count = check(B, self["batch"]) / check(B, self["context"])
        if count.denominator != 1 or count < 1:
            said = f"a batch of {short(self['batch'])} tokens is no whole number of sequences of {short(self['context'])}"
            raise InputError(f"{said}; change one")
        return int(count)

    @property
    def policies(self) -> tuple[str, ...]:
        """What may be computed again.

        Raises InputError for another policy.
        """
        for policy in words(self["remat"]):
            if policy not in REMATS:
                raise InputError(f"{short(policy)} is no policy of rematerialization; {nearest(policy, REMATS)}")
        return words(self["remat"])

    def stands_on(self) -> Iterator[str]:
        """What the numbers of an answer assume, a sentence each."""
        places = list(self.places())
        if self.known.calibration is not None:
            yield from dict.fromkeys(calibrated(self.known.calibration, where.name, (self.kind.formula,)) for where in self.on)
        overlap = "collectives overlapped with them" if self["overlap"] else "collectives added to them"
        fitted = ", ".join(f"{s} = {float(v):g}" for s, v in places[0].given.items() if s in DERATES) if places else ""
        what = f"Estimates with {fitted}" if fitted else "Lower bounds, at peak rates"
        if self.known.calibration is None:
            yield (
                f"{what}: everything evenly sharded, nothing else counted; a step is attention and then the matmuls,"
                f" in each memory and arithmetic overlapped, {overlap}."
            )
        done = ", ".join(dict.fromkeys(known.arithmetic for known in places))
        given = ", ".join(f"{name} = {text}" for name, text in self.given.items())
        open_ended = [
            where for where in self.on if self["chips"] is None and self.of.get("slice") is None and isinstance(where.sold, Switched)
        ]
        if open_ended:
            names = ", ".join(where.name for where in open_ended)
            yield f"Of {names} the usual numbers of chips up to {open_ended[0].slices[-1].chips} are looked at; chips allows more."
        yield f"Arithmetic in {done}; context {self['context']} tokens" + (f"; given: {given}." if given else ".")
        prices = [f"{known.chip.name} {known.priced}" for known in places if known.chip and known.priced]
        if prices:
            yield f"Price of a chip: {', '.join(prices)}."


def words(text: str | Iterable[str]) -> tuple[str, ...]:
    """``"bf16, int8"``, or several texts, as texts."""
    return tuple(w.strip() for w in (text.split(",") if isinstance(text, str) else text) if w.strip())


def _calibration(kind: Kind, wishes: Mapping[str, Any]) -> Calibration | None:
    """The calibration by which a search estimates, if it does.

    Raises InputError for one that was fitted to something else, and for an option that estimates leave nothing to.
    """
    if wishes["calibration"] is None:
        return None
    found = calibration(wishes["calibration"])
    if kind.formula not in found.formulas:
        fitted = [name for name in calibrations() if kind.formula in calibration(name).formulas]
        named = f"; {', '.join(fitted)} are" if fitted else ""
        raise InputError(f"{found.name} was fitted to {found.formula or 'another formula'}, not to {kind.formula}{named}")
    if kind is LOAD and wishes["mfu"] != kind.usual["mfu"]:
        raise InputError("mfu changes nothing beside a calibration: what prefill reaches was fitted; leave it out")
    if not wishes.get("overlap", True):
        raise InputError("overlap changes nothing beside a calibration: what is hidden is part of what was fitted; leave it out")
    return found


def _check(kind: Kind, wishes: Mapping[str, Any]) -> None:
    for name, symbol in kind.checked.items():
        try:
            if wishes[name] is not None and not isinstance(check(symbol, wishes[name]), Fraction):
                raise InputError(f"{short(wishes[name])} is not one number; give one, and search for each")
        except SymroofError as problem:  # it speaks of the letter; who asks, of the wish
            raise InputError(f"{name}: {problem}") from None


def _listed(on: Any) -> tuple[Chip, ...]:
    """Chips by name, several with commas, or as sheets."""
    several = words(on) if isinstance(on, str) else (on,) if isinstance(on, Chip) or not isinstance(on, Iterable) else tuple(on)
    if not several:
        raise InputError("a search needs a chip; give e.g. on='tpu-v5e'")
    return tuple(c if isinstance(c, Chip) else chip(c) for c in several)
