"""Published measurements, and the bound of each: none may be faster than its bound."""
