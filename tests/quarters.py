"""A quarter for tests of reviews: opened over the named world, frozen, answered."""

import datetime as dt

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from reviews.engine.analysis.quarters import Quarter
from reviews.models import Cycle, EvidenceLink, Review, ReviewItem, Scope
from reviews.workflows import answers, cycles, evidence, freezing
from tests.world import World, make_source

Q3 = Quarter(2026, 3)
AFTER = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)  # long after the quarter and every grace
WITHIN = dt.datetime(2026, 8, 15, 12, tzinfo=dt.UTC)


def open_quarter(world: World, quarter: Quarter = Q3, **values) -> Cycle:
    return cycles.open_cycle(world.ada, quarter, **values)


def review_of(cycle: Cycle, subject) -> Review:
    """The review of a service or store; None for the quarter's own."""
    if subject is None:
        return cycle.reviews.get(scope=Scope.CYCLE)
    field = "service" if subject._meta.model_name == "service" else "store"
    return cycle.reviews.get(**{field: subject})


def upload(name: str = "list.csv", content: bytes = b"a,b\n1,2\n", kind: str = "text/csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, kind)


def give(world: World, item: ReviewItem, person=None, **values) -> EvidenceLink:
    """A file for one question, by the preparer."""
    cycle = item.review.cycle
    return evidence.add(person or world.ines, item, upload(**values), cycle.starts_on, cycle.ends_on)


def answer_all(world: World, review: Review) -> None:
    """Ines answers every question with evidence, note and reason: nothing is open after."""
    link = None
    for item in review.items.all():
        if link is None:
            link = give(world, item)
        else:
            evidence.attach(world.ines, link.evidence, item)
        answers.answer(world.ines, item, item.revision, "meets", "Looked at the list.", "The list shows it.")


def freeze(review: Review) -> Review:
    """Pin the numbers as the tick would after the quarter. Sources of the world are not awaited here."""
    freezing._freeze(review.pk, AFTER)
    review.refresh_from_db()
    return review


def ready(world: World, subject=None) -> Review:
    """An answered, frozen review of the payments service, or of another subject."""
    cycle = Cycle.objects.filter(quarter=str(Q3)).first() or open_quarter(world)
    review = freeze(review_of(cycle, subject or world.payments))
    answer_all(world, review)
    return review


def store_in_use(world: World, directory: str = "/nowhere", **values):
    """A source that makes the vault a store in use."""
    return make_source(world, directory, **values)


def today() -> dt.date:
    return timezone.now().date()
