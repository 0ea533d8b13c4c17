"""Forms for coming in by a link, and for one's own settings."""

from typing import Any

from django import forms

from reviews.queries.time_zones import time_zones
from reviews.web.forms.plain import PlainForm


class JoinForm(PlainForm):
    """A password of one's own, typed twice."""

    password = forms.CharField(
        label="Password",
        strip=False,
        help_text="At least 12 characters. A few words in a row are easier to remember than signs.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="Password once more",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "password" in cleaned and "again" in cleaned and cleaned["password"] != cleaned["again"]:
            self.add_error("again", "The two passwords differ. Type the same one twice.")
        return cleaned


class FirstAdministratorForm(JoinForm):
    """The first person also says whose portal this is, and who they are."""

    organisation = forms.CharField(max_length=120, label="Organisation", help_text="Stands on every page and record.")
    time_zone = forms.ChoiceField(
        label="Time zone of the organisation",
        initial="UTC",
        choices=[(name, name) for name in time_zones()],
        help_text="Nights and weekends are counted in it. Pages show times in UTC.",
    )
    name = forms.CharField(max_length=150, label="Your name", widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        max_length=254, label="Your e-mail address", widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    field_order = ["organisation", "time_zone", "name", "email", "password", "again"]


class ThemeForm(forms.Form):
    """Light or dark."""

    theme = forms.ChoiceField(
        label="Colours",
        required=False,
        widget=forms.RadioSelect,
        choices=[("", "As my system says"), ("light", "Light"), ("dark", "Dark")],
    )
