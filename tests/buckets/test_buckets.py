"""Buckets: every object is listed and read as the version it was listed as, and what goes wrong is one sentence."""

import socket
from pathlib import Path

import pytest

from reviews.engine.buckets import Access, Address, Bucket, address
from reviews.errors import BucketError, ObjectError
from tests.object_storage import Line, S3Server, TestBucket, answering


def error_xml(code: str) -> str:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>No.</Message></Error>"


def test_all_objects_are_listed_by_key_over_many_pages(s3: S3Server, bucket: TestBucket):
    keys = [f"logs/{number:02}.log" for number in range(23)] + ["logs/a b+c%d=ü.log", "logs/deep/er/x.log"]
    bucket.put_all({key: key.encode() for key in [*keys, "other/1.log"]})
    found = list(Bucket(bucket.name, s3.access()).objects("logs/", page=4))
    assert [one.key for one in found] == sorted(keys)
    assert {one.size for one in found} == {len(key.encode()) for key in keys}
    assert [one.key for one in Bucket(bucket.name, s3.access()).objects("logs/0")] == keys[:10]


def test_of_a_bucket_with_versions_all_are_listed_oldest_first_also_deleted_ones(s3: S3Server, versioned: TestBucket):
    for number in range(5):
        versioned.put("a.log", b"version %d" % number)
    versioned.put("b.log", b"kept")
    versioned.delete("a.log")
    read = Bucket(versioned.name, s3.access())
    found = list(read.objects("", page=2))
    assert [one.key for one in found] == ["a.log"] * 5 + ["b.log"]
    assert len({one.pin for one in found}) == 6
    assert [read.read(one) for one in found] == [b"version %d" % number for number in range(5)] + [b"kept"]


def test_what_was_overwritten_or_deleted_since_it_was_listed_is_not_taken_for_it(s3: S3Server, bucket: TestBucket):
    bucket.put_all({"a.log": b"first", "b.log": b"second"})
    read = Bucket(bucket.name, s3.access())
    first, second = read.objects("")
    bucket.put("a.log", b"other")
    bucket.delete("b.log")
    with pytest.raises(ObjectError, match=r"^The object was overwritten before it was read"):
        read.read(first)
    with pytest.raises(ObjectError, match=r"^The object was deleted before it was read\.$"):
        read.read(second)


def test_a_stretch_of_an_object_is_read_and_nothing_behind_its_end(s3: S3Server, bucket: TestBucket):
    bucket.put_all({"a": b"0123456789", "b": b""})
    read = Bucket(bucket.name, s3.access())
    one, empty = read.objects("")
    assert [read.read(one, start, 4) for start in (0, 4, 8, 12)] == [b"0123", b"4567", b"89", b""]
    assert read.read(empty) == b""


def test_a_connection_that_breaks_off_within_the_bytes_is_made_again(s3: S3Server, bucket: TestBucket, line: Line):
    data = bytes(range(256)) * 2000
    bucket.put("a", data)
    read = Bucket(bucket.name, s3.access(endpoint=line.endpoint, attempts=3, pause=0.01))
    [one] = Bucket(bucket.name, s3.access()).objects("")
    line.cut_after = [100_000, 300_000]
    assert read.read(one) == data
    assert line.connections == 3
    line.cut_after = [1000] * 9
    broken = Bucket(bucket.name, s3.access(endpoint=line.endpoint, attempts=1))
    with pytest.raises(BucketError, match=r"broke off while the bucket .* was read"):
        broken.read(one)


@pytest.mark.parametrize(
    ("who", "name", "said"),
    [
        ("reader", "no-such-bucket", "There is no bucket no-such-bucket"),
        ("stranger", "first", "may not list the bucket first. Allow it s3:ListBucket"),
        ("nobody", "first", r"does not accept the portal's credentials \(InvalidAccessKeyId\)"),
    ],
)
def test_a_bucket_that_cannot_be_listed_says_why(s3: S3Server, who: str, name: str, said: str):
    with pytest.raises(BucketError, match=said) as caught:
        list(Bucket(name, s3.access(who)).objects(""))
    assert "only-for-tests" not in str(caught.value)


def test_a_wrong_secret_is_said_and_not_shown(s3: S3Server):
    access = s3.access(secret="guessed")
    assert "guessed" not in repr(access)
    with pytest.raises(BucketError, match="SignatureDoesNotMatch") as caught:
        list(Bucket("first", access).objects(""))
    assert "guessed" not in str(caught.value)


def test_an_object_that_may_not_be_read_is_a_matter_of_its_own(s3: S3Server, bucket: TestBucket):
    bucket.put("a", b"1")
    read = Bucket(bucket.name, s3.access("lister"))
    [one] = read.objects("")
    with pytest.raises(ObjectError, match=r"may not read this object\. Allow it s3:GetObject"):
        read.read(one)


def test_a_provider_that_is_not_there_or_does_not_answer_says_so(s3: S3Server):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        access = Access(endpoint=f"http://127.0.0.1:{port}", key_id="a", secret="b", attempts=1, seconds=1)
        with pytest.raises(BucketError, match="did not answer within 1 seconds"):
            list(Bucket("first", access).objects(""))
    with pytest.raises(BucketError, match=r"cannot be reached\. Check S3_ENDPOINT"):
        list(Bucket("first", access).objects(""))


def test_without_credentials_or_with_an_unknown_profile_it_says_what_to_set(s3: S3Server):
    with pytest.raises(BucketError, match=r"no credentials for the bucket first\. Set S3_ACCESS_KEY_ID"):
        list(Bucket("first", Access(endpoint=s3.endpoint, attempts=1)).objects(""))
    with pytest.raises(BucketError, match="S3_PROFILES names 'other' for the bucket first"):
        Bucket("first", Access(profiles={"first": "other"}))
    with pytest.raises(BucketError, match=r"cannot be used \(ValueError\). Check the S3_… settings"):
        Bucket("first", Access(endpoint="no address"))


def test_keys_of_the_environment_and_a_profile_of_the_bucket_are_used(s3: S3Server, monkeypatch, tmp_path: Path):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "reader")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.access().secret)
    assert [one.key for one in Bucket("first", Access(endpoint=s3.endpoint)).objects("")] == ["one"]
    (tmp_path / "aws-config").write_text(
        f"[profile other]\nregion = us-east-1\nendpoint_url = {s3.endpoint}\ns3 =\n  addressing_style = path\n"
        f"aws_access_key_id = reader\naws_secret_access_key = {s3.access().secret}\n"
    )
    access = Access(endpoint="http://127.0.0.1:1", key_id="wrong", secret="wrong", profiles={"first": "other"})
    assert [one.key for one in Bucket("first", access).objects("")] == ["one"]


def test_a_provider_that_asks_for_fewer_requests_is_asked_again_and_then_said():
    with answering({"": (503, error_xml("SlowDown"))}) as (endpoint, asked):
        access = Access(endpoint=endpoint, key_id="a", secret="b", attempts=2)
        with pytest.raises(BucketError, match="The bucket first asks for fewer requests"):
            list(Bucket("first", access).objects(""))
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (301, "PermanentRedirect", "lies in another region. Set S3_REGION"),
        (400, "ExpiredToken", r"does not accept the portal's credentials \(ExpiredToken\)"),
        (403, "RequestTimeTooSkewed", "this machine's clock is wrong"),
        (418, "Teapot", "refuses with Teapot"),
    ],
)
def test_what_else_a_provider_answers_is_said(status: int, code: str, said: str):
    with answering({"": (status, error_xml(code))}) as (endpoint, _):
        access = Access(endpoint=endpoint, key_id="a", secret="b", attempts=1)
        with pytest.raises(BucketError, match=said):
            list(Bucket("first", access).objects(""))


def test_where_versions_may_not_be_listed_what_there_is_now_is():
    listed = (
        "<?xml version='1.0'?><ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a.log</Key>"
        "<LastModified>2026-10-01T00:00:00.000Z</LastModified><ETag>&quot;abc&quot;</ETag><Size>3</Size></Contents>"
        "</ListBucketResult>"
    )
    with answering({"versions": (403, error_xml("AccessDenied")), "list-type=2": (200, listed)}) as (endpoint, asked):
        access = Access(endpoint=endpoint, key_id="a", secret="b", attempts=1)
        read = Bucket("first", access)
        [one] = read.objects("")
    assert not read.may_list_versions
    assert (one.key, one.pin, one.version_id) == ("a.log", "abc", "")
    assert len(asked) == 2


def test_an_address_is_a_bucket_and_a_folder():
    assert address("s3://logs.example") == address("s3://logs.example/") == Address("logs.example", "")
    assert address("s3://logs/a/b") == address("s3://logs/a/b/") == Address("logs", "a/b/")
    assert str(address("s3://logs/a/b")) == "s3://logs/a/b/"
    assert Address("logs", "a/").holds(Address("logs", "a/b/"))
    assert not Address("logs", "a/").holds(Address("logs", "ab/"))
    assert not Address("logs").holds(Address("logs2"))


@pytest.mark.parametrize("url", ["", "logs", "/logs", "s3://", "s3://Lo", "s3://a..b", "s3://x/y\0", "https://a/b"])
def test_what_is_no_address_is_refused(url: str):
    with pytest.raises(BucketError, match=r"names no bucket|too long or holds a NUL"):
        address(url)
