"""State and its invariants, one module per subject."""

from reviews.models.archive import DirtyDay, Segment, StoredEvents
from reviews.models.counts import ActionCount, DayChange, DayCount, HourCount, Silence, SilenceReport, UnmappedAction
from reviews.models.cycles import Answer, Cycle, Review, ReviewItem, ReviewState, Scope
from reviews.models.evidence import Evidence, EvidenceLink
from reviews.models.grants import (
    LogStoreUserObjectPermission,
    OrganisationUserObjectPermission,
    ReviewUserObjectPermission,
    ServiceUserObjectPermission,
)
from reviews.models.imports import (
    FileProblem,
    Import,
    ImportedPart,
    ImportKind,
    ImportState,
    LedgerChange,
    LogFile,
    RejectedRecord,
)
from reviews.models.inventory import LogStore, Service
from reviews.models.organisation import Organisation
from reviews.models.people import Invitation
from reviews.models.records import Record, RecordState
from reviews.models.sources import LogSource, PushToken, SourceRoute
from reviews.models.trail import TrailEntry

__all__ = [
    "ActionCount",
    "Answer",
    "Cycle",
    "DayChange",
    "DayCount",
    "DirtyDay",
    "Evidence",
    "EvidenceLink",
    "FileProblem",
    "HourCount",
    "Import",
    "ImportKind",
    "ImportState",
    "ImportedPart",
    "Invitation",
    "LedgerChange",
    "LogFile",
    "LogSource",
    "LogStore",
    "LogStoreUserObjectPermission",
    "Organisation",
    "OrganisationUserObjectPermission",
    "PushToken",
    "Record",
    "RecordState",
    "RejectedRecord",
    "Review",
    "ReviewItem",
    "ReviewState",
    "ReviewUserObjectPermission",
    "Scope",
    "Segment",
    "Service",
    "ServiceUserObjectPermission",
    "Silence",
    "SilenceReport",
    "SourceRoute",
    "StoredEvents",
    "TrailEntry",
    "UnmappedAction",
]
