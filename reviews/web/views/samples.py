"""The sample in the form of a source: read with the request, shown, and kept nowhere."""

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from django.utils import timezone

from reviews.engine.formats import GENERIC, read_mapping
from reviews.engine.reading.sampling import MOST_BYTES
from reviews.errors import ReadingError
from reviews.models import LogSource, Service
from reviews.queries.samples import Preview, preview
from reviews.web.forms.samples import PREFIX, MappingForm, initial_of
from reviews.web.uploads import LimitedUpload

SHOWN: Final = 400_000  # letters of a file that come back as text, so that the next look has them without script

_TOO_LARGE: Final = "The file was not looked at. It is larger than 5 MB: give its beginning."


@dataclass(frozen=True)
class Looked:
    """What the form shows of the sample."""

    mapping_form: MappingForm
    preview: Preview | None = None
    problem: str = ""  # of the sample itself
    text: str = ""
    note: str = ""


def untouched(source: LogSource | None) -> Looked:
    """Before anything was given."""
    kept = read_mapping(source.mapping) if source is not None and source.mapping else None
    return Looked(MappingForm(initial=initial_of(kept) if kept is not None else None))


def typed_mapping(request: HttpRequest, chosen: str) -> MappingForm:
    """The mapping as it was typed; a form without data where the format has none."""
    typed = f"{PREFIX}-time" in request.POST and chosen in GENERIC
    return MappingForm(request.POST) if typed else MappingForm()


def look(request: HttpRequest, chosen: str) -> Looked:
    """Read the sample of a post by the settings that were typed."""
    form = typed_mapping(request, chosen)
    text = request.POST.get("sample", "")
    if request.META.get(LimitedUpload.TOO_LARGE):
        return Looked(form, problem=_TOO_LARGE, text=text)
    file = request.FILES.get("file")
    data, name = (file.read(), file.name or "sample") if file else (text.encode("utf-8", "replace"), "sample")
    if not data.strip():
        return Looked(form, text=text)
    mapping: dict[str, Any] | None = None
    if form.is_bound:
        mapping = form.saved()
    number = request.POST.get("service", "")
    service = Service.objects.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 10 else None
    zone = request.POST.get("time_zone", "")
    try:
        found = preview(data, name, chosen, mapping, zone, service.kind if service else "", timezone.now())
    except ReadingError as problem:
        return Looked(form, problem=str(problem), text=text)
    if not form.is_bound and found.suggestion is not None and found.suggestion.format == found.format:
        form = MappingForm(initial=initial_of(found.suggestion.mapping))
    note = f"{name} was looked at." if file else ""
    return Looked(form, found, text=text or (_as_text(data) if file else ""), note=note)


def _as_text(data: bytes) -> str:
    """The file as text for the field, when it is text and short enough."""
    if len(data) > min(SHOWN, MOST_BYTES):
        return ""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
