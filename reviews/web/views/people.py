"""People: list, invitation, one person's roles and seats. Administrators only; others do not learn who is there."""

from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from reviews import access
from reviews.access import Role, Thing
from reviews.errors import Invalid
from reviews.models import LogStore, Organisation, Review, Service
from reviews.queries import people as queries
from reviews.web.forms.people import InvitationForm, RoleForm, SeatForm
from reviews.web.forms.refusals import say
from reviews.workflows import invitations
from reviews.workflows import people as workflow

if TYPE_CHECKING:
    from auditportal.accounts.models import User

_THINGS: dict[str, type[Service] | type[LogStore] | type[Organisation]] = {
    "service": Service,
    "logstore": LogStore,
    "organisation": Organisation,
}


def _person(request: HttpRequest, pk: int) -> tuple["User", "User"]:
    """Who asks, and the person they ask about; 404 for everybody but administrators."""
    asking = cast("User", request.user)
    if not asking.is_administrator:
        raise Http404
    return asking, get_object_or_404(get_user_model(), pk=pk)


def _base_url(request: HttpRequest) -> str:
    return settings.PUBLIC_URL or request.build_absolute_uri("/")


@login_required
def people(request: HttpRequest) -> HttpResponse:
    access.require_administrator(cast("User", request.user))
    return render(request, "reviews/people/people.html", {"people": queries.people()})


@login_required
@never_cache
def person_add(request: HttpRequest) -> HttpResponse:
    """Invite. The answer to the post shows the link, once: it is stored nowhere."""
    asking = cast("User", request.user)
    access.require_administrator(asking)
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            issued = workflow.invite(asking, form.cleaned_data["email"], form.cleaned_data["name"])
        except Invalid as problem:
            say(form, problem)
        else:
            return _show_link(request, issued)
    return render(request, "reviews/people/person_form.html", {"form": form})


@login_required
@require_POST
@never_cache
def person_link(request: HttpRequest, pk: int) -> HttpResponse:
    """A new link for somebody who forgot the password or came too late."""
    asking, person = _person(request, pk)
    return _show_link(request, workflow.invite_again(asking, person))


def _show_link(request: HttpRequest, issued: invitations.Issued) -> HttpResponse:
    base_url = _base_url(request)
    mailed = invitations.mail(issued, base_url)
    context = {
        "person": issued.person,
        "link": f"{base_url.rstrip('/')}{issued.path}",
        "until": issued.invitation.expires_at,
        "mailed": mailed,
    }
    return render(request, "reviews/people/link.html", context)


@login_required
def person(request: HttpRequest, pk: int) -> HttpResponse:
    _, person = _person(request, pk)
    return _person_page(request, person)


def _person_page(
    request: HttpRequest, person: "User", *, roles: RoleForm | None = None, seat: SeatForm | None = None
) -> HttpResponse:
    context = {
        "row": queries.person_row(person),
        "person": person,
        "itself": person.pk == request.user.pk,
        "matrix": queries.matrix(person),
        "roles": Role,
        "role_words": [queries.role_word(role) for role in Role],
        "seats": queries.seats(person),
        "role_form": roles or RoleForm(person=person, prefix="role"),
        "seat_form": seat or SeatForm(prefix="seat"),
    }
    return render(request, "reviews/people/person.html", context)


@login_required
@require_POST
def person_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Let in, keep out, make an administrator or no longer one."""
    asking, person = _person(request, pk)
    match request.POST.get("change"):
        case "let_in":
            workflow.set_active(asking, person, True)
        case "keep_out":
            workflow.set_active(asking, person, False)
        case "administrator":
            workflow.set_administrator(asking, person, True)
        case "no_administrator":
            workflow.set_administrator(asking, person, False)
        case _:
            raise Invalid("The form was not complete. Load the page again.")
    messages.success(request, f"Saved for {person.name}.", extra_tags="pass")
    return redirect("person", pk=pk)


@login_required
@require_POST
def role_grant(request: HttpRequest, pk: int) -> HttpResponse:
    asking, person = _person(request, pk)
    form = RoleForm(request.POST, person=person, prefix="role")
    if not form.is_valid():
        return _person_page(request, person, roles=form)
    role = Role(form.cleaned_data["role"])
    try:
        granted = sum(workflow.grant_role(asking, person, role, thing) for thing in form.things())
    except Invalid as problem:
        say(form, problem)
        return _person_page(request, person, roles=form)
    word = queries.role_word(role)
    said = f"{person.name} is now {word.lower()} on {granted} more." if granted else f"{person.name} had this role."
    messages.success(request, said, extra_tags="pass" if granted else "info")
    return redirect("person", pk=pk)


@login_required
@require_POST
def role_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    asking, person = _person(request, pk)
    model = _THINGS.get(request.POST.get("kind", ""))
    thing_id, role = request.POST.get("thing", ""), request.POST.get("role", "")
    if model is None or not thing_id.isdecimal() or role not in set(Role):
        raise Invalid("The form was not complete. Load the page again.")
    thing = cast("Thing", get_object_or_404(model, pk=int(thing_id)))
    workflow.revoke_role(asking, person, Role(role), thing)
    messages.success(
        request, f"{person.name} is no longer {queries.role_word(Role(role)).lower()} on {thing}.", extra_tags="pass"
    )
    return redirect("person", pk=pk)


@login_required
@require_POST
def seat_grant(request: HttpRequest, pk: int) -> HttpResponse:
    asking, person = _person(request, pk)
    form = SeatForm(request.POST, prefix="seat")
    if form.is_valid():
        review, ends_on = form.cleaned_data["review"], form.cleaned_data["ends_on"]
        try:
            workflow.seat_auditor(asking, person, review, ends_on)
        except Invalid as problem:
            say(form, problem)
        else:
            messages.success(request, f"{person.name} may read the record of {review}.", extra_tags="pass")
            return redirect("person", pk=pk)
    return _person_page(request, person, seat=form)


@login_required
@require_POST
def seat_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    asking, person = _person(request, pk)
    review_id = request.POST.get("review", "")
    if not review_id.isdecimal():
        raise Invalid("The form was not complete. Load the page again.")
    review = get_object_or_404(Review, pk=int(review_id))
    workflow.unseat_auditor(asking, person, review)
    messages.success(request, f"{person.name} no longer reads the record of {review}.", extra_tags="pass")
    return redirect("person", pk=pk)
