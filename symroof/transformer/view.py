"""Which tokens of its context a token sees: all of them, a window, its own chunk, one entry for several, or those that score highest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from symroof.algebra.operands import plain
from symroof.algebra.symbols import Symbol


@dataclass(frozen=True)
class View:
    """A token sees itself and the ``window`` - 1 before it, or what its own ``chunk`` has so far, or all; of that one entry in place of
    ``every`` so many tokens, and of the entries the ``top`` ones. What only the choice leaves out stays in the cache.

    Where a compressed entry is not complete the mean is counted, S/m; of chunks too, (C+1)/2 once a context is longer.
    """

    window: Any = None
    chunk: Any = None
    every: Any = 1
    top: Any = None

    @property
    def limit(self) -> sp.Expr | None:
        """The tokens that a token sees at most, or that its entries stand for; None for all of them."""
        if self.window is not None:
            return plain(self.window)
        return None if self.top is None else plain(self.top) * plain(self.every)

    @property
    def all(self) -> bool:
        """Whether a token sees the whole context."""
        return self == View()

    @property
    def grows(self) -> bool:
        """Whether the cache grows with the context without bound."""
        return self.window is None and self.chunk is None

    @property
    def word(self) -> str:
        """What a layer with this view is called: ``windowed`` attention; empty where its kind says it, or it is plain."""
        words = {"windowed": self.window, "chunked": self.chunk, "sparse": self.top}
        return next((word for word, of in words.items() if of is not None), "")

    @property
    def letter(self) -> Symbol | None:
        """The letter that tells it from others."""
        return next((s for s in (self.window, self.chunk, self.top, self.every) if isinstance(s, Symbol)), None)

    def held(self, tokens: sp.Expr) -> sp.Expr:
        """Entries that are cached of so many tokens."""
        most = self.window if self.chunk is None else self.chunk
        return tokens / plain(self.every) if most is None else sp.Min(tokens, plain(most), evaluate=False)

    def admitted(self, tokens: sp.Expr, new: sp.Expr) -> sp.Expr:
        """Tokens that a server keeps of so many, for steps of ``new`` ones: it drops those before a window or a chunk after a step."""
        if self.grows:
            return tokens
        before = plain(self.window) - 1 if self.chunk is None else plain(self.chunk)
        return sp.Min(tokens, before + new, evaluate=False)

    def seen(self, tokens: sp.Expr) -> sp.Expr:
        """Entries that the last of so many tokens sees."""
        if self.chunk is not None:
            return sp.Min(tokens, (plain(self.chunk) + 1) / 2, evaluate=False)
        most = self.limit
        return (tokens if most is None else sp.Min(tokens, most, evaluate=False)) / plain(self.every)

    def together(self, tokens: sp.Expr) -> sp.Expr:
        """What tokens from the first on see together: 1 + 2 + ... = n(n+1)/2, no more than the limit each."""
        if self.chunk is not None:
            return tokens * (sp.Min(tokens, plain(self.chunk), evaluate=False) + 1) / 2
        inside = tokens if self.limit is None else sp.Min(tokens, self.limit, evaluate=False)
        beyond = 0 if self.limit is None else (tokens - inside) * self.limit
        return (inside * (inside + 1) / 2 + beyond) / plain(self.every)


#: The whole context.
ALL = View()
