"""The notebooks: a question each, committed without outputs, public names only, and they run from top to bottom."""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from support import ROOT

import consentkit as ck

if TYPE_CHECKING:
    from pathlib import Path

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found


def test_they_are_numbered_from_one_without_a_gap() -> None:
    assert [int(path.name[:2]) for path in NOTEBOOKS] == list(range(1, len(NOTEBOOKS) + 1))


@each_notebook
def test_the_notebooks_it_names_are_there(path: Path) -> None:
    text = "".join("".join(cell["source"]) for cell in cells(path))
    assert set(re.findall(r"\b\d\d_\w+\.ipynb", text)) <= {each.name for each in NOTEBOOKS}


@each_notebook
def test_it_asks_a_question_has_parameters_and_no_outputs(path: Path) -> None:
    found = cells(path)
    assert "**Question:" in "".join(found[0]["source"])
    assert sum("parameters" in cell["metadata"].get("tags", []) for cell in found) == 1
    for cell in found:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


@each_notebook
def test_it_uses_public_names_only(path: Path) -> None:
    code = "\n".join("".join(cell["source"]) for cell in cells(path) if cell["cell_type"] == "code")
    tree = ast.parse(code)
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not [name for name in used if name.startswith("_")]
    names = re.findall(r"\bck\.(\w+)", code)
    assert set(names) <= set(ck.__all__)
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in imported if name and name.startswith("consentkit")]


@pytest.mark.slow
@each_notebook
def test_it_runs_from_top_to_bottom(path: Path) -> None:
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )
    client.execute()
    printed = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output for output in printed if output.output_type == "error"] == []
    assert [output for output in printed if output.get("name") == "stderr"] == []
