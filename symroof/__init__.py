"""symroof: symbolic cost models for large language models on accelerators.

>>> from symroof import chip, dtype, matmul, roofline, solve
>>> from symroof.symbols import B, D, F
>>> t = roofline(matmul(B, D, F))
>>> rule = solve(t["math"] >= t["hbm"], B, large=(D, F)); rule
B >= C*p/(2*W_hbm)   for large D, F
>>> rule.at(chip("tpu-v5e"), dtype("bf16"))
243.2 tokens
"""

from symroof.algebra.bound import Bound, Step
from symroof.algebra.cost import Condition, Cost
from symroof.algebra.decide import Span
from symroof.algebra.solve import solve
from symroof.algebra.symbols import Symbol, symbol
from symroof.algebra.units import Unit
from symroof.algebra.value import Value
from symroof.errors import SymroofError, UnitError
from symroof.machine.roofline import Work, matmul, roofline
from symroof.present.derivation import Answer, Question, answer, question
from symroof.sheets.chips import Chip, chip, chips
from symroof.sheets.dtypes import dtype
from symroof.sheets.llms import Llm, llm, llms
from symroof.sheets.sheet import Sheet, sheet
from symroof.workloads import decode, memory, prefill, serving, sharding

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "Bound",
    "Chip",
    "Condition",
    "Cost",
    "Llm",
    "Question",
    "Sheet",
    "Span",
    "Step",
    "Symbol",
    "SymroofError",
    "Unit",
    "UnitError",
    "Value",
    "Work",
    "answer",
    "chip",
    "chips",
    "decode",
    "dtype",
    "llm",
    "llms",
    "matmul",
    "memory",
    "prefill",
    "question",
    "roofline",
    "serving",
    "sharding",
    "sheet",
    "solve",
    "symbol",
]
