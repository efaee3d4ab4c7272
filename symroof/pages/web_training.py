"""The interactive page of training: communication and arithmetic of an MLP layer by batch, for every split of the chips."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from symroof.algebra.bind import bind
from symroof.algebra.cost import Cost
from symroof.algebra.symbols import M_X, M_Y, B, C, D, F, W_ici, X, n, p_a, p_w
from symroof.ask.known import Known
from symroof.errors import InputError
from symroof.sheets.chips import Chip
from symroof.sheets.slices import Slice
from symroof.solver.bound import Bound
from symroof.solver.solve import solve
from symroof.web.page import Page, shown
from symroof.web.spec import Choice, Mark, Option, Range, Spec, View
from symroof.workloads import training

_NOTE = (
    "One layer, forward, weights [D, F] and [F, D]; arithmetic and the collectives of both axes overlap. A split over up to 16^k ways"
    " is taken to run over k axes of the torus; the two may come to one more than there are."
)


def page(known: Known) -> Page:
    """Communication and compute time of a layer by batch [token], with a slider over the splits of a slice.

    Raises InputError for a chip without a slice or without links, and for a model without an MLP of width F.
    """
    known.one_mlp()
    chip, where = _place(known)
    values = {**chip.values, **chip.defaults, p_w: Fraction(2), p_a: Fraction(2), D: Fraction(8192), F: Fraction(32768)}
    values |= known.sheet({B, X, n, C, D, F, W_ici, p_w, p_a}, (B, X, n)).values
    rates = {s: _number(values, s) for s in (C, W_ici)}
    fixed = {**{s: float(values[s]) for s in (D, F, p_w, p_a)}, **{s: float(v) for s, v in rates.items()}, n: float(where.chips)}
    batch = Range(B, *_decades(), tuple(10 ** (1 + i / 9) for i in range(64)))
    given = ", ".join(f"{s} = {float(values[s]):g}" for s in (D, F))
    title = f"MLP roofline on {chip.title} {where.name} ({given})"
    splits = tuple(_split(where.chips // ways, ways) for ways in _powers(where.chips))
    start = next((o.name for o in splits if o.name.endswith(" x 8")), splits[0].name)
    choice = Choice("split", "Split", splits, slider=True, start=start)
    return shown(Spec([title], _views(), batch, (), (choice,), fixed, "lines", _NOTE))


def _place(known: Known) -> tuple[Chip, Slice]:
    if known.chip is None:
        raise InputError("a chip is needed; add e.g. --on tpu-v5p --slice 16x16x16")
    where = known.chip.slice(known.shape) if known.shape else known.chip.slices[-1]
    if where.chips < 2 or W_ici not in known.chip.values:
        raise InputError(f"{known.chip.name} {where.name} has no links to split a layer over; give a slice of several chips")
    return known.chip, where


def _number(values: Mapping[Any, Any], s: Any) -> Any:
    return bind({s}, (values,), {}).numbers[s]


def _decades() -> tuple[tuple[float, ...], float]:
    return tuple(float(f"{10 ** (1 + i / 10):.3g}") for i in range(71)), 435200.0


def _powers(chips: int) -> list[int]:
    """1, 2, 4, ..., chips; for other slices every divisor."""
    return [d for d in range(1, chips + 1) if chips % d == 0] if chips & (chips - 1) else [2**i for i in range(chips.bit_length())]


def _axes(ways: int) -> int:
    """ceil(log_16 ways): a physical axis has at most 16 chips."""
    return next(k for k in range(1, 40) if ways <= 16**k)


def _split(fsdp: int, tp: int) -> Option:
    """``fsdp`` ways of FSDP beside ``tp`` of tensor parallelism; an axis of one way communicates nothing."""
    values = {X: Fraction(fsdp), M_X: Fraction(_axes(fsdp)), M_Y: Fraction(_axes(tp))}
    kind = "tp" if fsdp == 1 else "fsdp" if tp == 1 else "both"
    return Option(f"{fsdp} x {tp}", f"FSDP {fsdp:,}, TP {tp:,}", values, family=kind)


def _views() -> dict[str, View]:
    time = training.mixed(overlap="axes")
    one: dict[str, Cost] = {
        "both": time["comms"],
        "fsdp": time["FSDP"].named("comms"),
        "tp": time["TP"].named("comms"),
    }
    return {kind: _view(time["math"], comms) for kind, comms in one.items()}


def _view(math: Cost, comms: Cost) -> View:
    layer = (comms | math.named("compute")).named("time per layer")
    bound = solve(math >= comms, B)
    return View((layer,), (Mark("compute-bound", bound, "tint"),) if isinstance(bound, Bound) and bound.kind == "bound" else ())
