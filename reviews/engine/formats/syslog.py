"""syslog: RFC 3164, RFC 5424 and the files that rsyslog writes; what sign-in and account programs say in it.

Facts: RFC 3164 section 4, RFC 5424 section 6; the messages of OpenSSH (auth.c, packet.c, session.c, sftp-server.c),
sudo (logging.c), Linux-PAM (pam_unix, pam_faillock), shadow (useradd, usermod, userdel, groupadd, gpasswd, passwd,
su), util-linux (login, su), systemd, polkit, doas, cron, vsftpd, proftpd and the kernel's packet filter.
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._declare import Format, Pattern, TextRecords, Time
from reviews.engine.formats._syslog_rules import CATEGORY, RULES

_PRI: Final = r"^(?:<\d{1,3}>)?"
_ISO: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
_BSD: Final = r"[A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d(?:\.\d{1,6})?"
_ELEMENT: Final = r"\[[^ =\]\"]+(?: [^ =\]\"]+=\"(?:[^\"\\]|\\.)*\")*\]"
_BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"  # RFC 5424 lets a UTF-8 message begin with it
# The program before a message: name, old style PAM module, process, and what macOS adds.
_LABEL: Final = r"^[^ :\[\]()]{1,64}(?:\([^)]{0,40}\))?(?:\[[^\]]{0,20}\])?(?: <[A-Z][a-z]+>)?: *"

FORMAT: Final = Format(
    title="syslog (sign-in, sudo, account tools, transfer, kernel)",
    version=2,
    layout=TextRecords(
        patterns=(
            Pattern("rfc3164", rf"{_PRI}(?P<stamp>{_BSD}) (?P<host>[^ ]*[^ :])(?: |$)", rest="line"),
            Pattern("iso", rf"{_PRI}(?P<stamp>{_ISO}) (?P<host>[^ ]+)(?: |$)", rest="line"),
            Pattern(
                "rfc5424",
                rf"^<\d{{1,3}}>1 (?P<stamp>{_ISO}|-) (?P<host>[^ ]+) (?P<tag>[^ ]+) (?P<pid>[^ ]+) [^ ]+ "
                rf"(?P<data>-|(?:{_ELEMENT})+)(?: {_BOM}? ?|$)",
                rest="text_5424",
            ),
            # Some devices write the year, and syslogd's own lines name no host.
            Pattern(
                "with_year",
                rf"{_PRI}(?P<stamp>[A-Z][a-z]{{2}} [ \d]?\d \d{{4}} \d\d:\d\d:\d\d) (?P<host>[^ ]+)(?: |$)",
                rest="line",
            ),
            Pattern("no_host", rf"{_PRI}(?P<stamp>{_BSD})(?:: | +)", rest="line"),
        ),
        derived={
            "label": f"""regexp_extract("line", '{_LABEL}')""",
            "program": r"""CASE WHEN "shape" = 'rfc5424' THEN nullif("tag", '-')
                ELSE regexp_extract("label", '([^ :\[\]()/]+)(?:\(|\[|:| <|$)', 1) END""",
            "message": """coalesce(substring("line", length("label") + 1), "text_5424", '')""",
            "whole": """CASE WHEN "shape" = 'rfc5424' THEN concat("program", CASE WHEN "pid" <> '-'
                THEN concat('[', "pid", ']') END, ': ', "message") ELSE "line" END""",
            "named_host": """CASE WHEN "host" <> '-'
                AND NOT ("host" = 'last' AND starts_with("line", 'message repeated ')) THEN "host" END""",
        },
        rules=RULES,
    ),
    time=Time(
        instant="""CASE WHEN "shape" IN ('iso', 'rfc5424') AND regexp_matches("stamp", '(Z|[+-]\\d\\d:?\\d\\d)$')
            THEN try_cast(replace("stamp", ',', '.') AS TIMESTAMPTZ) END""",
        local="""CASE WHEN "shape" IN ('iso', 'rfc5424') AND NOT regexp_matches("stamp", '(Z|[+-]\\d\\d:?\\d\\d)$')
            THEN try_cast(replace("stamp", ',', '.') AS TIMESTAMP)
            WHEN "shape" = 'with_year' THEN try_strptime(replace("stamp", '  ', ' '), '%b %d %Y %H:%M:%S') END""",
        yearless="""CASE WHEN "shape" IN ('rfc3164', 'no_host') THEN try_strptime(
            concat('2000 ', replace("stamp", '  ', ' ')), ['%Y %b %d %H:%M:%S', '%Y %b %d %H:%M:%S.%f']) END""",
    ),
    action="""coalesce("rule_action", nullif("program", ''), 'message')""",
    outcome='"rule_outcome"',
    category=CATEGORY,
    columns={
        "actor": '"rule_actor"',
        "target": 'coalesce("rule_target", "named_host")',
        "source_ip": '"rule_source_ip"',
        "sequence_stream": """CASE WHEN contains("data", 'sequenceId="') THEN concat_ws('/', "host", "program") END""",
        "sequence_number": """CASE WHEN contains("data", 'sequenceId="')
            THEN regexp_extract("data", '\\[meta[^\\]]* sequenceId="(\\d+)"', 1) END""",
    },
    routes={"host": "Host", "application": "Application"},
    route_columns={"host": '"named_host"', "application": '"program"'},
    match_fields={"message": Expression('"whole"')},
    looks_like='"shape" IS NOT NULL',
    unlike="This is no syslog line: it does not begin with a time and a host.",
)
