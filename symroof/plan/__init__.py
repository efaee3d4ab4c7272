"""Models on chips: the workloads' formulas at sheets, ready to be shown. Nothing here is printed."""
