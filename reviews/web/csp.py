"""The one exception to the strict content security policy: pages with a chart.

plotly.js writes a few fixed style elements and style attributes. Each is allowed by the hash of its text and
nothing else is; tests/journeys/test_chart_policy.py reads the hashes off a browser again. Map and `*gl` traces are
out: they need eval.
"""

from collections.abc import Callable
from typing import Final, ParamSpec

from csp.constants import SELF, UNSAFE_HASHES
from csp.decorators import csp_update
from django.http import HttpResponseBase

P = ParamSpec("P")

STYLE_ELEMENT_HASHES: Final = (
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",  # the empty element that plotly.js adds its rules to
    "'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='",  # the style sheet of MapLibre, written at load
)
STYLE_ATTRIBUTE_HASHES: Final = (
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",  # a style that is taken off again
    "'sha256-AR/cKIZjWPcPmBUPDA6oti9XBiTbJvz0Cro2J1VzzS8='",
    "'sha256-lGP/R5jOMXytzwBHVEM5Nv4XbT9fuH6V2dET/0dje2s='",
    "'sha256-wkY2X5hecQzbhnFCqvTpwrUJ1f4X8LH5WFjYUzv1wmU='",
)

CHART_POLICY: Final[dict[str, list[str]]] = {
    "style-src-elem": [SELF, *STYLE_ELEMENT_HASHES],
    "style-src-attr": [UNSAFE_HASHES, *STYLE_ATTRIBUTE_HASHES],
    "img-src": ["data:", "blob:"],  # added to 'self'
}


def chart_page(view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
    """The view shows a Plotly chart: allow what plotly.js needs, on this page only."""
    decorated: Callable[P, HttpResponseBase] = csp_update(CHART_POLICY)(view)  # type: ignore[arg-type, assignment]
    return decorated
