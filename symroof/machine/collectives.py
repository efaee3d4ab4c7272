"""Collectives: what chips exchange, over which axes of the mesh and how many bytes.

Source of the notation, ``AllGather_Y(In)``: How to Scale Your Model, part 3. What each kind costs is in
:mod:`symroof.machine.exchanges`, what a user binds an axis to in :mod:`symroof.machine.links`.
"""

from __future__ import annotations

from dataclasses import dataclass

from symroof.algebra import show
from symroof.algebra.cost import Cost
from symroof.algebra.units import Unit
from symroof.errors import InputError, UnitError, short
from symroof.machine.exchanges import exchange

BYTE = Unit.of("byte")


@dataclass(frozen=True, repr=False)
class Collective(show.Shown):
    """A ``kind`` of exchange of one ``tensor`` over named ``axes`` of the mesh; ``volume`` V [byte] says how much.

    V is what one slice of the *other* axes holds: for AllGather the gathered array, for ReduceScatter and AllReduce the
    array to be reduced, for AllToAll the whole array over the chips that take part, for Permute what each chip sends.

    >>> from symroof.symbols import B, D, X, p
    >>> Collective("AllGather", ("Y",), "In", Cost(p*B*D/X, "byte"))
    AllGather_Y(In)  B*D*p/X  [byte]

    Raises UnknownName for another kind, InputError unless the axes are a tuple of different names, UnitError unless the
    volume is a Cost in byte.
    """

    kind: str
    axes: tuple[str, ...]
    tensor: str
    volume: Cost

    def __post_init__(self) -> None:
        exchange(self.kind)
        check_volume(self.kind, self.volume)
        if not isinstance(self.axes, tuple) or not self.axes or not all(isinstance(a, str) and a for a in self.axes):
            raise InputError(f"{short(self.axes)} are no axes for {self.kind}; give a tuple of names, e.g. axes=('X',)")
        if len(set(self.axes)) < len(self.axes):
            raise InputError(f"{self.kind} runs twice over one of {short(', '.join(self.axes))}; name each axis once")

    @property
    def name(self) -> str:
        """``AllGather_Y(In)``; several axes are ``_YZ`` if each is a letter, ``_data,model`` otherwise."""
        between = "" if all(len(axis) == 1 for axis in self.axes) else ","
        return f"{self.kind}_{between.join(self.axes)}({self.tensor})"


def check_volume(kind: str, volume: Cost) -> None:
    """Raise UnitError unless a volume is a Cost in byte."""
    if not isinstance(volume, Cost):
        raise UnitError(f"the volume of {kind} is {short(volume)}, which has no unit; give a cost, e.g. Cost(p*B*D, 'byte')")
    if volume.unit != BYTE:
        cure = "declare it in byte" if volume.unit.measured == BYTE else "multiply elements by bytes per element, e.g. Cost(p*B*D, 'byte')"
        raise UnitError(f"the volume of {kind} is in {volume.unit}, not in byte; {cure}")
