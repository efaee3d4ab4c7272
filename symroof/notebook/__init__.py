"""How everything looks in a notebook: HTML with native MathML, no scripts and nothing loaded from elsewhere.

``html(thing)`` is what ``thing._repr_html_()`` returns. The views read the public attributes of what they show, so this
room stands on the algebra alone; what has no view is shown as its text.
"""

from symroof.notebook.views import html

__all__ = ["html"]
