"""The portal's own audit trail: what people do. Rows are inserted and never touched again (triggers)."""

from django.conf import settings
from django.db import models

from reviews.models.fields import empty_dict


class TrailEntry(models.Model):
    """Actor, time, object, before and after. Names stay as text, so that they outlive their rows."""

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    actor_name = models.CharField(max_length=200)  # "the schedule" when no person acted
    action = models.CharField(max_length=60)  # dotted and registered in workflows/trail.py: review.submitted
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=40)
    object_name = models.CharField(max_length=300)
    before = models.JSONField(default=empty_dict)
    after = models.JSONField(default=empty_dict)
    address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["object_type", "object_id"], name="reviews_trail_of_object"),
            models.Index(fields=["action"], name="reviews_trail_of_action"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.action} {self.object_name}"
