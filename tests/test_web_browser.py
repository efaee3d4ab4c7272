"""Interactive pages in a real browser: they load, compute what Python computes, reproduce the book's figures, and call nobody."""

import json
import re
import shutil
import subprocess
from functools import cache
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from checkpoints import CHECKPOINTS

from symroof import Cost, chip, decode, dtype, llm, llms, memory, regimes, solve, training
from symroof.algebra.quantity import show_quantity
from symroof.algebra.units import Unit
from symroof.ask.known import Known
from symroof.symbols import B, M_hbm, S, W_hbm
from symroof.web import named
from symroof.web.page import family, page

FIGURES = json.loads((Path(__file__).parent / "data" / "book_figures.json").read_text("utf-8"))
ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
sync_api = pytest.importorskip("playwright.sync_api", reason="the pages are tested in a browser by playwright, which is not installed")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="the pages are tested in a browser, and there is no chromium")


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


class Tabs:
    """Pages in tabs, each loaded once, and all that went wrong or out in them."""

    def __init__(self, browser, folder):
        self.browser, self.folder = browser, folder
        self.errors, self.requests, self.tabs = [], [], {}

    def load(self, made, state=""):
        """A page in a new tab, from its file."""
        file = made.save(self.folder / f"page{len(self.browser.contexts)}.html")
        tab = self.browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        tab.on("console", lambda m: self.errors.append(m.text) if m.type in ("error", "warning") else None)
        tab.on("pageerror", lambda e: self.errors.append(str(e)))
        tab.on("request", lambda r: self.requests.append(r.url))
        tab.goto(file.as_uri() + state)
        tab.wait_for_selector("html[data-ready=yes]")
        return tab


@pytest.fixture(scope="module")
def tabs(browser, tmp_path_factory):
    return Tabs(browser, tmp_path_factory.mktemp("pages"))


@pytest.fixture
def opened(tabs):
    """Opens a named page as it is at first, or any other; at the end there must be no error, and no request but for files."""

    def open_(made, state=""):
        if not isinstance(made, str):
            return tabs.load(made, state)
        if made not in tabs.tabs:
            tabs.tabs[made] = tabs.load(PAGES[made]())
        tab = tabs.tabs[made]
        tab.click("#reset")
        settled(tab)
        return tab

    yield open_
    assert tabs.errors == []
    assert [r for r in tabs.requests if not r.startswith(("file://", "data:", "blob:"))] == []


def settled(tab):
    """Waits until everything is redrawn."""
    tab.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))")


def comes_true(tab, condition):
    """Whether a condition comes true within seconds, for what the browser announces when it likes: a new size, new colours."""
    waiting = (
        "async (holds) => { for (let i = 0; i < 200 && !holds(); i++) await new Promise(done => setTimeout(done, 50)); return holds() }"
    )
    return tab.evaluate(f"() => ({waiting})(() => {condition})")


def moved(tab, **what):
    """Sets values and choices."""
    tab.evaluate("what => symroof.change(what)", what)
    settled(tab)


def drawn(tab, place="plot"):
    """The lines of a plot by name, each with what it says of a point that is not there left out."""
    script = """id => {
        const { xs, lines, paths, batches } = symroof.scenes[id];
        return [...lines.map(l => ({ x: xs, batches, ...l })), ...(paths || [])].map(l => [l.name, l.x, l.y, l.batches || l.x])
    }"""
    found = {}
    for name, xs, ys, batches in tab.evaluate(script, place):
        there = [i for i, y in enumerate(ys) if y is not None]
        found[name] = {"x": [xs[i] for i in there], "y": [ys[i] for i in there], "batches": [batches[i] for i in there]}
    return found


def at(trace, xs):
    """The values of a trace at some of its points."""
    table = dict(zip(trace["x"], trace["y"], strict=True))
    return [table[x] for x in xs]


def close(got, wanted, rel=1e-9):
    np.testing.assert_allclose(np.asarray(got, dtype=float), np.asarray(wanted, dtype=float), rtol=rel)


# -- the book's figures, evaluated by the browser
def book_offer():
    given = FIGURES["serving"]["inputs"]
    letters = {"P": given["P"], "W_hbm": given["W_hbm"]}
    return named.Offer.of("llama3-70b,llama3-8b", "tpu-v5e,tpu-v5p", "4x4", given["format"], given["arithmetic"], letters)


def test_the_frontier_of_the_book(opened):
    tab = opened("frontier")
    for step in FIGURES["serving"]["frontier"]:
        moved(tab, values={"S": step["context"]})
        curve = drawn(tab)["frontier"]
        place = {b: i for i, b in enumerate(curve["batches"])}
        close([1e3 * curve["x"][place[b]] for b in step["batch"]], step["latency_ms"])
        close([curve["y"][place[b]] / 1e3 for b in step["batch"]], step["tokens_per_ms_per_chip"])
        assert 0 <= max(curve["batches"]) - step["largest_batch"] <= 1  # the figure leaves out the last batch that fits


def test_the_breakdown_of_the_book(opened):
    tab = opened("breakdown")
    for step in FIGURES["serving"]["breakdown"]:
        moved(tab, values={"S": step["context"]})
        found = drawn(tab)
        for name, wanted in step["ms"].items():
            close(1e3 * np.array(at(found[name], step["batch"])), wanted)
    critical = next(t for t in tab.evaluate("symroof.thresholds()") if t["label"] == "compute-bound")
    close(critical["at"], [FIGURES["serving"]["compute_bound_from_batch"]])
    moved(tab, values={"S": 2048})
    shaded = tab.evaluate("symroof.scenes.plot.shades.map(s => s.from)")
    close(shaded, FIGURES["serving"]["compute_bound_from_batch"])


def test_the_training_roofline_of_the_book(opened):
    given = FIGURES["training"]
    assert given["inputs"] == {"D": 8192, "F": 32768, "chip": "tpu-v5p", "slice": "16x16x16"}
    tab = opened("training")
    for split in given["splits"]:
        moved(tab, choices={"split": f"{split['fsdp']} x {split['tp']}"})
        rows = tab.evaluate("xs => xs.map(B => symroof.evaluate({B}))", split["tokens"])
        close([max(row[1:-1]) for row in rows], split["comms_s"])
        close([row[1] for row in rows], split["comms_s"])
        close([row[-1] for row in rows], split["compute_s"])
        marks = [t["at"] for t in tab.evaluate("symroof.thresholds()") if t["label"] == "compute-bound"]
        close([x for at in marks for x in at], [split["crossing_tokens"]] if split["crossing_tokens"] else [])
    assert len(given["splits"]) == int(tab.get_attribute("#choice-split", "max")) + 1


# -- every page
PAGES = {
    "serve": cache(lambda: named.serving("serve", book_offer())),
    "frontier": cache(lambda: named.serving("frontier", book_offer())),
    "breakdown": cache(lambda: named.serving("breakdown", book_offer())),
    "training": cache(lambda: named.training(Known.of("tpu-v5p", "16x16x16", "", ("", "", ""), {}))),
    "regimes": cache(lambda: named.regimes("decode.step", ("B", "S"), Known.of("v5e", "4x4", "llama3-70b", ("int8", "", ""), {}))),
}
SHOWN = "section:not([hidden])"
FORMULAS = f"[...document.querySelectorAll('{SHOWN} tr:not([hidden]) math')]"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_and_shows_its_formulas(opened, name):
    tab = opened(name)
    sizes = tab.evaluate(f"{FORMULAS}.map(m => m.getBoundingClientRect()).map(r => r.width * r.height)")
    assert len(sizes) >= 4 and min(sizes) > 0
    assert drawn(tab) and tab.locator("#plot canvas").count() == 1
    inputs = "[...document.querySelectorAll('input, select, textarea, button')]"
    assert tab.evaluate(f"{inputs}.every(e => e.labels?.length || e.ariaLabel || e.textContent)")
    assert "?" not in tab.inner_text(SHOWN)  # what a letter without a number would show
    for width, colours in ((390, "dark"), (1280, "light")):
        tab.set_viewport_size({"width": width, "height": 844})
        tab.emulate_media(color_scheme=colours)
        assert comes_true(tab, f"document.documentElement.scrollWidth <= {width} && innerWidth === {width}")  # nothing sticks out


def test_titles_follow_what_is_chosen(opened):
    for name, said in (("serve", "Serving"), ("frontier", "Latency and throughput:"), ("breakdown", "Where a decode step goes:")):
        tab = opened(name)
        moved(tab, choices={"chip": "tpu-v5p", "model": "llama3-8b"})
        wanted = f"{said} {llm('llama3-8b').title} on {chip('tpu-v5p').title}"
        assert (tab.title(), tab.inner_text("h1")) == (wanted, wanted)


@pytest.mark.parametrize("width", [390, 1280])
def test_what_a_page_shows_is_seen_whole(opened, width):
    """Numbers fit into their boxes, tables into the page, and the sliders come before what they move."""
    for name, values in (("training", {"B": 100000000}), ("serve", {"B": 4096, "S": 2**20}), ("regimes", {"S": 123456789012})):
        tab = opened(name)
        tab.set_viewport_size({"width": width, "height": 844})
        moved(tab, values=values)
        inside = "[...document.querySelectorAll('input[type=number]')].every(e => e.scrollWidth <= e.clientWidth)"
        assert comes_true(tab, f"innerWidth === {width} && {inside}"), name
        bottoms = tab.evaluate("[...document.querySelectorAll('.wide')].map(e => e.getBoundingClientRect().bottom)")
        top = tab.evaluate("Math.min(...[...document.querySelectorAll('canvas')].map(e => e.getBoundingClientRect().top))")
        assert width > 820 or max(bottoms) < top, name
        tables = "[...document.querySelectorAll('section:not([hidden]) :is(table, tr)')]"
        assert tab.evaluate(f"{tables}.every(e => e.getBoundingClientRect().right <= innerWidth)"), name
        cut = "[...document.querySelectorAll('section:not([hidden]) .formula > div')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
        assert tab.evaluate(cut) <= (3 if width == 390 else 0), name  # a single fraction may be wider than a phone; it scrolls


def test_thresholds_have_units_and_results(opened):
    tab = opened("serve")
    text = tab.inner_text("tr[data-threshold=mark1] .formula")
    assert all(piece in re.sub(r"\s", "", text) for piece in ("197TFLOP/s", "820GB/s", "=120.1tokens")), text
    fonts = tab.evaluate("[...document.querySelectorAll('section:not([hidden]) math :is(mn, mtext)')].map(e => e.textContent).join('')")
    assert not re.search("[⁰¹²³⁴-⁹⁻]", fonts)  # powers are powers, not characters of another font
    moved(tab, values={"S": 65536})
    assert "(does not fit)" in tab.inner_text("tr[data-threshold=mark1] .value")


def test_colours_do_not_depend_on_width_or_choice(opened):
    colours = "() => Object.fromEntries([...symroof.scenes.map.cells.colours])"
    tab = opened("regimes")
    wide = tab.evaluate(colours)
    tab.set_viewport_size({"width": 390, "height": 844})
    assert comes_true(tab, "innerWidth === 390")
    settled(tab)
    assert tab.evaluate(colours) == wide and len(set(wide.values())) == len(wide) == 4
    tab = opened("training")
    found = set()
    for split in FIGURES["training"]["splits"]:
        moved(tab, choices={"split": f"{split['fsdp']} x {split['tp']}"})
        found.add(tab.evaluate("symroof.scenes.plot.lines.find(l => l.name === 'compute').colour"))
    assert len(found) == 1


def test_marks_on_a_frontier_are_shown_where_nothing_fits_too(opened):
    tab = opened("frontier")
    for context, beyond in ((2048, False), (65536, True)):
        moved(tab, values={"S": context})
        texts = tab.evaluate("symroof.scenes.plot.uprights.map(u => u.text)")
        assert sum("critical batch" in text and "(does not fit)" in text for text in texts) == beyond
        assert any("critical batch" in text for text in texts)


def test_labels_of_a_frontier_cover_no_curve(opened):
    tab = opened("frontier")
    for context in (2048, 8192, 65536):
        moved(tab, values={"S": context})
        covered = """() => {
            const { lines, xs, written } = symroof.scenes.plot;
            const at = lines.flatMap(l => l.dash.length ? [] : l.y.flatMap((v, i) => v === null ? [] : [symroof.place("plot", xs[i], v)]));
            return written.filter(b => at.some(([x, y]) => x > b.left && x < b.right && y > b.top && y < b.bottom)).length
        }"""
        assert tab.evaluate(covered) == 0
        assert tab.evaluate("symroof.scenes.plot.written.length") >= 3


def test_a_page_and_a_cell_are_small(opened):
    """No page has more than 2 MB; what a cell of a notebook adds is a tenth of that."""
    assert all(len(make().html) < 2e6 for make in PAGES.values())
    sheets = chip("v5e").on("4x4"), llm("llama3-70b"), dtype("int8")
    assert len(page(decode.step(), *sheets)._repr_html_()) < 2e5


def test_the_policy_forbids_requests(browser, tmp_path):
    hits = []

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self):
            hits.append(self.path)
            self.send_error(404)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    Thread(target=server.serve_forever, daemon=True).start()
    image = "new Promise(done => document.body.append(Object.assign(new Image(), {src: url, onload: done, onerror: done})))"
    ask = f"async url => {{ await {image}; await fetch(url).catch(() => 0) }}"
    plain = tmp_path / "plain.html"
    plain.write_text("<!doctype html><body></body>", "utf-8")
    tab = browser.new_page()
    for file, reached in ((plain, True), (PAGES["training"]().save(tmp_path / "a.html"), False)):
        tab.goto(file.as_uri())
        tab.evaluate(ask, f"http://127.0.0.1:{server.server_port}/{reached}")
        tab.evaluate("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.hacked = 1'}))")
        assert tab.evaluate("window.hacked === 1") == reached
    assert set(hits) == {"/True"}
    tab.close()
    server.shutdown()
    server.server_close()


# -- numbers
def python_step(model, on, where, weights, **values):
    held, form = llm(model), dtype(weights, activations="bf16", math="bf16")
    step = decode.step(None if held.stack.dense else held)
    given = {name: value for name, value in values.items() if name in {s.name for s in step.free_symbols}}
    return step.at(chip(on).on(where), held, form, **given)


def test_sliders_and_selects_move_the_curve_to_what_python_computes(opened):
    tab = opened(named.serving("serve", named.Offer.of("llama3-70b", "tpu-v5e", "4x4", "int8", "bf16")))
    models = {family(llm(name)): name for name in llms()}
    assert len(models) > 5
    for model in models.values():
        for on, where, weights, context in (("tpu-v5e", "4x4", "int8", 8192), ("tpu-v5p", "4x4x4", "bf16", 131072)):
            moved(tab, choices={"chip": on, "model": model, "weights": weights}, values={"S": context})
            moved(tab, choices={"slice": where})
            whole = drawn(tab)["decode step"]
            close(whole["y"], np.asarray(python_step(model, on, where, weights, B=np.array(whole["x"]), S=context)))


def test_the_browser_writes_quantities_as_python_does(opened):
    tab = opened("serve")
    rng = np.random.default_rng(3)
    for unit in ("s", "token", "byte", "USD/token", "token/s/chip"):
        values = [float(v) for v in 10 ** rng.uniform(-8, 14, 60)]
        said = tab.evaluate("([values, unit]) => values.map(v => symroof.quantity(v, unit))", [values, unit])
        for value, text in zip(values, said, strict=True):
            wanted = re.match(r"(\$?)([\d.,e-]+)(.*)", show_quantity(value, Unit.of(unit)))
            got = re.match(r"(\$?)([\d.,]*)(?:×?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?(.*)", text)
            power = (got[3] or "⁰").translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
            close(float((got[2] or "1").replace(",", "")) * 10.0 ** int(power), float(wanted[2].replace(",", "")), rel=1e-3)
            assert (got[1], got[4].replace("µ", "u")) == (wanted[1], wanted[3]), (value, unit)


def test_thresholds_move_with_the_sliders(opened):
    tab = opened("serve")
    parts = decode.step()
    overtakes = solve(parts["attention"] >= parts["MLP"], B)
    sheets = chip("v5e").on("4x4"), llm("llama3-70b"), dtype("int8", math="bf16")
    for context in (4096, 16384, 30000):
        moved(tab, values={"S": context})
        found = {t["label"]: t for t in tab.evaluate("symroof.thresholds()")}
        given = {"P": 70e9, "S": context}
        close(found["largest batch that fits"]["at"], [float(memory.largest_batch().at(*sheets, **given))])
        close(found["attention = MLP"]["at"], [float(overtakes.at(*sheets, **given, W_hbm=8.2e11))])
        lines = tab.evaluate("symroof.scenes.plot.uprights.map(s => s.x)")
        assert {round(x, 6) for t in found.values() for x in t["at"]} == {round(x, 6) for x in lines}


def test_the_map_says_what_the_regimes_of_the_engine_say(opened):
    tab = opened("regimes")
    sheets = chip("v5e").on("4x4"), llm("llama3-70b"), dtype("int8", math="bf16")
    found = regimes(decode.step(), over=(B, S)).at(*sheets)
    rng = np.random.default_rng(6)
    for batch, context in zip(2 ** rng.uniform(0, 12, 40), 2 ** rng.uniform(7, 20, 40), strict=True):
        region = found.which(B=batch, S=context)
        said = tab.evaluate("([B, S]) => symroof.regime({B, S})", [batch, context])
        assert said == f"{region.binds}, mostly {region.dominant.partition(':')[0]}"
    lines = drawn(tab, "map")
    critical = float(decode.critical_batch().at(*sheets))
    close(lines["math = weights"]["x"], critical)
    border = lines["attention = MLP"]
    there = [(x, y) for x, y in zip(border["x"], border["y"], strict=True) if not 0.99 < x / critical < 1.01]
    for batch, context in there[:: len(there) // 12]:
        value = decode.step().at(*sheets, B=batch, S=context)
        close(float(value["attention"]), float(value["MLP"]))


# -- the state
def test_a_link_restores_the_state(opened):
    tab = opened("serve")
    moved(tab, values={"B": 77, "S": 12345}, choices={"chip": "tpu-v5p", "model": "llama3-8b"}, cost=1)
    link = tab.url[tab.url.index("#") :]
    again = opened(PAGES["serve"](), link)
    assert again.evaluate("symroof.state") == tab.evaluate("symroof.state")
    assert again.input_value("#number-S") == "12345"
    assert again.inner_text("#said") == tab.inner_text("#said")
    again.evaluate("location.hash = '#B=5&S=4096&~chip=nonsense&__proto__=3'")
    settled(again)
    assert again.evaluate("symroof.state.values") == {"B": 5, "S": 4096}
    assert again.evaluate("symroof.state.choices.chip") == "tpu-v5p"


def test_the_keyboard_moves_a_slider(opened):
    tab = opened("breakdown")
    tab.focus("#slider-S")
    tab.keyboard.press("ArrowRight")
    settled(tab)
    assert tab.input_value("#number-S") == "4096"
    assert tab.get_attribute("#slider-S", "aria-valuetext") == "4,096 tokens"
    tab.keyboard.press("End")
    settled(tab)
    assert tab.input_value("#number-S") == "65536"
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.keyboard.press("Tab")
    tab.keyboard.press("Control+A")
    tab.keyboard.type("1048576")
    settled(tab)
    assert tab.evaluate("symroof.state.values.S") == 2**20
    wanted = python_step("llama3-70b", "v5e", "4x4", "int8", B=32, S=2**20, P=70e9, W_hbm=8.2e11)
    close(tab.evaluate("symroof.evaluate({})[0]"), float(wanted))


def test_copying_as_latex(opened):
    tab = opened("serve")
    moved(tab, values={"B": 32, "S": 8192})
    tab.click("#copy-latex")
    tab.wait_for_selector("#copied-said:not(:empty)")
    text = tab.input_value("#copied")
    assert decode.step().latex() in text
    assert r"8.609 ms" in text and "120.122" in text and "@" not in text
    assert text.count("{") == text.count("}")
    assert r"\frac{7 \times 10^{10} \cdot 1}{8.2 \times 10^{11} \cdot 16}" in text


def test_copied_latex_with_powers_compiles(opened, tmp_path):
    squared = Cost(B**2 * W_hbm**2 / (M_hbm**2 * (B + 3)), "1/s^2", "squared")
    text = opened(page(squared, chip("v5e"), along={"B": (1, 100)})).evaluate("symroof.asLatex()")
    assert r"\left(8.1 \times 10^{11}\right)^{2}" in text and r"\cdot \cdot" not in text
    if shutil.which("pdflatex") is None:
        pytest.skip("copied LaTeX is compiled by pdflatex, which is not installed")
    head, tail = r"\documentclass{article}\usepackage{amsmath}\begin{document}", r"\end{document}"
    (tmp_path / "copied.tex").write_text(f"{head}\n{text}\n{tail}\n", "utf-8")
    done = subprocess.run(["pdflatex", "-halt-on-error", "copied.tex"], cwd=tmp_path, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stdout[-2000:]


# -- corners
def test_corners_batch_one_and_a_million_tokens(opened):
    tab = opened("serve")
    for batch, context in ((1, 128), (1, 2**20), (4096, 2**20)):
        moved(tab, values={"B": batch, "S": context})
        wanted = python_step("llama3-70b", "v5e", "4x4", "int8", B=batch, S=context, P=70e9, W_hbm=8.2e11)
        close(tab.evaluate("symroof.evaluate({})"), [float(x) for x in (wanted, wanted["attention"], wanted["MLP"], *wanted["MLP"].parts)])
        shades = tab.evaluate("symroof.scenes.plot.shades.length")
        assert shades == (1 if context > 128 else 0) or context == 128


@pytest.mark.parametrize("name", ["serve", "frontier", "breakdown"])
def test_no_room_for_kv_caches(opened, name):
    tab = opened(name)
    moved(tab, choices={"slice": "1x1"})
    assert "does not fit into memory, not even at B = 1" in tab.evaluate("symroof.scenes.plot.said")
    if name == "frontier":  # the axes are those of what does not fit
        assert drawn(tab)["does not fit"]["batches"][0] == 1 and not drawn(tab)["frontier"]["y"]
        ticks = tab.evaluate("symroof.ticks(symroof.scenes.plot.x.range, symroof.scenes.plot.x, 9).map(t => t.text)")
        assert len(ticks) >= 3 and all(re.fullmatch(r"[\d.]+ m?s", text) for text in ticks)
    assert "nothing fits" in tab.inner_text("section:not([hidden])")


MINE = '<img src=x onerror="document.title=1">'


def own_files(folder):
    """A chip and a model of a user, with markup in their titles."""
    made = folder / "mychip.toml", folder / "mymodel.toml"
    for file, source in zip(made, ("chips/tpu-v5e.toml", "llms/llama3-8b.toml"), strict=True):
        text = (ROOT / "models" / source).read_text("utf-8")
        text = re.sub(r"^name = .*$", f'name = "{file.stem}"', text, count=1, flags=re.M)
        text = re.sub(r"^title = .*$", f"title = '{MINE}'", text, count=1, flags=re.M)
        file.write_text(re.sub(r"^aliases = .*$", "", text, flags=re.M), "utf-8")
    return made


def test_a_chip_and_a_model_of_the_user(opened, tmp_path):
    mine, model = own_files(tmp_path)
    tab = opened(named.serving("serve", named.Offer.of(f"{model},llama3-70b", f"{mine},tpu-v5e", "4x4", "int8", "bf16")))
    assert tab.title() != "1" and tab.locator("img").count() == 0
    assert tab.inner_text("h1") == f"Serving {MINE} on {MINE}"
    assert tab.evaluate("document.getElementById('choice-chip').options[0].text") in (MINE, "mychip")
    moved(tab, values={"B": 32, "S": 8192})
    close(tab.evaluate("symroof.evaluate({})[0]"), float(python_step(str(model), str(mine), "4x4", "int8", B=32, S=8192)))


def test_a_model_as_it_is_stored(opened, tmp_path):
    """Bytes of every class of weights, the cache in its format; two models of one page, each with its own."""
    for name in ("Qwen3-8B-FP8", "Kimi-K2.5"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps(CHECKPOINTS[name].config))
    first, second = (llm(str(tmp_path / name)).as_stored for name in ("Qwen3-8B-FP8", "Kimi-K2.5"))
    where = chip("h200").on(16)
    tab = opened(named.serving("serve", named.Offer.of(f"{tmp_path}/Qwen3-8B-FP8,{tmp_path}/Kimi-K2.5", "h200,b200", "16")))
    for m in (first, second):
        moved(tab, choices={"model": m.name}, values={"B": 32, "S": 8192})
        close(tab.evaluate("symroof.evaluate({})[0]"), float(decode.step(m).at(where, m, B=32, S=8192)))


# -- any cost
def test_a_page_of_any_cost_and_in_a_notebook(opened, tmp_path):
    sheets = chip("v5e").on("4x4"), llm("llama3-70b"), dtype("int8")
    title = "</script><script>window.hacked = 1</script>"
    made = page(decode.step(), *sheets, sliders={"S": (1024, 65536), "W_hbm": [4e11, 8.2e11]}, title=title, S=4096)
    tab = opened(made)
    assert tab.evaluate("window.hacked") is None and tab.inner_text("h1") == title
    moved(tab, values={"W_hbm": 4e11})
    whole = drawn(tab)["decode step"]
    close(whole["y"], np.asarray(decode.step().at(*sheets, B=np.array(whole["x"]), S=4096, W_hbm=4e11)))
    notebook = tmp_path / "notebook.html"
    notebook.write_text(f"<!doctype html><body>{made._repr_html_()}</body>", "utf-8")
    tab.goto(notebook.as_uri())
    frame = tab.frame_locator("iframe")
    assert "decode step at" in frame.locator("#said").inner_text()


def notebook(tab, folder, cells):
    """An exported notebook, its cells in this order, opened; returns their frames."""
    frame = '<iframe sandbox="allow-scripts" srcdoc="{}"></iframe>'
    file = folder / "exported.html"
    file.write_text("<!doctype html><body>" + "".join(frame.format(escape(text)) for text in cells) + "</body>", "utf-8")
    tab.goto(file.as_uri())
    return [tab.frame_locator(f"iframe >> nth={i}") for i in range(len(cells))]


@pytest.mark.parametrize("order", [(0, 1, 1), (1, 1, 0), (1, 0, 1)], ids=str)
def test_cells_of_a_notebook_draw_with_the_library_of_one(opened, tmp_path, order):
    made = PAGES["training"]()
    tab = opened(made)
    for frame in notebook(tab, tmp_path, [(made.html, made.borrowing)[borrows] for borrows in order]):
        frame.locator("#plot canvas").wait_for()
        assert "run this cell again" not in frame.locator("#plot").inner_text()


def test_a_cell_alone_shows_all_but_the_plot_and_says_what_to_do(opened, tmp_path):
    made = PAGES["training"]()
    tab = opened(made)
    (frame,) = notebook(tab, tmp_path, [made.borrowing])
    frame.locator("html[data-ready=yes]").wait_for()
    assert "run this cell again" in frame.locator("#plot").inner_text()
    assert "time per layer at B = " in frame.locator("#said").inner_text()
    tab.evaluate("text => document.body.append(Object.assign(document.createElement('iframe'), {srcdoc: text}))", made.html)
    frame.locator("#plot canvas").wait_for()


def test_a_cell_takes_no_other_script_for_the_library(browser, tmp_path):
    made, tab = PAGES["training"](), browser.new_page()
    (frame,) = notebook(tab, tmp_path, [made.borrowing])
    frame.locator("html[data-ready=yes]").wait_for()
    of = re.search(r'const LIBRARY = "(.*?)";', made.html)[1]
    tab.evaluate("of => frames[0].postMessage({of, text: 'window.uPlot = window.hacked = 1'}, '*')", of)
    assert tab.frames[1].evaluate("new Promise(done => setTimeout(() => done(String(window.hacked)), 300))") == "undefined"
    assert "run this cell again" in frame.locator("#plot").inner_text()
    tab.close()


def test_a_page_whose_model_decides_the_formulas(opened):
    models = [llm("llama3-70b"), llm("deepseek-v3")]
    options = {"chip": [chip("v5e"), chip("v5p")], "llm": models}
    made = page(decode.step, dtype("bf16"), choose=options, marks={"critical": decode.critical_batch}, n=256)
    tab = opened(made)
    for held in models:
        moved(tab, choices={"llm": held.name, "chip": "tpu-v5p"}, values={"S": 8192})
        wanted = decode.step(None if held.stack.dense else held).at(chip("v5p"), held, dtype("bf16"), n=256, B=32, S=8192)
        close(tab.evaluate("symroof.evaluate({B: 32})[0]"), float(wanted))
        critical = decode.critical_batch(None if held.stack.dense else held).at(chip("v5p"), held, dtype("bf16"))
        close([t["at"] for t in tab.evaluate("symroof.thresholds()") if t["label"] == "critical"], [[float(critical)]])


def test_efficiencies_and_formats_to_choose(opened):
    held, formats = llm("llama3-8b"), [dtype("int8"), dtype("bf16")]
    tab = opened(page(decode.step(), held, chip("v5e"), choose={"dtype": formats}, eta_hbm=0.8, n=16))
    for form in formats:
        moved(tab, choices={"dtype": form.name})
        wanted = decode.step().at(held, chip("v5e"), form, n=16, eta_hbm=0.8, B=500, S=3000)
        close(tab.evaluate("symroof.evaluate({B: 500, S: 3000})[0]"), float(wanted))


def test_a_threshold_with_several_ends_is_marked(opened):
    time = training.mixed(overlap="axes")
    given = {"D": 8192, "F": 32768, "n": 4096, "M_X": 2, "M_Y": 1, "p_w": 2, "p_a": 2}
    tab = opened(page(time, chip("v5p"), along={"B": (1024, 2**24)}, sliders={"X": (1, 4096)}, X=512, **given))
    for ways in (64, 128, 512):
        moved(tab, values={"X": ways})
        hidden = solve(time["math"] >= time["comms"], B).at(chip("v5p"), X=ways, **{k: v for k, v in given.items() if k != "D"})
        found = {t["label"]: t["at"] for t in tab.evaluate("symroof.thresholds()")}
        close(found["math = comms"], [float(hidden)] if float(hidden) < float("inf") else [])


def test_light_and_dark(opened):
    tab = opened("training")
    colours = "[getComputedStyle(document.body).backgroundColor, symroof.scenes.plot.lines.at(-1).colour].join(' ')"
    for scheme, wanted in (("dark", "rgb(28, 30, 34) #eeeeee"), ("light", "rgb(255, 255, 255) #1a1a1a")):
        tab.emulate_media(color_scheme=scheme)
        assert comes_true(tab, f"{colours} === '{wanted}'")
