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

from symroof.latex.dispatch import fragment
from symroof.latex.letters import nomenclature
from symroof.latex.paper import Document, document, section
from symroof.latex.piece import Fragment
from symroof.latex.quantities import quantity, unit
from symroof.latex.substituted import numbers
from symroof.latex.tabular import Math, table

__all__ = ["Document", "Fragment", "Math", "document", "fragment", "nomenclature", "numbers", "quantity", "section", "table", "unit"]
