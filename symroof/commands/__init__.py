"""The commands that ask the solver, and the options they share."""
