"""Which requests may carry a file: those that ask for one, up to its limit. Nothing else reaches a disk."""

import threading
from contextlib import ExitStack
from typing import Any, Final

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import (
    FileUploadHandler,
    MemoryFileUploadHandler,
    SkipFile,
    TemporaryFileUploadHandler,
)
from django.http import HttpRequest

from reviews.engine.importing.spool import Spool
from reviews.workflows.receiving import guarded

# Who sends slowly holds a thread: pushes and uploads of logs never hold all of them.
SEATS: Final = threading.BoundedSemaphore(max(settings.WEB_THREADS // 2, 1))


class LimitedUpload(FileUploadHandler):
    """First of the handlers: counts the bytes of all files of the request and skips what exceeds the limit."""

    TOO_LARGE: Final = "reviews.upload_too_large"

    def __init__(self, request: HttpRequest, limit: int) -> None:
        super().__init__(request)
        self.limit = limit
        self.seen = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass the chunk on to the handler that keeps it, unless there have been too many."""
        self.seen += len(raw_data)
        if self.seen > self.limit:
            if self.request is not None:
                self.request.META[self.TOO_LARGE] = True
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> Any:
        """The handlers after this one keep the file."""
        return None


class SpooledFile(UploadedFile):  # type: ignore[type-arg] # the class takes none when it runs
    """A file on its way into the spool."""

    def __init__(self, name: str | None, spool: Spool) -> None:
        super().__init__(None, name)
        self._held = ExitStack()
        self.writing = self._held.enter_context(spool.writing())

    def close(self) -> None:
        """Leave nothing behind, unless it was published. Twice is the same as once."""
        self._held.close()


class SpoolUpload(FileUploadHandler):
    """Writes each file of the field `files` into the spool, piece by piece; one over the limit is passed over."""

    chunk_size = 1 << 20

    def __init__(self, request: HttpRequest, spool: Spool, limit: int) -> None:
        super().__init__(request)
        self.spool, self.limit = spool, limit
        self.current: SpooledFile | None = None
        self.opened: list[SpooledFile] = []
        self.done: list[SpooledFile] = []
        self.too_large: list[str] = []

    def close(self) -> None:
        """Leave nothing of any file behind, unless it was published."""
        for file in self.opened:
            file.close()

    def new_file(self, *arguments: Any, **options: Any) -> None:
        super().new_file(*arguments, **options)
        if self.field_name != "files":
            raise SkipFile
        with guarded():
            self.current = SpooledFile(self.file_name, self.spool)
        self.opened.append(self.current)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep the piece."""
        assert self.current is not None  # noqa: S101 # a file that is passed over brings no pieces
        if start + len(raw_data) > self.limit:
            self.too_large.append(self.file_name or "")
            self.current.close()  # its place is needed by others
            self.current = None
            raise SkipFile
        with guarded():
            self.current.writing.add(raw_data)

    def file_complete(self, file_size: int) -> SpooledFile | None:
        """Force it to the disk."""
        if self.current is None:
            return None
        done, self.current = self.current, None
        done.size = file_size
        with guarded():
            done.writing.finish()
        self.done.append(done)
        return done


class NoUpload(FileUploadHandler):
    """For every form that takes no file: what is sent as one is passed over and never reaches the disk."""

    def new_file(self, *arguments: Any, **options: Any) -> None:
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        return None

    def file_complete(self, file_size: int) -> None:
        return None


def take_file(request: HttpRequest, limit: int) -> None:
    """Let this request carry a file of at most `limit` bytes. Call it before the first byte is read."""
    keeping = (MemoryFileUploadHandler(request), TemporaryFileUploadHandler(request))
    request.upload_handlers = [LimitedUpload(request, limit), *keeping]
