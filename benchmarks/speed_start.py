"""How long a fresh process takes to import, and to give its first result."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from functools import partial

from speed_page import HERE, in_turns, table, time_shown

SOLVE = """
from symroof import chip, dtype, matmul, roofline, solve
from symroof.symbols import B, D, F
t = roofline(matmul(B, D, F))
print(solve(t["math"] >= t["hbm"], B, large=(D, F)).at(chip("tpu-v5e"), dtype("bf16")))
"""
AT = """
from symroof import chip, decode, dtype, llm
print(decode.step().at(chip("tpu-v5e").on("4x4"), llm("llama3-70b"), dtype("int8", math="bf16"), B=32, S=8192))
"""
SYMPY = """
import sympy
B, D, F, C, p, W = sympy.symbols("B D F C p W", positive=True)
print(sympy.solve(sympy.Eq(2*B*D*F/C, p*(B*D + B*F + D*F)/W), B))
"""
MAIN = "from symroof.cli import main; main()"
RUNS = {
    "`python -c pass`": ("pass",),
    "`import numpy`": ("import numpy",),
    "`import sympy`": ("import sympy",),
    "`import symroof`": ("import symroof",),
    "sympy: the crossing of two costs by `sympy.solve`": (SYMPY,),
    "symroof: the same by `solve`, with the rule of thumb, at a chip": (SOLVE,),
    "symroof: `decode.step().at(...)`": (AT,),
    "`symroof serve llama3-70b --on tpu-v5e`": (MAIN, "serve", "llama3-70b", "--on", "tpu-v5e"),
}


def report(quick: bool = False) -> str:
    """The section of the page."""
    rounds = 1 if quick else 9
    taken = {name: statistics.median(times) for name, times in in_turns({k: partial(_run, v) for k, v in RUNS.items()}, rounds).items()}
    sympy = taken["`import sympy`"]
    rows = [[name, time_shown(t), f"{t / sympy:.2f} ×"] for name, t in taken.items()]
    return "\n".join(
        [
            "## Start",
            "",
            f"Each a fresh process with compiled bytecode there, median of {rounds}, taken in turns; × is against `import sympy`.",
            "",
            table(["from nothing to", "time", "×"], rows),
        ]
    )


def _run(args: tuple[str, ...]) -> None:
    path = os.pathsep.join([str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    subprocess.run([sys.executable, "-c", *args], check=True, capture_output=True, env={**os.environ, "PYTHONPATH": path})
