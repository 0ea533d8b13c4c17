"""Segments, evidence and records as sealed files, the chain of segments, and verification."""

from reviews.engine.archive.files import ArchiveStore, Stored, archive_store

__all__ = ["ArchiveStore", "Stored", "archive_store"]
