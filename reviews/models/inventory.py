"""The inventory: services, and the log stores where their logs lie.

Facts are those of `inventory_facts` in the review template. None means "not filled in": such a fact never
excludes a question.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from reviews.models.fields import empty_list


class Service(models.Model):
    """A row of the inventory whose actions must be logged."""

    name = models.CharField(max_length=120)
    owner_team = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=40, blank=True)  # ids of the template's service.kind
    critical = models.BooleanField(null=True, blank=True)
    data_class = models.CharField(max_length=20, blank=True)
    internet_facing = models.BooleanField(null=True, blank=True)
    takes_payments = models.BooleanField(null=True, blank=True)
    own_sign_in = models.BooleanField(null=True, blank=True)
    has_api = models.BooleanField(null=True, blank=True)
    run_by = models.CharField(max_length=10, blank=True)  # us or vendor
    tags = models.JSONField(default=empty_list, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")  # of the people who use it; nights and weekends
    in_scope_from = models.DateField(null=True, blank=True)
    in_scope_to = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="reviews_service_name_once"),
            models.CheckConstraint(
                condition=Q(in_scope_to__isnull=True)
                | Q(in_scope_from__isnull=True)
                | Q(in_scope_to__gte=models.F("in_scope_from")),
                name="reviews_service_scope_in_order",
            ),
        ]
        permissions = [
            ("prepare_service", "Answer the questions of the service"),
            ("approve_service", "Sign the review of the service"),
            ("operate_service", "Operate the service: attach evidence, never answer or sign"),
            ("keep_service", "Keep the log sources of the service"),
        ]

    def __str__(self) -> str:
        return self.name


class LogStore(models.Model):
    """A place where logs of many services lie: bucket, database, SIEM, the cloud of a vendor."""

    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, blank=True)  # ids of the template's store.kind
    provider = models.CharField(max_length=60, blank=True)
    account = models.CharField(max_length=200, blank=True)
    lock = models.CharField(max_length=20, blank=True)
    own_keys = models.BooleanField(null=True, blank=True)
    people_with_access = models.BooleanField(null=True, blank=True)
    network_reachable = models.BooleanField(null=True, blank=True)
    tags = models.JSONField(default=empty_list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="reviews_store_name_once")]
        permissions = [
            ("prepare_logstore", "Answer the questions of the log store"),
            ("approve_logstore", "Sign the review of the log store"),
            ("operate_logstore", "Operate the log store: attach evidence, never answer or sign"),
            ("keep_logstore", "Keep the log sources of the store"),
        ]

    def __str__(self) -> str:
        return self.name
