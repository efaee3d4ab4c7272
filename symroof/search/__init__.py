"""Searches: spaces of configurations, conditions, fronts, and the whole numbers that win, without laying a space out."""

from symroof.rooms import callable_room

callable_room(__name__)
