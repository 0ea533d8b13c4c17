"""Forms of the inventory: services and log stores. Every fact may stay unknown."""

from typing import Any, ClassVar, Final

from django import forms

from reviews.models import LogStore, Service
from reviews.queries.facts import allowed, word
from reviews.queries.time_zones import time_zones
from reviews.web.forms.plain import PlainForm
from reviews.web.forms.refusals import say_all
from reviews.workflows import inventory

_YES_NO: Final = [("", "Not known"), ("true", "Yes"), ("false", "No")]


class YesNoField(forms.TypedChoiceField):
    """Yes, no, or not known."""

    def __init__(self, label: str, help_text: str = "") -> None:
        super().__init__(
            label=label,
            help_text=help_text,
            required=False,
            choices=_YES_NO,
            coerce=lambda value: value == "true",
            empty_value=None,
        )

    def prepare_value(self, value: Any) -> Any:
        return {True: "true", False: "false", None: ""}.get(value, value) if not isinstance(value, str) else value


class TagsField(forms.CharField):
    """Words with commas between them."""

    def __init__(self) -> None:
        super().__init__(
            label="Scope tags",
            required=False,
            max_length=400,
            help_text="With commas between them, such as pci, dora, hipaa. They decide which questions are asked.",
        )

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return list(dict.fromkeys(tag for part in text.split(",") if (tag := part.strip().lower())))


def _choice(label: str, fact: str, help_text: str = "") -> forms.ChoiceField:
    """A fact of the template, or not known. The values come when a form is made: teams may replace the template."""
    return forms.ChoiceField(
        label=label,
        required=False,
        help_text=help_text,
        choices=lambda: [("", "Not known"), *((value, word(value)) for value in allowed(fact))],
    )


def _day(label: str, help_text: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class ServiceForm(PlainForm):
    """A service and its facts."""

    fields_of: ClassVar = inventory.SERVICE_FIELDS

    name = forms.CharField(max_length=120, label="Name")
    owner_team = forms.CharField(max_length=120, required=False, label="Team that owns it")
    kind = _choice("Kind", "service.kind", "Decides which actions must be logged.")
    run_by = _choice("Run by", "service.run_by")
    critical = YesNoField("Critical")
    data_class = _choice("Most sensitive data", "service.data_class")
    internet_facing = YesNoField("Reachable from the internet")
    takes_payments = YesNoField("Takes payments")
    own_sign_in = YesNoField("Has its own sign-in", "No, when it trusts another service that is in scope.")
    has_api = YesNoField("Has an API")
    tags = TagsField()
    time_zone = forms.ChoiceField(
        label="Time zone of its users",
        choices=[(name, name) for name in time_zones()],
        initial="UTC",
        help_text="Nights and weekends are counted in it.",
    )
    in_scope_from = _day("In scope from", "Empty: from the beginning.")
    in_scope_to = _day("In scope to", "Empty: until further notice.")

    def __init__(self, *args: Any, service: Service | None = None, **kwargs: Any) -> None:
        self.service = service
        if service is not None:
            kwargs["initial"] = {field: getattr(service, field) for field in self.fields_of}
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        say_all(self, inventory.service_problems({"name": "", **cleaned}, self.service))
        return cleaned


class StoreForm(PlainForm):
    """A log store and its facts."""

    fields_of: ClassVar = inventory.STORE_FIELDS

    name = forms.CharField(max_length=120, label="Name")
    kind = _choice("Kind", "store.kind")
    provider = forms.CharField(
        max_length=60, required=False, label="Provider", help_text="aws, azure, gcp, own, or the vendor’s name."
    )
    account = forms.CharField(
        max_length=200, required=False, label="Account", help_text="The account, project or host that it lies in."
    )
    lock = _choice("Lock against changes", "store.lock", "What keeps written logs from being changed.")
    own_keys = YesNoField("Encrypted with our own keys")
    people_with_access = YesNoField("People have access to it")
    network_reachable = YesNoField(
        "Reachable over the network", "No, for own hardware that no outside network reaches."
    )
    tags = TagsField()

    def __init__(self, *args: Any, store: LogStore | None = None, **kwargs: Any) -> None:
        self.store = store
        if store is not None:
            kwargs["initial"] = {field: getattr(store, field) for field in self.fields_of}
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        say_all(self, inventory.store_problems({"name": "", **cleaned}, self.store))
        return cleaned
