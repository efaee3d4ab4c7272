"""symroof: symbolic cost models for large language models on accelerators.

>>> from symroof import chip, dtype, matmul, roofline, solve
>>> from symroof.symbols import B, D, F
>>> t = roofline(matmul(B, D, F))
>>> rule = solve(t["math"] >= t["hbm"], B, large=(D, F)); rule
B >= C*p/(2*W_hbm)   for large D, F
>>> rule.at(chip("tpu-v5e"), dtype("bf16"))
243.2 tokens
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from symroof import hooks as _hooks  # noqa: F401
from symroof.algebra.cost import Condition, Cost
from symroof.algebra.symbols import Symbol, symbol
from symroof.algebra.units import Unit
from symroof.algebra.value import Span, Value
from symroof.errors import SymroofError, UnitError
from symroof.machine.roofline import Work, matmul, roofline

if TYPE_CHECKING:
    from symroof import latex, symbols
    from symroof.analysis.elasticity import degree, elasticity
    from symroof.analysis.minimize import Best, Minimum, maximize, minimize
    from symroof.analysis.regimes import Regime, Regimes
    from symroof.analysis.sensitivity import sensitivities
    from symroof.book.question import Answer, Question, answer, question
    from symroof.export.export import export
    from symroof.fitting.explain import explain
    from symroof.fitting.fit import calibrate
    from symroof.grid.sweep import Sweep, sweep
    from symroof.machine.links import Network, Switch, Torus, Tree
    from symroof.machine.mesh import Mesh, mesh
    from symroof.plan.choices import Choice, Choices
    from symroof.plan.deployments import search_serving, search_training
    from symroof.plan.loads import load
    from symroof.plan.room import served
    from symroof.plan.traces import trace
    from symroof.plane.borders import Region
    from symroof.plane.regions import Regions, regimes
    from symroof.program.program import Program, program
    from symroof.search.found import Found
    from symroof.search.search import Space, divides, search, space
    from symroof.sheets.calibrations import Calibration, calibration, calibrations
    from symroof.sheets.chips import Chip, chip, chips
    from symroof.sheets.dtypes import dtype
    from symroof.sheets.llms import Llm, llm, llms, model
    from symroof.sheets.servers import Server, server
    from symroof.sheets.sheet import Sheet, sheet
    from symroof.solver.bound import Bound
    from symroof.solver.limits import Limit, limit
    from symroof.solver.proof.proof import Proof
    from symroof.solver.solve import solve
    from symroof.solver.steps import Step
    from symroof.transformer import layers
    from symroof.web.page import page
    from symroof.web.render import Page
    from symroof.workloads import decode, deployment, memory, prefill, pretraining, room, serving, sharding, training
    from symroof.workloads.layout import Layout
    from symroof.workloads.load import apart, batching, caching, drafting, fleet, latency, rates, replica, spreading

__version__ = "0.1.0"

#: What is loaded when it is first asked for: readers of data files, workloads, derivations.
_LATER = {
    "symroof": ("latex", "symbols"),
    "symroof.plane.borders": ("Region",),
    "symroof.plane.regions": ("Regions", "regimes"),
    "symroof.solver.bound": ("Bound",),
    "symroof.solver.limits": ("Limit", "limit"),
    "symroof.solver.proof.proof": ("Proof",),
    "symroof.solver.solve": ("solve",),
    "symroof.solver.steps": ("Step",),
    "symroof.analysis.elasticity": ("degree", "elasticity"),
    "symroof.analysis.sensitivity": ("sensitivities",),
    "symroof.analysis.regimes": ("Regime", "Regimes"),
    "symroof.analysis.minimize": ("Best", "Minimum", "maximize", "minimize"),
    "symroof.export.export": ("export",),
    "symroof.search.found": ("Found",),
    "symroof.search.search": ("Space", "divides", "search", "space"),
    "symroof.grid.sweep": ("Sweep", "sweep"),
    "symroof.machine.links": ("Network", "Switch", "Torus", "Tree"),
    "symroof.machine.mesh": ("Mesh", "mesh"),
    "symroof.program.program": ("Program", "program"),
    "symroof.transformer": ("layers",),
    "symroof.plan.choices": ("Choice", "Choices"),
    "symroof.plan.room": ("served",),
    "symroof.plan.deployments": ("search_serving", "search_training"),
    "symroof.plan.loads": ("load",),
    "symroof.plan.traces": ("trace",),
    "symroof.book.question": ("Answer", "Question", "answer", "question"),
    "symroof.fitting.explain": ("explain",),
    "symroof.fitting.fit": ("calibrate",),
    "symroof.sheets.calibrations": ("Calibration", "calibration", "calibrations"),
    "symroof.sheets.chips": ("Chip", "chip", "chips"),
    "symroof.sheets.dtypes": ("dtype",),
    "symroof.sheets.llms": ("Llm", "llm", "llms", "model"),
    "symroof.sheets.servers": ("Server", "server"),
    "symroof.sheets.sheet": ("Sheet", "sheet"),
    "symroof.web.page": ("page",),
    "symroof.web.render": ("Page",),
    "symroof.workloads.layout": ("Layout",),
    "symroof.workloads": ("decode", "deployment", "memory", "prefill", "pretraining", "room", "serving", "sharding", "training"),
    "symroof.workloads.load": (
        *("apart", "batching", "caching", "drafting"),
        *("fleet", "latency", "rates", "replica", "spreading"),
    ),
}

__all__ = [
    "Answer",
    "Best",
    "Bound",
    "Calibration",
    "Chip",
    "Choice",
    "Choices",
    "Condition",
    "Cost",
    "Found",
    "Layout",
    "Limit",
    "Llm",
    "Mesh",
    "Minimum",
    "Network",
    "Page",
    "Program",
    "Proof",
    "Question",
    "Regime",
    "Regimes",
    "Region",
    "Regions",
    "Server",
    "Sheet",
    "Space",
    "Span",
    "Step",
    "Sweep",
    "Switch",
    "Symbol",
    "SymroofError",
    "Torus",
    "Tree",
    "Unit",
    "UnitError",
    "Value",
    "Work",
    "answer",
    "apart",
    "batching",
    "caching",
    "calibrate",
    "calibration",
    "calibrations",
    "chip",
    "chips",
    "decode",
    "degree",
    "deployment",
    "divides",
    "drafting",
    "dtype",
    "elasticity",
    "explain",
    "export",
    "fleet",
    "latency",
    "latex",
    "layers",
    "limit",
    "llm",
    "llms",
    "load",
    "matmul",
    "maximize",
    "memory",
    "mesh",
    "minimize",
    "model",
    "page",
    "prefill",
    "pretraining",
    "program",
    "question",
    "rates",
    "regimes",
    "replica",
    "roofline",
    "room",
    "search",
    "search_serving",
    "search_training",
    "sensitivities",
    "served",
    "server",
    "serving",
    "sharding",
    "sheet",
    "solve",
    "space",
    "spreading",
    "sweep",
    "symbol",
    "symbols",
    "trace",
    "training",
]


def __getattr__(name: str) -> Any:
    for module, names in _LATER.items():
        if name in names:
            whole = module in ("symroof", "symroof.workloads", "symroof.workloads.load", "symroof.transformer")
            found = import_module(f"{module}.{name}") if whole else getattr(import_module(module), name)
            globals()[name] = found
            return found
    raise AttributeError(f"symroof has no {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
