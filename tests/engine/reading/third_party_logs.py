"""Logs nobody here wrote, as docs/formats.md counts them.

    python -m tests.engine.reading.third_party_logs

prints the table's rows as they are measured now.
"""

import datetime as dt
import sys
from pathlib import Path
from typing import Final

from reviews.engine.formats import get_format
from reviews.engine.reading import Context, read_file

LOGS: Final = Path(__file__).resolve().parents[4] / "shared" / "data" / "logs"
# Folder or file below LOGS, without licences → how it is read. Files without a format are in one nobody reads as audit.
FORMATS: Final = {
    "apache": "web_access",
    "auditd": "auditd",
    "auditd/sequences": "auditd",
    "cloudtrail": "cloudtrail",
    "cloudtrail_stratus": "cloudtrail",
    "evtx": "windows_event",
    "kubernetes": "kubernetes_audit",
    "plaso/apache_access.log": "web_access",
    "plaso/audit_enriched.log": "auditd",
    "plaso/iis10_edge_cases.log": "iis",
    "plaso/jsonl/aws_cloudtrail.jsonl": "cloudtrail",
    "plaso/jsonl/azure_activity_log.jsonl": "azure_activity",
    "plaso/jsonl/gcp_logging.jsonl": "gcp_audit",
    "plaso/jsonl/microsoft_audit_log.jsonl": "microsoft_365",
    "plaso/postgresql.log": "postgresql",
    "plaso/security.log": "syslog",
    "plaso/selinux.log": "auditd",
    "plaso/syslog": "syslog",
    "postgresql": "postgresql",
    "syslog/Linux_2k.log": "syslog",
    "syslog/OpenSSH_2k.log": "syslog",
}
CONTEXT: Final = Context("UTC", dt.datetime(2026, 7, 2, tzinfo=dt.UTC))


def files(name: str) -> list[Path]:
    """The logs of a row, in order."""
    place = LOGS / name
    if place.is_file():
        return [place]
    return sorted(path for path in place.iterdir() if path.is_file() and not path.name.startswith("LICENSE"))


def row(name: str) -> str:
    """The row of the table, as it is measured."""
    found = files(name)
    events = rejected = ignored = 0
    for path in found:
        for part in read_file(path, get_format(FORMATS[name]), CONTEXT):
            events += part.events.num_rows
            rejected += part.rejects.num_rows
            ignored += part.ignored
    return f"| {name} | {FORMATS[name]} | {len(found)} | {events:,} | {ignored:,} | {rejected:,} |"


if __name__ == "__main__":
    for each in FORMATS:
        sys.stdout.write(f"{row(each)}\n")
