"""What the project promises about itself: one list of packages, the README's commands, clean files."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
CONDA_NAMES = {"python-duckdb": "duckdb", "python-isal": "isal"}
ONLY_WHERE_NEEDED = {"snowflake", "bigquery"}  # extras with large drivers, which no environment brings by itself


def requirement(text: str) -> tuple[str, str]:
    name, rest = re.fullmatch(r"([A-Za-z0-9_.-]+)(.*)", text.split(";")[0].strip()).groups()  # type: ignore[union-attr]
    return CONDA_NAMES.get(name.lower(), name.lower()), rest.replace(" ", "")


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return found


def test_environment_and_pyproject_name_the_same_packages() -> None:
    said = project()
    extras = {name: each for name, each in said["optional-dependencies"].items() if name not in ONLY_WHERE_NEEDED}
    wanted = [*said["dependencies"], *(each for extra in extras.values() for each in extra)]
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    given = dict(requirement(each) for each in conda if each != "pip")
    assert given.pop("python") == said["requires-python"]
    assert given == dict(requirement(each) for each in wanted if not each.startswith("consentkit"))


def test_ci_runs_the_command_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    commands = [line for line in readme.splitlines() if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    assert "consentkit audit data/sample/events" in commands[0]
    pattern = re.search(r'grep -F "(.*)" README.md', (ROOT / ".ci" / "run").read_text())
    assert pattern is not None
    assert [command for command in commands if pattern.group(1) in command] == [commands[1]]


def test_readme_lists_every_command() -> None:
    from consentkit.cli import app

    readme = (ROOT / "README.md").read_text()
    names = [each.name or each.callback.__name__ for each in app.registered_commands if each.callback]
    assert [name for name in names if f"`consentkit {name} " not in readme] == []


def test_every_package_folder_is_installed() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    there = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "consentkit").rglob("__init__.py")}
    assert listed == there


@pytest.mark.parametrize("pattern", [r"://[^/ \"]+/(simple|packages)/", r"(^|[^A-Za-z0-9_.])/(work|farm|root|home)/"])
def test_no_file_names_a_registry_or_a_path_of_a_machine(pattern: str) -> None:
    found = subprocess.run(
        ["git", "grep", "-nIE", pattern, "--", ".", ":!tests/test_project.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode > 1:
        pytest.skip("not a git checkout")
    assert found.stdout == ""
