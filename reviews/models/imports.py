"""Imports: one run over one source, its files, its balanced ledger and what it rejected."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from reviews.models.archive import Segment
from reviews.models.fields import empty_list
from reviews.models.sources import LogSource


class ImportState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ImportKind(models.TextChoices):
    IMPORT = "import", "an import"
    REPLAY = "replay", "a replay of rejected records"  # they are read again from the archive
    REMAP = "remap", "a new mapping of actions"  # stored events are judged again by another catalogue


class Import(models.Model):
    """One run. The lease (owner, until) is the truth about who works on it; messages only wake workers.

    `records = events + duplicates + ignored + rejected` is a constraint, at every commit of the run. A replay counts
    the rejected records that it read again; those are records of other imports, so that only the numbers of imports
    proper add up to a source's. For replays and re-mappings, files stand for segments: seen are those to do.
    """

    kind = models.CharField(max_length=8, choices=ImportKind.choices, default=ImportKind.IMPORT)
    source = models.ForeignKey(LogSource, on_delete=models.PROTECT, related_name="imports")
    state = models.CharField(max_length=8, choices=ImportState.choices, default=ImportState.QUEUED)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # NULL: the schedule
    paths = models.JSONField(default=empty_list, blank=True)  # empty: what directory and glob name
    queued_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # Up to this moment the source has been read: an hour before it without events is empty, not unknown.
    read_until = models.DateTimeField(null=True, blank=True)
    lease_owner = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    problem = models.TextField(blank=True)  # why it failed, or what it could not read, in plain sentences
    files_found = models.PositiveIntegerField(default=0)  # to be looked at
    files_older = models.PositiveIntegerField(default=0)  # left alone, because the source is read from a later day on
    files_seen = models.PositiveIntegerField(default=0)  # looked at so far
    files_read = models.PositiveIntegerField(default=0)
    bytes_read = models.PositiveBigIntegerField(default=0)  # decompressed
    records = models.PositiveBigIntegerField(default=0)
    events = models.PositiveBigIntegerField(default=0)
    duplicates = models.PositiveBigIntegerField(default=0)
    ignored = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    unrouted = models.PositiveBigIntegerField(default=0)  # of the events
    first_event_at = models.DateTimeField(null=True, blank=True)
    last_event_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["source", "-id"], name="reviews_import_of_source")]
        constraints = [
            models.CheckConstraint(
                condition=Q(records=F("events") + F("duplicates") + F("ignored") + F("rejected")),
                name="reviews_import_balanced",
            ),
            models.UniqueConstraint(
                fields=["source"],
                condition=Q(state__in=["queued", "running"]),
                name="reviews_one_import_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"Import {self.pk} of {self.source}"


class LogFile(models.Model):
    """A logical file, known by its decompressed prefix: whatever its name or compression is now."""

    source = models.ForeignKey(LogSource, on_delete=models.PROTECT, related_name="files")
    key = models.CharField(max_length=16, unique=True)  # names the logical file in sealed headers and event ids
    name = models.CharField(max_length=500)  # as last seen, relative to the directory
    size = models.PositiveBigIntegerField(default=0)  # on disk, as last seen
    modified_ns = models.BigIntegerField(default=0)  # mtime in ns, as last seen
    inode = models.PositiveBigIntegerField(default=0)
    version = models.CharField(max_length=200, blank=True)  # of an object in a bucket, as last seen
    head_length = models.PositiveIntegerField(default=0)
    head_sha256 = models.CharField(max_length=64, default="")  # of the first head_length plain bytes
    length = models.PositiveBigIntegerField(default=0)  # plain bytes imported
    sha256 = models.CharField(max_length=64, default="")  # of those bytes
    complete = models.BooleanField(default=False)  # read to its very end at this size and mtime
    unfinished = models.CharField(max_length=10, blank=True)  # what to give as `continues`: see reading.split
    copy_of = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="copies")
    first_seen_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        indexes = [
            models.Index(fields=["source", "name"], name="reviews_file_by_name"),
            models.Index(fields=["source", "head_sha256"], name="reviews_file_by_head"),
        ]

    def __str__(self) -> str:
        return self.name


class ImportedPart(models.Model):
    """A stretch of one logical file, taken by one import, sealed as a member of one segment."""

    run = models.ForeignKey(Import, on_delete=models.PROTECT, related_name="parts")
    file = models.ForeignKey(LogFile, on_delete=models.PROTECT, related_name="parts")
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="parts")
    name = models.CharField(max_length=500)  # of the file when it was read
    file_offset = models.PositiveBigIntegerField()  # in the decompressed file
    segment_offset = models.PositiveBigIntegerField()  # in the plain segment
    length = models.PositiveBigIntegerField()
    records = models.PositiveBigIntegerField()
    events = models.PositiveBigIntegerField()
    duplicates = models.PositiveBigIntegerField()
    ignored = models.PositiveBigIntegerField()
    rejected = models.PositiveBigIntegerField()
    first_event_at = models.DateTimeField(null=True, blank=True)
    last_event_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(records=F("events") + F("duplicates") + F("ignored") + F("rejected")),
                name="reviews_part_balanced",
            ),
            models.UniqueConstraint(fields=["file", "file_offset"], name="reviews_part_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} from {self.file_offset}"


class RejectedRecord(models.Model):
    """A record that is no event: why, by which format version, and where its bytes are sealed."""

    part = models.ForeignKey(ImportedPart, on_delete=models.PROTECT, related_name="rejects")
    offset = models.PositiveBigIntegerField()  # in the decompressed file
    length = models.PositiveBigIntegerField()
    reason = models.CharField(max_length=300)
    format_version = models.PositiveSmallIntegerField()
    beginning = models.CharField(max_length=200)  # of the record, made printable

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.reason


class LedgerChange(models.Model):
    """What a replay made of the rejected records of one earlier import: how much each number of its ledger changed."""

    by = models.ForeignKey(Import, on_delete=models.PROTECT, related_name="changes_made")
    run = models.ForeignKey(Import, on_delete=models.PROTECT, related_name="ledger_changes")
    records = models.BigIntegerField(default=0)
    events = models.BigIntegerField(default=0)
    duplicates = models.BigIntegerField(default=0)
    ignored = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["by", "run"], name="reviews_ledger_change_once"),
            models.CheckConstraint(
                condition=Q(records=F("events") + F("duplicates") + F("ignored") + F("rejected")),
                name="reviews_ledger_change_balanced",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.by} changed {self.run}"


class FileProblem(models.Model):
    """A file that an import could not read as a whole, or that no longer holds what was imported of it."""

    class Kind(models.TextChoices):
        UNREAD = "unread"
        CHANGED = "changed"

    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.UNREAD)
    run = models.ForeignKey(Import, on_delete=models.PROTECT, related_name="file_problems")
    name = models.CharField(max_length=500)
    problem = models.CharField(max_length=300)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.name}: {self.problem}"
