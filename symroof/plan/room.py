"""What a real server gives to the KV cache of a model: weights, activations, buffers, and the tokens that fit into the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from symroof.algebra.cost import Cost
from symroof.algebra.quantity import show_quantity
from symroof.algebra.symbols import D, F, L, M_act, M_hbm, M_more, M_run, S, Symbol, Y, Z, u_hbm
from symroof.algebra.units import Unit
from symroof.algebra.value import Value
from symroof.ask.known import Known
from symroof.ask.letters import reach, refuse_unused
from symroof.errors import InputError, short
from symroof.plan.story import Row
from symroof.sheets.llms import Llm
from symroof.sheets.servers import Server, server
from symroof.sheets.sheet import Sheet
from symroof.workloads import room

_CONTEXT = 8192
_LABELS = {
    "hbm": "HBM that a program sees",
    "used": "that the server uses",
    "weights": "weights",
    "beside": "beside the language model",
    "activations": "activations of its largest step",
    "buffers": "buffers of runtime and communication",
    "room": "room for KV caches",
    "per_token": "KV cache per token",
    "per_sequence": "KV cache of a sequence",
    "tokens": "tokens that fit",
}


@dataclass(frozen=True)
class Room:
    """The rows of one chip, what is known, and the server; ``full``: with the cache padded as the server does."""

    rows: tuple[Row, ...]
    known: Known
    server: Server
    full: bool
    ways: int = 1  # chips that share a layer

    @property
    def said(self) -> tuple[str, ...]:
        """What the numbers stand on, a sentence each."""
        m, kv = self.known.model, self.known.formats[1]
        stored = [f"As stored: {m.formats.weights if kv else m.formats.said}."] if m and self.known.stored and m.formats else []
        given = ", ".join(self.known.worth(s) for s in sorted(self.known.given, key=str) if s not in (S, M_hbm))
        source = next(iter(self.server.sources.values()), "")
        return (*stored, *([f"Given: {given}."] if given else []), *self._left_out, f"The server: {source}.")

    @property
    def _left_out(self) -> tuple[str, ...]:
        """What is not counted, and how to say it."""
        m = self.known.model
        seen = ("Activations of its vision tower are not counted; --set M_act=... says those of a step with pictures.",)
        spread = ("Chips share every layer; experts or requests of their own (expert and data parallelism) are not counted.",)
        routed = m is not None and bool(m.stack.aggregates.routed)
        return (*(seen if m and "vision" in m.beside else ()), *(spread if routed and self.ways > 1 else ()))

    def __getitem__(self, key: str) -> Any:
        """The value of a row, by its key.

        Raises InputError for a row there is not.
        """
        found = next((row.value for row in self.rows if row.key == key), None)
        if found is None:
            raise InputError(f"there is no row {short(key)}; there is {', '.join(row.key for row in self.rows)}")
        return found


def served(known: Known, by: str = "vllm", stages: int = 1, full: bool = False) -> Room:
    """What is known on one of its chips, served ``by`` a server, in ``stages`` of a pipeline; ``full``: its cache padded.

    Letters win over what the server, the chip and the model say; without S a context is 8192 tokens.

    Raises InputError without a chip or a model, for stages that do not divide the chips, weights that do not fit, and UnknownName
    for a letter that changes nothing.
    """
    if known.chip is None or known.model is None:
        raise InputError("a server needs a chip and a model; add e.g. --on h100")
    who, chips = server(by), known.chip.slice(known.shape).chips if known.shape else 1
    if stages < 1 or chips % stages:
        raise InputError(f"{stages} stages do not share {chips} chips evenly; give a number that divides them")
    if stages > known.model[L]:
        raise InputError(f"{known.model[L]} layers cannot be {stages} stages; give fewer")
    ways, staged = chips // stages, stages > 1
    _shared(known.model, ways)
    given = known.given
    here = replace(_padded(known, who, ways), shape="").but(**{"S": _CONTEXT, **known.letters})
    seen = next((v for s, v in known.chip.values.items() if s.name == "M_seen"), None)
    if seen is not None and M_hbm not in given:
        here = here.but(M_hbm=f"{int(seen)} byte")
    m = here.model
    own: dict[Symbol, Any] = {Y: Fraction(ways), Z: Fraction(stages), **dict(who.defaults)}
    own[M_run] = who.defaults[M_run] + (who.communication if ways > 1 else 0)
    own[M_more] = known.model.defaults.get(M_more, Fraction(0)) + _towers(known.model, ways)
    own = {s: v for s, v in own.items() if s not in given}
    formulas = {"weights": room.weights(m, staged), "activations": room.activations(m)}
    made: dict[str, Value] = {}
    if M_act not in given:
        made["activations"] = formulas["activations"].at(*_for(formulas["activations"], here, own))
        own[M_act] = Fraction(int(float(made["activations"])))
    found = {
        "hbm": Cost(M_hbm, "byte", "HBM"),
        "used": Cost(u_hbm * M_hbm, "byte", "used"),
        "weights": formulas["weights"],
        "beside": Cost(M_more, "byte", "beside"),
        "activations": Cost(M_act, "byte", "activations"),
        "buffers": Cost(M_run, "byte", "buffers"),
        "room": room.cache(m, staged),
        "per_token": room.per_token(m, full, staged),
        "per_sequence": room.per_sequence(m, full, staged),
    }
    values: dict[str, float] = {}
    for key, cost in found.items():
        if key == "room":
            _fits(values, chips)
        values[key] = float(cost.at(*_for(cost, here, own)))
    refuse_unused(given.keys() - {S}, reach({x for c in (*found.values(), *formulas.values()) for x in c.free_symbols}, here.sheets))
    rows = [Row(key, _LABELS[key], cost, values[key], show_quantity(values[key], cost.unit)) for key, cost in found.items()]
    context = float(here.given[S])
    each = values["per_token"] if full else values["per_sequence"] / context
    if each:
        tokens = values["room"] / each
        rows.append(Row("tokens", _LABELS["tokens"], None, tokens, f"{int(tokens):,}"))
    if values["per_sequence"]:
        sequences = values["room"] / values["per_sequence"]
        rows.append(Row("sequences", f"sequences of {context:g} tokens", None, sequences, f"{sequences:.2f}"))
    return Room(tuple(rows), here, who, full, ways)


# -- helpers
def _shared(m: Llm, ways: int) -> None:
    """Raise InputError for heads or a d_ff that so many chips do not share evenly; chips that are a multiple of KV heads have copies."""
    for kind, _ in m.stack.structure:
        queries, kept = kind.part("queries"), kind.part("heads")
        split = [("query heads", queries), ("KV heads", kept), *(("of d_ff", size) for size in kind.even())]
        for what, size in ((what, int(m[s]) if isinstance(s, Symbol) else s) for what, s in split if s is not None):
            if size % ways and not (what == "KV heads" and ways % size == 0):
                raise InputError(f"{ways} chips do not share {size} {what} evenly; give another number of chips, or --stages of a pipeline")


def _towers(m: Llm, ways: int) -> Fraction:
    """Bytes of a vision tower on a chip, in 16 bits."""
    return Fraction(2 * int(m.beside["vision"]), ways) if "vision" in m.beside else Fraction(0)


def _fits(values: Mapping[str, float], chips: int) -> None:
    """Raise InputError where nothing is left for the cache."""
    kept = sum(values[key] for key in ("weights", "beside", "activations", "buffers"))
    if kept >= values["used"]:
        need, have = (show_quantity(x, Unit.of("byte")) for x in (kept, values["used"]))
        where = "a chip" if chips == 1 else f"each of {chips} chips"
        said = f"weights, activations and buffers are {need} on {where}, and the server uses {have}"
        raise InputError(f"{said}; give more chips or fewer bytes a parameter")


def _for(cost: Cost, known: Known, own: Mapping[Symbol, Any]) -> tuple[Any, ...]:
    """The sheets of a cost: those of the question, and of the server what the cost has."""
    return (*known.sheets, Sheet("server", "", {s: v for s, v in own.items() if s in cost.free_symbols}))


def _padded(known: Known, who: Server, ways: int) -> Known:
    """The same with 4-bit experts rounded up to the tiles of a server."""
    m = known.model
    if m is None or not m.stack.widths or not m.formats or "experts" not in m.formats.classes:
        return known
    if not any("mxfp4" in name for name in m.formats.classes["experts"].formats):
        return known
    shares = []
    for letter, whole, tile in ((F, ways, who.tiles[0]), (D, 1, who.tiles[1])):
        size = Fraction(m.values[letter]) / whole
        shares.append(-(-size // tile) * tile / size)
    widths = tuple((of, width * shares[0] * shares[1] if of == "experts" else width) for of, width in m.stack.widths)
    return replace(known, model=replace(m, stack=replace(m.stack, widths=widths)))
