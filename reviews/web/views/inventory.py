"""Forms of services; list, page and forms of log stores."""

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from reviews import access
from reviews.errors import NotAllowed
from reviews.queries import inventory as queries
from reviews.queries import sources as source_queries
from reviews.web.forms.inventory import ServiceForm, StoreForm
from reviews.workflows import inventory

if TYPE_CHECKING:
    from auditportal.accounts.models import User


@login_required
def service_add(request: HttpRequest) -> HttpResponse:
    person = cast("User", request.user)
    access.require_administrator(person)
    form = ServiceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        service = inventory.add_service(person, **form.cleaned_data)
        messages.success(request, f"{service.name} is in the inventory.", extra_tags="pass")
        return redirect("service", pk=service.pk)
    return render(request, "reviews/services/service_form.html", {"form": form})


@login_required
def service_change(request: HttpRequest, pk: int) -> HttpResponse:
    person = cast("User", request.user)
    service = access.service(person, pk)
    access.require_administrator(person)
    form = ServiceForm(request.POST or None, service=service)
    if request.method == "POST" and form.is_valid():
        inventory.change_service(person, service, **form.cleaned_data)
        messages.success(request, f"{service.name} is saved.", extra_tags="pass")
        return redirect("service", pk=pk)
    return render(request, "reviews/services/service_form.html", {"form": form, "service": service})


@login_required
def stores(request: HttpRequest) -> HttpResponse:
    person = cast("User", request.user)
    context = {"stores": queries.store_rows(person), "may_add": inventory.may_add_store(person)}
    return render(request, "reviews/stores/stores.html", context)


@login_required
def store(request: HttpRequest, pk: int) -> HttpResponse:
    person = cast("User", request.user)
    store = access.store(person, pk)
    context = {
        "store": store,
        "facts": queries.store_facts(store),
        "sources": source_queries.rows(store.sources.select_related("store", "service"), timezone.now()),
        "reviews": queries.store_reviews(person, store),
        "keepers": queries.keepers(store),
        "may_keep": access.may(person, "keep", store),
    }
    return render(request, "reviews/stores/store.html", context)


@login_required
def store_add(request: HttpRequest) -> HttpResponse:
    person = cast("User", request.user)
    if not inventory.may_add_store(person):
        raise NotAllowed(inventory.WHO_ADDS_STORES)
    form = StoreForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        store = inventory.add_store(person, **form.cleaned_data)
        messages.success(request, f"{store.name} is in the inventory.", extra_tags="pass")
        return redirect("store", pk=store.pk)
    return render(request, "reviews/stores/store_form.html", {"form": form})


@login_required
def store_change(request: HttpRequest, pk: int) -> HttpResponse:
    person = cast("User", request.user)
    store = access.store(person, pk, "keep")
    form = StoreForm(request.POST or None, store=store)
    if request.method == "POST" and form.is_valid():
        inventory.change_store(person, store, **form.cleaned_data)
        messages.success(request, f"{store.name} is saved.", extra_tags="pass")
        return redirect("store", pk=pk)
    return render(request, "reviews/stores/store_form.html", {"form": form, "store": store})
