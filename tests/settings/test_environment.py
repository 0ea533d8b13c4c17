"""Typed readers: the value, the default, or one sentence."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from auditportal.settings import environment as env

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("text", "value"), [("1", True), ("Yes", True), ("off", False), ("0", False), ("", True)])
def test_a_switch_takes_the_usual_words(monkeypatch, text, value):
    monkeypatch.setenv("SWITCH", text)
    assert env.env_bool("SWITCH", True) is value


def test_a_switch_that_is_neither_is_refused(monkeypatch):
    monkeypatch.setenv("SWITCH", "perhaps")
    with pytest.raises(ImproperlyConfigured, match=r"^SWITCH is 'perhaps'\. Set it to 1 or 0\.$"):
        env.env_bool("SWITCH", False)


@pytest.mark.parametrize(("text", "said"), [("many", "Set it to a whole number"), ("0", "a number from 1 to 9")])
def test_a_number_out_of_bounds_is_refused(monkeypatch, text, said):
    monkeypatch.setenv("NUMBER", text)
    with pytest.raises(ImproperlyConfigured, match=f"^NUMBER is .*{said}"):
        env.env_int("NUMBER", 5, at_most=9)


def test_a_number_falls_back_to_its_default(monkeypatch):
    monkeypatch.delenv("NUMBER", raising=False)
    assert env.env_int("NUMBER", 5) == 5
    monkeypatch.setenv("NUMBER", " 7 ")
    assert env.env_int("NUMBER", 5) == 7


def test_a_list_drops_blanks(monkeypatch):
    monkeypatch.setenv("LIST", " a, b,,")
    assert env.env_list("LIST", ",") == ["a", "b"]


def test_a_choice_is_one_of_them(monkeypatch):
    monkeypatch.setenv("CHOICE", "info")
    assert env.env_choice("CHOICE", "ERROR", ("INFO", "ERROR")) == "INFO"
    monkeypatch.setenv("CHOICE", "loud")
    with pytest.raises(ImproperlyConfigured, match="one of INFO, ERROR"):
        env.env_choice("CHOICE", "ERROR", ("INFO", "ERROR"))


def test_a_secret_comes_from_its_file(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv("SECRET", "from the variable")
    monkeypatch.setenv("SECRET_FILE", str(tmp_path / "secret"))
    assert env.env_secret("SECRET") == "from the file"
    monkeypatch.setenv("SECRET_FILE", str(tmp_path / "missing"))
    with pytest.raises(ImproperlyConfigured, match=r"^SECRET_FILE cannot be read: No such file"):
        env.env_secret("SECRET")


def test_a_kept_secret_is_made_once_for_the_owner_alone(tmp_path):
    path = tmp_path / "var" / "keys" / "secret_key"
    first = env.kept_secret(path)
    assert len(first) >= 50
    assert env.kept_secret(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700


def test_mail_is_read_off_one_address():
    mail = env.email_from_url("smtp://portal:p%40ss@mail.example.org:587?tls=starttls")
    assert (mail.host, mail.port, mail.user, mail.password) == ("mail.example.org", 587, "portal", "p@ss")
    assert (mail.starttls, mail.tls) == (True, False)
    assert env.email_from_url("smtps://mail.example.org").port == 465
    assert env.email_from_url("").backend.endswith("dummy.EmailBackend")


@pytest.mark.parametrize("url", ["http://mail.example.org", "smtp://", "smtp://mail.example.org?tls=perhaps"])
def test_a_wrong_mail_address_is_refused_without_its_password(url):
    with pytest.raises(ImproperlyConfigured, match=r"^EMAIL_URL is wrong"):
        env.email_from_url(url)


def test_a_wrong_setting_is_one_sentence_on_the_command_line(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "VAR_DIR": str(tmp_path), "WORKERS": "several"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr == "WORKERS is 'several'. Set it to a whole number.\n"


def test_pairs_and_buckets_are_read_between_commas(monkeypatch):
    monkeypatch.setenv("PAIRS", "a=x, b = y")
    assert env.env_pairs("PAIRS") == {"a": "x", "b": "y"}
    monkeypatch.setenv("BUCKETS", "s3://logs, s3://other/app")
    assert env.env_buckets("BUCKETS") == ["s3://logs/", "s3://other/app/"]
    monkeypatch.delenv("BUCKETS")
    assert env.env_buckets("BUCKETS") == []


def test_half_a_pair_and_a_name_that_is_no_bucket_are_refused(monkeypatch):
    monkeypatch.setenv("PAIRS", "a=")
    with pytest.raises(ImproperlyConfigured, match=r"^PAIRS is wrong\. Write it as name=value,name=value\.$"):
        env.env_pairs("PAIRS")
    monkeypatch.setenv("BUCKETS", "logs")
    with pytest.raises(ImproperlyConfigured, match=r"^BUCKETS is wrong: 'logs' names no bucket"):
        env.env_buckets("BUCKETS")
