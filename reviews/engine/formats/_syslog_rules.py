"""What sign-in, account and transfer programs write to syslog, and what each message means.

A name that somebody tried to sign in with is free text and may look like the rest of the message ("x from
192.0.2.1 port 22"). Expressions therefore take as much as they can for the name, so that the last address counts.
"""

from typing import Final

from reviews.engine.events import ADMINISTRATIVE_CHANGE, AUTHENTICATION, DATA_EXPORT, FILE_MODIFICATION, OTHER
from reviews.engine.events import SYSTEM_HEALTH
from reviews.engine.formats._declare import Rule

SIGN_IN_PROGRAMS: Final = (
    "sshd", "sshd-session", "sshd-auth", "sudo", "su", "login", "systemd-logind", "polkitd", "sssd", "gdm-password]",
    "dovecot", "vsftpd", "ftpd", "telnetd", "rlogind", "remote", "pam_unix", "unix_chkpwd", "runuser", "doas",
)  # fmt: skip
ACCOUNT_PROGRAMS: Final = (
    "useradd", "userdel", "usermod", "groupadd", "groupdel", "groupmod", "passwd", "chpasswd", "chage", "gpasswd",
    "adduser", "deluser", "chfn", "chsh", "newusers", "vipw", "visudo",
)  # fmt: skip
SYSTEM_PROGRAMS: Final = (
    "kernel", "systemd", "rsyslogd", "syslogd", "syslog-ng", "systemd-journald", "auditd", "shutdown", "init", "smartd",
    "NetworkManager", "dhclient", "ntpd", "chronyd", "systemd-timesyncd", "dbus-daemon", "dbus", "udevd", "acpid",
    "mdadm", "irqbalance", "systemd-udevd", "systemd-networkd", "systemd-resolved",
)  # fmt: skip

_SSH: Final = "\"program\" IN ('sshd', 'sshd-session', 'sshd-auth')"
_SFTP: Final = "\"program\" IN ('sftp-server', 'internal-sftp', 'sshd', 'sshd-session')"
_SUDO: Final = "\"program\" = 'sudo'"
_SU: Final = "\"program\" = 'su'"
_LOGIN: Final = "\"program\" IN ('login', 'remote')"
_LOGIND: Final = "\"program\" = 'systemd-logind'"
_CRON: Final = "lower(\"program\") IN ('cron', 'crond', 'anacron')"
_CRONTAB: Final = "\"program\" = 'crontab'"
_FTP: Final = "\"program\" IN ('vsftpd', 'ftpd')"
_WHO: Final = r"(?:(?:invalid|illegal) user )?(?P<actor>.*)"
_FROM: Final = r"from (?P<source_ip>[^ ]+)"


def _has(text: str) -> str:
    return f"contains(\"message\", '{text}')"


def _is(*programs: str) -> str:
    return '"program" IN (' + ", ".join(f"'{program}'" for program in programs) + ")"


def _sign_in(action: str, when: str, regex: str, outcome: str) -> Rule:
    return Rule(action, when, regex, outcome, AUTHENTICATION)  # type: ignore[arg-type]


def _account(action: str, program: str, regex: str, outcome: str = "success") -> Rule:
    return Rule(action, _is(program), regex, outcome, ADMINISTRATIVE_CHANGE)  # type: ignore[arg-type]


_PAM: Final = (
    _sign_in(
        "pam: authentication failure",
        _has("authentication failure;"),
        r"authentication failure; .*\brhost=(?P<source_ip>\S*)(?:\s+user=(?P<actor>.*?))?\s*$",
        "failure",
    ),
    _sign_in("pam: user unknown", _has("check pass; user unknown"), "", "failure"),
    _sign_in(
        "pam: session opened",
        _has("session opened for user "),
        r"session opened for user (?P<target>[^ (]+)(?:\(uid=\d+\))? by (?P<actor>[^ (]+)\(uid=\d+\)",
        "success",
    ),
    _sign_in(
        "pam: session opened", _has("session opened for user "), r"session opened for user (?P<actor>[^ (]+)", "success"
    ),
    _sign_in(
        "pam: session closed", _has("session closed for user "), r"session closed for user (?P<actor>[^ (]+)", "success"
    ),
    _sign_in(
        "pam: password changed", _has("password changed for "), r"password changed for (?P<target>\S+)", "success"
    ),
    _sign_in("pam: account expired", _has(" has expired"), r"account (?P<actor>\S+) has expired", "failure"),
    _sign_in(
        "pam: account locked",
        _has("Consecutive login failures for user "),
        r"Consecutive login failures for user (?P<actor>\S+)",
        "failure",
    ),
    _sign_in("pam: requirement not met", _has("not met by user "), r'not met by user "(?P<actor>[^"]*)"', "failure"),
)

_SSHD: Final = (
    _sign_in("sshd: accepted", _SSH, rf"^Accepted [^ ]+ for {_WHO} {_FROM} port \d+", "success"),
    _sign_in("sshd: failed", _SSH, rf"^Failed [^ ]+ for {_WHO} {_FROM} port \d+", "failure"),
    _sign_in("sshd: invalid user", _SSH, rf"^(?:Invalid|Illegal) user (?P<actor>.*) {_FROM}(?: port \d+)?\s*$", "failure"),
    _sign_in("sshd: invalid user", _SSH, r"invalid user (?P<actor>.*?) \[preauth\]$", "failure"),
    _sign_in("sshd: user not allowed", _SSH, rf"^User (?P<actor>.*) {_FROM} not allowed because", "failure"),
    _sign_in("sshd: user not allowed", _SSH, r"^User (?P<actor>.*) not allowed because", "failure"),
    _sign_in("sshd: too many attempts", _SSH, rf"attempts exceeded for {_WHO} {_FROM} port", "failure"),
    _sign_in("sshd: failed", _SSH, rf"^error: PAM: .* for {_WHO} {_FROM}", "failure"),
    _sign_in("sshd: root refused", _SSH, rf"^ROOT LOGIN REFUSED FROM (?P<source_ip>[^ ]+)", "failure"),
    _sign_in("sshd: postponed", _SSH, rf"^Postponed [^ ]+ for {_WHO} {_FROM} port", "unknown"),
    _sign_in("sshd: session started", _SSH, r"^Starting session: (?P<target>.*) for (?P<actor>[^ ]+) from (?P<source_ip>[^ ]+) port", "success"),
    _sign_in("sshd: disconnected", _SSH, r"^(?:Disconnected from|Connection (?:closed|reset) by|Disconnecting) (?:(?:invalid |authenticating )?user (?P<actor>.*) )?(?P<source_ip>[0-9A-Fa-f.:]+)(?: port \d+)?(?::.*)?(?: \[preauth\])?$", "unknown"),
    _sign_in("sshd: disconnected", _SSH, r"^Received disconnect from (?P<source_ip>[0-9A-Fa-f.:]+?)(?: port \d+)?:", "unknown"),
    _sign_in("sshd: connection", _SSH, r"^Connection from (?P<source_ip>[^ ]+) port", "unknown"),
    _sign_in("sshd: no identification", _SSH, r"(?:identification string|protocol version identification '.*') from (?P<source_ip>[^ ]+)", "failure"),
    _sign_in("sshd: address does not match", _SSH, r"^(?:reverse mapping checking getaddrinfo for [^ ]+ \[|Address )(?P<source_ip>[0-9A-Fa-f.:]+)", "unknown"),
    _sign_in("sshd: negotiation failed", _SSH, r"(?:negotiate with|authentication for) (?P<source_ip>[0-9A-Fa-f.:]+)", "failure"),
    _sign_in("sshd: refused", _SSH, r"^refused connect from [^ ]+ \((?P<source_ip>[^)]+)\)", "failure"),
    Rule("sshd: server", _SSH, r"^(?:Server listening on|Received SIGHUP|Received signal|Exiting on signal)", "unknown", SYSTEM_HEALTH),
)  # fmt: skip

_SFTP_RULES: Final = (
    Rule("sftp: session opened", _SFTP, r"^session opened for local user (?P<actor>[^ ]+) from \[(?P<source_ip>[^\]]+)\]", "success", AUTHENTICATION),
    Rule("sftp: session closed", _SFTP, r"^session closed for local user (?P<actor>[^ ]+) from \[(?P<source_ip>[^\]]+)\]", "success", AUTHENTICATION),
    Rule("sftp: transfer", _SFTP, r'^close "(?P<target>.*)" bytes read \d+ written \d+', "success", DATA_EXPORT),
    Rule("sftp: open", _SFTP, r'^open "(?P<target>.*)" flags', "success", DATA_EXPORT),
    Rule("sftp: change", _SFTP, r'^(?:remove name|rename old|set|mkdir name|rmdir name|symlink old|link old) "(?P<target>[^"]*)"', "success", FILE_MODIFICATION),
)  # fmt: skip

_ESCALATION: Final = (
    _sign_in("sudo: wrong password", _SUDO, r"^ *(?P<actor>[^ ]+) : \d+ incorrect password attempts? ;.*?\bCOMMAND=(?P<target>.*)$", "failure"),
    Rule("sudo: refused", _SUDO, r"^ *(?P<actor>[^ ]+) : (?:user NOT (?:in sudoers|authorized on host)|command not allowed|a password is required|no tty present|sorry, you must have a tty|unable to|unknown (?:user|uid|group)).*?\bCOMMAND=(?P<target>.*)$", "failure", AUTHENTICATION),
    _sign_in("sudo: command", _SUDO, r"^ *(?P<actor>[^ ]+) : .*?\bCOMMAND=(?P<target>.*)$", "success"),
    _sign_in("su: refused", _SU, r"^(?:FAILED SU|FAILED su) \(to (?P<target>[^)]+)\) (?P<actor>[^ ]+) on", "failure"),
    _sign_in("su: refused", _SU, r"^(?:FAILED SU|FAILED su) for (?P<target>[^ ]+) by (?P<actor>[^ ]+)", "failure"),
    _sign_in("su: refused", _SU, r"^BAD SU (?P<actor>[^ ]+) to (?P<target>[^ ]+)", "failure"),
    _sign_in("su: refused", _SU, r"^- [^ ]+ (?P<actor>[^ :]+)[:-](?P<target>[^ ]+)", "failure"),
    _sign_in("su: changed user", _SU, r"^\(to (?P<target>[^)]+)\) (?P<actor>[^ ]+) on", "success"),
    _sign_in("su: changed user", _SU, r"^Successful su for (?P<target>[^ ]+) by (?P<actor>[^ ]+)", "success"),
    _sign_in("su: changed user", _SU, r"^\+ [^ ]+ (?P<actor>[^ :]+)[:-](?P<target>[^ ]+)", "success"),
    _sign_in("su: changed user", _SU, r"^(?P<actor>[^ ]+) to (?P<target>[^ ]+) on ", "success"),
    _sign_in("login: refused", _LOGIN, r"^FAILED LOGIN (?:SESSION|\(?\d+\)?) FROM (?P<source_ip>[^ ]+) FOR (?P<actor>[^,]*)", "failure"),
    _sign_in("login: refused", _LOGIN, r"^FAILED LOGIN .* (?:FOR|on '[^']*' FOR) '?(?P<actor>[^',]*)", "failure"),
    _sign_in("login: accepted", _LOGIN, r"^(?:DIALUP AT [^ ]+|LOGIN ON [^ ]+) BY (?P<actor>[^ ]+)(?: FROM (?P<source_ip>[^ ]+))?", "success"),
    _sign_in("login: accepted", _LOGIN, r"^(?P<actor>ROOT) LOGIN +(?:ON|on) [^ ]+(?: FROM (?P<source_ip>[^ ]+))?", "success"),
    _sign_in("logind: session opened", _LOGIND, r"^New session [^ ]+ of user (?P<actor>.+?)\.?$", "success"),
    _sign_in("logind: session ended", _LOGIND, r"^(?:Removed session|Session [^ ]+ logged out)", "unknown"),
)  # fmt: skip

_ACCOUNTS: Final = (
    _account("useradd: new user", "useradd", r"^new user: name=(?P<target>[^,]+)"),
    _account("useradd: new group", "useradd", r"^new group: name=(?P<target>[^,]+)"),
    _account("useradd: failed", "useradd", r"^failed adding user '(?P<target>[^']*)'", "failure"),
    _account("useradd: added to group", "useradd", r"^add '(?P<target>[^']+)' to "),
    _account("userdel: deleted user", "userdel", r"^delete user '(?P<target>[^']+)'"),
    _account("userdel: deleted from group", "userdel", r"^delete '(?P<target>[^']+)' from "),
    _account("userdel: removed group", "userdel", r"^removed (?:shadow )?group '(?P<target>[^']+)'"),
    _account("usermod: added to group", "usermod", r"^add '(?P<target>[^']+)' to "),
    _account("usermod: deleted from group", "usermod", r"^delete '(?P<target>[^']+)' from "),
    _account("usermod: changed user", "usermod", r"^(?:change|lock|unlock) user '(?P<target>[^']+)'"),
    _account("groupadd: new group", "groupadd", r"^(?:new group: name=|group added to [^ ]+: name=)(?P<target>[^, ]+)"),
    _account("groupdel: removed group", "groupdel", r"^(?:shadow )?group '(?P<target>[^']+)' removed"),
    _account("groupmod: changed group", "groupmod", r"^group changed in [^ ]+ \((?:group )?(?P<target>[^/), ]+)"),
    _account("gpasswd: added to group", "gpasswd", r"^user (?P<target>[^ ]+) added by (?P<actor>[^ ]+) to group"),
    _account("gpasswd: removed from group", "gpasswd", r"^user (?P<target>[^ ]+) removed by (?P<actor>[^ ]+) from group"),
    _account("passwd: changed", "passwd", r"^password for '(?P<target>[^']+)' changed by '(?P<actor>[^']+)'"),
    _account("chage: changed expiry", "chage", r"^changed password expiry for (?P<target>[^ ]+)"),
)  # fmt: skip

_OTHERS: Final = (
    Rule("cron: command", _CRON, r"^\((?P<actor>[^)]+)\) CMD \((?P<target>.*)\)\s*$", "success", OTHER),
    Rule("crontab: changed", _CRONTAB, r"^\((?P<actor>[^)]+)\) (?:REPLACE|DELETE|END EDIT) \((?P<target>[^)]+)\)", "success", ADMINISTRATIVE_CHANGE),
    _sign_in("ftp: accepted", _FTP, r'\[(?P<actor>[^\]]+)\] OK LOGIN: Client "(?P<source_ip>[^"]+)"', "success"),
    _sign_in("ftp: refused", _FTP, r'\[(?P<actor>[^\]]+)\] FAIL LOGIN: Client "(?P<source_ip>[^"]+)"', "failure"),
    Rule("ftp: transfer", _FTP, r'\[(?P<actor>[^\]]+)\] OK (?:UPLOAD|DOWNLOAD): Client "(?P<source_ip>[^"]+)", "(?P<target>[^"]+)"', "success", DATA_EXPORT),
    _sign_in("ftp: connection", _FTP, r'(?:connection from |CONNECT: Client ")(?P<source_ip>[0-9A-Fa-f.:]+)', "unknown"),
)  # fmt: skip

RULES: Final = (*_SSHD, *_ESCALATION, *_PAM, *_ACCOUNTS, *_SFTP_RULES, *_OTHERS)
