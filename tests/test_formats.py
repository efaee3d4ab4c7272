"""Number formats: names, scales, and exact numbers of bytes; what a ``config.json`` says its tensors are stored in."""

import math
from fractions import Fraction

import pytest
from click.testing import CliRunner

from symroof import dtype, llm, memory
from symroof.algebra.symbols import p_kv, p_w
from symroof.cli.main import cli
from symroof.errors import InputError, UnknownName
from symroof.sheets.dtypes import Format, format_of


def bytes_by_loops(of: Format, outputs: int, inputs: int) -> Fraction:
    """Every number, and every block that a scale stands for, one by one."""
    rows, columns = (size or side for size, side in zip(of.block, (outputs, inputs), strict=True))
    numbers = sum(of.number for _ in range(outputs) for _ in range(inputs))
    scales = sum(of.scale for _ in range(0, outputs, rows) for _ in range(0, inputs, columns))
    return numbers + scales + of.tensor


@pytest.mark.parametrize("name", ["bf16", "fp8 block", "fp8 channel", "fp8 tensor", "mxfp4", "nvfp4", "int4 group", "q8_0"])
@pytest.mark.parametrize(("outputs", "inputs"), [(128, 128), (129, 127), (64, 300), (1, 1)])
def test_bytes_of_a_matrix_are_those_of_plain_loops(name, outputs, inputs):
    assert format_of(name).of(outputs, inputs) == bytes_by_loops(format_of(name), outputs, inputs)
    assert format_of(name).of(outputs, inputs, 3) == 3 * bytes_by_loops(format_of(name), outputs, inputs)


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("mxfp4", "17/32"),  # OCP Microscaling Formats: 32 numbers of 4 bits share 8 bits
        ("nvfp4", "9/16"),  # 16 numbers of 4 bits share 8 bits
        ("fp8 block", "4097/4096"),  # arXiv:2412.19437: a 32-bit scale for 128 x 128
        ("FP8-Block", "4097/4096"),
        ("fp8 per tensor", "1"),
        ("q8_0", "17/16"),
        ("17/16 B", "17/16"),
        ("1 byte", "1"),
        (Fraction(17, 16), "17/16"),
        (2, "2"),
        ("8 bits", "1"),
    ],
)
def test_a_format_is_a_name_or_an_exact_number_of_bytes(name, width):
    assert dtype(name)[p_w] == dtype("bf16", kv=name)[p_kv] == Fraction(width)


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("fp7", UnknownName, "did you mean 'fp8'"),
        ("4", InputError, "bytes of an element with their unit"),
        ("3 GB/s", InputError, "is no number of bytes"),
        ("17 B", InputError, "at most 8"),
        ("1e999 B", InputError, "is no number format"),
        (0, InputError, "more than 0"),
        (float("nan"), InputError, "more than 0"),
        (True, UnknownName, "no number format"),
        (["int8"], UnknownName, "no number format"),
        ("9" * 5000, InputError, "is no number format"),
    ],
)
def test_what_is_no_format_is_refused_in_one_sentence(name, error, said):
    with pytest.raises(error, match=said) as refused:
        dtype(name)
    assert len(str(refused.value)) < 300


def test_no_arithmetic_is_done_in_a_format_with_scales():
    with pytest.raises(InputError, match="no arithmetic is done in nvfp4"):
        dtype("nvfp4", math="nvfp4")


def ran(*words: str) -> str:
    found = CliRunner().invoke(cli, list(words))
    assert found.exit_code == 0, found.output
    return found.output


def test_bytes_are_formats_on_the_command_line():
    once = ran("serve", "llama3-8b", "--on", "h100", "--formats", "fp8 block", "--kv", "17/16 B")
    assert "fp8 block, KV 17/16 B" in once
    assert "69.63 kB/token" in once  # 65,536 elements
    letter = ran("serve", "llama3-8b", "--on", "h100", "--formats", "bf16", "--set", "p_kv=17/16 B")
    assert "69.63 kB/token" in letter
    assert ran("formulas", "memory.kv_per_token", "--model", "llama3-8b", "--kv", "17/16 B")


def test_a_letter_wins_over_the_format_of_a_sheet():
    found = memory.kv_per_token().at(llm("llama3-8b"), dtype("bf16"), p_kv="1 byte")
    assert math.isclose(float(found), 65536)
