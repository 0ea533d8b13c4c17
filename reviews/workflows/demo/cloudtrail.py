"""CloudTrail events of the organisation trail, one JSON text each, in the shape in which AWS delivers them."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np

from reviews.workflows.demo import cast, rhythm
from reviews.workflows.demo.rhythm import Times
from reviews.workflows.demo.streams import Flow

PEOPLE: Final = ("d.hollis", "m.sorensen", "a.petrov", "k.lindgren", "s.banerjee", "r.oduya", "f.castell", "j.ferris")
ROLES: Final = ("deploy-pipeline", "claims-loader", "report-builder", "backup-runner", "policy-service", "node-group")
_OFFICE: Final = tuple(f"198.51.100.{n}" for n in range(10, 40))
_INSIDE: Final = tuple(f"10.40.{n % 6}.{20 + n}" for n in range(60))
_CLOUDFORMATION: Final = ("cloudformation.amazonaws.com",)


@dataclass(frozen=True)
class Call:
    """A call of the API: how often in its mix, what it asks for, who makes it, and how many in 1,000 are refused."""

    weight: float
    service: str
    name: str
    request: str = "null"  # JSON; {n} becomes a number
    reads: bool = False
    data: bool = False  # a data event: bucket objects, functions
    refused: int = 0
    exports: bool = False  # stops with the planted "stopped"


def _object(bucket: str, folder: str) -> str:
    return f'{{"bucketName":"northmoor-{bucket}","key":"{folder}/{{n}}.parquet"}}'


_USER: Final = '{"userName":"temp.worker{n}"}'
_ROLE: Final = '{"roleName":"job-{n}","policyArn":"arn:aws:iam::aws:policy/ReadOnlyAccess"}'
_KEY: Final = '{"userName":"svc-export{n}","accessKeyId":"AKIAEXAMPLE{n}"}'

MIXES: Final[dict[str, tuple[Call, ...]]] = {
    "machines": (
        Call(30, "sts", "AssumeRole", '{"roleArn":"arn:aws:iam::555500001101:role/job-{n}"}', reads=True),
        Call(18, "ec2", "DescribeInstances", '{"maxResults":{n}}', reads=True, refused=6),
        Call(8, "sts", "GetCallerIdentity", reads=True),
        Call(12, "s3", "GetObject", _object("artefacts", "builds"), reads=True, data=True, refused=4),
        Call(14, "s3", "PutObject", _object("artefacts", "builds"), data=True),
        Call(4, "s3", "DeleteObject", _object("artefacts", "builds"), data=True),
        Call(10, "lambda", "Invoke", '{"functionName":"claims-router-{n}"}', data=True),
        Call(4, "logs", "CreateLogStream", '{"logGroupName":"/jobs/{n}"}'),
    ),
    "people": (
        Call(16, "signin", "ConsoleLogin", refused=60),
        Call(22, "ec2", "DescribeInstances", '{"maxResults":{n}}', reads=True, refused=20),
        Call(10, "s3", "ListBuckets", reads=True, refused=10),
        Call(10, "iam", "ListUsers", '{"maxItems":{n}}', reads=True, refused=30),
        Call(8, "cloudtrail", "LookupEvents", '{"maxResults":{n}}', reads=True, refused=15),
        Call(12, "sts", "AssumeRole", '{"roleArn":"arn:aws:iam::555500001101:role/operator-{n}"}', reads=True),
        Call(6, "ssm", "StartSession", '{"target":"i-0a1b2c3d4e5f0{n}"}'),
        Call(5, "rds", "DescribeDBInstances", '{"maxRecords":{n}}', reads=True),
    ),
    "administration": (
        Call(6, "iam", "CreateUser", _USER),
        Call(5, "iam", "DeleteUser", _USER),
        Call(8, "iam", "AttachRolePolicy", _ROLE),
        Call(6, "iam", "DetachRolePolicy", _ROLE),
        Call(5, "iam", "AddUserToGroup", '{"groupName":"operators","userName":"temp.worker{n}"}'),
        Call(5, "iam", "RemoveUserFromGroup", '{"groupName":"operators","userName":"temp.worker{n}"}'),
        Call(6, "iam", "CreatePolicyVersion", '{"policyArn":"arn:aws:iam::555500001101:policy/team-{n}"}'),
        Call(6, "ec2", "AuthorizeSecurityGroupIngress", '{"groupId":"sg-0b7e{n}"}', refused=80),
        Call(8, "ec2", "RunInstances", '{"instanceType":"m7i.large","maxCount":{n}}', refused=60),
        Call(6, "ec2", "StopInstances", '{"instancesSet":{"items":[{"instanceId":"i-0a1b2c3d{n}"}]}}'),
        Call(6, "rds", "ModifyDBInstance", '{"dBInstanceIdentifier":"claims-{n}"}'),
        Call(4, "iam", "UpdateLoginProfile", '{"userName":"temp.worker{n}"}'),
        Call(4, "iam", "EnableMFADevice", '{"userName":"temp.worker{n}"}'),
        Call(6, "iam", "CreateAccessKey", _KEY),
        Call(5, "iam", "DeleteAccessKey", _KEY),
        Call(5, "secretsmanager", "GetSecretValue", '{"secretId":"platform/db-{n}"}', reads=True, refused=50),
        Call(3, "s3", "PutBucketReplication", '{"bucketName":"northmoor-backup-{n}"}'),
        Call(4, "s3", "PutObjectAcl", _object("artefacts", "public")),
        Call(3, "ec2", "CreateInstanceExportTask", '{"instanceId":"i-0a1b2c3d{n}"}'),
        Call(3, "logs", "PutRetentionPolicy", '{"logGroupName":"/jobs/{n}","retentionInDays":400}'),
    ),
    "loading": (
        Call(26, "s3", "PutObject", _object("warehouse", "claims"), data=True, refused=3),
        Call(30, "sts", "AssumeRole", '{"roleArn":"arn:aws:iam::555500001102:role/loader-{n}"}', reads=True),
        Call(16, "glue", "StartJobRun", '{"jobName":"claims-{n}"}'),
        Call(4, "s3", "DeleteObject", _object("warehouse", "staging"), data=True),
        Call(10, "sts", "GetCallerIdentity", reads=True),
    ),
    "exports": (
        Call(50, "s3", "GetObject", _object("warehouse", "claims"), reads=True, data=True, refused=8, exports=True),
        Call(30, "athena", "StartQueryExecution", '{"workGroup":"analysts","clientRequestToken":"q{n}"}', exports=True),
        Call(4, "rds", "StartExportTask", '{"exportTaskIdentifier":"claims-{n}"}', exports=True),
        Call(4, "dynamodb", "ExportTableToPointInTime", '{"tableArn":"quotes-{n}"}', exports=True),
    ),
    "keys": (
        Call(5, "iam", "AttachRolePolicy", _ROLE),
        Call(5, "iam", "DetachRolePolicy", _ROLE),
        Call(5, "iam", "CreateAccessKey", _KEY),
        Call(5, "iam", "DeleteAccessKey", _KEY),
        Call(5, "iam", "UpdateLoginProfile", '{"userName":"temp.worker{n}"}'),
        Call(5, "rds", "ModifyDBInstance", '{"dBInstanceIdentifier":"warehouse-{n}"}'),
        Call(8, "secretsmanager", "GetSecretValue", '{"secretId":"warehouse/db-{n}"}', reads=True),
        Call(4, "iam", "EnableMFADevice", '{"userName":"temp.worker{n}"}'),
        Call(4, "ec2", "AuthorizeSecurityGroupIngress", '{"groupId":"sg-0c11{n}"}'),
    ),
    "upkeep": (
        Call(5, "iam", "CreatePolicyVersion", '{"policyArn":"arn:aws:iam::555500001102:policy/table-{n}"}'),
        Call(6, "s3", "PutBucketPolicy", '{"bucketName":"northmoor-warehouse-{n}"}'),
        Call(6, "rds", "ModifyDBInstance", '{"dBInstanceIdentifier":"warehouse-{n}"}'),
    ),
    "reading": (
        Call(60, "secretsmanager", "GetSecretValue", '{"secretId":"policy/db-{n}"}', reads=True, refused=6),
        Call(20, "ssm", "GetParameters", '{"names":["/policy/{n}"],"withDecryption":true}', reads=True),
        Call(20, "sts", "AssumeRole", '{"roleArn":"arn:aws:iam::555500001103:role/reader-{n}"}', reads=True),
    ),
    "keeping": (
        Call(6, "iam", "CreateUser", _USER),
        Call(4, "iam", "DeleteUser", _USER),
        Call(6, "kms", "PutKeyPolicy", '{"keyId":"5e0c1d7a-{n}","policyName":"default"}'),
        Call(6, "iam", "AttachUserPolicy", '{"userName":"svc-export{n}","policyArn":"secret-reader"}'),
        Call(5, "iam", "DetachUserPolicy", '{"userName":"svc-export{n}","policyArn":"secret-reader"}'),
        Call(6, "iam", "CreateAccessKey", _KEY),
        Call(5, "iam", "DeleteAccessKey", _KEY),
        Call(3, "lambda", "UpdateFunctionConfiguration20150331v2", '{"functionName":"rotate-{n}"}'),
    ),
}
_BY_MACHINES: Final = {"machines", "loading", "reading"}
_BY_CLOUDFORMATION: Final = {"upkeep"}


def texts(flow: Flow, day: dt.date, moments: Times, *, exports_until: int | None = None) -> list[str | None]:
    """One event a moment; None for exports at or after `exports_until` (microseconds)."""
    mix, n = MIXES[flow.mix], len(moments)
    rng = rhythm.generator("texts", flow.stream.key, day)
    calls = rhythm.picks(rng, tuple(call.weight for call in mix), n)
    identities = _identities(flow)
    addresses = _addresses(flow.mix)
    who = rng.integers(0, len(identities), n).tolist()
    where = rng.integers(0, len(addresses), n).tolist()
    numbers = rng.integers(1, 60, n).tolist()
    luck = rng.integers(0, 1000, n).tolist()
    ids = event_ids(rng, n)
    found: list[str | None] = []
    for place, moment in enumerate(rhythm.iso(moments)):
        call = mix[calls[place]]
        if call.exports and exports_until is not None and moments[place] >= exports_until:
            found.append(None)
            continue
        found.append(
            event(
                flow.place,
                call,
                moment[:19],
                identities[who[place]],
                addresses[where[place]],
                ids[place],
                number=numbers[place],
                refused=luck[place] < call.refused,
            )
        )
    return found


def event(
    account: str,
    call: Call,
    moment: str,
    identity: tuple[str, str],
    address: str,
    event_id: str,
    *,
    number: int = 1,
    refused: bool = False,
) -> str:
    """The JSON text of one event."""
    login = call.name == "ConsoleLogin"
    answer, error, request = "null", "", call.request.replace("{n}", str(number))
    if login:
        answer = '{"ConsoleLogin":"Failure"}' if refused else '{"ConsoleLogin":"Success"}'
        error = '"errorMessage":"Failed authentication",' if refused else ""
    elif refused:
        error = f'"errorCode":"AccessDenied","errorMessage":"Not authorized to perform: {call.service}:{call.name}",'
    return (
        f'{{"eventVersion":"1.11","userIdentity":{identity[0]},"eventTime":"{moment}Z",'
        f'"eventSource":"{call.service}.amazonaws.com","eventName":"{call.name}","awsRegion":"{cast.REGION}",'
        f'"sourceIPAddress":"{address}","userAgent":"{identity[1]}",{error}'
        f'"requestParameters":{request},"responseElements":{answer},'
        f'"requestID":"{event_id[:8].upper()}{event_id[24:32].upper()}","eventID":"{event_id}",'
        f'"readOnly":{"true" if call.reads else "false"},'
        f'"eventType":"{"AwsConsoleSignIn" if login else "AwsApiCall"}",'
        f'"managementEvent":{"false" if call.data else "true"},"recipientAccountId":"{account}",'
        f'"eventCategory":"{"Data" if call.data else "Management"}"}}'
    )


def event_ids(rng: np.random.Generator, n: int) -> list[str]:
    """UUIDs of version 4 as CloudTrail writes them."""
    digits = rng.bytes(16 * n).hex()
    return [
        f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-a{raw[17:20]}-{raw[20:]}"
        for raw in (digits[32 * place : 32 * place + 32] for place in range(n))
    ]


def person(account: str, name: str) -> tuple[str, str]:
    """userIdentity and userAgent of somebody at the console."""
    return (
        f'{{"type":"IAMUser","principalId":"AIDA{name.upper().replace(".", "")}","arn":"arn:aws:iam::{account}:user/'
        f'{name}","accountId":"{account}","userName":"{name}"}}',
        "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
    )


def _role(account: str, name: str) -> tuple[str, str]:
    return (
        f'{{"type":"AssumedRole","principalId":"AROA{name.upper()}:job","arn":"arn:aws:sts::{account}:assumed-role/'
        f'{name}/job","accountId":"{account}","sessionContext":{{"sessionIssuer":{{"type":"Role","arn":"arn:aws:iam::'
        f'{account}:role/{name}","accountId":"{account}","userName":"{name}"}}}}}}',
        "Boto3/1.40 md/Botocore#1.40 ua/2.1 os/linux lang/python",
    )


def _identities(flow: Flow) -> tuple[tuple[str, str], ...]:
    if flow.mix in _BY_MACHINES or flow.mix in _BY_CLOUDFORMATION:
        return tuple(_role(flow.place, name) for name in ROLES)
    return tuple(person(flow.place, name) for name in PEOPLE)


def _addresses(mix: str) -> tuple[str, ...]:
    if mix in _BY_CLOUDFORMATION:
        return _CLOUDFORMATION
    return _INSIDE if mix in _BY_MACHINES else _OFFICE
