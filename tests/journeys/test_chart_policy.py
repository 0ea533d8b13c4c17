"""The hashes that chart pages allow are those that plotly.js needs, no fewer and no more.

The chart is drawn on a page of this test's own, under the portal's policy with and without the hashes; Chromium says
which hash each refused style would need.
"""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import plotly
from csp.utils import build_policy
from django.conf import settings
from playwright.sync_api import Browser, Page

from reviews.web import csp

PLOTLY = (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes()
PAGE = b"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Chart</title>
<link rel="icon" href="data:,"><script src="/plotly.js"></script></head><body><div id="lines"></div><div id="map"></div>
<script src="/draw.js"></script></body></html>"""
DRAW = b"""
const x = [...Array(200).keys()].map(i => new Date(Date.UTC(2026, 0, 1, i)).toISOString());
const y = x.map((_, i) => (i > 50 && i < 70) ? null : Math.round(100 + 50 * Math.sin(i / 4)));
Plotly.newPlot('lines', [
  {x, y, type: 'scatter', mode: 'lines', fill: 'tozeroy'}, {x, y, type: 'bar'},
  {x: x.slice(10, 12), y: [100, 120], mode: 'markers', marker: {symbol: 'diamond-open', size: 10}}],
  {hovermode: 'x unified', title: {text: 'events'}, xaxis: {rangeslider: {}, title: {text: 'hour'}},
   shapes: [{type: 'rect', xref: 'x', yref: 'paper', x0: x[50], x1: x[70], y0: 0, y1: 1, label: {text: '20 h'}}],
   annotations: [{x: x[60], y: 120, text: '<b>gap</b> <a href="#x">why</a>', showarrow: true}]},
  {responsive: true, displaylogo: false})
.then(() => Plotly.newPlot('map', [{z: [[1, 2], [3, 4]], type: 'heatmap'}], {}, {responsive: true}))
.then(() => document.body.setAttribute('data-done', ''));
"""


@contextmanager
def served(policy: str) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            scripts = {"/plotly.js": (PLOTLY, "text/javascript"), "/draw.js": (DRAW, "text/javascript")}
            body, kind = scripts.get(self.path, (PAGE, "text/html"))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def use(page: Page, address: str) -> None:
    """Draw, hover, zoom, reset, resize: what people do with a chart."""
    draw(page, address)
    for chart in ("#lines", "#map"):
        box = page.locator(f"{chart} .nsewdrag").first.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.move(x + 20, y + 5)
        page.locator(f"{chart} .hoverlayer > g").first.wait_for()
        page.mouse.down()
        page.mouse.move(x + 80, y + 20, steps=4)
        page.mouse.up()
        page.mouse.dblclick(x, y)
    page.set_viewport_size({"width": 700, "height": 900})
    page.locator("#lines .main-svg[width='684']").first.wait_for()


def draw(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("body[data-done]").wait_for()


def refused(browser: Browser, policy: str, do: Callable[[Page, str], None]) -> tuple[dict[str, set[str]], list[str]]:
    """Hashes that Chromium asked for, by directive, and everything it said."""
    said: list[str] = []
    hashes: dict[str, set[str]] = {"style-src-elem": set(), "style-src-attr": set()}
    page = browser.new_page(viewport={"width": 1200, "height": 1000})
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda problem: said.append(str(problem)))
    with served(policy) as address:
        do(page, address)
    page.close()
    for line in said:
        found = re.search(r"directive '(style-src-\w+).*?a hash \('(sha256-[^']+)'\)", line)
        if found:
            hashes[found[1]].add(f"'{found[2]}'")
    return hashes, said


def policy(**changed: list[str]) -> str:
    return build_policy(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"], update={**csp.CHART_POLICY, **changed})


def test_a_chart_is_drawn_and_used_without_a_word_under_the_chart_policy(chromium: Browser):
    hashes, said = refused(chromium, policy(), use)
    assert said == []
    assert not any(hashes.values())


def test_every_hash_is_needed(chromium: Browser):
    strict = policy(**{"style-src-elem": ["'self'"], "style-src-attr": ["'unsafe-hashes'"]})
    hashes, _said = refused(chromium, strict, draw)  # without its styles a chart cannot be used
    assert hashes["style-src-elem"] == set(csp.STYLE_ELEMENT_HASHES)
    assert hashes["style-src-attr"] == set(csp.STYLE_ATTRIBUTE_HASHES)
