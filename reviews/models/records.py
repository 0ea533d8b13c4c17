"""Signed records: the file that an auditor verifies without us."""

from django.db import models

from reviews.models.cycles import Review


class RecordState(models.TextChoices):
    QUEUED = "queued"
    MADE = "made"
    FAILED = "failed"


class Record(models.Model):
    """One record of one signed review version. Made by a task after signing; the file lies in the archive."""

    review = models.OneToOneField(Review, on_delete=models.PROTECT, related_name="record")
    number = models.CharField(max_length=30, unique=True)  # AP-2026-Q3-0007
    state = models.CharField(max_length=6, choices=RecordState.choices, default=RecordState.QUEUED)
    problem = models.TextField(blank=True)
    lease_owner = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)  # of the ZIP, its name in the archive
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    signer_fingerprint = models.CharField(max_length=95, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    queued_at = models.DateTimeField(auto_now_add=True)
    made_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number
