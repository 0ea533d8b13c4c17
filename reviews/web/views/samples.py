"""The sample in the form of a source: read with the request, shown, and kept nowhere."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.http import HttpRequest
from django.utils import timezone

from reviews.engine.events import CATEGORY_NAMES
from reviews.engine.formats import GENERIC, get_format, read_mapping
from reviews.engine.reading.sampling import MOST_BYTES, take
from reviews.engine.reading.suggesting import suggest
from reviews.engine.store.counts import OTHER_ACTIONS
from reviews.errors import BucketError, ReadingError
from reviews.models import LogSource, Service
from reviews.queries import sources, zone_guess
from reviews.queries.places import Check, sample
from reviews.queries.samples import Preview, preview
from reviews.queries.zone_guess import ZoneGuess
from reviews.web.forms.samples import PREFIX, CategoryLine, MappingForm, initial_of
from reviews.web.uploads import LimitedUpload

SHOWN: Final = 400_000  # letters of a file that come back as text, so that the next look has them without script

OF_PLACE: Final = "place"  # what the button sends that asks for a sample from the place
_TYPED: Final = "sample"
_TOO_LARGE: Final = "The file was not looked at. It is larger than 5 MB: give its beginning."


@dataclass(frozen=True)
class Looked:
    """What the form shows of the sample."""

    mapping_form: MappingForm
    preview: Preview | None = None
    problem: str = ""  # of the sample itself
    text: str = ""
    note: str = ""
    columns_note: str = ""
    zone: ZoneGuess | None = None  # by the files of the place
    lines: tuple[CategoryLine, ...] = ()  # actions that may have a category of their own
    categories: tuple[tuple[str, str], ...] = tuple(CATEGORY_NAMES.items())

    @property
    def mapping(self) -> Mapping[str, Any]:
        """The mapping that the form shows; empty when it has none that is right."""
        if self.mapping_form.is_bound:
            return self.mapping_form.saved()
        found = self.preview.suggestion if self.preview is not None else None
        return found.mapping.as_json() if found is not None and found.format == self.preview_format else {}

    @property
    def preview_format(self) -> str:
        return self.preview.format if self.preview is not None else ""


def untouched(source: LogSource | None) -> Looked:
    """Before anything was given."""
    kept = read_mapping(source.mapping) if source is not None and source.mapping else None
    return _with_lines(Looked(MappingForm(initial=initial_of(kept) if kept is not None else None)), source)


def _with_lines(looked: Looked, source: LogSource | None) -> Looked:
    """With the actions of the sample, and those of the source that the catalogue does not know."""
    seen = list(looked.preview.actions) if looked.preview is not None else []
    if source is not None and not seen:
        seen = [(one.action, one.n) for one in sources.unmapped(source) if one.action != OTHER_ACTIONS]
    return replace(looked, lines=tuple(looked.mapping_form.lines(seen)))


def typed_mapping(request: HttpRequest, chosen: str) -> MappingForm:
    """The mapping as it was typed; a form without data where the format has none."""
    typed = f"{PREFIX}-time" in request.POST and chosen in GENERIC
    return MappingForm(request.POST) if typed else MappingForm()


def look(request: HttpRequest, chosen: str, zone: str, source: LogSource | None) -> Looked:
    """Read the sample of a post by the settings that were typed."""
    return _with_lines(_look(request, chosen, zone), source)


def _look(request: HttpRequest, chosen: str, zone: str) -> Looked:
    form = typed_mapping(request, chosen)
    text = request.POST.get("sample", "")
    if request.META.get(LimitedUpload.TOO_LARGE):
        return Looked(form, problem=_TOO_LARGE, text=text)
    try:
        data, name = _given(request, text)
    except (ReadingError, BucketError) as problem:
        return Looked(form, problem=str(problem), text=text)
    if not data.strip():
        return Looked(form, text=text)
    try:
        form, columns_note = _with_columns(request, form, data, name)
        mapping = form.saved() if form.is_bound else None
        found = preview(data, name, chosen, mapping, zone, service_of(request), timezone.now())
    except ReadingError as problem:
        return Looked(form, problem=str(problem), text=text)
    if not form.is_bound and found.suggestion is not None and found.suggestion.format == found.format:
        form = MappingForm(initial=initial_of(found.suggestion.mapping))
    note = "" if name == _TYPED else f"{name} was looked at."
    text = text if name == _TYPED else _as_text(data) or text
    return Looked(form, found, text=text, note=note, columns_note=columns_note)


def service_of(request: HttpRequest) -> Service | None:
    """The service that was chosen."""
    number = request.POST.get("service", "")
    return Service.objects.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 10 else None


def _with_columns(request: HttpRequest, form: MappingForm, data: bytes, name: str) -> tuple[MappingForm, str]:
    """The columns of a CSV mapping are those of the sample's header, also when another sample comes."""
    if not form.is_bound or request.POST.get("format") != "csv":
        return form, ""
    found = suggest(take(data, name).data)
    if found is None or found.format != "csv":
        return form, ""
    now = {f"{PREFIX}-columns": json.dumps(list(found.fields)), f"{PREFIX}-separator": found.mapping.separator}
    if all(request.POST.get(key) == value for key, value in now.items()):
        return form, ""
    anew = request.POST.copy()
    for key, value in now.items():
        anew[key] = value
    return MappingForm(anew), f"The {len(found.fields)} columns are those of the sample’s first line now."


def zone_by_files(place: Check, typed: Mapping[str, str], looked: Looked, service: Service | None) -> ZoneGuess | None:
    """What the newest files of a place say of the zone of their times; None when nothing."""
    if place.place is None or not typed["format"]:
        return None
    try:
        fmt = get_format(typed["format"], looked.mapping if typed["format"] in GENERIC else None)
    except ReadingError:
        return None
    return zone_guess.by_files(place.place.newest, fmt, typed["time_zone"], service)


def _given(request: HttpRequest, text: str) -> tuple[bytes, str]:
    """The sample and its name: the newest file of the place when that was asked for, a file, or what was typed."""
    if request.POST.get("look") == OF_PLACE:
        return sample(request.POST.get("directory", ""), request.POST.get("glob", ""))
    file = request.FILES.get("file")
    if file:
        return file.read(), file.name or "sample.log"
    return text.encode("utf-8", "replace"), _TYPED


def _as_text(data: bytes) -> str:
    """The file as text for the field, when it is text and short enough."""
    if len(data) > min(SHOWN, MOST_BYTES) or b"\0" in data:  # an event log file may be text by chance, and is none
        return ""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
