"""Windows event logs: .evtx files, XML as exported or forwarded, and JSON of Winlogbeat and NXLog.

Facts: Microsoft, "Event schema" (System, EventData, UserData, Keywords) and the page of each event of the Security log;
Microsoft, "Sysmon"; Elastic, "Winlogbeat fields"; NXLog, "im_msvistalog". What events mean stands in _windows_events.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import EvtxRecords, Format, JsonRecords, Layout, Time, XmlRecords
from reviews.engine.formats._fields import first_filled
from reviews.engine.formats._times import epoch_any, iso, iso_local
from reviews.engine.formats._windows_events import SECURITY_NUMBERS, TARGET_ACTS, category, is_among, known_outcome

# Named values of EventData, and of UserData, that tell who, on what and from where; and what the catalogue tests.
DATA: Final = (
    *("SubjectUserName", "SubjectDomainName", "SubjectUserSid", "TargetUserName", "TargetDomainName", "TargetUserSid"),
    *("TargetSid", "TargetServerName", "MemberName", "MemberSid", "AccountName", "AccountDomain", "User", "UserName"),
    *("UserContext", "IpAddress", "ClientAddress", "SourceIp", "SourceAddress", "ObjectName", "ObjectDN", "ShareName"),
    *("RelativeTargetName", "NewProcessName", "TaskName", "ServiceName", "SubcategoryGuid", "TargetFilename"),
    *("TargetObject", "QueryName", "Image", "Path", "AccessMask", "UtcTime", "State", "param1", "param7"),
    *("OldTargetUserName", "NewTargetUserName"),
)
CLEARED: Final = ("SubjectUserName", "SubjectDomainName", "SubjectUserSid", "Channel")  # of a log that was cleared
_REMOTE: Final = "'terminalservices-remoteconnectionmanager 1149'"
SESSION: Final = ("User", "Address", "Param1", "Param2", "Param3")  # of terminal services


def _account(name: str, domain: str) -> str:
    """DOMAIN\\name; "-" stands for nobody."""
    return f"""CASE WHEN "{name}" IN ('', '-') THEN NULL WHEN contains("{name}", '@') OR contains("{name}", '\\')
        OR coalesce("{domain}", '') IN ('', '-') THEN "{name}" ELSE concat("{domain}", '\\', "{name}") END"""


def _sid(*names: str) -> str:
    """The first security identifier that stands for somebody."""
    return f"nullif(nullif({first_filled(*names)}, '-'), 'S-1-0-0')"


def _told(name: str) -> str:
    return f"nullif(nullif(\"{name}\", ''), '-')"


_OBJECT: Final = ", ".join(
    _told(name) for name in ("ObjectDN", "ObjectName", "NewProcessName", "TaskName", "ServiceName", "SubcategoryGuid")
)
_THING: Final = ", ".join(
    _told(name) for name in ("cleared Channel", "TargetFilename", "TargetObject", "QueryName", "Image", "Path")
)
# What every shape has after its own fields are named.
_DERIVED: Final = {
    "id": 'try_cast("number" AS INTEGER)',
    "origin": """regexp_replace("provider", '^Microsoft-Windows-', '')""",
    "event": """concat(lower("origin"), ' ', "number")""",
    "audit": """coalesce("provider" = 'Microsoft-Windows-Security-Auditing' OR "channel" = 'Security', false)""",
    "utc_time": """CASE WHEN "origin" = 'Sysmon' THEN concat(replace("UtcTime", ' ', 'T'), 'Z') END""",
    "subject": f"""coalesce({_account("SubjectUserName", "SubjectDomainName")},
        {_account("cleared SubjectUserName", "cleared SubjectDomainName")},
        {_sid("SubjectUserSid", "cleared SubjectUserSid")})""",
    "target_account": f"""coalesce({_account("TargetUserName", "TargetDomainName")},
        {_sid("TargetUserSid", "TargetSid")})""",
    "target_acts": f'"audit" AND {is_among(TARGET_ACTS)}',
}
_ACTOR: Final = f"""CASE WHEN "target_acts" THEN coalesce("target_account", {_account("AccountName", "AccountDomain")})
    ELSE coalesce("subject", {_told("User")}, {_told("session User")}, {_told("UserContext")}, {_told("UserName")},
        CASE "event" WHEN 'user32 1074' THEN {_told("param7")}
            WHEN {_REMOTE} THEN {_account("session Param1", "session Param2")} END,
        "signed") END"""
_TARGET: Final = f"""CASE WHEN "target_acts" THEN coalesce({_told("ServiceName")}, "computer")
    WHEN {_sid("MemberSid", "MemberName")} IS NOT NULL
        THEN concat(coalesce({_told("MemberName")}, "MemberSid"), ' in ', "target_account")
    WHEN {_told("NewTargetUserName")} IS NOT NULL THEN concat_ws(' now ', "OldTargetUserName", "NewTargetUserName")
    WHEN "TargetServerName" IS NOT NULL THEN concat("target_account", ' on ', "TargetServerName")
    WHEN {_told("ShareName")} IS NOT NULL THEN concat_ws('\\', "ShareName", {_told("RelativeTargetName")})
    ELSE coalesce({_OBJECT}, CASE WHEN "audit" THEN "target_account" END,
        CASE "origin" WHEN 'Service Control Manager' THEN {_told("param1")} END, {_THING}, "computer") END"""
_ADDRESS: Final = f"""regexp_replace(coalesce({
    ", ".join(_told(name) for name in ("IpAddress", "ClientAddress", "SourceIp", "SourceAddress", "session Address"))
}, CASE "event" WHEN {_REMOTE} THEN "session Param3" END),
    '^::ffff:([0-9.]+)$', '\\1')"""
_MATCH: Final = {
    # A number of the Security log counts where its own providers say it: EventSystem 4625 is no failed sign-in.
    "System.EventID": Expression(
        f"""CASE WHEN "audit" OR lower("origin") = 'eventlog' OR NOT {is_among(SECURITY_NUMBERS)} THEN "number" END"""
    ),
    "System.Provider.Name": Expression('"provider"'),
    "System.Channel": Expression('"channel"'),
    "System.Computer": Expression('"computer"'),
    **{f"EventData.{name}": Expression(f'"{name}"') for name in DATA},
}


def _shape(layout: Layout, time: Time) -> Format:
    return Format(
        title="Windows event log",
        version=1,
        layout=replace(layout, derived={**layout.derived, **_DERIVED}),
        time=time,
        action="""CASE WHEN "audit" THEN "number" ELSE concat_ws(' ', "origin", "number") END""",
        # Level 1 is critical, 2 an error.
        outcome=f"""coalesce("verdict", {known_outcome()},
            CASE WHEN lower("level") IN ('1', '2', 'critical', 'error') THEN 'failure' END)""",
        category=category(),
        columns={
            "actor": _ACTOR,
            "target": _TARGET,
            "source_ip": _ADDRESS,
            # Numbers begin anew when a machine is set up anew. Files, XML and JSON agree on milliseconds.
            "event_id": """CASE WHEN "record_id" IS NOT NULL THEN
                concat_ws('/', "computer", "channel", "record_id", left("created", 23)) END""",
            "sequence_stream": """concat_ws('/', "computer", "channel")""",
            "sequence_number": '"record_id"',
        },
        routes={"host": "Host", "application": "Log (channel)"},
        route_columns={"host": 'lower("computer")', "application": '"channel"'},
        match_fields=_MATCH,
        looks_like='"number" IS NOT NULL AND "created" IS NOT NULL AND "computer" IS NOT NULL',
        unlike="This is no Windows event that can be understood: it lacks its number, time or computer, or is damaged.",
        has_native_id=True,
    )


def _by_keywords(name: str) -> str:
    """The outcome by bits 52 (audit failure) and 53 (audit success) of the keywords, written in hexadecimal."""
    digit = f"""lower(substring(lpad(substring("{name}", 3), 16, '0'), 3, 1))"""
    return f"""CASE WHEN {digit} IN ('1', '3', '5', '7', '9', 'b', 'd', 'f') THEN 'failure'
        WHEN {digit} IN ('2', '6', 'a', 'e') THEN 'success' END"""


def _evtx() -> Format:
    system, attributes = "$.Event.System", '"#attributes"'
    paths = {
        "provider": f"{system}.Provider.{attributes}.Name",
        "qualified": f'{system}.EventID."#text"',
        "plain": f"{system}.EventID",
        "level": f"{system}.Level",
        "keywords": f"{system}.Keywords",
        "created": f"{system}.TimeCreated.{attributes}.SystemTime",
        "record_id": f"{system}.EventRecordID",
        "channel": f"{system}.Channel",
        "computer": f"{system}.Computer",
        "signed": f"{system}.Security.{attributes}.UserID",
        **{name: f"$.Event.EventData.{name}" for name in DATA},
        **{f"cleared {name}": f"$.Event.UserData.LogFileCleared.{name}" for name in CLEARED},
        **{f"session {name}": f"$.Event.UserData.EventXML.{name}" for name in SESSION},
    }
    derived = {"number": 'coalesce("qualified", "plain")', "verdict": _by_keywords("keywords")}
    return _shape(EvtxRecords(paths, derived=derived), _FROM_SYSTEM)


def _xml() -> Format:
    paths = {
        "provider": "Provider/@Name",
        "number": "EventID",
        "level": "Level",
        "keywords": "Keywords",
        "created": "TimeCreated/@SystemTime",
        "record_id": "EventRecordID",
        "channel": "Channel",
        "computer": "Computer",
        "signed": "Security/@UserID",
        **{name: name for name in DATA},
        **{f"cleared {name}": f"LogFileCleared/{name}" for name in CLEARED},
        **{f"session {name}": f"EventXML/{name}" for name in SESSION},
    }
    layout = XmlRecords("Event", paths, ("Data", "Name"), ("Events",), {"verdict": _by_keywords("keywords")})
    return _shape(layout, _FROM_SYSTEM)


def _beat(prefix: str, names: Mapping[str, str]) -> Format:
    paths = {
        "created": '$."@timestamp"',
        "seen": "$.event.created",
        "ended": "$.event.outcome",
        "words": f"{prefix}keywords",
        "number": f"{prefix}event_id",
        "computer": f"{prefix}computer_name",
        "user_name": f"{prefix}user.name",
        "user_domain": f"{prefix}user.domain",
        "user_sid": f"{prefix}user.identifier",
        **{field: f"$.{path}" for field, path in names.items()},
        **{name: f"{prefix}event_data.{name}" for name in DATA},
        **{f"cleared {name}": f"{prefix}user_data.{name}" for name in CLEARED},
        **{f"session {name}": f"{prefix}user_data.{name}" for name in SESSION},
    }
    derived = {
        "verdict": """CASE WHEN "ended" IN ('success', 'failure') THEN "ended"
            WHEN contains("words", 'Audit Failure') THEN 'failure'
            WHEN contains("words", 'Audit Success') THEN 'success' END""",
        "signed": f"coalesce({_account('user_name', 'user_domain')}, {_sid('user_sid')})",
    }
    layout = JsonRecords(paths, first_keys=("@timestamp", "_index"), unwrap="$._source", derived=derived)
    return _shape(layout, replace(_FROM_SYSTEM, observed=f"coalesce({_FROM_SYSTEM.observed}, {iso('seen')})"))


def _nxlog() -> Format:
    paths = {
        "provider": "$.SourceName",
        "number": "$.EventID",
        "level": "$.Severity",
        "kind": "$.EventType",
        "created": "$.EventTime",
        "received": "$.EventReceivedTime",
        "record_id": "$.RecordNumber",
        "channel": "$.Channel",
        "computer": "$.Hostname",
        "user_domain": "$.Domain",
        "user_sid": "$.UserID",
        **{name: f"$.{name}" for name in DATA},
        **{f"cleared {name}": f"$.{name}" for name in CLEARED[:3]},
        "cleared Channel": "$.UserData.Channel",
        **{f"session {name}": f"$.{name}" for name in SESSION},
    }
    derived = {
        "verdict": "CASE \"kind\" WHEN 'AUDIT_SUCCESS' THEN 'success' WHEN 'AUDIT_FAILURE' THEN 'failure' END",
        "signed": f"coalesce({_account('AccountName', 'user_domain')}, {_sid('user_sid')})",
    }
    layout = JsonRecords(paths, first_keys=("EventTime", "EventReceivedTime"), derived=derived)
    time = Time(
        instant=f"coalesce({iso('utc_time')}, {iso('created')}, {epoch_any('created')})",
        local=iso_local("created"),
        observed=iso("received"),
    )
    return _shape(layout, time)


# Sysmon says when a thing happened, and the event log when it was told.
_FROM_SYSTEM: Final = Time(
    instant=f"coalesce({iso('utc_time')}, {iso('created')})",
    observed=f'CASE WHEN "utc_time" IS NOT NULL THEN {iso("created")} END',
)
_BEAT: Final = {"provider": "winlog.provider_name", "record_id": "winlog.record_id", "channel": "winlog.channel",
                "level": "log.level"}  # fmt: skip
_BEAT_6: Final = {"provider": "source_name", "record_id": "record_number", "channel": "log_name", "level": "level"}

FORMAT: Final = replace(_evtx(), others=(_xml(), _beat("$.winlog.", _BEAT), _beat("$.", _BEAT_6), _nxlog()))
