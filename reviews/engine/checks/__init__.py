"""Automatic checks of review questions, one file each: module `log_gaps` declares CHECK with the id `log.gaps`."""

import importlib
import pkgutil
from functools import cache

from reviews.engine.checks._declare import Check, CheckResult

__all__ = ["Check", "CheckResult", "all_checks"]

_NO_CHECKS = {"inputs"}


@cache
def all_checks() -> dict[str, Check]:
    """Every check by its id. A module that cannot be imported, or whose id is not its name, is an error."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("_") or module.name in _NO_CHECKS:
            continue
        check: Check = importlib.import_module(f"{__name__}.{module.name}").CHECK
        if check.id.replace(".", "_") != module.name:
            raise ValueError(f"{module.name} declares the check {check.id}")
        found[check.id] = check
    return found
