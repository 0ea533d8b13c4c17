"""Who takes part in the journey from an empty portal to a verified record, and what its steps hand on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from reviews.engine.analysis.quarters import Quarter
from tests.journeys.conftest import Watched

PASSWORD: Final = "a long way to the harbour"
SERVICE, STORE, SOURCE = "Bastion hosts", "Host log archive", "Bastion sign-ins"
SUBJECTS: Final = (SERVICE, STORE, "The whole quarter")  # of the reviews of the quarter
# Name and role. The auditor gets a seat instead.
PEOPLE: Final = {
    "Ines Okafor": "Preparer",
    "Pavel Dvorak": "Preparer",
    "Jonas Weber": "Approver",
    "Priya Raman": "Owner",
    "Tomas Lindqvist": "Source keeper",
    "Leila Haddad": "",
}
NOT_APPLICABLE: Final = "COV-06"


@dataclass
class Scene:
    """The portal, and a browser for each person."""

    address: str
    new_page: Callable[..., Page]
    watched: Watched
    quarter: Quarter
    logs: Path
    written: int
    pages: dict[str, Page] = field(default_factory=dict)
    review: str = ""  # its address
    fingerprint: str = ""

    @property
    def ada(self) -> Page:
        return self.pages["Ada Brandt"]

    def refused(self, address: str, status: str) -> None:
        """This address answers so on purpose; the browser calls that an error."""
        self.watched.expected.add(f"{address}: Failed to load resource: the server responded with a status of {status}")
