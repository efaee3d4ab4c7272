"""A program: statements in the sharding notation, and what they cost a chip."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import sympy as sp

from symroof.algebra import show
from symroof.algebra.claims import NONE, Claims, together
from symroof.algebra.cost import Cost, largest, quantity, total
from symroof.algebra.operands import plain, size
from symroof.algebra.symbols import C, W_hbm, p
from symroof.algebra.units import Unit
from symroof.errors import ProgramError, nearest, short
from symroof.machine.collectives import Collective
from symroof.machine.mesh import Mesh
from symroof.machine.roofline import Work
from symroof.machine.roofline import width as bytes_each
from symroof.program.backward import Remat, again, gradients
from symroof.program.infer import Statement, chained, made_once, once
from symroof.program.parse import Scope, parse
from symroof.program.roles import Role, role_of
from symroof.program.tensor import Tensor

Overlap = Literal["all", "none", "comms add", "axes"]


@dataclass(frozen=True, repr=False)
class Program(show.Shown):
    """Statements in order; tensors ``on_chip`` never cross HBM (the scores of fused attention), others are only ``stored``.

    ``roles`` say what the tensors are; see ``symroof.program.roles``.
    """

    statements: tuple[Statement, ...]
    on_chip: frozenset[str] = frozenset()
    roles: tuple[tuple[str, Role], ...] = ()
    stored: tuple[Tensor, ...] = ()
    of: Claims = NONE  # what its costs assume

    def __getitem__(self, name: str) -> Statement:
        """The statement that makes a tensor.

        Raises ProgramError with the nearest name.
        """
        for s in self.statements:
            if s.out.name == name:
                return s
        raise ProgramError(f"no statement makes {short(name)}; {nearest(str(name), [s.out.name for s in self.statements])}")

    def role(self, name: str) -> Role:
        """What a tensor is; an activation if nothing is said of it."""
        return role_of(name, dict(self.roles))

    def having(self, *words: str) -> tuple[str, ...]:
        """The tensors with one of these roles, in the order in which they are first written."""
        return tuple(name for name in self.tensors if self.role(name).word in words)

    @property
    def flops(self) -> Cost:
        """FLOPs per chip, those of ``vector`` statements left out."""
        return self._all((s.flops for s in self.statements if s.mark != "vector"), "FLOP", "flops")

    @property
    def vector(self) -> Cost:
        """FLOPs per chip of the statements marked ``{vector}``: norms, gates, biases."""
        return self._all((s.flops for s in self.statements if s.mark == "vector"), "FLOP", "vector FLOPs")

    @property
    def traffic(self) -> Cost:
        """Bytes through HBM per chip: every operand read once, every result written once, unless it stays on chip."""
        return self._all((c for s in self.statements for c in s.traffic if c.name not in self.on_chip), "byte", "traffic")

    def _all(self, costs: Iterable[Cost], unit: str, name: str) -> Cost:
        return quantity(sp.Add(*[c.expr for c in costs]), Unit.of(unit), name).claiming(self.of)

    @property
    def collectives(self) -> tuple[Collective, ...]:
        """All collectives, in order."""
        return tuple(c for s in self.statements for c in s.collectives)

    @property
    def tensors(self) -> dict[str, Tensor]:
        """Every tensor as it is first written, by name."""
        found: dict[str, Tensor] = {}
        for s in self.statements:
            for t in (*s.operands, s.out):
                found.setdefault(t.name, t)
        return found | {t.name: t for t in self.stored}

    @property
    def inputs(self) -> tuple[str, ...]:
        """The tensors that no statement makes."""
        made: set[str] = set()
        found: list[str] = []
        for s in self.statements:
            found += [t.name for t in s.operands if t.name not in made and t.name not in found]
            made.add(s.out.name)
        return tuple(found)

    @property
    def memory(self) -> Cost:
        """Bytes per chip of all tensors together, each as it is sharded where it is first written; parts by tensor."""
        return total((t.bytes() for t in self.tensors.values() if t.name not in self.on_chip), "byte").named("memory")

    def bytes(self, *names: str) -> Cost:
        """Bytes per chip of some tensors.

        Raises ProgramError with the nearest name.
        """
        known = self.tensors
        for name in names:
            if name not in known:
                raise ProgramError(f"the program has no tensor {short(name)}; {nearest(str(name), known)}")
        return total((known[name].bytes() for name in names), "byte").named("bytes")

    @property
    def work(self) -> Work:
        """FLOPs and traffic per chip, for ``roofline``."""
        return Work("program", self.flops, self.traffic)

    def time(self, mesh: Mesh, overlap: Overlap = "all", exact: bool = False, latency: bool = False) -> Cost:
        """Time of the program on a mesh [s]: parts ``math``, ``hbm`` and one per collective.

        ``overlap`` is "all" (the largest binds), "none" (one after the other), "comms add" (collectives add, but overlap
        with the rest) or "axes" (collectives on one axis add, everything else overlaps). ``exact`` keeps the factors
        (X-1)/X, ``latency`` the hops. Where the mesh has numbers of chips (``chip.on(64).mesh(Y=8, X=8)``) they stand for X and Y.
        Raises ProgramError for another word.
        """
        if overlap not in get_args(Overlap):
            raise ProgramError(f"{short(overlap)} is no overlap; {nearest(str(overlap), get_args(Overlap))}")
        math: Cost = (self.flops / C).named("math")
        hbm: Cost = (self.traffic / W_hbm).named("hbm")
        comms = [(c.axes, mesh.time(c, exact=exact, latency=latency)) for c in self.collectives]
        if overlap == "none":
            return mesh.settle(total([math, hbm, *(t for _, t in comms)])).named("program")
        groups: dict[Any, list[Cost]] = {}
        for i, (axes, time) in enumerate(comms):
            groups.setdefault({"all": i, "comms add": "comms", "axes": f"comms {''.join(axes)}"}[overlap], []).append(time)
        joined = [total(times).named(name) if len(times) > 1 else times[0] for name, times in groups.items()]
        return mesh.settle(largest([math, hbm, *joined])).named("program")

    # -- training
    @property
    def weights(self) -> set[str]:
        """The weights: what the program declares; where it declares nothing, the inputs without the batch dimension.

        That is the first dimension of the first tensor, as in ``In[B, D] W[D, F] -> Out[B, F]``.
        """
        if self.roles or not self.statements:
            return set(self.having("weight", "shared", "buffer"))
        first = self.statements[0].operands[0].names[0]
        return {name for name in self.inputs if first not in self.tensors[name].names}

    def again(self, remat: Remat = "none", result: bool = True) -> Program:
        """What has to be computed again for the backward pass, under a policy or with the names of what is kept.

        ``result``: whether another layer needs what this one makes.
        """
        read = {t.name for s in self.statements for t in s.operands}
        entries = {name for name in self.having("cache", "lent", "state", "tail") if name in self.inputs}
        leaves = [s.out.name for s in self.statements[:-1] if s.out.name not in read] if entries else []
        return Program(again(self.statements, self.weights, remat, result, leaves), self.on_chip, self.roles, of=self.of)

    def backward(self, lost: Collection[str] = (), again: Program | None = None) -> Program:
        """The transposed program: the gradients of every operand; see ``symroof.program.backward``.

        What was gathered over ``lost`` axes is gathered again, unless it was when it was computed ``again``.
        """
        on_chip = self.on_chip | {f"d{name}" for name in self.on_chip}
        found = gradients(self.statements, self.weights, lost, again.statements if again else ())
        return Program(found, on_chip, self.roles, of=self.of)

    def training(self, remat: Remat = "none") -> Program:
        """Forward, what is computed again under a rematerialization policy ("none", "block", ...), and backward.

        Raises ProgramError for an unknown policy.
        """
        return self + self.again(remat) + self.backward()

    def keeps(self, remat: Remat = "none") -> tuple[str, ...]:
        """The tensors that are kept for the backward pass, weights left out.

        Raises ProgramError for an unknown policy.
        """
        if not self.statements:
            return ()
        made = [s.out.name for s in self.statements]
        again = {s.out.name for s in self.again(remat).statements}
        if remat == "attention":  # what is multiplied with weights is kept, whoever made it
            again -= {t.name for s in self.statements if s.out.name not in again for t in s.operands}
        gone = again | {made[-1]} if isinstance(remat, str) else {*made} - {*remat}
        skip = gone | self.weights | {t.name for t in self.stored} | self.on_chip
        return tuple(n for n in self.tensors if n not in skip)

    def saved(self, remat: Remat = "none") -> Cost:
        """Bytes per chip of what is kept for the backward pass, weights left out [byte]; parts by tensor.

        Raises ProgramError for an unknown policy.
        """
        return self.bytes(*self.keeps(remat)).named("saved")

    def __add__(self, other: Program) -> Program:
        roles = tuple(dict((*self.roles, *other.roles)).items())
        stored = tuple({t.name: t for t in (*self.stored, *other.stored)}.values())
        return Program((*self.statements, *other.statements), self.on_chip | other.on_chip, roles, stored, together(self.of, other.of))


def program(
    text: str,
    formats: Mapping[str, Any] | None = None,
    width: Any = p,
    on_chip: Iterable[str] = (),
    marks: Mapping[str, Any] | None = None,
    **sizes: Any,
) -> Program:
    """A layer in the notation of the book, with its shardings; the engine finds work and collectives.

    >>> mlp = program('''
    ...     In[B_X, D_Y]  W_in[D_X, F_Y]  -> Tmp[B_X, F_Y]
    ...     Tmp[B_X, F_Y] W_out[F_Y, D_X] -> Out[B_X, D_Y]
    ... ''')
    >>> mlp.flops
    4*B*D*F/(X*Y)  [FLOP]
    >>> for c in mlp.collectives: print(c)
    AllGather_Y(In)  B*D*p/X  [byte]
    AllGather_X(W_in)  D*F*p/Y  [byte]
    AllGather_X(W_out)  D*F*p/Y  [byte]
    ReduceScatter_Y(Out)  B*D*p/X  [byte]

    A dimension is a letter of the alphabet or bound here (``J=4096``); a subscript names the mesh axes that shard it;
    ``{U_Y}`` marks partial sums. ``width`` is bytes per element (2, p_w, "bf16", "17/16 byte"), ``formats`` that of single tensors,
    ``int8 W[D, F]`` too. Tensors ``on_chip`` never cross HBM. The rules are a table in ``symroof.program.infer``.

    The first line may say what the tensors are (``weight mlp: W_in, W_out; cache: Keys``, see ``symroof.program.roles``);
    ``E:hit`` is a dimension of which a pass touches ``hit``, a tensor alone on its line is only stored, and a mark behind a
    statement scales its FLOPs: ``{causal}`` by ``marks={"causal": 1/2}``; ``{vector}`` and ``{lookup}`` are no matmuls.

    Raises ProgramError with line and column.
    """
    bound = {name: _positive(name, size) for name, size in sizes.items()}
    widths, whole = {name: bytes_each(w) for name, w in _table("formats", formats, '{"W": "int8"}').items()}, bytes_each(width)
    factors = {name: plain(factor) for name, factor in _table("marks", marks, '{"causal": 1/2}').items()}
    if isinstance(on_chip, str) or not isinstance(on_chip, Iterable):
        raise ProgramError(f"on_chip = {short(on_chip)} lists no tensors; give their names, e.g. on_chip=('Scores',)")
    on_chip = tuple(on_chip)
    written, roles = parse(text, Scope(bound, widths, whole, factors))
    stored = tuple(line.operands[0] for line in written if line.out is None)
    lines = [line for line in written if line.out is not None]
    made_once(lines)
    found = once(s for line in lines for s in chained(line, factors))
    names = {t.name for s in found for t in (*s.operands, s.out)} | {t.name for t in stored}
    for what, given in (("a role", roles), ("on_chip", on_chip), ("formats", widths)):
        for name in given:
            if name not in names:
                raise ProgramError(f"{what} names {short(name)}, which the program does not have; {nearest(str(name), names)}")
    held = {name for name, role in roles.items() if role.word == "on chip"}
    return Program(found, frozenset(on_chip) | held, tuple(roles.items()), stored)


def _table(what: str, given: Any, example: str) -> Mapping[str, Any]:
    """What is said by name, nothing if it is None."""
    if given is not None and not (isinstance(given, Mapping) and all(isinstance(name, str) for name in given)):
        raise ProgramError(f"{what} = {short(given)} says nothing by name; give e.g. {what}={example}")
    return given or {}


def _positive(name: str, value: Any) -> sp.Expr:
    """A size or a width as a positive expression.

    Raises ProgramError naming it.
    """
    expr = size(value)
    if not expr.is_positive and (expr.is_number or expr.could_extract_minus_sign()):
        raise ProgramError(f"{name} = {short(expr)} is no size; give a positive number or an expression in symbols")
    return expr
