"""What the command `demo` does: fill, import at once if asked, print the plan."""

import datetime as dt
import os
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from reviews.models import ImportState, LogSource, Record, RecordState
from reviews.workflows import freezing, imports, records
from reviews.workflows.demo import cast, growth, organisation, story
from reviews.workflows.demo.plan import Plan, make_plan

Say = Callable[[str], object]


def fill(today: dt.date | None, now: dt.datetime, say: Say, *, at_once: bool) -> None:
    """Fill the demo. A second call changes nothing and says so."""
    if not organisation.may_fill():
        say(
            "The demo is filled already. Nothing was changed. To start again, stop the portal and remove its directory:"
        )
        say(f"  {settings.DATA_DIR}")
        return
    plan = make_plan(today or now.date(), now)
    organisation.fill(plan, now, say)
    say(f"{cast.ORGANISATION} is there, with {len(cast.PEOPLE)} people and {len(cast.SERVICES)} services.")
    if at_once:
        import_everything(say)
    for line in _about_signing(plan, now):
        say(line)


def import_everything(say: Say) -> None:
    """Import every source now and let the story go on; then again, for what was delivered late."""
    owner = f"demo:{os.getpid()}"
    for _ in range(2):
        for source in LogSource.objects.order_by("next_run_at", "pk"):
            began = time.perf_counter()
            run = imports.run(imports.ask(None, source).pk, owner)
            if run is None or run.state != ImportState.DONE:
                say(f"{source.name}: not imported. {run.problem if run else 'A worker has it.'}")
            elif run.records:
                say(
                    f"{source.name}: {run.events:,} events, {run.duplicates:,} duplicates, {run.rejected:,} rejected,"
                    f" in {time.perf_counter() - began:.1f} s."
                )
        freezing.freeze_due(timezone.now())
        story.continue_demo(timezone.now())
    for record in Record.objects.filter(state=RecordState.QUEUED):
        records.make(record.pk, owner)


def print_plan(today: dt.date | None, now: dt.datetime, say: Say) -> None:
    """What is planted: that of the filled demo here if there is one, else of a demo of `today`."""
    kept = growth.recall(Path(settings.DATA_DIR)) if today is None else None
    plan = kept or make_plan(today or now.date(), now)
    say(f"{plan.before.label} and {plan.running.label}; the logs end on {_moment(plan.until)}.")
    for planted in sorted(plan.planted, key=lambda found: found.starts_at):
        names = ", ".join(cast.service(key).name for key in planted.services) or "no service"
        say("")
        say(f"{planted.title} ({planted.quarter.label}, {names})")
        say(f"  Where   {cast.source(planted.source).name}")
        say(f"  When    {_moment(planted.starts_at)} to {_moment(planted.ends_at)}")
        say(f"  What    {planted.what}")
        say(f"  Expect  {planted.expect}")


def _moment(when: dt.datetime) -> str:
    return f"{when.day} {when:%b %Y, %H:%M} UTC"


def _about_signing(plan: Plan, now: dt.datetime) -> list[str]:
    first = story.signs_from(plan.before)
    if now.date() >= first:
        return []
    return [
        f"{plan.before.label} has only just ended. Its reviews can be signed from {first.day} {first:%b %Y} on;"
        " the demo then signs one by itself."
    ]
