"""One hypothesis profile for the suite: the same examples on every machine, no deadline, no database."""

from hypothesis import HealthCheck, settings

settings.register_profile("symroof", deadline=None, derandomize=True, database=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("symroof")
