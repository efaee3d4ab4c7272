"""Random programs and their backward passes: at every product each chip has what it multiplies, from its shard or from a gather it was
counted for. What a chip has is simulated as sets of elements, chip by chip; 1e5 programs with ``SYMROOF_TESTS=1``.
"""

import os
from functools import cache
from itertools import combinations, product
from math import prod
from random import Random

from symroof import program
from symroof.errors import ProgramError
from symroof.program.infer import infer
from symroof.symbols import B, D, F, H, X, Y, Z

PROGRAMS = round(100_000 * float(os.environ.get("SYMROOF_TESTS", "0"))) or 200
DIMS = "BDFH"
SIZES = {B: 30, D: 60, F: 90, H: 150, X: 2, Y: 3, Z: 5}
SIZE = {s.name: size for s, size in SIZES.items()}
CHIPS = list(product(range(2), range(3), range(5)))
SPLITS = [frozenset(axes) for n in range(4) for axes in combinations("XYZ", n)]


def sharded(ch: Random, name: str, dims: str) -> str:
    """A tensor whose axes shard a dimension each, or none."""
    where = {axis: ch.choice((*dims, None)) for axis in ch.sample("XYZ", ch.randint(0, 3))}
    return f"{name}[{', '.join(d + ('_' if d in where.values() else '') + ''.join(a for a, w in where.items() if w == d) for d in dims)}]"


def text(ch: Random) -> str:
    """A chain of products with weights, some results and inputs read twice; now and then one is resharded first."""
    now, lines = "BD", ["weight mlp: W0, W1, W2"]
    tensor = sharded(ch, "A0", now)
    for i in range(3):
        if ch.random() < 0.2:
            lines.append(f"{tensor} -> {(tensor := sharded(ch, f'R{i}', now))}")
        shared = ch.choice(now)
        made = ch.choice([d for d in DIMS if d not in now])
        weight, out = sharded(ch, f"W{i}", shared + made), sharded(ch, f"A{i + 1}", now.replace(shared, made))
        lines.append(f"{tensor} {weight} -> {out}")
        if ch.random() < 0.4:
            lines.append(f"{tensor} {weight} -> {sharded(ch, f'S{i}', now.replace(shared, made))}")
        tensor, now = out, now.replace(shared, made)
    return "\n".join(lines)


@cache
def part(axes: frozenset[str], name: str, k: int) -> frozenset[int]:
    """The indices of a dimension that a chip holds on these axes."""
    digits = dict(zip("XYZ", CHIPS[k], strict=True))
    stride = {"X": 1, "Y": 2, "Z": 6}
    return frozenset(i for i in range(SIZE[name]) if all(i // stride[a] % SIZE[a] == digits[a] for a in axes))


def needs(statement) -> dict[str, list[dict[str, frozenset[int]]]]:
    """The indices of every operand that each chip multiplies, dimension by dimension."""
    alone = infer(statement.operands, statement.out, statement.mark, statement.scale)
    brought = {(c.tensor, a) for c in alone.collectives if c.kind in ("AllGather", "AllToAll") for a in c.axes}
    scattered = {a for c in alone.collectives if c.kind == "ReduceScatter" for a in c.axes}
    split: dict[str, set[str]] = {name: {*statement.out.axes_of(name)} - scattered for t in statement.operands for name in t.names}
    for t in statement.operands:
        for d in t.dims:
            split[d.name] |= {a for a in d.axes if (t.name, a) not in brought}
    return {t.name: [{n: part(frozenset(split[n]), n, k) for n in t.names} for k in range(len(CHIPS))] for t in statement.operands}


def inside(small, whole) -> bool:
    return all(small[name] <= whole[name] for name in small)


def check(statements, has: dict[tuple[int, str], list[dict]]) -> None:
    """What every chip has after every statement; a gather brings the part that it was counted for, here or further on."""
    for s in statements:
        wanted = needs(s)
        for t in s.operands:
            moves = [c for c in s.collectives if c.kind in ("AllGather", "AllToAll") and c.tensor == t.name]
            axes = {a for c in moves for a in c.axes}
            counted = [int((c.volume.expr / t.width).xreplace(SIZES)) for c in moves if c.kind == "AllGather"]
            for k, need in enumerate(wanted[t.name]):
                mine = has.setdefault((k, t.name), [])
                reach = {d.name: part(frozenset({*d.axes} - axes), d.name, k) for d in t.dims}
                if counted:
                    sides = product(*([part(split, n, k) for split in SPLITS] for n in need))
                    boxes = (dict(zip(need, box, strict=True)) for box in sides if prod(map(len, box)) in counted)
                    mine += [b for b in boxes if inside(need, b) and inside(b, reach)]
                assert any(inside(need, box) for box in (mine if counted else [reach, *mine])), (str(s), t.name)


def test_a_chip_has_what_it_multiplies():
    for seed in range(PROGRAMS):
        written = text(Random(f"program {seed}"))
        try:
            forward = program(written)
            back = forward.backward()
        except ProgramError:  # a gradient that keeps partial sums, say
            continue
        has: dict[tuple[int, str], list[dict]] = {}
        try:
            check(forward.statements, has)
            kept = {key: list(boxes) for key, boxes in has.items() if not key[1].startswith("W")}
            check(back.statements, kept)
        except AssertionError as problem:
            raise AssertionError(f"program {seed}: {problem}\n{written}\n{back}") from problem
