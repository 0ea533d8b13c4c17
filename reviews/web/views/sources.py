"""Log sources: list, page, form, “import now”, and the page of one import."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from reviews import access
from reviews.engine.reading.sampling import MOST_BYTES
from reviews.errors import Invalid, NotAllowed
from reviews.models import Import, LogSource
from reviews.queries import arrivals as arrival_queries
from reviews.queries import days, older_files
from reviews.queries import places as place_queries
from reviews.queries import sources as queries
from reviews.queries import trail as trail_queries
from reviews.queries.time_zones import is_time_zone
from reviews.web.forms import sources as forms
from reviews.web.forms.arrivals import UploadForm
from reviews.web.pages import page_of
from reviews.web.uploads import take_file
from reviews.web.views import samples
from reviews.workflows import imports
from reviews.workflows import sources as workflow
from reviews.workflows.trail import ACTIONS
from reviews.workflows.uploading import limit_in_words

if TYPE_CHECKING:
    from auditportal.accounts.models import User


@login_required
def sources(request: HttpRequest) -> HttpResponse:
    person = cast("User", request.user)
    rows = queries.visible_rows(person, timezone.now())
    context = {"rows": rows, "counts": queries.counts(rows), "may_add": access.stores(person, "keep").exists()}
    return render(request, "reviews/sources/sources.html", context)


@login_required
def source(request: HttpRequest, pk: int) -> HttpResponse:
    """The source now, and one of its lists: imports, days, rejected records, unknown actions, changes."""
    person = cast("User", request.user)
    return source_page(request, person, access.source(person, pk))


def source_page(
    request: HttpRequest, person: "User", source: LogSource, upload_form: UploadForm | None = None
) -> HttpResponse:
    """The page, with what was wrong with an upload."""
    row = queries.row(source, timezone.now())
    context: dict[str, Any] = {"source": source, "row": row, "may_keep": _may_keep(person, source)}
    if request.htmx and upload_form is None:  # type: ignore[attr-defined]
        return _progress(request, context)
    speaks = queries.speaks(person, source)
    show = request.GET.get("show", "imports")
    lists = queries.lists(source, speaks.whole)
    if show not in lists:
        show = "imports"
    page = page_of(request, lists[show])
    if show == "changes":
        page.object_list = trail_queries.rows(page.object_list, ACTIONS)
    elif show == "older":
        page.object_list = older_files.rows(page.object_list)
    elif show == "days":
        page.object_list = days.rows(list(page.object_list))
    context |= {
        "speaks": speaks,
        "schedule": queries.schedule_words(source),
        "problems": queries.problems(row, timezone.now()),
        "arrivals": arrival_queries.arrivals(source),
        "upload_form": upload_form or UploadForm(),
        "limit": limit_in_words(),
        "show": show,
        "page": page,
        "tabs": queries.tabs(lists),
    }
    return render(request, "reviews/sources/source.html", context)


def _progress(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """What htmx asks for every two seconds while an import runs; at its end the whole page is drawn anew."""
    if context["row"].under_way is None:
        response = HttpResponse()
        response["HX-Refresh"] = "true"
        return response
    return render(request, "reviews/sources/under_way.html", context)


def _may_keep(person: "User", source: LogSource) -> bool:
    return access.sources(person, "keep").filter(pk=source.pk).exists()


@login_required
@require_POST
def source_import(request: HttpRequest, pk: int) -> HttpResponse:
    person = cast("User", request.user)
    source = access.source(person, pk, "keep")
    run = imports.ask(person, source)
    said = "An import is under way already." if run.started_at is not None else "The import is queued."
    messages.info(request, said, extra_tags="info")
    return redirect("source", pk=pk)


@login_required
@require_POST
def source_switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch the schedule off, or on again."""
    person = cast("User", request.user)
    source = access.source(person, pk, "keep")
    if request.POST.get("enabled") not in {"yes", "no"}:
        raise Invalid("The form was not complete. Load the page again.")
    enabled = request.POST["enabled"] == "yes"
    workflow.change_source(person, source, enabled=enabled)
    said = f"{source.name} is read again by its schedule." if enabled else f"{source.name} is no longer read."
    messages.success(request, said, extra_tags="pass")
    return redirect("source", pk=pk)


@csrf_exempt  # only until the upload handler is set: the token is checked by _form_page
@login_required
def source_add(request: HttpRequest) -> HttpResponse:
    person = cast("User", request.user)
    require_adder(person)
    take_file(request, MOST_BYTES)
    if request.GET.get("copy", "").isdecimal():
        original = _to_change(person, int(request.GET["copy"]))
        initial = _settings(original) | {"name": f"Copy of {original.name}"[:120]}
        return _form_page(request, person, None, initial, _routes(original), original)
    initial = {}
    if request.GET.get("store", "").isdecimal():
        initial["store"] = request.GET["store"]
    if request.GET.get("service", "").isdecimal():
        initial["service"] = request.GET["service"]
    return _form_page(request, person, None, initial, [])


@csrf_exempt  # likewise
@login_required
def source_change(request: HttpRequest, pk: int) -> HttpResponse:
    person = cast("User", request.user)
    source = _to_change(person, pk)
    take_file(request, MOST_BYTES)
    return _form_page(request, person, source, _settings(source), _routes(source))


def require_adder(person: "User") -> None:
    """Whether the person keeps any log store, so that there is something to add a source to."""
    if not (person.is_administrator or access.stores(person, "keep").exists()):
        raise NotAllowed(
            "Only a source keeper can add a log source. Ask an administrator for the role on its log store and service."
        )


def _to_change(person: "User", pk: int) -> LogSource:
    """The source, for who keeps all that it touches."""
    source = access.source(person, pk, "keep")
    workflow.require_keeper(person, source)
    return source


def _settings(source: LogSource) -> dict[str, Any]:
    """As the form shows them."""
    initial = {field: getattr(source, field) for field in workflow.FIELDS}
    if source.routing_field:
        initial["routing_field"] = f"{source.format}:{source.routing_field}"
    initial["place"] = forms.IN_PLACE if source.directory else forms.ARRIVING
    return initial


def _routes(source: LogSource) -> list[dict[str, Any]]:
    return [{"value": route.value, "service": route.service_id} for route in source.routes.all()]


@csrf_protect
def _form_page(
    request: HttpRequest,
    person: "User",
    source: LogSource | None,
    initial: dict[str, Any],
    routes: list[dict[str, Any]],
    original: LogSource | None = None,
) -> HttpResponse:
    """The form: saved, or drawn again with errors, with the result of a check, or with more lines.

    `original` is the source of which this one shall be a copy.
    """
    if request.method != "POST":
        return _draw(request, person, source, initial, routes, looked=samples.untouched(source or original))
    if {"check", "more", "look", "take_zone"} & request.POST.keys():
        return _draw_again(request, person, source)
    lines_given = forms.routes_of(person, request.POST)
    chosen = request.POST.get("format", "")
    mapping = samples.typed_mapping(request, chosen)
    form = forms.SourceForm(request.POST, person=person, source=source, routes=lines_given, mapping=mapping.saved())
    if form.is_valid() and (not mapping.is_bound or mapping.is_valid()):
        values, given = form.cleaned_data, form.routes_given()
        if source is None:
            enabled = "later" not in request.POST
            source = workflow.add_source(person, routes=given, enabled=enabled, **values)
            said = f"{source.name} is saved. Its first import begins within a minute."
            if not enabled:
                said = f"{source.name} is saved, and not read before you switch its schedule on."
        else:
            workflow.change_source(person, source, routes=given, **values)
            said = f"{source.name} is saved. It is read with the new settings from now on."
        messages.success(request, said, extra_tags="pass")
        return redirect("source", pk=source.pk)
    # A sample is read only for a page that shows it.
    looked = samples.look(request, chosen, request.POST.get("time_zone", ""), source)
    context = {"form": form, "routes": lines_given, "source": source, "looked": looked}
    return render(request, "reviews/sources/source_form.html", context)


def _draw_again(request: HttpRequest, person: "User", source: LogSource | None) -> HttpResponse:
    """The form as it was typed, with what was asked for: a look at the sample or the place, lines, another zone."""
    typed = {name: request.POST.get(name, "") for name in forms.SourceForm.base_fields}
    if is_time_zone(request.POST.get("take_zone", "")):
        typed["time_zone"] = request.POST["take_zone"]
    lines = forms.MORE_LINES if "more" in request.POST else forms.FIRST_LINES
    place = place_queries.check(typed["directory"], typed["glob"]) if "check" in request.POST else None
    if place is not None and not typed["format"]:
        typed["format"] = place.format
    looked = samples.look(request, typed["format"], typed["time_zone"], source)
    if looked.preview is not None:
        typed["format"] = looked.preview.format
    if place is not None:
        looked = replace(looked, zone=samples.zone_by_files(place, typed, looked, samples.service_of(request)))
    given_routes = forms.typed_routes(request.POST)
    return _draw(request, person, source, typed, given_routes, lines=lines, place=place, looked=looked)


def _draw(
    request: HttpRequest,
    person: "User",
    source: LogSource | None,
    initial: dict[str, Any],
    routes: list[dict[str, Any]],
    *,
    lines: int = forms.FIRST_LINES,
    place: place_queries.Check | None = None,
    looked: samples.Looked | None = None,
) -> HttpResponse:
    formset = forms.routes_of(person, initial=routes, lines=lines)
    form = forms.SourceForm(initial=initial, person=person, source=source, routes=formset)
    context = {
        "form": form,
        "routes": formset,
        "source": source,
        "place": place,
        "looked": looked or samples.untouched(source),
        "no_store": not access.stores(person, "keep").exists(),
    }
    return render(request, "reviews/sources/source_form.html", context)


@login_required
def import_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One import: ledger, files, what could not be read."""
    person = cast("User", request.user)
    run = get_object_or_404(Import.objects.select_related("source", "asked_by"), pk=pk)
    source = access.source(person, run.source_id)
    speaks = queries.speaks(person, source)
    show = request.GET.get("show", "files")
    lists = queries.import_lists(run, speaks.whole)
    if show not in lists:
        show = "files"
    context = {
        "run": run,
        "changes": queries.ledger_changes(run),
        "source": source,
        "show": show,
        "page": page_of(request, lists[show]),
        "tabs": queries.tabs(lists),
        "whole": speaks.whole,
    }
    return render(request, "reviews/sources/import.html", context)
