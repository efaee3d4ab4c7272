"""The sharding notation of the book as an input language: text -> statements -> FLOPs, traffic, collectives, memory."""

from symroof.rooms import callable_room

callable_room(__name__)
