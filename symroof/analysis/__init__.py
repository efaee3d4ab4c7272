"""What binds, where, and what would change it: regimes, optima and elasticities of any Cost."""
