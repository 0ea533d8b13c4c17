"""Which tests one worker runs one after the other: those that share a portal, which is dear to start.

xdist's own groups are written into a test's id, which pytest keeps to itself since 9.2: a mark has no effect there.
"""

from typing import Final

from xdist.scheduler import LoadScopeScheduling

JOURNEYS: Final = "tests/journeys/"
BUCKETS: Final = "tests/buckets/"  # share one server
OF_THE_DEMO: Final = frozenset({"test_charts.py", "test_demo.py", "test_pages.py"})  # share one demo organisation


def unit(nodeid: str) -> str:
    """The name of what runs together."""
    path = nodeid.partition("::")[0]
    if path.startswith(BUCKETS):
        return BUCKETS
    if not path.startswith(JOURNEYS):
        return nodeid
    return f"{JOURNEYS}demo" if path.removeprefix(JOURNEYS) in OF_THE_DEMO else path


class SharedPortals(LoadScopeScheduling):
    """Each test where there is room, but journeys with those that share their portal. The largest unit begins first."""

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)
