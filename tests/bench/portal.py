"""A portal of its own for measuring imports: SQLite database, archive and store in a folder that goes afterwards."""

import os
from pathlib import Path

from tests.bench.bare import Clock, Took


def start_portal(place: Path) -> None:
    os.environ.update(
        VAR_DIR=str(place / "var"),
        SECRET_KEY="only-for-this-program-" + "x" * 40,
        DJANGO_SETTINGS_MODULE="auditportal.settings.base",
    )
    for name in ("DATABASE_URL", "DEMO", "LOG_ROOTS", "ARCHIVE_URL", "EVENTS_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    (place / "var").mkdir()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def import_directory(directory: Path, form: str, name: str) -> tuple[Took, int]:
    """Import all files of the directory as a new source. How long it took, and how many events there are."""
    return import_place(str(directory), form, name)


def import_place(place: str, form: str, name: str) -> tuple[Took, int]:
    """The same for any place."""
    from reviews.models import LogSource, LogStore, Service
    from reviews.workflows import imports

    store, _ = LogStore.objects.get_or_create(name="Store")
    service, _ = Service.objects.get_or_create(name="Service")
    source = LogSource.objects.create(
        name=name, store=store, service=service, format=form, directory=place, every_minutes=5
    )
    queued = imports.ask_here(source, ())
    assert queued is not None
    with Clock() as clock:
        imports.run(queued.pk, "bench")
    queued.refresh_from_db()
    assert (queued.rejected, queued.duplicates, queued.problem) == (0, 0, ""), queued.problem
    return clock.took, queued.events


def import_again(name: str) -> None:
    """Import a source in which there is nothing new."""
    from reviews.models import LogSource
    from reviews.workflows import imports

    queued = imports.ask_here(LogSource.objects.get(name=name), ())
    assert queued is not None
    imports.run(queued.pk, "bench again")
    queued.refresh_from_db()
    assert (queued.files_read, queued.problem) == (0, "")


def forget_files(place: Path) -> None:
    """Remove what imports sealed and stored, so that a disk is enough for many of them."""
    import shutil

    for folder in ("archive", "events"):
        shutil.rmtree(place / "var" / folder, ignore_errors=True)
