"""What happens before the children start: once in the life of an installation, or at every start."""

from django.conf import settings
from django.core.management import call_command, get_commands
from django.db import connections

from auditportal import static
from auditportal.supervision import database
from auditportal.supervision.supervisor import say
from reviews.models import Organisation
from reviews.workflows.demo import cast
from reviews.workflows.people import first_administrator_link


def get_ready() -> None:
    """Tables, static files, the demo's organisation, the signing key."""
    if database.bring_up():
        say("The database is new: its tables are made.")
    database.refuse_a_mix()
    static.collect()
    if settings.DEMO and not Organisation.objects.exists() and "demo" in get_commands():
        say("Inventing the demo organisation. Its logs then come in through the schedule, like any log.")
        call_command("demo")
    if Organisation.objects.exists() and not settings.SIGNING_KEY.exists():
        from reviews.workflows import records  # brings PDF and cryptography along: half a second of every start

        records.signing()
    connections.close_all()


def greeting(address: str) -> list[str]:
    """What a person needs to know to come in, once the pages are there."""
    lines = [f"The audit portal is ready: {address}"]
    if settings.DEMO:
        lines.append(f"Sign in to the demo as one of these, password {settings.DEMO_PASSWORD}")
        lines += [f"  {person.email:<28} {person.part}" for person in cast.PEOPLE]
    else:
        link = first_administrator_link((settings.PUBLIC_URL or address).rstrip("/"))
        connections.close_all()
        if link:
            lines.append(f"Nobody is in yet. This link works once and makes the first administrator: {link}")
    lines.append("Ctrl-C ends it.")
    return lines
