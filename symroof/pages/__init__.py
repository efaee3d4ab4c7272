"""What the command line shows: plans, sheets and derivations as tables, LaTeX or JSON."""
