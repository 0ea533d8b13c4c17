"""Signed records: content, PDF, manifest, signature, and the program that verifies them without the portal."""

from reviews.engine.records.bundle import Built, build, require_valid
from reviews.engine.records.content import RecordContent
from reviews.engine.records.keys import Signer, signer

__all__ = ["Built", "RecordContent", "Signer", "build", "require_valid", "signer"]
