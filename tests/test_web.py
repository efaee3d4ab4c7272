"""Interactive pages without a browser: one file that asks nobody for anything, and sentences where a page cannot be made."""

import json
import random
import re
import shutil
import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from importlib.resources import files
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from symroof import Cost, Span, chip, decode, dtype, llm, memory, sheet, symbol, training
from symroof.algebra import show
from symroof.algebra.quantity import show_quantity
from symroof.algebra.symbols import ALPHABET, B, D, S, W_hbm
from symroof.algebra.units import Unit
from symroof.cli import cli
from symroof.cli.web import page as page_command
from symroof.errors import InputError, SymroofError, UnitError, UnknownName
from symroof.show.mathml import mathml as set_in_mathml
from symroof.web import mathml, render
from symroof.web.compiled import rows, ties, written
from symroof.web.page import page
from symroof.web.render import Page
from symroof.web.spec import Range

pytest.importorskip("jinja2", reason="interactive pages need jinja2, which is not installed")
SHEETS = chip("v5e").on("4x4"), llm("llama3-70b"), dtype("int8")


class Elements(HTMLParser):
    """Every element with its attributes, and the text of the scripts."""

    def __init__(self, text):
        super().__init__()
        self.found, self.scripts, self.inside = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self.inside = tag

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts.append(data)


@pytest.fixture(scope="module")
def made():
    return page(decode.step(), *SHEETS, title="A & B <i>", marks={"fits <b>": memory.largest_batch()})


# -- the file
def test_a_page_is_one_file_that_asks_nobody(made):
    elements = Elements(made.html)
    links = [value for _, attributes in elements.found for name, value in attributes.items() if name in ("src", "href", "action", "srcset")]
    assert links == ["data:,"]
    (policy,) = [a["content"] for tag, a in elements.found if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'" and "connect-src" not in rules and "http" not in policy and "*" not in policy
    hashes = [f"'sha256-{b64encode(sha256(s.encode()).digest()).decode()}'" for s in elements.scripts]
    assert len(hashes) == 2 and rules["script-src"].split() == hashes


def test_texts_of_the_user_are_escaped():
    bad = '"><script>window.hacked=1</script><img src=x onerror=alert(1)>'
    part = Cost(B / W_hbm * symbol("Q", "byte/token"), "s", bad) + Cost(D / W_hbm * symbol("Q2", "byte"), "s", "</script>")
    own = sheet(bad, W_hbm="810 GB/s", D=8)
    shown = page(part.named("<u>" + bad), title=bad, choose={"chip": [own]}, Q=3, Q2=4)
    elements = Elements(shown.html)
    assert len(elements.scripts) == 2
    assert not [tag for tag, _ in elements.found if tag in ("img", "u")]
    assert not [a for _, a in elements.found if any(name.startswith("on") for name in a)]
    in_notebook = Elements(shown._repr_html_())
    assert [tag for tag, _ in in_notebook.found] == ["iframe"] and in_notebook.found[0][1]["srcdoc"] == shown.html


def cells(monkeypatch, *executions):
    """What each of some executions shows, named by its cell: the page whole, or what borrows the library."""
    monkeypatch.setattr(render, "_SHOWN_IN", {})
    shell = SimpleNamespace()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    for number, cell in enumerate(executions):
        message = {"header": {"msg_id": str(number)}, "metadata": {"cellId": cell} if cell else {}}
        shell.get_parent = lambda message=message: message
        yield


def test_cells_of_a_notebook_share_the_library(made, monkeypatch):
    """The first brings it, and whatever is run again; where cells have no names each brings its own."""

    def brought():
        (frame,) = Elements(made._repr_html_()).found
        assert frame[1]["srcdoc"] in (made.html, made.borrowing)
        return frame[1]["srcdoc"] == made.html

    run = [(brought(), brought()) for _ in cells(monkeypatch, "a", "b", "c", "b", "a", "", "d")]
    assert run == [(True, False), (False, False), (False, False), (True, False), (True, False), (True, True), (False, False)]
    monkeypatch.setitem(sys.modules, "IPython", None)
    assert brought() and len(made.borrowing) < len(made.html) - 50_000
    assert [a for tag, a in Elements(made.borrowing).found if tag == "meta"] == [a for tag, a in Elements(made.html).found if tag == "meta"]


def test_saving(made, tmp_path):
    target = made.save(tmp_path / "page.html")
    assert target.read_text("utf-8") == made.html
    with pytest.raises(InputError, match="is a directory; give a file in it"):
        made.save(tmp_path)
    with pytest.raises(InputError, match="cannot be written"):
        made.save(tmp_path / "nowhere" / "page.html")
    assert repr(made).startswith("page 'A & B <i>', ") and isinstance(made, Page)


def test_everything_a_page_is_made_of_is_in_the_package():
    folder = files("symroof.web") / "templates"
    wanted = {"page.html", "style.css", *render._SCRIPTS}
    assert wanted == {f.name for f in folder.iterdir()}
    assert all(len((folder / name).read_text("utf-8").splitlines()) <= 250 for name in wanted)
    brought = files("symroof.web") / "vendor"
    assert {f.name for f in brought.iterdir()} == {"uplot.js", "uplot.css", "LICENSE"}
    assert "MIT License" in (brought / "LICENSE").read_text("utf-8")


def test_nothing_is_imported_until_a_page_is_made():
    code = "import sys, symroof, symroof.web.page, symroof.cli; print([m for m in ('jinja2', 'latex2mathml') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n", done.stdout + done.stderr


# -- what cannot be
@pytest.mark.parametrize("missing", ["jinja2", "latex2mathml"])
def test_a_missing_package_is_one_sentence_with_the_cure(monkeypatch, missing):
    set_in_mathml.cache_clear()
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.setitem(sys.modules, {"latex2mathml": "latex2mathml.converter"}.get(missing, missing), None)
    with pytest.raises(InputError, match="pip install"):
        page(decode.step(), *SHEETS)


WRONG = [
    (lambda: page(decode.step()), InputError, "C, H, K, L, P, W_hbm, n, p_kv, p_w have no value on the page; give C="),
    (lambda: page(decode.step(), *SHEETS, along="Q"), UnknownName, "'Q' is not a letter of the formula"),
    (lambda: page(decode.step(), *SHEETS, sliders=("W_hbn",)), UnknownName, "did you mean 'W_hbm'"),
    (lambda: page(decode.step(), *SHEETS, sliders={"S": (8, 8)}), InputError, "give the lower end first"),
    (lambda: page(decode.step(), *SHEETS, sliders={"S": [0, 8]}), InputError, "is no range for S"),
    (lambda: page(decode.step(), *SHEETS, along={"B": 5}), InputError, "is no range for B"),
    (lambda: page(3, *SHEETS), InputError, "is no cost"),
    (lambda: page([], *SHEETS), InputError, "is no cost"),
    (lambda: page(decode.step(), *SHEETS, choose={"chip": []}), InputError, "nothing to choose"),
    (lambda: page(decode.step(), *SHEETS, choose={"chip": ["v5e"]}), InputError, "is no sheet"),
    (lambda: page(decode.step(), *SHEETS, marks={"here": 3}), InputError, "is no bound"),
    (lambda: page(decode.step(), *SHEETS, marks={"S": decode.kv_overtakes_math()}), InputError, "a bound of S, but the axis is B"),
    (lambda: page(decode.step(), *SHEETS, W_hbm="3 s"), UnitError, "W_hbm"),
    (lambda: page(decode.step(), *SHEETS, U=3), UnknownName, "'U' is not"),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_what_cannot_be_is_a_sentence(number):
    make, kind, said = WRONG[number]
    with pytest.raises(kind, match=said) as caught:
        make()
    assert isinstance(caught.value, SymroofError) and "\n" not in str(caught.value)


# -- formulas
@given(st.sampled_from(sorted(ALPHABET)), st.sampled_from(sorted(ALPHABET)))
def test_every_letter_of_a_formula_gets_a_place_for_its_number(one, other):
    a, b = ALPHABET[one], ALPHABET[other]
    for expr in (a * b, a**2 / b, 3 * a + b, (a + b) ** 2 / 7):
        elements = Elements(mathml.numbers(show.latex(expr), expr.free_symbols))
        places = {attributes["data-symbol"] for _, attributes in elements.found if "data-symbol" in attributes}
        assert places == {s.name for s in expr.free_symbols}
        assert not [tag for tag, _ in elements.found if tag in ("mi", "msub", "mtext")], expr


def test_factors_are_joined_by_a_dot_and_functions_by_nothing():
    shown = mathml.numbers(r"\frac{2 B W_\text{hbm}^{2}}{3} + \log{\left(B \right)}", [B, W_hbm])
    text = "".join(Elements2(shown).texts)
    assert text == "2⋅B⋅W_hbm23+log(B)"


class Elements2(HTMLParser):
    """The texts of a formula."""

    def __init__(self, text):
        super().__init__()
        self.texts = []
        self.feed(text)

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("cost", [decode.step(), training.mixed(overlap="axes"), memory.memory()], ids=lambda c: c.name)
def test_at_a_tie_two_parts_are_equal(cost):
    values = {s: 1.0 + 0.37 * i for i, s in enumerate(sorted(cost.free_symbols, key=str))}
    found = list(ties(cost, B))
    tree = rows(cost)
    met = 0
    for tie in found:
        at = tie.bound.at({s: v for s, v in values.items() if s in tie.bound.free_symbols})
        ends = [x for pair in at.intervals for x in pair] if isinstance(at, Span) else [float(at)]
        for x in (x for x in ends if 0 < x < float("inf")):
            here = values | {B: x}
            a, b = (float(tree[i].cost.at({s: here[s] for s in tree[i].cost.free_symbols})) for i in (tie.first, tie.second))
            assert a == pytest.approx(b, rel=1e-9)
            met += 1
    assert met and tree[0].cost is cost and tree[0].parent == -1
    assert all(tree[i].parent == t.node for t in found for i in (t.first, t.second))


def test_the_stops_of_a_slider():
    whole = Range.of(S, (2048, 65536))
    assert {2048.0 * 2**i for i in range(6)} <= set(whole.stops) and all(x == int(x) for x in whole.stops)
    assert (whole.stops[0], whole.stops[-1], whole.start) == (2048, 65536, 8192)
    assert Range.of(S, [5, 3, 4]).stops == (3, 4, 5)
    broken = Range.of(W_hbm, (1e11, 1e12))
    assert broken.stops[0] == 1e11 and broken.stops[-1] == 1e12 and len(broken.stops) > 12
    assert all(a < b for a, b in zip(broken.points, broken.points[1:], strict=False))
    assert Range.of(B, (1, 512)).points == tuple(range(1, 513))


# -- on the command line
def run(*args):
    shell = type(cli)("symroof")
    shell.add_command(page_command)
    return CliRunner().invoke(shell, ["page", *map(str, args)])


CALLS = {
    "serve": ("llama3-70b,llama3-8b", "--on", "tpu-v5e,h100", "--slice", "4x4", "--formats", "int8", "--set", "eta_hbm=0.8"),
    "frontier": ("llama3-70b,llama3-8b", "--on", "tpu-v5e,h100"),
    "breakdown": ("llama3-8b,llama3-70b", "--on", "h100,tpu-v5e", "--math", "bf16", "--set", "W_hbm=820 GB/s"),
    "training": ("--on", "tpu-v5e", "--slice", "16x16", "--set", "D=4096"),
    "regimes": ("decode.step", "--over", "B,S", "--on", "v5e", "--slice", "4x4", "--model", "llama3-8b", "--slider", "W_hbm"),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_command_writes_a_page_and_says_where(name, tmp_path):
    formats = ("--formats", "int8") if name == "regimes" else ()
    done = run(name, *CALLS[name], *formats, "-o", tmp_path / "made.html")
    assert (done.exit_code, done.output) == (0, f"{tmp_path / 'made.html'}\n")
    assert (tmp_path / "made.html").read_text("utf-8").startswith("<!doctype html>")


REFUSED = [
    (("serve", "llama3-70b", "--on", "tpu-v5e,h100", "-o", "."), "is a directory"),
    (("serve", "llama3-71b", "--on", "tpu-v5e"), "did you mean 'llama3-70b'"),
    (("serve", "llama3-70b", "--on", "tpu-v5e", "--slice", "3x3"), "has no slice '3x3'"),
    (("serve", "llama3-70b", "--on", "tpu-v5e", "--formats", "int9"), "there is no number format 'int9'"),
    (("serve", "llama3-70b", "--on", ","), "no chip is named"),
    (("frontier", "llama3-70b", "--on", "tpu-v5e,tpu-v5p", "--math", "fp4"), "arithmetic in 'fp4'"),
    (("breakdown", "llama3-70b", "--on", "tpu-v5e", "--set", "Q=3"), "'Q' is not a symbol"),
    (("training",), "a chip is needed"),
    (("training", "--on", "tpu-v5e", "--slice", "1x1"), "has no links to split a layer over"),
    (("regimes", "decode.step", "--over", "B"), "over two letters"),
    (("regimes", "decode.step", "--over", "B,S"), "still need a value"),
    (("regimes", "decode.stop", "--over", "B,S"), "did you mean"),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_a_command_refuses_is_a_sentence(number, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    args, said = REFUSED[number]
    done = run(*args)
    assert done.exit_code == 2 and said in done.output and done.output.count("\n") == 1, done.output
    assert not list(tmp_path.iterdir())


# -- numbers
POWERS = "⁰¹²³⁴⁵⁶⁷⁸⁹"


def parts_of(text):
    """What stands before a number, the number, and what stands behind it; of ``1.2×10⁷`` as of ``1.2e7``."""
    plain = re.sub(
        f"(?:([0-9.]+)×)?10([⁻{POWERS}]+)",
        lambda m: f"{m[1] or 1}e" + "".join("-" if c == "⁻" else str(POWERS.index(c)) for c in m[2]),
        text.replace(" µs", " us").replace(",", ""),
    )
    before, number, behind = re.fullmatch(r"([^0-9]*)([0-9.]+(?:e-?[0-9]+)?)(.*)", plain).groups()
    return before, float(number), behind


def test_the_browser_writes_quantities_as_python_does():
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not here")
    units = ("s", "USD", "USD/s", "USD/token", "USD/J", "byte", "byte/s", "FLOP/s", "token", "1", "J", "1/s", "token/s/chip")
    draw = random.Random(1)
    cases = [(10 ** draw.uniform(-9, 14), unit) for unit in units for _ in range(200)]
    cases += [(float(x), "s") for x in (0, 59, 60, 3599, 3599.99, 3600, 86399, 86399.99, 86400, 604800, 1e7)]
    code = (files("symroof.web") / "templates" / "format.js").read_text("utf-8").replace("document.getElementById(id)", "id")
    data = {"units": {unit: written(Unit.of(unit)) for unit in units}}
    call = f"{json.dumps(cases)}.map(([x, unit]) => quantity(x, unit))"
    source = f"const DATA = {json.dumps(data)};\n{code}\nconsole.log(JSON.stringify({call}));"
    done = subprocess.run([node, "-"], input=source, capture_output=True, text=True, timeout=60, encoding="utf-8")
    for (value, unit), theirs in zip(cases, json.loads(done.stdout), strict=True):
        ours = parts_of(show_quantity(value, Unit.of(unit)))
        assert parts_of(theirs) == (ours[0], pytest.approx(ours[1], rel=1e-3), ours[2]), (value, unit)
