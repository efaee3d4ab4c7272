"""The named figures of ``symroof figure``: which costs, thresholds and sheets stand behind each; drawn by symroof.figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import symroof.figures as figures
from symroof.algebra.cost import Cost
from symroof.algebra.symbols import M_X, M_Y, B, C, D, F, M_hbm, S, X, Y, busy, c_a2, c_s2, e_G, lam, n, p_a, p_opt, p_w, symbol, z
from symroof.analysis.sensitivity import sensitivities
from symroof.ask.grammar import formula
from symroof.ask.known import Known
from symroof.ask.letters import find
from symroof.errors import InputError, UnknownName, nearest
from symroof.figures.canvas import PLAIN, Look
from symroof.figures.lines import Front
from symroof.machine.roofline import Work, matmul
from symroof.machine.roofline import roofline as time_of
from symroof.plan.drawn import derated, in_words, known_of, torus_axes
from symroof.plan.fleets import Load
from symroof.plan.laid import at_best
from symroof.plane.regions import regimes as regimes_of
from symroof.sheets.chips import Chip, chip
from symroof.sheets.dtypes import dtype
from symroof.solver.solve import solve
from symroof.workloads import decode, memory, pretraining, training
from symroof.workloads.load import latency as latency_of
from symroof.workloads.load import rates
from symroof.workloads.load.replica import FLOORED, traffic

INTENSITY = symbol("I", "FLOP/byte", "arithmetic intensity")
_CONTEXTS = (2048, 4096, 8192, 16384, 32768, 65536)
_WINDOWS = {"B": (1, 4096), "S": (128, 2**20), "n": (1, 1024), "T": (128, 2**20), "X": (1, 4096), "Y": (1, 4096)}
_POLICIES = {"none": "all saved", "block": "blocks again", "matmuls": "matmuls saved"}


# -- serving
def frontier(known: Known, contexts: Sequence[Any] = _CONTEXTS, most: int = 512, look: Look = PLAIN) -> Any:
    """Throughput per chip over the latency of a decode step by batch, one curve per context [token]."""
    step, rate = known.derated(decode.step(known.m)), known.derated(decode.throughput(known.m))
    limits = [derated(known, bound) for bound in (memory.largest_batch(known.m), decode.critical_batch(known.m))]
    sheet = known_of(known, set().union(*(f.free_symbols for f in (step, rate, *limits))), (B, S))
    front = Front(step.named("time per decode step"), rate, *limits)
    return figures.frontier(front, sheet, along=(B, 1, most), each=(S, contexts), look=look)


def latency(known: Known, context: Any = 2048, most: int = 512, look: Look = PLAIN) -> Any:
    """A decode step by parts over the batch, compute-bound where the ground is grey."""
    step = in_words(known.derated(decode.step(known.m))).named("time per decode step")
    shade = {"compute-bound": derated(known, decode.critical_batch(known.m))}
    sheet = known_of(known, step.free_symbols, (B, S))
    return figures.breakdown(step, sheet, {S: context}, along=(B, 1, most), shade=shade, look=look)


def load(plan: Load, look: Look = PLAIN) -> Any:
    """The times of the best fleet's replica over the rate: per token and to the first token, a dot at the knee.

    Raises InputError where nothing serves the load, or for experts, which make the times no formula of the rate.
    """
    best = plan.best
    served = at_best(best, plan.asked)
    if served.replica.hits:
        raise InputError(
            "how many experts a step hits depends on its sequences, so no formula of the rate can be drawn; sweep the rate with load"
        )
    known = {s: v for s, v in served.at(plan.asked.rate / best.replicas).items() if s not in (lam, z, busy)}
    follows = traffic(known[c_a2], (known[c_s2], known[e_G]))
    sheets = (known, {s: v for s, v in follows.items() if s in (z, busy)})
    times = (latency_of.token_time_of_request(FLOORED), latency_of.first_token(FLOORED).named("time to first token"))
    drawn = [figures.Curve(times[0], label=times[0].name, bound=rates.knee()), figures.Curve(times[1], label=times[1].name)]
    return figures.curves(drawn, *sheets, along=(lam, served.highest / 100, 0.97 * served.highest), look=look)


# -- chips
def roofline(chips: Sequence[str], batches: Sequence[int], size: tuple[int, int], format: str = "bf16", look: Look = PLAIN) -> Any:
    """The roofs of chips in a format, and under each the matmuls [batch, D] x [D, F] at these batches."""
    one = Work("work", Cost(1, "FLOP"), Cost(1 / INTENSITY, "byte"))
    time = time_of(one)
    rate = (one.flops / time).named("attainable rate")
    ridge = solve(time["math"] >= time["hbm"], INTENSITY)
    on = {f"{c.title}, {format}": (c, dtype(format)) for c in map(chip, chips)}
    work, kind = matmul(B, D, F), f"matmul [B, {size[0]}] · [{size[0]}, {size[1]}]"
    reached = (work.flops / time_of(work)).named("rate")
    dots = []
    for sheets, b in product(on.values(), batches):
        at = {B: b, D: size[0], F: size[1]}
        dots.append(figures.Dot(f"B={b}", work.intensity.at(*sheets, at), reached.at(*sheets, at), kind))
    return figures.roofline(rate, ridge, on, dots, look)


# -- any formula
def regimes(path: str, over: Sequence[str], known: Known, windows: Mapping[str, Any] | None = None, look: Look = PLAIN) -> Any:
    """What binds a formula where over two letters, inside a window for each.

    Raises InputError unless two letters are given, or naming those that have no value.
    """
    if len(over) != 2 or over[0] == over[1]:
        raise InputError("a map is drawn over two letters; write e.g. --over B,S")
    cost = known.written_out(known.derated(formula(path, known.m)), over)
    x, y = (find(name, cost.free_symbols) for name in over)
    sheet = known_of(known, cost.free_symbols, (x, y), of=cost.of)
    inside = {s.name: (windows or {}).get(s.name, _WINDOWS.get(s.name)) for s in (x, y)}
    for name in windows or {}:
        if name not in inside:
            raise UnknownName(f"{name} is neither of the two letters of the map; {nearest(name, inside)}")
    for name, ends in inside.items():
        if ends is None:
            raise InputError(f"the map needs a window for {name}; add e.g. --window {name}=LOW:HIGH")
    return figures.regime_map(regimes_of(cost, over=(x, y)), sheet, look=look, **inside)


def tornado(path: str, known: Known, look: Look = PLAIN) -> Any:
    """The elasticities of a formula by each of its letters, the largest first."""
    cost = known.derated(formula(path, known.m))
    return figures.tornado(sensitivities(cost).at(known_of(known, cost.free_symbols, (), of=cost.of)), look)


# -- training
def communication(known: Known, ways: tuple[int, int] = (256, 8), backward: bool = False, look: Look = PLAIN) -> Any:
    """FLOPs and communication of a layer's forward pass per scheme over the batch [token], crossings marked.

    Every scheme runs on the same chips: as many as ``ways`` of FSDP times ways of tensor parallelism. Plain data parallelism
    communicates in the ``backward`` pass only. Raises InputError for a model without an MLP of width F.
    """
    known.one_mlp()
    direction: training.Direction = "backward" if backward else "forward"
    values = {D: Fraction(8192), F: Fraction(32768), p_w: Fraction(2), p_a: Fraction(2)}
    time = training.mixed(overlap="axes", direction=direction)
    letters = time.free_symbols | {C, X, Y, n, M_X, M_Y}
    sheet = known_of(known, letters - {n, M_X, M_Y, X, Y}, (B,), values)
    fsdp, tensor = ways
    chips = fsdp * tensor
    both = {X: fsdp, n: chips, M_X: torus_axes(fsdp), M_Y: torus_axes(tensor)}
    drawn = [figures.Curve(time["math"], ({n: chips},), f"FLOPs, {chips:,} chips")]
    alone: dict[str, dict[Any, int]] = {"FSDP": {X: chips, M_X: torus_axes(chips)}, "tensor parallel": {Y: chips, M_Y: torus_axes(chips)}}
    if backward:
        alone = {"data parallel": alone["FSDP"], **alone}
    for name, way in alone.items():
        program = training.layer(name, direction)
        comms = training.comms(program)
        drawn.append(figures.Curve(comms, (way,), f"{name} {chips}", solve(training.math(program) >= comms, B)))
    mixed = solve(time["math"] >= time["comms"], B)
    drawn.append(figures.Curve(time["comms"], (both,), f"FSDP {fsdp} x TP {tensor}", mixed))
    return figures.curves(drawn, sheet, along=(B, 1e4, 1e8), look=look)


# -- memory
def _chip(known: Known) -> Chip:
    if known.chip is None or known.model is None:
        raise InputError("memory needs a chip and a model; add e.g. --on tpu-v5e --model llama3-70b")
    return known.chip


def stack(known: Known, formats: Sequence[str], slices: Sequence[str], look: Look = PLAIN) -> Any:
    """HBM per chip of a server: weights and KV cache, for every slice and format of the weights."""
    on = _chip(known)
    room = (memory.capacity() / n).declare("byte/chip").named("HBM of a chip")
    bars = {}
    for shape, format in product(slices, formats):
        here = replace(known, shape=shape, formats=(format, *known.formats[1:])).dressed()
        held = (memory.memory(here.m) / n).declare("byte/chip")
        bars[f"{shape}, {format}"] = held.at(known_of(here, held.free_symbols | room.free_symbols, (), also=(C,)))
    return figures.memory_stack(bars, room.at(on), look)


def training_stack(known: Known, ways: Sequence[int], remat: Sequence[str], look: Look = PLAIN) -> Any:
    """HBM per chip of FSDP in training at its peak: state, what is kept and what passes, by chips and recomputation.

    ``B`` sequences of ``S`` tokens over all chips; Adam in fp32 (8 bytes a parameter) and bf16 unless told.
    """
    on = _chip(known)
    usual = {p_w: Fraction(2), p_a: Fraction(2), p_opt: Fraction(8)}
    bars = {}
    for count, policy in product(ways, remat):
        held = pretraining.memory(known.m, policy)["first stage"].at(Y=1, Z=1, microbatches=1).declare("byte/chip")
        sheet = known_of(known, held.free_symbols | {X}, (X,), usual, (M_hbm,))
        bars[f"{count} chips, {_POLICIES.get(policy, policy)}"] = held.at(sheet, {X: count})
    room = Cost(M_hbm, "byte/chip", "HBM of a chip")
    return figures.memory_stack(bars, room.at(on), look)
