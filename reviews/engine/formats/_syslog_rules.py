"""What sign-in, account and transfer programs write to syslog, and what each message means.

A name that somebody tried to sign in with is free text and may look like the rest of the message ("x from
192.0.2.1 port 22"). Expressions therefore take as much as they can for such a name: the last address counts.
"""

from typing import Final

from reviews.engine.events import (
    ADMINISTRATIVE_CHANGE,
    AUTHENTICATION,
    DATA_EXPORT,
    FAILURE,
    FILE_MODIFICATION,
    OTHER,
    SUCCESS,
    SYSTEM_HEALTH,
    UNKNOWN,
)
from reviews.engine.formats._declare import Rule

_SIGN_IN_PROGRAMS: Final = (
    "sshd", "sshd-session", "sshd-auth", "sudo", "su", "login", "systemd-logind", "polkitd", "sssd", "vsftpd", "ftpd",
    "telnetd", "rlogind", "klogind", "remote", "unix_chkpwd", "runuser", "doas",
)  # fmt: skip
_ACCOUNT_PROGRAMS: Final = (
    "useradd", "userdel", "usermod", "groupadd", "groupdel", "groupmod", "passwd", "chpasswd", "chage", "gpasswd",
    "adduser", "deluser", "chfn", "chsh", "newusers", "vipw", "visudo",
)  # fmt: skip
_SYSTEM_PROGRAMS: Final = (
    "kernel", "systemd", "rsyslogd", "syslogd", "syslog-ng", "systemd-journald", "auditd", "shutdown", "init", "smartd",
    "NetworkManager", "dhclient", "ntpd", "chronyd", "systemd-timesyncd", "dbus-daemon", "dbus", "udevd", "acpid",
    "mdadm", "irqbalance", "systemd-udevd", "systemd-networkd", "systemd-resolved",
)  # fmt: skip

_ACTOR: Final = r"(?P<actor>[^ ]+)"
_TARGET: Final = r"(?P<target>[^ ]+)"
_QUOTED: Final = r"'(?P<target>[^']*)'"
_HOST: Final = r"(?P<source_ip>[^ ]+)"  # a name is no address and is left out of the event
_IP: Final = r"(?P<source_ip>[0-9A-Fa-f.:]+)"
_IP_SHORT: Final = r"(?P<source_ip>[0-9A-Fa-f.:]+?)"  # where a colon follows the address
_WHO: Final = r"(?:(?:invalid|illegal) user )?(?P<actor>.*)"
_REPEATED: Final = r"^(?:message repeated \d+ times: \[ )?"


def _is(*programs: str) -> str:
    return '"program" IN (' + ", ".join(f"'{program}'" for program in programs) + ")"


def _says(text: str) -> str:
    return f"contains(\"message\", '{text}')"


def _rules(prefix: str, when: str, category: str, *rows: tuple[str, str, str]) -> tuple[Rule, ...]:
    """Rules of one program: (what happened, outcome, expression)."""
    return tuple(Rule(f"{prefix}: {what}", when, regex, outcome, category) for what, outcome, regex in rows)


def _pam(what: str, outcome: str, text: str, regex: str = "") -> Rule:
    """A rule of the PAM modules, which speak under the name of the program that calls them."""
    return Rule(f"pam: {what}", _says(text), regex, outcome, AUTHENTICATION)


_SSHD: Final = _rules(
    "sshd",
    _is("sshd", "sshd-session", "sshd-auth"),
    AUTHENTICATION,
    ("accepted", SUCCESS, rf"{_REPEATED}Accepted [^ ]+ for {_WHO} from {_HOST} port \d+"),
    ("failed", FAILURE, rf"{_REPEATED}Failed [^ ]+ for {_WHO} from {_HOST} port \d+"),
    ("invalid user", FAILURE, rf"^(?:Invalid|Illegal) user (?P<actor>.*) from {_HOST}(?: port \d+)?\s*$"),
    ("invalid user", FAILURE, r"^input_userauth_request: invalid user (?P<actor>.*?)(?: \[preauth\])?$"),
    ("user not allowed", FAILURE, rf"^User (?P<actor>.*) from {_HOST} not allowed because"),
    ("user not allowed", FAILURE, r"^User (?P<actor>.*) not allowed because"),
    ("too many attempts", FAILURE, rf"attempts exceeded for {_WHO} from {_HOST} port"),
    ("failed", FAILURE, rf"^error: PAM: .* for {_WHO} from {_HOST}"),
    ("root refused", FAILURE, rf"^(?P<actor>ROOT) LOGIN REFUSED FROM {_HOST}"),
    ("postponed", UNKNOWN, rf"^Postponed [^ ]+ for {_WHO} from {_HOST} port"),
    ("session started", SUCCESS, rf"^Starting session: (?P<target>.*) for {_ACTOR} from {_HOST} port"),
    ("subsystem", SUCCESS, rf"^subsystem request for {_TARGET} by user {_ACTOR}"),
    (
        "disconnected",
        UNKNOWN,
        r"^(?:Disconnected from|Connection (?:closed|reset) by|Disconnecting) "
        rf"(?:(?:invalid |authenticating )?user (?P<actor>.*) )?{_IP_SHORT}(?: port \d+)?(?:: .*)?(?: \[preauth\])?$",
    ),
    ("disconnected", UNKNOWN, rf"^(?:error: )?Received disconnect from {_IP_SHORT}(?: port \d+)?:"),
    ("session ended", UNKNOWN, rf"^Close session: user {_ACTOR} from {_HOST} port"),
    ("session ended", UNKNOWN, rf"^Timeout, client not responding from user {_ACTOR} {_IP} port"),
    ("refused", FAILURE, r"^drop connection .*? from \[(?P<source_ip>[^\]]+)\]"),
    ("negotiation failed", FAILURE, rf"^(?:banner exchange|ssh_dispatch_run_fatal): Connection from {_HOST} port"),
    ("connection", UNKNOWN, rf"^Connection from {_HOST} port"),
    ("no identification", FAILURE, rf"(?:receive identification string|identification '.*') from {_HOST}"),
    ("address does not match", UNKNOWN, rf"^(?:reverse mapping checking getaddrinfo for [^ ]+ \[|Address ){_IP}"),
    ("negotiation failed", FAILURE, rf"(?:negotiate with|authentication for) {_IP}"),
    ("refused", FAILURE, r"^refused connect from [^ ]+ \((?P<source_ip>[^)]+)\)"),
)
_SSHD_SERVER: Final = _rules(
    "sshd",
    _is("sshd"),
    SYSTEM_HEALTH,
    ("server", UNKNOWN, r"^(?:Server listening on|Received SIGHUP|Received signal|Exiting on signal)"),
)
_SFTP: Final = _is("sftp-server", "internal-sftp", "sshd", "sshd-session")
_SFTP_RULES: Final = (
    *_rules(
        "sftp",
        _SFTP,
        AUTHENTICATION,
        ("session opened", SUCCESS, rf"^session opened for local user {_ACTOR} from \[(?P<source_ip>[^\]]+)\]"),
        ("session closed", SUCCESS, rf"^session closed for local user {_ACTOR} from \[(?P<source_ip>[^\]]+)\]"),
    ),
    *_rules(
        "sftp",
        _SFTP,
        DATA_EXPORT,
        ("transfer", SUCCESS, r'^close "(?P<target>.*)" bytes read \d+ written \d+'),
    ),
    *_rules("sftp", _SFTP, OTHER, ("open", SUCCESS, r'^open "(?P<target>.*)" flags')),
    *_rules(
        "sftp",
        _SFTP,
        FILE_MODIFICATION,
        ("change", SUCCESS, r'^(?:remove name|rename old|set|(?:mk|rm)dir name|(?:sym)?link old) "(?P<target>[^"]*)"'),
    ),
)
_COMMAND: Final = r".*?\bCOMMAND=(?P<target>.*)$"
_SUDO: Final = _rules(
    "sudo",
    _is("sudo"),
    AUTHENTICATION,
    ("wrong password", FAILURE, rf"^ *{_ACTOR} : \d+ incorrect password attempts? ;{_COMMAND}"),
    (
        "refused",
        FAILURE,
        rf"^ *{_ACTOR} : (?:user NOT (?:in sudoers|authorized on host)|command not allowed|a password is required"
        rf"|no tty present|sorry, you must have a tty|unable to|unknown (?:user|uid|group)){_COMMAND}",
    ),
    ("command", SUCCESS, rf"^ *{_ACTOR} : {_COMMAND}"),
    ("command continued", UNKNOWN, rf"^ *{_ACTOR} : \(command continued\)"),
)
_ELEVATION: Final = (
    *_rules(
        "doas",
        _is("doas"),
        AUTHENTICATION,
        ("command", SUCCESS, rf"^{_ACTOR} ran command (?P<target>.*) as [^ ]+ from "),
        ("refused", FAILURE, r"^(?:failed auth for|command not permitted for) (?P<actor>[^ :]+)(?:: (?P<target>.*))?"),
    ),
    *_rules(
        "pkexec",
        _is("pkexec"),
        AUTHENTICATION,
        ("command", SUCCESS, r"^(?P<actor>[^ :]+): Executing command .*\[COMMAND=(?P<target>.*)\]"),
        ("refused", FAILURE, r"^(?P<actor>[^ :]+): Error executing command .*?(?:\[COMMAND=(?P<target>.*)\])?$"),
    ),
    *_rules(
        "polkit",
        _is("polkitd"),
        AUTHENTICATION,
        ("refused", FAILURE, r"FAILED to authenticate to gain .* for action (?P<target>[^ ]+)"),
        ("accepted", SUCCESS, r"authenticated as unix-user:(?P<actor>[^ ]+) to gain .* for action (?P<target>[^ ]+)"),
    ),
)
_SU: Final = _rules(
    "su",
    _is("su"),
    AUTHENTICATION,
    ("refused", FAILURE, rf"^(?:FAILED SU|FAILED su) \(to (?P<target>[^)]+)\) {_ACTOR} on"),
    ("refused", FAILURE, rf"^(?:FAILED SU|FAILED su) for {_TARGET} by {_ACTOR}"),
    ("refused", FAILURE, rf"^BAD SU {_ACTOR} to {_TARGET}"),
    ("refused", FAILURE, rf"^- [^ ]+ (?P<actor>[^ :]+)[:-]{_TARGET}"),
    ("changed user", SUCCESS, rf"^\(to (?P<target>[^)]+)\) {_ACTOR} on"),
    ("changed user", SUCCESS, rf"^Successful su for {_TARGET} by {_ACTOR}"),
    ("changed user", SUCCESS, rf"^\+ [^ ]+ (?P<actor>[^ :]+)[:-]{_TARGET}"),
    ("changed user", SUCCESS, rf"^{_ACTOR} to {_TARGET} on "),
)
_LOGIN: Final = _rules(
    "login",
    _is("login", "remote"),
    AUTHENTICATION,
    ("refused", FAILURE, rf"^FAILED LOGIN (?:SESSION|\(?\d+\)?) FROM {_HOST} FOR (?P<actor>[^,]*)"),
    ("refused", FAILURE, r"^FAILED LOGIN .* FOR '?(?P<actor>[^',]*)"),
    ("accepted", SUCCESS, rf"^(?:DIALUP AT|LOGIN ON) [^ ]+ BY {_ACTOR}(?: FROM {_HOST})?"),
    ("accepted", SUCCESS, rf"^(?P<actor>ROOT) LOGIN +(?:ON|on) [^ ]+(?: FROM {_HOST})?"),
)
_REMOTE: Final = (
    Rule(
        "login: accepted",
        "starts_with(\"message\", '-- ')",
        r"^-- [^ ]+: (?P<actor>ROOT) LOGIN ON ",
        SUCCESS,
        AUTHENTICATION,
    ),
    *_rules(
        "remote login",
        _is("klogind", "rlogind", "telnetd", "kshd", "rshd", "gdm", "gdm-binary"),
        AUTHENTICATION,
        ("refused", FAILURE, rf"^Authentication failed from {_HOST}"),
        ("refused", FAILURE, r"^(?:Kerberos authentication failed|Couldn't authenticate user)"),
    ),
)
_LOGIND: Final = _rules(
    "logind",
    _is("systemd-logind"),
    AUTHENTICATION,
    ("session opened", SUCCESS, r"^New session [^ ]+ of user (?P<actor>.+?)\.?$"),
    ("session ended", UNKNOWN, r"^(?:Removed session|Session [^ ]+ logged out)"),
)
_PAM: Final = (
    _pam(
        "authentication failure",
        FAILURE,
        "authentication failure",
        r"authentication failures?; .*\brhost=(?P<source_ip>\S*)(?:\s+user=(?P<actor>.*?))?\s*$",
    ),
    _pam("user unknown", FAILURE, "check pass; user unknown"),
    _pam(
        "session opened",
        SUCCESS,
        "session opened for user ",
        r"session opened for user (?P<target>[^ (]+)(?:\(uid=\d+\))? by (?P<actor>[^ (]+)\(uid=\d+\)",
    ),
    _pam("session opened", SUCCESS, "session opened for user ", r"session opened for user (?P<actor>[^ (]+)"),
    _pam("session closed", SUCCESS, "session closed for user ", r"session closed for user (?P<actor>[^ (]+)"),
    _pam("password changed", SUCCESS, "password changed for ", r"password changed for (?P<target>\S+)"),
    _pam("password not given", FAILURE, "could not identify password for ", r"password for \[(?P<actor>[^\]]*)\]"),
    _pam("account expired", FAILURE, " has expired", r"account (?P<actor>\S+) has expired"),
    _pam("account locked", FAILURE, "Consecutive login failures for user ", r"failures for user (?P<actor>\S+)"),
    _pam("requirement not met", FAILURE, "not met by user ", r'not met by user "(?P<actor>[^"]*)"'),
)


def _account(program: str, *rows: tuple[str, str, str]) -> tuple[Rule, ...]:
    return _rules(program, _is(program), ADMINISTRATIVE_CHANGE, *rows)


_ACCOUNTS: Final = (
    *_account(
        "useradd",
        ("new user", SUCCESS, r"^new user: name=(?P<target>[^,]+)"),
        ("new group", SUCCESS, r"^new group: name=(?P<target>[^,]+)"),
        ("failed", FAILURE, rf"^failed adding user {_QUOTED}"),
        ("added to group", SUCCESS, rf"^add {_QUOTED} to "),
    ),
    *_account(
        "userdel",
        ("deleted user", SUCCESS, rf"^delete user {_QUOTED}"),
        ("deleted from group", SUCCESS, rf"^delete {_QUOTED} from "),
        ("removed group", SUCCESS, rf"^removed (?:shadow )?group {_QUOTED}"),
    ),
    *_account(
        "usermod",
        ("added to group", SUCCESS, rf"^add {_QUOTED} to "),
        ("deleted from group", SUCCESS, rf"^delete {_QUOTED} from "),
        ("changed user", SUCCESS, rf"^(?:change|lock|unlock) user {_QUOTED}"),
    ),
    *_account("groupadd", ("new group", SUCCESS, r"^(?:new group|group added to [^ ]+): name=(?P<target>[^, ]+)")),
    *_account("groupdel", ("removed group", SUCCESS, rf"^(?:shadow )?group {_QUOTED} removed")),
    *_account("groupmod", ("changed group", SUCCESS, r"^group changed in [^ ]+ \((?:group )?(?P<target>[^/), ]+)")),
    *_account(
        "gpasswd",
        ("added to group", SUCCESS, rf"^user {_TARGET} added by {_ACTOR} to group"),
        ("removed from group", SUCCESS, rf"^user {_TARGET} removed by {_ACTOR} from group"),
    ),
    *_account("passwd", ("changed", SUCCESS, rf"^password for {_QUOTED} changed by '(?P<actor>[^']+)'")),
    *_account("chfn", ("changed user", SUCCESS, rf"^changed user {_QUOTED}")),
    *_account("chage", ("changed expiry", SUCCESS, rf"^changed password expiry for {_TARGET}")),
)
_PAREN: Final = r"^\((?P<actor>[^)]+)\)"
_FTP: Final = _is("vsftpd", "ftpd")
_FTP_USER: Final = r"\[(?P<actor>[^\]]+)\]"
_CLIENT: Final = r'Client "(?P<source_ip>[^"]+)"'
_FTP_FILE: Final = rf'{_CLIENT}, "(?P<target>[^"]+)"'
_FTP_PEER: Final = r"\[(?P<source_ip>[^\]]+)\]\) - USER (?P<actor>[^ :]+)"
_OTHERS: Final = (
    *_rules("cron", _is("CRON", "cron", "crond", "anacron"), OTHER,
            ("command", SUCCESS, rf"{_PAREN} CMD \((?P<target>.*)\)\s*$")),
    *_rules("crontab", _is("crontab"), ADMINISTRATIVE_CHANGE,
            ("changed", SUCCESS, rf"{_PAREN} (?:REPLACE|DELETE|END EDIT) \((?P<target>[^)]+)\)")),
    *_rules(
        "ftp",
        _FTP,
        AUTHENTICATION,
        ("accepted", SUCCESS, rf"{_FTP_USER} OK LOGIN: {_CLIENT}"),
        ("refused", FAILURE, rf"{_FTP_USER} FAIL LOGIN: {_CLIENT}"),
        ("connection", UNKNOWN, rf'(?:connection from |CONNECT: Client "){_IP}'),
    ),
    *_rules(
        "ftp",
        _FTP,
        DATA_EXPORT,
        ("transfer", SUCCESS, rf"{_FTP_USER} OK (?:UP|DOWN)LOAD: {_FTP_FILE}"),
        ("transfer", FAILURE, rf"{_FTP_USER} FAIL (?:UP|DOWN)LOAD: {_FTP_FILE}"),
    ),
    *_rules(
        "ftp",
        _FTP,
        FILE_MODIFICATION,
        ("change", SUCCESS, rf"{_FTP_USER} OK (?:DELETE|RENAME|MKDIR|RMDIR|CHMOD): {_FTP_FILE}"),
    ),
    *_rules(
        "ftp",
        _is("proftpd"),
        AUTHENTICATION,
        ("accepted", SUCCESS, rf"{_FTP_PEER}: Login successful"),
        ("refused", FAILURE, rf"{_FTP_PEER}(?: \(Login failed\)|: no such user)"),
    ),
)  # fmt: skip
_PACKET: Final = r"IN=.*\bSRC=(?P<source_ip>[^ ]+) DST=(?P<target>[^ ]+)"
_STATE: Final = (
    *_rules(
        "firewall",
        _is("kernel"),
        OTHER,
        ("packet refused", FAILURE, rf"^[^=]*(?i:block|drop|den[iy]|reject)[^=]*\b{_PACKET}"),
        ("packet", UNKNOWN, rf"\b{_PACKET}"),
    ),
    *_rules(
        "systemd",
        _is("systemd"),
        SYSTEM_HEALTH,
        ("started", SUCCESS, r"^(?:Started|Finished|Mounted|Reached target) (?P<target>.+?)\.?$"),
        ("stopped", SUCCESS, r"^(?:Stopped target|Stopped|Unmounted) (?P<target>.+?)\.?$"),
        ("failed", FAILURE, r"^Failed to (?:start|mount|reload) (?P<target>.+?)\.?$"),
        ("failed", FAILURE, r"^(?P<target>[^ ]+): (?:Failed with result|Unit entered failed state)"),
    ),
    *_rules(
        "init",
        "ends_with(\"message\", ' succeeded')",
        SYSTEM_HEALTH,
        ("started", SUCCESS, rf"^{_TARGET} startup succeeded"),
        ("stopped", SUCCESS, rf"^{_TARGET} shutdown succeeded"),
    ),
)

RULES: Final = (
    *_SSHD, *_SUDO, *_ELEVATION, *_SU, *_LOGIN, *_REMOTE, *_LOGIND, *_PAM, *_ACCOUNTS, *_SSHD_SERVER, *_SFTP_RULES,
    *_OTHERS, *_STATE,
)  # fmt: skip

# Where no rule tells the category, the program does.
CATEGORY: Final = f"""CASE WHEN "rule_category" IS NOT NULL THEN "rule_category"
    WHEN "program" IN {_SIGN_IN_PROGRAMS} THEN 'authentication'
    WHEN "program" IN {_ACCOUNT_PROGRAMS} THEN 'administrative_change'
    WHEN "program" IN {_SYSTEM_PROGRAMS} THEN 'system_health' ELSE 'other' END"""
