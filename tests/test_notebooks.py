"""The notebooks: a question each, committed without outputs, public names only, and they run from top to bottom."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from support import ROOT, event, ndjson

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


def write_own(folder: Path, kind: str) -> dict[str, str]:
    """Write data of names of its own, without preference events: clean, dirty, or with a log of other events."""
    sent: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    for number in range(40):
        answers = {"Werbung": number % 2 == 0, "Nötig & Co": True}
        said = {"id": f"m{number}", "at": f"2026-05-{1 + number // 2:02}T10:00:00Z", "anonymousId": f"a{number % 7}"}
        context = {"library": {"name": "shop", "version": "1"}}
        events.append({**said, "writeKey": "WK", "context": context, "preferences": answers})
        refused = number % 2 == 1 and not (kind == "dirty" and number == 3)
        for destination, status in (("Netz", "filtered" if refused else "delivered"), ("Lager", "delivered")):
            name = f"x{number}" if kind == "lost" else f"m{number}"
            sent.append({"message_id": name, "destination": destination, "status": status})
    if kind == "dirty":
        del events[4]["preferences"]
    (folder / "events.ndjson").write_bytes(ndjson([event(each) for each in events]))
    (folder / "sent.ndjson").write_bytes(ndjson(sent))
    rules = {
        "version": 1,
        "platform": "segment",
        "categories": [{"id": "Werbung", "destinations": ["Netz"]}, {"id": "Nötig & Co", "destinations": ["Lager"]}],
        "destinations": [{"name": "Netz"}, {"name": "Lager"}],
        "sources": [{"name": "laden", "stamps_consent": True, "write_keys": ["WK"]}],
    }
    (folder / "policy.yml").write_text(json.dumps(rules), encoding="utf-8")
    own = {"destination": "Lager", "category": "Werbung", "other_category": "Nötig & Co"}
    files = {"events": "events.ndjson", "deliveries": "sent.ndjson", "policy": "policy.yml"}
    return {name: str(folder / file) for name, file in files.items()} | own


def run(path: Path, parameters: dict[str, str]) -> str:
    """Run the cells in this process with other parameters and return what they show, as text."""
    names: dict[str, Any] = {}
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        for cell in cells(path):
            if cell["cell_type"] != "code":
                continue
            tree = ast.parse("".join(cell["source"]))
            last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, path.name, "exec"), names)
            if "parameters" in cell["metadata"].get("tags", []):
                names.update({name: value for name, value in parameters.items() if name in names})
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), path.name, "eval"), names)
                pictured = hasattr(value, "_repr_mimebundle_")
                print(value._repr_mimebundle_()[0]["text/plain"] if pictured else "" if value is None else value)
    return out.getvalue()


OF_THE_SAMPLE = re.compile(
    r"iOS|\bios\b|5\.2\.|Braze|Facebook|TikTok|Amplitude|Intercom|\d+ March|2026-|Advertising|Functional"
)


@each_notebook
def test_what_it_says_of_the_sample_it_marks_as_such(path: Path) -> None:
    for cell in cells(path):
        text = "".join(cell["source"])
        if cell["cell_type"] == "code":
            marked = "parameters" in cell["metadata"].get("tags", [])
            assert marked or not OF_THE_SAMPLE.search(text), "code follows any data"
            continue
        for paragraph in text.split("\n\n"):
            if OF_THE_SAMPLE.search(paragraph):
                assert paragraph.startswith("> **In the sample**"), paragraph


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["clean", "dirty", "lost"])
@each_notebook
def test_it_runs_on_data_of_ones_own(path: Path, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    told = run(path, write_own(tmp_path, kind))
    assert not OF_THE_SAMPLE.search(told.replace("2026-05", ""))
    if kind == "lost" and path.stem[:2] not in ("06", "07"):
        assert "of 60 deliveries in the log none is of an event that was read" in " ".join(told.split())


def test_a_change_that_changes_nothing_because_of_a_name_is_refused(tmp_path: Path) -> None:
    (path,) = (each for each in NOTEBOOKS if each.name.startswith("05"))
    own = write_own(tmp_path, "clean")
    with pytest.raises(ck.UsageError, match="no category 'Werbng'; it has Nötig & Co, Werbung"):
        run(path, own | {"category": "Werbng"})
    with pytest.raises(ck.UsageError, match="no destination is called 'Lagr'; there are Lager, Netz"):
        run(path, own | {"destination": "Lagr"})


@pytest.mark.slow
@pytest.mark.parametrize("target", ["pack", "pack.zip"])
def test_the_pack_is_written_where_it_is_wanted(target: str, tmp_path: Path) -> None:
    (path,) = (each for each in NOTEBOOKS if each.name.startswith("07"))
    run(path, write_own(tmp_path, "dirty") | {"target": str(tmp_path / target)})
    assert (tmp_path / target).exists()
    assert {each.name for each in tmp_path.iterdir()} == {"events.ndjson", "sent.ndjson", "policy.yml", target}
