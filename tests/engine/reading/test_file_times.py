"""Files of different years, read in one go: each file's own modification time decides its year."""

import datetime as dt

import numpy as np

from reviews.engine.formats import get_format
from reviews.engine.reading import Context, Spans, normalise, split

LINE = "{} host sshd[7]: Accepted publickey for ada from 192.0.2.1 port 22 ssh2\n"


def test_each_file_has_the_year_of_its_own_modification_time():
    fmt = get_format("syslog")
    files = [
        (LINE.format("Nov 20 08:00:00"), dt.datetime(2024, 11, 21, tzinfo=dt.UTC), 2024),
        (LINE.format("Nov 20 09:00:00"), dt.datetime(2026, 11, 10, tzinfo=dt.UTC), 2025),
        (LINE.format("Nov 20 10:00:00"), dt.datetime(2026, 11, 20, 11, tzinfo=dt.UTC), 2026),
    ]
    buffer = "".join(text for text, _, _ in files).encode()
    whole = split(fmt, buffer, final=True, record_bytes=1000)
    starts = np.cumsum([0, *(len(text) for text, _, _ in files)])[:-1]
    spans = Spans(whole.offsets, whole.lengths, whole.consumed, whole.rejects)
    found = normalise(fmt, buffer, spans, Context("UTC", files[-1][1]), starts, [time for _, time, _ in files])
    years = [moment.year for moment in found.events["occurred_at"].to_pylist()]
    assert years == [year for _, _, year in files]
