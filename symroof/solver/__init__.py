"""The solver: where a condition holds, for any symbol, with domain, approximations, steps and proof."""
