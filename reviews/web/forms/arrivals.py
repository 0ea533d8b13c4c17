"""The form beside log files that are uploaded. The files go into the spool while they come in (web/uploads.py)."""

from django import forms


class UploadForm(forms.Form):
    """Up to when the files are whole."""

    until = forms.DateField(
        label="They hold everything up to the end of",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="A day, in UTC. Leave it empty when more may come for it.",
    )
