"""Object permissions as direct foreign keys (django-guardian): real constraints, short joins."""

from django.db import models
from guardian.models import UserObjectPermissionBase

from reviews.models.cycles import Review
from reviews.models.inventory import LogStore, Service
from reviews.models.organisation import Organisation


class ServiceUserObjectPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(Service, on_delete=models.CASCADE)

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False


class LogStoreUserObjectPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(LogStore, on_delete=models.CASCADE)

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False


class OrganisationUserObjectPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(Organisation, on_delete=models.CASCADE)

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False


class ReviewUserObjectPermission(UserObjectPermissionBase):
    """An auditor's seat at one review; it ends by itself."""

    content_object = models.ForeignKey(Review, on_delete=models.CASCADE)
    ends_on = models.DateField(null=True, blank=True)  # last day

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False
