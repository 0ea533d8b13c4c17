"""Events in Hive-partitioned Parquet. Nothing but this package touches the files."""

from reviews.engine.store.counts import ActionRow, HourRow, StoredEvent, UnmappedRow, count, examples, routes_table
from reviews.engine.store.files import EventStore, StoredFile, event_store

__all__ = [
    "ActionRow",
    "EventStore",
    "HourRow",
    "StoredEvent",
    "StoredFile",
    "UnmappedRow",
    "count",
    "event_store",
    "examples",
    "routes_table",
]
