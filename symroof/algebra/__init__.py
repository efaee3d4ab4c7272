"""The algebra: units, symbols, costs, and the solver. Knows no machine and no model."""
