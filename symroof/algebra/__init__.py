"""The algebra: units, symbols, costs, conditions, and how they are evaluated and shown. Knows no machine and no model."""
