"""Every answer of every chapter: an independent number, what the book prints, and a formula that comes from the engine."""

from collections import Counter

import pytest
from test_chapters_basics import TABLE as BASICS
from test_chapters_inference_gpus import TABLE as INFERENCE_AND_GPUS
from test_derivations import TABLE as SERVING
from test_training import TABLE as TRAINING

from symroof import Bound, Cost
from symroof.book import chapters as book

TABLES = (BASICS, TRAINING, INFERENCE_AND_GPUS, SERVING)
TABLE = {id: row for table in TABLES for id, row in table.items()}
ANSWERS = {a.id: a for q in book.questions() for a in q.function()}


def test_every_answer_is_in_one_table_and_exists_once():
    counted = Counter(a.id for q in book.questions() for a in q.function())
    assert [id for id, times in counted.items() if times > 1] == []
    assert counted.keys() == TABLE.keys()
    assert sum(map(len, TABLES)) == len(TABLE)


def test_questions_have_an_id_and_words_of_their_own():
    ids = [q.id for q in book.questions()]
    assert len(ids) == len(set(ids))
    assert [q.id for q in book.questions() if len(q.text) < 80 or not q.title] == []


@pytest.mark.parametrize("id", TABLE)
def test_ours_agrees_with_the_second_opinion(id):
    assert ANSWERS[id].ours == pytest.approx(TABLE[id][0], rel=1e-6 if id in BASICS else 1e-9)


@pytest.mark.parametrize("id", TABLE)
def test_print_is_what_the_book_prints(id):
    assert ANSWERS[id].printed == pytest.approx(TABLE[id][1], rel=1e-12)


@pytest.mark.parametrize("id", TABLE)
def test_every_formula_comes_from_the_engine_and_can_be_shown(id):
    formula = ANSWERS[id].formula
    assert isinstance(formula, (Cost, Bound))
    shown = formula.latex()
    assert shown.count("{") == shown.count("}")
    assert "nan" not in shown
    assert not isinstance(formula, Bound) or formula.kind == "bound"


@pytest.mark.parametrize("q", book.questions(), ids=lambda q: q.id)
def test_every_question_holds(q):
    for found in q.answers():
        assert found.verdict in ("agrees", "differs", "ours")
        assert found.verdict != "differs" or found.why


def test_the_bounds_hold_on_both_sides_of_their_threshold():
    for bound in {repr(a.formula): a.formula for a in ANSWERS.values() if isinstance(a.formula, Bound)}.values():
        assert not bound.verify(samples=20).counterexamples, bound
