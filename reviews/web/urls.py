"""Every address of the product. One block per page family; the names are the same in views, forms and templates."""

from django.urls import path

from reviews.web.views import (
    arrivals,
    cycles,
    evidence,
    inventory,
    overview,
    people,
    push,
    records,
    rejects,
    reviews,
    services,
    source_lists,
    sources,
    trail,
    welcome,
)

urlpatterns = [
    # overview
    path("", overview.overview, name="overview"),
    # services
    path("services/", services.services, name="services"),
    path("services/<int:pk>/", services.service, name="service"),
    path("services/add/", inventory.service_add, name="service_add"),
    path("services/<int:pk>/change/", inventory.service_change, name="service_change"),
    # stores
    path("stores/", inventory.stores, name="stores"),
    path("stores/add/", inventory.store_add, name="store_add"),
    path("stores/<int:pk>/", inventory.store, name="store"),
    path("stores/<int:pk>/change/", inventory.store_change, name="store_change"),
    # sources
    path("sources/", sources.sources, name="sources"),
    path("sources/add/", sources.source_add, name="source_add"),
    path("sources/add/list/", source_lists.source_list_add, name="source_list_add"),
    path("sources/add/list/template.<str:kind>", source_lists.source_list_template, name="source_list_template"),
    path("sources/<int:pk>/", sources.source, name="source"),
    path("sources/<int:pk>/change/", sources.source_change, name="source_change"),
    path("sources/<int:pk>/import/", sources.source_import, name="source_import"),
    path("sources/<int:pk>/switch/", sources.source_switch, name="source_switch"),
    path("sources/rejected/", rejects.rejects, name="rejects"),
    path("sources/rejected/<int:pk>/", rejects.reject, name="reject"),
    path("sources/rejected/<int:pk>/raw/", rejects.reject_raw, name="reject_raw"),
    path("sources/<int:pk>/rejected/", rejects.source_rejects, name="source_rejects"),
    path("sources/<int:pk>/rejected/read-again/", rejects.source_replay, name="source_replay"),
    path("sources/<int:pk>/upload/", arrivals.source_upload, name="source_upload"),
    path("sources/<int:pk>/tokens/make/", arrivals.token_make, name="token_make"),
    path("sources/tokens/<int:pk>/revoke/", arrivals.token_revoke, name="token_revoke"),
    path("push/<int:pk>/", push.push, name="push"),
    path("imports/<int:pk>/", sources.import_page, name="import"),
    # cycles
    path("reviews/quarters/open/", cycles.cycle_add, name="cycle_add"),
    # reviews
    path("reviews/", reviews.reviews, name="reviews"),
    path("reviews/<int:pk>/", reviews.review, name="review"),
    path("reviews/<int:pk>/questions/<str:item>/", reviews.review_item, name="review_item"),
    path("reviews/<int:pk>/questions/<str:item>/confirm/", reviews.item_confirm, name="item_confirm"),
    path("reviews/<int:pk>/hand-over/", reviews.review_submit, name="review_submit"),
    path("reviews/<int:pk>/sign/", reviews.review_sign, name="review_sign"),
    path("reviews/<int:pk>/send-back/", reviews.review_return, name="review_return"),
    # evidence
    path("reviews/<int:pk>/questions/<str:item>/evidence/", evidence.evidence_add, name="evidence_add"),
    path("reviews/<int:pk>/questions/<str:item>/evidence/attach/", evidence.evidence_attach, name="evidence_attach"),
    path("evidence/<int:pk>/", evidence.evidence, name="evidence"),
    path("evidence/links/<int:pk>/take-off/", evidence.evidence_remove, name="evidence_remove"),
    # records
    path("records/", records.records, name="records"),
    path("records/key/", records.portal_key, name="portal_key"),
    path("records/<int:pk>/", records.record, name="record"),
    path("records/<int:pk>/download/", records.record_download, name="record_download"),
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
