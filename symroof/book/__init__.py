"""The derivation book as a static site and as one LaTeX document. Nothing here computes."""
