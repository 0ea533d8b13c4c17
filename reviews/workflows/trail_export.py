"""Taking the trail out of the portal is itself an entry of it."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import QuerySet

from reviews import access
from reviews.models import Organisation, TrailEntry
from reviews.queries.trail import Filters, entries
from reviews.workflows import trail

if TYPE_CHECKING:
    from auditportal.accounts.models import User


@transaction.atomic
def export(by: "User", filters: Filters) -> "QuerySet[TrailEntry]":
    """The entries to write out: those of before this moment, so that the file does not tell of itself."""
    access.require_administrator(by)
    found = entries(filters)
    entry = trail.log(
        by, "trail.downloaded", Organisation.objects.first(), after={**filters.told(), "entries": found.count()}
    )
    return found.filter(pk__lt=entry.pk)
