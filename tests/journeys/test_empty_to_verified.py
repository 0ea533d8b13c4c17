"""The main job, from an empty portal to a record that an auditor verifies on another machine, in a real browser.

Nothing is written beside the browser but the log files. Each person has a browser of their own.
"""

import datetime as dt
from pathlib import Path

import pytest

from tests.journeys import reviewing, setting_up, verifying, written_logs
from tests.journeys.conftest import Watched
from tests.journeys.scene import Scene
from tests.running import Portal

pytestmark = pytest.mark.timeout(300)


def test_from_an_empty_portal_to_a_verified_record(empty_portal: Portal, new_page, watched: Watched, tmp_path: Path):
    today = dt.datetime.now(dt.UTC).date()
    quarter = written_logs.last_quarter(today)
    written = written_logs.write_bastion_logs(tmp_path / "logs", quarter, today)
    scene = Scene(empty_portal.ready(), new_page, watched, quarter, tmp_path / "logs", written)
    setting_up.come_in_first(scene, empty_portal)
    setting_up.invite_the_others(scene)
    setting_up.add_the_inventory(scene)
    setting_up.grant_roles(scene)
    setting_up.describe_a_source(scene)
    setting_up.import_now(scene, empty_portal)
    setting_up.open_the_quarter(scene)
    reviewing.find_the_gap(scene)
    reviewing.answer_as_you_go(scene)
    reviewing.write_at_the_same_time(scene)
    reviewing.attach_as_the_owner(scene)
    reviewing.agree_that_one_does_not_apply(scene)
    reviewing.answer_what_is_left(scene)
    reviewing.hand_over(scene)
    reviewing.send_back_once(scene)
    reviewing.hand_over(scene)
    reviewing.sign(scene)
    verifying.give_a_seat(scene)
    bundle = verifying.download_as_the_auditor(scene, tmp_path)
    verifying.verify_elsewhere(scene, bundle, tmp_path / "elsewhere")
    verifying.find_it_all_in_the_trail(scene)
