"""Logs as busy systems write them, made anew for each run: nothing repeats but what repeats in life.

Every record has ids, times and addresses of its own; names, calls and programs come from lists, as people and
programs do. The same seed gives the same bytes.
"""

import datetime as dt
import gzip
import json
import random
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from tests.logs import LONG_AGO, touch

START: Final = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
DAYS: Final = 7  # that a million records are spread over
RECORDS_A_FILE: Final = 2_000  # of a busy account, as CloudTrail delivers them every five minutes
_BLOCK: Final = 5_000
_ACCOUNTS: Final = [f"{number:012}" for number in (111111111111, 222222222222, 333333333333, 444444444444)]
_REGIONS: Final = ("eu-west-1", "eu-central-1", "us-east-1", "us-west-2")
_AGENTS: Final = (
    "aws-sdk-go-v2/1.24.1 os/linux lang/go#1.21.6 md/GOOS#linux md/GOARCH#amd64 api/s3#1.48.0",
    "Boto3/1.34.19 md/Botocore#1.34.19 ua/2.0 os/linux#5.10.205-195.807.amzn2.x86_64 md/arch#x86_64 lang/python#3.11.6",
    "aws-cli/2.15.10 Python/3.11.6 Linux/5.10.205-195.807.amzn2.x86_64 exe/x86_64.amzn.2 prompt/off command/ec2",
    "aws-sdk-java/2.22.9 Linux/5.10.205 OpenJDK_64-Bit_Server_VM/17.0.9+8-LTS Java/17.0.9 vendor/Amazon.com_Inc.",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
)
# Service, call, whether it only reads, what was asked for and what was answered; letters in braces are made anew.
_CALLS: Final[tuple[tuple[int, str, str, bool, dict[str, Any], Any], ...]] = (
    (30, "s3", "GetObject", True, {"bucketName": "ledger-{team}", "Host": "ledger-{team}.s3.eu-west-1.amazonaws.com",
     "key": "2026/10/{hex16}/part-{digits}.parquet"}, None),
    (12, "s3", "PutObject", False, {"bucketName": "ledger-{team}", "Host": "ledger-{team}.s3.eu-west-1.amazonaws.com",
     "key": "2026/10/{hex16}/part-{digits}.parquet", "x-amz-server-side-encryption": "aws:kms"},
     {"x-amz-server-side-encryption": "aws:kms", "x-amz-version-id": "{hex16}{hex16}"}),
    (14, "kms", "Decrypt", True, {"encryptionContext": {"aws:s3:arn": "arn:aws:s3:::ledger-{team}/{hex16}"},
     "encryptionAlgorithm": "SYMMETRIC_DEFAULT", "keyId": "arn:aws:kms:eu-west-1:111111111111:key/{team}"}, None),
    (12, "sts", "AssumeRole", True, {"roleArn": "arn:aws:iam::111111111111:role/{team}-runtime",
     "roleSessionName": "session-{digits}", "durationSeconds": 3600},
     {"credentials": {"accessKeyId": "ASIA{hex16}", "expiration": "Oct 14, 2026, 9:00:00 AM",
                      "sessionToken": "{hex16}{hex16}{hex16}"},
      "assumedRoleUser": {"assumedRoleId": "AROA{hex16}:session-{digits}",
                          "arn": "arn:aws:sts::111111111111:assumed-role/{team}-runtime/session-{digits}"}}),
    (10, "ec2", "DescribeInstances", True, {"maxResults": 1000, "instancesSet": {}, "filterSet": {"items": [
        {"name": "tag:team", "valueSet": {"items": [{"value": "{team}"}]}}]}}, None),
    (6, "ec2", "DescribeVolumes", True, {"volumeSet": {"items": [{"volumeId": "vol-{hex16}"}]}, "filterSet": {}}, None),
    (5, "logs", "CreateLogStream", False, {"logGroupName": "/aws/lambda/{team}-worker",
     "logStreamName": "2026/10/14/[$LATEST]{hex16}"}, None),
    (3, "dynamodb", "DescribeTable", True, {"tableName": "{team}-orders"}, None),
    (2, "secretsmanager", "GetSecretValue", True, {"secretId": "prod/{team}/database-{digits}"}, None),
    (2, "lambda", "UpdateFunctionCode20150331v2", False, {"functionName": "{team}-worker", "publish": True,
     "dryRun": False}, {"functionName": "{team}-worker", "codeSha256": "{hex16}{hex16}=", "version": "{digits}"}),
    (1, "ec2", "AuthorizeSecurityGroupIngress", False, {"groupId": "sg-{hex16}", "ipPermissions": {"items": [
        {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "groups": {}, "ipRanges": {"items": [
            {"cidrIp": "198.51.100.0/24"}]}}]}}, {"requestId": "{hex16}", "_return": True}),
    (1, "iam", "AttachRolePolicy", False, {"roleName": "{team}-runtime",
     "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, None),
    (1, "iam", "CreateUser", False, {"userName": "user{digits}", "tags": [{"key": "team", "value": "{team}"}]},
     {"user": {"path": "/", "userName": "user{digits}", "userId": "AIDA{hex16}",
               "arn": "arn:aws:iam::111111111111:user/user{digits}", "createDate": "Oct 14, 2026, 8:00:00 AM"}}),
    (1, "signin", "ConsoleLogin", False, {}, {"ConsoleLogin": "Success"}),
)  # fmt: skip


def trail_records(count: int, seed: int = 1) -> Iterator[str]:
    """CloudTrail records in the order of their times, each one line of compact JSON of 1.1 to 1.4 kB on average."""
    chance = random.Random(seed)
    shapes = [_shape(chance) for _ in range(1_500)]
    step = DAYS * 86_400 / max(count, 1_000_000)
    for number in range(count):
        shape = shapes[int(chance.random() ** 2 * len(shapes))]
        noise = f"{chance.getrandbits(512):0128x}"
        at = START + dt.timedelta(seconds=number * step)
        yield shape % {
            "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "event": str(uuid.UUID(noise[:32])),
            "request": f"{noise[32:36]}-{noise[36:48]}",
            "hex16": noise[48:64],
            "digits": f"{number * 7919 % 100_000:05}",
            "principal": noise[64:80].upper(),
            "address": f"203.0.{noise[80] == 'f':d}.{int(noise[81:83], 16)}",
            "more": noise[83:123],
        }


def _shape(chance: random.Random) -> str:
    """A record of one principal and call, as a %-pattern."""
    _, service, call, reads, parameters, answer = chance.choices(_CALLS, [one[0] for one in _CALLS])[0]
    account, region = chance.choice(_ACCOUNTS), chance.choice(_REGIONS)
    team = f"team{chance.randrange(60)}"
    record: dict[str, Any] = {
        "eventVersion": "1.08",
        "userIdentity": _identity(chance, account, team),
        "eventTime": "%(time)s",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": call,
        "awsRegion": region,
        "sourceIPAddress": "%(address)s",
        "userAgent": f"[{chance.choice(_AGENTS)}]",
    }
    if chance.random() < 0.06:
        record["errorCode"] = chance.choice(("AccessDenied", "Client.UnauthorizedOperation", "NoSuchKey"))
        record["errorMessage"] = f"User: arn:aws:sts::{account}:assumed-role/{team} is not authorized to {call}"
    record |= {
        "requestParameters": parameters or None,
        "responseElements": answer,
        "requestID": "%(request)s",
        "eventID": "%(event)s",
        "readOnly": reads,
        "eventType": "AwsConsoleSignIn" if call == "ConsoleLogin" else "AwsApiCall",
        "managementEvent": service != "s3",
        "recipientAccountId": account,
        "eventCategory": "Data" if service == "s3" else "Management",
    }
    if service == "s3":
        record["additionalEventData"] = {
            "SignatureVersion": "SigV4", "CipherSuite": "TLS_AES_128_GCM_SHA256", "bytesTransferredIn": 0,
            "AuthenticationMethod": "AuthHeader", "x-amz-id-2": "%(more)s",
        }  # fmt: skip
    if chance.random() < 0.5:
        host = f"{service}.{region}.amazonaws.com"
        record["tlsDetails"] = {"tlsVersion": "TLSv1.3", "clientProvidedHostHeader": host}
    text = json.dumps(record, separators=(",", ":"))
    for name in ("hex16", "digits"):
        text = text.replace(f"{{{name}}}", f"%({name})s")
    return text.replace("{team}", team)


def _identity(chance: random.Random, account: str, team: str) -> dict[str, Any]:
    if chance.random() < 0.1:
        user = f"user{chance.randrange(200)}"
        return {"type": "IAMUser", "principalId": f"AIDA{chance.getrandbits(64):016X}", "accountId": account,
                "arn": f"arn:aws:iam::{account}:user/{user}", "accessKeyId": "AKIA%(principal)s",
                "userName": user}  # fmt: skip
    role, session = f"{team}-runtime", f"i-{chance.getrandbits(68):017x}"
    principal = f"AROA{chance.getrandbits(64):016X}"
    return {"type": "AssumedRole", "principalId": f"{principal}:{session}",
            "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}", "accountId": account,
            "accessKeyId": "ASIA%(principal)s", "sessionContext": {"sessionIssuer": {
                "type": "Role", "principalId": principal, "arn": f"arn:aws:iam::{account}:role/{role}",
                "accountId": account, "userName": role},
                "attributes": {"creationDate": "%(time)s", "mfaAuthenticated": "false"}}}  # fmt: skip


_PAGES: Final = (
    "/", "/account", "/login", "/api/v1/orders", "/api/v1/items", "/static/app.js", "/static/site.css",
    "/search", "/cart", "/checkout", "/admin/users", "/health", "/images/logo.svg", "/docs/guide",
)  # fmt: skip
_BROWSERS: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.2 Safari/605.1.15",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0",
    "curl/8.5.0", "kube-probe/1.28", "python-requests/2.31.0",
)  # fmt: skip


def access_records(count: int, seed: int = 1) -> Iterator[str]:
    """Lines of an access log in combined form."""
    chance = random.Random(seed)
    step = DAYS * 86_400 / max(count, 1_000_000)
    for number in range(count):
        at = START + dt.timedelta(seconds=number * step)
        noise = chance.getrandbits(64)
        page = _PAGES[noise % len(_PAGES)]
        if noise >> 8 & 3:
            page += f"?id={noise >> 32:x}" if noise >> 10 & 1 else f"/{noise >> 40:x}"
        user = f"user{noise >> 16 & 127}" if not noise >> 24 & 7 else "-"
        status = (200, 200, 200, 200, 304, 200, 302, 404, 200, 200, 401, 200, 200, 500, 200, 200)[noise >> 28 & 15]
        yield (
            f"198.51.{noise & 255}.{noise >> 48 & 255} - {user} [{at:%d/%b/%Y:%H:%M:%S} +0000] "
            f'"{("GET", "GET", "GET", "POST")[noise >> 56 & 3]} {page} HTTP/1.1" {status} {noise >> 44 & 65535} '
            f'"https://shop.example.org{_PAGES[noise >> 5 & 7]}" "{_BROWSERS[noise % 6]}"'
        )


_MESSAGES: Final = (
    (16, "sshd[{pid}]: Failed password for invalid user {name} from {address} port {port} ssh2"),
    (10, "sshd[{pid}]: Failed password for root from {address} port {port} ssh2"),
    (8, "sshd[{pid}]: Invalid user {name} from {address} port {port}"),
    (8, "sshd[{pid}]: Connection closed by {address} port {port} [preauth]"),
    (6, "sshd[{pid}]: Received disconnect from {address} port {port}:11: Bye Bye [preauth]"),
    (6, "sshd[{pid}]: Disconnected from authenticating user root {address} port {port} [preauth]"),
    (8, "sshd[{pid}]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= "
        "rhost={address}  user=root"),
    (4, "sshd[{pid}]: Accepted publickey for {name} from {address} port {port} ssh2: ED25519 SHA256:{word}"),
    (4, "sshd[{pid}]: pam_unix(sshd:session): session opened for user {name}(uid=1000) by (uid=0)"),
    (4, "sshd[{pid}]: pam_unix(sshd:session): session closed for user {name}"),
    (3, "sudo:   {name} : TTY=pts/0 ; PWD=/home/{name} ; USER=root ; COMMAND=/usr/bin/systemctl restart {word}"),
    (8, "CRON[{pid}]: (root) CMD (   cd / && run-parts --report /etc/cron.hourly)"),
    (6, "CRON[{pid}]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)"),
    (3, "systemd[1]: Started Session {port} of User {name}."),
    (2, "systemd-logind[700]: New session {port} of user {name}."),
    (2, "kernel: [{port}.{pid}] audit: type=1400 apparmor=\"ALLOWED\" operation=\"open\" profile=\"{word}\" pid={pid}"),
    (1, "systemd[1]: {word}.service: Main process exited, code=exited, status=1/FAILURE"),
    (1, "useradd[{pid}]: new user: name={name}, UID=1001, GID=1001, home=/home/{name}, shell=/bin/bash, "
        "from=/dev/pts/0"),
)  # fmt: skip


def syslog_records(count: int, seed: int = 1) -> Iterator[str]:
    """Lines of an auth.log and kin, RFC 3164: as hosts on the internet write it, most of it failed sign-ins."""
    chance = random.Random(seed)
    shapes = chance.choices([text for _, text in _MESSAGES], [weight for weight, _ in _MESSAGES], k=4096)
    step = DAYS * 86_400 / max(count, 1_000_000)
    for number in range(count):
        at = START + dt.timedelta(seconds=number * step)
        noise = chance.getrandbits(64)
        yield f"{at:%b} {at.day:2} {at:%H:%M:%S} host{noise & 15:02} " + shapes[noise >> 52].format(
            pid=noise >> 4 & 32767,
            name=f"user{noise >> 20 & 511}",
            address=f"198.51.{noise >> 30 & 255}.{noise >> 38 & 255}",
            port=1024 + (noise >> 6 & 32767),
            word=f"{noise >> 24 & 0xFFFFFF:x}",
        )


def write_lines(path: Path, records: Iterator[str]) -> int:
    """One record a line. How many bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for block in _blocks(records, _BLOCK):
            file.write("\n".join(block) + "\n")
    return path.stat().st_size


def write_delivered(directory: Path, records: Iterator[str]) -> int:
    """Files as CloudTrail delivers them: {"Records":[…]}, gzipped. How many plain bytes."""
    directory.mkdir(parents=True, exist_ok=True)
    plain = 0
    for number, block in enumerate(_blocks(records, RECORDS_A_FILE)):
        data = ('{"Records":[' + ",".join(block) + "]}").encode()
        plain += len(data)
        (directory / f"111111111111_CloudTrail_eu-west-1_{number:06}.json.gz").write_bytes(gzip.compress(data, 6))
    return plain


def _blocks(records: Iterator[str], size: int) -> Iterator[list[str]]:
    block: list[str] = []
    for record in records:
        block.append(record)
        if len(block) == size:
            yield block
            block = []
    if block:
        yield block


MAKERS: Final[dict[str, Callable[[int], Iterator[str]]]] = {
    "cloudtrail": trail_records,
    "web_access": access_records,
    "syslog": syslog_records,
}
# How many records of each kind are 500 MB or a million lines.
KINDS: Final = {"cloudtrail": 400_000, "gzip": 400_000, "web_access": 1_000_000, "syslog": 1_000_000}


def make(kind: str, count: int, directory: Path) -> int:
    """Write the files of a kind. How many plain bytes."""
    if kind == "gzip":
        size = write_delivered(directory, MAKERS["cloudtrail"](count))
    else:
        size = write_lines(directory / "a.log", MAKERS[kind](count))
    for file in directory.iterdir():
        touch(file, LONG_AGO)
    return size
