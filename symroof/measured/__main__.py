"""``python -m symroof.measured``: writes what the page of assumptions and measurements has from the engine."""

from symroof.measured.page import page, path

if __name__ == "__main__":
    path().write_text(page(), "utf-8")
