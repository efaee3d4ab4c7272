"""The alphabet, for ``from symroof.symbols import B, D, F``; ``symbol("Q", "query/s", "...")`` declares another letter.

>>> from symroof.symbols import W_hbm
>>> W_hbm.described
'W_hbm [byte/s], HBM bandwidth of a chip'
"""

from symroof.algebra.symbols import *  # noqa: F403
from symroof.algebra.symbols import ALPHABET
from symroof.rooms import public

__all__ = public(globals(), names=("ALPHABET", "Symbol", "symbol", *ALPHABET))
