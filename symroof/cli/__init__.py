"""The command line: it declares commands, and reads their options; it knows no formulas and no formatting."""

from symroof.cli.main import cli, main

__all__ = ["cli", "main"]
