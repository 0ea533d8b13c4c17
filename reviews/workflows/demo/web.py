"""Requests of the Member portal: lines of an access log in the combined format, and the broken ones among them."""

import datetime as dt
from typing import Final

import numpy as np

from reviews.workflows.demo import rhythm
from reviews.workflows.demo.rhythm import Times
from reviews.workflows.demo.streams import Flow

BROKEN_LINES: Final = 44
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HOME: Final = "https://members.northmoor.example"
_BROWSERS: Final = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile Safari/604.1",
)
_CLIENT: Final = ("NorthmoorQuotes/3.2 (+https://quotes.northmoor.example)",)
_VISITORS: Final = (*(f"192.0.2.{n}" for n in range(1, 255)), *(f"2001:db8:4000:{n:x}::1f" for n in range(1, 250)))
_CLIENTS: Final = tuple(f"198.51.100.{n}" for n in range(120, 132))
_MEMBERS: Final = tuple(f"member{n:04d}" for n in range(1, 400))

# weight, method, path, status, usual size, whether the member's name is known by then
Request = tuple[float, str, str, int, int, bool]
MIXES: Final[dict[str, tuple[Request, ...]]] = {
    "visitors": (
        (18, "GET", "/", 200, 18_204, False),
        (9, "GET", "/sign-in", 200, 6_120, False),
        (8, "POST", "/sign-in", 302, 0, False),
        (2.4, "POST", "/sign-in", 401, 6_410, False),
        (16, "GET", "/policies/{n}", 200, 24_890, True),
        (12, "GET", "/claims/{n}", 200, 19_377, True),
        (4, "POST", "/claims", 303, 0, True),
        (5, "POST", "/claims/{n}/documents", 201, 311, True),
        (7, "GET", "/documents/{n}/download", 200, 412_330, True),
        (1.2, "GET", "/exports/statements-{n}.csv", 200, 1_204_551, True),
        (1.1, "GET", "/claims/{n}", 403, 912, True),
        (1.5, "GET", "/policies/{n}", 404, 845, True),
        (0.3, "PUT", "/profile/{n}", 500, 640, True),
        (14, "GET", "/static/app.{n}.css", 304, 0, False),
    ),
    "clients": (
        (50, "GET", "/api/quotes/{n}", 200, 1_840, False),
        (40, "POST", "/api/quotes", 201, 420, False),
        (1.5, "POST", "/api/quotes", 429, 120, False),
        (0.8, "GET", "/api/quotes/{n}", 403, 98, False),
    ),
}


def combined(flow: Flow, day: dt.date, moments: Times) -> list[str]:
    """Lines of access.log in the combined format."""
    mix, n = MIXES[flow.mix], len(moments)
    rng = rhythm.generator("texts", flow.stream.key, day)
    places = rhythm.picks(rng, tuple(request[0] for request in mix), n)
    addresses, agents = (_VISITORS, _BROWSERS) if flow.mix == "visitors" else (_CLIENTS, _CLIENT)
    lots: list[list[int]] = np.stack(
        [rng.integers(0, size, n) for size in (len(addresses), len(agents), len(_MEMBERS), 9_000, 400)], axis=1
    ).tolist()
    date, found = f"{day.day:02d}/{_MONTHS[day.month - 1]}/{day.year}", []
    for at, place, lot in zip(rhythm.iso(moments), places, lots, strict=True):
        _, method, path, status, size, known = mix[place]
        member = _MEMBERS[lot[2]] if known else "-"
        referrer = f"{_HOME}/" if known else "-"
        sent = size + lot[4] if size else "-"
        found.append(
            f"{addresses[lot[0]]} - {member} [{date}:{at[11:19]} +0000] "
            f'"{method} {path.replace("{n}", str(10_000 + lot[3]))} HTTP/1.1" {status} {sent} '
            f'"{referrer}" "{agents[lot[1]]}"'
        )
    return found


def broken(lines: list[str], day: dt.date) -> list[bytes]:
    """Broken lines made from whole ones: most end before the status, a few hold bytes that are no text."""
    rng = rhythm.generator("broken", day)
    found: list[bytes] = []
    for number, place in enumerate(rng.integers(0, len(lines), BROKEN_LINES).tolist()):
        whole = lines[place].encode()
        cut = int(rng.integers(8, whole.index(b'"') + 6))
        found.append(b"\xff\xfe\x00" + whole[:cut] if number % 10 == 9 else whole[:cut])
    return found
