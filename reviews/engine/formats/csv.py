"""CSV of any program: columns by the mapping of the source, or called like the columns of an event without one.

Facts: RFC 4180. A line that repeats the names of the columns is a header, wherever it stands.
"""

from dataclasses import replace
from typing import Final

from reviews.engine.catalogue.matching import quote
from reviews.engine.formats._declare import CsvRecords, Format
from reviews.engine.formats._mapping import NAMED, FieldMapping, category_of, outcome_of, time_of


def declare(mapping: FieldMapping) -> Format:
    """The format that reads rows by this mapping. Without `columns`, those that it names, in its order."""
    columns = mapping.columns or tuple(
        dict.fromkeys(getattr(mapping, name) for name in NAMED if getattr(mapping, name))
    )
    used = {name: columns.index(getattr(mapping, name)) for name in NAMED if getattr(mapping, name)}
    header = " AND ".join(f'"column_{at}" = {quote(columns[at])}' for at in sorted(set(used.values())))
    return Format(
        title="CSV, mapped by hand",
        version=1,
        layout=CsvRecords(
            # A column of the log may be called like one that reading makes: ours are numbered instead.
            tuple(f"column_{at}" if at in used.values() else "" for at in range(len(columns))),
            separator=mapping.separator,
            derived={
                f"said_{name}": f'"column_{used[name]}"' if name in used else "CAST(NULL AS VARCHAR)" for name in NAMED
            },
        ),
        time=time_of("said_time", mapping.time_format),
        action='"said_action"',
        outcome=outcome_of("said_outcome", mapping),
        category=category_of("said_action", mapping),
        columns={name: f'"said_{name}"' for name in ("actor", "target", "source_ip", "event_id")},
        routes={"mapped": "The field of the mapping"},
        route_columns={"mapped": '"said_route"'},
        match_fields={},
        looks_like='"said_time" IS NOT NULL AND "said_action" IS NOT NULL',
        unlike=f"The row has nothing under {mapping.time} or {mapping.action}, which the mapping names.",
        ignore=header,
        has_native_id=bool(mapping.event_id),
        parameters=mapping.as_json(),
    )


_EVENT: Final = FieldMapping(
    time="time",
    actor="actor",
    action="action",
    outcome="outcome",
    success=("success", "succeeded", "ok", "true", "allowed"),
    failure=("failure", "failed", "error", "false", "denied"),
    target="target",
    source_ip="source_ip",
    event_id="event_id",
    columns=("time", "actor", "action", "outcome", "target", "source_ip", "event_id"),
)
_BY_NAME: Final = declare(_EVENT)

FORMAT: Final = replace(
    _BY_NAME,
    title="CSV (columns of an event, or mapped by hand)",
    # Strict, or any list of texts with a date in front would be a log.
    looks_like=f"""(coalesce({_BY_NAME.time.instant}, {_BY_NAME.time.local}) IS NOT NULL) AND "said_action" IS NOT NULL
        AND lower("said_outcome") IN ({", ".join(map(quote, (*_EVENT.success, *_EVENT.failure, "unknown")))})""",
    unlike="This is no row of time, actor, action, outcome, target, source_ip, event_id. Map the columns of the log.",
    parameters={},
)
