"""Forms about people: invitation, roles, auditors' seats."""

from typing import TYPE_CHECKING, Any, Final

from django import forms

from reviews.access import ROLE_NAMES, Role
from reviews.models import LogStore, Organisation, Review, Service
from reviews.web.forms.plain import PlainForm
from reviews.workflows.people import NOT_FOR_ADMINISTRATORS

if TYPE_CHECKING:
    from auditportal.accounts.models import User
    from reviews.access import Thing

ALL_SERVICES: Final = "services"
ALL_STORES: Final = "stores"


class InvitationForm(PlainForm):
    """Who is to come in."""

    name = forms.CharField(max_length=150, label="Name", widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = forms.EmailField(
        max_length=254,
        label="E-mail address",
        help_text="The person signs in with it.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


class RoleForm(PlainForm):
    """One role on any number of things."""

    role = forms.ChoiceField(label="Role", widget=forms.RadioSelect)
    on = forms.MultipleChoiceField(
        label="On",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one service or log store, or the organisation."},
    )

    def __init__(self, *args: Any, person: "User", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.services = list(Service.objects.all())
        self.stores = list(LogStore.objects.all())
        self.organisation = Organisation.objects.get()
        choosable = [role for role in Role if not (person.is_administrator and role in NOT_FOR_ADMINISTRATORS)]
        self.fields["role"].choices = [(role.value, ROLE_NAMES[role]) for role in choosable]  # type: ignore[attr-defined]
        choices = [("organisation", f"{self.organisation.name}: the questions of the whole quarter")]
        if len(self.services) > 1:
            choices.append((ALL_SERVICES, "All services"))
        choices += [(f"service-{service.pk}", service.name) for service in self.services]
        if len(self.stores) > 1:
            choices.append((ALL_STORES, "All log stores"))
        choices += [(f"store-{store.pk}", f"{store.name} (log store)") for store in self.stores]
        self.fields["on"].choices = choices  # type: ignore[attr-defined]

    def things(self) -> "list[Thing]":
        """What was chosen."""
        chosen = set(self.cleaned_data["on"])
        found: list[Thing] = [self.organisation] if "organisation" in chosen else []
        found += [one for one in self.services if ALL_SERVICES in chosen or f"service-{one.pk}" in chosen]
        found += [one for one in self.stores if ALL_STORES in chosen or f"store-{one.pk}" in chosen]
        return found


class SeatForm(PlainForm):
    """A seat of an auditor at one review."""

    review = forms.ModelChoiceField(
        Review.objects.select_related("cycle", "service", "store").order_by("-cycle__quarter", "scope", "id"),
        label="Review",
        empty_label="Choose a review",
    )
    ends_on = forms.DateField(
        label="Last day",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The seat ends by itself after this day.",
    )
