"""Stop an upload at its limit while it streams in, before the rest fills a disk."""

from typing import Any, Final

from django.core.files.uploadhandler import FileUploadHandler, SkipFile
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
