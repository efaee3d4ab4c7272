"""The calibrations that ship: what each is fitted to, and the one command that fits them from ``models/measured``.

``python -m symroof.measured`` writes them anew, with the pages of measurements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from symroof.algebra.cost import Cost
from symroof.fitting.curve import Curve, curve
from symroof.fitting.fit import fitted, letters_of
from symroof.fitting.table import Row
from symroof.measured.estimates import rows_of
from symroof.measured.records import records
from symroof.sheets.calibrations import Calibration, written
from symroof.sheets.files import folders

_SERVING = ("decode", "latency", "serving", "prefill")
_PHASES = "decode.estimate, prefill.estimate"


@dataclass(frozen=True)
class Plan:
    """What a calibration is fitted to: records by software and category, letters with what they differ by, and what is left out once."""

    title: str
    letters: tuple[str, ...]
    groups: str
    categories: tuple[str, ...]
    software: str = ""
    formula: str = "decode.estimate"

    def takes(self, row: Row) -> bool:
        """Whether a record is one of it."""
        return row.labels["category"] in self.categories and self.software in ("", row.labels["software"])


PLANS: Mapping[str, Plan] = {
    "gpt-fast": Plan("gpt-fast, A100 and MI250X", ("eta_hbm:weights", "t_layer", "t_coll"), "model", ("decode",), "gpt-fast"),
    "fastertransformer": Plan(
        "FasterTransformer, A100",
        ("eta_hbm", "eta_math", "eta_link", "t_layer", "t_coll", "t_req"),
        "model",
        _SERVING,
        "fastertransformer",
        _PHASES,
    ),
    "tensorrt-llm": Plan(
        "TensorRT-LLM, static batches and closed loops, A100, L40S, H100 and H200",
        ("eta_hbm", "eta_math:arithmetic", "eta_att", "eta_link", "t_layer", "t_coll", "t_req"),
        "model",
        _SERVING,
        "tensorrt-llm",
        _PHASES,
    ),
    "llama-cpp": Plan("llama.cpp decodes on one chip", ("eta_hbm:chip", "eta_kv", "t_layer"), "chip", ("decode",), "llama.cpp"),
    "llama-cpp-prefill": Plan(
        "llama.cpp reads prompts on one chip", ("eta_math:chip", "eta_att"), "chip", ("prefill",), "llama.cpp", "prefill.estimate"
    ),
    "any-decode": Plan(
        "any program decodes",
        ("eta_hbm:weights", "eta_kv", "eta_math", "eta_link", "t_layer:source", "t_coll:source", "t_req"),
        "source",
        ("decode",),
    ),
    "any-prefill": Plan(
        "any program reads prompts",
        ("eta_hbm", "eta_math:source", "eta_att:source", "eta_link", "t_layer:source", "t_coll:source"),
        "source",
        ("prefill",),
        formula="prefill.estimate",
    ),
    "any-generation": Plan(
        "any program reads prompts and generates",
        ("eta_hbm:source", "eta_math:source", "eta_att:source", "eta_link:source", "t_layer:source", "t_coll:source", "t_req:source"),
        "source",
        ("latency", "serving"),
        formula=_PHASES,
    ),
    "training": Plan(
        "training, A100 to H200 and TPU v4 to v6e, Megatron, MPT, NeMo, torchtitan, MaxText",
        (
            *("eta_math:chip", "eta_att:context", "eta_fp8", "k_h:software", "k_g:software", "k_s", "x_tp:overlap"),
            *("x_cp", "x_pp", "x_fs", "x_dp", "x_opt", "j_rep", "j_data"),
        ),
        "source",
        ("training",),
        formula="pretraining.estimate",
    ),
    "training-memory": Plan(
        "peak memory of training, H100 and H200, torchtitan",
        ("k_pre", "k_work", "k_frag", "p_logit:software"),
        "source",
        ("memory",),
        formula="pretraining.memory",
    ),
    "nccl": Plan(
        "NCCL in a node or an NVLink domain", ("eta_link:operation", "t_coll"), "source", ("collective",), formula="link.estimate"
    ),
    "kernels": Plan(
        "matmuls, attention and copies",
        ("eta_math:chip", "eta_hbm:chip", "t_step"),
        "source",
        ("gemm", "attention", "copy"),
        formula="kernel",
    ),
}


def curves(plan: Plan, pairs: Sequence[tuple[Row, Cost]]) -> list[Curve]:
    """The records of a plan, in its letters."""
    wanted = letters_of(plan.letters)
    return [curve(row, cost, wanted) for row, cost in pairs if plan.takes(row)]


def ship(name: str, pairs: Sequence[tuple[Row, Cost]]) -> Calibration:
    """One of the calibrations, fitted anew."""
    plan = PLANS[name]
    of = curves(plan, pairs)
    letters = {s: by for s, by in letters_of(plan.letters).items() if any(s in c.letters for c in of)}
    found = fitted(of, letters, plan.groups, plan.formula, name)
    sources = sorted({c.row.labels["source"] for c in of})
    return replace(found, title=plan.title, note=f"Fitted to {len(of)} records of models/measured: {', '.join(sources)}.")


def folder() -> Path:
    """Where they are."""
    return folders()[-1] / "calibrations"


def write(say: Callable[[str], object] = lambda _: None) -> None:
    """All of them, as files."""
    pairs = rows_of(records())
    folder().mkdir(exist_ok=True)
    for name in PLANS:
        (folder() / f"{name}.toml").write_text(written(ship(name, pairs)), "utf-8")
        say(name)
