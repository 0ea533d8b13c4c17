"""The form that opens a quarter."""

import datetime as dt
from typing import Any

from django import forms

from reviews.engine.analysis.quarters import Quarter
from reviews.engine.catalogue import load_templates
from reviews.models import Cycle

_EMERGENCY = (("", "Not known"), ("true", "Yes"), ("false", "No"))


def open_quarters(today: dt.date) -> list[Quarter]:
    """The running quarter, the next and the four before, without those that are open already."""
    running = Quarter.of(today)
    found = [running, running.next]
    earlier = running
    for _ in range(4):
        earlier = earlier.previous
        found.append(earlier)
    taken = set(Cycle.objects.values_list("quarter", flat=True))
    return [quarter for quarter in found if str(quarter) not in taken]


class CycleForm(forms.Form):
    """Quarter, template, due date and the facts of the quarter."""

    quarter = forms.ChoiceField(label="Quarter", help_text="A quarter is opened once.")
    template = forms.ChoiceField(label="Questions", widget=forms.RadioSelect)
    due_on = forms.DateField(
        label="Due on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: 30 days after the quarter's end and the longest grace of a log source.",
    )
    emergency_accounts = forms.ChoiceField(
        label="Are there emergency accounts?",
        required=False,
        choices=_EMERGENCY,
        help_text="Accounts that are used only when all else fails. With “No”, the question about them is left out.",
    )

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(quarter), f"{quarter.title}") for quarter in open_quarters(today)]
        templates = load_templates().templates.values()
        self.fields["quarter"].choices = choices  # type: ignore[attr-defined]
        self.fields["template"].choices = [  # type: ignore[attr-defined]
            (template.id, f"{template.title}. {template.summary}") for template in templates
        ]
        self.fields["template"].initial = next(template.id for template in templates if template.default)

    def facts(self) -> dict[str, Any]:
        """The `cycle.*` facts of the inventory."""
        given = self.cleaned_data["emergency_accounts"]
        return {"cycle.emergency_accounts": {"true": True, "false": False}.get(given)}
