"""Imports: asked for by people and by the schedule, run by workers, one per source at a time.

A message wakes a worker; the row and its lease are the truth. An import that fails ends as failed, with the reason;
the source's back-off then queues the next one, which takes up where the last commit left off.
"""

import datetime as dt
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, Max, OuterRef, Q
from django.utils import timezone

from reviews import access
from reviews.errors import Conflict, NotAllowed, PortalError
from reviews.models import Import, ImportKind, ImportState, LogSource
from reviews.workflows import counting, remapping, replaying, trail
from reviews.workflows.background import commits_to_disk, small_write, wake
from reviews.workflows.leases import Clock, LeaseLost, claim, heartbeat, still_mine
from reviews.workflows.remapping import Remap
from reviews.workflows.replaying import Replay
from reviews.workflows.scanning import Outcome, Progress, Scan, spool_of
from reviews.workflows.schedules import next_retry, next_run

if TYPE_CHECKING:
    from auditportal.accounts.models import User

logger = logging.getLogger(__name__)

TASK: Final = "reviews.import"
SOON: Final = dt.timedelta(seconds=30)  # between two imports of a source whose logs are pushed all the time
UNDER_WAY: Final = (ImportState.QUEUED, ImportState.RUNNING)
MOST_ATTEMPTS: Final = 5  # workers that may die over one import before it is called failed
RESTS: Final = dt.timedelta(hours=6)  # after a replay or a re-mapping has failed
_PASSES: Final[dict[str, type[Scan] | type[Replay] | type[Remap]]] = {
    ImportKind.IMPORT: Scan,
    ImportKind.REPLAY: Replay,
    ImportKind.REMAP: Remap,
}


def ask(person: "User | None", source: LogSource, paths: Sequence[str] = ()) -> Import:
    """Queue an import now; if one is under way already, that one is returned.

    `paths` (files or directories) are read instead of what directory and glob name. Without a person it is the
    schedule, or the operator at the command line, who asks.
    """
    if person is not None and not access.sources(person, "keep").filter(pk=source.pk).exists():
        raise NotAllowed("Only a source keeper can start an import. Ask an administrator for the role.")
    with transaction.atomic():
        run, new = _queue(source, person, paths)
        if person is not None:
            after = {"import": run.pk} if new else {"import": run.pk, "under_way": True}
            trail.log(person, "import.asked", source, after=after)
        if new:
            wake(TASK, run.pk)
    return run


def ask_replay(person: "User", source: LogSource) -> Import:
    """Queue a replay of the source's rejected records. Conflict while an import or a replay is under way."""
    if not access.sources(person, "keep").filter(pk=source.pk).exists():
        raise NotAllowed("Only a source keeper can have records read again. Ask an administrator for the role.")
    with transaction.atomic():
        run, new = _queue(source, person, (), ImportKind.REPLAY)
        if not new:
            raise Conflict(f"An import of {source} is under way. Ask again when it is done; nothing was changed.")
        trail.log(person, "replay.asked", source, after={"import": run.pk})
        wake(TASK, run.pk)
    return run


def ask_soon(source: LogSource, now: dt.datetime) -> None:
    """Something has arrived: have it read at once, or SOON after the last import began.

    A source that is switched off or failing keeps to its switch and its back-off.
    """
    source = LogSource.objects.get(pk=source.pk)
    last = source.imports.order_by("-id").first()
    if not source.enabled or source.failures or (last is not None and last.state in UNDER_WAY):
        return  # an import under way looks again at its end
    began = last.started_at if last is not None else None
    wanted = max(now, began + SOON) if began is not None else now
    if wanted <= now:
        ask(None, source)
    elif source.next_run_at is not None and source.next_run_at > wanted:
        LogSource.objects.filter(pk=source.pk).update(next_run_at=wanted)


def ask_here(source: LogSource, paths: Sequence[str], kind: ImportKind = ImportKind.IMPORT) -> Import | None:
    """Queue an import that the caller runs itself, waking nobody. None when another one is under way."""
    with transaction.atomic():
        run, new = _queue(source, None, paths, kind)
    return run if new else None


def queue_due(now: dt.datetime) -> int:
    """Queue an import for every enabled source whose time has come. How many."""
    under_way = Import.objects.filter(source=OuterRef("pk"), state__in=UNDER_WAY)
    due = LogSource.objects.filter(
        ~Exists(under_way), Q(next_run_at__isnull=True) | Q(next_run_at__lte=now), enabled=True
    )
    queued = 0
    for source in due.order_by(F("next_run_at").asc(nulls_first=True), "pk"):  # who has waited longest
        last = source.imports.filter(kind=ImportKind.IMPORT).order_by("-id").first()
        paths = last.paths if last is not None and last.state == ImportState.FAILED else []
        with small_write():
            run, new = _queue(source, None, paths)
            if new:
                wake(TASK, run.pk)
                queued += 1
    return queued


def queue_again(now: dt.datetime) -> int:
    """Queue what newer declarations ask for. How many.

    Events of open quarters that another version of the catalogue judged are judged anew; records that an older version
    of the format rejected are read again.
    """
    queued = 0
    for source in LogSource.objects.exclude(imports__state__in=UNDER_WAY):
        for kind, due in ((ImportKind.REMAP, remapping.is_due), (ImportKind.REPLAY, replaying.is_due)):
            failed = Import.objects.filter(
                source=source, kind=kind, state=ImportState.FAILED, finished_at__gt=now - RESTS
            )
            if failed.exists() or not due(source, now):
                continue
            with small_write():
                run, new = _queue(source, None, (), kind)
                if new:
                    wake(TASK, run.pk)
                    queued += 1
            break
    return queued


def requeue_expired(now: dt.datetime) -> int:
    """Give imports back whose worker died, and wake again for those that wait unnoticed. How many."""
    waiting = Q(state=ImportState.QUEUED, lease_until__isnull=True, queued_at__lt=now - _patience())
    waiting |= Q(state__in=UNDER_WAY, lease_until__lt=now)
    count = 0
    for pk in list(Import.objects.filter(waiting).values_list("pk", flat=True)):
        with small_write():
            run = Import.objects.select_for_update().select_related("source").filter(waiting, pk=pk).first()
            if run is None:
                continue
            if run.state == ImportState.RUNNING and run.attempt >= MOST_ATTEMPTS:
                fail(run, f"The worker died {run.attempt} times over this import. See the portal's log.", now)
                continue
            # A queued row's lease only says until when nobody needs to be woken for it again.
            run.state, run.lease_owner, run.lease_until = ImportState.QUEUED, "", now + _patience()
            run.save(update_fields=["state", "lease_owner", "lease_until"])
            wake(TASK, run.pk)
            count += 1
    return count


def fail(run: Import, problem: str, now: dt.datetime) -> None:
    """Inside a transaction: the import has failed for this reason; its source is tried again after a back-off.

    Of a replay or a re-mapping only the row says so: the source itself is read as before.
    """
    run.state, run.problem, run.finished_at = ImportState.FAILED, problem, now
    run.lease_owner, run.lease_until, run.read_until = "", None, None
    run.save(update_fields=["state", "problem", "finished_at", "lease_owner", "lease_until", "read_until"])
    source = LogSource.objects.select_for_update().get(pk=run.source_id)
    if run.kind == ImportKind.IMPORT:
        source.failures = min(source.failures + 1, 1000)
        source.next_run_at = next_retry(source.failures, now)
        source.save(update_fields=["failures", "next_run_at"])
    trail.log(None, f"{run.kind}.failed", source, after={"import": run.pk, "problem": problem, **ledger(run)})


def ledger(run: Import) -> dict[str, int]:
    """The numbers that must balance: records = events + duplicates + ignored + rejected."""
    return {
        "records": run.records,
        "events": run.events,
        "duplicates": run.duplicates,
        "ignored": run.ignored,
        "rejected": run.rejected,
    }


def _queue(
    source: LogSource, person: "User | None", paths: Sequence[str], kind: ImportKind = ImportKind.IMPORT
) -> tuple[Import, bool]:
    under_way = Import.objects.filter(source=source, state__in=UNDER_WAY)
    found = under_way.first()
    if found is not None:
        return found, False
    try:
        with transaction.atomic():
            return Import.objects.create(source=source, asked_by=person, paths=list(paths), kind=kind), True
    except IntegrityError:  # somebody asked at the same moment: the constraint lets one through
        return under_way.get(), False


def _patience() -> dt.timedelta:
    return dt.timedelta(seconds=settings.LEASE_SECONDS)


def run(
    import_id: int, owner: str, *, clock: Clock = timezone.now, progress: Progress = lambda line: None
) -> Import | None:
    """Do the import as `owner`, to its end. None when another worker has it, or took it over meanwhile."""
    claimed = claim(import_id, owner, clock())
    if claimed is None:
        return None
    try:
        with heartbeat(import_id, owner, clock):
            outcome, days, problem = _work(claimed, owner, clock, progress)
            done = _finish(import_id, owner, outcome, problem, clock)
    except LeaseLost as lost:
        logger.warning("import %s: %s", import_id, lost)
        return None
    try:
        _let_go(done, outcome, clock())
    except Exception:  # what stays in the spool is known, and let go of by the next import
        logger.exception("the spool could not be emptied after import %s", import_id)
    try:
        counting.refresh(claimed.source, days)
    except Exception:  # the import is done; the tick looks for silences again
        logger.exception("silences could not be looked for after import %s", import_id)
    return done


def _work(claimed: Import, owner: str, clock: Clock, progress: Progress) -> tuple[Outcome, set[dt.date], str]:
    """Read and count. What was registered is counted even when the pass did not come to its end."""
    outcome, problems = Outcome(), []
    days: set[dt.date] = set()
    try:
        work = _PASSES[claimed.kind](claimed, owner, clock, progress)
        outcome = work.outcome
        work()
    except LeaseLost:
        raise
    except Exception as error:
        problems.append(_reason(claimed, error))
    try:
        progress("counting")
        days = counting.count_dirty(claimed.source, clock())
    except Exception as error:
        problems.append(_reason(claimed, error))
    return outcome, days, " ".join(problems)


def _reason(claimed: Import, error: Exception) -> str:
    """Why it failed, for the person. What nobody foresaw is in the log with its traceback."""
    if isinstance(error, PortalError):
        logger.warning("import %s of source %s failed: %s", claimed.pk, claimed.source_id, error)
        return str(error)
    logger.exception("import %s of source %s failed", claimed.pk, claimed.source_id)
    return f"Something unexpected happened ({type(error).__name__}). The portal's log says more. It is tried again."


def _finish(import_id: int, owner: str, outcome: Outcome, problem: str, clock: Clock) -> Import:
    now = clock()
    with small_write():
        run = still_mine(import_id, owner)
        if problem:
            fail(run, problem, now)
            return run
        run.state, run.finished_at, run.lease_owner, run.lease_until = ImportState.DONE, now, "", None
        run.problem = " ".join(filter(None, (_summary(outcome), outcome.note)))
        source = LogSource.objects.select_for_update().get(pk=run.source_id)
        if run.kind == ImportKind.IMPORT:
            run.read_until = None if outcome.blocked else _read_until(run, outcome)
            source.failures, source.next_run_at = 0, next_run(source, run.started_at or now)
            source.save(update_fields=["failures", "next_run_at"])
        run.save(update_fields=["state", "finished_at", "lease_owner", "lease_until", "problem", "read_until"])
        told = {"import": run.pk, "files": run.files_read, **_arrivals_told(outcome), **ledger(run), **outcome.told}
        trail.log(None, f"{run.kind}.finished", source, after=told)
    return run


def _read_until(run: Import, outcome: Outcome) -> dt.datetime | None:
    """Up to when all is known. What is only pushed and uploaded is known up to where its senders said so."""
    if run.paths:
        return run.last_event_at
    if run.source.directory:
        return run.started_at
    before = Import.objects.filter(source_id=run.source_id).aggregate(until=Max("read_until"))["until"]
    said = [one.as_of for one in outcome.taken if one.as_of is not None]
    uploaded = [run.last_event_at] if any(not one.pushed for one in outcome.taken) else []
    return max((moment for moment in (before, *said, *uploaded) if moment is not None), default=None)


def _arrivals_told(outcome: Outcome) -> dict[str, int]:
    """For the trail: how many of the files had been pushed or uploaded."""
    pushed = sum(one.pushed for one in outcome.taken)
    told = {"pushed": pushed, "uploaded": len(outcome.taken) - pushed}
    return {name: count for name, count in told.items() if count}


def _let_go(run: Import, outcome: Outcome, now: dt.datetime) -> None:
    """The spool lets go of what this import has registered; what came meanwhile is read soon."""
    if run.state != ImportState.DONE:
        return
    spool = spool_of(run.source)
    if outcome.taken:
        commits_to_disk()
        for one in outcome.taken:
            spool.remove(one)
    if any(one.name not in outcome.arrived for one in spool.arrivals()):
        ask_soon(run.source, now)


def _summary(outcome: Outcome) -> str:
    if not outcome.problems:
        return ""
    files = "One file" if outcome.problems == 1 else f"{outcome.problems} files"
    blocked = " Until all can be read, the source does not count as read up to now." if outcome.blocked else ""
    return f"{files} could not be imported as a whole; the list says which and why.{blocked}"
