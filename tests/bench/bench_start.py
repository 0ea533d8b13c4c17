"""How long people wait: from the command to the first page, the first time and again, and from Ctrl-C to the prompt."""

import signal
import time

from tests import running
from tests.running import Portal


def bench_start_and_stop(tmp_path):
    with running.servers() as given:
        for what in ("first start", "second start"):
            began = time.monotonic()
            portal = Portal(tmp_path / "var", **given)
            try:
                portal.ready()
                ready = time.monotonic()
                portal.wait_for("celery.apps.worker", seconds=60)
                asked = time.monotonic()
                portal.stop(signal.SIGINT, seconds=5)
                ended = time.monotonic()
            finally:
                portal.kill()
            print(f"\n{what}: first page after {ready - began:.1f} s, gone {ended - asked:.1f} s after Ctrl-C")
