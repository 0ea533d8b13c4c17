"""Log sources from a list: shown first as what would come of each row, then added all together."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from reviews.errors import Invalid
from reviews.queries.source_lists import MOST_BYTES, Given, read_list, template
from reviews.web.uploads import LimitedUpload, take_file
from reviews.web.views.sources import require_adder
from reviews.workflows import source_lists as workflow

if TYPE_CHECKING:
    from auditportal.accounts.models import User

_TYPES: Final = {"csv": "text/csv; charset=utf-8", "yaml": "application/yaml; charset=utf-8"}
_WORDS: Final = {
    workflow.CREATE: ("pass", "Will be added"),
    workflow.UNCHANGED: ("info", "Is there already"),
    workflow.INVALID: ("fail", "Cannot be added"),
}


@csrf_exempt  # only until the upload handler is set: the token is checked by _page
@login_required
def source_list_add(request: HttpRequest) -> HttpResponse:
    person = cast("User", request.user)
    require_adder(person)
    take_file(request, MOST_BYTES)
    return _page(request, person)


@login_required
def source_list_template(request: HttpRequest, kind: str) -> HttpResponse:
    """An example to begin with."""
    if kind not in _TYPES:
        raise Http404
    response = HttpResponse(template(kind), content_type=_TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="log-sources.{kind}"'
    return response


@csrf_protect
def _page(request: HttpRequest, person: "User") -> HttpResponse:
    """The empty form; what would come of a list; or the list of sources, when all are added."""
    context: dict[str, Any] = {}
    if request.method == "POST":
        try:
            data, name = _given(request)
            context = {"text": data.decode("utf-8-sig", "replace"), "file_name": name}
            rows = read_list(data, name)
            context |= _planned(person, rows)
            if "apply" in request.POST:
                return _added(request, person, rows)
        except Invalid as problem:
            context["problem"] = str(problem)
    return render(request, "reviews/sources/source_list.html", context)


def _given(request: HttpRequest) -> tuple[bytes, str]:
    """The list as it was uploaded, or else pasted; and the name of its file."""
    file = request.FILES.get("file")
    if request.META.get(LimitedUpload.TOO_LARGE):  # known only when the files were taken from the request
        raise Invalid("The file is larger than 1 MB. Give the list in parts.")
    if file is not None:
        return file.read(), file.name or ""
    return request.POST.get("text", "").encode(), request.POST.get("file_name", "")


def _planned(person: "User", rows: Sequence[Given]) -> dict[str, Any]:
    planned = workflow.plan(person, rows)
    counts = {verdict: sum(one.verdict == verdict for one in planned) for verdict in _WORDS}
    return {
        "rows": [(one, *_WORDS[one.verdict]) for one in planned],
        "counts": counts,
        "may_apply": counts[workflow.CREATE] and not counts[workflow.INVALID],
    }


def _added(request: HttpRequest, person: "User", rows: Sequence[Given]) -> HttpResponse:
    added = len(workflow.add_listed(person, rows))
    said = "1 log source is added." if added == 1 else f"{added:,} log sources are added."
    there = len(rows) - added
    if there:
        said += f" {there:,} {'was' if there == 1 else 'were'} there already."
    messages.success(request, said, extra_tags="pass")
    return redirect("sources")
