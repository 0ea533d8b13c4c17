"""The form that ours build on: what is missing is said in a plain sentence."""

from typing import Any

from django import forms


class PlainForm(forms.Form):
    """“Choose one.” or “Fill this in.”, unless a field has words of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        default = forms.Field.default_error_messages["required"]
        for field in self.fields.values():
            if field.error_messages.get("required") == default:
                chosen = isinstance(field, forms.ChoiceField)
                field.error_messages["required"] = "Choose one." if chosen else "Fill this in."
