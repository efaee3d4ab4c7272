"""``python -m symroof.measured > models/measured/README.md``: the page of assumptions and measurements."""

from symroof.measured.page import page

if __name__ == "__main__":
    print(page(), end="")
