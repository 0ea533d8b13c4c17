"""Every address of the product. One block per page family; the names are the same in views, forms and templates."""

from django.urls import path

from reviews.web.views import overview

urlpatterns = [
    # overview
    path("", overview.overview, name="overview"),
    # services
    # stores
    # sources
    # cycles
    # reviews
    # evidence
    # records
    # people
    # trail
    # settings
]
