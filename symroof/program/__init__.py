"""The sharding notation of the book as an input language: text -> statements -> FLOPs, traffic, collectives, memory."""
