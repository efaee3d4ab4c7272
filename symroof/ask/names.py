"""Formulas and thresholds by name: ``decode.step``, ``training.tp_limit``.

The names are the workloads' public functions that return a Cost or a Bound and need no argument but a model: a new formula
is one function there. A text is only ever looked up, never executed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from inspect import Parameter, getdoc, isfunction, signature
from typing import Any

from symroof.algebra.cost import Cost
from symroof.errors import InputError, UnknownName, nearest, short
from symroof.solver.bound import Bound

MODULES = (
    *("decode", "deployment", "memory", "prefill", "pretraining", "room", "serving", "sharding", "training"),
    *("load.replica", "load.latency", "load.rates"),
)

PLACE = "symroof.workloads"


@lru_cache(maxsize=1)
def formulas() -> Mapping[str, Callable[..., Cost]]:
    """Every formula by name, module by module."""
    return _named("Cost")


@lru_cache(maxsize=1)
def thresholds() -> Mapping[str, Callable[..., Bound]]:
    """Every threshold by name: a condition between formulas that is solved already."""
    return _named("Bound")


def summary(name: str) -> str:
    """The first line of the docstring of a formula or a threshold."""
    return (getdoc(_every()[name]) or "").partition("\n")[0]


def wants_model(name: str) -> bool:
    """Whether a formula or a threshold is one of a model only, and the book has none."""
    return any(p.default is Parameter.empty for p in signature(_every()[name]).parameters.values())


def unit_of(name: str, m: Any = None) -> str:
    """The unit of a formula or a threshold; "of a model" where it needs one that is not given."""
    if m is None and wants_model(name):
        return "of a model"
    return str(named(name, m if wants_model(name) else None).unit)


def named(name: str, m: Any = None) -> Cost | Bound:
    """A formula or a threshold by name, of a model or the book's.

    >>> named("decode.critical_batch")
    B >= C*p_w/(2*W_hbm)

    Raises UnknownName with the nearest name, InputError for one that needs a model.
    """
    if name not in _every():
        raise UnknownName(_instead(name))
    if m is None and wants_model(name):
        raise InputError(f"{name} needs a model; add e.g. --model mixtral-8x7b")
    given = _arguments(m)
    f = _every()[name]
    found: Cost | Bound = f(**{p: given[p]() for p in signature(f).parameters if p in given})
    return found


def _arguments(m: Any) -> dict[str, Callable[[], Any]]:
    """What a formula that is asked for by name is given: the model, and the times of a step and of a prefill."""
    from symroof.workloads import decode, prefill

    return {"m": lambda: m, "step_time": lambda: decode.step(m), "prefill": lambda: prefill.prefill_time(m)}


@lru_cache(maxsize=1)
def _every() -> Mapping[str, Callable[..., Any]]:
    return {**formulas(), **thresholds()}


def _named(kind: str) -> dict[str, Callable[..., Any]]:
    found = ((f"{_word(module)}.{name}", f) for module in MODULES for name, f in _functions(module).items())
    return {name: f for name, f in found if _returns(f) == kind and not _needs(f)}


def _functions(module: str) -> dict[str, Callable[..., Any]]:
    """The public functions of a workload, but for those that another workload shows."""
    others = {f"{PLACE}.{m}" for m in (*MODULES, "models") if m != module}
    found = vars(import_module(f"{PLACE}.{module}")).items()
    return {name: f for name, f in found if isfunction(f) and name[0] != "_" and f.__module__ not in others}


def _word(module: str) -> str:
    """What a module is called in a name: those of a room by themselves."""
    return module.rpartition(".")[2]


def _returns(f: Callable[..., Any]) -> str:
    kind = signature(f).return_annotation
    return kind if isinstance(kind, str) else getattr(kind, "__name__", "")


def _needs(f: Callable[..., Any]) -> bool:
    return any(p.default is Parameter.empty and p.name != "m" for p in signature(f).parameters.values())


def _instead(name: str) -> str:
    called, _, word = name.partition(".")
    if any(_word(m) == called and word in _functions(m) for m in MODULES):
        return f"{name} is no formula that can be asked for by name: it needs arguments; {nearest(name, formulas())}"
    return f"there is no formula {short(name)}; {nearest(name, _every())}"
