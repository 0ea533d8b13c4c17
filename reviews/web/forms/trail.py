"""What to look for in the trail."""

from typing import Any

from django import forms

from reviews.queries.trail import Filters, actors
from reviews.workflows.trail import ACTIONS


class TrailForm(forms.Form):
    """Filters; all may stay empty."""

    person = forms.ChoiceField(label="Who", required=False)
    action = forms.ChoiceField(
        label="Did what",
        required=False,
        choices=[("", "Anything"), *((action, words[:1].upper() + words[1:]) for action, words in ACTIONS.items())],
    )
    object = forms.CharField(label="Object contains", required=False, max_length=100)
    first = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = [("", "Anybody"), *((name, name) for name in actors())]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("first") and cleaned.get("last") and cleaned["last"] < cleaned["first"]:
            self.add_error("last", "This day lies before the first one.")
        return cleaned

    def filters(self) -> Filters:
        """What a valid form looks for."""
        return Filters(**self.cleaned_data)
