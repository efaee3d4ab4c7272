"""What every benchmark of speed needs: times taken in turns, child processes with their peak memory, tables, the machine."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


# -- times
def seconds(work: Callable[[], Any]) -> float:
    """How long one call takes; what it returns is dropped within the time, so that freeing memory counts."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turns(works: Mapping[str, Callable[[], Any]], rounds: int, warm: bool = True) -> dict[str, list[float]]:
    """The times of every work, one of each per round, so that a slow spell of the machine falls on all of them."""
    if warm:
        for work in works.values():
            work()
    taken: dict[str, list[float]] = {name: [] for name in works}
    for k in range(rounds):
        order = list(works.items())
        for name, work in order[k % len(order) :] + order[: k % len(order)]:
            taken[name].append(seconds(work))
    return taken


def best(taken: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The least time of each."""
    return {name: min(times) for name, times in taken.items()}


def peak() -> int:
    """The most memory this process has held so far [byte]: what ``/usr/bin/time -v`` calls its maximum resident set size."""
    status = Path("/proc/self/status")
    if status.exists():  # unlike ru_maxrss it starts anew with the program
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) << 10
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most << 10


def child(code: str, *args: Any, python: str = sys.executable, timeout: float = 600) -> Any:
    """What a fresh process prints as JSON on its last line. Raises CalledProcessError if it fails."""
    path = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [python, "-c", code, *map(str, args)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
        timeout=timeout,
    )
    return json.loads(done.stdout.splitlines()[-1])


# -- what is printed
def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table; the first column to the left, numbers to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in lines)


def shown(value: float) -> str:
    """A number with three digits."""
    return f"{value:,.0f}" if value >= 999.5 else f"{value:.3g}"


def time_shown(value: float) -> str:
    """A time in s, ms or µs."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value * 1e6:.3g} µs"


def mib(size: float) -> str:
    """Bytes in MiB."""
    return f"{size / 2**20:,.0f} MiB"


def power(count: float) -> str:
    """1e8 for 10**8."""
    return f"{count:.0e}".replace("e+0", "e").replace("e+", "e")


def aim(said: str, reached: bool) -> str:
    """One line of a list of aims."""
    return f"- {said}: {'reached' if reached else 'missed'}"


# -- where it was measured
def cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> str:
    """Processor, memory, system and versions, as two paragraphs."""
    busy = f"; {os.getloadavg()[0]:.1f} processes were running beside it" if hasattr(os, "getloadavg") else ""
    return f"{_processor()}, {cores()} cores, {_memory()} of memory, {_system()}{busy}.\n\n{_versions()}."


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = (
        [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    )
    flags = info.read_text() if info.exists() else ""
    wide = "AVX-512" if "avx512f" in flags else "AVX2" if " avx2" in flags else ""
    return (names[0] if names else platform.processor() or platform.machine()) + (f" with {wide}" if wide else "")


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    except (ValueError, OSError, AttributeError):
        return "an unknown amount"


def _system() -> str:
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    except OSError:
        name = platform.system()
    return f"{name} ({platform.system()} {platform.release().split('-')[0]})"


def _versions() -> str:
    names = [
        f"Python {platform.python_version()}",
        *(f"{name} {found}" for name in ("numpy", "sympy", "numexpr") if (found := installed(name))),
    ]
    cc = compiler()
    if cc:
        names.append(subprocess.run([cc, "--version"], capture_output=True, text=True).stdout.splitlines()[0])
    return ", ".join(names)


def installed(name: str) -> str:
    """The version of a package, or nothing."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def compiler() -> str | None:
    """A C compiler, if there is one."""
    return shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc") or shutil.which("clang")
