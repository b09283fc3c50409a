"""Who may import whom: a module imports only what stands above it, and nothing imports in a circle."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from support import ROOT

import consentkit as ck

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = ROOT / "consentkit"
# From the top down; a room may import itself and those above it. What is not listed may import everything.
LAYERS = (
    ("errors", "interrupts", "names", "paths"),
    ("opening", "pseudonyms"),
    ("engine",),
    ("kept",),
    ("policy",),
    ("sources", "applying", "judging", "keeping", "preparing", "sql"),
    ("workspace",),
)
ROOM_OF = {room: number for number, rooms in enumerate(LAYERS) for room in rooms}
LAST = len(LAYERS)
HEAVY = (
    "pandas",
    "pyarrow",
    "duckdb",
    "pydantic",
    "great_expectations",
    "sqlalchemy",
    "numpy",
    "yaml",
    "rich",
    "typer",
)


def modules() -> dict[str, Path]:
    """Every module of the package, by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports_of(name: str, *, at_run_time: bool) -> set[str]:
    """The modules of the package that one imports, without those for types only."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", None) == "TYPE_CHECKING":
            node.body = []
    inside = {
        child
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.walk(function)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if not at_run_time and node in inside:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{name}: relative import"
            parts = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= parts & MODULES.keys() or {node.module}
    return {each for each in found if each in MODULES} - {name}


def layer(name: str) -> int:
    """The place of a module's room, counted from the top."""
    room = name.split(".")[1] if "." in name else ""
    return ROOM_OF.get(room, LAST)


@pytest.mark.parametrize("name", [name for name in MODULES if layer(name) < LAST])
def test_a_module_imports_only_what_stands_above_it(name: str) -> None:
    below = {
        other for other in imports_of(name, at_run_time=True) if layer(other) > layer(name) and other != "consentkit"
    }
    # The workspace calls what is built on it (summary, report, checks) inside the one method that needs it.
    if name == "consentkit.workspace":
        below = {
            other
            for other in imports_of(name, at_run_time=False)
            if layer(other) > layer(name) and other != "consentkit"
        }
    assert below == set()


def test_nothing_imports_the_command_line() -> None:
    users = {name for name in MODULES if "consentkit.cli" in imports_of(name, at_run_time=True)}
    assert users <= {"consentkit.__main__"}


def test_no_module_takes_what_another_keeps_to_itself() -> None:
    taken = [
        f"{name}: {node.module}.{alias.name}"
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("consentkit")
        for alias in node.names
        if alias.name.startswith("_") and alias.name != "__version__"
    ]
    assert taken == []


def test_there_is_no_circle() -> None:
    graph = {name: imports_of(name, at_run_time=False) for name in MODULES}
    state: defaultdict[str, int] = defaultdict(int)
    circles: list[list[str]] = []

    def visit(name: str, trail: list[str]) -> None:
        state[name] = 1
        for other in sorted(graph[name]):
            if state[other] == 1:
                circles.append([*trail[trail.index(other) :], other])
            elif state[other] == 0:
                visit(other, [*trail, other])
        state[name] = 2

    for name in graph:
        if state[name] == 0:
            visit(name, [name])
    assert circles == []


def test_importing_consentkit_imports_nothing_heavy() -> None:
    code = f"import sys, consentkit; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("room", ["charts", "checks.metrics"])
def test_a_parser_nobody_uses_is_not_set_up(room: str) -> None:
    pytest.importorskip("rfc3987_syntax", reason="the parser comes with Jupyter")
    code = (
        f"import consentkit.{room}, sys, jsonschema\n"
        "print('lark' in sys.modules)\n"
        "for said in ('http://example.org/\u00e9', 'no iri'):\n"
        "    print(jsonschema.FormatChecker().conforms(said, 'iri'))\n"
        "import rfc3987_syntax.utils\n"
        "print(rfc3987_syntax.parse.__module__)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "False", "rfc3987_syntax.syntax_helpers"]


def test_public_names_are_exactly_those_listed() -> None:
    assert len(set(ck.__all__)) == len(ck.__all__)
    assert [name for name in ck.__all__ if getattr(ck, name, None) is None] == []
    assert sorted(name for name in dir(ck) if not name.startswith("_")) == sorted(ck.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        ck.nothing  # noqa: B018


def test_star_import_gives_the_public_names() -> None:
    code = "from consentkit import *; print(sorted(name for name in globals() if name[0] != '_'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ast.literal_eval(done.stdout) == sorted(ck.__all__)


def test_every_error_is_one_of_ours() -> None:
    for name in ("PolicyError", "SourceError", "UsageError", "EngineError"):
        assert issubclass(getattr(ck, name), ck.ConsentkitError)
