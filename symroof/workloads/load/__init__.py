"""Serving under load: what a rate of requests costs, in closed form. Nothing here knows a chip, a model or a number."""
