"""The shape of the code: small files and functions, telling names, the borders between layers."""

import ast
import subprocess
import sys
from pathlib import Path

from tests.architecture.tracked import ROOT, files, name

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
# Longer by decision: file, or file and function, with the reason.
LONGER_FILES: dict[str, str] = {
    "reviews/engine/records/verify.py": "goes into each record as one file that needs nothing but Python and openssl",
}
LONGER_FUNCTIONS: dict[tuple[str, str], str] = {
    ("tests/world.py", "make_world"): "one list of who and what is there; in pieces nobody sees who may do what",
}
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}


def python_files() -> list[Path]:
    return [path for path in files(".py") if "migrations" not in path.parts]


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body; what says what it does does not count against it."""
    body = function.body
    if ast.get_docstring(function, clean=False) is not None and len(body) > 1:
        body = body[1:]
    return (function.end_lineno or 0) - body[0].lineno + 1


def test_files_are_short():
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE and path not in LONGER_FILES} == {}


def test_functions_are_short():
    long = {
        (name(path), function.name): length(function)
        for path in python_files()
        for function in functions(path)
        if length(function) > LONGEST_FUNCTION
    }
    assert {place: lines for place, lines in long.items() if place not in LONGER_FUNCTIONS} == {}


def test_exemptions_are_still_needed():
    for path in LONGER_FILES:
        assert len((ROOT / path).read_text(encoding="utf-8").splitlines()) > LONGEST_FILE, path
    for path, wanted in LONGER_FUNCTIONS:
        assert any(f.name == wanted and length(f) > LONGEST_FUNCTION for f in functions(ROOT / path)), (path, wanted)


def test_the_measure_counts_bodies_without_docstrings(tmp_path):
    path = tmp_path / "sample.py"
    path.write_text('def f():\n    """One.\n\n    Two.\n    """\n    a = 1\n    return a\n')
    assert [length(function) for function in functions(path)] == [2]


def test_modules_are_named_after_what_they_hold():
    named = {name(path) for path in python_files() if path.stem in NAMES_THAT_SAY_NOTHING}
    named |= {name(path) for path in python_files() if NAMES_THAT_SAY_NOTHING & set(path.relative_to(ROOT).parts[:-1])}
    assert named == set()


def test_layers_import_only_what_stands_below_them():
    program = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_no_test_sleeps():
    """A test that waits for a time is slow on a fast machine and wrong on a slow one."""
    sleeping = []
    for path in files(".py"):
        if "tests" not in path.relative_to(ROOT).parts[:1]:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"sleep", "wait_for_timeout", "wait_for_function"}:
                sleeping.append(f"{name(path)}:{node.lineno}")
    assert sleeping == []


def test_nothing_opens_duckdb_while_it_is_imported():
    """A connection that a parent opened hangs in its forked children."""
    at_import = []
    for path in python_files():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            for call in ast.walk(node) if not isinstance(node, ast.FunctionDef | ast.ClassDef) else ():
                if isinstance(call, ast.Call) and ast.unparse(call.func).startswith("duckdb."):
                    at_import.append(f"{name(path)}:{call.lineno}")
    assert at_import == []
