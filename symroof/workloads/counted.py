"""How publishers count the FLOPs of training, by name: what turns a published MFU, or FLOP/s of a chip, into the time of a step.

==================  ==================================  ===========  =====================  ======================================
counting            matmuls                             attention    computed again         who
==================  ==================================  ===========  =====================  ======================================
full                6 a multiplied parameter and token  all S^2      no                     Megatron, NeMo, MaxText, torchtitan, PaLM
causal              the same                            seen pairs   no                     Llama 3, newer recipes
full again          the same                            all S^2      layers, once more      Megatron 2021: 96 L D^2 (1 + S/6D + V/16LD)
matmuls             the same                            none         no
6P full             6 a parameter, embeddings too       all S^2      no                     MPT
6P                  the same                            none         no                     scaling laws
==================  ==================================  ===========  =====================  ======================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symroof.algebra.cost import Cost
from symroof.algebra.symbols import B, D, P, S, V, n
from symroof.errors import UnknownName, nearest, short
from symroof.transformer.kind import Pass
from symroof.workloads.models import Model, multiplied, seen, stack_of, states, summed


@dataclass(frozen=True)
class Counting:
    """What is counted: all parameters or those that are multiplied, ``attention`` "full", "causal" or not at all, layers ``again``."""

    attention: str
    again: bool = False
    all: bool = False


COUNTINGS: Mapping[str, Counting] = {
    "full": Counting("full"),
    "causal": Counting("causal"),
    "full again": Counting("full", again=True),
    "matmuls": Counting(""),
    "6P full": Counting("full", all=True),
    "6P": Counting("", all=True),
}


def counted(m: Model, counting: str = "full") -> Cost:
    """The FLOPs of a token of training as a publisher counts them [FLOP/token], sequences of S tokens.

    >>> from symroof import llm
    >>> counted(llm("llama3-8b"), "full").at(llm("llama3-8b"), S=8192)
    57.91 GFLOP/token

    Raises UnknownName for another counting, InputError for what is no model.
    """
    if not isinstance(counting, str) or counting not in COUNTINGS:
        raise UnknownName(f"{short(counting)} counts nothing; {nearest(str(counting)[:99], COUNTINGS)}")
    how = COUNTINGS[counting]
    stack_of(m)
    at, passes = Pass(new=S, context=S, causal=how.attention == "causal"), 4 if how.again else 3
    matmuls = summed(m, [6 * P] if how.all else [multiplied(m, S).expr * passes / S, -2 * D * V if how.again else 0], "FLOP/token")
    if not how.attention:
        return matmuls.named("FLOPs")
    rest = [cost.expr * passes / S for cost in (seen(m, at), states(m, at))]
    return summed(m, [matmuls.expr, *rest], "FLOP/token").named("FLOPs")


def time_of(m: Model, rate: Cost, counting: str = "full") -> Cost:
    """The time of a step of B sequences on n chips whose FLOP/s, each, a publisher gives [s]."""
    return (counted(m, counting) * Cost(B * S, "token") / Cost(n, "1") / rate).declare("s").named("step")
