"""Two symbols at once: the regions of a plane, their borders, and polygons to draw."""
