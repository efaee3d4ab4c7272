"""Compositions of costs: memory, decode, prefill, sharding, serving. No new physics."""
