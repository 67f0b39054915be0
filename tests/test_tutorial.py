"""docs/tutorial.ipynb runs from its first cell to its last, and shows what it is committed with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).resolve().parent.parent / "docs" / "tutorial.ipynb"


def shown(notebook: Any) -> list[set[str]]:
    """Of each cell of code, the kinds of what it shows: text, or a picture in a form that is committed."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [
        {"image/jpeg" if "image/jpeg" in (output.get("data") or {}) else "text" for output in cell.outputs}
        for cell in cells
    ]


def test_the_tutorial_runs_and_shows_what_it_is_committed_with() -> None:
    committed: Any = nbformat.read(NOTEBOOK, as_version=4)
    run: Any = nbformat.read(NOTEBOOK, as_version=4)
    for cell in run.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    NotebookClient(
        run, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOK.parent.parent)}}
    ).execute()
    for cell in run.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    assert shown(run) == shown(committed)
    assert sum("image/jpeg" in kinds for kinds in shown(run)) == 6
