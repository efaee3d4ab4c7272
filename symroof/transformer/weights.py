"""Weights of which nothing is said but what is stored, such as those of a vision tower."""

from __future__ import annotations

from dataclasses import dataclass

from symroof.transformer.kind import Kind, Pass, Sharding


@dataclass(frozen=True)
class Weights(Kind):
    """``stored`` parameters, of a class (or "buffer"): they take room, and no token of text is multiplied with them."""

    stored: int = 0
    of: str = "vision"

    word = "weights"
    options = ("stored",)

    usual_norms = 0

    def text(self, at: Pass, how: Sharding) -> str:
        """One tensor, or nothing."""
        if not self.stored:
            return ""
        return ("buffer: W" if self.of == "buffer" else f"weight {self.of}: W") + "\n W[N]\n"

    def sizes(self, at: Pass) -> dict[str, int]:
        """N is their count."""
        return {"N": self.stored} if self.stored else {}
