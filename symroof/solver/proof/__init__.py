"""A second opinion: the bound against its condition, and every line of its derivation against the one before."""
