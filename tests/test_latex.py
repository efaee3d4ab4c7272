"""LaTeX: fragments and documents compile, KaTeX parses them, they say what the engine says, and no name does anything in them."""

import json
import os
import re
import shutil
import subprocess
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache
from inspect import signature
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from latex_reader import sides
from representatives import USUAL
from second_opinion import SYMBOLS, costs, points, some, worth

from symroof import (
    Cost,
    chip,
    decode,
    dtype,
    elasticity,
    latex,
    limit,
    llm,
    matmul,
    memory,
    minimize,
    regimes,
    roofline,
    search,
    search_serving,
    serving,
    solve,
    space,
    symbol,
    training,
)
from symroof.algebra.symbols import FRACTIONS
from symroof.ask import names
from symroof.ask.grammar import formula
from symroof.ask.names import formulas, wants_model
from symroof.book import chapters as book
from symroof.cli import cli
from symroof.cli.files import document as document_command
from symroof.errors import InputError, SymroofError
from symroof.show.tex.layout import display, lines, tree_box
from symroof.show.tex.width import ROOM, width
from symroof.symbols import B, C, D, F, P, S, W_hbm, X, lam, n, p_w, t_lim

PDFLATEX = shutil.which("pdflatex")
compiles = pytest.mark.skipif(not PDFLATEX, reason="pdflatex is not here; apt-get install texlive-latex-recommended lmodern")
DATA = Path(__file__).parent / "data"
V5E, LLAMA, INT8 = chip("tpu-v5e").on("4x4"), llm("llama3-70b"), dtype("int8", math="bf16")
AT = (V5E, LLAMA, INT8)
STEP = decode.step()
MATH = re.compile(r"\\\[\n.*?\n\\\]|\\begin\{align\*\}.*?\\end\{align\*\}", re.DOTALL)


# -- everything there is to show
@lru_cache(maxsize=1)
def stacks():
    return tuple({llm(x).stack.structure: llm(x) for x in USUAL}.values())


@lru_cache(maxsize=1)
def workloads():
    """Every formula, of every kind of model."""
    found = {name: formula(name) for name in formulas() if not wants_model(name)}
    for i, m in enumerate(stacks()):
        found |= {f"{name} {i}": formula(name, m) for name, f in formulas().items() if "m" in signature(f).parameters}
    return found


@lru_cache(maxsize=1)
def thresholds():
    known = names.thresholds()
    found = [f() for name, f in known.items() if not wants_model(name)]
    for m, f in product(stacks(), known.values()):
        with suppress(InputError):  # a model without a cache has no context from which it binds
            found += [f(m=m)] if "m" in signature(f).parameters else []
    t = roofline(matmul(B, D, F))
    found += [
        solve(STEP["attention"] >= STEP / 2, B),
        solve(t["math"] >= t["hbm"], B, large=(D, F)),
        solve(STEP["MLP"] <= decode.weight_time(), B),
    ]
    return [*found, solve(training.mixed()["math"] >= training.mixed()["comms"], X), solve(t["math"] >= 2 * t["hbm"], D)]


@lru_cache(maxsize=1)
def analyses():
    found = [regimes(STEP, along=B), regimes(STEP, along=B).at(*AT, S=8192), regimes(STEP, over=(B, S)), t_lim, sp.sqrt(B) + 1]
    found += [regimes(training.mixed(), along=x) for x in (B, X, n)]
    found += [minimize(training.mixed()["comms"], over=X), minimize(STEP, over=B), elasticity(STEP, W_hbm), V5E, LLAMA, INT8]
    found += [
        STEP.at(*AT, B=32, S=8192),
        t_lim <= STEP,
        limit(memory.working_activations(), large=[F]),
        search(space(*AT, B=[1, 2, 59], S=[128, 8192]), minimize=STEP, best=3),
        search_serving("llama3-70b", "tpu-v5e", latency="15 ms", formats="int8", chips=16),
    ]
    return [
        *found,
        memory.kv_room().at(*AT),
        minimize(training.mixed()["comms"], over=X).at(chip("tpu-v5p"), dtype("bf16"), B=2**20, D=8192, F=28672, n=4096, M_X=2, M_Y=1),
    ]


@lru_cache(maxsize=1)
def fragments():
    made = [latex.fragment(c) for c in workloads().values()]
    made += [latex.fragment(b, steps=True) for b in thresholds()]
    made += [latex.fragment(o) for o in analyses()]
    made += [latex.numbers(c, *AT, B=32, S=8192, **({"T": 512} if "T" in str(c.free_symbols) else {})) for c in (STEP, memory.memory())]
    made += [
        latex.numbers(decode.batch_within(), *AT, S=8192, t_lim="15 ms"),
        latex.numbers(STEP, V5E),
        latex.nomenclature(STEP, sheets=AT, B=32),
    ]
    return made


@lru_cache(maxsize=1)
def derivations():
    """A paragraph and the formula with its steps, of every answer of the book."""
    made = []
    for q in book.questions():
        shown = [(a.asked, latex.fragment(a.formula, steps=True)) for a in q.answers() if hasattr(a.formula, "latex")]
        made += [latex.section(q.title), *(piece for pair in shown for piece in pair)] if shown else []
    return made


def hard_bounds():
    return [b for b in thresholds() if len(b.pieces) == 1 and len([e for e in (b.pieces[0].low, b.pieces[0].high) if e is not None]) == 1]


# -- a real LaTeX
def compiled(source, folder, name="paper", passes=1):
    """The log of a compilation that went through."""
    (folder / f"{name}.tex").write_text(str(source), "utf-8")
    for _ in range(passes):
        done = subprocess.run(
            [PDFLATEX, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", f"{name}.tex"],
            cwd=folder, capture_output=True, timeout=120, env={**os.environ, "max_print_line": "1000"},
        )  # fmt: skip
        log = (folder / f"{name}.log").read_text("utf-8", "replace")
        assert done.returncode == 0, "\n".join(re.findall(r"^(?:!|l\.\d).*", log, re.MULTILINE)[:4])
    assert "Output written" in log
    assert "Undefined control sequence" not in log
    assert "LaTeX Warning: Command" not in log
    return log


def overfull(log):
    return [float(x) for x in re.findall(r"Overfull \\hbox \(([\d.]+)pt too wide\)", log)]


@compiles
def test_everything_in_one_document(tmp_path):
    log = compiled(latex.document(*fragments(), title="All of it"), tmp_path)
    assert max(overfull(log), default=0) <= 20


@compiles
def test_the_derivations_of_the_book_in_one_document(tmp_path):
    assert len(derivations()) > 800
    log = compiled(latex.document(*derivations(), title="Derivations"), tmp_path)
    assert max(overfull(log), default=0) <= 20


@compiles
def test_fragments_in_a_fresh_article(tmp_path):
    """Only the packages that the fragments name, and the narrow column of the default class."""
    needs, places = {}, []
    for i, made in enumerate(fragments()):
        made.save(tmp_path / f"f{i}.tex")
        needs |= dict.fromkeys(made.needs)
        places.append(f"\\input{{f{i}}}")
    assert set(needs) == {"amsmath", "booktabs", "longtable"}
    packages = "".join(f"\\usepackage{{{package}}}\n" for package in needs)
    text = "\n\n".join(places)
    log = compiled(
        f"\\documentclass{{article}}\n{packages}\\allowdisplaybreaks\n\\begin{{document}}\n{text}\n\\end{{document}}\n", tmp_path
    )
    assert max(overfull(log), default=0) <= 20


@compiles
def test_widths_are_those_of_paper(tmp_path):
    shown = [tree_box(c).tex for c in workloads().values()]
    rows = "\n".join(rf"\settowidth{{\w}}{{$\displaystyle {tex}$}}\typeout{{WIDTH \the\w}}" for tex in shown)
    log = compiled(
        f"\\documentclass{{article}}\\usepackage{{amsmath}}\\newlength\\w\\begin{{document}}\n{rows}\nx\\end{{document}}", tmp_path
    )
    real = [float(x) for x in re.findall(r"WIDTH ([\d.]+)pt", log)]
    assert len(real) == len(shown)
    ratios = [width(tex) / paper for tex, paper in zip(shown, real, strict=True) if paper > 60]
    assert len(ratios) > 60
    assert min(ratios) > 0.93 and max(ratios) < 1.4


# -- KaTeX
def katex():
    """The folder that holds the npm package katex: $KATEX, or where npm installs globally; else nothing."""
    if not shutil.which("node"):
        return None
    places = [os.environ.get("KATEX", "")]
    if not places[0] and shutil.which("npm"):
        places.append(subprocess.run(["npm", "root", "-g"], capture_output=True, text=True, timeout=60).stdout.strip())
    for place in filter(None, places):
        for folder in (Path(place), Path(place) / "node_modules", Path(place).parent):
            if (folder / "katex" / "package.json").exists():
                return folder
    return None


def formulas_in(code):
    """Every formula of a piece of LaTeX, displays as KaTeX takes them."""
    rest = MATH.sub("", code)
    shown = [m.removeprefix("\\[\n").removesuffix("\n\\]") for m in MATH.findall(code)]
    return shown + re.findall(r"(?<!\\)\$(.+?)(?<!\\)\$", rest)


def test_katex_parses_every_fragment():
    folder = katex()
    if folder is None:
        pytest.skip("katex is not here; npm install katex in a folder, and put the folder into $KATEX")
    texts = [t for made in (*fragments(), *(d for d in derivations() if not isinstance(d, str))) for t in formulas_in(made.code)]
    assert len(texts) > 1000
    runner = [shutil.which("node"), str(DATA / "katex.js"), str(folder)]
    done = subprocess.run(runner, input=json.dumps(texts), capture_output=True, text=True, timeout=120)
    assert not done.stderr, done.stderr[:500]
    assert [(problem, texts[i]) for i, problem in json.loads(done.stdout)] == []


# -- what is printed is what is meant
def by_name(values):
    return {s.tex: float(v) for s, v in values.items()}


def some_values(free, seed):
    random = np.random.default_rng(seed)
    drawn = {s: Fraction(int(random.integers(2, 900)), int(random.integers(1, 90))) for s in sorted(free, key=str)}
    # what is a fraction of something is at most 1, and no token uses more experts than there are
    small = dict.fromkeys(FRACTIONS, 1000) | {lam: 10**6}  # below the highest rate
    return {s: v / small.get(s, 1) + 1000 * (s.name == "E") for s, v in drawn.items()}


@pytest.mark.parametrize("room", [ROOM, 150.0, 60.0])
def test_a_workload_on_paper_is_worth_what_it_is_worth(room):
    for i, (name, cost) in enumerate(workloads().items()):
        values = some_values(cost.free_symbols, i)
        (found,) = sides(display(tree_box(cost), room), by_name(values))
        assert found == pytest.approx(float(worth(cost.expr, values)), rel=1e-9), name


@settings(max_examples=some(150))
@given(costs(), points(), st.sampled_from([ROOM, 200.0, 100.0, 30.0]))
def test_a_formula_says_the_same_however_it_is_broken(cost, at, room):
    (found,) = sides(display(tree_box(cost), room), by_name({s: at[s] for s in SYMBOLS}))
    assert found == pytest.approx(float(worth(cost.expr, at)), rel=1e-9)


@settings(max_examples=some(100))
@given(costs(), points())
def test_the_numbers_that_are_put_in_give_the_result(cost, at):
    named = cost.named("time")
    shown = latex.numbers(named, sheet_of(at)).code
    found = sides(shown.replace(r"\text{not a number}", "0"), by_name({s: at[s] for s in SYMBOLS}))
    exact = float(worth(cost.expr, at))
    assert found[0] == pytest.approx(exact, rel=1e-9)
    if r"\infty" not in shown:
        assert found[1:] == pytest.approx([exact] * (len(found) - 1), rel=5e-3), shown


def sheet_of(values):
    return {s: v for s, v in values.items() if s in SYMBOLS}


@pytest.mark.parametrize("bound", hard_bounds(), ids=lambda b: repr(b)[:40])
def test_a_threshold_with_numbers(bound):
    """Letters, numbers put in, and the result agree; the first side is the unknown."""
    values = some_values(bound.free_symbols, 7)
    value = bound.at(values)
    if getattr(value, "note", "x") or value.open:
        return  # never reached at these values
    chained = latex.numbers(bound, values).code
    first, *found = sides(MATH.findall(chained)[0], by_name(values) | {bound.symbol.tex: -1.0})
    assert first == -1.0
    assert found == pytest.approx([float(value)] * len(found), rel=5e-3)


CHECKED = {  # what an expert expects to read
    "leaf": (
        lambda: latex.numbers(STEP["math"], *AT, B=32),
        r"\text{math} = \frac{2 B P}{C n} = \frac{2 \cdot 32 \cdot 7.055 \times 10^{10}}{197\,\mathrm{TFLOP/s} \cdot 16}"
        r" = 1.433\,\mathrm{ms}",
    ),
    "threshold": (
        lambda: latex.numbers(decode.critical_batch(), chip("v5e"), dtype("bf16")),
        r"B \ge \frac{C p_w}{2 W_\text{hbm}} = \frac{197\,\mathrm{TFLOP/s} \cdot 2\,\mathrm{B}}{2 \cdot 810\,\mathrm{GB/s}}"
        r" = 243.2\,\mathrm{tokens}",
    ),
    "a letter stays": (
        lambda: latex.numbers(decode.critical_batch(), chip("v5e")),
        r"B \ge \frac{C p_w}{2 W_\text{hbm}} = \frac{197\,\mathrm{TFLOP/s} \cdot p_w}{2 \cdot 810\,\mathrm{GB/s}}",
    ),
    "dollars": (
        lambda: latex.numbers(serving.flops_per_dollar(), chip("v5e")),
        r"\text{FLOPs per dollar} = \frac{C}{\operatorname{price}} = \frac{197\,\mathrm{TFLOP/s}}{\$1.2/\mathrm{h}}"
        r" = 591\,\mathrm{PFLOP/USD}",
    ),
    "an efficiency": (
        lambda: latex.numbers(decode.weight_time(), *AT, eta_hbm="0.8"),
        r"\text{weights} = \frac{P p_w}{W_\text{hbm} n} = \frac{7.055 \times 10^{10} \cdot 1\,\mathrm{B}}{648\,\mathrm{GB/s} \cdot 16}"
        r" = 6.805\,\mathrm{ms}",
    ),
    "a difference": (
        lambda: latex.fragment(memory.kv_room().at(*AT)),
        r"\text{room for KV} = \underbrace{256\,\mathrm{GB}}_{\text{HBM}} - \underbrace{70.55\,\mathrm{GB}}_{\text{weights}}"
        r" = 185.4\,\mathrm{GB}",
    ),
    "a value": (
        lambda: latex.fragment(STEP["MLP"].at(*AT, B=32)),
        r"\text{MLP} = \max\left(1.433\,\mathrm{ms}, \underbrace{5.444\,\mathrm{ms}}_{\text{weights}}\right) = 5.444\,\mathrm{ms}",
    ),
    "a rule of thumb": (
        lambda: latex.fragment(solve(roofline(matmul(B, D, F))["math"] >= roofline(matmul(B, D, F))["hbm"], B, large=(D, F))),
        r"B \ge \frac{C p}{2 W_\text{hbm}} \quad \text{for large } D, F",
    ),
    "a domain": (
        lambda: latex.fragment(memory.largest_batch()),
        r"B \le \frac{M_\text{hbm} n - P p_w}{2 H K L S p_\text{kv}} \quad \text{when } M_\text{hbm} n > P p_w",
    ),
    "words keep their distance": (
        lambda: latex.fragment(symbol("MFU") * symbol("ab_c") * B),
        r"B \operatorname{MFU} \operatorname{ab}_\text{c}",
    ),
    "an optimum": (
        lambda: latex.fragment(minimize(training.mixed()["comms"], over=X)),
        r"X^* = \sqrt{\frac{B M_\text{X} n p_a}{F M_\text{Y} p_w}}",
    ),
}


@pytest.mark.parametrize("made, shown", CHECKED.values(), ids=CHECKED)
def test_as_an_expert_reads_it(made, shown):
    assert shown in " ".join(made().code.split())


@pytest.mark.parametrize(
    "value, of, shown",
    [
        (8.1e11, "byte/s", r"810\,\mathrm{GB/s}"),
        (1.2 / 3600, "USD/s", r"\$1.2/\mathrm{h}"),
        (4e-7, "USD/token", r"\$0.4/\mathrm{Mtoken}"),
        (12e-6, "s", r"12\,\mu\mathrm{s}"),
        (7.055e10, "param", r"7.055 \times 10^{10}\,\mathrm{params}"),
        (243.2, "token", r"243.2\,\mathrm{tokens}"),
        (0.4, "1", "0.4"),
        (8192, "1", "8192"),
        (3, "s^2/token", r"3\,\mathrm{s}^{2}/\mathrm{token}"),
        (float("inf"), "s", r"\infty"),
    ],
)
def test_quantities(value, of, shown):
    from symroof import Unit

    assert latex.quantity(value, Unit.of(of)) == shown


# -- long formulas
def test_a_long_sum_has_a_line_for_each_part():
    parts = [
        Cost(B**i * t_lim / (D * F * C * W_hbm) * C * W_hbm * D * F / B**i * p, "s", f"part {i}") for i, p in enumerate([2, 3, 5, 7] * 5)
    ]
    shown = latex.fragment(sum(parts[1:], parts[0])).code
    assert shown.startswith(r"\begin{align*}")
    assert shown.count("\\\\\n") == len(parts) - 1


@pytest.mark.parametrize("room", [400.0, 335.0, 280.0])
def test_no_line_is_wider_than_the_room(room):
    wide = [tree_box(c) for c in workloads().values()]
    assert max(width(tex) + 10 * depth for b in wide for depth, tex in lines(b, room)) <= room


# -- tables and nomenclature
def test_a_table_aligns_numbers_at_the_point_and_keeps_formulas():
    made = latex.table(
        ["chip", "HBM", "time", "why_not"], [["a&b", "16 GB", "8.758 ms", STEP["math"]], ["c", "1,024.5 GB", "11 us", latex.Tex("x^2")]]
    )
    assert made.needs == ("amsmath", "booktabs")
    assert made.code.splitlines()[0] == r"\begin{tabular}{lr@{}lr@{}ll}"
    assert r"a\&b & $16$&$\,\mathrm{GB}$ & $8$&$.758\,\mathrm{ms}$ & $\displaystyle \frac{2 B P}{C n}$ \\" in made.code
    assert r"c & $1{,}024$&$.5\,\mathrm{GB}$ & $11$&$\,\mu\mathrm{s}$ & $x^2$ \\" in made.code
    assert [made.code.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule", r"\hline")] == [1, 1, 1, 0]
    assert r"\caption{5 \% \& more}\label{tab:one}" in latex.table(["a"], [["b"]], "5 % & more", "tab:one").code
    with pytest.raises(InputError, match="row 2 of the table has 1 cells"):
        latex.table(["a", "b"], [["1", "2"], ["1"]])


def test_a_nomenclature_has_the_letters_that_are_used_and_no_others():
    made = latex.nomenclature(decode.critical_batch()).code
    rows = [line.split(" & ") for line in made.splitlines() if line.startswith("$")]
    assert [row[0] for row in rows] == ["$B$", "$C$", "$p_w$", r"$W_\text{hbm}$"]
    assert [row[1] for row in rows] == [r"$\mathrm{token}$", r"$\mathrm{FLOP/s}$", r"$\mathrm{byte}$", r"$\mathrm{byte/s}$"]
    valued = latex.nomenclature(decode.critical_batch(), sheets=AT, p_w=2).code
    assert r"$197$&$\,\mathrm{TFLOP/s}$ & $^{1}$" in valued
    assert "table of chips (2025-02)" in valued
    assert re.search(r"^\$p_w\$ .* \$2\$&\$\\,\\mathrm\{B\}\$", valued, re.MULTILINE)
    assert "llama" not in valued  # it gives none of these
    with pytest.raises(InputError, match="has no letters"):
        latex.nomenclature("decode.step")


def test_a_fragment_is_saved_with_what_it_needs(tmp_path):
    made = latex.table(["a"], [["b"]])
    text = made.save(tmp_path / "t.tex").read_text("utf-8")
    assert text.splitlines()[0] == r"% needs \usepackage{amsmath} \usepackage{booktabs}"
    with pytest.raises(InputError, match="cannot be written"):
        made.save(tmp_path / "nowhere" / "t.tex")
    with pytest.raises(InputError, match="cannot be written"):
        latex.document("x").save(tmp_path)


def test_arrays_and_other_things_are_refused():
    for wrong in (lambda: latex.numbers(STEP, *AT, B=np.array([1, 2]), S=1),
                  lambda: latex.fragment(42), lambda: latex.numbers(STEP), lambda: latex.table([], []),
                  lambda: latex.numbers("decode.step"), lambda: latex.document(object())):  # fmt: skip
        with pytest.raises(SymroofError) as caught:
            wrong()
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


# -- names that want to be more than names
HOSTILE = [
    r"\input{canary}", r"}\input{canary}{", r"$\input{canary}$", r"\]\input{canary}\[", "% comment", "a_b^c~d", "#1 & #2 $3", "back\\slash",
    r"^^5cinput{canary}", r"\end{document}", r"\csname input\endcsname{canary}", "{", "}", "}}}{{{", "<script>", "naïve µ ≤ 中文 🙂",
    "a\nb\n\nc", "\x00\x07",
    "100% -- “sure”", "&&&&", r"\\",
]  # fmt: skip


@compiles
def test_hostile_names_are_printed_and_never_executed(tmp_path):
    (tmp_path / "canary.tex").write_text(r"\errmessage{the canary was read}", "utf-8")
    pieces = []
    for i, name in enumerate(HOSTILE):
        cost = Cost(2 * B * P / (C * n), "s", name) + Cost(P * p_w / (W_hbm * n), "s", f"{name} {i}")
        letter = symbol(f"x{i}", "1", name)
        foreign = sp.Symbol(name, positive=True)
        pieces += [latex.section(name), name, cost, latex.numbers(cost.named(name), V5E), cost.named(name).at(*AT, B=32), foreign + 1]
        pieces += [
            solve(cost >= t_lim, B),
            latex.table([name, "b"], [[name, "1 GB"]], name, name),
            latex.nomenclature(letter, letter * foreign),
        ]
    made = latex.document(*pieces, title=HOSTILE[1])
    compiled(made, tmp_path)
    (tmp_path / "control.tex").write_text("\\documentclass{article}\\begin{document}\\input{canary}\\end{document}", "utf-8")
    with pytest.raises(AssertionError, match="the canary was read"):
        compiled((tmp_path / "control.tex").read_text("utf-8"), tmp_path, "control")


def test_katex_takes_hostile_names_too():
    folder = katex()
    if folder is None:
        pytest.skip("katex is not here; npm install katex in a folder, and put the folder into $KATEX")
    costs_ = [Cost(B * t_lim, "token*s", name) + Cost(2 * t_lim * B, "token*s", f"{name}2") for name in HOSTILE]
    texts = [t for c in costs_ for t in formulas_in(latex.fragment(c).code)]
    done = subprocess.run(
        [shutil.which("node"), str(DATA / "katex.js"), str(folder)], input=json.dumps(texts), capture_output=True, text=True, timeout=60
    )
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize(
    "tex, why",
    [
        (r"\input{x}", r"may not use \input"),
        (r"\write18{ls}", r"may not use \write"),
        (r"\csname input\endcsname", r"may not use \csname"),
        (r"\catcode`\%=12", "cannot be"),
        (r"\def\x{y}", r"may not use \def"),
        (r"\newcommand{a}", r"may not use \newcommand"),
        ("^^5cinput{x}", "do not match"),
        (r"\hat{B", "do not match"),
        ("}{", "do not match"),
        ("a%", "cannot be"),
        ("a#1", "cannot be"),
        ("a & b", "cannot be"),
        ("$a$", "cannot be"),
        (r"a \\ b", "cannot be"),
        ("a_b_c", "do not match"),
        ("a_", "do not match"),
        (r"\hat", "nothing to stand on"),
        (r"\text{a_b}", "only words"),
        ("µ", "cannot be"),
        ("x" * 81, "cannot be"),
    ],
)
def test_the_latex_of_a_symbol_is_letters_only(tex, why):
    with pytest.raises(InputError) as caught:
        symbol("Q", "1", "", tex)
    assert why in str(caught.value)
    assert len(str(caught.value)) < 220


GOOD = [
    r"\dot Q",
    r"\hat{B}_\text{max}",
    r"\mathcal{L}",
    r"\tilde{x}'",
    "x^*",
    r"x_{i,j}^2",
    r"\alpha_{\max}",
    r"\text{a\_b}",
    r"N_\mathrm{tok}",
]


@compiles
def test_the_latex_of_a_symbol_compiles(tmp_path):
    compiled(
        latex.document(
            *[symbol("Q", "1", "", tex) ** 2 + 1 for tex in GOOD],
            latex.nomenclature(*[symbol(f"Q{i}", "1", "", t) for i, t in enumerate(GOOD)]),
        ),
        tmp_path,
    )


# -- the command line
WITH = ["--on", "tpu-v5e", "--slice", "4x4", "--model", "llama3-70b", "--formats", "int8", "--set", "B=32", "--set", "S=8192"]


def run(*arguments):
    if "document" not in cli.commands:
        cli.add_command(document_command)
    return CliRunner().invoke(cli, ["document", *arguments])


@compiles
def test_a_document_from_the_command_line(tmp_path):
    done = run("decode.step", "decode.step <= 15 ms @ B", "serving.dollars_per_token", *WITH, "-o", str(tmp_path / "step.tex"))
    assert (done.exit_code, done.output) == (0, "")
    text = (tmp_path / "step.tex").read_text("utf-8")
    for part in (
        r"8.758\,\mathrm{ms}",
        r"92.27\,\mathrm{tokens}",
        r"\begin{longtable}",
        "table of chips (2025-02)",
        r"decode.step $\le$ 15 ms, solved for $B$}",
    ):
        assert part in text
    assert max(overfull(compiled(text, tmp_path, passes=2)), default=0) <= 20


@compiles
def test_a_heading_stands_on_the_page_of_what_follows_it(tmp_path):
    """However much stands before it: no heading is the last thing on a page."""
    for count in range(22, 35):
        text = str(latex.document("\n\n".join(["a line"] * count), latex.section("Here"), latex.nomenclature(decode.weight_time())))
        text = text.replace(r"\section*{Here}", r"\section*{Here}\label{heading}")
        text = text.replace("$n$ &", r"\label{after}$n$ &")
        compiled(text, tmp_path)
        pages = dict(re.findall(r"newlabel{(\w+)}{{.*?}{(\d)}}", next(tmp_path.glob("*.aux")).read_text("utf-8")))
        assert pages["heading"] == pages["after"], count


def test_a_document_of_letters_alone_and_what_is_refused(tmp_path):
    done = run("decode.step", "decode.step >= 2*decode.weight_time @ B", "--no-steps")
    assert done.exit_code == 0
    assert done.output.endswith("\\end{document}\n")
    assert "multiply both sides" not in done.output
    assert "multiply both sides" in run("decode.step >= 2*decode.weight_time @ B").output
    for arguments, why in (
        (["decode.stp"], "did you mean 'decode.step'"),
        (["decode.step <= 15 ms"], "say for which letter it is solved"),
        (["decode.step <= 15 ms @ Q"], "there is no letter"),
        (["decode.step", "-o", str(tmp_path / "no" / "x.tex")], "cannot be written"),
    ):
        done = run(*arguments)
        assert done.exit_code == 2, arguments
        assert why in done.output
        assert len(done.output.strip().splitlines()) == 1
