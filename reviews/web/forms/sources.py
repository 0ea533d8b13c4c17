"""The form of a log source. Checking the place and asking for more lines keep what was typed and save nothing."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.forms.formsets import BaseFormSet, formset_factory

from reviews import access
from reviews.engine.formats import GENERIC, all_formats
from reviews.models import LogSource, LogStore, Service
from reviews.queries.time_zones import time_zones
from reviews.web.forms.plain import PlainForm
from reviews.web.forms.refusals import say_all
from reviews.workflows import sources

if TYPE_CHECKING:
    from auditportal.accounts.models import User

    RouteLines = BaseFormSet["RouteForm"]
else:
    RouteLines = BaseFormSet  # Django's class takes no parameter when it runs

IN_PLACE: Final = "in_place"
ARRIVING: Final = "arriving"
FIRST_LINES: Final = 3  # empty lines for routes
MORE_LINES: Final = 5
MOST_LINES: Final = 500


class SourceForm(PlainForm):
    """All settings but the routes, which are a formset beside it."""

    name = forms.CharField(max_length=120, label="Name")
    store = forms.ModelChoiceField(LogStore.objects.none(), label="Log store", empty_label="Choose a log store")
    place = forms.ChoiceField(
        label="How logs come in",
        required=False,
        initial=IN_PLACE,
        widget=forms.RadioSelect,
        choices=[
            (IN_PLACE, "They lie in a place that the portal reads"),
            (ARRIVING, "They are pushed or uploaded; the portal reads no place"),
        ],
    )
    directory = forms.CharField(
        max_length=500,
        label="Directory or bucket",
        required=False,
        help_text="Such as /mnt/logs/cloudtrail on the portal’s machine, or s3://bucket/prefix. It is only read.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off"}),
    )
    glob = forms.CharField(
        max_length=200,
        label="Files",
        initial="**/*",
        help_text="A pattern inside the directory. **/* takes all files, at any depth. Compressed files are fine.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off"}),
    )
    format = forms.ChoiceField(label="Format")
    time_zone = forms.ChoiceField(
        label="Times without a zone are in",
        initial="UTC",
        choices=[(name, name) for name in time_zones()],
        help_text="Counts only for times that carry no zone of their own.",
    )
    read_from = forms.DateField(
        label="Read back from",
        required=False,
        help_text="Files last written before this day (UTC) are left alone, counted and listed. Empty: all are read.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    service = forms.ModelChoiceField(
        Service.objects.none(), label="One service", required=False, empty_label="Share events out by a field"
    )
    routing_field = forms.ChoiceField(label="Field that names the service", required=False)
    every_minutes = forms.IntegerField(
        label="Read every so many minutes",
        required=False,
        initial=15,
        widget=forms.NumberInput(attrs={"min": 1, "max": sources.LONGEST_EVERY, "inputmode": "numeric"}),
    )
    cron = forms.CharField(
        max_length=100,
        label="Or by a cron line, in UTC",
        required=False,
        help_text="15 6 * * * is each day at 06:15 UTC. Then leave the minutes empty.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off"}),
    )
    grace_days = forms.IntegerField(
        label="Days that entries may come late",
        initial=7,
        help_text="After the quarter’s end, its numbers stay provisional for so long.",
        widget=forms.NumberInput(attrs={"min": 0, "max": sources.LONGEST_GRACE, "inputmode": "numeric"}),
    )

    def __init__(
        self,
        *args: Any,
        person: "User",
        source: LogSource | None = None,
        routes: RouteLines,
        mapping: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.source, self.routes, self.mapping = source, routes, mapping or {}
        super().__init__(*args, **kwargs)
        self.fields["store"].queryset = access.stores(person, "keep")  # type: ignore[attr-defined]
        self.fields["service"].queryset = access.services(person, "keep")  # type: ignore[attr-defined]
        formats = all_formats()
        self.fields["format"].choices = [  # type: ignore[attr-defined]
            ("", "Choose a format"),
            *((one.id, one.title) for one in sorted(formats.values(), key=lambda one: one.title)),
        ]
        self.fields["routing_field"].choices = [  # type: ignore[attr-defined]
            ("", "None: all speaks of one service"),
            *(
                (f"{one.id}:{route}", f"{label} ({one.title})")
                for one in formats.values()
                for route, label in one.routes.items()
            ),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        form_of_field, _, field = cleaned.get("routing_field", "").rpartition(":")
        cleaned["routing_field"] = field
        cleaned["mapping"] = self.mapping if cleaned.get("format") in GENERIC else {}
        if field and form_of_field != cleaned.get("format"):
            self.add_error("routing_field", "This field belongs to another format. Choose one of the format above.")
        routes = self.routes_given() if self.routes.is_valid() else {}
        if field and not self.routes.is_valid():
            self.add_error(None, "One of the lines below names only half a route.")
        if "every_minutes" in self.errors:
            cleaned["every_minutes"] = None
        self._clean_place(cleaned)
        complete: dict[str, Any] = {"name": "", "store": None, "directory": "", "glob": "", "format": "", "mapping": {}}
        complete |= {
            "read_from": None,
            "time_zone": "UTC",
            "service": None,
            "routing_field": "",
            "cron": "",
            "grace_days": 7,
        } | cleaned
        say_all(self, sources.problems(complete, routes if field else {}, self.source))
        return cleaned

    def _clean_place(self, cleaned: dict[str, Any]) -> None:
        if cleaned.pop("place", "") == ARRIVING:
            cleaned["directory"] = ""
            self.errors.pop("directory", None)
        elif not cleaned.get("directory") and "directory" not in self.errors:
            self.add_error("directory", "Fill this in. Or say above that logs are pushed or uploaded.")

    def routes_given(self) -> Mapping[str, Service]:
        """The routes of the lines that are filled in."""
        if not self.cleaned_data.get("routing_field"):
            return {}
        lines = [line.cleaned_data for line in self.routes if line.cleaned_data.get("value")]
        return {line["value"].strip(): line["service"] for line in lines}


class RouteForm(PlainForm):
    """One value of the routing field, and its service."""

    value = forms.CharField(
        max_length=200,
        label="Value",
        required=False,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off"}),
    )
    service = forms.ModelChoiceField(Service.objects.none(), label="Service", required=False, empty_label="")

    def __init__(self, *args: Any, person: "User", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].queryset = access.services(person, "keep")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("value") and not cleaned.get("service") and "service" not in self.errors:
            self.add_error("service", "Choose the service of this value.")
        if cleaned.get("service") and not cleaned.get("value"):
            self.add_error("value", "Give the value that stands for this service.")
        return cleaned


class Routes(RouteLines):
    """The lines of routes. A value stands for one service."""

    def clean(self) -> None:
        seen: set[str] = set()
        for line in self.forms:
            value = (line.cleaned_data.get("value") or "").strip() if line.is_valid() else ""
            if value and value in seen:
                line.add_error("value", "This value stands on another line already.")
            seen.add(value)


def routes_of(
    person: "User", data: Any = None, initial: list[dict[str, Any]] | None = None, lines: int = FIRST_LINES
) -> RouteLines:
    """The lines, filled from a post or from what there is, with some empty ones after them."""
    made = formset_factory(RouteForm, formset=Routes, extra=lines, max_num=MOST_LINES, absolute_max=MOST_LINES)
    return made(data, initial=initial, prefix="routes", form_kwargs={"person": person})


def typed_routes(data: Any) -> list[dict[str, Any]]:
    """What was typed into the lines, as it was typed."""
    total = data.get("routes-TOTAL_FORMS", "0")
    count = min(int(total), MOST_LINES) if total.isdecimal() else 0
    lines = [
        {"value": data.get(f"routes-{n}-value", ""), "service": data.get(f"routes-{n}-service", "")}
        for n in range(count)
    ]
    return [line for line in lines if line["value"] or line["service"]]
