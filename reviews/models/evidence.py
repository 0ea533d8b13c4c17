"""Evidence: stored once by content, attached by reference, never replaced, only superseded."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from reviews.models.cycles import ReviewItem


class Evidence(models.Model):
    """A file somebody gave. Its bytes lie in the archive under their SHA-256."""

    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=255)  # as uploaded
    size = models.PositiveBigIntegerField()
    media_type = models.CharField(max_length=100)
    covers_from = models.DateField()
    covers_to = models.DateField()
    uploaded_at = models.DateTimeField(auto_now_add=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(size__gt=0), name="reviews_evidence_not_empty"),
            models.CheckConstraint(
                condition=Q(covers_to__gte=models.F("covers_from")), name="reviews_evidence_period_in_order"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EvidenceLink(models.Model):
    """Evidence attached to a question. Taken off before signing, the row stays and says who took it off."""

    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="links")
    item = models.ForeignKey(ReviewItem, on_delete=models.PROTECT, related_name="evidence_links")
    attached_at = models.DateTimeField(auto_now_add=True)
    attached_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["evidence", "item"],
                condition=Q(removed_at__isnull=True),
                name="reviews_evidence_attached_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.evidence} for {self.item}"
