"""The same numbers by other means: NumPy, numexpr, a C loop over five axes, and the memory limit (``np.add``)."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from speed_case import NAMES, Case
from speed_page import compiler, cores, installed

#: As a careful C programmer writes it: everything that does not change is taken out of the inner loops, the reciprocals
#: are taken once, the MLP is worked out once for all formats of the cache, and the inner loop is one multiply-add that
#: the compiler turns into vectors. The outer two axes are shared by all cores.
SOURCE = """
#include <stddef.h>
void step(const REAL *restrict B, const REAL *restrict S, const REAL *restrict n, const REAL *restrict p_kv,
          const REAL *restrict W, const long *restrict len, const double *restrict c, REAL *restrict out)
{
    const long nB = len[0], nS = len[1], nn = len[2], np = len[3], nW = len[4];
    const double H = c[0], K = c[1], L = c[2], P = c[3], C = c[4], p_w = c[5];
    REAL per_W[nW];
    for (long w = 0; w < nW; w++) per_W[w] = (REAL)(1.0 / W[w]);
    #pragma omp parallel for collapse(2) schedule(static)
    for (long b = 0; b < nB; b++)
        for (long s = 0; s < nS; s++) {
            const double cache = 2.0 * B[b] * H * K * L * S[s], flops = 2.0 * B[b] * P / C;
            REAL *row = out + (b * nS + s) * nn * np * nW;
            REAL mlp[nW];
            for (long k = 0; k < nn; k++) {
                const REAL math = (REAL)(flops / n[k]), weights = (REAL)(P * p_w / n[k]);
                for (long w = 0; w < nW; w++) {
                    const REAL read = weights * per_W[w];
                    mlp[w] = read > math ? read : math;
                }
                for (long p = 0; p < np; p++, row += nW) {
                    const REAL attention = (REAL)(cache / n[k] * p_kv[p]);
                    for (long w = 0; w < nW; w++) row[w] = attention * per_W[w] + mlp[w];
                }
            }
        }
}
"""
FLAGS = ("-O3", "-march=native", "-fopenmp", "-shared", "-fPIC")
NUMEXPR = "2*B*H*K*L*S*p_kv/(W_hbm*n) + where(2*B*P/(C*n) > P*p_w/(W_hbm*n), 2*B*P/(C*n), P*p_w/(W_hbm*n))"


# -- NumPy, straightforward
def with_numpy(case: Case, out: Any = None) -> Any:
    """The expression as one writes it."""
    B, S, n, p_kv, W_hbm, H, K, L, P, C, p_w = (case.named[k] for k in (*NAMES, "H", "K", "L", "P", "C", "p_w"))
    attention = 2 * B * H * K * L * S * p_kv / (W_hbm * n)
    mlp = np.maximum(2 * B * P / (C * n), P * p_w / (W_hbm * n))
    return np.add(attention, mlp, out=out)


# -- numexpr
def with_numexpr(case: Case, out: Any = None) -> Any:
    """The expression as one writes it, on all cores."""
    import numexpr

    numexpr.set_num_threads(cores())
    values = {k: np.asarray(v, case.dtype) for k, v in case.named.items()}
    return numexpr.evaluate(NUMEXPR, values, {}, out=out)


def with_numexpr_by_hand(case: Case, out: Any = None) -> Any:
    """Its best: what fits a smaller shape is worked out before, so that one multiply-add is left."""
    import numexpr

    numexpr.set_num_threads(cores())
    B, S, n, p_kv, W_hbm, H, K, L, P, C, p_w = (case.named[k] for k in (*NAMES, "H", "K", "L", "P", "C", "p_w"))
    values = {"a": 2 * B * H * K * L * S * p_kv / n, "w": 1 / W_hbm, "m": np.maximum(2 * B * P / (C * n), P * p_w / (W_hbm * n))}
    return numexpr.evaluate("a*w + m", values, {}, out=out)


# -- C
@cache
def compiled(real: str) -> Any:
    """The C loop, compiled now; None if there is no compiler that can."""
    cc = compiler()
    if cc is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "step.c"), Path(folder, "step.so")
        source.write_text(SOURCE)
        done = subprocess.run([cc, *FLAGS, f"-DREAL={real}", "-o", str(library), str(source)], capture_output=True)
        return ctypes.CDLL(str(library)).step if done.returncode == 0 else None


def with_c(case: Case, out: Any = None) -> Any:
    """The C loop, on all cores."""
    out = case.empty() if out is None else out
    arrays = [np.ascontiguousarray(case.named[k].ravel(), case.dtype) for k in NAMES]
    lengths = np.array(case.shape, dtype=np.dtype("long"))
    numbers = np.array([case.named[k] for k in ("H", "K", "L", "P", "C", "p_w")], dtype=np.float64)
    step = compiled("double" if case.dtype == "float64" else "float")
    step(*(ctypes.c_void_p(a.ctypes.data) for a in (*arrays, lengths, numbers, out)))
    return out


# -- the memory limit
def with_add(case: Case, out: Any = None) -> Any:
    """``np.add`` of a short row and a number, written as often as the grid is long: the same bytes, one core."""
    out = case.empty() if out is None else out
    table, row = _rows(case, out)
    np.add(row, 1.0, out=table)
    return out


def with_add_on_all_cores(case: Case, out: Any = None) -> Any:
    """The same, each core its share."""
    out = case.empty() if out is None else out
    table, row = _rows(case, out)
    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(lambda part: np.add(row, 1.0, out=part), np.array_split(table, cores())))
    return out


def _rows(case: Case, out: Any) -> tuple[Any, Any]:
    width = case.size // (case.shape[0] * case.shape[1])
    return out.reshape(-1, width), np.ones(width, case.dtype)


ADD = {"np.add, one core": with_add, "np.add, all cores": with_add_on_all_cores}


def rivals() -> dict[str, Callable[..., Any]]:
    """Those that can be had here; each takes a case and an array to write into, or makes a new one."""
    found: dict[str, Callable[..., Any]] = {"NumPy": with_numpy}
    if installed("numexpr"):
        found |= {"numexpr": with_numexpr, "numexpr, factored by hand": with_numexpr_by_hand}
    if compiled("double") is not None:
        found["C loop"] = with_c
    return found


def agreement(case: Case) -> dict[str, float]:
    """How far each rival is from ours, at most, relative to it."""
    ours = case.symroof()
    with np.errstate(all="raise"):
        return {name: _apart(work(case), ours) for name, work in rivals().items()}


def _apart(theirs: Any, ours: Any) -> float:
    """The largest relative difference, one slab at a time, so that the memory of the run stays small."""
    if theirs.shape != ours.shape:
        raise ValueError(f"a result of shape {theirs.shape} is not one of {ours.shape}")
    return max(float(np.max(np.abs(a / b - 1))) for a, b in zip(theirs, ours, strict=True))
