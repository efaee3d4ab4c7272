"""How fast symroof is, beside others and beside what the machine can do: a page of measured ratios.

python benchmarks/speed.py [--write] [--quick] [--only grid|search|peers|growth|start]

--write: the page also goes to benchmarks/speed.md; --quick: small sizes, to see that it runs. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import date
from pathlib import Path

import speed_grid
import speed_growth
import speed_peers
import speed_search
import speed_start
from speed_page import machine

SECTIONS = {
    "grid": speed_grid.report,
    "search": speed_search.report,
    "peers": speed_peers.report,
    "growth": speed_growth.report,
    "start": speed_start.report,
}


def page(names: list[str], quick: bool) -> str:
    """The whole page."""
    began = time.perf_counter()
    head = f"# Speed\n\nMeasured by `python benchmarks/speed.py --write` on {date.today()}, all in one run.\n{machine()}"
    parts = [head]
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        parts.append(SECTIONS[name](quick))
    return "\n\n".join([*parts, f"The whole run took {time.perf_counter() - began:.0f} s."]) + "\n"


def main() -> None:
    """Print the page, and write it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="also write benchmarks/speed.md")
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--only", choices=SECTIONS, help="one section")
    asked = parser.parse_args()
    text = page([asked.only] if asked.only else list(SECTIONS), asked.quick)
    print(text)
    if asked.write:
        Path(__file__).with_suffix(".md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
