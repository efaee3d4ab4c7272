"""Figures: what is drawn against arithmetic done here, what can be read in grey, what overlaps, what is refused."""

import subprocess
import sys
from itertools import combinations, pairwise
from math import log

import pytest
from click.testing import CliRunner

matplotlib = pytest.importorskip("matplotlib")

import numpy as np  # noqa: E402
from matplotlib.mathtext import MathTextParser  # noqa: E402
from matplotlib.path import Path  # noqa: E402
from matplotlib.text import Text  # noqa: E402
from matplotlib.transforms import Bbox  # noqa: E402

from symroof import Cost, chip, decode, dtype, figures, llm, matmul, memory, regimes, roofline, sensitivities, solve, symbol, training  # noqa: E402
from symroof.algebra.show import latex as latex_of  # noqa: E402
from symroof.algebra.symbols import ALPHABET  # noqa: E402
from symroof.ask.known import Known  # noqa: E402
from symroof.cli.figures import figure as figure_command  # noqa: E402
from symroof.errors import InputError, SymroofError  # noqa: E402
from symroof.figures import Curve, Dot, Look, named  # noqa: E402
from symroof.figures import canvas as ink  # noqa: E402
from symroof.figures.words import amount, formula  # noqa: E402
from symroof.symbols import B, C, D, F, M_hbm, S, W_hbm  # noqa: E402

# The setting of the book's two serving figures: LLaMA 3-70B in int8 on 16 TPU v5e.
P, W, RATE, KV, CHIPS = 70e9, 8.2e11, 1.97e14, 163_840, 16
BOOK = Known.of("tpu-v5e", "4x4", "llama3-70b", ("int8", "", "bf16"), {"P": "70e9", "W_hbm": "820 GB/s"})
HERE = Known.of("tpu-v5e", "4x4", "llama3-70b", ("int8", "", "bf16"), {})
AT = (chip("tpu-v5e").on("4x4"), llm("llama3-70b"), dtype("int8", math="bf16"))
STANDARD = {
    "roofline": lambda look: named.roofline(["tpu-v5e", "tpu-v5p", "h100"], [16, 256], (8192, 8192), look=look),
    "roofline of seven": lambda look: named.roofline(
        ["tpu-v5e", "tpu-v5p", "tpu-v6e", "h100", "h200", "b200", "a100-80"], [16, 256], (8192, 8192), look=look
    ),
    "frontier": lambda look: named.frontier(BOOK, look=look),
    "latency": lambda look: named.latency(BOOK, look=look),
    "latency at a million": lambda look: named.latency(HERE, "1 Mi", look=look),
    "regimes": lambda look: named.regimes("decode.step", ["B", "S"], HERE, look=look),
    "communication": lambda look: named.communication(Known.of("tpu-v5p", "", "", ("", "", ""), {}), look=look),
    "backward": lambda look: named.communication(Known.of("tpu-v5p", "", "", ("", "", ""), {}), backward=True, look=look),
    "memory": lambda look: named.stack(
        Known.of("tpu-v5e", "", "llama3-70b", ("", "int8", "bf16"), {"S": "8192", "B": "32"}), ["bf16", "int8"], ["2x4", "4x4"], look
    ),
    "training memory": lambda look: named.training_stack(
        Known.of("tpu-v5p", "", "llama3-8b", ("", "", ""), {"B": "64", "S": "8192"}), [16, 64], ["none", "block"], look
    ),
    "tornado": lambda look: named.tornado(
        "decode.step", Known.of("tpu-v5e", "4x4", "llama3-70b", ("int8", "", ""), {"B": "32", "S": "8192"}), look
    ),
}
_DRAWN: dict = {}


def drawn(name, width="column"):
    if (name, width) not in _DRAWN:
        _DRAWN[name, width] = STANDARD[name](Look(width=width))
    return _DRAWN[name, width]


def lines(figure):
    """The curves that a legend names, by label."""
    return {line.get_label(): line for line in figure.axes[0].get_lines() if line.get_label()[0] not in "_ "}


def starting(figure, text):
    return next(line for label, line in lines(figure).items() if label.startswith(text))


def texts(figure):
    """Every text that is drawn: those of ticks only inside the view."""
    figure.draw_without_rendering()
    hidden = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            every = zip(
                [*axis.get_majorticklocs(), *axis.get_minorticklocs()],
                [*axis.get_ticklabels(), *axis.get_ticklabels(minor=True)],
                strict=False,
            )
            hidden |= {id(label) for at, label in every if not low * (1 - 1e-9) <= at <= high * (1 + 1e-9)}
            hidden |= {id(t.label2) for t in (*axis.majorTicks, *axis.minorTicks)}
    return [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip() and id(t) not in hidden]


def box(text):
    return Text.get_window_extent(text, text.get_figure(root=True).canvas.get_renderer())


# -- the numbers
KEYS = {  # milliseconds and tokens per millisecond and chip: the book's frontier, TPU v5e 4x4
    2048: {1: (5.3609, 0.01166), 16: (5.7446, 0.17408), 32: (6.1538, 0.32500), 120: (8.4044, 0.89239), 511: (35.766, 0.89297)},
    4096: {1: (5.3865, 0.01160), 16: (6.1538, 0.16250), 120: (11.4734, 0.65369), 276: (26.376, 0.65400)},
    16384: {1: (5.5400, 0.01128), 16: (8.6090, 0.11616), 32: (11.8826, 0.16831), 68: (19.2482, 0.22080)},
    65536: {1: (6.1538, 0.01016), 16: (18.4298, 0.05426)},
}


def test_the_frontier_goes_through_the_points_of_the_book():
    figure = named.frontier(BOOK, contexts=tuple(KEYS))
    for (context, points), line in zip(KEYS.items(), lines(figure).values(), strict=False):
        xy = line.get_xydata()
        for batch, (ms, rate) in points.items():
            assert xy[batch - 1] == pytest.approx((ms / 1e3, rate * 1e3), rel=6e-4), (context, batch)  # print has four digits


def test_a_frontier_ends_with_the_largest_batch_that_fits_and_bends_at_the_critical_one():
    fits = [512, 277, 138, 69, 34, 17]  # of the first, no more are drawn
    assert fits[1:] == [(16 * 16e9 - P) // (2048 * 2**i * KV) for i in range(1, 6)]
    assert [len(line.get_xydata()) for line in lines(drawn("frontier")).values()][:6] == fits
    knee = [line.get_xydata()[0] for line in drawn("frontier").axes[0].get_lines() if line.get_label() == "_knee"]
    critical = RATE / (2 * W)
    expected = [P / (CHIPS * W) + critical * s * KV / (CHIPS * W) for s in (2048, 4096, 8192)]  # of the others, too few fit
    assert [x for x, _ in knee] == pytest.approx(expected)
    assert any("= 120.1" in t.get_text() and "W_{" in t.get_text() for t in texts(drawn("frontier")))


def test_the_breakdown_is_the_sum_of_its_parts():
    found = {name: line.get_xydata() for name, line in lines(drawn("latency")).items()}
    batch = found["total"][:, 0]
    assert (batch[0], batch[-1]) == (1, 512) and min(abs(batch - RATE / (2 * W))) < 1e-9, "the corner is drawn"
    assert found["param loading"][:, 1] == pytest.approx(np.full(batch.shape, 5.33537e-3), rel=1e-5)
    assert found["KV loading"][:, 1] == pytest.approx(batch * 25.575e-6, rel=1e-4)
    assert found["FLOPs"][:, 1] == pytest.approx(batch * 44.416e-6, rel=1e-5)
    expected = found["KV loading"][:, 1] + np.maximum(found["FLOPs"][:, 1], found["param loading"][:, 1])
    assert found["total"][:, 1] == pytest.approx(expected, rel=1e-12)


def test_the_ground_is_shaded_from_the_critical_batch():
    figure = drawn("latency")
    ground = figure.axes[0].patches[0].get_extents().transformed(figure.axes[0].transData.inverted())
    assert (ground.x0, ground.x1) == pytest.approx((120.12, 512), rel=1e-4)
    assert any(t.get_text().startswith("compute-bound") and "120.1" in t.get_text() for t in texts(figure))


def test_a_roof_is_the_lower_of_bandwidth_and_arithmetic():
    figure = drawn("roofline")
    for name, rate, width in (("Google TPU v5e", 197e12, 810e9), ("NVIDIA H100", 989.4e12, 3.35e12)):
        line = starting(figure, name)
        x, y = line.get_xydata().T
        assert y == pytest.approx(np.minimum(rate, x * width), rel=1e-9), name
        assert amount(rate / width) in line.get_label()
    v5e = starting(figure, "Google TPU v5e")
    assert v5e.get_xydata()[v5e.get_markevery()] == pytest.approx(np.array([(197e12 / 810e9, 197e12)]))
    batch, wide = 16.0, 8192.0
    intensity = 2 * batch * wide * wide / (2 * (2 * batch * wide + wide * wide))
    dots = starting(figure, "matmul").get_xydata()
    assert dots[0] == pytest.approx((intensity, intensity * 810e9))


def test_communication_crosses_where_the_marks_are():
    figure = drawn("communication")
    rate, link, d, f, chips = 4.59e14, 1.8e11, 8192, 32768, 2048
    flops, fsdp, mixed = (starting(figure, name) for name in ("FLOPs", "FSDP 2048", "FSDP 256"))
    x, y = flops.get_xydata().T
    assert y == pytest.approx(4 * x * d * f / (chips * rate), rel=1e-12)
    assert fsdp.get_ydata() == pytest.approx(np.full(x.shape, 2 * 2 * d * f / (3 * link)), rel=1e-12)
    marks = {tuple(line.get_xydata()[0]) for line in figure.axes[0].get_lines() if line.get_label() == "_threshold"}
    assert sorted(b for b, _ in marks) == pytest.approx([rate * 256 * 2 / (2 * 2 * link), rate * chips * 2 / (2 * 3 * link)])
    for b, t in marks:
        assert t == pytest.approx(4 * b * d * f / (chips * rate), rel=1e-12), "a mark lies on the FLOPs"
    at = (256, 8)
    both = np.maximum(4 * d * f * at[0] / (2 * link * chips), 4 * x * d / (link * at[0]))
    assert mixed.get_ydata() == pytest.approx(both, rel=1e-12)
    assert "never" in starting(figure, "tensor parallel").get_label()


def test_data_parallelism_communicates_in_the_backward_pass():
    """An AllReduce of the gradients of both matrices; FSDP gathers them again and scatters as much: the same bytes."""
    figure = drawn("backward")
    rate, link, d, f, chips = 4.59e14, 1.8e11, 8192, 32768, 2048
    flops, plain, fsdp = (starting(figure, name) for name in ("FLOPs", "data parallel", "FSDP 2048"))
    x, y = flops.get_xydata().T
    assert y == pytest.approx(8 * x * d * f / (chips * rate), rel=1e-12)
    assert plain.get_ydata() == pytest.approx(np.full(x.shape, 2 * 2 * 2 * d * f / (3 * link)), rel=1e-12)
    assert fsdp.get_ydata() == pytest.approx(plain.get_ydata(), rel=1e-12)


def test_the_map_shows_what_binds_by_brute_force():
    figure = drawn("regimes")
    chips, width, rate, params, kv = 16, 8.1e11, 1.97e14, 70_553_706_496, 163_840
    rng = np.random.default_rng(0)
    for b, s in np.exp(rng.uniform((0, log(128)), (log(4096), log(2**20)), (300, 2))):
        attention, math, weights = b * s * kv / (chips * width), 2 * b * params / (chips * rate), params / (chips * width)
        binds = "math" if math > weights else "weights"
        most = "attention" if attention > max(math, weights) else f"MLP: {binds}"
        inside = [p.get_label() for p in figure.axes[0].patches if Path(np.log(p.get_xy())).contains_point((log(b), log(s)))]
        assert inside == [f"MLP: {binds}, mostly {most}"], (b, s)


def test_a_map_with_curves_shows_what_binds_too():
    found = regimes(roofline(matmul(B, D, F)), over=(B, D), dominance=False)
    figure = figures.regime_map(found, chip("tpu-v5e"), dtype("bf16"), {F: 28672}, B=(1, 4096), D=(64, 65536))
    rng = np.random.default_rng(1)
    for b, d in np.exp(rng.uniform((0, log(64)), (log(4096), log(65536)), (200, 2))):
        math, hbm = 2 * b * d * 28672 / 1.97e14, 2 * (b * d + b * 28672 + d * 28672) / 8.1e11
        if abs(math / hbm - 1) > 0.03:  # curves are traced
            inside = {p.get_label() for p in figure.axes[0].patches if Path(np.log(p.get_xy())).contains_point((log(b), log(d)))}
            assert inside == {"math" if math > hbm else "hbm"}, (b, d)
    assert figure.axes[0].get_xlabel().count("=") == 1, "one border, one formula"


def test_borders_of_the_map_carry_their_formulas_in_letters():
    written = {t.get_text() for t in drawn("regimes").axes[0].texts}
    assert formula(r"B = \frac{C p_w}{2 W_\text{hbm}}") in written
    assert formula(r"S = \frac{P W_\text{hbm}}{C H K L p_\text{kv}}") in written and len(written) == 3


def test_a_formula_longer_than_its_border_stands_below():
    figure = figures.regime_map(regimes(decode.step(), over=(B, S)), *AT, B=(100, 1500), S=(3000, 3e4))
    keyed = [t.get_text() for t in figure.axes[0].texts if t.get_text().startswith("(")]
    assert keyed and all(f"{key} $" in figure.axes[0].get_xlabel() for key in keyed)


def test_bars_of_memory_are_the_bytes():
    figure = drawn("memory")
    weights, cache = figure.axes[0].containers
    params, kv = 70_553_706_496, 163_840 * 8192 * 32
    assert [b.get_width() for b in weights] == pytest.approx([params * p / chips for chips in (8, 16) for p in (2, 1)])
    assert [b.get_width() for b in cache] == pytest.approx([kv / chips for chips in (8, 8, 16, 16)])
    assert [b.get_x() for b in cache] == pytest.approx([b.get_width() for b in weights])
    capacity = [line.get_xdata()[0] for line in figure.axes[0].get_lines() if line.get_label() == "_capacity"]
    assert capacity == [16e9] * 4
    over = [t for t in figure.axes[0].texts if "%" in t.get_text()]
    assert [t.get_fontweight() for t in over] == ["bold"] and f"{100 * (2 * params + kv) / 8 / 16e9:.3g} %" in over[0].get_text()


def test_bars_of_a_tornado_are_slopes():
    def step(b=32.0, s=8192.0, w=8.1e11, c=1.97e14, p=70_553_706_496.0):
        return b * s * 163_840 / (16 * w) + max(2 * b * p / (16 * c), p / (16 * w))

    figure = drawn("tornado")
    labels = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    slopes = {}
    for container in figure.axes[0].containers:
        for bar in container:
            slopes[labels[round(bar.get_y() + bar.get_height() / 2)].partition(" =")[0]] = bar.get_width()
    given = {"b": 32.0, "s": 8192.0, "w": 8.1e11, "p": 70_553_706_496.0}
    for letter, name in (("b", "$B$"), ("s", "$S$"), ("w", r"$W_{\mathrm{hbm}}$"), ("p", "$P$")):
        up, down = (step(**given | {letter: given[letter] * (1 + h)}) for h in (1e-6, -1e-6))
        assert slopes[name] == pytest.approx((log(up) - log(down)) / 2e-6, rel=1e-4), name
    sizes = [max([abs(w) for name, w in slopes.items() if name == label.partition(" =")[0]], default=0) for label in labels]
    assert sizes == sorted(sizes, reverse=True)


# -- what a reader sees
TITLE = "Where a decode step of LLaMA 3-70B in int8 on sixteen TPU v5e goes, by batch, at 2048 tokens of context"


@pytest.mark.parametrize("titled", [False, True], ids=["untitled", "titled"])
@pytest.mark.parametrize("width", ["column", "page"])
@pytest.mark.parametrize("name", STANDARD)
def test_no_text_covers_another_and_none_is_cut(name, width, titled):
    figure = STANDARD[name](Look(TITLE, width)) if titled else drawn(name, width)
    boxes = [(t.get_text(), box(t)) for t in texts(figure)]
    for (a, one), (b, other) in combinations(boxes, 2):
        shared = Bbox.intersection(one, other)
        assert shared is None or shared.width < 1 or shared.height < 1, f"{a!r} covers {b!r}"
    for text, one in boxes:
        assert one.x0 > -1 and one.y0 > -1 and one.x1 < figure.bbox.x1 + 1 and one.y1 < figure.bbox.y1 + 1, f"{text!r} is cut"
    assert all(7 <= t.get_fontsize() <= 9 for t in texts(figure))


@pytest.mark.parametrize(
    ("name", "across", "up"),
    [
        ("roofline", "[FLOP/byte]", "[FLOP/s]"),
        ("frontier", " ms", "[token/s/chip]"),
        ("latency", "[token]", " ms"),
        ("regimes", "[token]", "[token]"),
        ("communication", "[token]", " ms"),
        ("memory", " GB", ""),
        ("tornado", "decode step: % of 8.758 ms", ""),
    ],
)
def test_axes_have_units(name, across, up):
    figure, axes = drawn(name), drawn(name).axes[0]
    for axis, unit in ((axes.xaxis, across), (axes.yaxis, up)):
        shown = [
            axis.get_label_text(),
            figure.get_supxlabel() if axis is axes.xaxis else "",
            *(t.get_text() for t in axis.get_ticklabels()),
        ]
        assert any(unit in text for text in shown), (unit, shown)


def test_ticks_are_what_a_reader_expects():
    drawn("latency", "page").draw_without_rendering()
    across, up = (
        [t.get_text() for t in axis.get_ticklabels()]
        for axis in (drawn("latency", "page").axes[0].xaxis, drawn("latency", "page").axes[0].yaxis)
    )
    assert across == ["1", "2", "4", "8", "16", "32", "64", "128", "256", "512"]
    assert {"100 µs", "1 ms", "10 ms"} <= set(up)


def luminance(rgb):
    """How light a colour looks in grey (ITU-R BT.709)."""
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), rgb, strict=True))


def test_neighbours_differ_in_grey():
    for a, b in pairwise(range(12)):
        assert ink.line(a)["linestyle"] != ink.line(b)["linestyle"] and ink.marker(a) != ink.marker(b)
        one, other = ink.fill(a), ink.fill(b)
        assert one["hatch"] != other["hatch"] or abs(luminance(one["facecolor"]) - luminance(other["facecolor"])) > 0.15
    styles = [(ink.line(i)["color"], str(ink.line(i)["linestyle"])) for i in range(7)]
    assert len(set(styles)) == len({dash for _, dash in styles}) == 7, "seven lines, seven dashes"


@pytest.mark.parametrize("name", ["regimes", "memory", "latency"])
def test_standard_figures_use_what_differs_in_grey(name):
    axes = drawn(name).axes[0]
    if name == "latency":
        dashes = [str(line._dash_pattern) + str(line.get_linewidth()) for line in lines(drawn(name)).values()]
        assert len(set(dashes)) == len(dashes)
    else:
        groups = [c[0] for c in axes.containers] or axes.patches
        assert len({p.get_hatch() for p in groups}) == len(groups)


# -- files
def test_all_formats_are_written_alike_twice(tmp_path):
    for suffix, magic in ((".pdf", b"%PDF"), (".svg", b"<?xml"), (".png", b"\x89PNG")):
        first = figures.save(STANDARD["tornado"](Look(title="again")), tmp_path / f"a{suffix}").read_bytes()
        second = figures.save(STANDARD["tornado"](Look(title="again")), tmp_path / f"b{suffix}").read_bytes()
        assert first.startswith(magic) and first == second, suffix
        assert suffix != ".pdf" or (b"/FontFile2" in first and b"/Type3" not in first), "fonts are embedded as TrueType"


def test_sizes_are_those_of_a_paper():
    assert drawn("frontier").get_size_inches()[0] == 3.4 and drawn("frontier", "page").get_size_inches()[0] == 7
    assert tuple(STANDARD["frontier"](Look(height=3)).get_size_inches()) == (3.4, 3)


def test_a_figure_leaves_matplotlib_as_it_was(tmp_path):
    code = (
        "import sys, symroof, symroof.figures; assert 'matplotlib' not in sys.modules;"
        "import matplotlib; "
        "matplotlib.rcParams.update({'font.size': 31, 'text.usetex': True});"
        "kept = lambda: {k: v for k, v in matplotlib.rcParams.copy().items() if k != 'backend'}; before = kept();"
        "from symroof.figures import named; from symroof import figures as f;"
        "made = named.roofline(['tpu-v5e'], [16], (64, 64)); f.save(made, sys.argv[1]);"
        "assert kept() == before; print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.png")], capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n", done.stdout + done.stderr


def test_without_matplotlib_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(InputError, match=r"pip install 'symroof\[figures\]'"):
        STANDARD["latency"](Look())


# -- corners
HOSTILE = r"50 % of $x_1 \frac{ & #{} ~ \begin{a} $$ <b> ^_ $"


def test_a_hostile_title_and_hostile_names_are_shown_as_they_are(tmp_path):
    at = {C: 2 * 10**14}
    figure = figures.curves([Cost(2 * B * 10**9 / C, "s", HOSTILE)], at, along=(B, 1, 100), look=Look(title=HOSTILE))
    assert " ".join(figure.get_suptitle().split()) == " ".join(HOSTILE.split())
    assert figures.save(figure, tmp_path / "a.svg").stat().st_size > 1000
    x = symbol("I", "FLOP/byte")
    held = figures.memory_stack({HOSTILE: memory.memory().at(*AT, B=1, S=8)}, memory.capacity().at(*AT))
    assert figures.save(held, tmp_path / "b.pdf").stat().st_size > 1000
    dot = Dot(HOSTILE, Cost(x, "FLOP/byte").at(I=3), Cost(C, "FLOP/s").at(C=10**12))
    time = Cost(1 / C, "s/FLOP", "math") | Cost(1 / (x * W_hbm), "s/FLOP", "hbm")
    roof = figures.roofline(1 / time, solve(time["math"] >= time["hbm"], x), {HOSTILE: (chip("tpu-v5e"), dtype("bf16"))}, [dot])
    assert figures.save(roof, tmp_path / "c.png").stat().st_size > 1000


def test_one_point_is_a_figure():
    figure = figures.breakdown(decode.step(), *AT, {S: 8192}, along=(B, 7, 7), shade={"compute-bound": decode.critical_batch()})
    low, high = figure.axes[0].get_xlim()
    assert (low, high) == (3.5, 14) and len(lines(figure)["total"].get_xydata()) == 1


def test_a_name_that_matplotlib_would_hide_is_shown():
    figure = figures.curves([Cost(2 * B * 10**9 / C, "s", "_hidden")], {C: 2 * 10**14}, along=(B, 1, 100))
    assert [t.get_text().strip() for t in figure.legends[0].get_texts()] == ["_hidden"]


def test_a_map_of_one_regime_is_one_patch():
    figure = figures.regime_map(regimes(decode.step(), over=(B, S)), *AT, B=(1, 2), S=(1, 4))
    assert [p.get_label() for p in figure.axes[0].patches] == ["MLP: weights, mostly MLP: weights"] and not figure.axes[0].texts


def test_a_context_at_which_nothing_fits_is_said():
    figure = named.frontier(BOOK, contexts=[65536, 2**24])
    assert any("nothing fits" in t.get_text() for t in texts(figure)) and len(lines(figure)) == 3 - 1
    with pytest.raises(InputError, match="nothing fits at any"):
        named.frontier(BOOK, contexts=[2**24])
    small = Known.of("tpu-v5e", "2x2", "llama3-70b", ("bf16", "", ""), {})
    with pytest.raises(InputError, match="take more chips"):
        named.frontier(small, contexts=[2048])


def test_a_kink_is_a_bar_from_one_side_to_the_other():
    mlp = decode.step()["MLP"]
    ranking = sensitivities(mlp).at(C=200, W_hbm=100, p_w=1, B=1, P=10, n=1)
    figure = figures.tornado(ranking)
    row = next(i for i, t in enumerate(figure.axes[0].get_yticklabels()) if t.get_text().startswith("$B$"))
    bars = [(b.get_x(), b.get_x() + b.get_width()) for c in figure.axes[0].containers for b in c if round(b.get_y() + 0.35) == row]
    assert min(min(b) for b in bars) == 0 and max(max(b) for b in bars) == 1
    assert "0 to 1" in [t.get_text() for t in figure.axes[0].texts]


def test_what_only_holds_below_is_shaded_below():
    cost = decode.step()["MLP"]
    figure = figures.breakdown(cost, *AT, along=(B, 1, 512), shade={"memory-bound": solve(cost["weights"] >= cost["math"], B)})
    ground = figure.axes[0].patches[0].get_extents().transformed(figure.axes[0].transData.inverted())
    assert (ground.x0, ground.x1) == pytest.approx((1, 1.97e14 / (2 * 8.1e11)), rel=1e-6)


# -- formulas as mathtext
def test_every_letter_and_threshold_can_be_set():
    bounds = [decode.critical_batch(), decode.kv_overtakes_math(), memory.largest_batch(), training.fsdp_threshold(), training.tp_limit()]
    for latex in [*(latex_of(s) for s in ALPHABET.values()), *(b.latex() for b in bounds)]:
        shown = formula(latex, "instead")
        assert shown[0] == shown[-1] == "$" and "\\text" not in shown, latex
        MathTextParser("path").parse(shown)


def test_what_cannot_be_set_is_text():
    assert formula(r"\begin{cases} a \end{cases}", "a_b $") == r"a_b \$"
    assert formula(r"\frac{1}", "plain") == "plain" and formula(r"\text{a b}").count("\\ ") == 1
    assert (amount(435200.0, B.unit), amount(2e-5, Cost(1, "s").unit), amount(16e9, M_hbm.unit)) == ("435,200 tokens", "20 µs", "16 GB")


# -- what is refused
def test_errors_are_sentences(tmp_path):
    step, look = decode.step(), Look()
    made = drawn("tornado")
    left = memory.capacity() - memory.weight_memory()
    refused = {
        "not as 'a.jpg'": lambda: figures.save(made, tmp_path / "a.jpg"),
        "cannot be written": lambda: figures.save(made, tmp_path / "no" / "a.pdf"),
        "is no figure": lambda: figures.save(3, "a.pdf"),
        "'column'": lambda: figures.tornado(sensitivities(step).at(*AT, B=1, S=1), Look(width="poster")),
        "a larger height": lambda: named.regimes("decode.step", ["B", "S"], HERE, look=Look(height=1)),
        "inches high": lambda: figures.tornado(sensitivities(step).at(*AT, B=1, S=1), Look(height=0)),
        "attention lacks a value for S": lambda: figures.breakdown(step, *AT, along=(B, 1, 512)),
        "is no axis": lambda: figures.breakdown(step, *AT, along="B"),
        "from a positive number": lambda: figures.breakdown(step, *AT, along=(B, 512, 1)),
        "is no cost": lambda: figures.breakdown(3, along=(B, 1, 2)),
        "one name and its bound": lambda: figures.breakdown(step, *AT, along=(B, 1, 2), shade="B"),
        "no curve to draw": lambda: figures.curves([], along=(B, 1, 2)),
        "is no curve": lambda: figures.curves(["step"], along=(B, 1, 2)),
        "draw them apart": lambda: figures.curves([step, memory.memory()], *AT, along=(B, 1, 2)),
        "is no threshold": lambda: figures.curves([Curve(step, bound=3)], *AT, {S: 1}, along=(B, 1, 2)),
        "names no curves": lambda: named.figures.frontier(named.Front(step, step), *AT, along=(B, 1, 2), each="S"),
        "one to seven": lambda: named.frontier(BOOK, contexts=range(1, 20)),
        "are no regions": lambda: figures.regime_map(step, B=(1, 2), S=(1, 2)),
        "neither of the two": lambda: named.regimes("decode.step", ["B", "S"], HERE, {"n": (1, 2)}),
        "over two letters": lambda: named.regimes("decode.step", ["B"], HERE),
        "still need a value": lambda: named.latency(Known.of("tpu-v5e", "", "", ("", "", ""), {})),
        "at least one": lambda: figures.memory_stack({}, memory.capacity().at(*AT)),
        "no number of bytes": lambda: figures.memory_stack({"a": memory.memory()}, memory.capacity().at(*AT)),
        "need one capacity": lambda: figures.memory_stack({"a": memory.memory().at(*AT, B=1, S=1)}, [], look),
        "negative part": lambda: figures.memory_stack({"a": left.at(*AT, n=1)}, memory.capacity().at(*AT)),
        "ranks nothing": lambda: figures.tornado(step),
        "one to 7 chips": lambda: figures.roofline(step, decode.critical_batch(), {}),
    }
    for sentence, action in refused.items():
        with pytest.raises(SymroofError) as caught:
            pytest.fail(f"{sentence}: {action()!r}")
        assert sentence in str(caught.value) and "\n" not in str(caught.value), (sentence, str(caught.value))


# -- the command line
AT_CLI = ("--on", "tpu-v5e", "--slice", "4x4", "--formats", "int8", "--math", "bf16")


@pytest.mark.parametrize(
    "line",
    [
        ("roofline", "tpu-v5e,h100", "--batches", "8,512", "--size", "4096,14336"),
        ("roofline", "tpu-v5e", "--batches", "", "--format", "int8"),
        ("frontier", "llama3-70b", *AT_CLI, "--contexts", "2048,8192"),
        ("latency", "llama3-70b", *AT_CLI, "--context", "8 Ki", "--set", "eta_hbm=0.8"),
        ("regimes", "decode.step", "--over", "B,S", *AT_CLI, "--model", "llama3-70b", "--window", "S=128:1e6"),
        ("tornado", "decode.throughput", *AT_CLI, "--model", "llama3-70b", "--set", "B=32", "--set", "S=8192"),
        ("training", "--on", "tpu-v5p", "--ways", "64,16", "--set", "D=4096"),
        ("memory", "llama3-70b", "--on", "tpu-v5e", "--slices", "4x4,4x8", "--set", "B=8", "--set", "S=8192"),
        ("memory", "llama3-8b", "--on", "tpu-v5p", "--training", "16", "--remat", "block", "--set", "B=64", "--set", "S=8192"),
    ],
    ids=lambda line: line[0],
)
def test_commands_write_their_file(line, tmp_path):
    done = CliRunner().invoke(figure_command, [*line, "-o", str(tmp_path / "figure.svg")])
    assert done.exit_code == 0, (done.output, done.exception)
    assert (tmp_path / "figure.svg").stat().st_size > 5000


@pytest.mark.parametrize(
    "line",
    [
        ("roofline", "tpu-v5e", "--size", "8192"),
        ("roofline", "tpu-v5e", "--batches", "many"),
        ("training", "--on", "tpu-v5p", "--ways", "8"),
        ("memory", "llama3-70b", "--on", "tpu-v5e"),
        ("regimes", "decode.step", "--over", "B,S", "--window", "B"),
        ("roofline", "tpu-v5e", "--width", "poster"),
    ],
    ids=" ".join,
)
def test_commands_refuse_what_cannot_be_meant(line):
    done = CliRunner().invoke(figure_command, [*line, "-o", "never.pdf"])
    assert done.exit_code == 2 and "Error: " in done.output and "Traceback" not in done.output


def test_a_derated_chip_moves_the_critical_batch():
    slower = Known.of("tpu-v5e", "4x4", "llama3-70b", ("int8", "", "bf16"), {"eta_hbm": "0.5"})
    axes = named.latency(slower).axes[0]
    shaded = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert shaded.x0 == pytest.approx(1.97e14 / (2 * 0.5 * 8.1e11), rel=1e-6)
