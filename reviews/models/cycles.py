"""Cycles (quarters), their reviews and the answers in them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from reviews.models.fields import empty_dict, empty_list
from reviews.models.inventory import LogStore, Service


class Cycle(models.Model):
    """A quarter under review. The template is copied in when the cycle opens and never changes after."""

    quarter = models.CharField(max_length=7, unique=True)  # 2026-Q3
    starts_on = models.DateField()
    ends_on = models.DateField()  # last day, inclusive
    due_on = models.DateField()
    template = models.CharField(max_length=40)  # essential or full
    template_version = models.CharField(max_length=20)
    template_sha256 = models.CharField(max_length=64)
    catalogue_version = models.CharField(max_length=20)
    facts = models.JSONField(default=empty_dict)  # cycle.* facts of the inventory
    opened_at = models.DateTimeField(auto_now_add=True)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-quarter"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gt=models.F("starts_on")), name="reviews_cycle_in_order"),
        ]

    def __str__(self) -> str:
        return self.quarter


class Scope(models.TextChoices):
    CYCLE = "cycle"
    SERVICE = "service"
    LOG_STORE = "log_store"


class ReviewState(models.TextChoices):
    OPEN = "open"
    SUBMITTED = "submitted"
    SIGNED = "signed"


class Review(models.Model):
    """The review of one service, one log store or the quarter as a whole. Signed, it is locked by triggers."""

    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="reviews")
    scope = models.CharField(max_length=9, choices=Scope.choices)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, null=True, blank=True, related_name="reviews")
    store = models.ForeignKey(LogStore, on_delete=models.PROTECT, null=True, blank=True, related_name="reviews")
    version = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=9, choices=ReviewState.choices, default=ReviewState.OPEN)
    excluded = models.JSONField(default=empty_list)  # [{item, title, fact}] of items that the facts exclude
    # Numbers, gaps and check results, pinned together once the period and every grace have passed.
    frozen = models.JSONField(null=True, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    returned_comment = models.TextField(blank=True)  # of the last return; the trail has them all
    returned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    statement = models.TextField(blank=True)  # the exact text that was accepted
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["scope", "id"]
        permissions = [("audit_review", "Read the signed record of the review")]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="cycle", service__isnull=True, store__isnull=True)
                | Q(scope="service", service__isnull=False, store__isnull=True)
                | Q(scope="log_store", service__isnull=True, store__isnull=False),
                name="reviews_review_scope_fits",
            ),
            models.UniqueConstraint(
                fields=["cycle", "service", "version"],
                condition=Q(scope="service"),
                name="reviews_service_review_once",
            ),
            models.UniqueConstraint(
                fields=["cycle", "store", "version"],
                condition=Q(scope="log_store"),
                name="reviews_store_review_once",
            ),
            models.UniqueConstraint(
                fields=["cycle", "version"], condition=Q(scope="cycle"), name="reviews_cycle_review_once"
            ),
            models.CheckConstraint(
                condition=~Q(state="signed") | Q(signed_at__isnull=False, signed_by__isnull=False),
                name="reviews_signed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_name}, {self.cycle}"

    @property
    def subject(self) -> "Service | LogStore | None":
        """The service or store under review; None for the questions of the whole quarter."""
        return self.service or self.store

    @property
    def subject_name(self) -> str:
        return str(self.subject) if self.subject else "The whole quarter"


class Answer(models.TextChoices):
    OPEN = ""
    MEETS = "meets"
    DOES_NOT_MEET = "does_not_meet"
    NOT_APPLICABLE = "not_applicable"


class ReviewItem(models.Model):
    """One question of one review, with its answer. Text is copied from the template: the record shows what was asked.

    `revision` counts saves; a form carries the revision it was drawn from, so that nobody overwrites silently.
    """

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="items")
    item = models.CharField(max_length=20)  # id of the template, such as COV-04
    group = models.CharField(max_length=20, blank=True)  # COV-ROWS
    step = models.CharField(max_length=20)  # coverage, access_control or storage: ids of the template
    position = models.PositiveSmallIntegerField()
    text = models.JSONField()  # title, question, guidance, criteria, evidence, checks, severity, controls
    answer = models.CharField(max_length=14, choices=Answer.choices, blank=True, default="")
    note = models.TextField(blank=True)
    reason = models.TextField(blank=True)  # for not applicable, and for an answer against a check
    second_person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # who confirmed "not applicable"
    second_person_at = models.DateTimeField(null=True, blank=True)
    not_applicable_until = models.DateField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["review", "item"], name="reviews_item_once")]

    def __str__(self) -> str:
        return f"{self.item} {self.text.get('title', '')}"
