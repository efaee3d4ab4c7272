"""Figures for papers, drawn by matplotlib: they take Costs, Bounds, Regions and sheets, and know no workloads or models.

Every function returns a ``matplotlib.figure.Figure`` of its own, without pyplot, and ``save`` writes it as PDF, SVG or PNG.
The numbers are the engine's: curves are ``cost.at(...)``, thresholds ``bound.at(...)``, regions ``regions.polygons(...)``.
matplotlib is imported when a figure is drawn; without it, one sentence says what to install.
"""

from symroof.figures.bars import memory_stack, tornado
from symroof.figures.canvas import Look, save
from symroof.figures.lines import Curve, Dot, breakdown, curves, frontier, roofline
from symroof.figures.regimes import regime_map

__all__ = ["Curve", "Dot", "Look", "breakdown", "curves", "frontier", "memory_stack", "regime_map", "roofline", "save", "tornado"]
