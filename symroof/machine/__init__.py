"""What work costs on hardware."""
