"""A named world for tests: Northmoor, with a person for each role and one who has none."""

import datetime as dt
from dataclasses import dataclass

from auditportal.accounts.models import User
from reviews import access
from reviews.access import Role
from reviews.models import LogSource, LogStore, Organisation, Service

PASSWORD = "correct horse battery"


@dataclass
class World:
    """Everybody may do one thing. `payments`, `cloud` and `vault` (a store) are granted, `secret` is not."""

    organisation: Organisation
    payments: Service
    cloud: Service
    secret: Service  # a service that only administrators see
    vault: LogStore
    hidden_vault: LogStore  # a store that only administrators see
    maren: User  # viewer (manager)
    ines: User  # preparer
    jonas: User  # approver
    amara: User  # another approver
    priya: User  # owner of payments
    tomas: User  # source keeper
    leila: User  # auditor; gets seats in the tests that need them
    ada: User  # administrator
    sam: User  # a stranger: may sign in, has no role

    def everybody(self) -> dict[str, User]:
        return {
            "viewer": self.maren,
            "preparer": self.ines,
            "approver": self.jonas,
            "owner": self.priya,
            "keeper": self.tomas,
            "auditor": self.leila,
            "administrator": self.ada,
            "stranger": self.sam,
        }


def make_person(name: str, **fields: object) -> User:
    """A person who signs in as first name at northmoor.example with PASSWORD."""
    return User.objects.create_user(f"{name.split()[0].lower()}@northmoor.example", name, PASSWORD, **fields)


def make_world() -> World:
    """The people, two services they have roles on, and one that is hidden from them."""
    organisation = Organisation.objects.create(name="Northmoor Mutual")
    payments = Service.objects.create(
        name="Payments API",
        owner_team="Payments",
        kind="payment_application",
        critical=True,
        data_class="card",
        own_sign_in=True,
        has_api=True,
        tags=["pci"],
        in_scope_from=dt.date(2020, 1, 1),
    )
    cloud = Service.objects.create(
        name="Cloud accounts",
        owner_team="Platform",
        kind="cloud_account",
        critical=True,
        own_sign_in=True,
        has_api=True,
    )
    secret = Service.objects.create(name="Secret project", kind="saas")
    vault = LogStore.objects.create(name="Audit bucket", kind="bucket", provider="aws", lock="governance")
    hidden_vault = LogStore.objects.create(name="Hidden bucket", kind="bucket")
    world = World(
        organisation=organisation,
        payments=payments,
        cloud=cloud,
        secret=secret,
        vault=vault,
        hidden_vault=hidden_vault,
        maren=make_person("Maren Holt"),
        ines=make_person("Ines Okafor"),
        jonas=make_person("Jonas Weber"),
        amara=make_person("Amara Nwosu"),
        priya=make_person("Priya Raman"),
        tomas=make_person("Tomas Lindqvist"),
        leila=make_person("Leila Haddad"),
        ada=make_person("Ada Brandt", is_administrator=True),
        sam=make_person("Sam Stranger"),
    )
    granted = {
        Role.VIEWER: [world.maren],
        Role.PREPARER: [world.ines],
        Role.APPROVER: [world.jonas, world.amara],
        Role.OWNER: [world.priya],
        Role.KEEPER: [world.tomas],
    }
    for role, people in granted.items():
        for person in people:
            for thing in (payments, cloud, vault, organisation):
                access.grant(person, role, thing)
    return world


def make_source(world: World, directory: str, **fields: object) -> LogSource:
    """A source that reads CloudTrail files of the cloud accounts every 15 minutes."""
    values: dict[str, object] = {
        "name": "Organisation trail",
        "store": world.vault,
        "service": world.cloud,
        "directory": directory,
        "glob": "**/*",
        "format": "cloudtrail",
        "every_minutes": 15,
    }
    return LogSource.objects.create(**{**values, **fields})
