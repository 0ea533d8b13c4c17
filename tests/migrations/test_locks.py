"""Locks hold against every way into the database, and only where something is signed."""

import datetime as dt
from dataclasses import dataclass
from importlib import import_module

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from reviews import access
from reviews.models import (
    Cycle,
    Evidence,
    EvidenceLink,
    Record,
    RecordState,
    Review,
    ReviewItem,
    ReviewState,
    ReviewUserObjectPermission,
    Scope,
    Segment,
    TrailEntry,
)
from reviews.workflows import trail
from tests.world import World

locks = import_module("reviews.migrations.0002_locks")
REFUSED = "never changes|never change|only ever added"


@dataclass
class Pair:
    """The same rows twice: of a signed review and of an open one."""

    signed: Review
    open: Review


def filled(world: World, cycle: Cycle, subject: dict) -> Review:
    review = Review.objects.create(cycle=cycle, **subject)
    item = ReviewItem.objects.create(
        review=review, item="COV-04", step="coverage", position=1, text={"title": "Changes are logged"}
    )
    evidence = Evidence.objects.create(
        sha256="ab" * 32,
        name="list.csv",
        size=12,
        media_type="text/csv",
        covers_from=cycle.starts_on,
        covers_to=cycle.ends_on,
        uploaded_by=world.ines,
    )
    EvidenceLink.objects.create(evidence=evidence, item=item, attached_by=world.ines)
    trail.log(world.ines, "item.answered", item, after={"answer": "meets"})
    return review


@pytest.fixture
def pair(world: World) -> Pair:
    cycle = Cycle.objects.create(
        quarter="2026-Q3",
        starts_on=dt.date(2026, 7, 1),
        ends_on=dt.date(2026, 9, 30),
        due_on=dt.date(2026, 11, 6),
        template="essential",
        template_version="1",
        template_sha256="0" * 64,
        catalogue_version="1",
        opened_by=world.ada,
    )
    signed = filled(world, cycle, {"scope": Scope.SERVICE, "service": world.payments})
    other = filled(world, cycle, {"scope": Scope.SERVICE, "service": world.cloud})
    signed.state, signed.signed_at, signed.signed_by = ReviewState.SIGNED, timezone.now(), world.jonas
    signed.save(update_fields=["state", "signed_at", "signed_by"])
    return Pair(signed, other)


def rows(review: Review) -> dict:
    """Model and row of everything a lock must guard for this review."""
    item = review.items.get(item="COV-04")
    link = item.evidence_links.get()
    entry = TrailEntry.objects.get(object_type="reviewitem", object_id=str(item.pk))
    return {"review": review, "item": item, "link": link, "evidence": link.evidence, "trail": entry}


CHANGES = {
    "review": {"returned_comment": "changed"},
    "item": {"note": "changed"},
    "link": {"attached_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
    "evidence": {"name": "changed"},
    "trail": {"actor_name": "changed"},
}


def by_save(row, changed: dict) -> None:
    for field, value in changed.items():
        setattr(row, field, value)
    row.save(update_fields=list(changed))


def by_update(row, changed: dict) -> None:
    type(row).objects.filter(pk=row.pk).update(**changed)


def by_bulk_update(row, changed: dict) -> None:
    for field, value in changed.items():
        setattr(row, field, value)
    type(row).objects.bulk_update([row], list(changed))


def by_delete(row, changed: dict) -> None:
    type(row).objects.filter(pk=row.pk)._raw_delete("default")


def by_sql_update(row, changed: dict) -> None:
    field, value = next(iter(changed.items()))
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {row._meta.db_table} SET {field} = %s WHERE id = %s", [value, row.pk])


def by_sql_delete(row, changed: dict) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {row._meta.db_table} WHERE id = %s", [row.pk])


WAYS = [by_save, by_update, by_bulk_update, by_delete, by_sql_update, by_sql_delete]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("what", list(CHANGES))
def test_nothing_of_a_signed_review_can_be_changed(pair: Pair, what: str, way) -> None:
    row = rows(pair.signed)[what]
    with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
        way(row, CHANGES[what])
    field, value = next(iter(CHANGES[what].items()))
    assert getattr(type(row).objects.get(pk=row.pk), field) != value


@pytest.mark.parametrize("way", [way for way in WAYS if "delete" not in way.__name__])
@pytest.mark.parametrize("what", [what for what in CHANGES if what != "trail"])
def test_an_open_review_can_be_changed_in_each_of_these_ways(pair: Pair, what: str, way) -> None:
    row = rows(pair.open)[what]
    way(row, CHANGES[what])
    field, value = next(iter(CHANGES[what].items()))
    assert getattr(type(row).objects.get(pk=row.pk), field) == value


@pytest.mark.parametrize("way", [by_delete, by_sql_delete])
def test_rows_of_an_open_review_can_be_deleted(pair: Pair, way) -> None:
    found = rows(pair.open)
    for what in ("link", "evidence", "item", "review"):
        way(found[what], {})
    assert not Review.objects.filter(pk=pair.open.pk).exists()


def test_the_model_delete_is_refused_too(pair: Pair) -> None:
    link = rows(pair.signed)["link"]
    with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
        link.delete()
    rows(pair.open)["link"].delete()


def test_nothing_can_be_added_to_a_signed_review(pair: Pair, world: World) -> None:
    def item(review: Review) -> ReviewItem:
        return ReviewItem.objects.create(review=review, item="NEW-1", step="coverage", position=9, text={})

    def link(review: Review) -> EvidenceLink:
        evidence = rows(pair.open)["evidence"] if review == pair.signed else rows(pair.signed)["evidence"]
        return EvidenceLink.objects.create(evidence=evidence, item=review.items.first(), attached_by=world.ines)

    for add in (item, link):
        with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
            add(pair.signed)
        assert add(pair.open).pk


def test_nothing_can_be_moved_into_a_signed_review(pair: Pair) -> None:
    found, signed = rows(pair.open), rows(pair.signed)
    with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
        ReviewItem.objects.filter(pk=found["item"].pk).update(review=pair.signed, item="NEW-2")
    with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
        EvidenceLink.objects.filter(pk=found["link"].pk).update(item=signed["item"])


def test_a_row_cannot_be_replaced_under_its_own_key(pair: Pair) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("REPLACE exists on SQLite only")
    for what in ("review", "item", "link", "evidence", "trail"):
        row = rows(pair.signed)[what]
        columns = ", ".join(f'"{field.column}"' for field in row._meta.concrete_fields)
        table = row._meta.db_table
        with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"INSERT OR REPLACE INTO {table} ({columns}) SELECT {columns} FROM {table} WHERE id = %s", [row.pk]
            )
    # Another id, but the key of the signed review: REPLACE would delete the signed one without its triggers.
    with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE OR REPLACE reviews_review SET service_id = %s WHERE id = %s", [pair.signed.service_id, pair.open.pk]
        )


def test_sealed_segments_and_made_records_never_change(pair: Pair) -> None:
    segment = Segment.objects.create(
        seq=0,
        header=b"{}",
        header_sha256="1" * 64,
        prev="0" * 64,
        stored_sha256="2" * 64,
        plain_length=1,
        stored_length=1,
        source_id_sealed=1,
        sealed_at=timezone.now(),
    )
    record = Record.objects.create(review=pair.signed, number="AP-2026-Q3-0001")
    record.state = RecordState.MADE  # a queued record is worked on
    record.save(update_fields=["state"])
    for row, changed in ((segment, {"stored_sha256": "3" * 64}), (record, {"sha256": "3" * 64})):
        for way in WAYS:
            with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
                way(row, changed)


def test_seats_of_auditors_come_and_go_beside_a_signed_review(pair: Pair, world: World) -> None:
    access.seat_auditor(world.leila, pair.signed, dt.date(2099, 1, 1))
    assert ReviewUserObjectPermission.objects.filter(content_object=pair.signed).count() == 1
    access.unseat_auditor(world.leila, pair.signed)
    assert not ReviewUserObjectPermission.objects.filter(content_object=pair.signed).exists()


def test_evidence_of_a_signed_review_can_still_be_superseded_and_attached_elsewhere(pair: Pair, world: World) -> None:
    old = rows(pair.signed)["evidence"]
    EvidenceLink.objects.create(evidence=old, item=rows(pair.open)["item"], attached_by=world.ines)
    newer = Evidence.objects.create(
        sha256="cd" * 32,
        name="list-2.csv",
        size=13,
        media_type="text/csv",
        covers_from=old.covers_from,
        covers_to=old.covers_to,
        uploaded_by=world.ines,
        supersedes=old,
    )
    assert Evidence.objects.get(pk=old.pk).superseded_by == newer


def test_truncate_is_refused_while_anything_is_locked(pair: Pair) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("TRUNCATE exists on PostgreSQL only")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks still to run refuses for that reason
    for table in (
        "reviews_review",
        "reviews_reviewitem",
        "reviews_evidencelink",
        "reviews_evidence",
        "reviews_trailentry",
    ):
        with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {table} CASCADE")


def triggers() -> set[str]:
    queries = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    with connection.cursor() as cursor:
        cursor.execute(queries[connection.vendor])
        return {name for (name,) in cursor.fetchall() if "_locked_" in name}


@pytest.mark.django_db
def test_every_lock_exists_after_all_migrations() -> None:
    assert triggers() == locks.names(connection.vendor)


@pytest.mark.django_db(transaction=True)
def test_a_test_with_real_transactions_leaves_locked_rows(world: World) -> None:
    trail.log(world.ada, "organisation.started", world.organisation)
    assert TrailEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_and_the_next_one_starts_empty_and_locked(world: World) -> None:
    assert TrailEntry.objects.count() == 0
    assert triggers() == locks.names(connection.vendor)
    entry = trail.log(world.ada, "organisation.started", world.organisation)
    with pytest.raises(IntegrityError, match=REFUSED):
        TrailEntry.objects.filter(pk=entry.pk).delete()


@pytest.mark.django_db
def test_the_locks_can_be_lifted_and_made_again() -> None:
    editor = connection.schema_editor(atomic=False)  # not entered: locks need no table to be rebuilt
    locks.unlock(None, editor)
    assert triggers() == set()
    locks.lock(None, editor)
    assert triggers() == locks.names(connection.vendor)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reviews_cycle SET quarter = '2020-Q1' WHERE id = {id}",
        "UPDATE reviews_cycle SET template_sha256 = 'f' WHERE id = {id}",
        "DELETE FROM reviews_cycle WHERE id = {id}",
        "UPDATE reviews_cycle SET quarter = '2026-Q3' WHERE id = {other}",
    ],
)
def test_the_quarter_of_a_signed_review_never_changes(pair: Pair, world: World, statement: str) -> None:
    """The record is made after the signature and reads the quarter again."""
    other = Cycle.objects.get(pk=pair.signed.cycle_id)
    other.pk, other.quarter = None, "2026-Q4"
    other.save(force_insert=True)
    Cycle.objects.filter(pk=other.pk).update(due_on=dt.date(2027, 2, 6))  # an open quarter can be changed
    refused = "never changes" if "{id}" in statement or connection.vendor == "sqlite" else "unique"
    with pytest.raises(IntegrityError, match=refused), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(id=pair.signed.cycle_id, other=other.pk))
