"""The parts of the supervisor, one by one."""

import os
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path

import pytest
from django.db.migrations.recorder import MigrationRecorder

from auditportal.accounts.models import User
from auditportal.beat import MemoryScheduler
from auditportal.celery import app, broker_url
from auditportal.supervision import broker, children, database, places, ports
from auditportal.supervision.children import Child
from auditportal.supervision.supervisor import Supervisor
from reviews.errors import ConfigurationError
from reviews.models import Organisation
from tests.running import all_end

# --- Ports --------------------------------------------------------------------------------------------------


def test_a_held_port_is_closed_to_others_and_open_to_our_web_server():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number = probe.getsockname()[1]
    held = ports.hold("127.0.0.1", number)
    assert not held.answers()
    with pytest.raises(ConfigurationError, match=f"^Port {number} on 127.0.0.1 is taken"):
        ports.hold("127.0.0.1", number)
    with held.socket, socket.socket() as web:
        web.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # as granian does
        web.bind(("127.0.0.1", number))
        web.listen()
        assert held.answers()


def test_without_a_wish_the_next_free_port_is_taken():
    one, other = ports.hold("127.0.0.1", 0), ports.hold("127.0.0.1", 0)
    with one.socket, other.socket:
        assert ports.FIRST <= one.number < other.number


@pytest.mark.parametrize(
    ("host", "shown"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("portal.lan", "portal.lan")]
)
def test_the_address_is_one_that_can_be_typed(host, shown):
    with socket.socket() as unused:
        assert ports.HeldPort(host, 8000, unused).address() == f"http://{shown}:8000/"


def test_a_host_that_does_not_exist_is_one_sentence():
    with pytest.raises(ConfigurationError, match=r"^HOST is 'nowhere\.invalid', which cannot be found"):
        ports.hold("nowhere.invalid", 0)


# --- Places -------------------------------------------------------------------------------------------------


def as_plain_user(folder: Path) -> str:
    """What `prepare` says in `folder` to somebody who is not root: nothing, or its sentence."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(65_534)
                os.setuid(65_534)
            places.prepare(folder / "data", folder / "data" / "keys")
        except ConfigurationError as problem:
            os.write(writer, str(problem).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said:
        text = said.read()
    os.waitpid(child, 0)
    return text


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_read_only_folder_is_one_sentence():
    with tempfile.TemporaryDirectory(dir="/tmp") as place:  # every folder above is open to everybody
        Path(place).chmod(0o777)
        assert as_plain_user(Path(place)) == ""
        locked = Path(place) / "locked"
        locked.mkdir()
        locked.chmod(0o555)
        assert as_plain_user(locked) == (
            f"{locked}/data cannot be written: Permission denied. Make it writable, or set VAR_DIR elsewhere."
        )


def test_the_lock_is_free_again_afterwards(tmp_path):
    for _time in range(2):
        second = places.only_one(tmp_path)
        already = pytest.raises(ConfigurationError, match=rf"already runs in .* \(process {os.getpid()}\)")
        with places.only_one(tmp_path), already, second:
            raise AssertionError("two at once")


# --- Broker -------------------------------------------------------------------------------------------------


def test_the_socket_lies_in_a_private_folder_with_a_short_path(monkeypatch, tmp_path):
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with broker.private_folder(tmp_path) as folder:
        assert folder.parent == Path("/tmp")
        assert folder.stat().st_mode & 0o777 == 0o700
        assert len(os.fsencode(broker.socket_path(folder))) <= broker.LONGEST_SOCKET_PATH
    assert not folder.exists()


def test_what_a_killed_portal_left_is_cleaned_up_and_nothing_else(tmp_path):
    one, two, again = (broker.private_folder(tmp_path / name) for name in ("one", "two", "two"))
    with one as other, two as left, again:
        assert not left.exists()
        assert other.exists()


@pytest.mark.parametrize(
    ("given", "spelled"),
    [
        ("", "memory://"),
        ("redis://127.0.0.1:6379/3", "redis://127.0.0.1:6379/3"),
        ("unix:///tmp/x/broker.sock", "redis+socket:///tmp/x/broker.sock?virtual_host=0"),
        ("unix:///tmp/broker.sock?db=4", "redis+socket:///tmp/broker.sock?virtual_host=4"),
    ],
)
def test_celery_is_told_the_broker_in_its_own_spelling(given, spelled):
    assert broker_url(given) == spelled


def test_the_first_tick_comes_at_once():
    scheduler = MemoryScheduler(app)
    assert set(scheduler.schedule) == {"tick"}
    assert scheduler.schedule["tick"].is_due().is_due


# --- Children -----------------------------------------------------------------------------------------------


def python(name: str, program: str) -> Child:
    return Child(name, [sys.executable, "-c", program], dict(os.environ))


def test_the_pause_before_a_restart_grows_and_is_forgotten_after_a_steady_run():
    child = python("short", "raise SystemExit(3)")
    said = []
    for now in (0.0, 10.0, 20.0):
        child.start(now)
        os.waitid(os.P_PID, child.process.pid, os.WEXITED | os.WNOWAIT)
        said.append(child.ended(now + 1))
    assert said == [f"ended with exit code 3; it starts again in {pause} s" for pause in (1, 2, 4)]
    child.start(100.0)
    os.waitid(os.P_PID, child.process.pid, os.WEXITED | os.WNOWAIT)
    assert child.ended(100.0 + children.STEADY_SECONDS + 1).endswith("again in 1 s")


def test_a_child_that_will_not_end_is_killed_after_three_seconds(capfd):
    stubborn = python(
        "deaf",
        "import signal, os; signal.signal(signal.SIGTERM, signal.SIG_IGN); own = os.fork();"
        "own and print('its own:', own, flush=True); signal.pause()",
    )
    said, asked = [""], []

    def is_up() -> bool:
        said[0] += capfd.readouterr().err
        return said[0].endswith("\n")

    def stop() -> None:
        asked.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGTERM)

    Supervisor([stubborn]).run(broker_answers=lambda: True, web_answers=is_up, ready=stop)
    assert 2.9 < time.monotonic() - asked[0] < 4.5
    assert all_end([int(said[0].rpartition(" ")[2])], 2) == []
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


# --- Database -----------------------------------------------------------------------------------------------


@pytest.fixture
def in_use(db):
    Organisation.objects.create(name="Northmoor Mutual")
    return User.objects.create_user("ada@northmoor.example", "Ada Brandt")


def test_a_current_database_is_left_alone(in_use):
    assert database.bring_up() is False


def test_a_newer_database_is_one_sentence(in_use):
    MigrationRecorder.Migration.objects.create(app="reviews", name="9999_from_the_future")
    with pytest.raises(ConfigurationError, match=r"newer version of the portal \(reviews\.9999_from_the_future is not"):
        database.bring_up()


def test_an_older_database_is_one_sentence(in_use):
    MigrationRecorder.Migration.objects.filter(app="reviews").order_by("-name").first().delete()
    with pytest.raises(ConfigurationError, match=r"older than the portal: 1 step.* Keep a copy of it, then run"):
        database.bring_up()


def test_steps_of_an_app_that_is_gone_do_not_matter(in_use):
    MigrationRecorder.Migration.objects.create(app="left", name="0001_initial")
    assert database.bring_up() is False


@pytest.mark.parametrize(("is_demo", "said"), [(True, "holds the demo organisation"), (False, "a real organisation")])
def test_demo_and_real_never_mix(in_use, settings, is_demo, said):
    Organisation.objects.update(is_demo=is_demo)
    settings.DEMO = is_demo
    database.refuse_a_mix()
    settings.DEMO = not is_demo
    with pytest.raises(ConfigurationError, match=said):
        database.refuse_a_mix()
