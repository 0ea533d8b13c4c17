"""The pages of records (reviews/web/views/records.py): who sees which, what they say, and the trail they leave."""

import datetime as dt
import hashlib
import io
import re
import zipfile

import pytest
from django.urls import reverse
from django.utils import timezone

from reviews import access
from reviews.models import Record, RecordState, TrailEntry
from reviews.workflows import records as workflow
from tests.records.signed import make_cycle, make_record, make_review, sign
from tests.world import World

pytestmark = pytest.mark.usefixtures("places")


def text(response) -> str:
    """Words of the page; no-break spaces are spaces here."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def made(world: World) -> Record:
    return make_record(world)


def test_nobody_reads_a_record_without_signing_in(client, made):
    for url in (
        reverse("records"),
        reverse("record", args=[made.pk]),
        reverse("record_download", args=[made.pk]),
        reverse("portal_key"),
    ):
        assert client.get(url).status_code == 302, url


# --- Who ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["stranger", "auditor"])
def test_people_without_a_role_learn_nothing_of_a_record(who, world: World, made, signed_in):
    client = signed_in(world.everybody()[who])
    assert Record.objects.filter(pk=made.pk).exists()  # it is there, and yet
    assert client.get(reverse("record", args=[made.pk])).status_code == 404
    assert client.get(reverse("record_download", args=[made.pk])).status_code == 404
    assert client.post(reverse("record_download", args=[made.pk])).status_code == 404
    page = client.get(reverse("records")).content.decode()
    assert made.number not in page
    assert "Payments API" not in page
    assert "No record yet" in page


def test_people_of_other_services_learn_nothing_of_a_record(world: World, signed_in):
    hidden = make_record(world, make_review(world, make_cycle(world), service=world.secret))
    for name, person in world.everybody().items():
        client = signed_in(person)
        expected = 200 if name == "administrator" else 404
        assert client.get(reverse("record", args=[hidden.pk])).status_code == expected, name
        download = client.get(reverse("record_download", args=[hidden.pk]))
        if download.streaming:
            b"".join(download.streaming_content)  # to its end, which closes the file; close() would close the database
        assert download.status_code == expected, name
        assert ("Secret project" in client.get(reverse("records")).content.decode()) is (expected == 200), name


@pytest.mark.parametrize("who", ["viewer", "preparer", "approver", "owner", "keeper", "administrator"])
def test_people_of_the_service_read_its_record(who, world: World, made, signed_in):
    client = signed_in(world.everybody()[who])
    assert client.get(reverse("record", args=[made.pk])).status_code == 200
    assert made.number in client.get(reverse("records")).content.decode()


def test_an_auditors_seat_opens_one_record_and_ends_by_itself(world: World, made, signed_in):
    other = make_record(world, make_review(world, made.review.cycle, service=world.cloud))
    client = signed_in(world.leila)
    today = timezone.now().date()
    access.seat_auditor(world.leila, made.review, today)
    page = client.get(reverse("record", args=[made.pk]))
    assert page.status_code == 200
    assert f"Your seat at this review ends on {today.day} {today:%b %Y}" in text(page)
    assert client.get(reverse("record", args=[other.pk])).status_code == 404
    assert other.number not in client.get(reverse("records")).content.decode()
    access.seat_auditor(world.leila, made.review, today - dt.timedelta(days=1))
    assert client.get(reverse("record", args=[made.pk])).status_code == 404
    assert client.get(reverse("record_download", args=[made.pk])).status_code == 404


# --- What ---------------------------------------------------------------------------------------------------------


def test_the_list_tells_number_signer_size_and_hash(world: World, made, signed_in):
    page = text(signed_in(world.maren).get(reverse("records")))
    for part in ("1 record", "AP-2026-Q3-0001", "Q3 2026", "Jonas Weber", "13 Oct 2026, 09:30 UTC", made.sha256[:4]):
        assert part in page, part


def test_the_list_is_searched_by_text_and_quarter(world: World, made, signed_in):
    second = make_record(world, make_review(world, make_cycle(world, "2026-Q2"), service=world.cloud))
    client = signed_in(world.maren)

    def found(**query: str) -> set[str]:
        return set(re.findall(r"AP-2026-Q\d-\d{4}", text(client.get(reverse("records"), query))))

    assert found() == {made.number, second.number}
    assert found(quarter="2026-Q2") == {second.number}
    assert found(q="payments") == found(q=made.number) == {made.number}
    assert found(q="\x00", quarter="2026-Q9'\x00") == set()
    assert "No record fits" in text(client.get(reverse("records"), {"q": "nothing like it"}))


def test_a_record_page_says_first_what_could_not_be_told(world: World, made, signed_in):
    page = text(signed_in(world.maren).get(reverse("record", args=[made.pk])))
    assert "not seen, not proven in this quarter: Key export." in page
    assert page.index("What it could not tell") < page.index("I, Jonas Weber")
    for part in ("content/record.json", "verify.py", f"--fingerprint … {made.number}.zip"):
        assert part in page
    digits = "".join(page.split())
    for whole in (made.sha256, made.manifest_sha256, made.signer_fingerprint.replace(":", "")):
        assert whole in digits


def test_a_download_is_the_sealed_file_and_an_entry_of_the_trail(world: World, made, signed_in):
    response = signed_in(world.maren).get(reverse("record_download", args=[made.pk]))
    data = b"".join(response.streaming_content)
    assert hashlib.sha256(data).hexdigest() == made.sha256
    assert zipfile.is_zipfile(io.BytesIO(data))
    assert response["Content-Disposition"] == f'attachment; filename="{made.number}.zip"'
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Length"] == str(made.size)
    assert "no-store" in response["Cache-Control"]
    entry = TrailEntry.objects.get(action="record.downloaded")
    assert (entry.actor, entry.address) == (world.maren, "127.0.0.1")


def test_a_refused_download_leaves_no_entry(world: World, made, signed_in):
    signed_in(world.sam).get(reverse("record_download", args=[made.pk]))
    assert not TrailEntry.objects.filter(action="record.downloaded").exists()


def test_a_record_that_waits_says_so_and_has_no_download(world: World, signed_in):
    record = workflow.queue(sign(world, make_review(world, make_cycle(world))))
    client = signed_in(world.maren)
    page = client.get(reverse("record", args=[record.pk])).content.decode()
    assert "The record is being made." in page
    assert reverse("record_download", args=[record.pk]) not in page
    assert "Being made" in text(client.get(reverse("records")))
    assert client.get(reverse("record_download", args=[record.pk])).status_code == 400


def test_a_record_that_failed_says_why(world: World, signed_in):
    record = workflow.queue(sign(world, make_review(world, make_cycle(world))))
    Record.objects.filter(pk=record.pk).update(state=RecordState.FAILED, problem="The disk is full.")
    client = signed_in(world.maren)
    page = text(client.get(reverse("record", args=[record.pk])))
    assert "The disk is full." in page
    assert "The signature holds." in page
    assert "The disk is full. The portal tries again by itself." in text(client.get(reverse("records")))


def test_a_file_that_is_gone_is_said_and_not_hidden(world: World, made, signed_in, settings):
    settings.ARCHIVE_URL += "-moved"
    client = signed_in(world.maren)
    page = client.get(reverse("record", args=[made.pk]))
    assert page.status_code == 200
    assert "The file of this record cannot be read" in text(page)
    assert "Nothing of this review was marked as unknown" not in text(page)
    assert client.get(reverse("record_download", args=[made.pk])).status_code == 400


def test_a_signer_of_before_is_named_as_such(world: World, made, signed_in, settings):
    settings.SIGNING_CERT.unlink()
    settings.SIGNING_KEY.unlink()
    workflow.signing()
    page = text(signed_in(world.maren).get(reverse("record", args=[made.pk])))
    assert "no longer in SIGNING_CERT" in page


def test_text_of_people_is_escaped(world: World, signed_in):
    world.payments.name = "<script>alert(1)</script>"
    world.payments.save(update_fields=["name"])
    record = make_record(world)
    page = signed_in(world.maren).get(reverse("record", args=[record.pk])).content.decode()
    assert "<script>alert(1)</script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


# --- The key --------------------------------------------------------------------------------------------------------


def test_the_fingerprint_is_open_to_everybody_who_may_sign_in(world: World, signed_in):
    for person in (world.sam, world.leila, world.ada):
        page = text(signed_in(person).get(reverse("portal_key")))
        assert workflow.signing().fingerprint in page
        digits = workflow.signing().fingerprint.replace(":", "")
        assert " ".join(digits[at : at + 4] for at in range(0, 16, 4)) in page
        assert "Hand this over before the first record" in page


def test_the_page_shows_no_private_key(world: World, signed_in):
    page = signed_in(world.ada).get(reverse("portal_key")).content.decode()
    assert "BEGIN CERTIFICATE" in page
    assert "PRIVATE KEY" not in page


def test_former_certificates_are_listed_as_such(world: World, signed_in, settings, tmp_path):
    former = workflow.signing()
    settings.SIGNING_CERT.unlink()
    settings.SIGNING_KEY.unlink()
    now = workflow.signing()
    settings.SIGNING_CERT.write_bytes(now.pem + former.pem)
    page = text(signed_in(world.sam).get(reverse("portal_key")))
    assert page.index("Signs records now") < page.index(now.fingerprint)
    assert page.index("Signed records before") < page.index(former.fingerprint)


def test_a_lost_key_is_a_sentence_and_no_traceback(world: World, signed_in, settings):
    workflow.signing()
    settings.SIGNING_CERT.unlink()
    page = signed_in(world.sam).get(reverse("portal_key"))
    assert page.status_code == 400
    assert "Put it back from your backup" in text(page)
