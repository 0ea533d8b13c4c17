"""Envelopes: what collectors, queues and clouds put around the records of a log, each declared once.

A record that no shape of its format takes is looked at as an envelope, and what it holds is read as records of the
format, a few levels deep. `peeling` runs the declarations; nothing here runs.

Facts: Amazon CloudWatch Logs user guide, "Subscription filters", and its API, FilterLogEvents; Amazon Data Firehose
developer guide, "HTTP endpoint delivery specifications"; Amazon EventBridge user guide, "Events"; AWS Lambda developer
guide, events of Kinesis and CloudWatch Logs; Google Cloud Pub/Sub, PubsubMessage and "Push subscriptions"; Google Cloud
Logging, LogEntry; Azure Monitor, "Resource log schema"; Elastic Common Schema, event.original; Docker, "JSON File
logging driver"; Kubernetes, CRI logging format (design proposal kubelet-cri-logging); Fluent Bit and Vector manuals;
Splunk, "Format events for HTTP Event Collector"; systemd, JOURNAL_EXPORT_FORMATS; RFC 3164 and RFC 5424.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from reviews.engine.formats._headers import STAMP

_TEXT: Final = ("VARCHAR",)
_NUMBER: Final = ("UBIGINT", "BIGINT", "DOUBLE")
_MOMENT: Final = (*_TEXT, *_NUMBER)
_OBJECT: Final = ("OBJECT",)
_ARRAY: Final = ("ARRAY",)
_LATER: Final = ("$.timestamp", "$.time", '$."@timestamp"', "$.date")


@dataclass(frozen=True)
class Envelope:
    """One way to put records into another.

    Of JSON: `needs` names by its path what must be there, with the types that json_type of DuckDB may give it. `each`
    is the path of an array whose elements hold a record each; empty, the object itself holds one. `holds` are paths
    in such an element: the first that is there is the record, as text or as JSON. `times` are paths in the element, or
    else in the whole, to when the envelope was closed.

    Of text: `regex` has the group "record" and perhaps "time", "stream" and "part".

    With `packed`, what is held are bytes in base64, perhaps of a gzip, and with `file` as they are: bytes that hold
    records as a file does. `partial` is an SQL condition on "record" and "part": the record goes on in the
    next envelope of the same stream, whose name is at the path or in the group `stream`.

    A `certain` envelope is told by itself. Else, what looks like one counts only where it holds a record of the
    format; if it does not, the whole keeps the reason for which it was refused. `ignore` is an SQL condition on
    "text" for envelopes that hold no log.
    """

    title: str
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    each: str = ""
    holds: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    regex: str = ""
    packed: bool = False
    file: bool = False
    partial: str = ""
    stream: str = ""
    certain: bool = True
    ignore: str = ""

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the groups of `regex`, in their order."""
        return tuple(re.compile(self.regex).groupindex)


_CLOUDS: Final = (
    Envelope(
        "CloudWatch Logs",
        {"$.messageType": _TEXT, "$.logGroup": _TEXT, "$.logEvents": _ARRAY},
        each="$.logEvents",
        holds=("$.message",),
        times=("$.timestamp",),
        ignore="json_extract_string(\"text\", '$.messageType') = 'CONTROL_MESSAGE'",
    ),
    Envelope(
        "an answer of CloudWatch Logs",
        {"$.events": _ARRAY, "$.events[0].message": _TEXT, "$.events[0].timestamp": _NUMBER},
        each="$.events",
        holds=("$.message",),
        times=("$.ingestionTime", "$.timestamp"),
    ),
    Envelope(
        "an event of CloudWatch Logs",
        {"$.message": _TEXT, "$.ingestionTime": _NUMBER},
        holds=("$.message",),
        times=("$.ingestionTime",),
    ),
    Envelope("CloudWatch Logs for Lambda", {"$.awslogs.data": _TEXT}, holds=("$.awslogs.data",), packed=True),
    Envelope(
        "a Firehose request",
        {"$.requestId": _TEXT, "$.records": _ARRAY, "$.records[0].data": _TEXT},
        each="$.records",
        holds=("$.data",),
        times=("$.timestamp",),
        packed=True,
    ),
    Envelope(
        "Kinesis records",
        {"$.Records": _ARRAY, "$.Records[0].kinesis.data": _TEXT},
        each="$.Records",
        holds=("$.kinesis.data",),
        times=("$.kinesis.approximateArrivalTimestamp",),
        packed=True,
    ),
    Envelope(
        "EventBridge",
        {'$."detail-type"': _TEXT, "$.detail": _OBJECT},
        holds=("$.detail",),
        times=("$.time",),
        certain=False,
    ),
    Envelope(
        "a Pub/Sub message",
        {"$.message.data": _TEXT},
        holds=("$.message.data",),
        times=("$.message.publishTime", "$.message.publish_time"),
        packed=True,
    ),
    Envelope(
        "a Pub/Sub answer",
        {"$.receivedMessages": _ARRAY, "$.receivedMessages[0].message.data": _TEXT},
        each="$.receivedMessages",
        holds=("$.message.data",),
        times=("$.message.publishTime",),
        packed=True,
    ),
    Envelope(
        "Cloud Logging",
        {"$.logName": _TEXT, "$.insertId": _TEXT},
        holds=("$.textPayload", "$.jsonPayload"),
        times=("$.receiveTimestamp", "$.timestamp"),
        certain=False,
    ),
)
_COLLECTORS: Final = (
    Envelope(
        "Docker",
        {"$.log": _TEXT, "$.stream": _TEXT, "$.time": _TEXT},
        holds=("$.log",),
        times=("$.time",),
        partial='strlen("record") >= 16384 AND NOT ends_with("record", chr(10))',  # it cuts lines of more than 16 KiB
        stream="$.stream",
    ),
    Envelope("Fluent Bit", {"$.log": (*_TEXT, *_OBJECT), "$.date": _MOMENT}, holds=("$.log",), times=("$.date",)),
    Envelope("Vector", {"$.message": _TEXT, "$.source_type": _TEXT}, holds=("$.message",), times=("$.timestamp",)),
    Envelope(
        "Filebeat, Elastic Agent or Logstash",
        {'$."@timestamp"': _TEXT},
        holds=("$.event.original", '$."event.original"', "$.message"),
        times=('$."@timestamp"',),
        certain=False,
    ),
    Envelope("an Elasticsearch hit", {"$._index": _TEXT, "$._source": _OBJECT}, holds=("$._source",), certain=False),
    Envelope("an Elasticsearch answer", {"$.hits.hits": _ARRAY}, each="$.hits.hits", holds=("$._source",)),
    Envelope(
        "Splunk HEC",
        {"$.event": (*_TEXT, *_OBJECT), "$.time": _MOMENT, "$.sourcetype": _TEXT},
        holds=("$.event",),
        times=("$.time",),
        certain=False,
    ),
    Envelope(
        "the systemd journal",
        {"$.__REALTIME_TIMESTAMP": _TEXT},
        holds=("$.MESSAGE",),
        times=("$.__REALTIME_TIMESTAMP",),
        certain=False,
    ),
)
_PLAIN: Final = (
    *(
        Envelope(f"an array “{key}”", {f"$.{key}": _ARRAY}, each=f"$.{key}", holds=("$",), times=_LATER, certain=False)
        for key in ("Records", "records", "value", "items")
    ),
    Envelope("a JSON array", {"$": _ARRAY}, each="$", holds=("$",), certain=False),
    Envelope("a JSON text", {"$": _TEXT}, holds=("$",), certain=False),
    Envelope("a field “message”", {"$.message": (*_TEXT, *_OBJECT)}, holds=("$.message",), times=_LATER, certain=False),
    Envelope("a field “log”", {"$.log": (*_TEXT, *_OBJECT)}, holds=("$.log",), times=_LATER, certain=False),
)
_DATA: Final = r'(?:-|(?:\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\])+)'  # structured data of RFC 5424
_TAG: Final = r"(?:[\w./@-]{1,100}(?:\[[^\] ]{0,100}\])?: *)?"
_BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
_ISO: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)"
_TEXTS: Final = (
    Envelope(
        "Kubernetes (CRI)",
        regex=rf"(?s)^(?P<time>{_ISO}) (?P<stream>stdout|stderr) (?P<part>[PF])(?::[^ ]*)? (?P<record>.*)$",
        partial="\"part\" = 'P'",
    ),
    Envelope(
        "syslog (RFC 5424)",
        regex=rf"(?s)^<\d{{1,3}}>\d{{1,2}} (?P<time>[^ ]+)(?: [^ ]+){{4}} {_DATA} {_BOM}?(?:@cee: ?)?(?P<record>.*)$",
        certain=False,
    ),
    Envelope(
        "syslog (RFC 3164)",
        regex=rf"(?s)^(?:<\d{{1,3}}>)?(?P<time>{STAMP}) (?:[^ ]+ )?{_TAG}(?:@cee: ?)?(?P<record>.*)$",
        certain=False,
    ),
    Envelope(
        "JSON objects without line ends",
        regex=r'(?s)^(?P<record>\{.*\}\s*\{\s*".*)$',
        file=True,
        certain=False,
    ),
)
# In the order in which they are tried.
ENVELOPES: Final = (*_CLOUDS, *_COLLECTORS, *_PLAIN, *_TEXTS)
