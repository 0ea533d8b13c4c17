"""Forms of evidence: a new file, and a file that is already here."""

from collections.abc import Sequence
from typing import Any

from django import forms

from reviews.models import Evidence
from reviews.workflows.evidence import limit_in_words


class EvidenceForm(forms.Form):
    """A file with the period it covers. Size and content are judged where it is stored."""

    file = forms.FileField(
        label="File",
        allow_empty_file=True,  # refused with our own sentence
        widget=forms.FileInput(attrs={"aria-describedby": "file_error"}),
        error_messages={"required": "Choose a file.", "missing": "Choose a file."},
    )
    covers_from = forms.DateField(label="Covers from", widget=forms.DateInput(attrs={"type": "date"}))
    covers_to = forms.DateField(label="to", widget=forms.DateInput(attrs={"type": "date"}))
    supersedes = forms.TypedChoiceField(
        label="Supersedes",
        required=False,
        coerce=int,
        empty_value=None,
        help_text="The older file stays and is marked as superseded.",
    )

    def __init__(self, *args: Any, attached: Sequence[Evidence] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = f"Up to {limit_in_words()}."
        self.fields["supersedes"].choices = [  # type: ignore[attr-defined]
            ("", "Nothing"),
            *((file.pk, file.name) for file in attached),
        ]
        self.attached = {file.pk: file for file in attached}

    def superseded(self) -> Evidence | None:
        """The file that the new one supersedes."""
        return self.attached.get(self.cleaned_data["supersedes"])


class AttachForm(forms.Form):
    """A file that is attached to another question already."""

    evidence = forms.TypedChoiceField(label="File", coerce=int, error_messages={"required": "Choose a file."})

    def __init__(self, *args: Any, files: Sequence[Evidence] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = {file.pk: file for file in files}
        self.fields["evidence"].choices = [  # type: ignore[attr-defined]
            ("", "Choose a file"),
            *((file.pk, f"{file.name}, {file.covers_from} to {file.covers_to}") for file in files),
        ]
