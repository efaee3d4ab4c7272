"""A bound at given values: from the closed form, or certified numerically."""
