"""Everything in every form: each result class is found by itself, and each form renders each of them."""

import importlib
import inspect
import json
import pkgutil

import pytest
from click.testing import CliRunner
from test_notebook import SHOWN, made

import symroof
from symroof import SymroofError, show
from symroof.algebra.show import Shown
from symroof.cli.main import cli
from symroof.show.document import Document
from symroof.show.forms import forms, render
from symroof.show.views import views

FORMS = forms()


def classes():
    """Every class of the package that shows itself."""
    found = {}
    for module in pkgutil.walk_packages(symroof.__path__, "symroof."):
        if module.name.rpartition(".")[2] != "__main__":
            for kind in vars(importlib.import_module(module.name)).values():
                if inspect.isclass(kind) and issubclass(kind, Shown) and kind is not Shown and kind.__module__ == module.name:
                    found[f"{kind.__module__}.{kind.__qualname__}"] = kind
    return found


def test_every_class_that_shows_itself_has_a_view_and_no_text_of_its_own():
    found = classes()
    assert len(found) > 25
    for name, kind in found.items():
        assert any(f"{base.__module__}.{base.__qualname__}" in views() for base in kind.__mro__), f"{name} has no view"
        assert kind.__repr__ is Shown.__repr__ and kind._repr_html_ is Shown._repr_html_, f"{name} writes its own text"


def test_every_view_is_that_of_a_class():
    for name in views():
        module, _, kind = name.rpartition(".")
        assert inspect.isclass(getattr(importlib.import_module(module), kind)), name


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", SHOWN)
def test_every_form_shows_everything(name, form):
    text = show.shown(made(name), form)
    assert text.strip()
    if form == "json":
        json.loads(text)
    if form == "latex":
        assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")


def test_a_form_is_a_file():
    assert {"text", "latex", "html", "markdown", "json", "csv"} <= set(FORMS)
    with pytest.raises(SymroofError, match="markdown"):
        render(Document(()), "markdwon")


def test_a_name_in_markdown_is_only_text():
    bad = symroof.symbol("Q", "token", "a | b <script> `x` *y*")
    text = show.markdown(symroof.Cost(bad, "token", "name | <b>*"))
    assert r"name \| \<b\>\*" in text and "<script>" not in text


COMMANDS = {
    "solve": ["solve", "decode.step - decode.weight_time <= 1 ms", "--for", "S"],
    "serve": ["serve", "llama3-70b", "--on", "tpu-v5e", "--formats", "int8"],
    "regimes": ["regimes", "decode.step", "--along", "B"],
    "search serve": ["search", "serve", "llama3-8b", "--on", "tpu-v5e", "--latency", "15 ms", "--formats", "int8", "--chips", "8"],
    "minimize": ["minimize", "training.mixed/comms", "--over", "X"],
    "elasticity": ["elasticity", "decode.step", "--of", "W_hbm"],
    "limit": ["limit", "memory.working_activations", "--large", "F"],
    "formulas": ["formulas", "decode.step"],
    "derive": ["derive", "q05"],
    "chips": ["chips"],
    "llms": ["llms"],
    "show": ["show", "h100"],
    "program": ["program", "In[B_X, D] W[D_X, F] -> Out[B_X, F]"],
}


@pytest.mark.parametrize("form", [f for f in FORMS if f != "text"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_every_form(command, form):
    done = CliRunner().invoke(cli, [*COMMANDS[command], f"--{form}"], catch_exceptions=False)
    assert done.exit_code == 0 and done.output.strip(), done.output


@pytest.mark.parametrize("arguments", [["chips", "--steps"], ["serve", "llama3-8b", "--on", "h100", "--proof"], ["derive", "--top", "3"]])
def test_an_option_that_a_command_does_not_take_is_refused(arguments):
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 2 and "No such option" in done.output


@pytest.mark.parametrize("command", [["export", "P divides n", "--to", "python"], ["document", "P divides n"]])
def test_a_condition_is_one_by_its_grammar_and_not_by_its_signs(command):
    done = CliRunner().invoke(cli, command)
    assert done.exit_code == 2 and ("is a condition" in done.output or "for which letter" in done.output)


def test_the_index_of_the_book_is_markdown_already():
    plain, marked = (CliRunner().invoke(cli, ["derive", "--index", *more]) for more in ([], ["--markdown"]))
    assert plain.exit_code == marked.exit_code == 0 and plain.output == marked.output
