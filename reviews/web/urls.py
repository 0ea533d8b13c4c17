"""Every address of the product. One block per page family; the names are the same in views, forms and templates."""

from django.urls import path

from reviews.web.views import overview, people, trail, welcome

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
    path("people/", people.people, name="people"),
    path("people/invite/", people.person_add, name="person_add"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/link/", people.person_link, name="person_link"),
    path("people/<int:pk>/change/", people.person_change, name="person_change"),
    path("people/<int:pk>/roles/grant/", people.role_grant, name="role_grant"),
    path("people/<int:pk>/roles/revoke/", people.role_revoke, name="role_revoke"),
    path("people/<int:pk>/seats/grant/", people.seat_grant, name="seat_grant"),
    path("people/<int:pk>/seats/revoke/", people.seat_revoke, name="seat_revoke"),
    path("join/<str:token>/", welcome.join, name="join"),
    # trail
    path("trail/", trail.trail, name="trail"),
    path("trail/download/", trail.trail_download, name="trail_download"),
    # settings
    path("settings/", welcome.settings, name="settings"),
    path("settings/theme/", welcome.theme, name="theme"),
]
