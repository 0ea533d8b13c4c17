"""Which requests may carry a file: those that ask for one, up to its limit. Nothing else reaches a disk."""

from typing import Any, Final

from django.core.files.uploadhandler import (
    FileUploadHandler,
    MemoryFileUploadHandler,
    SkipFile,
    TemporaryFileUploadHandler,
)
from django.http import HttpRequest


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
