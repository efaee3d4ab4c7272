"""What the lower rooms are handed when symroof is imported: how large arrays are evaluated, how results are shown,
what gives a letter its value.

The algebra knows neither; each is loaded when it is first needed.
"""

from __future__ import annotations

from importlib import import_module

from symroof.algebra import evaluate, show

evaluate.engines.append(lambda compiled, values: import_module("symroof.grid.plan").slots(compiled, values))
show.render.append(lambda thing, form: import_module("symroof.show").rendered(thing, form))
show.givers.append(lambda letters: import_module("symroof.ask.givers").in_python(letters))
show.pages.append(lambda *given, **options: import_module("symroof.web.page").page(*given, **options))
