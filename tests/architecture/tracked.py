"""The files of the project, as git knows them; in an unpacked archive, all that lie there."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = {".venv", "var", ".git", "__pycache__", ".hypothesis", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


@cache
def files(suffix: str = "") -> tuple[Path, ...]:
    """Tracked and new files with this ending, ignored ones left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True
    )
    if listed.returncode == 0:
        found = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:
        found = [path for path in ROOT.rglob("*") if not _NOT_OURS & set(path.relative_to(ROOT).parts)]
    return tuple(path for path in sorted(found) if path.name.endswith(suffix) and path.is_file())


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
