"""Formulas as source text of other languages: any Cost or Bound as a NumPy, Python, JavaScript or C function."""

from symroof.rooms import callable_room

callable_room(__name__)
