r"""LaTeX of everything: fragments to ``\input`` into a paper, and whole documents.

>>> from symroof import decode, latex
>>> print(latex.fragment(decode.critical_batch()))
\[
B \ge \frac{C p_w}{2 W_\text{hbm}}
\]

``fragment(obj)`` is an object as a formula or a table, ``numbers(obj, *sheets)`` the formula with its numbers put in,
``table(head, rows)`` a table with booktabs, ``nomenclature(*objs)`` the letters that are used, ``document(*pieces)`` a
whole article. Every fragment is a text with ``.needs`` (its packages: amsmath, booktabs, longtable) and ``.save(path)``.
"""

from symroof.rooms import public
from symroof.show.tex.numbers import numbers
from symroof.show.tex.paper import Paper, document, fragment, nomenclature, section
from symroof.show.tex.tabular import Fragment, Tex, table
from symroof.show.tex.writer import quantity, unit

__all__ = ["Fragment", "Paper", "Tex", "document", "fragment", "nomenclature", "numbers", "quantity", "section", "table", "unit"]
public(globals(), names=__all__)
