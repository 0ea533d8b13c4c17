"""Forms of a review: answer, second person, return, signature."""

from typing import Any

from django import forms

from reviews.models import Answer, ReviewItem


class AnswerForm(forms.Form):
    """One question's answer. Everything may be left out while it is a draft."""

    revision = forms.IntegerField(widget=forms.HiddenInput(attrs={"id": "revision"}))
    answer = forms.ChoiceField(label="Your answer", required=False, widget=forms.RadioSelect)
    note = forms.CharField(
        label="Note",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Say what you looked at and why you decide so. The note is part of the signed record.",
    )
    reason = forms.CharField(
        label="Reason",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed for “not applicable”, and for an answer against an automatic check. The record shows it.",
    )
    until = forms.DateField(
        label="Not applicable until",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="On this day somebody has to look again.",
    )

    def __init__(self, *args: Any, item: ReviewItem, **kwargs: Any) -> None:
        kwargs.setdefault(
            "initial",
            {
                "revision": item.revision,
                "answer": item.answer,
                "note": item.note,
                "reason": item.reason,
                "until": item.not_applicable_until.isoformat() if item.not_applicable_until else None,
            },
        )
        super().__init__(*args, **kwargs)
        for name in ("note", "reason", "until"):
            self.fields[name].widget.attrs["aria-describedby"] = f"{name}_hint {name}_error"
        allowed = item.text.get("not_applicable_allowed", False)
        self.fields["answer"].choices = [  # type: ignore[attr-defined]
            (Answer.MEETS.value, "Meets"),
            (Answer.DOES_NOT_MEET.value, "Does not meet"),
            *([(Answer.NOT_APPLICABLE.value, "Not applicable")] if allowed else []),
        ]


class ConfirmForm(forms.Form):
    """The second person confirms what they read."""

    revision = forms.IntegerField(widget=forms.HiddenInput)


class ReturnForm(forms.Form):
    """Send a review back."""

    comment = forms.CharField(
        label="What should be changed",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what should be changed."},
    )


class SignForm(forms.Form):
    """Read, meant, and typed the password again."""

    read = forms.CharField(widget=forms.HiddenInput)
    accepted = forms.BooleanField(
        label="I have read the statement and mean it.",
        required=False,
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Type your password again."},
    )
