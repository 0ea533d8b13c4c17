"""The archive's index: the chained log of segments. The sealed bytes themselves lie at ARCHIVE_URL."""

from django.db import models


class Segment(models.Model):
    """A sealed segment. `header` holds the exact canonical bytes whose SHA-256 the next header names as `prev`."""

    seq = models.PositiveBigIntegerField(unique=True)  # 0, 1, 2, … without a hole
    header = models.BinaryField()
    header_sha256 = models.CharField(max_length=64, unique=True)
    prev = models.CharField(max_length=64)  # header_sha256 of seq - 1; 64 zeros for the first
    stored_sha256 = models.CharField(max_length=64)
    plain_length = models.PositiveBigIntegerField()
    stored_length = models.PositiveBigIntegerField()
    source_id_sealed = models.PositiveBigIntegerField()  # id of the source as the header says it
    sealed_at = models.DateTimeField()

    class Meta:
        ordering = ["seq"]

    def __str__(self) -> str:
        return f"Segment {self.seq}"


class StoredEvents(models.Model):
    """A Parquet file that the store may count: it is registered in the transaction that registers its part."""

    source = models.ForeignKey("reviews.LogSource", on_delete=models.PROTECT, related_name="stored_events")
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="stored_events")
    day = models.DateField()
    name = models.CharField(max_length=120)  # file name below source=…/day=…
    rows = models.PositiveBigIntegerField()
    catalogue_version = models.CharField(max_length=40, blank=True)  # by which its critical actions were told

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "day", "name"], name="reviews_stored_events_once")]
        indexes = [models.Index(fields=["source", "day"], name="reviews_stored_events_day")]

    def __str__(self) -> str:
        return f"{self.source_id}/{self.day}/{self.name}"


class DirtyDay(models.Model):
    """A day of a source whose counts must be made anew from the store. Counting twice gives the same result."""

    source = models.ForeignKey("reviews.LogSource", on_delete=models.CASCADE, related_name="dirty_days")
    day = models.DateField()
    run = models.ForeignKey("reviews.Import", on_delete=models.SET_NULL, null=True, related_name="+")  # marked it last

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "day"], name="reviews_dirty_day_once")]

    def __str__(self) -> str:
        return f"{self.source_id}/{self.day}"
