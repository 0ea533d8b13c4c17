"""What Windows events mean: categories and outcomes by provider and number, and whose account an event is about.

Facts: Microsoft, "Appendix L: Events to Monitor", "Audit events" (one page for each number of the Security log);
"Sysmon"; the manifests of the providers named below, whose events Microsoft's pages describe one by one.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from reviews.engine.catalogue.matching import quote
from reviews.engine.events import (
    ADMINISTRATIVE_CHANGE,
    API_USAGE,
    AUTHENTICATION,
    FAILURE,
    FILE_MODIFICATION,
    LOGGING_CONTROL,
    OTHER,
    SUCCESS,
    SYSTEM_HEALTH,
    UNKNOWN,
)

Numbers = tuple[int | tuple[int, int], ...]  # single numbers, and ranges with both ends

# Numbers that only the Security log gives to its meanings: elsewhere the same number is another event.
SECURITY_NUMBERS: Final[Numbers] = ((1100, 1108), (4608, 5999), (6144, 6424))
_SECURITY: Final[Mapping[str, Numbers]] = {
    LOGGING_CONTROL: ((1100, 1104), (1106, 1108), 4612, 4715, 4719, 4817, (4906, 4907), 4912),
    AUTHENTICATION: (
        *((4624, 4627), 4634, (4647, 4649), 4672, 4675, 4740, (4768, 4779), (4800, 4803), (4820, 4824), 4964, 5378),
        *((5632, 5633), (6272, 6280)),
    ),
    ADMINISTRATIVE_CHANGE: (
        *(4614, 4657, (4697, 4702), (4704, 4707), (4709, 4714), (4716, 4718), (4720, 4739), (4741, 4767), (4780, 4797)),
        *((4864, 4900), 4908, 4911, 4913, (4944, 4958), (5040, 5049), (5136, 5139), (5141, 5144), (5376, 5377)),
        *((5440, 5450), 6416, (6419, 6424)),
    ),
    FILE_MODIFICATION: (4660, 4664, 4670),
    API_USAGE: (4661, 4662, 4673, 4674, 4688, 4689, 4696, 4798, 4799, 5140, 5145),
    SYSTEM_HEALTH: (1105, 4608, 4609, 4616, 4618, 4621, 4826, 4902, (4904, 4905), (5024, 5037), 6281),
}
# Events of the Security log that are about the account that signs in or is refused, not about the one that reports it.
TARGET_ACTS: Final[Numbers] = (*((4624, 4627), 4634, 4647, 4675, 4740, (4768, 4779), (4800, 4803), (4820, 4824), 4964),)
# Other providers, without "Microsoft-Windows-" and in small letters.
_OTHERS: Final[tuple[tuple[str, Numbers, str, str], ...]] = (
    ("eventlog", (104, 1102), LOGGING_CONTROL, SUCCESS),
    ("eventlog", (6005, 6006), SYSTEM_HEALTH, SUCCESS),
    ("eventlog", (6008,), SYSTEM_HEALTH, FAILURE),
    ("kernel-power", (41,), SYSTEM_HEALTH, FAILURE),
    ("kernel-general", (1, 12, 13), SYSTEM_HEALTH, SUCCESS),
    ("user32", (1074,), SYSTEM_HEALTH, SUCCESS),
    ("disk", (7, 11, 15, 51, 52, 153, 154), SYSTEM_HEALTH, FAILURE),
    ("ntfs", (55, 57, 137), SYSTEM_HEALTH, FAILURE),
    ("whea-logger", ((17, 20), 46, 47), SYSTEM_HEALTH, FAILURE),
    ("wer-systemerrorreporting", (1001,), SYSTEM_HEALTH, FAILURE),
    ("resource-exhaustion-detector", (2004,), SYSTEM_HEALTH, FAILURE),
    ("service control manager", (7040, 7045), ADMINISTRATIVE_CHANGE, SUCCESS),
    ("service control manager", (7035, 7036), SYSTEM_HEALTH, SUCCESS),
    ("windowsupdateclient", (19,), ADMINISTRATIVE_CHANGE, SUCCESS),
    ("windowsupdateclient", (20,), ADMINISTRATIVE_CHANGE, FAILURE),
    ("msiinstaller", (1033, 1034, 11707, 11724), ADMINISTRATIVE_CHANGE, SUCCESS),
    ("msiinstaller", (11708, 11725), ADMINISTRATIVE_CHANGE, FAILURE),
    ("winlogon", (7001, 7002), AUTHENTICATION, SUCCESS),
    ("taskscheduler", (106, (140, 142)), ADMINISTRATIVE_CHANGE, SUCCESS),
    ("taskscheduler", (100, 102, 200, 201), OTHER, SUCCESS),
    ("taskscheduler", (101, 103, 104, 202, 203), OTHER, FAILURE),
    ("terminalservices-localsessionmanager", ((21, 25),), AUTHENTICATION, SUCCESS),
    ("terminalservices-localsessionmanager", (39, 40), AUTHENTICATION, UNKNOWN),
    ("terminalservices-remoteconnectionmanager", (1149,), AUTHENTICATION, SUCCESS),
    ("powershell", (400, 403, 600, 800, (4103, 4106)), API_USAGE, UNKNOWN),
    ("sysmon", (1, 5), API_USAGE, UNKNOWN),
    ("sysmon", (2, 11, 15, 23, 26), FILE_MODIFICATION, UNKNOWN),
    ("sysmon", ((12, 14), (19, 21)), ADMINISTRATIVE_CHANGE, UNKNOWN),
    ("sysmon", (16,), LOGGING_CONTROL, UNKNOWN),
    ("sysmon", (255,), SYSTEM_HEALTH, FAILURE),
    ("windows defender", (5000, 5001, 5004, 5007, 5010, 5012, 5013), ADMINISTRATIVE_CHANGE, UNKNOWN),
    ("windows firewall with advanced security", ((2002, 2006), 2033, 2052, 2071, 2073, 2082, 2097, 2099),
     ADMINISTRATIVE_CHANGE, SUCCESS),
)  # fmt: skip


def is_among(numbers: Numbers) -> str:
    """Whether the field "id" is one of the numbers."""
    single = ", ".join(str(one) for one in numbers if isinstance(one, int))
    tests = [f'"id" IN ({single})'] if single else []
    tests += [f'"id" BETWEEN {one[0]} AND {one[1]}' for one in numbers if isinstance(one, tuple)]
    return f"({' OR '.join(tests)})"


def _named(numbers: Numbers, provider: str) -> list[str]:
    spread = [(one, one) if isinstance(one, int) else one for one in numbers]
    return [f"{provider} {number}" for first, last in spread for number in range(first, last + 1)]


def _listed(names: Iterable[str]) -> str:
    return f'"event" IN ({", ".join(map(quote, names))})'


def category() -> str:
    """The category by the fields "audit", "id", "event", "channel" and, of Sysmon itself, "State"."""
    security = " ".join(f"WHEN {is_among(numbers)} THEN '{name}'" for name, numbers in _SECURITY.items())
    names: dict[str, list[str]] = {}
    for provider, numbers, name, _ in _OTHERS:
        names.setdefault(name, []).extend(_named(numbers, provider))
    others = " ".join(f"WHEN {_listed(events)} THEN '{name}'" for name, events in names.items())
    return f"""CASE WHEN "audit" THEN CASE {security} ELSE '{OTHER}' END {others}
        WHEN "event" = 'sysmon 4' THEN if("State" = 'Started', '{SYSTEM_HEALTH}', '{LOGGING_CONTROL}')
        WHEN "channel" = 'System' THEN '{SYSTEM_HEALTH}' ELSE '{OTHER}' END"""


def known_outcome() -> str:
    """The outcome that the number of an event of another log means, by the field "event"; NULL: it says nothing."""
    names: dict[str, list[str]] = {}
    for provider, numbers, _, outcome in _OTHERS:
        names.setdefault(outcome, []).extend(_named(numbers, provider))
    tests = " ".join(f"WHEN {_listed(names[end])} THEN '{end}'" for end in (SUCCESS, FAILURE))
    return f"CASE {tests} END"
