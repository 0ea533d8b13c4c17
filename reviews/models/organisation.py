"""The organisation: one row that says whose portal this is, and whether it is the demo."""

import uuid

from django.db import models
from django.db.models import Q


class Organisation(models.Model):
    """Roles on the organisation hold for the questions that are asked once a quarter (scope `cycle`)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    name = models.CharField(max_length=120)
    installation_id = models.UUIDField(default=uuid.uuid4, editable=False)
    is_demo = models.BooleanField(default=False)
    time_zone = models.CharField(max_length=64, default="UTC")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="reviews_one_organisation")]
        permissions = [
            ("prepare_organisation", "Answer the questions of the quarter"),
            ("approve_organisation", "Sign the questions of the quarter"),
            ("operate_organisation", "Attach evidence to the questions of the quarter"),
            ("keep_organisation", "Keep log stores and sources of the organisation"),
        ]

    def __str__(self) -> str:
        return self.name
