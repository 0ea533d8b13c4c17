"""Static files: each from where it is kept, under a name that changes with its content.

`manage.py up` collects them before it starts the web server. Without that (in tests, or under another server) they
are served from where they lie, under their plain names.
"""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import plotly
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage

_STAMP: Final = ".collected"


class PlotlyFinder(BaseFinder):
    """`plotly/plotly.min.js` out of the plotly package, and nothing else of it."""

    name: Final = "plotly.min.js"

    def __init__(self, *_arguments: Any, **_options: Any) -> None:
        self.storage = FileSystemStorage(location=Path(plotly.__file__).parent / "package_data")
        self.storage.prefix = "plotly"  # type: ignore[attr-defined] # read by collectstatic and by whitenoise

    def find(self, path: str, find_all: bool = False, **_options: Any) -> Any:
        if path != f"plotly/{self.name}":
            return []
        found = self.storage.path(self.name)
        return [found] if find_all else found

    def list(self, _ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        yield self.name, self.storage


class VersionedStorage(CompressedManifestStaticFilesStorage):
    """Names carry a hash of the content once the files were collected; plain names before that."""

    def stored_name(self, name: str) -> str:
        return super().stored_name(name) if self.hashed_files else name


def collect() -> bool:
    """Collect all static files into STATIC_ROOT, unless those there are the same. Says whether it had to."""
    root = Path(settings.STATIC_ROOT)
    stamp, now = root / _STAMP, _fingerprint()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == now:
        return False
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(now, encoding="ascii")
    return True


def _fingerprint() -> str:
    """Changes when any static file does: names, sizes and times, so that nothing needs to be read."""
    digest = hashlib.sha256()
    for finder in finders.get_finders():
        for path, storage in finder.list(None):
            facts = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()
