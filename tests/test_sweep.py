"""Sweeps: named axes, categories that are sheets, and every point what ``.at()`` says it is."""

import itertools
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symroof import Cost, SymroofError, chip, decode, dtype, llm, sheet, sweep
from symroof.symbols import B, C, D, F, price, t_lim

STEP = decode.step()
CHIPS = [chip("tpu-v5e"), chip("tpu-v5p"), chip("h100")]
LLMS = [llm("llama3-8b"), llm("llama3-70b")]
FORMATS = [dtype("int8"), dtype("bf16"), dtype("int8", math="bf16")]
AXES = {
    "B": [1, 7, 64.5],
    "S": ["8 Ki", "32 Ki"],
    "n": range(4, 12, 4),
    "W_hbm": np.array([8.1e11, 3e12]),
    "chip": CHIPS,
    "llm": LLMS,
    "weights": FORMATS,
    "eta_hbm": [0.5, 1],
}
FIXED = {"B": 3, "S": "8192", "n": 16, "chip": CHIPS[0], "llm": LLMS[1], "weights": FORMATS[1]}
CATEGORIES = ("chip", "llm", "weights")


def at(cost, values):
    named = {k: v for k, v in values.items() if k not in CATEGORIES}
    return cost.at(*[values[k] for k in CATEGORIES], **named)


@settings(max_examples=30)
@given(st.permutations(list(AXES)), st.integers(1, 4))
def test_every_point_is_what_at_says(order, count):
    axes = {name: AXES[name] for name in order[:count]}
    rest = {k: v for k, v in FIXED.items() if k not in axes}
    sheets = [rest.pop(k) for k in CATEGORIES if k in rest]
    found = sweep(STEP, *sheets, **axes, **rest)
    assert tuple(found.axes) == tuple(axes)
    assert found.shape == tuple(len(list(v)) for v in axes.values())
    for place in itertools.product(*[range(n) for n in found.shape]):
        one = at(STEP, {**FIXED, **{k: list(axes[k])[i] for k, i in zip(axes, place, strict=True)}})
        assert found.values[place] == pytest.approx(float(one), rel=1e-12)
        assert found["attention"].values[place] == pytest.approx(float(one["attention"]), rel=1e-12)
        assert found["math"].values[place] == pytest.approx(float(one["math"]), rel=1e-12)
        assert found.binding.labels[place] == one.binding
        assert found["MLP"].binding.labels[place] == one["MLP"].binding


GRID = sweep(STEP, LLMS[1], FORMATS[2], B=[1, 64], S=["8 Ki", "32 Ki"], n=16, chip=CHIPS)


def test_selecting():
    one = STEP.at(CHIPS[1], LLMS[1], FORMATS[2], B=64, S=8192, n=16)
    for label in (CHIPS[1], "tpu-v5p"):
        for context in ("8 Ki", 8192, "8192 tokens"):
            assert float(GRID.sel(B=64, S=context, chip=label)) == pytest.approx(float(one), rel=1e-12)
    part = GRID.sel(chip="tpu-v5p")
    assert part.axes.keys() == {"B", "S"}
    assert np.array_equal(part.values, GRID.values[:, :, 1])
    assert np.array_equal(GRID.sel(S=[32768], chip=["h100", "tpu-v5e"]).values, GRID.values[:, 1:, [2, 0]])
    assert GRID.sel(B=64, S="8 Ki", chip="tpu-v5p").binding == one.binding


@pytest.mark.parametrize(
    "labels, says",
    [
        ({"B": 63}, "nearest is 64"),
        ({"chip": "tpu-v5"}, "tpu-v5"),
        ({"chips": "h100"}, "'chip'"),
        ({"S": "8 GB"}, "8 GB"),
        ({"chip": 3}, "chip has no"),
    ],
    ids=str,
)
def test_selecting_what_is_not_there(labels, says):
    with pytest.raises(SymroofError, match=says):
        GRID.sel(**labels)


def test_the_best_point():
    assert float(GRID.sel(**GRID.argmin)) == pytest.approx(GRID.values.min(), rel=1e-12)
    best, worst = GRID.best(), GRID.best(largest=True)
    assert float(best.value) == pytest.approx(GRID.values.min(), rel=1e-12)
    assert float(worst.value) == pytest.approx(GRID.values.max(), rel=1e-12)
    assert best.value.parts
    assert worst.at == {"B": 64, "S": "32 Ki", "chip": "tpu-v5e"}
    assert "chip=tpu-v5e" in repr(worst)


def test_at_one_glance():
    shown = repr(GRID)
    for text in ("decode step  [s]", "12 points", "8 Ki, 32 Ki", "tpu-v5e, tpu-v5p, h100", "least at", " ms"):
        assert text in shown
    assert "1000 values, 1 token to 1000 tokens" in repr(sweep(STEP, CHIPS[0], LLMS[0], FORMATS[0], B=np.arange(1, 1001), S=1, n=1))


def test_binding_is_codes():
    assert GRID.binding.codes.dtype == np.uint8
    assert sum(GRID.binding.share().values()) == pytest.approx(1)
    assert sweep(STEP["math"], CHIPS[0], LLMS[0], FORMATS[0], B=[1, 2], n=1).binding is None


@pytest.mark.parametrize("axes", [{"B": []}, {"B": [1, 2], "chip": []}, {"chip": [], "S": range(0), "B": np.arange(0)}], ids=str)
def test_empty_axes(axes):
    sheets = [] if "chip" in axes else [CHIPS[0]]
    found = sweep(STEP, *sheets, LLMS[0], FORMATS[0], **{"B": 1, "S": 2, "n": 1, **axes})
    assert found.shape == tuple(len(v) for v in axes.values())
    assert found.values.size == 0
    assert found["math"].values.shape == found.binding.codes.shape == found.shape
    assert "0 points" in repr(found)
    with pytest.raises(SymroofError, match="empty"):
        found.best()


def test_no_axes_and_float32():
    none = sweep(STEP, CHIPS[0], LLMS[0], FORMATS[0], B=1, S=2, n=1)
    assert none.shape == ()
    assert float(none.best().value) == pytest.approx(float(none.values), rel=1e-12)
    half = sweep(STEP, CHIPS[0], LLMS[0], FORMATS[0], B=range(1, 9), S=2, n=1, precision="float32")
    assert np.asarray(half).dtype == half.to_numpy().dtype == np.float32
    with pytest.raises(SymroofError, match="precision"):
        sweep(STEP, precision="float16")


def test_prices_have_their_hour():
    bill = Cost(price * t_lim, "USD", "bill")
    found = sweep(bill, t_lim=["1 h", "2 h"], price=["$1.2/h", "$3/h"])
    assert found.values.tolist() == [pytest.approx([1.2, 3]), pytest.approx([2.4, 6])]
    assert float(found.sel(t_lim="2 h", price="$3/h")) == pytest.approx(6)
    with pytest.raises(SymroofError, match="price"):
        sweep(bill, t_lim=["1 h"], price=[1.2, 3])


def test_sheets_that_share_a_name_are_told_apart():
    labels = sweep(STEP, CHIPS[0], LLMS[0], B=1, S=1, n=1, weights=FORMATS).axes["weights"]
    assert len(set(labels)) == 3
    twice = sweep(
        STEP,
        CHIPS[0],
        LLMS[0],
        FORMATS[0],
        n=1,
        load=[sheet("chat", B=1, S=2), sheet("chat", B=3, S=4), sheet(B=5, S=6)],
    )
    assert len(set(twice.axes["load"])) == 3


MATH = Cost(2 * B * D * F / C, "s")
BAD = [
    (lambda: sweep(STEP, *LLMS[:1], FORMATS[0], B=[1], S=1, n=1), "C"),  # no chip at all
    (lambda: sweep(MATH, D=2, F=3, B=[1, 2]), "missing: C"),
    (lambda: sweep(MATH, B=[1], F=2, C=1e12, who=[sheet("one", D=2), sheet("two", B=3)]), "two.*missing|missing with.*two: D"),
    (lambda: sweep(STEP, LLMS[0], B=[1], S=1, n=1, chip=CHIPS, weights=[dtype("fp4", math="fp4")]), "fp4"),
    (lambda: sweep(MATH, B=[1], Q=[2, 3], D=1, F=1, C=1), "Q"),
    (lambda: sweep(MATH, B=[1, -2], D=1, F=1, C=1), "B must be positive"),
    (lambda: sweep(MATH, B=[1, 2**60], D=1, F=1, C=1), "B holds an integer beyond"),
    (lambda: sweep(MATH, B=[1.0, float("nan")], D=1, F=1, C=1), "B must be"),
    (lambda: sweep(MATH, B=["8 Ki", "3 GB"], D=1, F=1, C=1), "B is in token"),
    (lambda: sweep(MATH, B=["8 Ki", chip("h100")], D=1, F=1, C=1), "B"),
    (lambda: sweep(MATH, B=[[1, 2], [3, 4]], D=1, F=1, C=1), "one dimension"),
    (lambda: sweep(MATH, B=[[1, 2], [3]], D=1, F=1, C=1), "one dimension"),
    (lambda: sweep(MATH, B=[1e300], D=[1e300], F=1, C=1), "B = 1e.300, .*D = 1e.300"),
    (lambda: sweep(MATH, chip("h100"), B=[1], D=1, F=1, C=1, chip=["v5e"]), "chip"),
    (lambda: sweep(3, B=[1]), "no cost"),
]


@pytest.mark.parametrize("call, says", BAD, ids=[b[1] for b in BAD])
def test_what_cannot_be_swept_is_said_in_a_sentence(call, says):
    with pytest.raises(SymroofError, match=says) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 420


def test_expressions_and_mappings():
    found = sweep(MATH, {D: 8}, F=4 * D, C=1e12, B=[1, 2])
    assert found.values.tolist() == pytest.approx([2 * 8 * 32 / 1e12, 4 * 8 * 32 / 1e12])
    found = sweep(MATH, F=4 * D, C=1e12, B=[1, 2], D=[8, 16, 32])
    assert found.values[1, 2] == pytest.approx(4 * 32 * 128 / 1e12)
    found = sweep(MATH, C=1e12, B=[1, 2], size=[{D: 2, F: 3}, {D: 4, F: 5}])
    assert found.values[1].tolist() == pytest.approx([24 / 1e12, 80 / 1e12])


# -- other libraries
@pytest.mark.parametrize("library", ["pandas", "xarray", "pyarrow"])
def test_a_library_that_is_not_there_is_named(library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(SymroofError, match=f"pip install {library}"):
        getattr(GRID, f"to_{library}".replace("pyarrow", "arrow"))()


def test_pandas():
    pytest.importorskip("pandas")
    series = GRID.to_pandas()
    assert series.name == "decode step"
    assert series[(64, "8 Ki", "h100")] == GRID.values[1, 0, 2]


def test_xarray():
    pytest.importorskip("xarray")
    array = GRID.to_xarray()
    assert float(array.sel(B=64, S="8 Ki", chip="h100")) == GRID.values[1, 0, 2]
    assert array.attrs["unit"] == "s"


def test_arrow():
    pytest.importorskip("pyarrow")
    rows = GRID.to_arrow().to_pylist()
    assert len(rows) == GRID.size
    assert {"B": 64, "S": "8 Ki", "chip": "h100", "decode step": GRID.values[1, 0, 2]} in rows


NAMED = {"B": [1, 64], "S": ["8 Ki", "32 Ki"], "eta_hbm": [0.5, 1.0], "chip": CHIPS, "llm": LLMS, "weights": FORMATS}
SHAPES = {
    "all kinds": lambda **o: sweep(STEP, n=16, **NAMED, **o),
    "one category": lambda **o: sweep(STEP, LLMS[0], FORMATS[0], B=3, S=1, n=1, chip=CHIPS, **o),
    "one point": lambda **o: sweep(STEP, CHIPS[0], LLMS[0], FORMATS[0], B=3, S=1, n=1, **o),
    "none": lambda **o: sweep(STEP, CHIPS[0], LLMS[0], FORMATS[0], B=np.arange(0), S=[1, 2], n=1, **o),
}


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("name", SHAPES)
def test_every_point_in_every_library(name, precision):
    """The labels of each axis, and at every one of them the number of ``.values``."""
    made = SHAPES[name](precision=precision)
    rows = [(*at, v) for at, v in zip(itertools.product(*(list(a) for a in made.axes.values())), made.values.ravel().tolist(), strict=True)]
    pytest.importorskip("pandas")
    series = made.to_pandas()
    assert series.dtype == made.values.dtype
    assert series.tolist() == [r[-1] for r in rows]
    if made.axes:
        assert list(series.index.names) == list(made.axes)
        assert [(*at, v) for at, v in series.items()] == rows if len(made.axes) > 1 else len(series) == len(rows)
    pytest.importorskip("xarray")
    array = made.to_xarray()
    assert array.dims == tuple(made.axes)
    assert array.dtype == made.values.dtype
    assert all(float(array.sel(dict(zip(made.axes, r, strict=False)))) == r[-1] for r in rows)
    pytest.importorskip("pyarrow")
    table = made.to_arrow()
    assert table.column_names == [*made.axes, "decode step"]
    assert [tuple(r.values()) for r in table.to_pylist()] == rows


def test_an_axis_called_like_the_cost():
    pytest.importorskip("pyarrow")
    made = sweep(Cost(D * F, "1", "D"), D=[2, 3], F=5)
    assert made.to_arrow().to_pydict() == {"D": [2, 3], "D 2": [10, 15]}
