"""What the files say: settings as documented, templates without inline code, nothing of a certain machine."""

import ast
import re

from tests.architecture.tracked import ROOT, files, name

_READERS = {"env_str", "env_bool", "env_int", "env_list", "env_pairs", "env_buckets", "env_choice", "env_secret"}
_ROW = re.compile(r"^\| `([A-Z0-9_]+)` \| (.*?) \| (.*) \|$", re.MULTILINE)


def settings_of_the_code() -> dict[str, bool]:
    """Names that the settings read from the environment; True for secrets, which may also stand in a file."""
    found = {}
    for node in ast.walk(ast.parse((ROOT / "auditportal/settings/base.py").read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _READERS:
            assert isinstance(node.args[0], ast.Constant)
            found[node.args[0].value] = node.func.id == "env_secret"
    return found


def test_every_setting_stands_in_the_table_and_no_other():
    rows = {row[0]: row[2] for row in _ROW.findall((ROOT / "docs/configuration.md").read_text())}
    code = settings_of_the_code()
    assert set(rows) == set(code)
    assert {setting for setting, words in rows.items() if "Or `_FILE`." in words} == {
        setting for setting, is_secret in code.items() if is_secret
    }


def test_numbers_in_the_table_are_those_of_the_code():
    rows = {row[0]: row[1] for row in _ROW.findall((ROOT / "docs/configuration.md").read_text())}
    for node in ast.walk(ast.parse((ROOT / "auditportal/settings/base.py").read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "env_int":
            setting = ast.literal_eval(node.args[0])
            default = eval(ast.unparse(node.args[1]), {})  # noqa: S307 # a number out of our own code
            if default:
                assert rows[setting].startswith(f"`{default}`"), setting


def test_nothing_names_the_machine_it_was_made_on():
    places = ["/" + "work/", "/" + "root/", "/" + "opt/pypi", ".py" + "env/"]
    found = []
    for path in files():
        if path.suffix in {".gz", ".zip", ".bz2", ".xz", ".zst", ".png", ".pdf", ".evtx"}:
            continue
        text = path.read_bytes()
        lines = text.decode("utf-8", "replace").splitlines()
        found += [
            f"{name(path)}:{number}"
            for number, line in enumerate(lines, 1)
            if any(re.search(rf"(?<![\w.~-]){re.escape(place)}", line) for place in places)
        ]
    assert [place for place in found if not place.startswith("tests/samples/")] == []


def test_locks_name_no_registry_and_agree():
    locks = {}
    for lock in ("run", "dev"):
        text = (ROOT / f"requirements/{lock}.txt").read_text()
        assert "://" not in text
        assert "--index" not in text
        locks[lock] = dict(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE))
        assert text.count("--hash=sha256:") >= len(locks[lock])
    # What dev.txt installs, run.txt can run on: `make run` then leaves the tools in place.
    assert locks["run"].items() <= locks["dev"].items()
    assert "uv" in locks["dev"]


def test_templates_hold_no_code_and_no_style():
    """The policy would stop them in a browser; here they stop a test."""
    wrong = {
        "style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
        "style element": re.compile(r"<style\b", re.IGNORECASE),
        "inline script": re.compile(r"<script\b(?![^>]*\ssrc=)(?![^>]*application/json)", re.IGNORECASE),
        "event handler": re.compile(r"<[^>]*\s(?:on[a-z]+|hx-on[:a-z-]*)\s*=", re.IGNORECASE),
        "script address": re.compile(r"javascript:", re.IGNORECASE),
        "another host": re.compile(r"<(?:script|link|img)[^>]+(?:src|href)=[\"'](?:https?:)?//", re.IGNORECASE),
    }
    found = [
        f"{name(path)}: {what}"
        for path in files(".html")
        for what, pattern in wrong.items()
        if pattern.search(re.sub(r"\{#.*?#\}|\{% comment.*?endcomment %\}", "", path.read_text(), flags=re.DOTALL))
    ]
    assert found == []


def test_every_template_of_allauth_that_we_show_is_ours():
    shown = ("login", "logout", "password_change", "reauthenticate", "account_inactive", "signup_closed")
    assert [page for page in shown if not (ROOT / f"templates/account/{page}.html").is_file()] == []
