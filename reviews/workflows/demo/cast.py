"""Who and what the demo organisation consists of: people, services, log stores and log sources, all invented.

Addresses are those set aside for documentation (RFC 5737, RFC 3849) and private ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

ORGANISATION: Final = "Northmoor Mutual"
TIME_ZONE: Final = "Europe/Dublin"
TRAIL_ORGANISATION: Final = "o-northmoor01"
REGION: Final = "eu-west-1"
GRACE_DAYS: Final = 1  # so that the quarter before can be signed from its second day on


@dataclass(frozen=True)
class Person:
    """Somebody who signs in as first name at northmoor.example."""

    name: str
    part: str  # what they are there, as the sign-in page says it

    @property
    def email(self) -> str:
        return f"{self.name.split()[0].lower()}@northmoor.example"


MANAGER: Final = Person("Maren Holt", "Manager")
PREPARER: Final = Person("Ines Okafor", "Preparer")
APPROVER: Final = Person("Jonas Weber", "Approver")
SECOND_APPROVER: Final = Person("Amara Nwosu", "Approver")
OWNER: Final = Person("Priya Raman", "Service owner")
KEEPER: Final = Person("Tomas Lindqvist", "Source keeper")
AUDITOR: Final = Person("Leila Haddad", "Auditor")
ADMINISTRATOR: Final = Person("Ada Brandt", "Administrator")
OPERATED: Final = ("payment", "policy", "bastion", "exchange")  # services that the owner runs
PEOPLE: Final = (MANAGER, PREPARER, APPROVER, SECOND_APPROVER, OWNER, KEEPER, AUDITOR, ADMINISTRATOR)


@dataclass(frozen=True)
class Service:
    """A service and its facts in the inventory."""

    key: str
    name: str
    facts: Mapping[str, object]


@dataclass(frozen=True)
class Store:
    """A log store and its facts."""

    key: str
    name: str
    facts: Mapping[str, object]


@dataclass(frozen=True)
class Source:
    """A log source: a folder below logs/, its format, and the service or the routes it speaks for."""

    key: str
    name: str
    store: str
    format: str
    glob: str
    service: str = ""
    routing_field: str = ""
    routes: Mapping[str, str] = field(default_factory=dict)  # value → key of the service
    every_minutes: int = 5

    @property
    def services(self) -> tuple[str, ...]:
        """Keys of the services it speaks for."""
        return (self.service,) if self.service else tuple(dict.fromkeys(self.routes.values()))


def _facts(kind: str, team: str, data_class: str, **more: object) -> dict[str, object]:
    common: dict[str, object] = {
        "kind": kind,
        "owner_team": team,
        "data_class": data_class,
        "critical": True,
        "internet_facing": False,
        "takes_payments": False,
        "own_sign_in": True,
        "has_api": False,
        "run_by": "us",
        "tags": [],
        "time_zone": TIME_ZONE,
    }
    return {**common, **more}


SERVICES: Final = (
    Service("portal", "Member portal", _facts("web_application", "Digital", "personal", internet_facing=True)),
    Service("cloud", "Cloud accounts", _facts("cloud_account", "Platform", "internal", has_api=True)),
    Service("warehouse", "Data warehouse", _facts("cloud_account", "Analytics", "personal", has_api=True)),
    Service("secrets", "Secrets store", _facts("secrets_store", "Platform", "secret", has_api=True)),
    Service(
        "payment", "Payment hosts", _facts("operating_system", "Payments", "card", takes_payments=True, tags=["pci"])
    ),
    Service("policy", "Policy hosts", _facts("operating_system", "Insurance systems", "personal")),
    Service("bastion", "Bastion hosts", _facts("operating_system", "Platform", "internal", internet_facing=True)),
    Service("exchange", "File exchange", _facts("operating_system", "Insurance systems", "personal", critical=False)),
)

STORES: Final = (
    Store(
        "web",
        "Web log bucket",
        {
            "kind": "bucket",
            "provider": "own",
            "account": "object storage, bucket web-logs",
            "lock": "none",
            "own_keys": False,
            "people_with_access": True,
            "network_reachable": True,
            "tags": [],
        },
    ),
    Store(
        "trail",
        "Audit trail bucket",
        {
            "kind": "bucket",
            "provider": "aws",
            "account": "555500001100, bucket northmoor-audit-trail",
            "lock": "governance",
            "own_keys": True,
            "people_with_access": True,
            "network_reachable": True,
            "tags": [],
        },
    ),
    Store(
        "collector",
        "Syslog collector",
        {
            "kind": "log_service",
            "provider": "own",
            "account": "log-01.dub.northmoor.example",
            "lock": "none",
            "own_keys": True,
            "people_with_access": True,
            "network_reachable": True,
            "tags": ["pci"],
        },
    ),
    Store(
        "hosts",
        "Host log archive",
        {
            "kind": "host",
            "provider": "own",
            "account": "archive-01.dub.northmoor.example",
            "lock": "tamper_evident",
            "own_keys": True,
            "people_with_access": True,
            "network_reachable": False,
            "tags": [],
        },
    ),
)

ACCOUNTS: Final = {
    "cloud": "555500001101",
    "warehouse": "555500001102",
    "secrets": "555500001103",
    "sandbox": "555500001199",  # in the trail, in nobody's inventory: its events are unrouted
}
COLLECTOR_HOSTS: Final = {
    "pay-app-01": "payment",
    "pay-app-02": "payment",
    "pol-app-01": "policy",
    "pol-db-01": "policy",
}

# In the order in which they are added, which is the order of their first imports: quick ones with much to see first.
SOURCES: Final = (
    Source(
        "portal",
        "Member portal access log",
        "web",
        "web_access",
        "access.log*",
        service="portal",
    ),
    Source(
        "trail",
        "Organisation trail",
        "trail",
        "cloudtrail",
        "AWSLogs/**/*.json.gz",
        routing_field="account",
        routes={ACCOUNTS[key]: key for key in ("cloud", "warehouse", "secrets")},
    ),
    Source(
        "collector",
        "Data centre hosts",
        "collector",
        "syslog",
        "hosts-*.log*",
        routing_field="host",
        routes=COLLECTOR_HOSTS,
    ),
    Source("bastion", "Bastion hosts in Dublin", "hosts", "syslog", "**/auth.log*", service="bastion"),
    Source("frankfurt", "Bastion host in Frankfurt", "hosts", "syslog", "**/auth.log*", service="bastion"),
    Source("exchange", "File exchange", "hosts", "syslog", "**/auth.log*", service="exchange", every_minutes=10),
)


def source(key: str) -> Source:
    """The source of that key."""
    return next(found for found in SOURCES if found.key == key)


def service(key: str) -> Service:
    """The service of that key."""
    return next(found for found in SERVICES if found.key == key)
