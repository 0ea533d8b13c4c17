"""Sign-in logs of hosts: auth.log lines as syslogd writes them (RFC 3164), and RFC 5424 as the collector keeps them."""

import datetime as dt
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from reviews.workflows.demo import rhythm
from reviews.workflows.demo.rhythm import Times
from reviews.workflows.demo.streams import Flow

PEOPLE: Final = ("dhollis", "msorensen", "apetrov", "klindgren", "sbanerjee", "roduya", "fcastell", "jferris")
SCANNED: Final = ("admin", "test", "oracle", "ubuntu", "postgres", "git", "deploy", "guest")
PARTNERS: Final = ("reinsurer", "brokers", "printing", "actuary")
BURST_FROM: Final = "203.0.113.77"
FRANKFURT: Final = ZoneInfo("Europe/Berlin")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_OFFICE: Final = tuple(f"198.51.100.{n}" for n in range(10, 40))
_INSIDE: Final = tuple(f"10.40.{n % 4}.{20 + n}" for n in range(40))
_OUTSIDE: Final = (*(f"203.0.113.{n}" for n in range(90, 160)), *(f"2001:db8:77::{n:x}" for n in range(1, 40)))


@dataclass(frozen=True)
class Message:
    """A message: how often in its mix, which program writes it, at which priority, and its text.

    In the text, {u} is a user, {i} an address, {p} a port, {n} a number.
    """

    weight: float
    program: str
    text: str
    priority: int = 86  # authpriv.info


_SESSION: Final = (
    Message(20, "sshd", "Accepted publickey for {u} from {i} port {p} ssh2: ED25519 SHA256:k{n}Zs0Q7pXvW1u{n}"),
    Message(20, "sshd", "pam_unix(sshd:session): session opened for user {u}(uid=1{n}) by (uid=0)"),
    Message(20, "sshd", "Disconnected from user {u} {i} port {p}"),
)
MIXES: Final[dict[str, tuple[Message, ...]]] = {
    "automation": (
        Message(26, "CRON", "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)"),
        Message(26, "CRON", "pam_unix(cron:session): session closed for user root"),
        Message(16, "sshd", "Accepted publickey for monitor from {i} port {p} ssh2: ED25519 SHA256:m0n1t0r{n}"),
        Message(16, "sshd", "Disconnected from user monitor {i} port {p}"),
        Message(5, "sudo", " deploy : PWD=/srv ; USER=root ; COMMAND=/usr/bin/systemctl restart app@{n}"),
        Message(0.2, "systemd", "backup-{n}.service: Failed with result 'exit-code'.", 27),
        Message(0.1, "kernel", "app[{p}]: segfault at 0 ip 00007f{n} sp 00007ffd error 4 in libc.so.6", 4),
    ),
    "operators": (
        *_SESSION,
        Message(3, "sshd", "Failed password for {u} from {i} port {p} ssh2"),
        Message(9, "sudo", " {u} : TTY=pts/1 ; PWD=/home/{u} ; USER=root ; COMMAND=/usr/bin/journalctl -u app@{n}"),
        Message(4, "sudo", " {u} : TTY=pts/1 ; PWD=/etc ; USER=root ; COMMAND=/usr/bin/vim /etc/app/app{n}.conf"),
        Message(2, "sudo", " {u} : TTY=pts/0 ; PWD=/tmp ; USER=root ; COMMAND=/usr/bin/rm /srv/app/cache/{n}"),
        Message(3, "su", "pam_unix(su:session): session opened for user root(uid=0) by {u}(uid=1{n})"),
        Message(0.4, "sudo", " {u} : user NOT in sudoers ; TTY=pts/2 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/su", 81),
        Message(0.6, "sudo", " {u} : 3 incorrect password attempts ; TTY=pts/2 ; PWD=/ ; USER=root ; COMMAND=/bin/sh"),
    ),
    "accounts": (
        Message(5, "useradd", "new user: name=worker{n}, UID=1{n}, GID=100, home=/home/worker{n}, shell=/bin/bash"),
        Message(4, "userdel", "delete user 'worker{n}'"),
        Message(5, "usermod", "add '{u}' to group 'operators'"),
        Message(4, "gpasswd", "user {u} removed by root from group operators"),
        Message(6, "passwd", "pam_unix(passwd:chauthtok): password changed for {u}"),
    ),
    "sessions": (
        *_SESSION,
        Message(4, "sshd", "Failed password for {u} from {i} port {p} ssh2"),
        Message(6, "sudo", " {u} : TTY=pts/1 ; PWD=/home/{u} ; USER=root ; COMMAND=/usr/bin/ss -tlnp"),
        Message(2, "sudo", " {u} : TTY=pts/1 ; PWD=/etc ; USER=root ; COMMAND=/usr/bin/nano /etc/ssh/hosts{n}"),
        Message(1, "sudo", " {u} : TTY=pts/1 ; PWD=/tmp ; USER=root ; COMMAND=/usr/bin/rm /tmp/trace-{n}.pcap"),
        Message(1, "su", "pam_unix(su:session): session opened for user root(uid=0) by {u}(uid=1{n})"),
        Message(0.3, "sudo", " {u} : user NOT in sudoers ; TTY=pts/2 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/su", 81),
    ),
    "scanners": (
        Message(30, "sshd", "Invalid user {s} from {o} port {p}"),
        Message(30, "sshd", "Failed password for invalid user {s} from {o} port {p} ssh2"),
        Message(4, "sshd", "error: maximum authentication attempts exceeded for root from {o} port {p} ssh2 [preauth]"),
    ),
    "batch": (
        Message(10, "sshd", "Accepted publickey for {r} from {i} port {p} ssh2: ED25519 SHA256:p4r{n}Tn3r"),
        Message(12, "vsftpd", '[{r}] OK LOGIN: Client "{i}"'),
        Message(
            30, "vsftpd", '[{r}] OK DOWNLOAD: Client "{i}", "/out/{r}/terms-{n}.pdf", 8{n}412 bytes, 914.20Kbyte/sec'
        ),
        Message(30, "sftp-server", 'open "/out/{r}/statement-{n}.csv" flags READ mode 0666'),
        Message(30, "sftp-server", 'close "/out/{r}/statement-{n}.csv" bytes read 8{n}412 written 0'),
        Message(20, "sftp-server", 'close "/in/{r}/claims-{n}.csv" bytes read 0 written 5{n}730'),
        Message(8, "sftp-server", 'rename old "/in/{r}/claims-{n}.csv.part" new "/in/{r}/claims-{n}.csv"'),
        Message(8, "sftp-server", 'remove name "/out/{r}/statement-{n}.csv"'),
        Message(4, "sftp-server", 'set "/in/{r}/claims-{n}.csv" mode 0640'),
        Message(2, "sshd", "Failed password for {r} from {i} port {p} ssh2"),
        Message(10, "sshd", "Disconnected from user {r} {i} port {p}"),
    ),
    "batch_upkeep": (
        Message(5, "useradd", "new user: name=partner{n}, UID=2{n}, GID=200, home=/srv/{r}, shell=/usr/sbin/nologin"),
        Message(4, "userdel", "delete user 'partner{n}'"),
        Message(4, "usermod", "add 'partner{n}' to group 'partners'"),
        Message(4, "gpasswd", "user partner{n} removed by root from group partners"),
        Message(4, "passwd", "pam_unix(passwd:chauthtok): password changed for partner{n}"),
        Message(6, "sudo", " batch : PWD=/srv ; USER=root ; COMMAND=/usr/local/bin/sweep --older-than {n}"),
        Message(4, "sudo", " batch : PWD=/srv ; USER=root ; COMMAND=/usr/bin/rm /srv/{r}/statement-{n}.csv"),
        Message(3, "sudo", " batch : PWD=/srv ; USER=root ; COMMAND=/usr/bin/vim /etc/exchange/{r}.conf"),
        Message(1, "sudo", " {r} : user NOT in sudoers ; PWD=/ ; USER=root ; COMMAND=/usr/bin/ls", 81),
    ),
    "burst": (Message(1, "sshd", f"Failed password for root from {BURST_FROM} port {{p}} ssh2"),),
}


def _drawn(flow: Flow, day: dt.date, n: int) -> list[tuple[Message, str, int]]:
    """Message, its text and a process id, n times."""
    mix = MIXES[flow.mix]
    rng = rhythm.generator("texts", flow.stream.key, day)
    places = rhythm.picks(rng, tuple(message.weight for message in mix), n)
    inside = _OFFICE if flow.mix in {"operators", "sessions"} else _INSIDE
    lots: list[list[int]] = np.stack(
        [
            rng.integers(0, size, n)
            for size in (len(PEOPLE), len(inside), len(_OUTSIDE), len(SCANNED), len(PARTNERS), 28_000, 90, 30_000)
        ],
        axis=1,
    ).tolist()
    found = []
    for place, lot in zip(places, lots, strict=True):
        text = mix[place].text.format(
            u=PEOPLE[lot[0]],
            i=inside[lot[1]],
            o=_OUTSIDE[lot[2]],
            s=SCANNED[lot[3]],
            r=PARTNERS[lot[4]],
            p=32_768 + lot[5],
            n=10 + lot[6],
        )
        found.append((mix[place], text, 400 + lot[7]))
    return found


def rfc3164(flow: Flow, day: dt.date, moments: Times, zone: ZoneInfo | None = None) -> list[str]:
    """Lines of auth.log. They carry neither year nor zone: UTC, or the local time of `zone`."""
    drawn = _drawn(flow, day, len(moments))
    stamps = rhythm.iso(_local(moments, zone) if zone else moments)
    return [
        f"{_MONTHS[int(at[5:7]) - 1]} {int(at[8:10]):2d} {at[11:19]} {flow.place} {_tag(message, pid)}: {text}"
        for at, (message, text, pid) in zip(stamps, drawn, strict=True)
    ]


def rfc5424(flow: Flow, day: dt.date, moments: Times) -> list[str]:
    """Lines of the collector, with year, zone and the word of the host that its clock is in time."""
    return [
        f"<{message.priority}>1 {at}Z {flow.place} {message.program} {pid} - "
        f'[timeQuality tzKnown="1" isSynced="1"] {text.strip()}'
        for at, (message, text, pid) in zip(rhythm.iso(moments), _drawn(flow, day, len(moments)), strict=True)
    ]


def _tag(message: Message, pid: int) -> str:
    # sudo, su and the kernel write no process id.
    return message.program if message.program in {"sudo", "su", "kernel"} else f"{message.program}[{pid}]"


def _local(moments: Times, zone: ZoneInfo) -> Times:
    """The moments moved by the zone's offset, hour by hour: what a clock on the wall there showed."""
    hours, place = np.unique(moments // rhythm.HOUR, return_inverse=True)
    offsets = [_offset(hour, zone) for hour in hours.tolist()]
    moved: Times = moments + np.array(offsets, dtype=np.int64)[place] if len(moments) else moments
    return moved


def _offset(hour: int, zone: ZoneInfo) -> int:
    moment = dt.datetime.fromtimestamp(hour * 3600, dt.UTC).astimezone(zone)
    offset = moment.utcoffset()
    return int(offset.total_seconds()) * rhythm.MICROSECONDS if offset else 0
