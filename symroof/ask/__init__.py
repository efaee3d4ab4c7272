"""What a person asks, from the command line or by name: formulas and thresholds, conditions, and what is known of chip and model."""
