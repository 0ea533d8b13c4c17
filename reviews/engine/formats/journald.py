"""The systemd journal, as `journalctl --output=json` and programs that forward it write it.

Facts: systemd.journal-fields(7); systemd, "Journal Export Formats" (JSON); sd-messages.h (ids of messages); what
programs say in a message is read as in syslog.
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.events import AUTHENTICATION, FAILURE, LOGGING_CONTROL, SUCCESS, SYSTEM_HEALTH, UNKNOWN
from reviews.engine.formats._declare import Format, JsonRecords, Rule, Time
from reviews.engine.formats._syslog_rules import CATEGORY
from reviews.engine.formats._syslog_rules import RULES as MESSAGE_RULES
from reviews.engine.formats._times import epoch

_NOBODY: Final = "4294967295"  # an audit user id that was never set
# What an id of a message means: its texts may change or be translated, the id does not.
_KNOWN: Final = (
    ("8d45620c1a4348dbb17410da57c60c66", "session opened", SUCCESS, AUTHENTICATION),
    ("3354939424b4456d9802ca8333ed424a", "session ended", UNKNOWN, AUTHENTICATION),
    ("39f53479d3a045ac8e11786248231fbf", "unit started", SUCCESS, SYSTEM_HEALTH),
    ("9d1aaa27d60140bd96365438aad20286", "unit stopped", SUCCESS, SYSTEM_HEALTH),
    ("be02cf6855d2428ba40df7e9d022f03d", "unit failed to start", FAILURE, SYSTEM_HEALTH),
    ("d9b373ed55a64feb8242e02dbe79a49c", "unit failed", FAILURE, SYSTEM_HEALTH),
    ("fc2e22bc6ee647b6b90729ab34a250b1", "program crashed", FAILURE, SYSTEM_HEALTH),
    ("b07a249cd024414a82dd00cd181378ff", "host started", SUCCESS, SYSTEM_HEALTH),
    ("98268866d1d54a499c4e98921d93bc40", "host is being stopped", SUCCESS, SYSTEM_HEALTH),
    ("f77379a8490b408bbe5f6940505a777b", "journal started", SUCCESS, SYSTEM_HEALTH),
    ("d93fb3c9c24d451a97cea615ce59c00b", "journal stopped", SUCCESS, LOGGING_CONTROL),
    ("a596d6fe7bfa4994828e72309e95d61e", "journal dropped entries", UNKNOWN, LOGGING_CONTROL),
    ("c7a787079b354eaaa9e77b371893cd27", "clock changed", SUCCESS, SYSTEM_HEALTH),
)
_KNOWN_RULES: Final = tuple(
    Rule(f"journal: {what}", f"\"message_id\" = '{number}'", "", outcome, category)
    for number, what, outcome, category in _KNOWN
)

FORMAT: Final = Format(
    title="systemd journal (JSON)",
    version=1,
    layout=JsonRecords(
        paths={
            "cursor": "$.__CURSOR",
            "received": "$.__REALTIME_TIMESTAMP",
            "sent": "$._SOURCE_REALTIME_TIMESTAMP",
            "number": "$.__SEQNUM",
            "number_stream": "$.__SEQNUM_ID",
            "boot": "$._BOOT_ID",
            "host": "$._HOSTNAME",
            "identifier": "$.SYSLOG_IDENTIFIER",
            "command": "$._COMM",
            "pid": "$._PID",
            "uid": "$._UID",
            "login_uid": "$._AUDIT_LOGINUID",
            "session_user": "$.USER_ID",
            "priority": "$.PRIORITY",
            "message_id": "$.MESSAGE_ID",
            "content": "$.MESSAGE",
            "unit": "$.UNIT",
            "own_unit": "$._SYSTEMD_UNIT",
        },
        first_keys=("__CURSOR", "__REALTIME_TIMESTAMP", "_BOOT_ID", "PRIORITY"),
        derived={
            # What is no plain text comes as an array of bytes; when these are no UTF-8, each stands for a letter.
            "octets": """CASE WHEN regexp_matches("content", '^\\[\\d{1,3}(?:,\\d{1,3})*\\]$')
                AND json_type("text", '$.MESSAGE') = 'ARRAY' THEN try_cast("content" AS INTEGER[]) END""",
            "message": """coalesce(
                try(decode(unhex(array_to_string(list_transform("octets", lambda one: printf('%02x', one)), '')))),
                array_to_string(list_transform("octets", lambda one: chr(one)), ''), "content", '')""",
            "program": """coalesce("identifier", "command")""",
            "whole": """concat("program", CASE WHEN "pid" IS NOT NULL AND "program" <> 'kernel'
                THEN concat('[', "pid", ']') END, ': ', "message")""",
        },
        rules=(*_KNOWN_RULES, *MESSAGE_RULES),
    ),
    time=Time(
        instant=f"coalesce({epoch('sent', 'us')}, {epoch('received', 'us')})",
        observed=epoch("received", "us"),
    ),
    action="""coalesce("rule_action", "program", 'message')""",
    outcome="""coalesce(nullif("rule_outcome", 'unknown'),
        CASE WHEN "rule_action" IS NULL AND "priority" IN ('0', '1', '2', '3') THEN 'failure' END)""",
    category=CATEGORY,
    columns={
        "actor": f"""coalesce("rule_actor", "session_user", nullif("login_uid", '{_NOBODY}'), "uid")""",
        "target": 'coalesce("rule_target", "unit", "own_unit", "host")',
        "source_ip": '"rule_source_ip"',
        "event_id": '"cursor"',
        "sequence_stream": """coalesce("number_stream", nullif(regexp_extract("cursor", '^s=([0-9a-f]+);', 1), ''))""",
        "sequence_number": """coalesce(try_cast("number" AS BIGINT),
            try_cast(concat('0x', nullif(regexp_extract("cursor", ';i=([0-9a-f]+);', 1), '')) AS BIGINT))""",
    },
    routes={"host": "Host", "application": "Application"},
    route_columns={"host": '"host"', "application": '"program"'},
    match_fields={"MESSAGE": Expression('"whole"'), "MESSAGE_ID": Expression('"message_id"')},
    looks_like=""""received" IS NOT NULL AND ("cursor" IS NOT NULL OR "boot" IS NOT NULL)""",
    unlike="This is no entry of the systemd journal: __REALTIME_TIMESTAMP or __CURSOR is missing.",
    has_native_id=True,
)
