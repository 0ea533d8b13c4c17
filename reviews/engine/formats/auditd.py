"""Linux audit: what auditd writes to audit.log, raw or enriched, and the same sent through syslog or by the kernel.

Facts: Linux audit documentation, "Audit record fields" (field dictionary) and "Audit record types", and the manual
pages of auditd.conf, auditd-plugins and ausearch; Red Hat Enterprise Linux, "Understanding audit log files"; for the
encoding of values audit_log_n_untrustedstring of the Linux kernel. An event is known by node, time and serial. Its
records are joined: a line each, the first being the one that begins it.
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression, quote
from reviews.engine.formats._declare import Format, Joined, Pattern, TextRecords, Time
from reviews.engine.formats._headers import PRI, STAMP
from reviews.engine.formats._linux_audit import AUXILIARY, RECORD_TYPES, SYSTEM_CALLS
from reviews.engine.formats._times import epoch

# Through syslog: a header of RFC 3164 or RFC 5424, the name of the program, the clock of the kernel.
_TAG: Final = r"(?:[^ ]+ [^ ]+ [^ ]+ (?:-|\[[^\]]*\]) |[^ ]+: )?"
_BEFORE: Final = rf"^(?:{PRI}{STAMP} (?P<host>[^ ]+) {_TAG})?(?:\[ *[0-9.]+\] )?(?:audit: )?(?:node=(?P<node>[^ ]+) )?"
_STAMP: Final = r"(?:msg=)?audit\((?P<seconds>\d{1,11}\.\d{1,3}):(?P<serial>\d{1,19})\)"
_TYPE: Final = r"(?:[A-Za-z0-9_]+|UNKNOWN\[\d+\])"
_NONE: Final = ("4294967295", "-1", "unset", "?")  # no user has signed in
_BESIDE: Final = r"[ \x1d(,'=]"


def _value(key: str, within: str = "content") -> str:
    """The first value of a key, as it is written."""
    pattern = quote(_BESIDE + key + r"""=("[^"\n]*"|[^ ,)'\x1d\n]*)""")
    found = f'regexp_extract("{within}", {pattern}, 1)'
    return f"nullif(nullif(nullif({found}, ''), '?'), '(null')"


def _text(key: str, within: str = "content") -> str:
    """The same where it may be encoded: in quotes, or as hexadecimal digits when it holds what no quotes could."""
    return f"list_transform([{_value(key, within)}], lambda given: {_decoded('given')})[1]"


def _decoded(given: str) -> str:
    """First the digits: reading others as such is an error, which `try` makes NULL, but slowly."""
    octets = f"replace(try(decode(unhex({given}))), chr(0), ' ')"
    needed = f"regexp_matches({octets}, '[^!#-~]') AND NOT regexp_matches({octets}, '[\\x02-\\x08\\x0b-\\x1f\\x7f]')"
    return (
        f"CASE WHEN regexp_matches({given}, '^(?:[0-9A-F][0-9A-F])+$') "
        f"THEN CASE WHEN {needed} THEN {octets} ELSE {given} END ELSE trim({given}, '\"') END"
    )


def _name(key: str, within: str = "content") -> str:
    """A user: by the name that enriched records give, else by number; NULL where nobody is meant."""
    listed = ", ".join(map(quote, _NONE))
    named, number = (
        f"list_filter([trim({_value(one, within)}, '\"')], lambda one: one NOT IN ({listed}))[1]"
        for one in (key.upper(), key)
    )
    return f"coalesce({named}, {number})"


_LISTED: Final = 'regexp_extract_all("text", \'(?m)^(?:[^\\n]*? )?type=(' + _TYPE + ") (?:msg=)?audit\\(', 1)"
_NUMBERED: Final = " ".join(f"WHEN '{number}' THEN '{name}'" for number, name in RECORD_TYPES.items())
_TYPES: Final = (
    f"list_transform({_LISTED}, "
    f"lambda one: CASE WHEN regexp_matches(one, '\\d{{4}}') "
    f"THEN coalesce(CASE regexp_extract(one, '\\d{{4}}') {_NUMBERED} END, one) ELSE one END)"
)
_KIND: Final = f"""coalesce(list_filter("types", lambda one: one NOT IN {AUXILIARY})[1],
    list_filter(['SYSCALL', 'EXECVE'], lambda one: list_contains("types", one))[1], "types"[1])"""
_CALLS: Final = " ".join(
    f"WHEN '{arch}' THEN CASE \"number\" "
    + " ".join(f"WHEN '{number}' THEN '{name}'" for number, name in calls.items())
    + " END"
    for arch, calls in SYSTEM_CALLS.items()
)
# The end of an event whose other records stand elsewhere.
_ONLY_END: Final = """len(list_filter("types", lambda one: one <> 'EOE')) = 0"""
# An address of the family that comes first in it, whose number is in the byte order of the machine.
_IPV4: Final = """array_to_string(list_transform([9, 11, 13, 15],
    lambda place: CAST(concat('0x', substr("saddr", place, 2)) AS INTEGER)), '.')"""
_IPV6: Final = """regexp_replace(lower(array_to_string(list_transform([17, 21, 25, 29, 33, 37, 41, 45],
    lambda place: substr("saddr", place, 4)), ':')), '(^|:)0{1,3}', '\\1', 'g')"""
_PEER: Final = f"""CASE WHEN regexp_matches("saddr", '^(0200|0002)[0-9A-F]{{12}}') THEN {_IPV4}
    WHEN regexp_matches("saddr", '^(0A00|000A)[0-9A-F]{{44}}') THEN {_IPV6} END"""

_SIGN_IN: Final = (
    "USER_AUTH", "USER_ACCT", "USER_LOGIN", "USER_LOGOUT", "USER_START", "USER_END", "USER_ERR", "CRED_ACQ",
    "CRED_DISP", "CRED_REFR", "GRP_AUTH", "ANOM_LOGIN_FAILURES", "ANOM_LOGIN_TIME", "ANOM_LOGIN_SESSIONS",
    "ANOM_LOGIN_ACCT", "ANOM_LOGIN_LOCATION",
)  # fmt: skip
_ACCOUNTS: Final = "^(?:(?:ADD|DEL)_(?:USER|GROUP)|(?:USER|GRP)_(?:MGMT|CHAUTHTOK)|ACCT_(?:UN)?LOCK|CH(?:USER|GRP)_ID)$"
_DERIVED: Final = {
    "types": _TYPES,
    "call": """regexp_extract("text", '(?m)type=(?:SYSCALL|1300) [^\\n]*')""",
    "paths": """list_filter(regexp_extract_all("text", '(?m)type=(?:PATH|1302) [^\\n]*'),
        lambda one: NOT regexp_matches(one, '(?:name|obj)type=PARENT'))""",
    "within": f"""list_transform([regexp_extract("text", '(?m)type=(?:CWD|1307) [^\\n]*')],
        lambda line: {_text("cwd", "line")})[1]""",
    "given": """regexp_extract_all(regexp_extract("text", '(?m)type=(?:EXECVE|1309) [^\\n]*'),
        ' a\\d+=("[^"\\n]*"|[^ \\x1d\\n]*)', 1)""",
    # Words of its own, up to the next key.
    "op": """trim(regexp_extract("content", '[ (]?op=([^=\\n]*?)(?: [a-z_-]+=|[''\\x1d\\n]|$)', 1), '" ')""",
    "unit": _text("unit"),
    "cmd": _text("cmd"),
    "exe": _text("exe"),
    "tried": _text("acct"),
    "login": f"""coalesce(nullif(nullif(regexp_extract("content", ' new auid=(\\d+)', 1), ''), '4294967295'),
        {_name("auid")})""",
    "saddr": _value("saddr"),
    "address": _value("addr"),
    "audit_enabled": _value("audit_enabled"),
    "title": _text("proctitle"),
    "result": _value("res"),
    "denied": """regexp_matches("content", 'avc: +denied|apparmor="DENIED"')
        AND NOT contains("content", ' permissive=1')""",
    "allowed": """regexp_matches("content", 'avc: +(?:granted|denied)|apparmor="(?:ALLOWED|AUDIT)"')""",
    "kind": _KIND,
    "number": _value("syscall", "call"),
    "keys": f"""string_split({_text("key", "call")}, chr(1))""",
    "succeeded": _value("success", "call"),
    "acct": """CASE WHEN "tried" NOT IN ('', '?') AND NOT regexp_matches("tried", '^\\(.*\\)$') THEN "tried" END""",
    "peer": _PEER,
    # The title is cut at 128 bytes, the arguments are not.
    "command": f"""coalesce(
        nullif(array_to_string(list_transform("given", lambda one: {_decoded("one")}), ' '), ''), "title")""",
    "file": f"""list_transform([list_transform("paths", lambda line: {_text("name", "line")})[1]],
        lambda name: coalesce(CASE WHEN NOT starts_with(name, '/') THEN "within" || '/' END, '') || name)[1]""",
    "syscall_name": f"""coalesce(lower({_value("SYSCALL", "call")}), CASE {_value("arch", "call")} {_CALLS} END)""",
    # Whoever signs in over the network is not whoever started the server once: its login user means nothing then.
    "who": f"""CASE WHEN "kind" IN {_SIGN_IN}
                AND ("login" IS NULL OR "tried" IS NOT NULL AND regexp_matches("exe", '/(?:sshd(?:-session)?|login)$'))
            THEN "acct" ELSE coalesce("login", {_name("uid")}) END""",
    "what": f"""CASE WHEN regexp_matches("kind", '{_ACCOUNTS}')
                THEN coalesce("acct", {_name("id")}, {_value("grp")}, "exe")
            WHEN "kind" IN {_SIGN_IN} THEN coalesce("acct", {_name("id")}, "exe")
            WHEN "syscall_name" IN ('execve', 'execveat') OR "kind" = 'EXECVE' THEN coalesce("command", "file", "exe")
            ELSE coalesce("cmd", "unit", {_text("sw")}, {_text("vm")}, "file", {_text("path")}, "peer", {_text("name")},
                CASE WHEN "kind" = 'CONFIG_CHANGE' THEN {_text("key")} END,
                CASE WHEN "kind" = 'CONFIG_CHANGE' THEN 'audit_enabled=' || "audit_enabled" END, "exe", "command",
                {_text("comm")}) END""",
}

_ADMINISTRATION: Final = (
    "^(?:ROLE_(?:ASSIGN|REMOVE)|USER_ROLE_CHANGE|MAC_.*|NETFILTER_CFG|USYS_CONFIG|SOFTWARE_UPDATE|USER_DEVICE|"
    "TIME_.*|KERN_MODULE|BPF|VIRT_.*|LABEL_.*)$"
)
_HEALTH: Final = "^(?:SERVICE_(?:START|STOP)|SYSTEM_.*|ANOM_(?:ABEND|PROMISCUOUS)|DAEMON_.*|KERNEL.*|INTEGRITY_.*)$"
_FILES: Final = (
    "^(?:creat|f?truncate|unlink|rename|rmdir|mkdir|link|symlink|mknod|f?chmod|[fl]?chown|[fl]?(?:set|remove)xattr)"
)

FORMAT: Final = Format(
    title="Linux audit (auditd)",
    version=1,
    layout=TextRecords(
        patterns=(Pattern("record", rf"{_BEFORE}type={_TYPE} {_STAMP}", rest="content"),),
        derived=_DERIVED,
        joined_by=Joined(rf"{_BEFORE}type={_TYPE} {_STAMP}", mark=_STAMP, over_after=2),
    ),
    time=Time(instant=epoch("seconds", "s")),
    # The record that says what it is about; with it the system call or the operation, and the label of the rule.
    action="""concat_ws(' ', "kind", CASE WHEN "kind" = 'SYSCALL' THEN coalesce("syscall_name", "number")
            WHEN "kind" NOT IN ('CWD', 'PATH', 'PROCTITLE', 'EXECVE') THEN nullif("op", '') END,
        CASE WHEN "keys"[1] <> '' THEN concat('key=', array_to_string("keys", ',')) END)""",
    outcome="""CASE WHEN "result" IN ('success', 'yes', '1') THEN 'success'
        WHEN "result" IN ('failed', 'fail', 'no', '0') THEN 'failure'
        WHEN "succeeded" = 'yes' THEN 'success' WHEN "succeeded" = 'no' THEN 'failure'
        WHEN "denied" THEN 'failure' WHEN "allowed" THEN 'success' ELSE 'unknown' END""",
    category=f"""CASE WHEN "kind" IN {_SIGN_IN} OR "kind" = 'LOGIN' THEN 'authentication'
        WHEN "kind" IN ('CONFIG_CHANGE', 'FEATURE_CHANGE') THEN 'logging_control'
        WHEN regexp_matches("kind", '{_ACCOUNTS}') OR regexp_matches("kind", '{_ADMINISTRATION}')
            THEN 'administrative_change'
        WHEN regexp_matches("kind", '{_HEALTH}') THEN 'system_health'
        WHEN regexp_matches("syscall_name", '{_FILES}') THEN 'file_modification'
        WHEN "kind" IN ('SYSCALL', 'EXECVE', 'USER_CMD', 'AVC', 'USER_AVC', 'SECCOMP') THEN 'api_usage'
        ELSE 'other' END""",
    columns={
        "actor": '"who"',
        "target": '"what"',
        "source_ip": """coalesce("address", CASE WHEN "syscall_name" IN ('accept', 'accept4') THEN "peer" END)""",
        # Two hosts may write the same time and serial. A piece of an event begins with another type than the whole.
        "event_id": """CASE WHEN coalesce("node", "host") IS NOT NULL
            THEN concat(coalesce("node", "host"), '/', "seconds", ':', "serial", '/', "types"[1]) END""",
        # The daemon numbers what it says of itself on its own.
        "sequence_stream": """CASE WHEN NOT starts_with("kind", 'DAEMON_')
            THEN coalesce("node", "host", 'audit') END""",
        "sequence_number": """CASE WHEN NOT starts_with("kind", 'DAEMON_') THEN "serial" END""",
    },
    routes={"host": "Host"},
    route_columns={"host": 'coalesce("node", "host")'},
    match_fields={
        "type": Expression('"types"', many=True),
        "key": Expression('"keys"', many=True),
        "op": Expression("""nullif("op", '')"""),
        "syscall_name": Expression('"syscall_name"'),
        "unit": Expression('"unit"'),
        "audit_enabled": Expression('"audit_enabled"'),
    },
    looks_like=f'"shape" IS NOT NULL AND NOT ({_ONLY_END})',
    unlike="This is no record of Linux audit: it has no type and no audit(time:serial).",
    ignore=f'"shape" IS NOT NULL AND {_ONLY_END}',
    has_native_id=True,
)
