"""One pass over a source: every file looked at, what is new read, batch after batch prepared and registered."""

import datetime as dt
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from operator import length_hint
from typing import Final

from django.conf import settings

from reviews.engine.archive import archive_store
from reviews.engine.archive.segments import plain_chunks
from reviews.engine.catalogue import load_actions
from reviews.engine.formats import get_format
from reviews.engine.importing.batches import Batch, Batcher, Limits, Taken
from reviews.engine.importing.candidates import Candidate, Place, Trouble
from reviews.engine.importing.preparing import Places, Prepared, Source, prepare
from reviews.engine.importing.spool import Arrived, Spool
from reviews.engine.importing.streams import Stream, looks_binary
from reviews.engine.reading import heading_of, is_evtx
from reviews.engine.store import StoredFile, event_store
from reviews.errors import PortalError, ReadingError
from reviews.models import Import, ImportedPart, LogSource, StoredEvents
from reviews.queries.older_files import begins_ns
from reviews.queries.places import place_to_import
from reviews.workflows.background import small_write
from reviews.workflows.files import FileIndex, KnownFile
from reviews.workflows.leases import Clock, still_mine
from reviews.workflows.registering import Changes, register, repair_headers
from reviews.workflows.shrinking import Shrunk

logger = logging.getLogger(__name__)

LOOKED_AT: Final = 500  # files whose rows are read at once
CHANGES: Final = 500  # changes of files that are registered without a batch
NONE: Final[Sequence[KnownFile]] = ()
Progress = Callable[[str], None]


class ScanStopped(PortalError):
    """Something is wrong with the source as a whole."""


@dataclass
class Outcome:
    """What a pass comes to, beside the ledger that the import's row holds."""

    blocked: bool = False  # some file could not be read: the source is not read up to now
    problems: int = 0
    arrived: frozenset[str] = frozenset()  # names of what lay in the spool
    taken: list[Arrived] = field(default_factory=list)  # of those, what the spool can let go of once the pass is done
    note: str = ""  # something that a person should know although it was done
    told: dict[str, str] = field(default_factory=dict)  # for the trail


def engine_source(source: LogSource) -> Source:
    """The source as the engine takes it. ReadingError for a format that is not there."""
    return Source(
        id=source.pk,
        format=get_format(source.format, source.mapping),
        time_zone=source.time_zone,
        routing_field=source.routing_field,
        routes=frozenset(source.routes.values_list("value", flat=True)),
        catalogue=load_actions(),
    )


def engine_places() -> Places:
    return Places(archive_store(settings.ARCHIVE_URL), event_store(settings.EVENTS_URL))


def spool_of(source: LogSource) -> Spool:
    """Where pushes and uploads of the source wait for an import."""
    return Spool(settings.SPOOL_DIR, source.pk)


def limits() -> Limits:
    return Limits.of(settings.SEGMENT_BYTES, settings.RECORD_BYTES)


class Scan:
    """One pass for one import, as the owner of its lease."""

    def __init__(self, run: Import, owner: str, clock: Clock, progress: Progress) -> None:
        self.run, self.owner, self.clock, self.progress = run, owner, clock, progress
        self.source = engine_source(run.source)
        self.places = engine_places()
        self.batcher = Batcher(self.source.format, limits())
        self.index = FileIndex(self.source.id)
        self.changes = Changes()
        self.shrunk = Shrunk(self.source.id)
        self.outcome = Outcome()
        self.number = 0  # of batches, for names in the store
        self.oldest_ns: int | None = None  # of the place at hand: what was last written before is left alone

    def __call__(self) -> Outcome:
        """Do it. Errors that concern all files end the pass; errors of one file are rows of the ledger."""
        places = [(place, place.find()) for place in self._where()]
        files = [length_hint(found, -1) for _, found in places]
        self._begin(0 if -1 in files else sum(files))
        self._tidy()
        for place, found in places:
            self.oldest_ns = self._oldest_ns(place)
            while some := list(islice(found, LOOKED_AT)):
                self.index.prefetch(one.name for one in some if not isinstance(one, Trouble))
                for one in place.ahead(self._to_look_at(some)):
                    self._look_at(one)
        if not self.run.paths:  # else files that were not looked at may hold what others lost
            self.changes.shrunk += self.shrunk.problems(self.index.claimed)
        self._flush()
        return self.outcome

    def _where(self) -> list[Place]:
        """Where to read: the source's place, if it has one, and what has arrived for it."""
        source = self.run.source
        if self.run.paths:
            return [place_to_import(source.directory, source.glob, self.run.paths)]
        spool = spool_of(source)
        self.outcome.arrived = frozenset(one.name for one in spool.arrivals())
        return [*([place_to_import(source.directory, source.glob)] if source.directory else []), spool]

    def _begin(self, files: int) -> None:
        """Say how many files there are to be looked at; 0: that is known at the end only. Every pass looks at all."""
        with small_write():
            run = still_mine(self.run.pk, self.owner)
            run.files_found, run.files_seen, run.files_older = files, 0, 0
            run.save(update_fields=["files_found", "files_seen", "files_older"])

    def _tidy(self) -> None:
        """Put right what a process that died may have left: files that do not count, headers not written."""
        registered = StoredEvents.objects.filter(source_id=self.source.id).values_list("day", "name")
        self.places.events.sweep(self.source.id, set(registered))
        self.places.archive.sweep_abandoned()
        spool_of(self.run.source).sweep_abandoned()
        repair_headers(self.places.archive)

    # --- One file ---------------------------------------------------------------------------------------------

    def _to_look_at(self, found: Iterable[Candidate | Trouble]) -> Iterator[Candidate | Trouble]:
        """All but what looks as it did when it was read, and what is older than the source is read back."""
        for one in found:
            self.changes.files_seen += 1
            if isinstance(one, Trouble):
                yield one
            elif self._is_older(one):
                self._leave(one)
            elif not self._is_known(one):
                yield one

    def _oldest_ns(self, place: Place) -> int | None:
        """What is asked for by name, pushed or uploaded is read whatever its age."""
        day = self.run.source.read_from
        return None if day is None or self.run.paths or isinstance(place, Spool) else begins_ns(day)

    def _is_older(self, one: Candidate) -> bool:
        """Whether all was written before the day from which on the source is read. What was begun is gone on with."""
        if self.oldest_ns is None or one.modified_ns >= self.oldest_ns:
            return False
        return not any(known.length for known in self.index.same_name(one.name))

    def _leave(self, one: Candidate) -> None:
        """Count and remember an older file, so that it is listed. Should the day move back, it is read as a new one."""
        self.changes.files_older += 1
        known = self._fresh(one)
        if known.complete or not known.looks_like(one):
            known.saw(one, complete=False)
            self._changed(known)
        if len(self.changes) >= CHANGES:
            self._flush()

    def _is_known(self, one: Candidate) -> bool:
        for known in self.index.same_name(one.name):
            if known.looks_like(one) and (known.complete or not self._settled(one)):
                self.index.claimed.add(known.key)
                self._taken(one)
                return True
        return False

    def _look_at(self, one: Candidate | Trouble) -> None:
        if isinstance(one, Trouble):
            self._problem(one.name, one.problem, blocks=one.blocks)
            return
        try:
            self._read(one)
        except ReadingError as problem:
            if self._settled(one) or self.run.paths:  # else it is perhaps just being written
                self._problem(one.name, str(problem), blocks=True)
        if len(self.changes) >= CHANGES:
            self._flush()

    def _read(self, one: Candidate) -> None:
        with Stream(one.path, one.open, heading_of(self.source.format)) as stream:
            if not stream.beginning:
                if isinstance(one, Arrived) and one.pushed:
                    self._taken(one)  # a sign of life: there was nothing to send
                elif self._settled(one) or self.run.paths:
                    self.shrunk.look(one, self.index.same_name(one.name), None, 0)
                    self._set_aside(one, stream.trouble or "The file is empty.")
                return
            evtx = self.source.format.reads_evtx and is_evtx(stream.beginning)
            if not evtx and looks_binary(stream.beginning):
                self._set_aside(one, "This is no text log: it holds binary data. It was not imported.")
                return
            candidates = self._candidates(one, stream)
            known = stream.go_on_after(candidates)
            longer = self._longer(stream, candidates)
            if self._is_another(one, known, stream):
                known, longer = stream.go_on_after(NONE), None
            held = stream.whole[0] if longer is not None and stream.whole is not None else 0
            if known is not None or longer is not None or not evtx:  # Windows itself writes its logs anew
                self.shrunk.look(one, self.index.same_name(one.name), known, held)
            if longer is not None:
                self._copy(one, longer)
            elif known is not None and stream.at_end():
                self._seen_again(one, known)
            else:
                self._take(one, known or self._fresh(one), stream)
            if stream.ends_early and (self._settled(one) or self.run.paths):
                reason = stream.trouble or "This compressed file ends early."
                self._problem(one.name, f"{reason} What could be read of it is imported.", blocks=stream.withholds)

    def _candidates(self, one: Candidate, stream: Stream) -> Sequence[KnownFile]:
        """Files that may be this one. Of what arrived, its own name tells where an import that died had come to."""
        found = self.index.candidates(stream.beginning, one.name)
        own = [known for known in found if known.name == one.name] if isinstance(one, Arrived) else []
        return own or found

    def _is_another(self, one: Candidate, known: KnownFile | None, stream: Stream) -> bool:
        """A push is no file that grows: it is the same only when every byte of it was pushed before."""
        if not (isinstance(one, Arrived) and one.pushed):
            return False
        return known is None or not (known.name == one.name or stream.at_end())

    def _take(self, one: Candidate, known: KnownFile, stream: Stream) -> None:
        """Read what is new of the file into batches."""
        file = Taken(
            key=known.key,
            name=one.raw_name,
            modified_at=self._modified_at(one),
            stream=stream,
            continues=known.unfinished,
            settled=lambda: self._settled(one) and one.is_unchanged(),
        )
        known.name = one.name
        self.index.claimed.add(known.key)
        for batch in self.batcher.take(file):
            self._ship(batch, known)
        self._took(self.batcher.batch, known)
        # A stream that ends early is looked at again until nobody can be writing it any more.
        known.saw(one, complete=not self.batcher.left and (self._settled(one) or not stream.ends_early))
        self._changed(known)
        if known.complete:
            self._taken(one)
        self.changes.files_read += 1
        self.progress(f"{one.name}: {stream.position:,} bytes")

    def _seen_again(self, one: Candidate, known: KnownFile) -> None:
        """All of its bytes are imported: the file was renamed, packed or touched, or it is a copy."""
        if known.key in self.index.claimed or (isinstance(one, Arrived) and known.name != one.name):
            self._copy(one, known)
            return
        self.index.claimed.add(known.key)
        logger.info("source %s: %s holds what was imported as %s", self.source.id, one.name, known.name)
        known.saw(one, complete=True)
        self._changed(known)

    def _copy(self, one: Candidate, original: KnownFile) -> None:
        """The same bytes under a second name: nothing to import, remembered so that it is not read each time."""
        logger.info(
            "source %s: %s holds the same bytes as %s; not imported again", self.source.id, one.name, original.name
        )
        copy = next((known for known in self.index.same_name(one.name) if known.is_copy), None)
        copy = copy or KnownFile.new(one.name)
        copy.is_copy = True
        copy.saw(one, complete=True)
        self.changes.copies[copy.key] = (copy.row(self.source.id, self.clock()), original.key)
        self._taken(one)
        self.progress(f"{one.name}: the same bytes as {original.name}")

    def _set_aside(self, one: Candidate, problem: str) -> None:
        """A file without anything to import: said once, then left alone until it changes."""
        self._problem(one.name, problem, blocks=False)
        known = self._fresh(one)
        known.saw(one, complete=True)
        self._changed(known)
        self._taken(one)

    def _fresh(self, one: Candidate) -> KnownFile:
        """A new logical file; one of this name of which nothing was imported yet becomes it."""
        for known in self.index.same_name(one.name):
            if not known.length and not known.is_copy:
                return known
        return KnownFile.new(one.name)

    def _longer(self, stream: Stream, candidates: Sequence[KnownFile]) -> KnownFile | None:
        """The file of whose imported bytes this one is only the beginning: a copy of an earlier state."""
        if stream.whole is None:
            return None
        length, digest = stream.whole
        if any(known.length == length and known.sha256 == digest for known in candidates):
            return None
        longer = [known for known in candidates if known.length > length]
        if longer and length:
            self._flush()  # what they have in memory must lie in the archive to be compared
        return next((known for known in longer if self._sealed_beginning(known, length) == digest), None)

    def _sealed_beginning(self, known: KnownFile, length: int) -> str:
        """SHA-256 of the first `length` sealed bytes of the file."""
        digest, position = sha256(), 0
        parts = ImportedPart.objects.filter(file__key=known.key, file_offset__lt=length).order_by("file_offset")
        for part in parts.select_related("segment"):
            start, end = part.segment_offset, part.segment_offset + min(part.length, length - position)
            at = 0
            for chunk in plain_chunks(self.places.archive, part.segment.stored_sha256, part.segment.plain_length):
                digest.update(chunk[max(start - at, 0) : max(end - at, 0)])
                at += len(chunk)
                if at >= end:
                    break
            position += end - start
        return digest.hexdigest()

    def _taken(self, one: Candidate) -> None:
        if isinstance(one, Arrived):
            self.outcome.taken.append(one)

    # --- Registering ------------------------------------------------------------------------------------------

    def _changed(self, known: KnownFile) -> None:
        self.index.keep(known)
        self.changes.files[known.key] = known.row(self.source.id, self.clock())

    def _took(self, batch: Batch, known: KnownFile) -> None:
        for piece in batch.pieces:
            if piece.key == known.key:
                known.took(piece)
        self._changed(known)

    def _problem(self, name: str, problem: str, *, blocks: bool) -> None:
        self.changes.problems.append((name, problem))
        self.outcome.problems += 1
        self.outcome.blocked = self.outcome.blocked or blocks
        self.progress(f"{name}: {problem}")

    def _flush(self) -> None:
        self._ship(self.batcher.flush(), None)

    def _ship(self, batch: Batch, current: KnownFile | None) -> None:
        """Prepare and register a batch with all changes of files so far."""
        if current is not None:
            self._took(batch, current)
        self.number += 1
        prepared: Prepared | None = None
        if batch.pieces:
            prepared = self._prepare(batch)
        elif not len(self.changes) and not self.changes.files_seen:
            return
        register(self.run.pk, self.owner, prepared, self.changes, self.places.archive, self.clock())
        self.index.registered([*self.changes.files, *(piece.key for piece in batch.pieces)])
        self.changes = Changes()

    def _prepare(self, batch: Batch) -> Prepared:
        try:
            return prepare(
                batch,
                self.source,
                self.places,
                import_id=self.run.pk,
                name=f"{self.run.pk}-{self.run.attempt}-{self.number}",
                stored=lambda days: stored_files(self.source.id, days),
                now=self.clock(),
            )
        except ReadingError as problem:  # of the source's settings, not of the file at hand: nothing may go on
            raise ScanStopped(str(problem)) from problem

    # --- Time -------------------------------------------------------------------------------------------------

    def _settled(self, one: Candidate) -> bool:
        """Whether the file was left alone for long enough to be taken to its very end."""
        if one.is_final:
            return True
        age = self.clock().timestamp() - one.modified_ns / 1e9
        return abs(age) > settings.SETTLE_SECONDS  # a time of change far ahead is a wrong clock, not a writer

    def _modified_at(self, one: Candidate) -> dt.datetime:
        now = self.clock()
        try:
            return min(dt.datetime.fromtimestamp(one.modified_ns / 1e9, dt.UTC), now)
        except (OverflowError, ValueError, OSError):
            return now


def stored_files(source_id: int, days: Collection[dt.date], before_seq: int | None = None) -> list[StoredFile]:
    """The registered files of these days; only of segments before one, if given."""
    rows = StoredEvents.objects.filter(source_id=source_id, day__in=days)
    if before_seq is not None:
        rows = rows.filter(segment__seq__lt=before_seq)
    return [StoredFile(*row) for row in rows.values_list("day", "name", "segment__seq")]
