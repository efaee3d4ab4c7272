"""What every tensor of a program is: declared in its first lines, never guessed from a name.

    weight attention: W_q, W_k, W_o; buffer: bias; shared: W_u; cache: Keys, Values; state: St; on chip: Scores

==========  =============================================================================================
role        what it means
==========  =============================================================================================
weight      a parameter, of a class that has a number format of its own (``weight experts: W_in``)
buffer      stored in a checkpoint, but no parameter
shared      a parameter that is stored with another layer: it is read and multiplied, not stored again
cache       what a sequence keeps, one entry a token (of a window: one a token that is seen)
lent        the same of another layer, which keeps it: it is read, not kept again
pending     what a sequence keeps until an entry of its cache is complete; a step adds to it and leaves the rest alone
state       what a sequence keeps and writes anew every step; ``St'`` is the state after it
tail        the last inputs of a convolution, which a sequence keeps too
on chip     never crosses HBM
==========  =============================================================================================

A tensor without a role is an activation; in a program without any roles, inputs without the batch dimension (the first of the
first tensor) are weights where a backward pass has to know. Weights are p_w bytes an element, caches p_kv,
states p_st, tails p_conv, everything else the program's width.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from symroof.algebra.symbols import p_conv, p_kv, p_st, p_w
from symroof.errors import ProgramError, nearest, short

WORDS = ("weight", "buffer", "shared", "cache", "lent", "pending", "state", "tail", "on chip")
#: Bytes an element, where neither the text nor ``formats`` says otherwise.
WIDTH: Mapping[str, sp.Expr] = {
    "weight": p_w,
    "shared": p_w,
    "buffer": sp.Integer(4),
    "cache": p_kv,
    "lent": p_kv,
    "pending": p_st,
    "state": p_st,
    "tail": p_conv,
}
_ENTRY = re.compile(r"(on chip|[a-z]+)(?:\s+([a-z][a-z0-9 ]*))?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9']*(?:_[A-Za-z0-9]+)?")


@dataclass(frozen=True)
class Role:
    """One of ``WORDS``, and for a weight its class: attention, mlp, experts, embedding, norm, ..."""

    word: str
    of: str = ""


def is_header(line: str) -> bool:
    """Whether a line declares roles: it has a colon and no tensor."""
    return ":" in line and "[" not in line and "->" not in line


def read_header(number: int, line: str) -> dict[str, Role]:
    """The roles that a line declares, by tensor.

    Raises ProgramError with the line for a role there is not, or a name that is none.
    """
    found: dict[str, Role] = {}
    for entry in filter(str.strip, line.split(";")):
        head, colon, names = entry.partition(":")
        match = _ENTRY.fullmatch(head.strip())
        if not match or not colon or match[1] not in WORDS:
            word = head.strip().split(" ")[0]
            raise ProgramError(f"line {number}: {short(head.strip())} is no role; {nearest(word, WORDS)}, e.g. 'weight mlp: W_in, W_out'")
        if match[2] and match[1] not in ("weight", "shared"):
            raise ProgramError(f"line {number}: only weights have a class; write '{match[1]}: {names.strip()}'")
        for name in (n.strip() for n in names.split(",")):
            if not _NAME.fullmatch(name):
                raise ProgramError(f"line {number}: {short(name)} names no tensor; write e.g. 'weight mlp: W_in, W_out'")
            if name in found:
                raise ProgramError(f"line {number}: {name} has two roles; give it one")
            found[name] = Role(match[1], match[2] or "")
    return found


def role_of(name: str, roles: Mapping[str, Role]) -> Role:
    """The role of a tensor; ``St'`` has that of ``St``, a tensor that is not named is an activation."""
    return roles.get(name) or roles.get(name.rstrip("'")) or Role("")


def widths(roles: Mapping[str, Role]) -> dict[str, sp.Expr]:
    """Bytes an element by tensor, as far as the roles say."""
    known = {name: WIDTH[role.word] for name, role in roles.items() if role.word in WIDTH}
    return known | {f"{name}'": width for name, width in known.items() if roles[name].word == "state"}
