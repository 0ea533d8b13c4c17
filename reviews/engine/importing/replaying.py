"""A sealed segment read again for what was rejected in it: stored events stay, records that read now join them.

The whole segment is read, so that order and neighbours count as they did: years that records leave out follow from
them. An event is the one that is stored when it begins at the same byte and is the same element of its record.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from reviews.engine.archive.segments import Header
from reviews.engine.importing.batches import Batch
from reviews.engine.importing.preparing import (
    Ledger,
    Places,
    Prepared,
    Source,
    StoredFiles,
    about,
    ledgers_of,
    listed,
    pieces_of,
    read,
    repeated_in,
    store_days,
    unrouted_in,
)
from reviews.engine.importing.unsealing import sealed_of
from reviews.engine.store import StoredFile

_ELEMENTS: Final = 1 << 24  # more than a record can hold
Integers = npt.NDArray[np.int64]


def replay(
    batch: Batch,
    source: Source,
    places: Places,
    *,
    header: Header,
    name: str,
    own: Collection[StoredFile],
    stored: StoredFiles,
    now: dt.datetime,
) -> Prepared:
    """What the segment comes to with what reads now. `own` are its files in the store, `stored` those of some days.

    The ledgers are those of the whole pieces. Files, unrouted events and times are of what is new.
    """
    events, rejects, records = read(batch, source, now)
    kept, keys = keys_of(places.events.read(source.id, own, ("offset", "element"))), keys_of(events)
    known = np.isin(keys, kept)
    gone = np.setdiff1d(kept, keys) // _ELEMENTS  # stored, and by the reading of today no event any more
    rejects = _without(rejects, gone)
    fresh = events.filter(pa.array(~known))
    repeated = repeated_in(fresh, source, places.events, stored)
    piece, rejected_in = pieces_of(batch, fresh["offset"]), pieces_of(batch, rejects["offset"])
    count = len(batch.pieces)
    others = records - _per_piece(batch, keys[known] // _ELEMENTS) - _per_piece(batch, gone)
    others = np.maximum(others, np.bincount(piece, minlength=count) + np.bincount(rejected_in, minlength=count))
    fresh = fresh.filter(pa.array(~repeated))
    ledgers = tuple(
        _with_stored(ledger, int(n))
        for ledger, n in zip(
            ledgers_of(others, fresh, piece, repeated, rejected_in), _per_piece(batch, kept // _ELEMENTS), strict=True
        )
    )
    return Prepared(
        batch=batch,
        sealed=sealed_of(header),
        members=header.members,
        about=about(source, header.import_id, ledgers),
        ledgers=ledgers,
        rejects=listed(batch, rejects),
        files=store_days(fresh, batch, source.id, header.import_id, header.stored_sha256, name, places.events),
        unrouted=unrouted_in(fresh, source),
        now=now,
        catalogue_version=source.catalogue.version,
    )


def keys_of(events: pa.Table) -> Integers:
    """A number for each event: the byte at which its record begins, and which of its elements it is."""
    keys: Integers = events["offset"].to_numpy() * _ELEMENTS + events["element"].to_numpy()
    return keys


def _per_piece(batch: Batch, offsets: Integers) -> Integers:
    starts = np.asarray([piece.start for piece in batch.pieces], dtype=np.int64)
    counted: Integers = np.bincount(np.searchsorted(starts, offsets, side="right") - 1, minlength=len(starts))
    return counted


def _without(rejects: pa.Table, gone: Integers) -> pa.Table:
    """The rejects but for those of stored events, which stay events: one for each that is gone."""
    if not len(gone) or not rejects.num_rows:
        return rejects
    offsets = rejects["offset"].to_numpy()
    rank = np.arange(len(offsets)) - np.searchsorted(offsets, offsets, side="left")  # of those at the same byte
    stored = np.searchsorted(gone, offsets, side="right") - np.searchsorted(gone, offsets, side="left")
    return rejects.filter(pa.array(rank >= stored))


def _with_stored(ledger: Ledger, events: int) -> Ledger:
    return replace(ledger, records=ledger.records + events, events=ledger.events + events)
