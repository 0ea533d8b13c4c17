"""What flows: streams of events per source and place (account, host, site), with their mean of a working day."""

from dataclasses import dataclass
from typing import Final

from reviews.workflows.demo import cast
from reviews.workflows.demo.rhythm import Stream


@dataclass(frozen=True)
class Flow:
    """A stream at a place of a source. `mix` names the list of events in the module of the source's format."""

    source: str
    place: str  # account, host or site
    service: str  # key, or "" for events that no route explains
    mix: str
    per_day: float
    rhythm: str

    @property
    def stream(self) -> Stream:
        return Stream(f"{self.source}/{self.place}/{self.mix}", self.per_day, self.rhythm)


def _trail(account: str, mix: str, per_day: float, rhythm: str) -> Flow:
    service = account if cast.ACCOUNTS[account] in cast.source("trail").routes else ""
    return Flow("trail", cast.ACCOUNTS[account], service, mix, per_day, rhythm)


def _collector(host: str) -> tuple[Flow, ...]:
    service = cast.COLLECTOR_HOSTS[host]
    return (
        Flow("collector", host, service, "automation", 116, "machine"),
        Flow("collector", host, service, "operators", 38, "office"),
        Flow("collector", host, service, "accounts", 2, "office"),
    )


FLOWS: Final = (
    Flow("portal", "portal", "portal", "visitors", 660, "web"),
    Flow("portal", "portal", "portal", "clients", 90, "machine"),
    _trail("cloud", "machines", 430, "machine"),
    _trail("cloud", "people", 150, "office"),
    _trail("cloud", "administration", 9, "office"),
    _trail("warehouse", "loading", 190, "machine"),
    _trail("warehouse", "exports", 60, "office"),
    _trail("warehouse", "people", 34, "office"),
    _trail("warehouse", "upkeep", 3, "office"),
    _trail("warehouse", "keys", 2, "office"),
    _trail("secrets", "reading", 210, "machine"),
    _trail("secrets", "people", 22, "office"),
    _trail("secrets", "keeping", 4, "office"),
    _trail("sandbox", "people", 7, "office"),
    *(flow for host in cast.COLLECTOR_HOSTS for flow in _collector(host)),
    Flow("bastion", "dub-bastion-01", "bastion", "sessions", 150, "office"),
    Flow("bastion", "dub-bastion-01", "bastion", "scanners", 46, "machine"),
    Flow("bastion", "dub-bastion-01", "bastion", "accounts", 2, "office"),
    Flow("bastion", "dub-bastion-02", "bastion", "sessions", 110, "office"),
    Flow("bastion", "dub-bastion-02", "bastion", "scanners", 46, "machine"),
    Flow("frankfurt", "fra-bastion-01", "bastion", "sessions", 60, "office"),
    Flow("frankfurt", "fra-bastion-01", "bastion", "scanners", 72, "machine"),
    Flow("exchange", "sftp-01", "exchange", "batch", 520, "batch"),
    Flow("exchange", "sftp-01", "exchange", "batch_upkeep", 14, "batch"),
)


def flows_of(source: str) -> tuple[Flow, ...]:
    """The flows of one source."""
    return tuple(flow for flow in FLOWS if flow.source == source)
