"""Several unknowns at once: geometric programs with a certified gap, and the whole numbers that win."""
