"""Words and shapes that every page shares: icons, verdicts, times, counts, form fields."""

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField, CheckboxInput, RadioSelect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_VERDICT_ICONS = {
    "pass": "pass",
    "attention": "attention",
    "fail": "fail",
    "unknown": "unknown",
    "gap": "gap",
    "anomaly": "anomaly",
    "info": "waiting",
}


@cache
def _sprite() -> str:
    text = (Path(settings.BASE_DIR) / "static/icons/icons.svg").read_text(encoding="utf-8")
    return text.replace("<svg ", "<svg hidden ", 1)


@register.simple_tag
def sprite() -> SafeString:
    """The symbols that `icon` refers to. Inline, because styles do not reach into an external file."""
    return mark_safe(_sprite())  # noqa: S308 # our own file


@register.simple_tag
def icon(name: str) -> SafeString:
    """One icon of the sprite, hidden from screen readers: the word stands beside it."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="#i-{}"/></svg>', name)


@register.filter
def verdict_icon(verdict: str) -> str:
    """Icon of a verdict or an observation."""
    return _VERDICT_ICONS.get(verdict, "unknown")


@register.inclusion_tag("components/verdict.html")
def verdict(v: str, word: str, bare: bool = False) -> dict[str, Any]:
    """Icon and word. Colour never stands alone."""
    return {"v": v, "word": word, "bare": bare}


@register.filter
def when(value: dt.datetime | None) -> SafeString | str:
    """`14 Oct 2026, 08:55 UTC` in a <time> element."""
    if value is None:
        return "never"
    value = value.astimezone(dt.UTC) if timezone.is_aware(value) else value.replace(tzinfo=dt.UTC)
    text = f"{value.day} {value:%b %Y, %H:%M} UTC"
    return format_html('<time datetime="{}">{}</time>', f"{value:%Y-%m-%dT%H:%MZ}", text)


@register.filter
def day(value: dt.date | None) -> SafeString | str:
    """`14 Oct 2026` in a <time> element."""
    if value is None:
        return ""
    return format_html('<time datetime="{}">{}</time>', f"{value:%Y-%m-%d}", f"{value.day} {value:%b %Y}")


@register.filter
def count(value: int | None) -> str:
    """`12,345`."""
    return "" if value is None else f"{value:,}"


@register.filter
def signed(value: int | None) -> str:
    """`+12`, `−5`, or `0`: a change."""
    return "" if value is None else f"{value:+,}".replace("-", "−") if value else "0"


@register.filter
def short_count(value: int | None) -> str:
    """`182 k`, `1.9 M`: for columns that compare; the exact number stands elsewhere."""
    if value is None:
        return ""
    for limit, unit in ((1_000_000, "M"), (1_000, "k")):
        if value >= limit:
            scaled = value / limit
            return f"{scaled:.1f} {unit}" if scaled < 10 else f"{scaled:,.0f} {unit}"
    return str(value)


@register.filter
def size(value: int | None) -> str:
    """Bytes as `1.9 MB`, in steps of 1,000."""
    amount = float(value or 0)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:,.0f} {unit}" if unit == "bytes" else f"{amount:,.1f} {unit}"
        amount /= 1000
    return ""


@register.filter
def short_hash(value: str) -> SafeString:
    """The first 8 digits in groups of 4; the full value in the title."""
    return format_html('<span class="hash" title="{}">{} {}…</span>', value, value[:4], value[4:8])


@register.filter
def full_hash(value: str) -> SafeString:
    """All digits in groups of 4."""
    groups = " ".join(value[i : i + 4] for i in range(0, len(value), 4))
    return format_html('<span class="hash">{}</span>', groups)


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, label: str = "") -> dict[str, Any]:
    """A form field with its label, hint and error, joined for screen readers.

    `label`: "plain" says nothing of optional, "hidden" leaves it to screen readers (a column names the field).
    """
    widget = bound.field.widget
    kind = "check" if isinstance(widget, CheckboxInput) else "choices" if isinstance(widget, RadioSelect) else "input"
    described = [f"{bound.auto_id}_hint"] if bound.help_text else []
    attributes: dict[str, str | bool] = {}
    if bound.errors:
        attributes["aria-invalid"] = "true"
        # After a failed post the browser puts the focus on the first wrong field, without any script.
        if bound.name == next((name for name in bound.form.fields if name in bound.form.errors), None):
            attributes["autofocus"] = True
        described.append(f"{bound.auto_id}_error")
    if described:
        attributes["aria-describedby"] = " ".join(described)
    return {"bound": bound, "kind": kind, "label": label, "widget": bound.as_widget(attrs=attributes)}
