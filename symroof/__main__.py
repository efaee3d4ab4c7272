"""``python -m symroof`` is ``symroof``."""

from symroof.cli import main

main()
