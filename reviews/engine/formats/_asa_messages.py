"""What the numbered messages of Cisco firewalls mean, and whom and what address they name.

Facts: Cisco Secure Firewall ASA Series Syslog Messages; Cisco Secure Firewall Threat Defense Syslog Messages.

A denied packet is a failure: what somebody tried did not happen. In "Built inbound … for A to B" A began the
connection, in "Built outbound … for A to B" it was B. Where a connection ends, the message does not say who began it;
A is taken, which is named first.
"""

from typing import Final

from reviews.engine.events import (
    ADMINISTRATIVE_CHANGE,
    API_USAGE,
    AUTHENTICATION,
    DATA_EXPORT,
    FAILURE,
    OTHER,
    SUCCESS,
    SYSTEM_HEALTH,
    UNKNOWN,
)
from reviews.engine.formats._declare import Rule

# An address, perhaps behind the name of an interface: that has a letter which no address has.
_SOURCE: Final = r"\(?(?:[^ :/(]*[^0-9A-Fa-f. :/(][^ :/(]*[:/])?(?P<source_ip>[0-9A-Fa-f.:]+)"
_TARGET: Final = r"(?P<target>[^ (]+)"
_USER: Final = r"(?P<actor>[^ ,:]+)"
# The user of a connection: at its end, or as the identity firewall knows it behind the address.
_AT_END: Final = r".*? \((?P<actor>[^()/]+)\)(?: type \d+ code \d+)?\s*$"
_IDENTITY: Final = r"[^ ]*(?: \([^)]*\))? ?\(LOCAL\\(?P<actor>[^(),]+)[^)]*\)"
_VPN_USER: Final = r"^Group <?.*?>? User <?(?P<actor>[^>]*?)>? ?IP <?"
_VPN: Final = rf"{_VPN_USER}(?P<source_ip>[0-9A-Fa-f.:]+)>?"
_IKE: Final = r"(?:Group = (?P<target>[^,]+), )?(?:Username = (?P<actor>[^,]+), )?IP = (?P<source_ip>[^ ,]+)"


def _said(action: str, outcome: str, category: str, ids: str, *regexes: str) -> tuple[Rule, ...]:
    """Rules for messages of these numbers; the last of them holds for every text, so that the meaning is not lost.

    A number may be cut, and then stands for all that begin so.
    """
    whole = [number for number in ids.split() if len(number) == 6]
    cut = [number for number in ids.split() if len(number) < 6]
    tests = [f"starts_with(\"message_id\", '{number}')" for number in cut]
    if whole:
        tests.append(f'"message_id" IN ({", ".join(repr(number) for number in whole)})')
    when = f"({' OR '.join(tests)})"
    return tuple(Rule(action, when, regex, outcome, category) for regex in (*regexes, ""))


def _matching(action: str, outcome: str, category: str, ids: str, *regexes: str) -> tuple[Rule, ...]:
    """The same for messages whose text decides: what matches none is left to the rules that follow."""
    return _said(action, outcome, category, ids, *regexes)[:-1]


_SIGN_IN: Final = (
    *_said("sign-in permitted", SUCCESS, AUTHENTICATION, "605005",
           rf'^Login permitted from {_SOURCE}[^ ]* to {_TARGET} for user "(?P<actor>.*)"'),
    *_said("sign-in denied", FAILURE, AUTHENTICATION, "605004",
           rf'^Login denied from {_SOURCE}[^ ]* to {_TARGET} for user "(?P<actor>.*)"'),
    *_said("sign-in accepted", SUCCESS, AUTHENTICATION, "611101",
           rf"IP(?: address)?(?: =|:) (?P<source_ip>[^ ,]+), Uname: {_USER}", rf"Uname: {_USER}"),
    *_said("sign-in refused", FAILURE, AUTHENTICATION, "611102",
           rf"IP(?: address)?(?: =|:) (?P<source_ip>[^ ,]+), Uname: {_USER}", rf"Uname: {_USER}"),
    *_said("signed out", SUCCESS, AUTHENTICATION, "611103", rf"Uname: {_USER}"),
    *_said("authentication accepted", SUCCESS, AUTHENTICATION, "109005 109007",
           rf"for user '?(?P<actor>[^' ]+)'? from {_SOURCE}[^ ]* to {_TARGET}"),
    *_said("authentication refused", FAILURE, AUTHENTICATION, "109006 109008 109025 109033 109034",
           rf"user '?(?P<actor>[^' ]+)'? from {_SOURCE}(?:[^ ]* to {_TARGET})?"),
    *_said("AAA accepted", SUCCESS, AUTHENTICATION, "113004 113008 113009 113011 113012",
           r"[Uu]ser = (?P<actor>.+?)\s*$", r"for user (?P<actor>.+?)\s*$"),
    *_said("AAA refused", FAILURE, AUTHENTICATION, "113005 113015 113016 113017",
           r"user = (?P<actor>[^:]*?) ?: user IP = (?P<source_ip>[^ ]+)", r"user = (?P<actor>[^:]*?)\s*(?::|$)"),
    *_said("AAA failed", FAILURE, AUTHENTICATION, "113013 113014", r"user = (?P<actor>.+?)\s*$"),
    *_said("user locked out", FAILURE, AUTHENTICATION, "113006", r"^User (?P<actor>.+?) locked out"),
    *_said("user unlocked", SUCCESS, ADMINISTRATIVE_CHANGE, "113007",
           r"^User (?P<target>.+?) unlocked by (?P<actor>.+?)\s*$"),
    *_said("console sign-in refused", FAILURE, AUTHENTICATION, "113021", r"User (?P<actor>.+?) did NOT have"),
    *_said("enable password wrong", FAILURE, AUTHENTICATION, "308001", rf"\(from {_SOURCE}"),
    *_said("SSH session ended", UNKNOWN, AUTHENTICATION, "315011",
           rf'^SSH session from {_SOURCE} .*for user "?(?P<actor>[^" ]*)"? (?:disconnected|terminated)'),
    *_said("ASDM session started", SUCCESS, AUTHENTICATION, "606001 606003", rf" from {_SOURCE}"),
    *_said("ASDM session ended", SUCCESS, AUTHENTICATION, "606002 606004", rf" from {_SOURCE}"),
    *_said("privilege level changed", SUCCESS, AUTHENTICATION, "502103", rf"Uname: {_USER}"),
    *_said("access policy selected", SUCCESS, AUTHENTICATION, "734001",
           r"User (?P<actor>.+?), Addr (?P<source_ip>[^ ,]+)"),
)  # fmt: skip
_VPN_RULES: Final = (
    *_said("VPN session resumed", SUCCESS, AUTHENTICATION, "716059", rf"{_VPN_USER}.* from (?:IP )?<?{_SOURCE}"),
    *_said("VPN session started", SUCCESS, AUTHENTICATION, "113039 716001 722022 722033 722051 716038", _VPN),
    *_said("VPN session refused", FAILURE, AUTHENTICATION, "113029 113030 113032 113034 113038 716039 716004 716057",
           _VPN),
    *_said("VPN session ended", SUCCESS, AUTHENTICATION, "113019",
           r"Username = (?P<actor>[^,]*), IP = (?P<source_ip>[^ ,]+)"),
    *_said("VPN session ended", SUCCESS, AUTHENTICATION, "716002 716058 722023 722028 722030 722031", _VPN),
    *_said("VPN page permitted", SUCCESS, API_USAGE, "716003", rf"{_VPN} WebVPN access GRANTED: {_TARGET}"),
    *_said("VPN session", SUCCESS, AUTHENTICATION, "721016 721018", rf"client user (?P<actor>.+?), IP {_SOURCE}"),
    *_matching("VPN session", UNKNOWN, AUTHENTICATION, "716 722", _VPN),
    *_said("VPN negotiated", SUCCESS, AUTHENTICATION, "713049 713119 713120 713228", _IKE),
    *_matching("VPN negotiation", FAILURE, AUTHENTICATION, "713",
               rf"{_IKE}, .*(?:[Ff]ail|unacceptable|[Rr]eject|denied)"),
    *_matching("VPN negotiation", UNKNOWN, AUTHENTICATION, "713", _IKE),
    *_said("IPsec association", SUCCESS, OTHER, "602303 602304",
           rf"between {_SOURCE} and (?P<target>[^ ]+) \(user= ?(?P<actor>[^)]+)\)"),
    *_said("VPN negotiation failed", FAILURE, AUTHENTICATION, "750003",
           r"Local: ?(?P<target>[^ ]+):\d+ Remote: ?(?P<source_ip>[^ ]+):\d+ Username: ?(?P<actor>[^ ]+)"),
    *_matching("VPN negotiation", UNKNOWN, AUTHENTICATION, "750 751",
               r"Local: ?(?P<target>[^ ]+):\d+ Remote: ?(?P<source_ip>[^ ]+):\d+ Username: ?(?P<actor>[^ ]+)"),
    *_matching("VPN address", SUCCESS, OTHER, "737", r"(?:succeeded|assigned|Freeing)"),
    *_matching("VPN address", FAILURE, OTHER, "737", r"(?:[Ff]ail|[Uu]nable|no viable|not )"),
    *_said("TLS handshake", SUCCESS, OTHER, "725001 725002 725003 725007 725016", rf" (?:client|peer) {_SOURCE}"),
    *_said("TLS handshake failed", FAILURE, OTHER, "725006 725014", rf" (?:client|peer) {_SOURCE}"),
)  # fmt: skip
_ADMINISTRATION: Final = (
    *_said("command", SUCCESS, ADMINISTRATIVE_CHANGE, "111010",
           r"^User '(?P<actor>[^']*)', running '[^']*' from IP (?P<source_ip>[^ ,]+), "
           r"executed '?(?P<target>.*?)'?\s*$"),
    *_said("command", SUCCESS, ADMINISTRATIVE_CHANGE, "111008",
           r"^User '?(?P<actor>[^ ']+)'? executed the '?(?P<target>.*?)'? command"),
    *_said("reading command", SUCCESS, API_USAGE, "111009",
           r"^User '?(?P<actor>[^ ']+)'? executed cmd: ?(?P<target>.*?)\s*$"),
    *_matching("configuration", FAILURE, ADMINISTRATIVE_CHANGE, "111004",
               r"^(?P<source_ip>[^ ]+) end configuration: FAILED"),
    *_said("configuration", SUCCESS, ADMINISTRATIVE_CHANGE, "111001 111003 111004 111005",
           r"configuration: (?P<source_ip>[^ ]+) writing", r"^(?P<source_ip>[^ ]+) (?:[Ee]rase|end) configuration"),
    *_said("configuration read", SUCCESS, API_USAGE, "111002 111007", r"configuration: (?P<source_ip>[^ ]+) reading"),
    *_said("user added", SUCCESS, ADMINISTRATIVE_CHANGE, "502101", r"Uname: (?P<target>[^ ]+)"),
    *_said("user deleted", SUCCESS, ADMINISTRATIVE_CHANGE, "502102", r"Uname: (?P<target>[^ ]+)"),
    *_said("group policy changed", SUCCESS, ADMINISTRATIVE_CHANGE, "502111 502112", r"name: ?(?P<target>[^ ]+)"),
    *_said("file transferred over FTP", SUCCESS, DATA_EXPORT, "303002",
           rf"^FTP connection from {_SOURCE}/\d+.* to [^ ]+, user (?P<actor>[^ ]+) "
           r"(?:Retrieved|Stored) file (?P<target>.+?)\s*$"),
    *_said("clock set", SUCCESS, ADMINISTRATIVE_CHANGE, "771001 771002"),
)  # fmt: skip


def _flow(action: str, ids: str, begins: str, rest: str = "") -> tuple[Rule, ...]:
    """A connection: with its user at the end, with the one that the identity firewall knows, or with none."""
    endings = (f"{rest}{_AT_END}", f"{_IDENTITY}{rest}", rest)
    return _matching(action, SUCCESS, OTHER, ids, *(rf"^{begins}{ending}" for ending in endings))


_FOR: Final = rf"[^(]*? (?:connection|stub|flow)(?: connection)?(?: \d+)? (?:for|from) {_SOURCE}/\d+"
_TO: Final = rf".*? to {_TARGET}"
_BACK: Final = rf"[^(]*? connection \d+ for {_TARGET}.*? to {_SOURCE}/\d+"
_ICMP: Final = rf"[^(]*? faddr {_TARGET}.*? laddr {_SOURCE}/\d+"
_CONNECTIONS: Final = (
    *_flow("connection built", "302013 302015 302022 302024 302303", "Built outbound", _BACK),
    *_flow("connection built", "302013 302015 302022 302024 302303", f"Built{_FOR}", _TO),
    *_flow("connection ended", "302014 302016 302023 302025 302027 302304 302306", f"Teardown{_FOR}", _TO),
    *_flow("connection built", "302020", rf"Built inbound[^(]*? faddr {_SOURCE}/\d+", rf".*? laddr {_TARGET}"),
    *_flow("connection built", "302020", f"Built outbound{_ICMP}"),
    *_flow("connection ended", "302021", f"Teardown{_ICMP}"),
    *_said("connection built", SUCCESS, OTHER, "302013 302015 302020 302022 302024 302026 302303"),
    *_said("connection ended", SUCCESS, OTHER, "302014 302016 302021 302023 302025 302027 302304 302306"),
    *_said("address translated", SUCCESS, OTHER, "305009 305010 305011 305012",
           rf"translation from {_SOURCE}(?:/\d+)?(?:\(LOCAL\\(?P<actor>[^(),]+)[^)]*\))? to {_TARGET}"),
    *_said("local host", SUCCESS, OTHER, "609001 609002", rf"local-host {_SOURCE}"),
    *_said("flow offloaded", SUCCESS, OTHER, "805001 805002", rf" (?:from|for) [^ ]*? ?{_SOURCE}/\d+"),
    *_said("URL accessed", SUCCESS, OTHER, "304001",
           rf"^(?:(?P<actor>[^ @]+)@)?{_SOURCE}(?: ?\([^)]*\))? Accessed (?:JAVA )?URL {_TARGET}"),
    *_said("URL denied", FAILURE, OTHER, "304002", r"URL (?P<target>.+) SRC (?P<source_ip>[^ ]+) DEST"),
    *_said("permitted by rule", SUCCESS, OTHER, "607001", rf" for {_SOURCE}"),
    *_matching("permitted by rule", SUCCESS, OTHER, "106100 106102",
               rf"^access-list [^ ]+ (?:est-allowed|permitted) [^ ]+ for user (?P<actor>.+?) {_SOURCE}",
               rf"^access-list [^ ]+ (?:est-allowed|permitted) [^ ]+ {_SOURCE}[^>]*-> {_TARGET}"),
    *_said("denied by rule", FAILURE, OTHER, "106100 106103 106102",
           rf"^access-list [^ ]+ [^ ]+ [^ ]+ for user (?P<actor>.+?) {_SOURCE}",
           rf"^access-list [^ ]+ [^ ]+ [^ ]+ {_SOURCE}[^>]*-> {_TARGET}"),
    *_said("denied", FAILURE, OTHER, "106 313 710 322001 322002 322003",
           rf" (?:from|src|laddr|for) {_SOURCE}.*? (?:to|dst) {_TARGET}", rf" (?:from|src|laddr|for) {_SOURCE}"),
    *_said("suspicious packet", UNKNOWN, OTHER, "419 500", rf" from {_SOURCE}.*? to {_TARGET}"),
    *_said("no way out", FAILURE, OTHER, "110002 110003", rf" from {_SOURCE}"),
    *_said("reputation list", UNKNOWN, OTHER, "338", rf" from {_SOURCE}.*? to {_TARGET}"),
)  # fmt: skip
_HEALTH: Final = (
    *_matching("interface down", FAILURE, SYSTEM_HEALTH, "411 209", r"[Ii]nterface (?P<target>[^ ,]+).*\bdown\b"),
    *_said("interface", UNKNOWN, SYSTEM_HEALTH, "411 425", r"[Ii]nterface (?P<target>[^ ,]+)"),
    *_said("AAA server failed", FAILURE, SYSTEM_HEALTH, "113022", r"server (?P<target>[^ ]+) in"),
    *_said("AAA server active", SUCCESS, SYSTEM_HEALTH, "113023", r"server (?P<target>[^ ]+) in"),
    *_said("log server lost", FAILURE, SYSTEM_HEALTH, "414", rf"[Ss]yslog [Ss]erver {_TARGET}"),
    *_said("restarted", UNKNOWN, SYSTEM_HEALTH, "199", r"remote (?P<source_ip>[^)]+)\)"),
    *_said("failover", UNKNOWN, SYSTEM_HEALTH, "101 102 103 104 105 720"),
    *_said("resource", UNKNOWN, SYSTEM_HEALTH, "211 321 735 733"),
)  # fmt: skip
_SECURITY_EVENT: Final = r"\bSrcIP: (?P<source_ip>[^ ,]+), DstIP: (?P<target>[^ ,]+)(?:.*?\bUser: (?P<actor>[^,]+))?"
_THREAT_DEFENSE: Final = (
    *_matching("connection denied", FAILURE, OTHER, "430002 430003",
               rf"(?:{_SECURITY_EVENT}).*AccessControlRuleAction: Block",
               rf"AccessControlRuleAction: Block.*?{_SECURITY_EVENT}"),
    *_matching("connection", SUCCESS, OTHER, "430002 430003", _SECURITY_EVENT),
    *_said("security event", UNKNOWN, OTHER, "430", _SECURITY_EVENT),
)  # fmt: skip

RULES: Final = (*_SIGN_IN, *_ADMINISTRATION, *_VPN_RULES, *_CONNECTIONS, *_HEALTH, *_THREAT_DEFENSE)
