"""The searches for a deployment and a training run, against plain loops, published runs and what the formulas must say."""

import csv
import io
import json
from math import inf, prod

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from representatives import NAMES

from symroof import chip, decode, dtype, llm, search_serving, search_training
from symroof.algebra.symbols import A_X, A_Z, W_X, W_Y, B, D, F, H, K, L, N, P, S, V, X, Y, Z
from symroof.ask.known import Known
from symroof.cli import cli
from symroof.errors import InputError, SymroofError, UnknownName
from symroof.machine.layouts import divisors
from symroof.plan.layouts import serving_meshes, training_meshes
from symroof.plan.story import story
from symroof.symbols import microbatches, p_opt
from symroof.workloads import deployment, pretraining

DENSE = [m for m in NAMES if llm(m).stack.dense]
FAST = {W_X: 1e30, W_Y: 1e30, A_X: 1e30, A_Z: 1e30}
INT8 = dtype("int8", activations="bf16", math="bf16")


# -- the costs of a mesh
@pytest.mark.parametrize("name", DENSE)
def test_with_free_communication_a_group_is_the_decode_step_of_the_book(name):
    model, v5e = llm(name), chip("tpu-v5e")
    for ways in (1, 4, 16):
        known = (v5e, model, INT8, FAST, {B: 24, S: 4096})
        copies = max(1.0, float(ways / model[K]))  # KV heads are whole
        for of in (None, model):
            mine = deployment.step(of).at(*known, X=1, Y=ways, Z=1)
            book = decode.step(of).at(*known, n=ways)
            assert float(mine["MLP"]) == pytest.approx(float(book["MLP"]), rel=1e-12)
            read = [float(s["attention"] if of is None else s["attention/cache"]) for s in (mine, book)]
            assert read[0] == pytest.approx(read[1] * copies, rel=1e-12)


@pytest.mark.parametrize("name", ["mixtral-8x7b", "qwen3-235b-a22b", "gpt-oss-120b", "deepseek-v3"])
def test_one_group_of_one_chip_holds_every_expert(name):
    model = llm(name)
    for ways, share in ((1, 1.0), (8, 8.0)):
        held = float(deployment.weights(model).at(model, INT8, X=1, Y=ways, Z=1))
        assert held == pytest.approx(float(model[P]) / share, rel=1e-12)
    spread = float(deployment.weights(model).at(model, INT8, X=8, Y=1, Z=1))
    assert float(model[P]) / 8 < spread < float(model[P])


def test_no_chip_talks_to_itself():
    for name in ("llama3-70b", "deepseek-v3", "gpt-oss-120b"):
        model = llm(name)
        alone = deployment.comms(model).at(model, INT8, FAST, {B: 8, X: 1, Y: 1, Z: 1})
        assert float(alone) == 0


def test_the_collectives_of_a_layer_are_those_of_the_book():
    """Two AllGathers and two ReduceScatters of B D activations a layer, each (ways - 1)/ways of the array."""
    model, ways = llm("llama3-70b"), 8
    got = deployment.comms().at(model, INT8, {B: 16}, X=1, Y=ways, Z=1, W_Y=1e9, A_Z=1e9)
    per_layer = 4 * 16 * 8192 * 2 * (ways - 1) / ways / 1e9
    assert float(got["attention"]) + float(got["MLP"]) == pytest.approx(80 * per_layer, rel=1e-12)


# -- the layouts
@pytest.mark.parametrize(
    ("name", "where", "groups", "gather"),
    [  # in units of one axis (a torus) or of a chip's links
        ("tpu-v5e", "16x16", (256, 1), (2, 1)),  # two rings
        ("tpu-v5e", "16x16", (16, 16), (1, 1)),  # a ring each
        ("tpu-v5e", "4x4", (16, 1), (1, 1)),  # two lines without wrap-around, half each
        ("tpu-v5e", "4x4", (4, 4), (1, 0.5)),  # a 2x2 block has two lines, the groups between blocks share theirs
        ("tpu-v5p", "4x4x4", (64, 1), (3, 1)),
        ("tpu-v5p", "4x4x4", (4, 16), (1, 2)),
        ("h100", "8", (8, 1), (1, 1)),
        ("h100", "64", (8, 8), (1, 50 / 450)),  # across nodes every chip has its own network port
        ("h100", "64", (64, 1), (400 / 450, 1)),  # the eight ports of a node together
    ],
)
def test_bandwidth_of_a_group(name, where, groups, gather):
    on = chip(name)
    one = 90e9 if name == "tpu-v5e" else 180e9 if name == "tpu-v5p" else 450e9
    found = on.on(where).rates(groups)
    assert [float(r.gather) / one for r in found] == pytest.approx(gather)


@pytest.mark.parametrize(
    ("groups", "gather"),
    [
        ((4, 64), (0.5, 1.25)),  # a line of 4 in a ring of 16; around it a ring that 4 groups share, and a whole one: 1/4 + 1
        ((8, 32), (0.5 + 0.5, 1 / 2 + 1 / 4)),  # 2x4
        ((256,), (2,)),
    ],
)
def test_chips_apart_that_go_round_a_ring_have_its_wrap_around_link(groups, gather):
    """They share its links with the groups in between, in both directions."""
    v5e = chip("tpu-v5e")
    found = v5e.on("16x16").rates(groups)
    best = sum(1 / g for g in gather)
    assert sum(90e9 / float(r.gather) for r in found) <= best * (1 + 1e-9)


def test_the_public_mesh_has_the_rates_of_the_search():
    """Its times are those of V bytes at the rates that a search computes with."""
    for name, where, groups in (
        ("tpu-v5e", "16x16", (16, 16)),
        ("tpu-v5e", "4x8", (8, 4)),
        ("tpu-v5p", "4x4x8", (4, 8, 4)),
        ("h100", 64, (8, 8)),
        ("h100", 64, (16, 4)),
        ("h100", 12, (4, 3)),
        ("gb200", 144, (72, 2)),
        ("b200", 8, (4, 2)),
    ):
        on = chip(name)
        placed = on.on(where)
        made = placed.mesh(**dict(zip("XYZ", groups, strict=False)))
        assert int(made.chips) == placed.slice.chips
        for axis, rate in zip("XYZ", placed.rates(groups), strict=False):
            assert float(made.rate(axis).at(on)) == pytest.approx(float(rate.gather)), (name, where, groups, axis)
            assert float(made.rate(axis).at(placed)) == pytest.approx(float(rate.gather))  # beyond a node W_ici is another, and not asked
            assert float(made.rate(axis).at(on, eta_link=0.5)) == pytest.approx(float(rate.gather) / 2)


def test_all_to_all_on_a_ring_takes_a_quarter_of_the_way_round():
    on = chip("tpu-v5p")
    whole = on.on("4x4x4").rates((4, 16))[0]
    share = 1.0 / 4 * 3 / 4  # of a chip's quarter, what leaves it
    assert share / float(whole.all_to_all) == pytest.approx(1.0 / 4 / 180e9)  # V / 4W of the book, V = 1 byte
    assert tuple(divisors(28)) == (1, 2, 4, 7, 14, 28)


@given(st.sampled_from(["tpu-v5e", "tpu-v5p", "h100", "b200"]), st.data())
def test_no_group_is_faster_than_all_links(name, data):
    on = chip(name)
    where = data.draw(st.sampled_from(on.slices))
    inner = data.draw(st.sampled_from(divisors(where.chips)))
    found = on.on(where).rates((inner, where.chips // inner))
    most = float(on[W_X] if W_X in on.values else on.values[next(s for s in on.values if s.name == "W_ici")])
    axes = sum(size > 1 for size in where.shape) if "torus" in on.links else 1
    assert all(float(r.all_to_all) > 0 and 0 < float(r.gather) <= most * max(axes, 1) for r in found)


@pytest.mark.parametrize("name", ["llama3-70b", "palm-540b", "deepseek-v3", "mixtral-8x7b"])
def test_every_mesh_is_legal_and_none_is_there_twice(name):
    model, on = llm(name), chip("h100")
    for where in on.slices[:7]:
        found = [tuple(int(m[a]) for a in (X, Y, Z)) for m in serving_meshes(model, on, where)]
        assert len(found) == len(set(found))
        assert all(prod(mesh) == where.chips and int(model[D]) % (mesh[1] * mesh[2]) == 0 for mesh in found)
        runs = [tuple(int(m[a]) for a in (X, Y, Z, microbatches)) for m in training_meshes(model, on, where, 48)]
        assert all(prod(mesh[:3]) == where.chips and 48 % (mesh[0] * mesh[3]) == 0 for mesh in runs)


# -- serving, against plain loops
def plain_step(model, on, mesh, batch, context, bytes_kv=1.0, bytes_w=1.0):
    """A decode step by hand: seconds, and bytes per chip."""
    x, y, z = (float(mesh[a]) for a in (X, Y, Z))
    d, layers, heads, kv, size = (float(model[s]) for s in (D, L, N, K, H))
    w_y, a_z = float(mesh[W_Y]), float(mesh[A_Z])
    cache = 2 * batch * context * kv * size * layers * bytes_kv / (x * z * min(y, kv))  # KV heads are whole
    words, norms = float(model[V]), 2 * layers + 1
    weights = float(model[P]) * bytes_w / (y * z)
    loaded = (float(model[P]) - words * d) * bytes_w / (y * z)  # the embedding is a lookup
    move = 2 * batch * d / x * (y * z - 1) / (y * z) / w_y  # one AllGather or ReduceScatter in bf16
    turn = 2 * batch * heads * size / (x * y) * (z - 1) / z**2 / a_z
    comms = layers * (4 * move + 2 * turn) + move
    math = 2 * batch * (float(model[P]) - words * d - norms * d) / (1.97e14 * x * y * z)
    scores = 4 * batch * context * heads * size * layers / (1.97e14 * x * y * z)
    return max(cache / 8.1e11, scores) + max(loaded / 8.1e11, math, comms), cache + weights


@pytest.mark.parametrize("by", ["cost", "throughput", "latency"])
@pytest.mark.parametrize(("limit", "context"), [("15 ms", 4096), ("40 ms", 16384), (None, 2048)])
def test_the_best_deployment_is_what_plain_loops_find(by, limit, context):
    model, on = llm("llama3-8b"), chip("tpu-v5e")
    wishes = {"context": context, "formats": "int8", "chips": 16} | ({"latency": limit} if limit else {})
    found = search_serving(model, on, by, **wishes)
    most = {"15 ms": 0.015, "40 ms": 0.04, None: inf}[limit]
    for row in found.rows:
        best = -inf
        for mesh in serving_meshes(model, on, row.slice):
            count = 1
            while True:
                batch = count * int(mesh[X]) * int(mesh[Z])
                time, held = plain_step(model, on, mesh, batch, context)
                if held > 16e9 or time > most:
                    break
                best = max(best, -time if by == "latency" else batch / time / row.slice.chips)
                count += 1
        if row.found is None:
            assert best == -inf
        elif by == "cost":
            assert float(row.values["cost"]) == pytest.approx(1.2 / 3600 / best, rel=1e-9)
        else:
            assert float(row.values[by]) == pytest.approx(abs(best), rel=1e-9)
    order = [float(c.values[by]) for c in found.able]
    assert order == sorted(order, reverse=by == "throughput")


@pytest.mark.parametrize("by", ["cost", "latency"])
def test_pruning_changes_nothing(by):
    for name in ("llama3-70b", "mixtral-8x7b"):
        a, b = (search_serving(name, "tpu-v5e,h100", by, prune=prune, latency="30 ms", chips=16) for prune in (True, False))
        assert [(r.slice.name, r.option, r.mesh, r.batch, r.stopped_by) for r in a.rows] == [
            (r.slice.name, r.option, r.mesh, r.batch, r.stopped_by) for r in b.rows
        ]


def test_limits_hold_and_one_more_sequence_breaks_what_is_said_to_stop():
    found = search_serving("llama3-70b", "tpu-v5e", latency="15 ms", formats="int8", first_token="1 s", batch=60)
    for row in found.able:
        assert float(row.values["latency"]) <= 0.015
        assert float(row.values["first token"]) <= 1
        assert row.batch <= 60
    assert found.best.stopped_by == "batch"
    assert "prefill" in next(r for r in found.rows if r.slice.name == "4x2").stopped_by


def test_letters_win_over_sheets():
    cheap = search_serving("llama3-8b", "tpu-v5e", chips=1, formats="int8", letters={"price": "$0.6/h"})
    book = search_serving("llama3-8b", "tpu-v5e", chips=1, formats="int8")
    assert float(cheap.best.values["cost"]) == pytest.approx(float(book.best.values["cost"]) / 2)
    slow = search_serving("llama3-8b", "tpu-v5e", "latency", chips=1, formats="int8", letters={"eta_hbm": 0.5})
    fast = search_serving("llama3-8b", "tpu-v5e", "latency", chips=1, formats="int8")
    assert float(slow.best.values["latency"]) == pytest.approx(2 * float(fast.best.values["latency"]))


# -- training, against plain loops and published runs
def plain_training(model, mesh, sequences, length):
    """A step of a dense gated model with full recomputation and FSDP, by hand: seconds at 459 TFLOP/s, and bytes per chip."""
    x, y, z, m = (float(mesh[a]) for a in (X, Y, Z, microbatches))
    d, f, layers, heads, kv, size, words = (float(model[s]) for s in (D, F, L, N, K, H, V))
    tokens = sequences * length / m
    attention, mlp, table = 2 * d * size * (heads + kv), 3 * d * f, d * words
    flops = layers * (8 * tokens * (attention + mlp) + 8 * tokens * (length + 1) * heads * size) + 6 * tokens * table
    math = flops / (x * y) / 4.59e14 * (m + z - 1) / z
    gathers = 3 * 2 * (layers * (attention + mlp) + table) / y * (x - 1) / x / float(mesh[W_X]) * m / z
    moves = (12 * layers + 3) * 2 * tokens * d / x * (y - 1) / y / float(mesh[W_Y]) * m / z
    begin = 2 * tokens * d / (x * y)  # of every layer, and of the unembedding
    hbm = m / z * (2 * (4 * layers * (attention + mlp) + 3 * table) / y + 2 * begin * (layers + 1)) / 2.8e12
    # the first stage has the embedding and min(m, z) microbatches under way, the last one the unembedding and its logits
    norms = 2 * d * y  # which no chip splits
    stage = (layers * (attention + mlp + norms) / z) / y
    layer = begin + 2 * tokens * (2 * d + 2 * heads * size + 2 * kv * size + 3 * f - d + d) / (x * y) - begin
    layer += 2 * (attention + mlp + norms) / y
    gathered = 2 * (attention + mlp + norms) / y
    logits = 2 * tokens * words / (x * y) + 2 * table / y
    ends = (1, z == 1), (z == 1, 1)
    held = []
    for embedding, head in ends:
        state = 12 * (stage + (table * embedding + table * head + d * embedding * y) / y) / x
        kept = begin * (layers / z * (min(z, m) if embedding else 1) + head)
        held.append(state + kept + gathered + max(layer, logits * head))
    return max(math, gathers, moves, hbm), max(held)


@pytest.mark.parametrize("batch", [2**18, 2**21])
def test_the_best_run_is_what_plain_loops_find(batch):
    model, on = llm("llama3-8b"), chip("tpu-v5p")
    found = search_training(model, on, batch=batch, context=4096, chips=128, remat="block")
    for row in found.rows:
        times = []
        for mesh in training_meshes(model, on, row.slice, batch // 4096):
            time, held = plain_training(model, mesh, batch // 4096, 4096)
            times += [time] if held <= 96e9 else []
        assert bool(times) == (row.found is not None)
        if times:
            assert float(row.values["time"]) == pytest.approx(min(times), rel=1e-9)


PUBLISHED = [
    # Korthikanti et al., Reducing Activation Recomputation (arXiv:2205.05198), table 5: GPT-3 175B on 64 A100, TP 8, PP 8
    ("gpt3-175b", "a100-80", (1, 8, 8), 64, 64, 2048, "block", 18.13),
    ("gpt3-175b", "a100-80", (1, 8, 8), 64, 64, 2048, "matmuls", 13.75),
    # AI-Hypercomputer tpu-recipes, Trillium: Llama 3.1 70B on 256 v6e, FSDP, five sequences a chip
    ("llama3-70b", "tpu-v6e", (256, 1, 1), 1, 1280, 8192, "matmuls", 42.656),
    ("llama3-8b", "tpu-v6e", (8, 1, 1), 1, 24, 8192, "matmuls", 3.443),
]


@pytest.mark.parametrize(("model", "on", "mesh", "turns", "sequences", "length", "remat", "measured"), PUBLISHED)
def test_a_step_is_a_lower_bound_of_what_was_measured(model, on, mesh, turns, sequences, length, remat, measured):
    sheet, where = llm(model), chip(on)
    x, y, z = mesh
    found = where.on(prod(mesh)).rates((y, x, z))
    links = {W_Y: found[0].gather, W_X: found[1].gather}
    known = (where, sheet, dtype("bf16"), links, {B: sequences, S: length, microbatches: turns})
    bound = float(pretraining.step(sheet, remat).at(*known, X=x, Y=y, Z=z))
    assert bound < measured < 3 * bound


def test_a_decode_step_is_a_lower_bound_of_what_was_measured():
    """Llama 3.3 70B on eight v6e, batch 64, vLLM (AI-Hypercomputer tpu-recipes): 25.4 ms a token; and H200 TP 8 in fp8, 13.2 ms."""
    for on, where, fmt, batch, context, measured in (("tpu-v6e", "2x4", "bf16", 64, 1500, 0.0254), ("h200", 8, "fp8", 64, 5120, 0.013221)):
        machine = chip(on)
        mesh = next(m for m in serving_meshes(llm("llama3-70b"), machine, machine.slice(where)) if int(m[Y]) == 8)
        sheet = dtype(fmt, activations="bf16", math="bf16")
        bound = float(deployment.step().at(mesh, llm("llama3-70b"), sheet, {B: batch, S: context}))
        assert bound < measured < 5 * bound


def test_palm_decodes_no_faster_than_the_bound():
    """PaLM 540B, int8 weights, batch 64 on 64 TPU v4 at 2048 of context: 28.5 ms a token (Pope et al., arXiv:2211.05102, table 2)."""
    model, on = llm("palm-540b"), chip("tpu-v4p")
    meshes = serving_meshes(model, on, on.slice(64))
    paper = next(m for m in meshes if [int(m[a]) for a in (X, Y, Z)] == [1, 1, 64])  # the batch of the KV cache over all chips
    sheet = dtype("int8", kv="bf16", activations="bf16", math="bf16")
    bound = float(deployment.step(model).at(paper, model, sheet, {B: 64, S: 2048}))
    assert bound < 0.0285 < 5 * bound
    best = search_serving(model, on, "latency", formats="int8", kv="bf16", context=2048, slice=64).best
    assert float(best.values["latency"]) <= bound


def test_a_pipeline_idles_while_it_fills():
    """Z stages take microbatches + Z - 1 turns of a Z-th of the layers each."""
    model = llm("llama3-8b")
    known = (model, chip("tpu-v5p"), dtype("bf16"), FAST, {B: 64, S: 4096, microbatches: 8})
    whole, cut = (float(pretraining.step().at(*known, X=4, Y=1, Z=z)) for z in (1, 4))
    assert cut / whole == pytest.approx((8 + 3) / 4 / 8)


@pytest.mark.parametrize(("layers", "stages", "longest"), [(126, 4, 32), (126, 8, 16), (80, 3, 27), (80, 4, 20)])
def test_the_longest_stage_of_a_pipeline_sets_its_pace(layers, stages, longest):
    """126 layers on 4 stages are 32, 32, 32 and 30: every turn takes as long as 32 layers, and a chip must hold as many."""
    model = llm("llama3-405b" if layers == 126 else "llama3-70b")
    known = (model, chip("h100"), dtype("bf16"), FAST, {B: 64, S: 4096, microbatches: 4, p_opt: 8})
    whole, cut = (pretraining.step(model).at(*known, X=1, Y=8, Z=z)["longest stage"] for z in (1, stages))
    for part in ("matmuls", "attention"):
        assert float(cut[part]) / float(whole[part]) == pytest.approx(longest / layers)
    alone, held = (pretraining.memory(model).at(*known, X=1, Y=8, Z=z)["first stage"] for z in (1, stages))
    ends = 12 * float(model[D]) * float(model[V]) / 8  # the first stage has the embedding, one that is alone the unembedding too
    begin = 2 * 16 * 4096 * float(model[D]) / 8
    assert (float(held["state"]) - ends) / (float(alone["state"]) - 2 * ends) == pytest.approx(longest / layers, rel=1e-5)
    assert float(held["kept"]) / (float(alone["kept"]) - begin) == pytest.approx(longest * min(4, stages) / layers)
    found = {int(mesh[Z]) for mesh in training_meshes(model, chip("h100"), chip("h100").slice(8 * stages), 64)}
    assert stages in found


def test_less_is_kept_if_more_is_computed_again():
    known = (llm("llama3-70b"), chip("h100"), dtype("bf16"), {B: 64, S: 4096, microbatches: 1, p_opt: 8, **FAST})
    policies = ("none", "matmuls", "block")
    held = [float(pretraining.memory(layout=r).at(*known, X=64, Y=1, Z=1)) for r in policies]
    took = [float(pretraining.step(layout=r).at(*known, X=64, Y=1, Z=1)) for r in policies]
    assert held == sorted(held, reverse=True)
    assert took == sorted(took)
    assert len(set(held)) == len(set(took)) == 3


# -- on the command line
def run(*args):
    return CliRunner().invoke(cli, ["search", *args])


def test_json_and_csv_say_the_same():
    args = ("serve", "llama3-8b", "--on", "tpu-v5e", "--chips", "4", "--formats", "int8", "--latency", "20 ms")
    data = json.loads(run(*args, "--json").output)
    rows = list(csv.DictReader(io.StringIO(run(*args, "--csv").output)))
    assert [r["slice"] for r in rows] == [r["slice"] for r in data["rows"]]
    assert float(rows[0]["cost"]) == data["best"]["cost"]
    assert data["best"]["latency"] <= 0.02
    text = run(*args)
    assert text.exit_code == 0
    assert data["best"]["slice"] in text.output


def test_nothing_found_is_exit_code_one_with_the_reason():
    found = run("serve", "llama3-405b", "--on", "tpu-v5e", "--chips", "8")
    assert found.exit_code == 1
    assert "memory" in found.output
    assert run("train", "llama3-70b", "--on", "tpu-v5e", "--chips", "4", "--remat", "block", "--json").exit_code == 1


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("serve", "llama3-70b", "--on", "tpu-v5e", "--by", "speed"), "nothing is judged by 'speed'"),
        (("serve", "llama3-70b", "--on", "tpu-v5"), "did you mean"),
        (("serve", "llama3-70b", "--on", "tpu-v5e", "--latency", "15 bytes"), "t_lim"),
        (("serve", "llama3-70b", "--on", ","), "a search needs a chip"),
        (("serve", "llama3-70b", "--on", "tpu-v5e", "--set", "Q=3"), "alphabet"),
        (("serve", "llama3-70b", "--on", "tpu-v5e", "--formats", "int9"), "int"),
        (("serve", "llama3-70b", "--on", "tpu-v5e", "--math", "fp8"), "no arithmetic"),
        (("train", "llama3-70b", "--on", "tpu-v5p", "--finish", "60 days"), "tokens"),
        (("train", "llama3-70b", "--on", "tpu-v5p", "--batch", "1000"), "whole number of sequences"),
        (("train", "llama3-70b", "--on", "tpu-v5p", "--remat", "blocks"), "block"),
        (("train", "llama3-70b", "--on", "v100", "--by", "cost"), "price"),
    ],
)
def test_bad_wishes_are_one_sentence(args, said):
    found = run(*args)
    assert found.exit_code == 2, found.output
    assert said in found.output
    assert "Traceback" not in found.output


def test_bad_wishes_in_python():
    with pytest.raises(InputError, match="there is no wish 'latencey'; did you mean 'latency'"):
        search_serving("llama3-70b", "tpu-v5e", latencey="15 ms")
    with pytest.raises(UnknownName, match="judged"):
        search_training("llama3-70b", "tpu-v5p", by="speed")
    with pytest.raises(InputError, match="no slice fulfils"):
        _ = search_serving("llama3-405b", "tpu-v5e", chips=4).best
    with pytest.raises(SymroofError):
        search_serving("llama3-70b", "tpu-v5e", letters={"P": float("nan")})


def test_plans_are_tables():
    """A row per slice and option, or per choice of formats, with the numbers of the plan."""
    found = search_training("llama3-8b", "tpu-v5p", batch=2**20, chips=16, remat="block")
    told = story(Known.of("tpu-v5e", model="llama3-70b"), ("bf16", "int8"))
    assert found.table()[0]["time"] == float(found.best.values["time"])
    assert [row["format"] for row in told.table()] == ["bf16", "int8"]
    assert [row["step"] for row in told.table()] == [next(r.value for r in c.rows if r.key == "step") for c in told.columns]
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    for plan, column in ((found, "time"), (told, "largest_batch")):
        assert plan.to_pandas()[column].tolist() == plan.to_arrow()[column].to_pylist() == [row[column] for row in plan.table()]
