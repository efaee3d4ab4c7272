"""matplotlib, asked for when a figure is drawn."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from symroof.errors import InputError


def library(name: str = "matplotlib") -> Any:
    """A module of matplotlib. Raises InputError with the cure if it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        raise InputError("figures are drawn by matplotlib, which is not installed; run: pip install 'symroof[figures]'") from None
