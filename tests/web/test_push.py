"""Pushing logs over HTTP: who may, what is accepted, what is refused and leaves nothing behind."""

import datetime as dt
import gzip
import hashlib
import http.client
import json
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import zstandard
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from reviews.models import Import, PushToken, TrailEntry
from reviews.workflows import tokens
from reviews.workflows.scanning import spool_of
from tests.arrivals import Sender, make_open_source, said
from tests.logs import access_log
from tests.workflows.importing import Importer
from tests.world import World, make_source

LINES = access_log(0, 20)


@pytest.fixture
def sender(world: World, places: Path) -> Sender:
    cache.clear()
    return Sender(world, make_open_source(world))


def test_what_is_accepted_lies_in_the_spool_and_is_asked_for(sender: Sender):
    response = sender.push(LINES)
    assert response.status_code == 202
    told = json.loads(response.content)
    assert (told["bytes"], told["sha256"]) == (len(LINES), hashlib.sha256(LINES).hexdigest())
    assert sender.kept() == [LINES]
    assert Import.objects.get().state == "queued"
    assert not response.cookies


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("zstd", zstandard.compress), ("x-gzip", gzip.compress), ("identity", bytes)],
)
def test_packed_bodies_are_kept_as_they_are_sent(sender: Sender, encoding: str, pack):
    packed = pack(LINES)
    response = sender.push(packed, content_encoding=encoding)
    assert (response.status_code, json.loads(response.content)["bytes"]) == (202, len(LINES))
    assert sender.kept() == [packed]


def test_without_a_right_token_nobody_learns_whether_there_is_a_source(sender: Sender, world: World, places: Path):
    other = Sender(world, make_open_source(world, name="Other"))
    reading = make_source(world, str(places))
    gone = Sender(world, sender.source)
    tokens.revoke(world.tomas, PushToken.objects.get(source=sender.source, ends_at=None, hint=gone.secret[:12]))
    answers = set()
    for url, secret in (
        (sender.url, "push_wrong"),
        (sender.url, ""),
        (sender.url, other.secret),
        (sender.url, gone.secret),
        (reverse("push", args=[reading.pk]), sender.secret),
        (reverse("push", args=[999_999]), sender.secret),
    ):
        header = {"authorization": f"Bearer {secret}"} if secret else {}
        response = sender.client.post(url, LINES, content_type="text/plain", headers=header)
        answers.add((response.status_code, response.content, response.headers["WWW-Authenticate"]))
    assert len(answers) == 1
    assert answers.pop()[0] == 401
    assert sender.kept() == other.kept() == []


def test_a_session_opens_nothing(sender: Sender, signed_in, world: World):
    assert signed_in(world.ada).post(sender.url, LINES, content_type="text/plain").status_code == 401
    assert signed_in(world.ada).get(sender.url).status_code == 405


@pytest.mark.parametrize(
    ("body", "headers", "status", "sentence"),
    [
        (gzip.compress(LINES)[:-9], {"content_encoding": "gzip"}, 400, "ends early"),
        (gzip.compress(LINES)[:40] + b"\0" * 60, {"content_encoding": "gzip"}, 400, "damaged"),
        (zstandard.compress(LINES)[:-4], {"content_encoding": "zstd"}, 400, "ends early"),
        (LINES, {"content_encoding": "gzip"}, 400, "said to be gzip"),
        (gzip.compress(gzip.compress(LINES)), {"content_encoding": "gzip"}, 400, "binary"),
        (bytes(range(256)) * 20, {}, 400, "binary"),
        (LINES, {"content_encoding": "br"}, 415, "does not unpack"),
        (LINES, {"idempotency_key": "k" * 201}, 400, "longer than 200"),
    ],
    ids=["gzip cut", "gzip damaged", "zstd cut", "no gzip", "gzip twice", "binary", "br", "long key"],  # not the bytes
)
def test_what_is_wrong_is_said_and_nothing_is_kept(sender: Sender, body, headers, status: int, sentence: str):
    response = sender.push(body, **headers)
    assert (response.status_code, sentence in said(response)) == (status, True), said(response)
    assert sender.kept() == []
    assert not [path for path in spool_of(sender.source).top.rglob("*") if path.is_file()]
    assert not Import.objects.exists()


def test_a_form_with_a_file_is_not_taken_for_lines(sender: Sender):
    response = sender.client.post(sender.url, {"a": "b"}, headers={"authorization": f"Bearer {sender.secret}"})
    assert (response.status_code, "not a form" in said(response)) == (400, True)


def test_limits_on_bytes_as_sent_and_unpacked(sender: Sender, settings):
    settings.PUSH_BYTES = settings.PUSH_PLAIN_BYTES = len(LINES)
    assert sender.push(LINES).status_code == 202
    large = sender.push(LINES + b"x")
    assert (large.status_code, "smaller parts" in said(large)) == (413, True)
    bomb = sender.push(gzip.compress(b"a" * 10_000_000), content_encoding="gzip")
    assert bomb.status_code in {400, 413}
    settings.PUSH_BYTES = 1_000_000
    bomb = sender.push(gzip.compress(b"a" * 100_000_000), content_encoding="gzip")
    assert (bomb.status_code, "unpacks to more" in said(bomb)) == (400, True)
    assert sender.kept() == [LINES]


def test_a_key_stands_for_one_body_also_after_its_import(sender: Sender, places: Path):
    first = sender.push(LINES, idempotency_key="batch 1")
    again = sender.push(gzip.compress(LINES), content_encoding="gzip", idempotency_key="batch 1")
    assert (first.status_code, first.content) == (again.status_code, again.content) == (202, first.content)
    other = sender.push(access_log(20, 30), idempotency_key="batch 1")
    assert (other.status_code, "another body" in said(other)) == (422, True)
    assert sender.kept() == [LINES]
    importer = Importer(sender.source, places)
    assert importer.run().events == 20
    assert sender.kept() == []
    assert sender.push(LINES, idempotency_key="batch 1").content == first.content
    assert sender.push(access_log(20, 30), idempotency_key="batch 1").status_code == 422
    assert sender.kept() == []


def test_a_push_is_not_accepted_for_one_of_its_key_that_cannot_be_read(sender: Sender):
    packed = gzip.compress(LINES)
    sender.push(packed, content_encoding="gzip", idempotency_key="batch 1")
    (lying,) = spool_of(sender.source).arrivals()
    lying.path.unlink()
    lying.path.write_bytes(packed[:-20])
    again = sender.push(LINES, idempotency_key="batch 1")
    assert (again.status_code, "cannot be read" in said(again)) == (503, True)


def test_an_empty_body_is_a_sign_of_life(sender: Sender, places: Path):
    assert sender.push(b"", content_length="0").status_code == 202
    run = Importer(sender.source, places, now=timezone.now()).run()
    assert (run.records, run.problem, run.files_seen) == (0, "", 1)
    assert abs(run.read_until - timezone.now()) < dt.timedelta(minutes=5)
    assert sender.kept() == []


def test_a_token_that_is_used_too_often_is_asked_to_wait(sender: Sender, settings):
    settings.PUSHES_A_MINUTE = 2
    answers = [sender.push(access_log(number, number + 1)) for number in range(5)]  # two minutes at most
    assert [answer.status_code for answer in answers[:2]] == [202, 202]
    refused = next(answer for answer in answers if answer.status_code != 202)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")
    assert len(sender.kept()) < 5


def test_without_room_senders_are_told_to_come_back(sender: Sender, settings):
    assert sender.push(LINES).status_code == 202
    settings.SPOOL_BYTES = len(LINES) + 10
    full = sender.push(access_log(20, 40))
    assert (full.status_code, full.headers["Retry-After"]) == (503, "30")
    assert "wait for their import" in said(full)
    settings.SPOOL_BYTES = 10**9
    settings.SPOOL_FREE_BYTES = 1 << 60
    full = sender.push(access_log(20, 40))
    assert (full.status_code, "nearly full" in said(full)) == (503, True)
    assert sender.kept() == [LINES]


@pytest.mark.parametrize("step", ["write", "fsync", "link"])
def test_a_disk_that_refuses_loses_nothing_and_keeps_nothing(sender: Sender, monkeypatch, step: str):
    def refuses(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, step, refuses)
        response = sender.push(LINES)
    assert (response.status_code, "cannot write" in said(response)) == (503, True)
    assert not [path for path in spool_of(sender.source).top.rglob("*") if path.is_file()]


def test_the_last_use_is_noted_to_the_minute_and_the_trail_tells_of_tokens_not_of_each_push(
    sender: Sender, world: World
):
    for number in range(3):
        sender.push(access_log(number, number + 1))
    token = PushToken.objects.get(source=sender.source)
    assert token.used_at is not None
    assert (token.used_at.second, token.used_at.microsecond) == (0, 0)
    assert token.sha256 == hashlib.sha256(sender.secret.encode()).hexdigest()
    tokens.revoke(world.tomas, token)
    told = list(TrailEntry.objects.order_by("id").values_list("action", flat=True))
    assert told == ["token.made", "token.revoked"]
    assert sender.secret not in str(list(TrailEntry.objects.values_list("after", "before")))


def test_a_token_is_shown_once(signed_in, world: World, places: Path):
    source = make_open_source(world)
    client = signed_in(world.tomas)
    page = client.post(reverse("token_make", args=[source.pk]))
    secret = re.search(r"push_[\w-]{43}", page.content.decode()).group(0)
    assert "no-store" in page.headers["Cache-Control"]
    assert tokens.opening(source.pk, secret).source == source
    text = client.get(reverse("source", args=[source.pk])).content.decode()
    assert secret[:12] in text
    assert secret not in text
    token = PushToken.objects.get()
    page = client.post(reverse("token_revoke", args=[token.pk]), follow=True)
    assert "Nobody can push with it" in page.content.decode()
    with pytest.raises(tokens.Unknown):
        tokens.opening(source.pk, secret)


def test_a_body_cut_off_on_its_way_is_not_kept(live_server, world: World, places: Path):
    """A real server and a sender that dies; and one that does not say how long its body is."""
    sender = Sender(world, make_open_source(world))
    address = urlsplit(live_server.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    connection.putrequest("POST", sender.url)
    for name, value in (("Authorization", f"Bearer {sender.secret}"), ("Content-Length", str(len(LINES)))):
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(LINES[:-100])
    assert connection.sock is not None
    connection.sock.shutdown(1)  # nothing more comes; the answer can still be read
    response = connection.getresponse()
    assert (response.status, "ended before" in response.read().decode()) == (400, True)
    connection.close()
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    headers = {"Authorization": f"Bearer {sender.secret}"}
    connection.request("POST", sender.url, iter([LINES]), headers, encode_chunked=True)
    assert connection.getresponse().status == 411
    connection.close()
    assert sender.kept() == []
