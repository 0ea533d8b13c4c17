"""Static files: named by their content, compressed, kept by browsers; plotly out of its package."""

import gzip
from pathlib import Path

import plotly
import pytest
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.test import Client

from auditportal import static

PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def test_plotly_comes_from_its_package_and_nothing_else_does():
    assert finders.find("plotly/plotly.min.js") == str(PLOTLY)
    assert finders.find("plotly/widgetbundle.js") is None
    assert [path for path, _storage in static.PlotlyFinder().list(None)] == ["plotly.min.js"]


def test_a_page_can_load_it_without_collecting(client: Client, db):
    assert staticfiles_storage.url("plotly/plotly.min.js") == "/static/plotly/plotly.min.js"
    answer = client.get("/static/plotly/plotly.min.js")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert sum(len(part) for part in answer.streaming_content) == PLOTLY.stat().st_size


@pytest.fixture
def collected(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path / "static"
    assert static.collect() is True
    return settings.STATIC_ROOT


def test_collected_files_are_named_by_content_compressed_and_kept_for_ever(collected, client, db):
    url = staticfiles_storage.url("plotly/plotly.min.js")
    assert url != "/static/plotly/plotly.min.js"
    answer = Client().get(url, headers={"accept-encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]
    body = b"".join(answer.streaming_content)
    assert len(body) < 2_000_000
    assert gzip.decompress(body) == PLOTLY.read_bytes()


def test_collecting_again_does_nothing_until_a_file_changes(collected, settings, tmp_path):
    assert static.collect() is False
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "new.css").write_text("p { color: inherit }")
    settings.STATICFILES_DIRS = [*settings.STATICFILES_DIRS, tmp_path / "more"]
    assert static.collect() is True
    assert (collected / "new.css").is_file()
