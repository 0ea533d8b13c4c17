"""A bucket as the place of a source, in the form."""

import gzip

from django.urls import reverse

from reviews.models import LogSource
from tests.logs import access_log
from tests.object_storage import S3Server, TestBucket
from tests.web.test_source_form import form_for
from tests.world import World


def test_a_place_in_a_bucket_is_checked_tried_and_saved(
    signed_in, world: World, settings, reached: S3Server, bucket: TestBucket
):
    settings.LOG_BUCKETS = [f"s3://{bucket.name}/logs/"]
    bucket.put("logs/web/access.log.gz", gzip.compress(access_log(0, 30)))
    client = signed_in(world.tomas)
    typed = {**form_for(world, f"s3://{bucket.name}/logs"), "format": ""}
    text = client.post(reverse("source_add"), {**typed, "check": "1"}).content.decode()
    assert "1 file matches" in text
    assert "access.log.gz looks like Web access log (nginx, Apache)" in text
    text = client.post(reverse("source_add"), {**typed, "look": "place"}).content.decode()
    assert "web/access.log.gz was looked at" in text
    assert "First 30 of 30" in text
    page = client.post(reverse("source_add"), {**typed, "format": "web_access"})
    source = LogSource.objects.get()
    assert (page.status_code, source.directory) == (302, f"s3://{bucket.name}/logs")
    assert f"s3://{bucket.name}/logs" in client.get(reverse("source", args=[source.pk])).content.decode()


def test_what_is_wrong_with_a_bucket_stands_at_the_place_and_tells_nothing_of_other_buckets(
    signed_in, world: World, settings, reached: S3Server, bucket: TestBucket
):
    bucket.put("logs/a.log", access_log(0, 3))
    client = signed_in(world.tomas)
    typed = form_for(world, f"s3://{bucket.name}/logs")

    def said(act: str, **changed: str) -> str:
        values = {"check": "1"} if act == "check" else {"look": "place"} if act == "look" else {}
        return client.post(reverse("source_add"), {**typed, **changed, **values}).content.decode()

    for act in ("check", "look", "save"):
        assert "Logs are read from no bucket yet" in said(act)
    settings.LOG_BUCKETS = ["s3://no-such-bucket/", f"s3://{bucket.name}/other/"]
    assert "Logs are read only from s3://no-such-bucket/" in said("save")
    assert "names no bucket" in said("save", directory="s3://No_Bucket")
    assert "There is no bucket no-such-bucket" in said("look", directory="s3://no-such-bucket")
    assert "No file matches yet" in said("check", directory=f"s3://{bucket.name}/other")
    assert "No file matches there yet" in said("look", directory=f"s3://{bucket.name}/other")
    settings.S3_ACCESS_KEY_ID = "stranger"
    assert "may not list the bucket" in said("check", directory=f"s3://{bucket.name}/other")
    assert not LogSource.objects.exists()


def test_of_a_large_bucket_only_the_first_objects_are_looked_at(
    signed_in, world: World, settings, reached: S3Server, bucket: TestBucket, monkeypatch
):
    monkeypatch.setattr("reviews.queries.places.LOOKED_AT", 5)
    settings.LOG_BUCKETS = [f"s3://{bucket.name}/"]
    bucket.put_all({f"{number}.log": access_log(number, number + 1) for number in range(8)})
    text = signed_in(world.tomas).post(
        reverse("source_add"), {**form_for(world, f"s3://{bucket.name}"), "check": "1"}
    ).content.decode()  # fmt: skip
    assert "More than 5 files match" in text


def test_the_newest_file_of_a_directory_is_a_sample_too(signed_in, world: World, places):
    (places / "a.log").write_bytes(access_log(0, 12))
    typed = {**form_for(world, str(places)), "format": "", "look": "place"}
    text = signed_in(world.tomas).post(reverse("source_add"), typed).content.decode()
    assert "a.log was looked at" in text
    assert "First 12 of 12" in text
