"""Counts for pages, made from the store and replaced day by day. Service NULL: events that no route explains."""

from django.db import models

from reviews.models.fields import empty_list
from reviews.models.inventory import Service
from reviews.models.sources import LogSource


class HourCount(models.Model):
    """Events of one source and service in one hour (UTC), by category and outcome."""

    source = models.ForeignKey(LogSource, on_delete=models.CASCADE, related_name="hour_counts")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="hour_counts", null=True)
    hour = models.DateTimeField()
    category = models.CharField(max_length=24)
    outcome = models.CharField(max_length=8)
    n = models.PositiveBigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["service", "hour"], name="reviews_hours_of_service"),
            models.Index(fields=["source", "hour"], name="reviews_hours_of_source"),
        ]

    def __str__(self) -> str:
        return f"{self.n} at {self.hour}"


class ActionCount(models.Model):
    """One critical action of the catalogue on one day: how often, how complete, and where its last event lies."""

    source = models.ForeignKey(LogSource, on_delete=models.CASCADE, related_name="action_counts")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="action_counts", null=True)
    day = models.DateField()
    action = models.CharField(max_length=60)  # id of the catalogue
    kind = models.CharField(max_length=60)
    category = models.CharField(max_length=24)
    success = models.PositiveBigIntegerField(default=0)
    failure = models.PositiveBigIntegerField(default=0)
    unknown = models.PositiveBigIntegerField(default=0)
    missing_time = models.PositiveBigIntegerField(default=0)
    missing_actor = models.PositiveBigIntegerField(default=0)
    missing_action = models.PositiveBigIntegerField(default=0)
    missing_outcome = models.PositiveBigIntegerField(default=0)
    missing_target = models.PositiveBigIntegerField(default=0)
    missing_source_ip = models.PositiveBigIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    last_segment = models.PositiveBigIntegerField()  # seq
    last_offset = models.PositiveBigIntegerField()  # in the plain segment
    last_length = models.PositiveBigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["service", "day"], name="reviews_actions_of_service")]

    def __str__(self) -> str:
        return f"{self.action} on {self.day}"


class UnmappedAction(models.Model):
    """An action that the catalogue does not know, per source and day. Listed, never dropped."""

    source = models.ForeignKey(LogSource, on_delete=models.CASCADE, related_name="unmapped_actions")
    day = models.DateField()
    action = models.CharField(max_length=200)
    n = models.PositiveBigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["source", "day"], name="reviews_unmapped_of_source")]

    def __str__(self) -> str:
        return self.action


class DayCount(models.Model):
    """When a day of a source was counted, and what its entries say of the clock. Replaced with its counts."""

    source = models.ForeignKey(LogSource, on_delete=models.CASCADE, related_name="day_counts")
    day = models.DateField()
    counted_at = models.DateTimeField()
    events = models.PositiveBigIntegerField()
    catalogue_version = models.CharField(max_length=40, blank=True)  # "": files of several versions were counted
    # observed_at - occurred_at in whole seconds: the 5 %, 50 % and 95 % quantiles of the entries that say both
    skew_low = models.FloatField(null=True)
    skew_seconds = models.FloatField(null=True)
    skew_high = models.FloatField(null=True)
    skew_entries = models.PositiveBigIntegerField(default=0)  # that say when they were observed
    assumed = models.PositiveBigIntegerField(default=0)  # whose time zone nobody has said
    ahead = models.PositiveBigIntegerField(default=0)  # that lie after the moment at which they were sealed

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "day"], name="reviews_day_counted_once")]

    def __str__(self) -> str:
        return f"{self.source_id}/{self.day}: {self.events}"


class DayChange(models.Model):
    """A day that was over and counted, and got other numbers later. Never replaced."""

    source = models.ForeignKey(LogSource, on_delete=models.CASCADE, related_name="day_changes")
    day = models.DateField()
    run = models.ForeignKey("reviews.Import", on_delete=models.SET_NULL, null=True, related_name="day_changes")
    at = models.DateTimeField()
    counted_at = models.DateTimeField()  # when it had been counted before
    events_before = models.PositiveBigIntegerField()
    events_after = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["source", "day"], name="reviews_changes_of_source")]

    def __str__(self) -> str:
        return f"{self.source_id}/{self.day}: {self.events_before} to {self.events_after}"


class Silence(models.Model):
    """A span without events where events were expected. An observation, not a verdict; replaced until it is frozen."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="silences")
    quarter = models.CharField(max_length=7)  # 2026-Q3
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    expected = models.FloatField()  # events expected in the span
    probability = models.FloatField()  # of no event at all
    category = models.CharField(max_length=24, blank=True)  # "": all categories together
    sentence = models.TextField()

    class Meta:
        ordering = ["starts_at"]
        indexes = [models.Index(fields=["service", "quarter"], name="reviews_silences_of_service")]

    def __str__(self) -> str:
        return self.sentence


class SilenceReport(models.Model):
    """What the search for silences said of one service and quarter; replaced whenever it is made again.

    Without a row nobody has looked, and `unknown` has its reason: neither is ever "no silence".
    """

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="silence_reports")
    quarter = models.CharField(max_length=7)  # 2026-Q3
    verdict = models.CharField(max_length=8)  # judged or unknown
    reason = models.TextField(blank=True)
    judged_until = models.DateTimeField(null=True, blank=True)  # end of the hours looked at
    hours_judged = models.PositiveIntegerField(default=0)
    hours_not_imported = models.PositiveIntegerField(default=0)  # of the quarter so far
    expected_not_imported = models.FloatField(default=0)  # events usual in those hours
    noticed_after_hours = models.PositiveIntegerField(null=True, blank=True)
    weeks_of_history = models.FloatField(default=0)
    categories_not_judged = models.JSONField(default=empty_list)  # too rare to be judged by themselves
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "quarter"], name="reviews_silence_report_once"),
        ]

    def __str__(self) -> str:
        return f"{self.quarter}: {self.verdict}"
