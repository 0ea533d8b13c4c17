"""Cisco ASA and Secure Firewall Threat Defense (FTD), PIX and FWSM: numbered messages, as syslog delivers them.

Facts: Cisco Secure Firewall ASA Series Syslog Messages ("%ASA-Level-Message_number: Message_text"), its chapter on
time stamps, and `logging timestamp rfc5424`.
"""

from typing import Final

from reviews.engine.catalogue.matching import Expression
from reviews.engine.formats._asa_messages import RULES
from reviews.engine.formats._declare import Format, Pattern, TextRecords
from reviews.engine.formats._headers import PRI, STAMP, TIME

# A relay may put its own time and name before those of the device; the clock of a device that is not synchronised is
# marked with * or a dot.
_RELAY: Final = rf"(?:{STAMP} [^ ]+ )?"
_DEVICE: Final = r"(?: (?P<host>[^ %:]+))?(?: [^ %:]+){0,4} ?:?"

FORMAT: Final = Format(
    title="Cisco ASA and FTD",
    version=1,
    layout=TextRecords(
        patterns=(
            Pattern(
                "device",
                rf"^{PRI}{_RELAY}[*.]?(?P<stamp>{STAMP}(?: [A-Z]{{3,4}}\b)?){_DEVICE} ?"
                r"%(?:ASA|FTD|PIX|FWSM)-(?:[a-z]+-)?\d-(?P<message_id>\d{6}): ?",
                rest="message",
            ),
        ),
        rules=RULES,
    ),
    time=TIME,
    action="""concat_ws(' ', "message_id", "rule_action")""",
    outcome='"rule_outcome"',
    category="""coalesce("rule_category", 'other')""",
    columns={
        # The device writes stars where a name is unknown to it or must not be shown.
        "actor": """CASE WHEN NOT regexp_matches("rule_actor", '^\\*+$') THEN "rule_actor" END""",
        "target": 'coalesce("rule_target", "host")',
        "source_ip": '"rule_source_ip"',
    },
    routes={"host": "Device"},
    route_columns={"host": '"host"'},
    match_fields={"message_id": Expression('"message_id"'), "message": Expression('"message"')},
    looks_like='"shape" IS NOT NULL',
    unlike="This is no line of a Cisco firewall: time and a message number such as %ASA-6-302013 are missing.",
)
