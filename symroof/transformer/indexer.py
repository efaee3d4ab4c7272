"""The indexer of sparse attention: small heads that score every cached token, so that attention itself reads the best only."""

from __future__ import annotations

from typing import Any

from symroof.errors import InputError
from symroof.transformer.kind import Pass, Sharding, Size

#: Queries from a tensor of a width, keys from the input, scores of every token that is cached.
_TEXT = """
    weight indexer: W_iq, W_ik; cache: Index; on chip: Picks
    {source}             W_iq[{width}, Nx, Hx]   -> Iq[B~d, T~t, Nx, Hx]
    {token}              W_ik[D~f, Hx]           -> Ik[B~d, T~t, Hx]
    Iq[B~d, T~t, Nx, Hx] Index[{cached}, Hx]     -> Picks[{scored}, Nx] {{picked}}
"""
#: Every head has its say by a weight of its own.
_WEIGHED = """
    weight indexer: W_iw; on chip: Picked
    {token}              W_iw[D~f, Nx]           -> Iw[B~d, T~t, Nx]
    Picks[{scored}, Nx]  Iw[B~d, T~t, Nx]        -> Picked[{scored}] {{picked}}
"""


def text(source: str, width: str, token: str, how: Sharding, weighed: bool) -> str:
    """The program of an indexer whose queries come from ``source`` of a ``width``; ``token`` is the input of the layer.

    W_iq [width, N_ix H_ix], W_ik [D, H_ix], and if ``weighed`` W_iw [D, N_ix]; H_ix elements of cache a token; 2 N_ix H_ix FLOPs
    (2 N_ix more if weighed) for a token and every token before it.
    """
    cached = "B~d~c, Sx" if how.cache else "B~d, Sx~s~t"
    scored = "B~d~c, T, Sx" if how.cache else "B~d, T~t, Sx~s"
    found = (_TEXT + (_WEIGHED if weighed else "")).format(source=source, width=width, token=token, cached=cached, scored=scored)
    if how.cache:  # what a chip scores is a slice of what it has
        found = found.replace("Iq[B~d, T~t, Nx, Hx] Index", "Iqs[B~d~c, T, Nx, Hx] Index").replace(
            " Iw[B~d, T~t, Nx]  ", " Iws[B~d~c, T, Nx] "
        )
    return found


def sizes(at: Pass, heads: Size | None, size: Size | None) -> dict[str, Any]:
    """What its dimensions stand for."""
    return {"Nx": heads, "Hx": size, "Sx": at.read()} if heads is not None else {}


def marks(at: Pass) -> dict[str, Any]:
    """Of the T x S scores only those of tokens that are seen."""
    return {"picked": at.pairs() / (at.new * at.read())}


def check(word: str, top: Size | None, heads: Size | None, size: Size | None) -> None:
    """Raise InputError for an indexer that is given in part."""
    if (heads is None) != (size is None) or (heads is not None and top is None):
        given = {"top": top, "N_ix": heads, "H_ix": size}
        lacking = " and ".join(name for name, value in given.items() if value is None)
        raise InputError(f"{word}: an indexer has heads N_ix of a size H_ix, and picks top tokens; {lacking} is missing")
