"""One hypothesis profile for the suite: the same examples on every machine, no deadline, no database.

``pytest --hypothesis-profile=quick`` does not shrink what fails, so a broken law is reported within seconds.
"""

from hypothesis import HealthCheck, Phase, settings

COMMON = {"deadline": None, "derandomize": True, "database": None, "max_examples": 60, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("symroof", **COMMON)
settings.register_profile("quick", phases=[Phase.explicit, Phase.generate], **COMMON)
settings.load_profile("symroof")


def pytest_configure(config: object) -> None:
    """Import everything first: hypothesis draws constants from the modules that are loaded, which must not depend on the order of tests."""
    import importlib
    import pkgutil

    import symroof

    for module in pkgutil.walk_packages(symroof.__path__, "symroof."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def pytest_terminal_summary(terminalreporter):
    """Say last what was not tested, and for want of what: a browser, LaTeX, a package."""
    from collections import Counter
    from pathlib import Path

    wants: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        file, _, reason = report.longrepr if isinstance(report.longrepr, tuple) else ("", 0, str(report.longrepr))
        whole = f", all of {Path(file).name}" if report.when == "collect" else ""
        wants[reason.removeprefix("Skipped: ") + whole] += 1
    if wants:
        said = "; ".join(f"{count} ({reason})" for reason, count in wants.most_common())
        terminalreporter.write_line(f"not tested: {said}", yellow=True)
