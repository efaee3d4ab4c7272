"""A symbol is its name and its unit, everywhere and always; and it is positive."""

import copy
import pickle
import subprocess
import sys

import pytest
import sympy as sp

import symroof.symbols
from symroof import Cost, SymroofError, Unit, symbol
from symroof.symbols import ALPHABET, B, W_hbm

RATE, BYTES = symbol("W", "byte/s"), symbol("W", "byte")


def test_twins_stay_two():
    assert RATE != BYTES
    assert len({RATE, BYTES}) == 2
    assert {RATE: "rate", BYTES: "bytes"}[BYTES] == "bytes"
    assert len((RATE * B + BYTES * B).args) == 2
    assert (RATE * BYTES).free_symbols == {RATE, BYTES}
    assert (RATE**2 / BYTES).diff(BYTES) == -(RATE**2) / BYTES**2
    assert sp.simplify(RATE / BYTES) != 1
    assert sp.expand((RATE + 1) * (BYTES + 1)).coeff(RATE) == BYTES + 1
    assert (RATE.unit, BYTES.unit) == (Unit.of("byte/s"), Unit.of("byte"))  # the second overwrote nothing


def test_a_symbol_is_not_sympys_symbol_of_that_name():
    assert sp.Symbol("B", positive=True) != B
    assert symbol("B", "token") == B
    assert hash(symbol("B", "token")) == hash(B)
    assert symbol("B", "token").unit == B.unit


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))], ids=["copy", "deepcopy", "pickle"])
@pytest.mark.parametrize("one", [RATE, BYTES, B, W_hbm, symbol("Q", "query/s", "queries", r"\mathcal{Q}")], ids=lambda s: s.described)
def test_a_copy_is_the_same_symbol(again, one):
    other = again(one)
    assert other == one
    assert hash(other) == hash(one)
    assert (other.unit, other.meaning, other.tex, other.is_positive) == (one.unit, one.meaning, one.tex, True)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_twins_stay_two_in_a_pickle(protocol):
    assert pickle.loads(pickle.dumps([RATE + 1, BYTES + 1], protocol)) == [RATE + 1, BYTES + 1]
    a, b = pickle.loads(pickle.dumps([RATE, BYTES], protocol))
    assert a != b


def test_twins_stay_two_in_another_process():
    code = """
import pickle, sys
rate, size, cost = pickle.loads(sys.stdin.buffer.read())
from symroof import symbol
assert rate != size and len((rate + size).args) == 2
assert rate == symbol("W", "byte/s") and size == symbol("W", "byte"), (rate.unit, size.unit)
assert cost.expr == size / rate and str(cost.unit) == "s" and cost.name == "t"
assert {symbol("W", "byte"): 1}[size] == 1
print(float(cost.at({size: 6, rate: 3})))
"""
    sent = pickle.dumps((RATE, BYTES, Cost(BYTES / RATE, "s", "t")))
    done = subprocess.run([sys.executable, "-c", code], input=sent, capture_output=True, timeout=60)
    assert done.stdout.split() == [b"2.0"], done.stderr.decode()[-500:]


def test_a_keyword_that_fits_two_symbols_is_refused():
    with pytest.raises(SymroofError, match="more than one W"):
        Cost(BYTES / RATE, "s").at(W=3)


@pytest.mark.parametrize("one", ALPHABET.values(), ids=ALPHABET)
def test_the_alphabet_is_positive_and_says_what_it_means(one):
    assert one.is_positive
    assert one.is_real
    assert one.meaning
    assert one.name in one.described
    assert str(one.unit) in one.described
    assert getattr(symroof.symbols, one.name) is one


HOSTILE = [
    "",
    " ",
    "1a",
    "_x",
    "a b",
    "a-b",
    "B;x",
    "__import__('os').system('x')",
    "x\ny",
    "x\n",
    "é",
    "α",
    "a" * 41,
    "a" * 10**7,
    "$",
    "B'",
    None,
    3,
    b"B",
    B,
]


@pytest.mark.parametrize("name", HOSTILE, ids=lambda n: repr(n)[:20])
def test_a_hostile_name_is_refused(name):
    with pytest.raises(SymroofError) as caught:
        symbol(name)
    assert len(str(caught.value)) < 200
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("unit", ["GB", "furlong//s", "x" * 10**7, "byte/(s", "__import__('os')"])
def test_a_hostile_unit_is_refused(unit):
    with pytest.raises(SymroofError) as caught:
        symbol("x", unit)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "one, tex",
    [
        (B, "B"),
        (W_hbm, r"W_\text{hbm}"),
        (ALPHABET["p_w"], "p_w"),
        (ALPHABET["eta_hbm"], r"\eta_\text{hbm}"),
        (ALPHABET["n_axes"], r"n_\text{axes}"),
        (ALPHABET["MFU"], r"\mathrm{MFU}"),
        (symbol("alpha"), r"\alpha"),
        (symbol("rho_x"), r"\rho_\text{x}"),
        (symbol("lam"), r"\lambda"),
        (symbol("W_hbm_x"), r"W_\text{hbm\_x}"),
        (symbol("Q", "query/s", "", r"\dot Q"), r"\dot Q"),
    ],
    ids=str,
)
def test_latex_names(one, tex):
    assert one.tex == tex
    assert sp.latex(one) == tex
    assert sp.latex(2 * one) == f"2 {tex}"


@pytest.mark.parametrize("one", ALPHABET.values(), ids=ALPHABET)
def test_latex_names_are_balanced(one):
    assert one.tex.count("{") == one.tex.count("}")
    assert "_" not in one.tex.replace(r"_\text{", "").replace("p_w", "").replace("p_a", "").replace(r"\_", "")


# -- what there is
def test_every_letter_of_every_formula_is_in_the_alphabet():
    from representatives import NAMES

    from symroof import SymroofError, llm
    from symroof.ask.names import formulas, named, thresholds, wants_model

    found = set()
    for name in (*formulas(), *thresholds()):
        for m in (llm(model) for model in NAMES) if wants_model(name) else [None]:
            try:
                asked = named(name, m)
            except SymroofError:
                continue  # a formula that this model has not
            found |= asked.free_symbols | {s for claim in asked.of for s in claim.definitions}
    own = {s for s in found if getattr(s, "label", "")}  # of some layers only
    assert found - own <= set(ALPHABET.values())
    assert {"D_tok", "p_opt", "checkpoints", "microbatches", "t_run", "W_X"} <= {s.name for s in found}


def test_every_letter_that_a_sheet_gives_is_in_the_alphabet():
    from symroof import chip, chips, dtype, llm, llms, server

    sheets = [*map(chip, chips()), *map(llm, llms()), dtype("int8"), server("vllm")]
    for one in sheets:
        letters = {s for s in (*one.values, *one.defaults) if not s.label}
        assert letters <= set(ALPHABET.values()), one.name


def test_all_letters_can_be_imported():
    names = {s.name for s in ALPHABET.values()}
    assert names <= set(symroof.symbols.__all__)
    assert {"C_bf16", "C_int8", "D_tok", "p_opt", "checkpoints"} <= names
    for name in names:
        assert getattr(symroof.symbols, name) is ALPHABET[name]


PUBLIC = [name for name in symroof.__all__ if type(getattr(symroof, name)) is type(sys)]


@pytest.mark.parametrize("name", PUBLIC)
def test_completion_lists_what_a_module_offers_and_nothing_else(name):
    module = getattr(symroof, name)
    assert dir(module) == sorted(module.__all__)
    assert all(getattr(module, each) is not None and each[0] != "_" for each in module.__all__)
    assert "annotations" not in dir(module)
    if name in ("training", "decode", "deployment", "pretraining"):
        import pydoc

        shown = pydoc.plain(pydoc.render_doc(module))
        assert all(f"    {each}(" in shown for each in module.__all__)
        assert "Literal" not in module.__all__


def test_completion_of_the_package_lists_what_is_public():
    assert dir(symroof) == sorted([*symroof.__all__, "__version__"])
    assert {"deployment", "pretraining", "training", "latex", "symbols"} <= set(PUBLIC)
    assert {"run_time", "state_memory", "run_price", "fsdp_threshold"} <= set(symroof.training.__all__)
