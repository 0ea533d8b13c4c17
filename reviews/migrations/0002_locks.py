"""Locks: what is signed, recorded, sealed or written in the trail is refused any change by the database itself.

The rules are data (`LOCKS`); each is a condition on a row. SQLite gets one trigger for each verb, PostgreSQL a
function and triggers, among them one for TRUNCATE, which passes only when the table holds no locked row.
On SQLite `REPLACE` deletes rows without running their triggers, so an INSERT or UPDATE that would push a locked
row aside is refused as well.

A later migration that alters one of these tables starts with RunPython(unlock) and ends with RunPython(lock):
SQLite rebuilds a table to alter it, and the triggers go with the old one. A test compares what exists with LOCKS.
"""

from dataclasses import dataclass
from typing import Any

from django.db import migrations


@dataclass(frozen=True)
class Lock:
    """`locked`: SQL that is true for a locked row; `{row}` stands for its alias. `unique`: sets of unique columns."""

    table: str
    locked: str
    sentence: str
    unique: tuple[tuple[str, ...], ...] = ()
    joins: bool = False  # a new row for which `locked` holds would be a change of something signed


_REVIEW_SIGNED = "EXISTS (SELECT 1 FROM reviews_review r WHERE r.id = {row}.review_id AND r.state = 'signed')"
_ITEM_SIGNED = (
    "EXISTS (SELECT 1 FROM reviews_reviewitem i JOIN reviews_review r ON r.id = i.review_id"
    " WHERE i.id = {row}.item_id AND r.state = 'signed')"
)
_EVIDENCE_SIGNED = (
    "EXISTS (SELECT 1 FROM reviews_evidencelink l JOIN reviews_reviewitem i ON i.id = l.item_id"
    " JOIN reviews_review r ON r.id = i.review_id WHERE l.evidence_id = {row}.id AND r.state = 'signed')"
)

LOCKS = (
    Lock(
        "reviews_cycle",
        "EXISTS (SELECT 1 FROM reviews_review r WHERE r.cycle_id = {row}.id AND r.state = 'signed')",
        "The quarter of a signed review never changes.",
        unique=(("quarter",),),
    ),
    Lock(
        "reviews_review",
        "{row}.state = 'signed'",
        "A signed review never changes.",
        unique=(("cycle_id", "scope", "service_id", "store_id", "version"),),
    ),
    Lock(
        "reviews_reviewitem",
        _REVIEW_SIGNED,
        "The questions of a signed review never change.",
        unique=(("review_id", "item"),),
        joins=True,
    ),
    Lock(
        "reviews_evidencelink",
        _ITEM_SIGNED,
        "The evidence of a signed review never changes.",
        unique=(("evidence_id", "item_id"),),
        joins=True,
    ),
    Lock(
        "reviews_evidence",
        _EVIDENCE_SIGNED,
        "Evidence of a signed review never changes.",
        unique=(("supersedes_id",),),
    ),
    Lock(
        "reviews_record",
        "{row}.state = 'made'",
        "A record never changes.",
        unique=(("review_id",), ("number",)),
    ),
    Lock("reviews_trailentry", "1 = 1", "The trail is only ever added to."),
    Lock("reviews_segment", "1 = 1", "A sealed segment never changes.", unique=(("seq",), ("header_sha256",))),
)


_EQUAL = {"service_id": "IS", "store_id": "IS"}  # NULL is a value here: a review has a service, a store or neither


def _name(rule: Lock, verb: str) -> str:
    return f"{rule.table}_locked_{verb}"


def _pushes_aside(rule: Lock, *, update: bool) -> str:
    """SQL: the new row takes the key of a locked row that is another one."""
    same = " OR ".join(
        "(" + " AND ".join(f"t.{column} {_EQUAL.get(column, '=')} NEW.{column}" for column in key) + ")"
        for key in (("id",), *rule.unique)
    )
    other = " AND t.id IS NOT OLD.id" if update else ""
    return f"EXISTS (SELECT 1 FROM {rule.table} t WHERE ({same}){other} AND {rule.locked.format(row='t')})"


def _sqlite(rule: Lock) -> list[str]:
    old, new = rule.locked.format(row="OLD"), rule.locked.format(row="NEW")
    joins = f" OR {new}" if rule.joins else ""
    when = {
        "update": f"{old} OR {_pushes_aside(rule, update=True)}{joins}",
        "delete": old,
        "insert": f"{_pushes_aside(rule, update=False)}{joins}",
    }
    return [
        f"CREATE TRIGGER {_name(rule, verb)} BEFORE {verb.upper()} ON {rule.table} FOR EACH ROW WHEN {condition}"
        f" BEGIN SELECT RAISE(ABORT, '{rule.sentence}'); END"
        for verb, condition in when.items()
    ]


def _raise(rule: Lock) -> str:
    return f"RAISE EXCEPTION '{rule.sentence}' USING ERRCODE = 'restrict_violation';"


def _postgresql(rule: Lock) -> list[str]:
    old, new = rule.locked.format(row="OLD"), rule.locked.format(row="NEW")
    function = f"{rule.table}_locked"
    joins = f"IF TG_OP <> 'DELETE' THEN IF {new} THEN {_raise(rule)} END IF; END IF;" if rule.joins else ""
    verbs = ("update", "delete", "insert") if rule.joins else ("update", "delete")
    statements = [
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF TG_OP <> 'INSERT' THEN IF {old} THEN {_raise(rule)} END IF; END IF; {joins}"
        " IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$",
        f"CREATE FUNCTION {function}_whole() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF EXISTS (SELECT 1 FROM {rule.table} t WHERE {rule.locked.format(row='t')}) THEN {_raise(rule)} END IF;"
        " RETURN NULL; END $$",
        f"CREATE TRIGGER {_name(rule, 'truncate')} BEFORE TRUNCATE ON {rule.table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {function}_whole()",
    ]
    statements += [
        f"CREATE TRIGGER {_name(rule, verb)} BEFORE {verb.upper()} ON {rule.table}"
        f" FOR EACH ROW EXECUTE FUNCTION {function}()"
        for verb in verbs
    ]
    return statements


def names(vendor: str) -> set[str]:
    """The triggers that must exist on this kind of database."""
    found = set()
    for rule in LOCKS:
        verbs = {"update", "delete"}
        if vendor == "sqlite" or rule.joins:
            verbs.add("insert")
        if vendor == "postgresql":
            verbs.add("truncate")
        found |= {_name(rule, verb) for verb in verbs}
    return found


def lock(apps: Any, schema_editor: Any) -> None:
    """Make all locks anew."""
    unlock(apps, schema_editor)
    vendor = schema_editor.connection.vendor
    if vendor not in {"sqlite", "postgresql"}:
        raise NotImplementedError(f"Signed reviews cannot be locked on {vendor}. Use SQLite or PostgreSQL.")
    for rule in LOCKS:
        for statement in _sqlite(rule) if vendor == "sqlite" else _postgresql(rule):
            schema_editor.execute(statement, params=None)


def unlock(apps: Any, schema_editor: Any) -> None:
    """Take all locks away: only for migrations that alter these tables, and for emptying a test database."""
    vendor = schema_editor.connection.vendor
    for rule in LOCKS:
        for verb in ("update", "delete", "insert", "truncate"):
            if vendor == "postgresql":
                schema_editor.execute(f"DROP TRIGGER IF EXISTS {_name(rule, verb)} ON {rule.table}", params=None)
            else:
                schema_editor.execute(f"DROP TRIGGER IF EXISTS {_name(rule, verb)}", params=None)
        if vendor == "postgresql":
            schema_editor.execute(
                f"DROP FUNCTION IF EXISTS {rule.table}_locked(), {rule.table}_locked_whole()", params=None
            )


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_initial")]

    operations = [migrations.RunPython(lock, unlock, elidable=False)]
