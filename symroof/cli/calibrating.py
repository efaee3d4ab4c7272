"""``symroof calibrate``, ``explain`` and ``validate``: measurements, what they say of letters, and how far estimates are off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from symroof.cli.options import forms, known, letters, reply, values


@click.command()
@click.argument("records")
@click.option("--of", "formula", default="decode.estimate", show_default=True, metavar="FORMULA", help="The formula that is fitted.")
@click.option("--letters", "wanted", required=True, metavar="LETTERS", help="e.g. eta_hbm,t_layer; eta_hbm:chip differs by a column.")
@click.option("--groups", default="", metavar="COLUMN", help="What records have in common; each group is left out once.")
@click.option("-o", "--output", metavar="FILE", help="Where to write the calibration, a .toml file.")
@forms
def calibrate(records: str, formula: str, wanted: str, groups: str, output: str | None, form: str) -> None:
    """Fit letters to measurements: RECORDS is a .csv, .json or .yaml file with a column `measured`.

    \b
    symroof calibrate runs.csv --letters eta_hbm,t_layer,t_coll -o mine.toml
    symroof calibrate runs.csv --of prefill.estimate --letters eta_math:chip,t_layer --groups engine
    """
    from symroof.errors import InputError
    from symroof.fitting.fit import calibrate as fit
    from symroof.sheets.calibrations import written
    from symroof.show.views import see

    if output is not None and not output.endswith(".toml"):
        raise click.UsageError(f"-o takes the name of a .toml file, not {output[:60]!r}")
    found = fit(Path(records), formula, letters(wanted), groups, Path(output).stem if output else "mine")
    if output is not None:
        try:
            Path(output).write_text(written(found), "utf-8")
        except OSError as problem:
            raise InputError(f"{output[:100]} cannot be written: {problem.strerror}") from None
    reply(see(found), form)


@click.command()
@click.argument("measured")
@click.option("--of", "formula", default="decode.estimate", show_default=True, metavar="FORMULA", help="The formula of what was measured.")
@click.option("--calibration", metavar="NAME", help="A calibration beside it, by name or as a file.")
@values
@forms
def explain(measured: str, formula: str, calibration: str | None, form: str, **options: Any) -> None:
    """How far one measurement is from its bound, which term weighs most, and which letter alone would explain it.

    \b
    symroof explain "9.53 ms" --on a100-80 --slice 1 --model llama2-7b --formats bf16 --set B=1 --set S=5
    """
    from symroof.fitting.explain import explain as why
    from symroof.sheets.calibrations import calibration as named
    from symroof.show.views import see

    sheets = known(options).sheets
    reply(see(why(measured, formula, *sheets, *([named(calibration)] if calibration else []))), form)


@click.command()
@click.argument("records", required=False)
@forms
def validate(records: str | None, form: str) -> None:
    """Every published measurement beside its bound and the estimate of a fit without its source; and those of RECORDS, a file of yours.

    \b
    symroof validate
    symroof validate mine.csv --markdown
    """
    from symroof.measured.validation import validate as held
    from symroof.show.views import see

    reply(see(held(Path(records) if records else None)), form)
