"""``python -m symroof.measured``: fits the calibrations that ship, and writes them and the pages of measurements."""

from pathlib import Path

from symroof.measured.page import page, path
from symroof.measured.shipped import write
from symroof.measured.validation import validate
from symroof.show.forms import markdown
from symroof.show.views import see

if __name__ == "__main__":
    path().write_text(page(), "utf-8")
    write(print)
    (Path(path()).parents[2] / "benchmarks" / "validation.md").write_text(markdown.render(see(validate())) + "\n", "utf-8")
