"""What happens in the demo once its logs are in: people answer, attach, hand over and sign, through the workflows.

Called by the tick. Each step looks at what is there already, so that a second call does nothing twice. The story is
told once; what visitors do afterwards is theirs.
"""

import datetime as dt
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile

from reviews.engine.analysis.quarters import Quarter
from reviews.errors import PortalError
from reviews.models import (
    Answer,
    Cycle,
    DirtyDay,
    Import,
    ImportState,
    LogSource,
    Organisation,
    Review,
    ReviewItem,
    ReviewState,
    Scope,
    TrailEntry,
)
from reviews.queries import readiness
from reviews.workflows import answers, evidence, freezing, people, reviews, trail
from reviews.workflows.demo import cast, growth, logs, words

if TYPE_CHECKING:
    from auditportal.accounts.models import User

logger = logging.getLogger(__name__)

TOLD: Final = "demo.filled"
SEAT: Final = dt.timedelta(days=180)
HAND_OVER, SEND_BACK, SIGN = "hand over", "send back", "sign"


@dataclass(frozen=True)
class Scene:
    """How far the review of this subject gets: the share of its questions that is answered, and what follows."""

    scope: Scope
    subject: str  # name of the service or store; "" for the quarter
    share: float
    then: str = ""
    running: bool = False  # in the running quarter instead of the one before
    not_met: tuple[str, ...] = ()  # questions that the preparer answers with no, whatever the checks say


def _service(key: str) -> str:
    return cast.service(key).name


SCENES: Final = (
    Scene(Scope.SERVICE, _service("exchange"), 1.0, SIGN),
    Scene(Scope.SERVICE, _service("secrets"), 1.0, HAND_OVER),
    Scene(Scope.SERVICE, _service("policy"), 1.0, SEND_BACK),
    Scene(Scope.SERVICE, _service("portal"), 0.5, not_met=("COV-04", "COV-05")),
    Scene(Scope.SERVICE, _service("cloud"), 0.35),
    Scene(Scope.SERVICE, _service("payment"), 0.5),
    Scene(Scope.LOG_STORE, "Audit trail bucket", 0.7),
    Scene(Scope.LOG_STORE, "Host log archive", 0.35),
    Scene(Scope.CYCLE, "", 0.5),
    Scene(Scope.SERVICE, _service("bastion"), 0.2, running=True),
)
_COMMENT: Final = (
    "The silence of both hosts over the weekend in the third month has no explanation yet. "
    "Ask the team of the collector and put its answer into the note of COV-12."
)


def continue_demo(now: dt.datetime) -> None:
    """One step on. Does nothing where no demo is."""
    if not settings.DEMO or not Organisation.objects.filter(is_demo=True).exists():
        return
    place = Path(settings.DATA_DIR)
    growth.grow(place, now)
    if _has_been_read(place / "logs" / "portal"):
        logs.deliver_late(place, now)
    if not TrailEntry.objects.filter(action=TOLD).exists() and _tell(now):
        trail.log(None, TOLD, Organisation.objects.get(), actor_name="the demo")


def signs_from(quarter: Quarter) -> dt.date:
    """The day from which on a review of this quarter can be signed in the demo."""
    return quarter.ends_on + dt.timedelta(days=1 + cast.GRACE_DAYS)


def _has_been_read(directory: Path) -> bool:
    return Import.objects.filter(source__directory=str(directory), state=ImportState.DONE).exists()


def _tell(now: dt.datetime) -> bool:
    """Play every scene that can be played now. Whether all are over."""
    quarters = list(Cycle.objects.order_by("quarter"))
    crew = {person: get_user_model().objects.filter(email=person.email).first() for person in cast.PEOPLE}
    if len(quarters) < 2 or None in crew.values():
        return True
    over = True
    for scene in SCENES:
        cycle = quarters[1 if scene.running else 0]
        review = _review(scene, cycle)
        if review is None or review.state != ReviewState.OPEN or review.returned_by_id is not None:
            continue
        try:
            over &= _play(scene, review, {person: user for person, user in crew.items() if user is not None}, now)
        except PortalError as problem:
            logger.warning("the demo leaves %s as it is: %s", review, problem)
    return over


def _review(scene: Scene, cycle: Cycle) -> Review | None:
    found = Review.objects.filter(cycle=cycle, scope=scene.scope, version=1)
    if scene.scope == Scope.SERVICE:
        found = found.filter(service__name=scene.subject)
    if scene.scope == Scope.LOG_STORE:
        found = found.filter(store__name=scene.subject)
    return found.first()


def _play(scene: Scene, review: Review, crew: dict[cast.Person, "User"], now: dt.datetime) -> bool:
    """Whether the scene is over; it is not while logs or the quarter's end are awaited."""
    if not _logs_are_in(review) or (scene.then and freezing.is_provisional(review, now)):
        return False
    items = list(review.items.all())
    open_ones = [item for item in items[: max(1, round(len(items) * scene.share))] if item.revision == 0]
    results = readiness.check_results(review) if open_ones else {}
    for item in open_ones:
        _answer(item, results.get(item.item, ()), crew, met=item.item not in scene.not_met)
    if scene.then:
        reviews.submit(crew[cast.PREPARER], review, now)
    if scene.then == SEND_BACK:
        reviews.send_back(crew[cast.SECOND_APPROVER], review, _COMMENT)
    if scene.then == SIGN:
        _sign(review, crew, now)
    return True


def _logs_are_in(review: Review) -> bool:
    """Each source of the review has been read and counted."""
    sources = freezing.sources_of(review)
    read = Import.objects.filter(state=ImportState.DONE).values("source")
    counting = DirtyDay.objects.filter(day__range=(review.cycle.starts_on, review.cycle.ends_on)).values("source")
    waiting = LogSource.objects.filter(pk__in=sources.values("pk"))
    return not waiting.exclude(pk__in=read).exists() and not waiting.filter(pk__in=counting).exists()


def _answer(item: ReviewItem, results: readiness.Results, crew: dict[cast.Person, "User"], *, met: bool) -> None:
    """As the checks suggest: does not meet where one fails, meets with a reason where they cannot tell."""
    preparer = crew[cast.PREPARER]
    verdict = readiness.verdict(results)
    if verdict == readiness.FAIL or not met:
        told = words.note(item.item, met=False, seen=met)
        answers.answer(preparer, item, item.revision, Answer.DOES_NOT_MEET, note=told)
        return
    reason = words.reason(verdict) if verdict in {readiness.UNKNOWN, readiness.ATTENTION} else ""
    if verdict != readiness.PASS or item.item == "COV-12":
        _attach(item, crew)
    answers.answer(preparer, item, item.revision, Answer.MEETS, note=words.note(item.item), reason=reason)


def _attach(item: ReviewItem, crew: dict[cast.Person, "User"]) -> None:
    """Files about the running of a service come from its owner, all others from the preparer."""
    review = item.review
    if item.evidence_links.exists():
        return
    file = words.attachment(item.item, review.subject_name, Quarter.parse(review.cycle.quarter))
    owns = item.item == "COV-04" and review.subject_name in {_service(key) for key in cast.OPERATED}
    giver = crew[cast.OWNER if owns else cast.PREPARER]
    kept = SimpleUploadedFile(file.name, file.content, "text/csv" if file.name.endswith(".csv") else "text/plain")
    evidence.add(giver, item, kept, file.covers_from, file.covers_to)


def _sign(review: Review, crew: dict[cast.Person, "User"], now: dt.datetime) -> None:
    """The approver types the password; the auditor gets a seat at what is signed."""
    approver = crew[cast.APPROVER]
    if not approver.check_password(settings.DEMO_PASSWORD):
        logger.warning("the demo does not sign %s: somebody gave %s another password", review, approver)
        return
    signed = reviews.sign(approver, review, password_ok=True, accepted=True, now=now)
    people.seat_auditor(crew[cast.ADMINISTRATOR], crew[cast.AUDITOR], signed, now.date() + SEAT, today=now.date())
