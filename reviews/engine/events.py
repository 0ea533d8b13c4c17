"""The event: its columns, categories and outcomes, documented once.

One row of the store is one audit event. Times are UTC, microseconds, stored naive; zones exist only in SQL.
The raw line is not stored twice: `segment`, `offset` and `length` lead every event back to its sealed bytes.
Several events may lie in the same bytes: `element` numbers them.
"""

from typing import Final

import pyarrow as pa

ADMINISTRATIVE_CHANGE: Final = "administrative_change"
AUTHENTICATION: Final = "authentication"
FILE_MODIFICATION: Final = "file_modification"
API_USAGE: Final = "api_usage"
DATA_EXPORT: Final = "data_export"
LOGGING_CONTROL: Final = "logging_control"
SYSTEM_HEALTH: Final = "system_health"
OTHER: Final = "other"

# The five that every service must cover, in the order of the pages.
COVERED_CATEGORIES: Final = (
    ADMINISTRATIVE_CHANGE,
    AUTHENTICATION,
    FILE_MODIFICATION,
    API_USAGE,
    DATA_EXPORT,
)
CATEGORIES: Final = (*COVERED_CATEGORIES, LOGGING_CONTROL, SYSTEM_HEALTH, OTHER)
CATEGORY_NAMES: Final = {
    ADMINISTRATIVE_CHANGE: "Administrative changes",
    AUTHENTICATION: "Authentication attempts",
    FILE_MODIFICATION: "File modifications",
    API_USAGE: "API usage",
    DATA_EXPORT: "Data exports",
    LOGGING_CONTROL: "Changes to logging",
    SYSTEM_HEALTH: "System health",
    OTHER: "Other",
}

SUCCESS: Final = "success"
FAILURE: Final = "failure"
UNKNOWN: Final = "unknown"
OUTCOMES: Final = (SUCCESS, FAILURE, UNKNOWN)

# How the time was known: the record carried a zone, the source's setting named one, or UTC was assumed.
TIME_BASES: Final = ("explicit", "configured", "assumed")

# What reading makes of one record; text columns are NULL where the log does not say.
EVENT_FIELDS: Final = (
    pa.field("occurred_at", pa.timestamp("us"), nullable=False),
    pa.field("time_basis", pa.string(), nullable=False),
    pa.field("observed_at", pa.timestamp("us")),
    pa.field("actor", pa.string()),
    pa.field("action", pa.string(), nullable=False),
    pa.field("category", pa.string(), nullable=False),
    pa.field("outcome", pa.string(), nullable=False),
    pa.field("target", pa.string()),
    pa.field("source_ip", pa.string()),
    pa.field("event_id", pa.string()),  # native id; NULL until importing fills it from file and offset
    pa.field("sequence_stream", pa.string()),
    pa.field("sequence_number", pa.int64()),
    pa.field("critical_actions", pa.list_(pa.string()), nullable=False),  # ids of the catalogue
    pa.field("route", pa.string()),  # value of the source's routing field
    pa.field("offset", pa.int64(), nullable=False),  # of the record's first byte in the buffer that was read
    pa.field("length", pa.int64(), nullable=False),
    pa.field("element", pa.int64(), nullable=False),  # its number among the events within these bytes, from 0
)
READ_SCHEMA: Final = pa.schema(EVENT_FIELDS)

# What importing adds before the store takes it; `offset` then counts from the start of the plain segment.
# The service is no column: it follows from `route` when events are counted, so that a new route needs no rebuild.
STORED_SCHEMA: Final = pa.schema(
    [
        *EVENT_FIELDS,
        pa.field("import_id", pa.int64(), nullable=False),
        pa.field("file", pa.string(), nullable=False),  # key of the logical file
        pa.field("segment", pa.string(), nullable=False),  # SHA-256 of the sealed bytes, their name in the archive
    ]
)

REJECT_SCHEMA: Final = pa.schema(
    [
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("length", pa.int64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)
