"""Tables, pages and the derivation book. Nothing here computes."""
