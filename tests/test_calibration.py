"""Calibrations: letters that made up measurements are found again, intervals hold as often as they say, and what is no record is said."""

import csv
import json
from dataclasses import replace
from fractions import Fraction as Q
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symroof import (
    Cost,
    SymroofError,
    calibrate,
    calibration,
    chip,
    decode,
    deployment,
    dtype,
    explain,
    llm,
    search,
    search_serving,
    show,
    space,
    sweep,
)
from symroof.plan.layouts import serving_meshes
from symroof.sheets.calibrations import Calibration, Fitted, written
from symroof.symbols import B, C, S, eta_hbm, eta_math, t_coll, t_layer, t_step

pytest.importorskip("scipy")
KNOWN = {"eta_hbm": 0.72, "eta_kv": 0.6, "t_layer": 21e-6, "t_coll": 13e-6}
CASES = [  # batch, context, chips
    *[(1, 100, 1), (8, 2000, 1), (32, 4000, 1), (64, 1000, 2), (1, 500, 4)],
    *[(16, 8000, 2), (128, 1000, 1), (256, 512, 1), (2, 30000, 1), (4, 100, 8)],
]


def made_up(model="llama3-8b", noise=(1.0,) * 10, **letters):
    """Ten records of known letters, as the rows of a table."""
    m, rows = llm(model), []
    estimate = decode.estimate(m)
    for (batch, context, chips), factor in zip(CASES, noise, strict=True):
        took = estimate.at(chip("h100").on(chips), m, dtype("bf16"), {B: batch, S: context}, **{**KNOWN, **letters})
        row = {"chip": "h100", "chips": chips, "model": model, "format": "bf16", "batch": batch, "context": context}
        rows.append({**row, "measured": f"{float(took) * factor * 1e3} ms"})
    return rows


def as_csv(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


# -- known letters
@settings(max_examples=4)
@given(st.floats(0.3, 0.95), st.floats(0.3, 0.95), st.floats(2e-6, 1e-4), st.floats(2e-6, 1e-4))
def test_known_letters_are_found(hbm, kv, layer, coll):
    known = {"eta_hbm": hbm, "eta_kv": kv, "t_layer": layer, "t_coll": coll}
    found = calibrate(made_up(**known), "decode.estimate", list(known))
    for f in found.letters:
        assert f.value == pytest.approx(known[f.symbol.name], rel=1e-4), f.symbol
    assert found.scatter < 1e-6


def test_ten_rows_of_a_csv(tmp_path):
    path = as_csv(tmp_path / "records.csv", made_up())
    found = calibrate(path, "decode.estimate", "eta_hbm, eta_kv, t_layer, t_coll")
    assert {f.symbol.name: pytest.approx(f.value, rel=1e-4) for f in found.letters} == KNOWN
    for m in (decode.estimate, lambda m: decode.estimate(m)):  # a function of the model, too
        assert calibrate(made_up(), m, list(KNOWN))[eta_hbm] == pytest.approx(0.72, rel=1e-4)


def test_every_form_of_a_table_says_the_same(tmp_path):
    rows = made_up()
    wanted = calibrate(rows, "decode.estimate", list(KNOWN))
    (tmp_path / "r.json").write_text(json.dumps({"records": rows}))
    (tmp_path / "r.yaml").write_text(json.dumps(rows))  # JSON is YAML
    forms = [tmp_path / "r.json", str(tmp_path / "r.yaml"), pytest.importorskip("pandas").DataFrame(rows)]
    split = [{**row, "measured": row["measured"].split()[0], "unit": "ms"} for row in rows]
    for form in (*forms, split):
        assert calibrate(form, "decode.estimate", list(KNOWN)).values == wanted.values


def test_an_overhead_that_is_none_is_found_to_be_none():
    rows = made_up(t_layer=0, t_coll=0)
    found = {f.symbol.name: f.value for f in calibrate(rows, "decode.estimate", list(KNOWN)).letters}
    assert found["t_layer"] < 1e-7
    assert found["eta_hbm"] == pytest.approx(0.72, rel=1e-3)


def test_one_wild_record_does_not_move_the_rest():
    noise = [1 + 0.01 * (-1) ** i for i in range(10)]
    noise[3] = 2.5
    found = calibrate(made_up(noise=noise), "decode.estimate", ["eta_hbm", "eta_kv", "t_layer", "t_coll"])
    assert found[eta_hbm] == pytest.approx(0.72, rel=0.1)


def stacks(seed, count=8, between=0.15, scatter=0.05, each=6):
    """Records of several stacks, each with an efficiency of its own, and of one that a fit does not see."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(count + 1):
        factor = exp(rng.normal(0, between))
        for b in rng.choice([10, 30, 100, 300, 1000, 3000], each, replace=False):
            took = (float(b) / 50 + 0.5) * factor * exp(rng.normal(0, scatter))
            rows.append({"B": int(b), "C": 100, "measured": f"{took} s", "stack": f"s{i}"})
    return rows[: count * each], rows[count * each :]


FORM = Cost(B / (C * eta_math) + t_step, "s", "made up")


def test_spreads_are_found_and_intervals_hold_on_stacks_that_were_not_seen():
    held, widths = [], []
    for seed in range(8):
        seen, unseen = stacks(seed)
        found = calibrate(seen, FORM, ["eta_math", "t_step"], groups="stack")
        for row in unseen:
            value = FORM.at(found, B=row["B"], C=100)
            low, high = value.interval
            held.append(low <= float(row["measured"].split()[0]) <= high)
            widths.append(log(high / low))
        assert found.left_out.groups == 8
    assert 0.65 <= np.mean(held) <= 0.95
    assert 0.2 < np.median(widths) < 1.0  # 2 * 1.28 * 0.158 = 0.40 if all were known


def test_a_letter_that_differs_by_chip_is_less_certain_on_another():
    rows, rng = [], np.random.default_rng(3)
    for name, eta in (("h100", 0.8), ("a100-80", 0.5), ("l40s", 0.65)):
        m = llm("llama3-8b")
        for b in (1, 2, 4, 8, 16):
            took = decode.estimate(m).at(chip(name).on(1), m, dtype("bf16"), B=b, S=512, eta_hbm=eta, t_layer="20 us")
            measured = float(took) * exp(rng.normal(0, 0.02))
            rows.append({"chip": name, "chips": 1, "model": "llama3-8b", "format": "bf16", "B": b, "S": 512, "measured": f"{measured} s"})
    found = calibrate(rows, "decode.estimate", {"eta_hbm": "chip", "t_layer": ""})
    levels = next(f.levels for f in found.letters if f.symbol == eta_hbm)
    assert {k: pytest.approx(v, rel=0.1) for k, (v, _) in levels.items()} == {"h100": 0.8, "a100-80": 0.5, "l40s": 0.65}
    m = llm("llama3-8b")

    def width(name):
        low, high = decode.estimate(m).at(found, chip(name).on(1), m, dtype("bf16"), B=4, S=512).interval
        return log(high / low)

    assert width("h200") > 2 * width("h100")


# -- intervals
OURS = Calibration(
    "ours",
    values={eta_hbm: Q(7, 10), t_layer: Q(2, 10**5)},
    letters=(Fitted(eta_hbm, 0.7, 0.03), Fitted(t_layer, 2e-5, 0.3)),
    parameters=(("eta_hbm", ""), ("t_layer", "")),
    covariance=((0.03**2, 0), (0, 0.3**2)),
    scatter=0.05,
    width=1.3,
)


def alone(letter, error):
    return {"parameters": ((letter, ""),), "covariance": ((error**2,),)}


def at(**sizes):
    m = llm("llama3-8b")
    return decode.estimate(m).at(OURS, chip("h100").on(1), m, dtype("bf16"), **{"B": 1, "S": 1000, **sizes})


def test_an_interval_is_the_elasticities_times_the_errors():
    value = at()
    overhead = float(value["overheads"]) / float(value)
    by_hand = ((0.03 * (1 - overhead)) ** 2 + (0.3 * overhead) ** 2 + 0.05**2) ** 0.5
    low, high = value.interval
    assert log(high / low) / 2 == pytest.approx(1.3 * by_hand, rel=0.02)
    assert low * high == pytest.approx(float(value) ** 2)


def test_an_interval_is_shown_everywhere():
    value = at()
    assert value.within == " (6.54 to 7.7)"
    assert value.shown.startswith("7.0")
    assert json.loads(show.json(value))[0]["value"]["interval"] == list(value.interval)
    assert "6.54 to 7.7" in show.html(value)
    array = at(B=[1, 8])
    assert array.interval[0].shape == (2,)
    assert array.interval[1][0] == pytest.approx(value.interval[1])


def test_an_interval_is_not_below_the_bound():
    wide = Calibration("wide", values={eta_hbm: Q(95, 100)}, letters=(Fitted(eta_hbm, 0.95, 0.5),), scatter=0.4, **alone("eta_hbm", 0.5))
    m = llm("llama3-8b")
    at = (chip("h100").on(1), m, dtype("bf16"), {B: 1, S: 1000})
    assert decode.estimate(m).at(wide, *at).interval[0] == pytest.approx(float(decode.estimate(m).at(*at)))


@settings(max_examples=20)
@given(st.integers(1, 64), st.integers(1, 10**5), st.floats(0.01, 0.5), st.floats(0.05, 1.0))
def test_a_rate_has_the_interval_of_its_time(batch, context, error, scatter):
    wide = replace(OURS, covariance=((error**2, 0), (0, 0.3**2)), letters=(Fitted(eta_hbm, 0.7, error), OURS.letters[1]), scatter=scatter)
    m = llm("llama3-8b")
    sheets = (wide, chip("h100").on(1), m, dtype("bf16"), {B: batch, S: context})
    time = decode.estimate(m)
    taken, rate = time.at(*sheets), (Cost(1, "1") / time).at(*sheets)
    for one, other in zip(taken.interval, reversed(rate.interval), strict=True):
        assert one * other == pytest.approx(1)
    assert taken.interval[0] <= float(taken) <= taken.interval[1]


def test_what_no_letter_moves_has_no_interval():
    m = llm("llama3-8b")
    assert decode.estimate(m).at(chip("h100").on(1), m, dtype("bf16"), B=1, S=1).interval is None
    assert Cost(B, "token").at(OURS, B=3).interval is None
    given_all = at(eta_hbm=0.5, t_layer=0)
    assert given_all.interval is None  # nothing of it is the calibration's
    assert decode.step(m).at(OURS, chip("h100").on(1), m, dtype("bf16"), B=1, S=1).interval is None  # it has no t_layer


# -- files
def test_a_file_is_what_was_fitted(tmp_path):
    seen, _ = stacks(1)
    found = calibrate(seen, FORM, {"eta_math": "stack", "t_step": ""}, groups="stack")
    path = tmp_path / "mine.toml"
    path.write_text(written(found))
    back = calibration(str(path))
    assert back.formula == "made up"
    assert {f.symbol: pytest.approx(f.value, rel=1e-4) for f in back.letters} == {f.symbol: f.value for f in found.letters}
    assert len(back.seen) == len(seen)
    one, other = (FORM.at(c, B=100, C=100).interval for c in (found, back))
    assert one == pytest.approx(other, rel=1e-3)
    assert "between groups" in repr(back)
    for form in (show.markdown, show.html, show.json, show.csv, show.latex):
        assert "eta" in form(back) or "eta" in form(back).lower()


@pytest.mark.parametrize("name", ["no-such", "", "../x", "missing.toml", 3])
def test_there_is_no_such_calibration(name):
    with pytest.raises(SymroofError) as caught:
        calibration(name)
    assert "\n" not in str(caught.value)


# -- what is no record
GOOD = made_up()


@pytest.mark.parametrize(
    "change, said",
    [
        ({"measured": "12 GB"}, "byte"),
        ({"measured": "12"}, "no unit"),
        ({"measured": "-3 ms"}, "-3"),
        ({"measured": "0 ms"}, "positive"),
        ({"measured": "soon"}, "soon"),
        ({"measured": ""}, "measured"),
        ({"chip": "h1000"}, "h1000"),
        ({"model": "llama9"}, "llama9"),
        ({"batch": "many"}, "many"),
        ({"batch": -1}, "B"),
        ({"measured": "1 us"}, "unit"),
        ({"measured": "2.5 ms"}, "below its bound"),
    ],
)
def test_what_is_no_record_is_one_sentence_with_its_name(change, said):
    rows = [dict(row, name=f"run {i}") for i, row in enumerate(GOOD)]
    rows[0] |= change
    with pytest.raises(SymroofError) as caught:
        calibrate(rows, "decode.estimate", ["eta_hbm", "t_layer"])
    message = str(caught.value)
    assert "run 0" in message
    assert said in message
    assert "\n" not in message


def test_a_column_that_is_missing():
    rows = [{k: v for k, v in row.items() if k != "context"} for row in GOOD]
    with pytest.raises(SymroofError, match="needs S"):
        calibrate(rows, "decode.estimate", ["eta_hbm"])
    rows = [{k: v for k, v in row.items() if k != "measured"} for row in GOOD]
    with pytest.raises(SymroofError, match="no column 'measured'"):
        calibrate(rows, "decode.estimate", ["eta_hbm"])
    with pytest.raises(SymroofError, match="engine"):
        calibrate(GOOD, "decode.estimate", {"eta_hbm": "engine"})


@pytest.mark.parametrize(
    "records, formula, letters",
    [
        ([], "decode.estimate", ["eta_hbm"]),
        (GOOD, "decode.estimat", ["eta_hbm"]),
        (GOOD, 7, ["eta_hbm"]),
        (GOOD, "decode.estimate", ["eta_hbn"]),
        (GOOD, "decode.estimate", []),
        (GOOD, "decode.estimate", ["x_tp"]),
        (GOOD, "decode.throughput", ["eta_hbm"]),
        ("no-such.csv", "decode.estimate", ["eta_hbm"]),
        (3, "decode.estimate", ["eta_hbm"]),
        ([3], "decode.estimate", ["eta_hbm"]),
    ],
    ids=str,
)
def test_what_cannot_be_fitted_is_one_sentence(records, formula, letters):
    with pytest.raises(SymroofError) as caught:
        calibrate(records, formula, letters)
    assert "\n" not in str(caught.value)


# -- one record
def test_one_record_is_explained():
    m = llm("llama2-7b")
    found = explain("9.533 ms", "decode.estimate", chip("a100-80").on(1), m, dtype("bf16"), B=1, S=5)
    assert found.term == "MLP/weights"
    assert found.ratio == pytest.approx(9.533 / 6.482, rel=1e-3)
    alone = {a.symbol: a.value for a in found.alone}
    for s, value in alone.items():
        took = decode.estimate(m).at(chip("a100-80").on(1), m, dtype("bf16"), {B: 1, S: 5, s: value})
        assert float(took) == pytest.approx(9.533e-3, rel=1e-5), s
    assert {eta_hbm, t_layer, t_step} <= alone.keys()
    assert t_coll not in alone  # one chip
    assert "1.47 times" in repr(found)


def test_a_record_below_its_bound_is_explained_by_nothing():
    found = explain("2 ms", "decode.estimate", chip("a100-80").on(1), llm("llama2-7b"), dtype("bf16"), B=1, S=5)
    assert not found.alone
    assert found.ratio < 1


@pytest.mark.parametrize("value", ["fast", "-3 ms", "12", "12 GB", None])
def test_what_is_no_measurement_is_one_sentence(value):
    with pytest.raises(SymroofError) as caught:
        explain(value, "decode.estimate", chip("a100-80").on(1), llm("llama2-7b"), dtype("bf16"), B=1, S=5)
    assert "\n" not in str(caught.value)


# -- along axes, and where the best is looked for
CHIPS = {name: chip(name).on(1) for name in ("a100-80", "l40s", "rtx-4090", "h200")}


@settings(max_examples=12)
@given(
    st.lists(st.sampled_from(sorted(CHIPS)), min_size=1, max_size=3, unique=True),
    st.lists(st.sampled_from(["bf16", "int8", "int4"]), min_size=1, max_size=3, unique=True),
    st.lists(st.integers(1, 64), min_size=1, max_size=3, unique=True),
    st.sampled_from(["llama-cpp", "any-decode"]),
)
def test_a_sweep_is_what_every_point_is(chips, formats, batches, name):
    m, c = llm("llama3-8b"), calibration(name)
    grid = sweep(decode.estimate(m), c, m, S=1000, chip=[CHIPS[where] for where in chips], kind=[dtype(f) for f in formats], B=batches)
    for i, where in enumerate(chips):
        for j, form in enumerate(formats):
            for k, batch in enumerate(batches):
                value = decode.estimate(m).at(c, CHIPS[where], m, dtype(form), B=batch, S=1000)
                assert grid.values[i, j, k] == pytest.approx(float(value))
                assert [end[i, j, k] for end in grid.interval] == pytest.approx(value.interval)
    picked = grid.sel(chip=grid.axes["chip"][0], kind=grid.axes["kind"][-1])
    assert picked.interval[0] == pytest.approx(grid.interval[0][0, -1])
    assert picked.sel(B=batches[0]).interval == pytest.approx([end[0, -1, 0] for end in grid.interval])
    assert "eight of ten" in repr(grid)
    assert "within 80 %" in show.markdown(picked)
    assert sweep(decode.bound(m), c, m, CHIPS[chips[0]], dtype("bf16"), S=1000, B=batches).interval is None


def test_a_search_gives_the_interval_of_what_it_finds():
    m, c = llm("llama3-8b"), calibration("llama-cpp")
    rate = (Cost(B, "token") / decode.estimate(m)).named("rate")
    found = search(
        space(c, m, dtype("bf16"), S=1000, chip=list(CHIPS.values()), B=range(1, 33)),
        maximize=rate,
        subject_to=[decode.estimate(m) <= "30 ms"],
    )
    at = found.best.at
    where = next(one for one in CHIPS.values() if one.name == at["chip"])
    wanted = rate.at(c, where, m, dtype("bf16"), B=at["B"], S=1000)
    assert found.best.value.interval == pytest.approx(wanted.interval)
    assert float(found.best.value) == pytest.approx(float(wanted))


def test_draws_are_as_likely_as_the_interval_says():
    fit = Calibration(
        "free", letters=OURS.letters, values=OURS.values, parameters=OURS.parameters, covariance=OURS.covariance, width=1.2816
    )
    m = llm("llama3-8b")
    sheets = (chip("h100").on(1), m, dtype("bf16"), {B: 1, S: 1000})
    low, high = decode.estimate(m).at(fit, *sheets).interval
    drawn = fit.drawn(sheets, 4000)
    took = np.asarray(decode.estimate(m).at(*sheets, drawn), dtype=float)
    assert np.mean((took >= low) & (took <= high)) == pytest.approx(0.8, abs=0.03)
    assert np.std(np.log(drawn[t_layer])) == pytest.approx(0.3, rel=0.05)
    assert (fit.drawn(sheets, 4000)[eta_hbm] == drawn[eta_hbm]).all()


def test_a_letter_of_another_level_is_drawn_wider_and_the_same_in_every_place():
    c = calibration("llama-cpp")
    widths = {}
    for name in ("l40s", "h200"):
        first, again = (c.drawn((chip(name).on(1),), 2000)[eta_hbm] for _ in range(2))
        assert (first == again).all()
        widths[name] = np.std(np.log(first))
    assert widths["h200"] > 1.2 * widths["l40s"]


def test_the_best_by_estimate_and_how_often_it_stays_the_best():
    m = llm("llama3-8b")
    wishes = {"formats": "bf16", "chips": 4, "latency": "20 ms", "calibration": "tensorrt-llm", "by": "throughput"}
    found = search_serving(m, "h100", **wishes)
    best, at, c = found.best.values["latency"], found.best, calibration("tensorrt-llm")
    mesh = next(s for s in serving_meshes(m, chip("h100"), at.slice) if all(int(s[k]) == v for k, v in at.mesh.items()))
    letters = c.beside((chip("h100"), m, dtype("bf16"))).sheet
    assert float(best) == pytest.approx(float(deployment.estimate(m).at(mesh, m, dtype("bf16"), letters, B=at.batch, S=8192)))
    assert best.interval[0] < float(best) < best.interval[1]
    assert float(best) <= 20e-3
    assert 0 < found.standing.best <= found.standing.keeps <= 1
    assert search_serving(m, "h100", **{**wishes, "calibration": None}).standing is None
    nothing = tuple((0.0,) * len(c.parameters) for _ in c.parameters)
    certain = replace(c, covariance=nothing, letters=tuple(replace(f, between=0.0) for f in c.letters))
    again = search_serving(m, "h100", **{**wishes, "calibration": certain})
    assert (again.standing.best, again.standing.keeps, again.best.mesh) == (1, 1, at.mesh)
