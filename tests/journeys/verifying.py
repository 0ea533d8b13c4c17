"""The auditor's part: fingerprint, download, verification without the portal; and what the trail says of it all."""

import datetime as dt
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from reviews.engine.analysis.quarters import Quarter
from tests.journeys.scene import NOT_APPLICABLE, PEOPLE, SERVICE, SOURCE, STORE, SUBJECTS, Scene

Entry = tuple[str, str, str]  # of the trail: who, did, object


def give_a_seat(scene: Scene) -> None:
    page = scene.ada
    page.goto(f"{scene.address}people/")
    page.get_by_role("link", name="Leila Haddad").click()
    page.get_by_label("Review", exact=True).select_option(label=f"{SERVICE}, {scene.quarter}")
    page.get_by_label("Last day").fill(f"{dt.datetime.now(dt.UTC).date() + dt.timedelta(days=14)}")
    page.get_by_role("button", name="Give the seat").click()
    expect(page.get_by_role("button", name="End the seat")).to_be_visible()


def download_as_the_auditor(scene: Scene, place: Path) -> Path:
    """The record of the seat, and nothing of the review itself."""
    page = scene.pages["Leila Haddad"]
    scene.fingerprint = read_fingerprint(page)
    page.get_by_role("link", name="Reviews", exact=True).click()
    expect(page.get_by_role("link", name=SERVICE, exact=True)).to_have_count(0)
    page.get_by_role("link", name="Records", exact=True).click()
    return download(page, SERVICE, place)


def read_fingerprint(page: Page) -> str:
    """From the page that is handed over beforehand."""
    page.get_by_role("link", name="Records", exact=True).click()
    page.get_by_role("link", name="Fingerprint to hand over").click()
    return page.get_by_role("definition").filter(has_text=re.compile(r"^([0-9A-F]{2}:){31}")).inner_text()


def download(page: Page, subject: str, place: Path) -> Path:
    """From the list of records, over the page of this one."""
    page.get_by_role("link", name=subject, exact=True).click()
    with page.expect_download() as started:
        page.get_by_role("link", name="Download the bundle").click()
    bundle = place / started.value.suggested_filename
    started.value.save_as(bundle)
    return bundle


def verify_elsewhere(scene: Scene, bundle: Path, elsewhere: Path) -> None:
    """Unpacked in another place, by the program that lies in it: valid, tampered after one bit, unknown by itself."""
    with zipfile.ZipFile(bundle) as packed:
        packed.extractall(elsewhere)
    assert verdict(elsewhere, "--fingerprint", scene.fingerprint, ".") == (0, "VALID")
    assert verdict(elsewhere, "--fingerprint", scene.fingerprint, str(bundle)) == (0, "VALID")
    assert verdict(elsewhere, ".") == (2, "UNKNOWN")
    report = elsewhere / "content" / "record.pdf"
    report.chmod(0o600)
    changed = bytearray(report.read_bytes())
    changed[len(changed) // 2] ^= 1
    report.write_bytes(changed)
    assert verdict(elsewhere, "--fingerprint", scene.fingerprint, ".") == (1, "TAMPERED")


def verdict(place: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and word, with nothing of the portal in reach: no site packages, no environment of ours."""
    command = [sys.executable, "-I", "-S", "verify.py", *arguments]
    surroundings = {"PATH": os.environ.get("PATH", os.defpath)}
    done = subprocess.run(command, cwd=place, env=surroundings, capture_output=True, text=True, timeout=60)
    words = re.findall(r"^(VALID|TAMPERED|UNKNOWN)\b", done.stdout, re.MULTILINE)
    assert len(words) == 1, done
    return done.returncode, words[0]


def find_it_all_in_the_trail(scene: Scene) -> None:
    """Everything that anybody did, by the one who did it, and nothing else."""
    page = scene.ada
    page.get_by_role("link", name="Trail", exact=True).click()
    found = entries(page)
    answered = {entry for entry in found if entry[1] == "answered"}
    assert {(who, what[:6]) for who, _, what in answered} == {
        *(("Ines Okafor", item) for item in ("COV-04", "COV-05", NOT_APPLICABLE, "COV-08", "COV-12")),
        ("Pavel Dvorak", "COV-05"),
    }
    assert found - answered == everything(scene.quarter)


def everything(quarter: Quarter) -> set[Entry]:
    """What the trail holds at the end, without the answers."""
    review, record, source = f"{SERVICE}, {quarter} review", f"AP-{quarter}-0001 record", f"{SOURCE} log source"
    everybody = ("Ada Brandt", *PEOPLE)
    return {
        ("Ada Brandt", "started the portal of", "Harbour Mutual organisation"),
        *((name, "accepted the invitation", f"{name} person") for name in everybody),
        *((name, "signed in", f"{name} person") for name in everybody),
        *(("Ada Brandt", "invited", f"{name} person") for name in PEOPLE),
        *(("Ada Brandt", "granted a role", f"{name} person") for name in PEOPLE),
        ("Ada Brandt", "added the service", f"{SERVICE} service"),
        ("Ada Brandt", "added the log store", f"{STORE} log store"),
        ("Tomas Lindqvist", "added the log source", source),
        ("Tomas Lindqvist", "asked for an import of", source),
        ("the schedule", "imported", source),
        ("Ada Brandt", "opened the quarter", f"{quarter} cycle"),
        *(("the schedule", "froze the numbers of", f"{subject}, {quarter} review") for subject in SUBJECTS),
        ("Ines Okafor", "added evidence", "accounts.csv evidence"),
        ("Priya Raman", "added evidence", "maintenance.txt evidence"),
        ("Pavel Dvorak", "confirmed as second person", f"{NOT_APPLICABLE} File and record changes are logged question"),
        ("Ines Okafor", "handed over to sign", review),
        ("Jonas Weber", "sent back", review),
        ("Jonas Weber", "was refused a signature on", review),
        ("Jonas Weber", "signed", review),
        ("the schedule", "made the record", record),
        ("Leila Haddad", "downloaded the record", record),
    }


def entries(page: Page) -> set[Entry]:
    """Who, did, object of every entry, on all pages of the list."""
    found: set[Entry] = set()
    while True:
        for row in page.get_by_role("table", name="Entries").locator("tbody tr").all():
            who, did, what = (row.locator("th, td").nth(column).inner_text() for column in (1, 2, 3))
            found.add((who, did, what))
        following = page.get_by_role("link", name="Next page")
        if not following.count():
            return found
        number = page.get_by_role("navigation", name="Pages").locator("[aria-current]").inner_text()
        following.click()
        expect(page.get_by_role("navigation", name="Pages").locator("[aria-current]")).not_to_have_text(number)
