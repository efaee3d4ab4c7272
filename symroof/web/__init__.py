"""Interactive pages: a cost as one self-contained HTML file whose browser evaluates the same expressions."""
