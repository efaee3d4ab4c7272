"""The derivation book: nothing is missing, every link leads somewhere, nothing is loaded from elsewhere, and LaTeX sets it."""

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from symroof import Bound, Cost, answer, question, solve, symbol
from symroof.algebra.show import escape
from symroof.book import chapters as present
from symroof.book.chapters import contents, headed, symbols
from symroof.book.document import document
from symroof.book.site import anchor, write
from symroof.cli.files import book as command
from symroof.errors import InputError
from symroof.show.mathml import mathml
from symroof.show.tex.tabular import breakable as tex
from symroof.symbols import B, C, p

pytest.importorskip("jinja2", reason="the book is made from templates by jinja2, which is not installed")
pytest.importorskip("latex2mathml", reason="the formulas of the book are made by latex2mathml, which is not installed")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PDFLATEX = shutil.which("pdflatex")
ANSWERS = [(q, a) for q in present.questions() for a in q.answers()]
BOUNDS = {repr(a.formula): a.formula for _, a in ANSWERS if isinstance(a.formula, Bound)}
VOID = {"meta", "link", "input", "br", "img", "hr", "wbr"}


class Page(HTMLParser):
    """A page as a tree: ids with their texts, links, and what was not closed or closed twice."""

    def __init__(self, text):
        super().__init__()
        self.open, self.faults, self.ids, self.links, self.loaded, self.tags, self.words = [], [], {}, [], [], [], []
        self.feed(text)
        self.close()
        self.faults += [f"{tag} is not closed" for tag, _ in self.open]

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if "id" in attrs:
            self.faults += [f"{attrs['id']} is there twice"] if attrs["id"] in self.ids else []
            self.ids[attrs["id"]] = []
        if tag not in VOID:
            self.open.append((tag, attrs.get("id")))
        if tag == "a":
            self.links.append((attrs["href"], attrs.get("rel", ""), [i for _, i in self.open if i]))
        self.loaded += [attrs[name] for name in ("src", "srcset", "data", "poster", "action") if name in attrs]
        self.loaded += [attrs["href"]] if tag == "link" else []

    def handle_endtag(self, tag):
        if not self.open or self.open[-1][0] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-1:]} in line {self.getpos()[0]}")
        else:
            self.open.pop()

    def handle_data(self, data):
        if not self.open or self.open[-1][0] != "script":
            self.words.append(data)
        for _, id in self.open:
            if id:
                self.ids[id].append(data)

    def text(self, id):
        """The text of an element, its white space as single blanks."""
        return " ".join(" ".join(self.ids[id]).split())

    def count(self, tag):
        """How often a tag is opened."""
        return sum(t == tag for t, _ in self.tags)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The directory of the book, written by the command."""
    where = tmp_path_factory.mktemp("made") / "book"
    done = CliRunner().invoke(command, ["-o", str(where)], catch_exceptions=False)
    assert done.output.startswith(f"{where / 'index.html'}   {len(present.questions())} questions, {len(ANSWERS)} answers")
    return where


@pytest.fixture(scope="module")
def pages(made):
    return {path.name: Page(path.read_text("utf-8")) for path in made.glob("*.html")}


@pytest.fixture(scope="module")
def book():
    return contents(present.questions())


@pytest.fixture(scope="module")
def index(made):
    """What the search box searches."""
    text = (made / "index.html").read_text("utf-8")
    return json.loads(re.search(r'<script type="application/json" id="search-index">(.*?)</script>', text, re.DOTALL)[1])


def plain(text):
    return " ".join(text.split())


# -- what is there
def test_every_answer_is_on_the_page_of_its_chapter_with_its_numbers(pages):
    assert len(ANSWERS) >= 453
    for q, a in ANSWERS:
        page = next(page for name, page in pages.items() if name.startswith("part-") and anchor(a.id, "answer") in page.ids)
        shown = page.text(anchor(a.id, "answer"))
        for part in (a.asked, a.why, *(a.shown((x,)) for x in (*a.ours, *a.printed, *a.reproduced))):
            assert plain(part) in shown, a.id
        assert {"agrees": "agrees", "differs": "differs", "ours": "ours only"}[a.verdict] in shown
        question_text = page.text(anchor(q.id))
        assert plain(headed(q.title)) in question_text
        assert plain(q.text) in question_text


def test_every_chapter_and_question_is_in_the_contents(pages):
    links = [href for href, _, _ in pages["index.html"].links]
    for q in present.questions():
        assert sum(href.endswith(f"#{anchor(q.id)}") and href.startswith("part-") for href in links) == 1, q.id
    assert len({href for href in links if re.fullmatch(r"part-\d+\.html", href)}) == len({q.chapter for q in present.questions()})


def test_every_step_of_every_bound_is_shown(pages):
    tags = [(tag, attrs.get("class", "")) for tag, attrs in pages["thresholds.html"].tags]
    folds = [i for i, (_, kind) in enumerate(tags) if kind == "symroof steps"]
    shown = sum(sum(tag == "tr" for tag, _ in tags[i : next((j for j in range(i, len(tags)) if tags[j][0] == "ul"), None)]) for i in folds)
    assert shown == sum(len(b.steps) for b in BOUNDS.values())


def test_the_errata_are_the_answers_that_differ_in_the_order_of_the_book(made):
    text = (made / "errata.html").read_text("utf-8")
    rows = re.findall(r"<tr(?: id=[^>]*)?>\s*<th scope=\"row\">(.*?)</tr>", text, re.DOTALL)
    differing = [a for _, a in ANSWERS if a.verdict == "differs"]
    assert len(rows) == len(differing) >= 60
    for row, a in zip(rows, differing, strict=True):
        cells = dict(re.findall(r'<td data-label="(\w+)">(.*?)</td>', row, re.DOTALL))
        assert f"<code>{a.id}</code>" in row
        for column, numbers in (("printed", a.printed), ("ours", a.ours)):
            assert re.findall(r'<span class="number">(.*?)</span>', cells[column]) == [a.shown((x,)) for x in numbers]
        words = Page(cells["why"]).words
        assert plain(a.why) in plain(" ".join(words))
        assert not a.reproduced or a.shown(a.reproduced) in plain(" ".join(words))


def test_every_threshold_is_listed_once_and_leads_to_each_of_its_answers(pages):
    page = pages["thresholds.html"]
    uses = {}
    for href, _, around in page.links:
        if href.startswith("part-"):
            uses.setdefault(around[-1], set()).add(unquote(urlsplit(href).fragment))
    expected = {}
    for _, a in ANSWERS:
        if isinstance(a.formula, Bound):
            expected.setdefault(repr(a.formula), set()).add(anchor(a.id, "answer"))
    assert sorted(map(sorted, uses.values())) == sorted(map(sorted, expected.values()))
    letters = [attrs["data-letters"].split(" ") for _, attrs in page.tags if "data-letters" in attrs]
    assert sorted(map(sorted, letters)) == sorted(sorted({s.name for s in symbols(b)}) for b in BOUNDS.values())


def test_a_bound_says_when_it_holds_and_for_what(book, pages):
    for t in book.thresholds:
        shown = pages["thresholds.html"].text(t.anchor).partition(" step")[0]
        assert (" when " in shown) == any(piece.when for piece in t.bound.pieces), t.bound
        said = shown.partition(" for ")[2]
        assert ("large" in said) == bool(t.bound.large) and ("small" in said) == bool(t.bound.small), t.bound


def test_the_symbols_are_those_of_the_formulas_with_unit_and_meaning(pages):
    page = pages["symbols.html"]
    meanings = {}
    for _, a in ANSWERS:
        for s in a.formula.free_symbols if isinstance(a.formula, Cost) else symbols(a.formula):
            meanings.setdefault(s, set()).add(plain(s.meaning))
    for s, said in meanings.items():
        row = page.text(anchor(f"letter-{s.name}-{s.unit}"))
        assert f" {s.name} {s.unit} " in row, s.name
        assert any(meaning in row for meaning in said), s.name
    targets = [href for href, _, around in page.links if anchor("letter-M_hbm-byte") in around and href.startswith("thresholds.html")]
    assert len(targets) == sum("M_hbm" in {s.name for s in symbols(b)} for b in BOUNDS.values()) > 0


# -- links, requests, form
def test_every_link_leads_somewhere(made, pages, index):
    found = [(name, href, rel) for name, page in pages.items() for href, rel, _ in page.links]
    assert len(found) > 1000
    for name, href, rel in [*found, *(("index.html", r["at"], "") for r in index)]:
        url = urlsplit(href)
        if url.scheme:
            assert url.scheme == "https"
            assert "noopener" in rel
            continue
        target = url.path or name
        assert target in pages, f"{name}: {href}"
        assert not url.fragment or unquote(url.fragment) in pages[target].ids, f"{name}: {href}"


def test_nothing_is_loaded_but_the_files_beside_it(made, pages):
    beside = {path.name for path in made.iterdir()} | {"data:,"}
    assert {source for page in pages.values() for source in page.loaded} <= beside
    assert not re.search(r"url\(|@import|https?:", (made / "style.css").read_text("utf-8"))
    assert not re.search(r"https?:|fetch\(|XMLHttp|import\(|innerHTML|eval\(|WebSocket", (made / "book.js").read_text("utf-8"))


def test_the_html_is_well_formed(pages):
    assert {name: page.faults for name, page in pages.items() if page.faults} == {}
    for page in pages.values():
        assert page.count("h1") == page.count("main") == page.count("title") == 1


# -- hostile texts
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)> \"' & {{ 7*7 }} {% x %} \\input{x} $ % # _ ^ ~ } { 中 é"
BAD = symbol("bad", "1", EVIL, r"\text{<script>alert(3)</script>}")


def evil_questions():
    def asked():
        """<script>alert(5)</script> \\end{document} $ % _ ^ & #"""
        yield answer(EVIL + "1", EVIL, Cost(BAD * p, "byte", EVIL), 2.0, 1.0, EVIL, 1.0)
        yield answer(EVIL + "2", EVIL, Cost(p, "byte", "<b>one</b>") + Cost(p, "byte", "two \\ }"), 2.0)
        yield answer(EVIL + "3", EVIL, solve(Cost(B * BAD / C, "s") >= "1 s", B), 2.0)
        yield answer(EVIL + "4", EVIL, EVIL, 2.0)

    asked.__doc__ = asked.__doc__ + EVIL
    return [question(EVIL, EVIL, chapter)(asked) for chapter in (EVIL, "part 3: <i>", "part 3: again")]


@pytest.fixture(scope="module")
def evil(tmp_path_factory):
    where = tmp_path_factory.mktemp("evil")
    write(where, questions=evil_questions())
    return where


def test_texts_stay_texts(evil):
    assert {path.name for path in evil.glob("*.html")} >= {"chapter-1.html", "part-3.html", "chapter-3.html"}
    for path in evil.glob("*.html"):
        page = Page(path.read_text("utf-8"))
        scripts = [attrs for tag, attrs in page.tags if tag == "script"]
        assert len(scripts) == (2 if path.name == "index.html" else 1)
        assert not {tag for tag, _ in page.tags} & {"img", "b", "i"}
        assert [href for href, _, _ in page.links if href.startswith("javascript")] == []
        assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    shown = Page((evil / "chapter-1.html").read_text("utf-8"))
    assert plain(EVIL) in plain(" ".join(shown.words))


MATHML = {
    r"\frac{C p}{2 W_\text{hbm}}": "<mfrac><mrow><mi>C</mi><mi>p</mi></mrow>",
    r"D \to \infty": "<mi>∞</mi>",
    r"\text{AllGather\_X(A)}": "AllGather_X(A)</mtext>",
    r"a < b": "<mo>&lt;</mo>",
    r"\text{<img src=x>}": "&lt;img",
}


@pytest.mark.parametrize("latex", MATHML)
def test_formulas_become_mathml(latex):
    made = mathml(latex)
    assert MATHML[latex] in made
    assert ElementTree.fromstring(made).tag == "math"


@pytest.mark.parametrize("formula", list({repr(a.formula): a.formula for _, a in ANSWERS}.values())[::7], ids=lambda f: repr(f)[:40])
def test_every_letter_of_a_formula_is_in_its_mathml(formula):
    words = "".join(ElementTree.fromstring(mathml(formula.latex())).itertext())
    for s in symbols(formula):
        assert "".join(ElementTree.fromstring(mathml(s.tex)).itertext()) in words


PROSE = {
    "50 % of $x_1^2$": r"50 \% of \$x\_1\textasciicircum{}2\$",
    "a \\ {b} # & ~": r"a \textbackslash{} \{b\} \# \& \textasciitilde{}",
    "2 × 3 ≥ µ²": r"2 $\times$ 3 $\ge$ $\mu$$^2$",
    "中\x00": r"\{U+4E2D\}\{U+0000\}",
}


@pytest.mark.parametrize("text", PROSE)
def test_prose_is_escaped_for_latex(text):
    assert escape(text) == PROSE[text]


# -- where it is written
def test_it_is_written_over_a_book_of_ours_but_over_nothing_else(made, tmp_path):
    few = present.questions()[:2]
    write(tmp_path / "new" / "deep", questions=few)
    write(tmp_path / "new" / "deep", questions=few)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "index.html").write_text("<p>my own page</p>")
    with pytest.raises(InputError, match="is not empty and holds no book of ours; give another directory, or --force"):
        write(tmp_path / "mine", questions=few)
    assert (tmp_path / "mine" / "index.html").read_text() == "<p>my own page</p>"
    write(tmp_path / "mine", force=True, questions=few)
    assert "symroof book" in (tmp_path / "mine" / "index.html").read_text("utf-8")


def test_what_cannot_be_a_directory_is_refused_in_a_sentence(tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    for where, why in ((file, "is a file; give a directory"), (file / "below", "cannot be"), (tmp_path / ("n" * 300), "cannot be")):
        with pytest.raises(InputError, match=why):
            write(where, questions=present.questions()[:1])


def test_without_its_libraries_only_the_document_is_written(tmp_path, monkeypatch):
    for name in ("jinja2", "latex2mathml", "latex2mathml.converter"):
        monkeypatch.setitem(sys.modules, name, None)
    mathml.cache_clear()
    few = present.questions()[:1]
    with pytest.raises(InputError, match=r'pip install "symroof\[pages\]"'):
        write(tmp_path / "site", questions=few)
    assert not (tmp_path / "site").exists()
    with pytest.raises(InputError, match="latex2mathml"):
        mathml("x")
    first, _ = write(tmp_path / "latex", latex_only=True, questions=few)
    assert [path.name for path in first.parent.iterdir()] == ["book.tex"]
    write(tmp_path / "latex", latex_only=True, questions=few)


# -- LaTeX
def test_the_document_holds_everything(made):
    text = (made / "book.tex").read_text("utf-8")
    for q, a in ANSWERS:
        assert tex(a.asked) in text
        assert all(tex(a.shown((x,))) in text for x in (*a.ours, *a.printed))
        assert tex(headed(q.title)) in text
    assert text.count(r"\label{") == len(BOUNDS)
    assert set(re.findall(r"\\pageref{(.*?)}", text)) == set(re.findall(r"\\label{(.*?)}", text))


@pytest.mark.skipif(PDFLATEX is None, reason="LaTeX is tested with pdflatex, which is not installed")
@pytest.mark.parametrize("which", ["made", "evil"])
def test_latex_sets_it_and_nothing_runs_off_the_page(which, request, tmp_path):
    source = request.getfixturevalue(which) / "book.tex" if which == "made" else tmp_path / "evil.tex"
    if which == "evil":
        source.write_text(document(contents(evil_questions())), "utf-8")
    for _ in range(3):
        options = ["-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", f"-output-directory={tmp_path}"]
        done = subprocess.run([PDFLATEX, *options, str(source)], capture_output=True, timeout=120, cwd=tmp_path)
        log = (tmp_path / f"{source.stem}.log").read_text("latin-1")
        assert done.returncode == 0, log[-2000:]
    assert "undefined" not in log
    if which == "made":
        assert [float(w) for w in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log) if float(w) > 1] == []


# -- in a browser
@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="the book is tested in a browser by playwright, which is not installed")
    if CHROMIUM is None:
        pytest.skip("the book is tested in a browser, and there is no chromium")
    with api.sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def tab(browser):
    """A tab in which nothing may go wrong and nothing may be asked of a network."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened, troubles = context.new_page(), []
    opened.on("console", lambda m: troubles.append(m.text) if m.type in ("error", "warning") else None)
    opened.on("pageerror", lambda e: troubles.append(str(e)))
    opened.on("dialog", lambda d: (troubles.append(d.message), d.dismiss()))
    opened.on("request", lambda r: troubles.append(r.url) if not r.url.startswith(("file://", "data:")) else None)
    yield opened
    context.close()
    assert troubles == []


def test_the_search_finds_a_question_by_its_words_and_by_keyboard(tab, made):
    tab.goto((made / "index.html").as_uri())
    tab.keyboard.press("/")
    tab.keyboard.type("BATCH sharded zzz")
    assert tab.inner_text("#said").startswith("Nothing found")
    tab.keyboard.press("Escape")
    assert tab.inner_text("#said") == ""
    assert tab.is_visible("#chapters")
    tab.keyboard.type("two lower bounds")
    assert not tab.is_visible("#chapters")
    assert tab.inner_text("#results li:first-child a") == "Two lower bounds"
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/part-8.html#tk")
    assert tab.inner_text(":target h2").startswith("Two lower bounds")


@pytest.mark.parametrize("id", ["serving.q06.int8.num", "gpu.q5.2c"])
def test_the_search_finds_an_answer_by_its_words_and_its_id(tab, made, id):
    found = next(a for _, a in ANSWERS if a.id == id)
    for words in (found.asked, id):
        tab.goto((made / "part-1.html").as_uri())
        tab.fill("header input[type=search]", words)
        tab.press("header input[type=search]", "Enter")
        tab.wait_for_url("**/index.html?q=*")
        assert any(
            href.endswith(f"#{anchor(id, 'answer')}") for href in tab.eval_on_selector_all("#results a", "all => all.map(a => a.href)")
        )


def test_thresholds_are_filtered_by_their_letters(tab, made):
    tab.goto((made / "thresholds.html").as_uri())
    tab.fill("#letters", "S M_hbm")
    shown = tab.eval_on_selector_all(".threshold:not([hidden])", "all => all.length")
    assert shown == sum({"S", "M_hbm"} <= {s.name for s in symbols(b)} for b in BOUNDS.values()) > 0
    assert tab.inner_text("#said") == f"{shown} of {len(BOUNDS)}"
    tab.fill("#letters", "")
    assert tab.eval_on_selector_all(".threshold", "all => all.every(e => e.offsetHeight > 0)")


def test_no_page_is_wider_than_a_phone_or_a_desk(tab, made):
    for path in sorted(made.glob("*.html")):
        tab.goto(path.as_uri())
        tab.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true; })")
        for width in (390, 1280):
            tab.set_viewport_size({"width": width, "height": 844})
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, path.name
        sizes = tab.evaluate("[...document.querySelectorAll('math')].map(m => m.getBoundingClientRect()).map(r => [r.width, r.height])")
        assert all(wide > 4 and high > 6 for wide, high in sizes), path.name


def test_hostile_texts_do_nothing_in_a_browser(tab, evil):
    for path in sorted(evil.glob("*.html")):
        tab.goto(path.as_uri())
    tab.goto((evil / "index.html").as_uri() + "?q=alert")
    assert tab.locator("#results li").count() > 0
    assert tab.locator("#results img").count() == 0


def test_without_scripts_everything_can_be_read(browser, made):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto((made / "index.html").as_uri())
    assert tab.is_visible("#chapters")
    assert not tab.is_visible("input[type=search]")
    context.close()
