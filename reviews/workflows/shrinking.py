"""Files that no longer hold what was imported of them: cut, emptied, or written anew under the same name.

Rotation does the same to a name, but leaves the bytes in another file. Whether one holds them is known when an import
has looked at every file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from reviews.engine.importing.candidates import Candidate
from reviews.models import FileProblem, LogFile
from reviews.workflows.files import KnownFile

_SEALED: Final = "What was imported stays sealed; find out who did it, and whether entries were lost."


@dataclass
class Shrunk:
    """The files of one import that may have lost what was imported of them."""

    source_id: int
    _suspects: dict[str, tuple[str, str]] = field(default_factory=dict)  # by key of the logical file: name, sentence

    def look(self, one: Candidate, of_this_name: Sequence[KnownFile], found: KnownFile | None, held: int) -> None:
        """A file was read. `found`: the logical file that it is; `held`: its bytes, if they only begin another one."""
        for known in of_this_name:
            if known.is_copy or not known.length or (found is not None and known.key == found.key):
                continue
            was = f"{known.length:,} bytes of it had been imported"
            if held:
                said = f"The file was cut: {was}, and it holds the first {held:,} of them."
            elif not one.size:
                said = f"The file was emptied: {was}, and no other file holds them."
            elif one.inode and one.inode == known.inode:
                said = f"The file was written anew: {was}, and no other file holds them."
            elif one.version:  # of an object, which is not moved: the version before, if it were kept, would be claimed
                said = f"The object was overwritten: {was}, and no other object holds them."
            else:
                continue  # another file took the name: the one before was moved or removed
            self._suspects[known.key] = (one.name, f"{said} {_SEALED}")

    def problems(self, claimed: set[str]) -> list[tuple[str, str]]:
        """Name and sentence of those whose bytes no file holds, each told once until the file is seen whole again."""
        lost = {key: told for key, told in self._suspects.items() if key not in claimed}
        seen = dict(LogFile.objects.filter(source=self.source_id, key__in=lost).values_list("key", "last_seen_at"))
        told = FileProblem.objects.filter(run__source=self.source_id, kind=FileProblem.Kind.CHANGED)
        return [
            (name, sentence)
            for key, (name, sentence) in lost.items()
            if not told.filter(name=name, run__started_at__gt=seen[key]).exists()
        ]
