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
    *("load.replica", "load.latency", "load.rates", "load.fleet"),
    *("load.batching", "load.caching", "load.apart", "load.drafting", "load.spreading"),
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
    return (getdoc(_any(name)) or "").partition("\n")[0]


def wants_model(name: str) -> bool:
    """Whether a formula or a threshold is one of a model only, and the book has none."""
    m = signature(_any(name)).parameters.get("m")
    return m is not None and m.default is Parameter.empty


def unit_of(name: str, m: Any = None) -> str:
    """The unit of a formula or a threshold; "of a model" where it needs one that is not given."""
    if m is None and wants_model(name):
        return "of a model"
    return str(named(name, m if wants_model(name) else None).unit)


def options(name: str) -> Mapping[str, Parameter]:
    """What a formula or a threshold may be told beside its model, by name: ``direction``, ``overlap``."""
    found = signature(_any(name)).parameters
    return {o: p for o, p in found.items() if o != "m"}


def named(name: str, m: Any = None, told: Mapping[str, Any] | None = None) -> Cost | Bound:
    """A formula or a threshold by name, of a model or the book's; ``told`` are its options, texts as one writes them.

    >>> named("decode.critical_batch")
    B >= C*p_w/(2*W_hbm)
    >>> named("training.fsdp_threshold", told={"direction": "backward"})
    B >= C*X*p_w/(2*M_X*W_ici)

    Raises UnknownName with the nearest name, InputError for one that needs a model or an option.
    """
    takes, told = options(name), told or {}
    for option in told:
        if option not in takes:
            raise UnknownName(f"{name} takes no {short(option)}; {nearest(option[:40], takes)}")
    lacking = [o for o, p in takes.items() if p.default is Parameter.empty and o not in told]
    if lacking:
        raise InputError(f"{name} needs {lacking[0]}; write e.g. {name}({lacking[0]}=...)")
    if m is None and wants_model(name):
        raise InputError(f"{name} needs a model; add e.g. --model mixtral-8x7b")
    f = _any(name)
    given = {o: make() for o, make in _arguments(m).items() if o in signature(f).parameters and o not in told}
    found: Cost | Bound = f(**given, **{o: _meant(o, takes[o], value) for o, value in told.items()})
    return found


_TRUE, _FALSE = ("yes", "true", "on", "1"), ("no", "false", "off", "0")


def _meant(option: str, of: Parameter, value: Any) -> Any:
    """An option as its function takes it: yes or no, a whole number, or the word itself."""
    if not isinstance(value, str):
        return value
    word = value.strip().lower()
    if isinstance(of.default, bool):
        if word not in (*_TRUE, *_FALSE):
            raise InputError(f"{option}={short(value)} is neither yes nor no")
        return word in _TRUE
    return int(word) if of.annotation == "int" and word.isascii() and word.isdigit() and len(word) < 9 else value.strip()


def takes_cost(of: Parameter) -> bool:
    """Whether an option is a formula itself."""
    return "Cost" in str(of.annotation)


def _arguments(m: Any) -> dict[str, Callable[[], Any]]:
    """What a formula that is asked for by name is given: the model, and the times of a step and of a prefill."""
    from symroof.workloads import decode, prefill

    return {"m": lambda: m, "step_time": lambda: decode.step(m), "prefill": lambda: prefill.prefill_time(m)}


@lru_cache(maxsize=1)
def by_name() -> Mapping[str, Callable[..., Any]]:
    """Every formula and threshold that can be asked for, some with options that have to be said."""
    found = ((f"{_word(module)}.{name}", f) for module in MODULES for name, f in _functions(module).items())
    return {name: f for name, f in found if _returns(f) in ("Cost", "Bound")}


def _any(name: str) -> Callable[..., Any]:
    if name not in by_name():
        raise UnknownName(f"there is no formula {short(name)}; {nearest(name, by_name())}")
    return by_name()[name]


def _named(kind: str) -> dict[str, Callable[..., Any]]:
    return {name: f for name, f in by_name().items() if _returns(f) == kind and not _required(f)}


@lru_cache(maxsize=1)
def needing() -> Mapping[str, tuple[str, ...]]:
    """The formulas that have to be told something, such as a scheme, and what."""
    return {name: tuple(p.name for p in _required(f)) for name, f in by_name().items() if _required(f)}


def _functions(module: str) -> dict[str, Callable[..., Any]]:
    """What a workload offers, but for those that take more than words and numbers."""
    found = import_module(f"{PLACE}.{module}")
    functions = {name: getattr(found, name) for name in found.__all__ if isfunction(getattr(found, name))}
    return {name: f for name, f in functions.items() if all(p.annotation in ("str", "int") for p in _required(f))}


def _word(module: str) -> str:
    """What a module is called in a name: those of a room by themselves."""
    return module.rpartition(".")[2]


def _returns(f: Callable[..., Any]) -> str:
    kind = signature(f).return_annotation
    return kind if isinstance(kind, str) else getattr(kind, "__name__", "")


def _required(f: Callable[..., Any]) -> list[Parameter]:
    return [p for p in signature(f).parameters.values() if p.default is Parameter.empty and p.name != "m"]
