"""Every public formula takes the model, says what it assumes of one, or is the same for all of them; nothing else is answered."""

import importlib
import inspect
import math
import pkgutil
from fractions import Fraction

import pytest
from representatives import NAMES

import symroof.workloads
from symroof import Bound, Cost, SymroofError, chip, decode, dtype, layers, llm, llms, memory, model, prefill, serving, sharding, training
from symroof.errors import InputError
from symroof.symbols import MFU, B, C, D, E, F, G, L, P, S, T, W_hbm, W_ici, Y, k, n, n_axes
from symroof.transformer.kind import Pass

FILES = [i.name for i in pkgutil.walk_packages(symroof.workloads.__path__, "symroof.workloads.") if not i.ispkg]
MODULES = [importlib.import_module(name) for name in FILES]
PUBLIC = {
    f"{module.__name__.rpartition('.')[2]}.{name}": f
    for module in MODULES
    for name, f in vars(module).items()
    if inspect.isfunction(f) and f.__module__ == module.__name__ and not name.startswith("_")
}
#: What a function needs beside a model, and what it is of if it is of no model at all.
GIVEN = {"at": Pass(new=1), "scheme": "FSDP", "stage": 1}
OTHERS = {
    "memory.whole": "a threshold that the caller has",
    "memory.slice_chips": "chips that the caller has",
    "models.summed": "terms that the caller has",
    "models.present": "costs that the caller has",
    "models.approximated": "two formulas that the caller has",
    "models.waits": "a program that the caller has",
    "terms.reached": "a cost that the caller has",
    "terms.linked": "layers that the caller has",
    "terms.overheads": "sequences that the caller has, and layers, which all models have",
    "terms.cached": "what of a view the caller counts",
    **dict.fromkeys(("rates.of_room", "fleet.input_token", "fleet.cached_token", "fleet.output_token"), "a model that the caller has"),
    **dict.fromkeys(("replica.alone", "deployment.rates", "pretraining.rates"), "a cost that the caller has"),
    "replica.room": "a model that the caller has",
    "training.comms": "a program that the caller has",
    "training.math": "a program that the caller has",
}
#: Letters that mean the same in every model: all its parameters, its layers, its width.
SAME = {P, L, D}
#: Letters of models, in the formulas of some of them or as the alphabet has them.
OF_MODELS = {s for name in llms() for s in llm(name).values}
FORMULAS = {name: f for name, f in PUBLIC.items() if inspect.signature(f).return_annotation in ("Cost", "Bound") and name not in OTHERS}


def made(f, **more):
    wanted = inspect.signature(f).parameters
    return f(**{word: value for word, value in {**GIVEN, **more}.items() if word in wanted})


def claimed(found):
    return {claim.kind for claim in found.of} - {"order"}


def test_there_are_formulas():
    assert len(FORMULAS) > 90
    assert OTHERS.keys() <= PUBLIC.keys()
    assert {F, E, k} <= OF_MODELS


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_takes_the_model_or_says_what_it_assumes_or_is_the_same_for_all(name):
    f = FORMULAS[name]
    of_model = inspect.signature(f).parameters.get("m")
    if of_model is None:
        found = made(f)
        assert claimed(found) or not found.free_symbols & OF_MODELS, "it has letters of a model: it must take one, or say of which it is"
    elif of_model.default is None:
        book = made(f)
        assert claimed(book) or book.free_symbols & OF_MODELS <= SAME, "without a model it is of the book's, and must say so"


@pytest.mark.parametrize("name", PUBLIC)
@pytest.mark.parametrize(
    "given",
    [llm("mixtral-8x7b"), llm("mixtral-8x7b").stack, chip("h100"), "mixtral-8x7b", 3, True, Cost(S, "token")],
    ids=lambda v: type(v).__name__,
)
def test_what_is_given_first_is_taken_or_refused_with_a_sentence(name, given):
    f = PUBLIC[name]
    first, *rest = inspect.signature(f).parameters.values() or [None]
    needed = [p.name for p in rest if p.default is inspect.Parameter.empty]
    if (
        first is None
        or OTHERS.get(name) == "a cost that the caller has"
        or name.startswith(("models.", "terms.", "layout.", "turns.", "counted.", "pretraining_memory.under_way"))
        or (first.name == "stage" and given == 3)
    ):
        return
    try:
        found = f(given, **{word: {**GIVEN, "m": llm("mixtral-8x7b")}[word] for word in needed})
    except SymroofError as problem:
        said = str(problem)
        assert "\n" not in said
        assert len(said) > 30
    else:
        assert isinstance(given, Cost) or not isinstance(found, Cost | Bound) or hasattr(given, "stack") or hasattr(given, "layers")


# -- training of mixtures, counted by hand
V5P = {C: 4.59e14, W_ici: 1.8e11}
#: D, and for every layer that has one: how often, matrices, width, width of the shared expert, experts, of which a token uses
SHAPES = {
    "llama3-8b": (4096, [(32, 3, 14336, 0, 1, 1)]),
    "gpt3-175b": (12288, [(96, 2, 49152, 0, 1, 1)]),
    "mixtral-8x7b": (4096, [(32, 3, 14336, 0, 8, 2)]),
    "deepseek-v3": (7168, [(3, 3, 18432, 0, 1, 1), (58, 3, 2048, 2048, 256, 8)]),
    "nemotron-3-nano": (2688, [(23, 2, 1856, 3712, 128, 6)]),
}


def work(name, tokens):
    """FLOPs of a forward pass, and the bytes of the weights it gathers."""
    d, rows = SHAPES[name]
    used = sum(count * matrices * d * (f * per + shared) for count, matrices, f, shared, _, per in rows)
    held = sum(count * matrices * d * (f * experts + shared) for count, matrices, f, shared, experts, _ in rows)
    return 2 * tokens * used, 2 * held


def exchanged(name, tokens):
    """Bytes that tensor parallelism gathers before, and scatters after, every layer."""
    d, rows = SHAPES[name]
    return 2 * tokens * d * 2 * sum(count for count, *_ in rows)


@pytest.mark.parametrize("name", SHAPES)
def test_fsdp_of_a_model_hides_from_the_batch_that_counting_finds(name):
    ways, axes = 64, 2

    def hides(tokens):
        flops, moved = work(name, tokens)
        return flops / (ways * V5P[C]) >= moved / (axes * V5P[W_ici])

    low, high = 1, 2**40
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if hides(middle) else (middle, high)
    m = llm(name)
    at = (chip("tpu-v5p"), m, dtype("bf16"))
    for bound in (training.fsdp_threshold(m), training.dp_threshold(m), training.fsdp_threshold(m, "backward")):
        assert math.ceil(float(bound.at(*at, X=ways, M_X=axes)) - 1e-6) == pytest.approx(high, abs=1)
    assert float(training.fsdp_limit(m).at(*at, B=high, M_X=axes)) == pytest.approx(ways, rel=1e-3)


@pytest.mark.parametrize("name", SHAPES)
def test_tensor_parallelism_of_a_model_hides_up_to_the_ways_that_counting_finds(name):
    m, tokens = llm(name), 10**6
    most = max(y for y in range(1, 200) if work(name, tokens)[0] / (y * V5P[C]) >= exchanged(name, tokens) / V5P[W_ici])
    at = (chip("tpu-v5p"), m, dtype("bf16"))
    assert math.floor(float(training.tp_limit(m).at(*at, M_Y=1))) == most
    assert math.floor(float(sharding.largest_model_parallelism("math", m).at(*at, n_axes=1))) == most


@pytest.mark.parametrize("name", SHAPES)
def test_the_best_mix_of_a_model_is_the_one_that_counting_finds(name):
    m, tokens, chips = llm(name), 2**22, 2**14
    gathered, sent = work(name, tokens)[1], exchanged(name, tokens)

    def comms(x):
        return gathered * x / chips / (2 * V5P[W_ici]) + sent / x / V5P[W_ici]

    best = min(range(1, chips), key=comms)
    at = (chip("tpu-v5p"), m, dtype("bf16"))
    assert float(training.optimal_fsdp(m).at(*at, B=tokens, n=chips, M_X=2, M_Y=1)) == pytest.approx(best, abs=1)
    flops = work(name, tokens)[0] / (chips * V5P[C])
    ratio = float(training.mixed_ratio(m).at(*at, B=tokens, n=chips, M_X=2, M_Y=1))
    assert ratio == pytest.approx(flops / comms(best), rel=1e-3)
    enough = float(training.mixed_threshold(m).at(*at, n=chips, M_X=2, M_Y=1))
    assert ratio == pytest.approx(math.sqrt(tokens / enough), rel=1e-3)


BOOK = {
    "fsdp_threshold": {"M_X": 2, "X": 64},
    "dp_threshold": {"M_X": 2, "X": 64},
    "fsdp_limit": {"M_X": 2, "B": 10**6},
    "tp_limit": {"M_Y": 1},
    "dcn_threshold": {"Z": 4, "W_dcn": 6.25e9},
    "mixed": {"M_X": 2, "M_Y": 1, "B": 10**6, "n": 512, "X": 16},
    "optimal_fsdp": {"M_X": 2, "M_Y": 1, "B": 10**6, "n": 512},
    "mixed_threshold": {"M_X": 2, "M_Y": 1, "n": 512},
    "mixed_ratio": {"M_X": 2, "M_Y": 1, "n": 512, "B": 10**6},
    "mixed_range": {"M_X": 2, "M_Y": 1, "n": 512, "B": 10**8},
}


@pytest.mark.parametrize("word", BOOK)
def test_the_formula_of_an_mlp_is_refused_for_experts_and_legal_for_mlps(word):
    formula, given = getattr(training, word), BOOK[word]
    for name in NAMES:
        m = llm(name)
        at = [chip("tpu-v5p"), m, dtype("bf16")]
        words = {kind.word for kind, _ in m.stack.structure}
        if not words & {"mlp", "experts"}:
            with pytest.raises(InputError, match="neither MLPs nor experts"):
                formula(m)
            continue
        if "experts" in words:
            with pytest.raises(
                InputError, match=rf"formula of an MLP, and the width F of {name} is that of its experts; write the formula"
            ):
                formula().at(*at, **given)
        else:
            assert formula().at(*at, **given) is not None
        assert formula(m).at(*at, **given) is not None
    with pytest.raises(InputError, match="no model"):
        formula("axes")


def test_the_formula_of_a_sharded_matmul_is_refused_for_experts():
    for formula in (sharding.sharded_matmul(), sharding.largest_model_parallelism("math"), sharding.largest_model_parallelism("hbm")):
        with pytest.raises(InputError, match="formula of an MLP"):
            formula.at(chip("tpu-v5e"), llm("deepseek-v3"), dtype("bf16"))
    with pytest.raises(SymroofError, match=r"no regime .*give a model as m="):
        sharding.largest_model_parallelism(llm("mixtral-8x7b"))


@pytest.mark.parametrize("batch", [1, 3, 64])
def test_the_sharded_matmuls_of_a_mixture_read_the_experts_that_are_hit(batch):
    m = llm("mixtral-8x7b")
    hit = 8 * (1 - (1 - 2 / 8) ** batch)
    time = sharding.sharded_matmul(m).at({C: 10**15, W_hbm: 10**12, W_ici: 10**11, Y: 4, n_axes: 1}, m, dtype("bf16"), B=batch)
    assert float(time["hbm"]) == pytest.approx(32 * hit * 3 * 4096 * 14336 * 2 / (4 * 10**12), rel=1e-12)
    assert float(time["math"]) == pytest.approx(32 * 2 * batch * 2 * 3 * 4096 * 14336 / (4 * 10**15), rel=1e-12)
    assert float(time["ici"]) == pytest.approx(32 * 2 * batch * 4096 * 2 / 10**11, rel=1e-12)


def test_a_model_without_mlps_has_no_thresholds_of_them():
    alone = model("attention only", D=8, V=11, blocks=[(2, [layers.Attention(N=4, K=2, H=3)])])
    for formula in (training.tp_limit, training.mixed, sharding.sharded_matmul, training.mlp_checkpoint_memory):
        with pytest.raises(InputError, match="attention only has neither MLPs nor experts"):
            formula(alone)


def test_what_mlps_keep_of_a_mixture_by_hand():
    m = llm("mixtral-8x7b")
    kept = training.mlp_checkpoint_memory(m).at(m, dtype("bf16"), B=1000)
    router, hidden, out = 8, 2 * 2 * 14336, 2 * 4096  # of the k experts of a token, two matrices wide and one back
    assert kept.number == 32 * 1000 * (router + hidden + out) * 2
    with pytest.raises(InputError, match="dense model"):
        training.mlp_checkpoint_memory().at(m, dtype("bf16"), B=1000)


# -- memory and serving
def test_weights_that_do_not_fit_leave_no_room():
    for name in NAMES:
        m = llm(name)
        for chips in (1, 8, 64):
            left = chips * Fraction(7918, 100) * 2**30 - 2 * int(m[P])  # what a program sees of 80 GB
            if left >= 0:
                assert memory.kv_room(m).at(chip("h100"), m, dtype("bf16"), n=chips).number == left
            else:
                with pytest.raises(InputError, match=r"the weights do not fit: .*; give more chips or fewer bytes a parameter"):
                    memory.kv_room(m).at(chip("h100"), m, dtype("bf16"), n=chips)


@pytest.mark.parametrize("name", NAMES)
def test_serving_of_a_model_is_that_of_its_own_step(name):
    m = llm(name)
    at, given = (chip("h100"), m, dtype("bf16")), {B: 32, S: 2048, n: 16}
    step = float(decode.step(m).at(*at, given))
    answer = {**given, G: 100}
    assert float(serving.generation_time(m).at(*at, answer)) == pytest.approx(100 * step, rel=1e-12)
    assert float(serving.queries(m).at(*at, answer)) == pytest.approx(32 / step / 100 / 16, rel=1e-12)
    for own in (serving.queries(decode.step(m)), serving.queries(step_time=decode.step(m))):
        assert own.at(*at, answer).number == serving.queries(m).at(*at, answer).number
    prompt = float(prefill.prefill_time(m).at(*at, {n: 16, T: 1000, MFU: 0.5}))
    servers = serving.prefill_servers(prefill.prefill_time(m), decode.step(m)).at(*at, {**answer, T: 1000, MFU: 0.5})
    assert float(servers) == pytest.approx(32 / (100 * step) * prompt, rel=1e-9)


def test_times_that_are_none_are_refused_with_the_argument():
    with pytest.raises(InputError, match=r"step_time = .* is no time; give a cost in seconds, of a model e.g. step_time=decode"):
        serving.queries(step_time=llm("mixtral-8x7b"))
    with pytest.raises(InputError, match=r"step_time = .* is no time"):
        serving.generation_time(Cost(S, "token"))
    with pytest.raises(InputError, match=r"prefill = .* is no time"):
        serving.prefill_servers(prefill=3)
    with pytest.raises(InputError, match=r"prefill = .* is no time; .*prefill=prefill"):
        serving.prefill_servers(llm("mixtral-8x7b"))
    with pytest.raises(InputError, match="dense model"):
        serving.prefill_servers(step_time=decode.step(llm("mixtral-8x7b"))).at(llm("mixtral-8x7b"))
