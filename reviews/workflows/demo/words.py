"""What the people of the demo write and attach: notes, reasons and small files, all invented."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from reviews.engine.analysis.quarters import Quarter

NOTES: Final = {
    "COV-02": "Compared the inventory with the list of accounts and hosts in use. One account is missing from it.",
    "COV-04": "Looked at accounts and rights: each change of the quarter that is in the change list is in the log too.",
    "COV-05": "Tried a sign-in with a right and with a wrong password. Both are in the log, with user and address.",
    "COV-06": "Wrote, renamed and deleted a file in the test folder. All three are in the log.",
    "COV-07": "Called the API with and without rights. Both calls are in the log.",
    "COV-08": "Fetched a test file. The transfer is in the log with user, address and size.",
    "COV-09": "Went through the entries of this quarter that touch logging itself.",
    "COV-10": "Read twenty entries of each kind and looked for who, what, when, where from and outcome.",
    "COV-11": "Compared the clocks with the time server.",
    "COV-12": "Went through the silences of the quarter and asked the team about each.",
    "COV-14": "The scenarios were run in the last month of the quarter.",
    "COV-16": "Read the decisions of the quarter and ten alerts.",
    "ACC-03": "Read the policy of the place and the list of those who hold rights there.",
    "ACC-04": "Read the policy of the place: only the retention rule deletes.",
    "ACC-10": "Went through the list of roles with the team leads.",
    "STO-01": "Read the lock settings.",
    "STO-03": "Fetched an entry that is a year old.",
    "STO-04": "Read the report of the monthly integrity check.",
    "STO-05": "Read the encryption settings.",
    "STO-07": "Followed each arrow of the drawing and read its setting.",
    "STO-10": "Read the settings of the space alert and its last test.",
}
_OTHERWISE: Final = "Looked at the settings and at a sample of entries."
_NOT_MET: Final = "Does not hold for this quarter. To be put right by the team with the next release."
_NOT_SHOWN: Final = "The access log shows requests, not what the application did. Its own log is not connected yet."
_REASONS: Final = {
    "unknown": "The check cannot tell from the log alone. The attached file shows it.",
    "attention": "Looked at what the check points to; the attached file explains it.",
}


def note(item: str, *, met: bool = True, seen: bool = True) -> str:
    """The note of an answer. Not `seen`: the log cannot show it."""
    if not seen:
        return _NOT_SHOWN
    told = NOTES.get(item, _OTHERWISE)
    return told if met else f"{told} {_NOT_MET}"


def reason(verdict: str) -> str:
    """Why the answer is `meets` although a check does not say pass."""
    return _REASONS[verdict]


@dataclass(frozen=True)
class Attachment:
    """A small file, and the days it speaks for."""

    name: str
    content: bytes
    covers_from: dt.date
    covers_to: dt.date


def attachment(item: str, subject: str, quarter: Quarter) -> Attachment:
    """The file that fits the question."""
    place = subject.lower().replace(" ", "-")
    head = f"# {subject}, {quarter.title}. Invented for the demo.\n"
    if item == "COV-12":
        name, body = f"{place}-calendar-{quarter}.csv", _calendar(quarter)
    elif item == "COV-04":
        name, body = f"{place}-changes-{quarter}.csv", _changes(quarter)
    elif item.startswith("COV"):
        name, body = f"{place}-scenarios-{quarter}.csv", _scenarios(item, quarter)
    else:
        name, body = f"{place}-settings-{quarter}.txt", _settings(item)
    return Attachment(name, (head + body).encode(), quarter.starts_on, quarter.ends_on)


def _calendar(quarter: Quarter) -> str:
    days = (quarter.starts_on + dt.timedelta(days=n) for n in range((quarter.ends_on - quarter.starts_on).days + 1))
    return "day,batch,from,to,zone\n" + "".join(
        f"{day},partner files,03:00,05:00,Europe/Dublin\n" for day in days if day.weekday() == 3
    )


def _changes(quarter: Quarter) -> str:
    first = quarter.starts_on
    return "day,change,what,approved by\n" + "".join(
        f"{first + dt.timedelta(days=9 + 14 * n)},CHG-{4400 + 17 * n},{what},Priya Raman\n"
        for n, what in enumerate(("accounts of partners", "rights of operators", "release 5.1", "accounts of partners"))
    )


def _scenarios(item: str, quarter: Quarter) -> str:
    ran = quarter.ends_on - dt.timedelta(days=12)
    return "scenario,for,ran on,found in the log after\n" + "".join(
        f"TS-{number:02d},{item},{ran},{seconds} s\n" for number, seconds in ((1, 41), (4, 38), (6, 44))
    )


def _settings(item: str) -> str:
    return (
        f"question: {item}\nlock: on, 400 days\nencryption: on, key of our own\ntransport: TLS 1.3 only\n"
        "delete: retention rule only\nwrite: log service only\nread: audit group, two persons\n"
    )
