"""allauth's forms with our words: a visible label for each field, and no placeholder in its place."""

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from django.forms import Form


def _say(form: Form, **labels: str) -> None:
    for name, label in labels.items():
        field = form.fields[name]
        field.label, field.help_text = label, ""
        field.widget.attrs.pop("placeholder", None)


class SignInForm(LoginForm):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _say(self, login="E-mail address", password="Password")  # noqa: S106 # a label
        self.fields["login"].widget.attrs |= {"autocomplete": "username", "autofocus": True}
        self.fields["login"].error_messages["invalid"] = "This is no e-mail address. Write it like name@example.org."


class ConfirmForm(ReauthenticateForm):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _say(self, password="Password")  # noqa: S106 # a label


class PasswordForm(ChangePasswordForm):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _say(self, oldpassword="Password now", password1="New password", password2="New password again")
        self.fields["password1"].help_text = "At least 12 characters, and nothing that many people use."
