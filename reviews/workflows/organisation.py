"""The organisation: the one row that says whose portal this is."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from reviews.errors import Conflict, Invalid
from reviews.models import Organisation
from reviews.queries.time_zones import is_time_zone
from reviews.workflows import trail

if TYPE_CHECKING:
    from auditportal.accounts.models import User


@transaction.atomic
def start(name: str, is_demo: bool | None = None, time_zone: str = "UTC", *, by: "User | None" = None) -> Organisation:
    """Name the organisation, once. There is no permission to check: before this row, there is nobody to ask."""
    name = name.strip()
    if not name:
        raise Invalid("Give the name of the organisation.", "organisation")
    if not is_time_zone(time_zone):
        raise Invalid(f"{time_zone} is no time zone. Write it like Europe/Berlin or UTC.", "time_zone")
    if Organisation.objects.exists():
        raise Conflict("The organisation has its name already. Sign in, or ask an administrator for an invitation.")
    organisation = Organisation.objects.create(
        name=name, is_demo=settings.DEMO if is_demo is None else is_demo, time_zone=time_zone
    )
    trail.log(by, "organisation.started", organisation, after={"name": name}, actor_name="the first start")
    return organisation
