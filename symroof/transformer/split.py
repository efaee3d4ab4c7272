"""Which mesh axes shard what, as an argument: one text of a layer serves all schemes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from symroof.errors import ProgramError


@dataclass(frozen=True)
class Sharding:
    """The mesh axes of the batch, of heads and d_ff, of weights at rest, of experts, and of the KV cache beyond its heads.

    Each is a text such as "X" or "XZ"; ``cache`` axes shard its batch, ``sequence`` axes its context. ``context`` axes
    shard the new tokens and their keys and values (context parallelism), which are gathered for the scores.

    Raises ProgramError if more than one of ``cache``, ``sequence`` and ``context`` is given.
    """

    data: str = ""
    model: str = ""
    fsdp: str = ""
    experts: str = ""
    cache: str = ""
    sequence: str = ""
    context: str = ""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.cache, self.sequence, self.context))) > 1:
            raise ProgramError(
                "the KV cache is sharded over its batch (cache=), its context (sequence=) or with the tokens (context=); give one"
            )

    def text(self, template: str) -> str:
        """A template with its marks (``~d`` for data, ``~m~c`` for model and cache) replaced by ``_X`` and the like.

        ``{U~m}`` are partial sums over the model axes, nothing if there are none.
        """
        axes = {"d": self.data, "m": self.model, "f": self.fsdp, "e": self.experts, "c": self.cache, "s": self.sequence}
        axes |= {"t": self.context, "h": "".join(a for a in self.data if a not in self.experts)}
        axes["u"] = axes["h"] + self.experts

        def subscript(match: re.Match[str]) -> str:
            letters = "".join(axes[mark] for mark in match.group().split("~")[1:])
            return f"_{letters}" if letters else ""

        return re.sub(r"(?:~[dmfecsthu])+", subscript, template).replace("{U}", "")


REPLICATED = Sharding()
