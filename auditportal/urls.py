"""The site's addresses: sign-in from allauth, everything else from the product."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("auditportal.accounts.urls")),
    path("", include("reviews.web.urls")),
]
