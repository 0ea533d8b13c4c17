"""Log sources: how logs come in from a store, and which services they speak of."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from reviews.models.fields import empty_dict
from reviews.models.inventory import LogStore, Service


class LogSource(models.Model):
    """A place with a glob, a format and a schedule.

    `directory` is a directory, s3://bucket/prefix, or empty: then logs only arrive by push and upload.

    It names one service, or routes by a field (`routing_field`, an id of the format's `routes`) to several
    services through its SourceRoutes; unrouted events are counted with service NULL.
    """

    name = models.CharField(max_length=120)
    store = models.ForeignKey(LogStore, on_delete=models.PROTECT, related_name="sources")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="sources", null=True, blank=True)
    routing_field = models.CharField(max_length=40, blank=True)
    directory = models.CharField(max_length=500, blank=True)
    glob = models.CharField(max_length=200, default="**/*")
    format = models.CharField(max_length=40)  # module name under engine/formats
    mapping = models.JSONField(default=empty_dict, blank=True)  # of a generic format: formats.FieldMapping as JSON
    time_zone = models.CharField(max_length=64, default="UTC")  # of times that carry none
    read_from = models.DateField(null=True, blank=True)  # files of days before are left alone; empty: all are read
    every_minutes = models.PositiveIntegerField(null=True, blank=True)
    cron = models.CharField(max_length=100, blank=True)  # five fields, UTC; instead of every_minutes
    grace_days = models.PositiveSmallIntegerField(default=7)
    enabled = models.BooleanField(default=True)
    next_run_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)  # failed imports in a row; sets the back-off
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="reviews_source_name_once"),
            models.CheckConstraint(
                condition=Q(service__isnull=False, routing_field="") | (Q(service__isnull=True) & ~Q(routing_field="")),
                name="reviews_source_service_or_route",
            ),
            models.CheckConstraint(
                condition=Q(every_minutes__isnull=False, cron="") | (Q(every_minutes__isnull=True) & ~Q(cron="")),
                name="reviews_source_one_schedule",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SourceRoute(models.Model):
    """One value of the routing field and the service it belongs to."""

    source = models.ForeignKey(LogSource, on_delete=models.CASCADE, related_name="routes")
    value = models.CharField(max_length=200)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="routes")

    class Meta:
        ordering = ["value"]
        constraints = [models.UniqueConstraint(fields=["source", "value"], name="reviews_route_value_once")]

    def __str__(self) -> str:
        return f"{self.value} → {self.service}"


class PushToken(models.Model):
    """Lets whoever holds it push logs into one source. Only its hash is kept."""

    source = models.ForeignKey(LogSource, on_delete=models.CASCADE, related_name="push_tokens")
    sha256 = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)  # its first letters, to tell it from others
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)  # it was rotated or revoked
    used_at = models.DateTimeField(null=True, blank=True)  # last, to the minute

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.hint}… of {self.source}"
