"""Quarters: the periods under review. Calendar quarters, in UTC."""

import datetime as dt
import re
from dataclasses import dataclass

from reviews.errors import Invalid

_NAMES = ("First", "Second", "Third", "Fourth")


@dataclass(frozen=True, order=True)
class Quarter:
    """A calendar quarter; `str()` is its id, such as 2026-Q3."""

    year: int
    number: int  # 1 to 4

    @classmethod
    def parse(cls, text: str) -> "Quarter":
        """From `2026-Q3`. Anything else: Invalid."""
        match = re.fullmatch(r"(\d{4})-Q([1-4])", text)
        if match is None:
            raise Invalid(f"{text!r} is no quarter. Write it as 2026-Q3.")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: dt.date) -> "Quarter":
        """The quarter that holds the day."""
        return cls(day.year, (day.month - 1) // 3 + 1)

    @property
    def starts_on(self) -> dt.date:
        return dt.date(self.year, 3 * self.number - 2, 1)

    @property
    def ends_on(self) -> dt.date:
        """The last day, inclusive."""
        return self.next.starts_on - dt.timedelta(days=1)

    @property
    def starts_at(self) -> dt.datetime:
        """First moment, aware, UTC."""
        return dt.datetime.combine(self.starts_on, dt.time(), dt.UTC)

    @property
    def ends_at(self) -> dt.datetime:
        """First moment after the quarter, aware, UTC."""
        return self.next.starts_at

    @property
    def next(self) -> "Quarter":
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    @property
    def previous(self) -> "Quarter":
        return Quarter(self.year - (self.number == 1), (self.number - 2) % 4 + 1)

    @property
    def title(self) -> str:
        """`Third quarter 2026`, for headings."""
        return f"{_NAMES[self.number - 1]} quarter {self.year}"

    @property
    def label(self) -> str:
        """`Q3 2026`, for lists."""
        return f"Q{self.number} {self.year}"

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"
