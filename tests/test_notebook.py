"""The notebook: HTML that is well-formed, safe and self-contained, that shows the numbers of the text, and marks what binds."""

import re
import subprocess
import sys
from functools import cache
from xml.etree import ElementTree

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import symroof
from symroof import (
    Cost,
    Network,
    SymroofError,
    Torus,
    chip,
    decode,
    dtype,
    elasticity,
    limit,
    llm,
    matmul,
    memory,
    mesh,
    minimize,
    program,
    regimes,
    roofline,
    search,
    sensitivities,
    sharding,
    sheet,
    solve,
    space,
    sweep,
    symbol,
    training,
)
from symroof.algebra.quantity import show_quantity
from symroof.algebra.symbols import Symbol
from symroof.algebra.units import Unit
from symroof.analysis.elasticity import Kink
from symroof.grid.sweep import Spot
from symroof.sheets.sheet import Sheet
from symroof.show import html
from symroof.show.views import views
from symroof.symbols import B, C, D, F, S, W_hbm, X, Y, n

V5E, LLAMA, INT8 = chip("tpu-v5e"), llm("llama3-70b"), dtype("int8", math="bf16")
MATMUL = roofline(matmul(B, D, F))
RULE = solve(MATMUL["math"] >= MATMUL["hbm"], B, large=(D, F))
AT = {"n": 16, "B": 32, "S": 8192}


def best_split():
    comms = training.comms(training.layer("FSDP + tensor parallel"))
    return minimize(comms, over=X, subject_to=sp.Eq(X * Y, n))


def found():
    spots = space(V5E, LLAMA, INT8, S="32 Ki", B=range(1, 513), n=[8, 16, 32])
    return search(spots, maximize=decode.throughput(), subject_to=[memory.memory() <= memory.capacity(), decode.step() <= "15 ms"])


def questions():
    from symroof.book.chapters import questions

    return questions()


LAYER = """
    In[B_X, D_Y]  W_in[D_X, F_Y]  -> Tmp[B_X, F_Y]
    Tmp[B_X, F_Y] W_out[F_Y, D_X] -> Out[B_X, D_Y]
"""

#: One of everything that has a view, and what its HTML has to say in so many words.
SHOWN = {
    "Cost": (decode.step, ["decode step", "attention", "MLP", "sum of", "max of", "[s]", "KV heads"]),
    "Cost, one expression": (lambda: matmul(B, D, F).flops, ["flops", "[FLOP]"]),
    "Condition": (lambda: decode.step() <= "15 ms", ["letters"]),
    "Limit": (lambda: limit(MATMUL, large=(D, F)), ["for large", "the exact cost"]),
    "Bound": (lambda: RULE, ["for large D, F", "5 steps", "the condition", "which is positive"]),
    "Bound, exact": (lambda: RULE.exact, ["when", "the domain; elsewhere no B will do"]),
    "Bound, two pieces": (lambda: solve(decode.step()["attention"] >= decode.step() / 2, S), ["steps"]),
    "Bound, never": (lambda: solve(Cost(B, "token") >= Cost(2 * B, "token"), B), ["never"]),
    "Bound, numeric": (lambda: solve(Cost(sp.exp(B / D) + B, "token") <= Cost(F, "token"), B), ["has no closed form for B"]),
    "Proof": (lambda: RULE.proof(), ["verified at", "the bound against its condition"]),
    "Span": (lambda: solve(Cost(B + D / B, "token") <= Cost(F, "token"), B).at(D=4, F=5), ["1 token", "4 tokens"]),
    "Step": (lambda: RULE.steps[1], ["multiply both sides by"]),
    "Value": (lambda: decode.step().at(V5E.on("4x4"), LLAMA, INT8, **AT), ["8.758 ms", "3.314 ms", "5.444 ms", "1.433 ms"]),
    "Value, a number": (lambda: RULE.at(V5E, dtype("bf16")), ["243.2 tokens"]),
    "Value, far off": (lambda: RULE.at(V5E, dtype("bf16"), D=1024, F=1024), ["% low"]),
    "Value, array": (
        lambda: decode.step().at(V5E.on("4x4"), LLAMA, INT8, B=np.array([1, 32, 240]), S="8 Ki"),
        ["array 3", "binds at 66.7 % of the points", "binds at 33.3 % of the points"],
    ),
    "Sheet": (lambda: V5E, ["Google TPU v5e", "197 TFLOP/s", "810 GB/s", "HBM bandwidth of a chip", "jax-ml.github.io", "16x16"]),
    "Llm": (lambda: LLAMA, ["70553706496 params", "KV heads", "derived from the layers"]),
    "Sheet, one's own": (lambda: sheet("chat", B=32), ["chat", "32 tokens", "source: given"]),
    "Regimes": (lambda: regimes(sharding.sharded_matmul(), along=B), ["regimes of sharded matmul along B", "when", "hbm", "ici", "math"]),
    "Regimes, numbers": (
        lambda: regimes(decode.step(), along=B).at(V5E.on("4x4"), LLAMA, INT8, S=8192),
        ["52.57 tokens \u2264 B \u2264 121.6 tokens", "MLP: weights", "attention"],
    ),
    "Regime": (lambda: regimes(decode.step()["MLP"], along=B).regimes[0], ["weights"]),
    "Regions": (lambda: regimes(sharding.sharded_matmul(), over=(B, Y)), ["over B, Y", "ici", "hbm", "math", "and"]),
    "Region": (lambda: regimes(sharding.sharded_matmul(), over=(B, Y)).regions[0], ["ici"]),
    "Minimum": (best_split, ["minimize comms over X", "the derivative vanishes there", "convex in log X"]),
    "Best": (
        lambda: best_split().at(chip("tpu-v5p"), dtype("bf16"), B=2**20, D=8192, F=28672, n=4096, M_X=2, M_Y=1),
        ["547.4", "7.483", "697.5 us", "512", "699.1 us", "0.22 % off"],
    ),
    "Elasticity": (lambda: elasticity(decode.step()["MLP"], W_hbm), ["elasticity of MLP by W_hbm", "weights", "math"]),
    "Kink": (lambda: Kink(-1, 0, W_hbm, "MLP"), ["-1 to 0 at the kink of MLP"]),
    "Sensitivities": (lambda: sensitivities(decode.step(), among=(W_hbm, C)), ["ask .at(sheets, ...)"]),
    "Ranking": (
        lambda: sensitivities(decode.step(), among=(W_hbm, C, S)).at(V5E.on("4x4"), LLAMA, INT8, B=32, S=8192),
        ["810 GB/s", "-9.091 %", "0.3784", "no effect"],
    ),
    "Sweep, one axis": (lambda: sweep(decode.step()["MLP"], V5E.on("4x4"), LLAMA, INT8, B=range(1, 257)), ["5.444 ms", "weights", "math"]),
    "Sweep": (
        lambda: sweep(decode.step(), LLAMA, INT8, chip=[V5E, chip("tpu-v5p")], n=[8, 16], B=range(1, 257), S="8 Ki"),
        ["least at", "tpu-v5e, tpu-v5p", "256 values, 1 token to 256 tokens", "points shown"],
    ),
    "Sweep, empty": (lambda: sweep(decode.step(), V5E, LLAMA, INT8, n=1, B=[], S=8), ["0 points"]),
    "Spot": (lambda: sweep(decode.step(), V5E, LLAMA, INT8, n=16, B=[1, 2], S=8).best(), ["at B=1", "bound"]),
    "Found": (found, ["59", "123.4 token/s/chip", "decode step \u2264 15 ms", "14.94 ms", "0.4% left", "points considered"]),
    "Candidate": (lambda: found().best, ["B=59, n=32", "123.4 token/s/chip"]),
    "Choices": (
        lambda: symroof.search_serving(LLAMA, "tpu-v5e", latency="15 ms", formats="int8", chips=16),
        ["386.1 token/s/chip", "X=1 Y=8 Z=2", "These cannot", "stopped by"],
    ),
    "Value, never": (
        lambda: decode.batch_within().at(V5E.on("1x1"), LLAMA, INT8, S=8192, t_lim="1 ms"),
        ["never: at tpu-v5e 1x1", "of what it needs"],
    ),
    "Value, no points": (lambda: decode.step().at(V5E.on("4x4"), LLAMA, INT8, B=np.array([]), S=8), ["empty array"]),
    "Minimum, none": (lambda: minimize(Cost(B, "token"), over=B), ["it falls without end as B grows small"]),
    "Minimum, plateau": (lambda: minimize(Cost(B, "token") | Cost(D, "token"), over=B), ["any value in between costs the same", "to"]),
    "Minimum, cases": (
        lambda: minimize(Cost(B, "token") | Cost(D, "token") | Cost(D * F / B, "token"), over=B),
        ["when", "any value in between costs the same", "two parts of the maximum cross there"],
    ),
    "Minimum, several": (lambda: minimize(best_split().problem.asked, over=(X, Y)), ["a geometric program; evaluated by .at(...)"]),
    "Elasticity, in part": (lambda: elasticity(decode.step(), C).at(V5E.on("4x4"), LLAMA, INT8, S=8192), ["MLP/math", "MLP/weights"]),
    "Sweep, no axes": (lambda: sweep(decode.step(), V5E, LLAMA, INT8, n=16, B=4, S=8), ["1 point", "5.444 ms", "bound"]),
    "Sweep, nothing but zeros": (lambda: sweep(Cost(sp.floor(B / 100), "token", "nothing"), B=[1, 2]), ["nothing", "0 tokens"]),
    "Sweep, below zero": (lambda: sweep(decode.step() - 2 * decode.step(), V5E, LLAMA, INT8, n=1, B=[1, 2], S=[8, 9]), ["-87.1"]),
    "Found, a front": (
        lambda: search(space(V5E, LLAMA, INT8, S=8192, B=[1, 2], n=[8, 16]), minimize=[decode.step(), Cost(n, "chip", "chips")]),
        ["16 chips", "8 chips", "5.548 ms"],
    ),
    "Found, many": (
        lambda: search(space(V5E, LLAMA, INT8, S=8192, B=range(1, 100), n=16), minimize=decode.step(), best=20),
        ["10 more points", "weights"],
    ),
    "Choices, none": (
        lambda: symroof.search_serving(LLAMA, "tpu-v5e", latency="1 ms", formats="int8", chips=4),
        ["These cannot", "memory \u2264 HBM"],
    ),
    "Load": (
        lambda: symroof.load(LLAMA, "tpu-v5e", rate="2/s", tpot="40 ms", formats="int8", chips=16),
        ["1 replica of tpu-v5e 4x4", "<- binds", "one more output token", "Arrivals poisson"],
    ),
    "Load, none": (
        lambda: symroof.load(LLAMA, "tpu-v5e", rate="50/s", replicas=1, formats="int8", slice="4x4"),
        ["is the most on tpu-v5e 4x4"],
    ),
    "Work": (lambda: matmul(B, D, F), ["FLOPs", "HBM traffic", "intensity", "[FLOP/byte]"]),
    "Mesh": (lambda: mesh(X=Torus(), Y=Torus(axes=2), Z=Network()), ["Torus(axes=2)", "Network()"]),
    "Program": (lambda: program(LAYER), ["AllGather_Y(In)", "ReduceScatter_Y(Out)", "In[B_X, D_Y] W_in[D_X, F_Y] -> Tmp[B_X, F_Y]"]),
    "Collective": (lambda: program(LAYER).collectives[0], ["AllGather_Y(In)", "[byte]"]),
    "Question": (lambda: questions()[4], ["ours", "book"]),
    "Answer": (lambda: next(a for q in questions()[:6] for a in q.answers() if a.verdict == "agrees"), ["agrees"]),
}


@cache
def made(name):
    return SHOWN[name][0]()


def parsed(fragment):
    """The fragment as a tree of strict XML: what is not well-formed is an error."""
    return ElementTree.fromstring(fragment)


def words(element):
    return " ".join("".join(element.itertext()).split())


@pytest.mark.parametrize("name", SHOWN)
def test_a_view_is_wellformed_and_says_what_it_is(name):
    root = parsed(html(made(name)))
    assert root.tag == "div" and root.get("class") == "symroof" and root[0].tag == "style"
    said = words(root)
    assert [w for w in SHOWN[name][1] if w not in said] == []


def test_everything_with_a_view_is_tried():
    tried = {f"{kind.__module__}.{kind.__qualname__}" for name in SHOWN for kind in type(made(name)).__mro__}
    alone = {
        "plan.story.Story",
        "plan.room.Room",
        "plan.choices.Choice",
        "plan.fleets.Fleet",
        "plan.traces.Trace",
        "algebra.value.Deviation",
        "search.found.Gain",
        "search.found.Slack",
        "search.search.Space",
        "fitting.explain.Explanation",
        "measured.validation.Validation",
        "sheets.calibrations.Calibration",
    }
    assert set(views()) - tried <= {f"symroof.{name}" for name in alone}
    parsed(html(made("Choices").rows[0]))
    parsed(html(made("Choices").rows[-1]))
    parsed(html(made("Load").fleets[0]))
    parsed(html(made("Load, none").fleets[0]))


PLAIN = {"div", "style", "span", "strong", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "code", "a", "pre"}
MATHML = {"math", "mrow", "mi", "mn", "mo", "mtext", "mfrac", "msub", "msup", "msubsup", "msqrt", "mroot", "mspace", "mover", "munder"}
MATHML |= {"munderover", "mtable", "mtr", "mtd", "mstyle"}
ATTRIBUTES = {"class", "style", "role", "aria-label", "title", "href", "rel"}


def safe(fragment):
    """No element that runs or loads anything, no attribute that could; addresses only in links one has to click."""
    for element in parsed(fragment).iter():
        assert element.tag in PLAIN | MATHML, element.tag
        assert element.tag in MATHML or set(element.attrib) <= ATTRIBUTES, element.attrib
        assert not [a for a in element.attrib if a.startswith("on") or (a in ("href", "style", "class") and element.tag in MATHML)]
        assert re.match("https?://", element.get("href", "https://"))
    return "url(" not in fragment and "@import" not in fragment and "<script" not in fragment


@pytest.mark.parametrize("name", SHOWN)
def test_a_view_runs_nothing_and_loads_nothing(name):
    assert safe(html(made(name)))


HOSTILE = [
    "<script>alert(1)</script>",
    "</style></div><img src=x onerror=alert(1)>",
    "\" onmouseover='alert(1)",
    "$x$ & <b> ]]> &amp; \x00\x1b",
    r"\href{javascript:alert(1)}{x}",
    r"\text{<script>alert(1)</script>}",
    r"\text{<style>*{display:none}</style>}",
    "https://x.example/\"onclick='a'<b>",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_only_text(name):
    # past what symbol() refuses; its own name, since sympy keeps the first of two equal letters in an expression
    bad = Symbol(f"Q_{HOSTILE.index(name)}", Unit.of("token"), name, name)
    whole = (Cost(bad * B, "token", name, source=name) | Cost(D * B, "token", "plain")) + Cost(F * B, "token", name + "2")
    whole = whole.named(name)
    given = Sheet(name, name, {bad: symroof.sheet("x", B=3)[B]}, sources={bad: name})
    value = whole.at(given, B=2, D=3, F=5)
    shown = [whole, value, given, whole >= "3 token", solve(whole["plain"] >= whole.parts[0].parts[0], D), made("Bound")]
    shown += [
        sweep(whole, given, B=[1, 2], D=[3, 4], F=1),
        sweep(whole, case=[given, Sheet(name + "b", "", dict(given.values))], B=1, D=3, F=1),
    ]
    shown += [Spot({name: name}, value), regimes(whole, along=B), regimes(whole, along=D), program("In[B, D] -> Out[B, D]")]
    for thing in shown:
        assert safe(html(thing)), thing
    clean = "".join(c for c in name if c >= " ")
    said = "".join(parsed(html(value)).itertext())
    assert clean in said.replace("\ufffd", "")


def test_an_address_in_a_source_becomes_a_link():
    shown = html(V5E)
    links = [e.get("href") for e in parsed(shown).iter("a")]
    assert "https://jax-ml.github.io/scaling-book/tpus/" in links
    assert all(link in {w.rstrip(",.;)") for source in V5E.sources.values() for w in source.split()} for link in links)


# -- bars
NAMES = st.integers(1, 10**6)


@st.composite
def trees(draw, depth=2):
    """A cost of sums and maxima of symbols, and a value for each."""
    counter = iter(range(1000))

    def leaf():
        letter = symbol(f"x{next(counter)}", "s")
        return Cost(letter, "s", f"part {letter.name}"), {letter: draw(NAMES)}

    def branch(level):
        if not level or draw(st.booleans()):
            return leaf()
        found = [branch(level - 1) for _ in range(draw(st.integers(2, 3)))]
        join = draw(st.sampled_from(["sum", "max"]))
        whole = found[0][0]
        for cost, _ in found[1:]:
            whole = whole + cost if join == "sum" else whole | cost
        return whole.named(f"join {next(counter)}"), {k: v for _, values in found for k, v in values.items()}

    cost, values = branch(depth)
    other, more = leaf()
    return (cost | other if draw(st.booleans()) else cost + other).named("whole"), {**values, **more}


def rows(fragment):
    """The rows of a Value: its cells as text, and the pieces of its bar as (left, width, class)."""
    for row in parsed(fragment).iter("tr"):
        name, number, drawn, mark = list(row)
        pieces = []
        for span in drawn.iter("span"):
            left, width = re.fullmatch(r"left:([\d.]+)%;width:([\d.]+)%", span.get("style")).groups()
            pieces.append((float(left) / 100, float(width) / 100, span.get("class")))
        yield words(name), words(number), pieces, words(mark)


def flat(value, start=0):
    """Every value of a tree, where it starts and whether it wins the maximum it is in, worked out from the exact numbers."""
    yield value, start, False
    winner = max((q.number for q in value.parts), default=None)
    for part in value.parts:
        inner = list(flat(part, start))
        first = next(q for q in value.parts if q.number == winner)
        yield part, start, value.join == "max" and part is first
        yield from inner[1:]
        start += part.number if value.join == "sum" else 0


@given(trees())
def test_bars_are_as_long_as_the_numbers_and_the_binding_part_is_marked(tree):
    cost, values = tree
    value = cost.at(values)
    seen = list(rows(html(value)))
    expected = list(flat(value))
    assert len(seen) == len(expected)
    for (name, number, pieces, mark), (part, start, wins) in zip(seen, expected, strict=True):
        assert name in (part.name, "total") and number == show_quantity(float(part.number), part.unit)
        assert sum(width for _, width, _ in pieces) == pytest.approx(float(part.number / value.number), abs=4e-4)
        assert pieces[0][0] == pytest.approx(float(start / value.number), abs=1e-3)
        assert (mark == "\u2190 bound") == wins
    if value.join == "max":
        assert [name for name, _, _, mark in seen if mark and name == value.binding] == [value.binding]


def test_what_does_not_bind_is_lighter_with_all_its_parts():
    a, b, c = (symbol(x, "s") for x in "abc")
    slack = (Cost(a, "s", "one") + Cost(b, "s", "two")).named("slack")
    seen = {
        name: {kind for *_, kind in pieces}
        for name, _, pieces, _ in rows(html((slack | Cost(c, "s", "wins")).named("t").at(a=1, b=2, c=9)))
    }
    assert seen == {"total": {"sr-all"}, "slack": {"sr-slack"}, "one": {"sr-slack"}, "two": {"sr-slack"}, "wins": {"sr-bound"}}


@pytest.mark.parametrize("numbers", [(0, 0), (1, -1), (1, -5), (1e308, 1e-308)])
def test_numbers_that_make_no_bars_are_still_shown(numbers):
    a, b = symbol("a", "s"), symbol("b", "s")
    value = (Cost(a, "s", "a") - Cost(b, "s", "b")).named("t").at({a: 3, b: 4}) if numbers[1] < 0 else None
    value = value or (Cost(a - a + numbers[0], "s", "a") | Cost(sp.Float(numbers[1]) + 0 * b, "s", "b")).named("t").at()
    for _, number, _, _ in rows(html(value)):
        assert number in repr(value)


def test_a_map_shows_the_numbers_of_the_sweep():
    grid = sweep(decode.step(), V5E, LLAMA, INT8, n=[8, 16, 32], B=range(1, 101), S="8 Ki")
    table = next(t for t in parsed(html(grid)).iter("table") if t.get("class") == "sr-heat")
    top, *lines = [[words(cell) for cell in row] for row in table.iter("tr")]
    down, across = re.findall(r"\w+", top[0])
    for line in lines:
        for label, cell in zip(top[1:], line[1:], strict=True):
            exact = grid.sel(**{down: int(line[0]), across: int(label)})
            assert cell == show_quantity(float(exact), exact.unit)
    marked = [cell for row in table.iter("tr") for cell in row if cell.get("class") == "sr-least"]
    assert [words(c) for c in marked] == [show_quantity(float(grid.values.min()), grid.unit)]


def test_a_search_is_not_searched_again_to_be_shown():
    result = found()
    known = dict(result.__dict__)
    html(result)
    assert result.__dict__.keys() == known.keys()


def test_a_sheet_shows_every_value_with_its_source():
    for one in (V5E, LLAMA, INT8):
        root = parsed(html(one))
        notes = dict(re.match(r"(\d+) (.*)", words(d)).groups() for d in root.iter("div") if re.match(r"\d+ ", words(d)))
        cells = [[words(c) for c in row] for row in next(root.iter("tbody"))]
        for (_, value, meaning, source), row in zip(one.rows(), cells, strict=True):
            assert [row[1].replace("_", ""), row[2]] == [
                " ".join(value.replace("_", "").replace("*", "").split()),
                " ".join(meaning.split()),
            ]
            said = notes.get(row[3], "") if len(row) > 3 else words(root)
            assert " ".join(source.split()) in said


# -- without what it could do without
def test_without_a_converter_formulas_are_text(monkeypatch):
    from symroof.show.mathml import mathml

    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    mathml.cache_clear()
    shown = html(RULE)
    mathml.cache_clear()
    assert "C*p/(2*W_hbm)" in words(parsed(shown)) and "<math" not in shown


def test_importing_symroof_loads_no_notebook():
    heavy = ("latex2mathml", "IPython", "symroof.show", "xml.etree", "numpy")
    code = f"import sys, symroof, symroof.symbols; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n", done.stdout + done.stderr


#: What one line of text says best; and a page, which is HTML.
OWN = {"Page"}
ONE_LINE = {"Layout", "Network", "Switch", "Symbol", "Torus", "Tree", "Unit"}


def test_every_public_class_shows_itself():
    kinds = [k for k in (getattr(symroof, name) for name in symroof.__all__) if isinstance(k, type) and not issubclass(k, SymroofError)]
    missing = {k.__name__ for k in kinds if not hasattr(k, "_repr_html_")}
    assert missing == ONE_LINE
    for kind in kinds:
        if kind.__name__ not in ONE_LINE | OWN:
            assert any(f"{k.__module__}.{k.__qualname__}" in views() for k in kind.__mro__), f"{kind.__name__} has no view"


# -- a notebook, executed
CELLS = {
    "setup": """
        from symroof import chip, llm, dtype, matmul, roofline, solve, decode, regimes, elasticity, sensitivities, sweep, sharding
        from symroof.symbols import B, C, D, F, S, W_hbm
        mm = matmul(B, D, F)
        t = roofline(mm)
        v5e, llama, int8 = chip("tpu-v5e"), llm("llama3-70b"), dtype("int8", math="bf16")""",
    "cost": "t",
    "flops": "mm.flops",
    "exact": 'solve(t["math"] >= t["hbm"], B)',
    "rule": 'rule = solve(t["math"] >= t["hbm"], B, large=(D, F)); rule',
    "threshold": 'rule.at(v5e, dtype("bf16"))',
    "time": 't.at(v5e, dtype("bf16"), B=64, D=8192, F=28672)',
    "step": 'decode.step().at(v5e.on("4x2"), llama, int8, B=32, S=8192)',
    "chip": "v5e",
    "regimes": "regimes(sharding.sharded_matmul(), along=B)",
    "elasticity": 'elasticity(decode.step()["MLP"], W_hbm)',
    "ranking": 'sensitivities(decode.step(), among=(W_hbm, C, S)).at(v5e.on("4x4"), llama, int8, B=32, S=8192)',
    "sweep": 'sweep(decode.step(), llama, int8, chip=[v5e, chip("tpu-v5p")], n=16, B=[1, 64], S=["8 Ki", "32 Ki"])',
    "list": "[t, rule]",
}


@pytest.fixture(scope="module")
def executed():
    """The outputs of a notebook with these cells, by name."""
    nbformat = pytest.importorskip("nbformat", reason="an executed notebook needs nbformat, nbclient and ipykernel")
    client = pytest.importorskip("nbclient", reason="an executed notebook needs nbformat, nbclient and ipykernel")
    pytest.importorskip("ipykernel", reason="an executed notebook needs nbformat, nbclient and ipykernel")
    cells = ["\n".join(line.strip() for line in source.strip().splitlines()) for source in CELLS.values()]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    client.NotebookClient(book, timeout=120, kernel_name="python3").execute()
    nbformat.validate(book)
    return {name: cell.outputs for name, cell in zip(CELLS, book.cells, strict=True)}


def test_every_cell_shows_html_and_text_and_no_warning(executed):
    for name, outputs in executed.items():
        if name == "setup":
            assert outputs == []
            continue
        (output,) = outputs
        assert output.output_type == "execute_result" and output.data["text/plain"]
        if name != "list":
            assert safe(output.data["text/html"]), name


def test_the_formulas_of_a_notebook_are_latex_too(executed):
    for name in ("cost", "flops", "exact", "rule"):
        assert re.fullmatch(r"\$\\displaystyle .+\$", executed[name][0].data["text/latex"], re.DOTALL), name
    assert executed["rule"][0].data["text/latex"].startswith(r"$\displaystyle B \ge \frac{C p}{2 W_\text{hbm}}")
    for name in ("time", "regimes", "elasticity"):  # bars and tables
        assert "text/latex" not in executed[name][0].data


def test_the_html_of_a_notebook_says_what_the_text_says(executed):
    for name in ("threshold", "time", "step"):
        data = executed[name][0].data
        said = words(parsed(data["text/html"]))
        numbers = re.findall(r"[\d.]+ (?:ms|us|tokens)", data["text/plain"])
        assert numbers and all(number in said for number in numbers)
        assert said.count("\u2190 bound") == data["text/plain"].count("<- bound")
    marked = [name for name, _, _, mark in rows(executed["time"][0].data["text/html"]) if mark]
    assert marked == ["hbm"] == re.findall(r"(\w+) [\d.]+ us  <- bound", executed["time"][0].data["text/plain"])


def test_the_mathematics_of_a_notebook_is_mathml(executed):
    for name in ("cost", "rule", "regimes"):
        formulas = list(parsed(executed[name][0].data["text/html"]).iter("math"))
        assert formulas
    threshold = next(parsed(executed["rule"][0].data["text/html"]).iter("math"))
    assert "".join(threshold.itertext()) == "B\u2265Cp2Whbmfor\u00a0large\u00a0D,F" and threshold.find(".//mfrac") is not None
