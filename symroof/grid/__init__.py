"""Formulas over large grids: a planned evaluation in blocks, and sweeps with named axes."""
