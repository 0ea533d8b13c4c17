"""Local hours and public holidays: when the people who use a service are awake and at work.

Nights and weekends follow from the hour of the week in the time zone of the service, clock changes included.
A public holiday of the zone's country is expected to be as still as a Sunday, and no busier than the weekday that it
falls on: a batch of every Sunday does not run on Whit Monday. Only holidays of the whole country count;
what is closed for other reasons shows as a silence, and a person says why.
"""

import datetime as dt
import zoneinfo
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import holidays
import numpy as np
import numpy.typing as npt

HOURS_OF_WEEK: Final = 168
_SUNDAY: Final = 6


@dataclass(frozen=True, eq=False)
class LocalHours:
    """For each hour of a series: its hour of the week, that of the Sunday it may be like, its day, and if a holiday."""

    slot: npt.NDArray[np.int64]  # 0 to 167, Monday 00:00 first; a holiday has the slot of a Sunday
    weekday: npt.NDArray[np.int64]  # the same without regard to holidays
    day: npt.NDArray[np.int64]  # ordinal of the local date
    holiday: npt.NDArray[np.bool_]


@cache
def _country_of_zone() -> dict[str, str]:
    """Country of each time zone, from the zone table of the tz database. Empty where the system has none."""
    for place in zoneinfo.TZPATH:
        table = Path(place) / "zone.tab"
        if table.is_file():
            rows = (line.split("\t") for line in table.read_text(encoding="utf-8").splitlines())
            return {row[2].strip(): row[0] for row in rows if len(row) >= 3 and not row[0].startswith("#")}
    return {}


@lru_cache(maxsize=256)
def public_holidays(zone: str, year: int) -> dict[dt.date, str]:
    """Holidays of the whole country that the zone belongs to; none for UTC and for countries nobody lists."""
    country = _country_of_zone().get(zone)
    if country is None:
        return {}
    try:
        return dict(holidays.country_holidays(country, years=year, language="en_US"))
    except (NotImplementedError, KeyError):
        return {}


@lru_cache(maxsize=64)
def local_hours(zone: str, start: dt.datetime, length: int) -> LocalHours:
    """Hours of the week and local days of `length` hours from `start`."""
    place = zoneinfo.ZoneInfo(zone)
    slot = np.empty(length, np.int64)
    weekday = np.empty(length, np.int64)
    day = np.empty(length, np.int64)
    holiday = np.zeros(length, np.bool_)
    for index in range(length):
        local = (start + dt.timedelta(hours=index)).astimezone(place)
        date = local.date()
        day[index] = date.toordinal()
        holiday[index] = date in public_holidays(zone, date.year)
        weekday[index] = local.weekday() * 24 + local.hour
        slot[index] = _SUNDAY * 24 + local.hour if holiday[index] else weekday[index]
    for values in (slot, weekday, day, holiday):
        values.setflags(write=False)
    return LocalHours(slot, weekday, day, holiday)


def same_hours_weeks_away(moment: dt.datetime, weeks: int, zone: str) -> dt.datetime:
    """The same local time `weeks` weeks later, in UTC: a clock change in between shifts it by an hour."""
    place = zoneinfo.ZoneInfo(zone)
    local = moment.astimezone(place).replace(tzinfo=None) + dt.timedelta(weeks=weeks)
    return local.replace(tzinfo=place).astimezone(dt.UTC)
