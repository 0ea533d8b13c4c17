"""What PostgreSQL's messages say, in SQL: who, on what, from where, and what was done. The same in every log format.

Facts: PostgreSQL documentation, "Error Reporting and Logging" (severities, log_connections, log_statement,
log_duration); pgAudit, "Format" of its README. The words are those of lc_messages = C.
"""

from typing import Final

from reviews.engine.catalogue.matching import quote

SEVERITIES: Final = ("LOG", "ERROR", "FATAL", "PANIC", "WARNING", "NOTICE", "INFO", "DEBUG")
FAILED: Final = "('ERROR', 'FATAL', 'PANIC')"
# Lines that say more about the message before them.
FURTHER: Final = ("DETAIL", "HINT", "QUERY", "CONTEXT", "LOCATION", "STATEMENT", "BACKTRACE")

_AUDIT: Final = r"^AUDIT: (?:SESSION|OBJECT),\d*,\d*,"
_VALUE: Final = r'(?:"(?:[^"]|"")*"|[^,]*)'
# A statement that is logged, behind the spaces and comments with which it may begin.
_STATEMENT: Final = (
    r"(?s)^(?:duration: [0-9.]+ ms  )?(?:statement|(?:parse|bind|execute)(?: fetch from)? [^:]*): "
    r"(?:\s+|--[^\n]*\n|/\*.*?\*/)*(.*)$"
)
_OBJECT: Final = r"(?i)^[a-z]+\s+(?:(?:or\s+replace|temp|temporary|unique|global|local)\s+)*([a-z]+)"
_SESSION: Final = "^(?:replication )?(connection (?:received|authenticated|authorized)|disconnection)\\b"
_SERVER: Final = (
    "^((?:check|restart)point (?:starting|complete)|automatic (?:aggressive )?(?:vacuum|analyze)|database system|"
    "temporary file|starting PostgreSQL|listening on|received [a-z]+ shutdown request|shutting down|duration|"
    "received SIGHUP|aborting any active transactions|terminating [a-z]+ [a-z]+|unexpected EOF|could not receive data)"
)


def _found(pattern: str) -> str:
    return f"nullif(regexp_extract(\"message\", {quote(pattern)}, 1), '')"


def _unquoted(value: str) -> str:
    return f"replace(trim({value}, '\"'), '\"\"', '\"')"


MESSAGE_FIELDS: Final = {
    "audit_class": _found(rf"{_AUDIT}({_VALUE}),"),
    "audit_command": _found(rf"{_AUDIT}{_VALUE},({_VALUE}),"),
    "audit_object": _unquoted(_found(rf"{_AUDIT}{_VALUE},{_VALUE},{_VALUE},({_VALUE}),")),
    "about_session": _found(_SESSION),
    "refused": _found('(authentication failed) for user|(?:^|")no pg_hba.conf entry'),
    "no_entry": """contains("message", 'no pg_hba.conf entry')""",
    "denied": """contains("message", 'permission denied')""",
    "server_does": _found(_SERVER),
    "statement": _found(_STATEMENT),
    "named_user": f"""coalesce({_found("authorized: user=(.*?)(?: database=| application_name=| SSL |$)")},
        {_found('^connection authenticated: identity="([^"]*)"')}, {_found("^disconnection: .*? user=(.*?) database=")},
        {_found('authentication failed for user "([^"]*)"')}, {_found(', user "([^"]*)"')},
        {_found('^role "([^"]*)" does not exist')})""",
    "named_database": f"""coalesce({_found("^connection authorized:.* database=([^ ]+)")},
        {_found("^disconnection: .* database=(.*?) host=")}, {_found(', database "([^"]*)"')})""",
    "named_host": f"""coalesce({_found('entry for (?:host|replication connection from host) "([^"]*)"')},
        {_found("^connection received: host=([^ ]+)")}, {_found("^disconnection: .* host=([^ ]+)")})""",
    "verb": """upper(regexp_extract("statement", '^\\(*([A-Za-z]+)', 1))""",
    "object_kind": f"""CASE WHEN "verb" IN ('CREATE', 'ALTER', 'DROP')
        THEN upper(regexp_extract("statement", {quote(_OBJECT)}, 1)) END""",
}

ACTION: Final = f"""CASE WHEN "audit_class" IS NOT NULL THEN concat_ws(' ', "audit_class", "audit_command")
    WHEN "about_session" IS NOT NULL THEN "about_session"
    WHEN "no_entry" THEN 'no pg_hba.conf entry'
    WHEN "refused" IS NOT NULL THEN "refused"
    WHEN "denied" AND "severity" IN {FAILED} THEN 'permission denied'
    WHEN "verb" <> '' THEN concat_ws(' ', 'statement', "verb", "object_kind")
    WHEN contains("message", 'parameter "') AND contains("message", ' changed to ') THEN 'parameter changed'
    WHEN "severity" IN {FAILED} THEN concat_ws(' ', lower("severity"), "state")
    WHEN "server_does" IS NOT NULL THEN "server_does" ELSE lower("severity") END"""

# pgAudit and log_statement write before the statement runs; one that fails is followed by an ERROR of its own.
OUTCOME: Final = f"""CASE WHEN "severity" IN {FAILED} THEN 'failure'
    WHEN "audit_class" IS NOT NULL OR starts_with("message", 'duration: ') THEN 'success'
    WHEN "about_session" <> 'connection received' THEN 'success' ELSE 'unknown' END"""

CATEGORY: Final = """CASE WHEN "about_session" IS NOT NULL OR "refused" IS NOT NULL OR "no_entry"
        THEN 'authentication'
    WHEN "audit_class" IN ('ROLE', 'DDL') OR "verb" IN ('CREATE', 'ALTER', 'DROP', 'GRANT', 'REVOKE', 'REASSIGN')
        OR contains("message", ' changed to ') AND contains("message", 'parameter "') THEN 'administrative_change'
    WHEN "audit_class" = 'WRITE' OR "verb" IN ('INSERT', 'UPDATE', 'DELETE', 'MERGE', 'TRUNCATE')
        THEN 'file_modification'
    WHEN "verb" = 'COPY' THEN CASE WHEN regexp_matches("statement", '(?i)\\sto\\s') THEN 'data_export'
        ELSE 'file_modification' END
    WHEN "audit_class" IS NOT NULL OR "verb" <> '' OR "severity" = 'ERROR' THEN 'api_usage'
    WHEN "user" IS NULL OR "severity" IN ('FATAL', 'PANIC') THEN 'system_health' ELSE 'other' END"""
