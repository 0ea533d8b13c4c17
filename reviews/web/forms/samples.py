"""The mapping of a generic format as a form, beside the form of its source."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms

from reviews.engine.events import CATEGORY_NAMES, OTHER
from reviews.engine.formats import MOST_CATEGORIES, FieldMapping, mapping_problems
from reviews.engine.importing.showing import visible
from reviews.web.forms.plain import PlainForm
from reviews.web.forms.refusals import say_all

PREFIX: Final = "map"
_TEXT: Final = {"spellcheck": "false", "autocapitalize": "off", "list": "fields", "autocomplete": "off"}


@dataclass(frozen=True)
class CategoryLine:
    """One action that may have a category of its own, as a line of the form."""

    token: str  # the action as JSON, because a browser changes the line ends of plain text
    shown: str
    n: int | None  # how often it was seen; None: it was not
    category: str  # empty: that of the other entries


def _named(label: str, hint: str = "") -> forms.CharField:
    widget = forms.TextInput(attrs=_TEXT)
    return forms.CharField(max_length=200, label=label, required=False, help_text=hint, widget=widget)


class MappingForm(PlainForm):
    """Which field of the log is which column of the event. All empty: the names that the format knows."""

    time = _named("When")
    time_format = forms.CharField(
        max_length=200,
        required=False,
        label="How times are written",
        help_text="Empty for ISO 8601 or seconds since 1970. Else like %d.%m.%Y %H:%M:%S",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off"}),
    )
    action = _named("What was done")
    actor = _named("Who")
    target = _named("On what")
    source_ip = _named("Where from")
    outcome = _named("Whether it worked")
    success = _named("Values that mean it worked", "With commas between. 2* is all that begins with 2.")
    failure = _named("Values that mean it failed")
    event_id = _named("The entry’s own id", "Only if no other entry has it.")
    route = _named("Field to share out by")
    category = forms.ChoiceField(
        label="Category of entries", choices=list(CATEGORY_NAMES.items()), initial=OTHER, required=False
    )
    columns = forms.CharField(required=False, widget=forms.HiddenInput)
    separator = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, prefix=PREFIX, **kwargs)
        for name in ("success", "failure"):
            self.fields[name].widget.attrs.pop("list")

    def lines(self, seen: Iterable[tuple[str, int]]) -> list[CategoryLine]:
        """The actions with a category of their own, then those that were seen, with how often."""
        given = self._categories() if self.is_bound else dict(self.initial.get("categories", {}))
        counts: dict[str, int] = {}
        for action, n in seen:
            counts[action] = counts.get(action, 0) + n
        actions = dict.fromkeys([*given, *counts])
        return [
            CategoryLine(json.dumps(action), visible(action), counts.get(action), given.get(action, ""))
            for action in list(actions)[: max(MOST_CATEGORIES, len(given))]
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.mapping = self._mapping(cleaned)
        if self.mapping is not None:
            say_all(self, mapping_problems(self.mapping))
        return cleaned

    def saved(self) -> dict[str, Any]:
        """What is kept with a source of a generic format; empty when nothing was typed, or nothing right."""
        found = self.mapping if self.is_bound and self.is_valid() else None
        return found.as_json() if found is not None else {}

    def _mapping(self, cleaned: Mapping[str, Any]) -> FieldMapping | None:
        """The mapping; None when no field is named."""
        named = ("time", "action", "actor", "target", "source_ip", "outcome", "event_id", "route")
        if not any(cleaned.get(name) for name in named):
            return None
        try:
            columns = json.loads(cleaned.get("columns") or "[]")
        except (ValueError, RecursionError):
            columns = []
        listed = isinstance(columns, list) and all(isinstance(one, str) for one in columns)
        return FieldMapping(
            **{name: cleaned.get(name, "") for name in (*named, "time_format")},
            success=_values(cleaned.get("success", "")),
            failure=_values(cleaned.get("failure", "")),
            category=cleaned.get("category") or OTHER,
            categories=self._categories(),
            columns=tuple(columns) if listed else (),
            separator=cleaned.get("separator") or ",",
        )

    def _categories(self) -> dict[str, str]:
        """The lines with a category, as they were typed."""
        found = {}
        for number in range(MOST_CATEGORIES + 1):  # one more, so that too many are said and not cut
            category = self.data.get(f"{PREFIX}-category-{number}", "")
            try:
                action = json.loads(self.data.get(f"{PREFIX}-action-{number}", '""'))
            except (ValueError, RecursionError):
                continue
            if isinstance(action, str) and action and category:
                found[action] = category
        return found


def initial_of(mapping: FieldMapping) -> dict[str, Any]:
    """The mapping as the form shows it."""
    values = {name: getattr(mapping, name) for name in MappingForm.base_fields}
    return values | {
        "success": ", ".join(mapping.success),
        "failure": ", ".join(mapping.failure),
        "columns": json.dumps(list(mapping.columns)),
        "categories": dict(mapping.categories),
    }


def _values(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())
