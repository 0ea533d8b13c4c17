"""Names of time zones, as forms offer them and workflows check them."""

from functools import cache
from zoneinfo import available_timezones


@cache
def time_zones() -> tuple[str, ...]:
    """All names of the IANA database, UTC first."""
    names = {
        name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/", "right/"))
    }
    return ("UTC", *sorted(names))


def is_time_zone(name: str) -> bool:
    """Whether the name is one of the IANA database. Others would be read as a path or as nothing."""
    return name in available_timezones()
