"""What LaTeX is made of: widths, lines, numbers with units, tables, fragments."""
