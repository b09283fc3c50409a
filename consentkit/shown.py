"""A workspace as readers may see it: whatever is asked through it has its names masked, as ``pseudonyms`` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consentkit.engine import sql_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from consentkit.pseudonyms import Pseudonyms
    from consentkit.workspace import Workspace

Cells = tuple[list[str], list[tuple[Any, ...]]]


class Table(list[dict[str, Any]]):
    """Rows as dicts, with the names of their columns also where there is no row."""

    def __init__(self, columns: Iterable[str], rows: Iterable[dict[str, Any]]) -> None:
        super().__init__(rows)
        self.columns = list(columns)

    @classmethod
    def of(cls, cells: Cells) -> Table:
        """Make a table of what a query returns."""
        names, rows = cells
        return cls(names, (dict(zip(names, row, strict=True)) for row in rows))


class Shown:
    """Answers queries as a workspace does; ``names`` masks, that of the workspace unless another is given."""

    def __init__(self, workspace: Workspace, names: Pseudonyms | None = None) -> None:
        self._workspace = workspace
        self.names = names or workspace.names

    def as_loaded(self, query: str, params: Sequence[object] = ()) -> Cells:
        """Run a query and return its column names and rows with nothing masked: for what is asked next, not to show."""
        return self._workspace.cells(query, params)

    def cells(self, query: str, params: Sequence[object] = ()) -> Cells:
        """Run a query and return its column names and its rows."""
        names, rows = self.as_loaded(query, params)
        return names, self.names.cells(names, rows)

    def rows(self, query: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        return self.cells(query, params)[1]

    def table(self, name: str, params: Sequence[object] = ()) -> Table:
        """Return the rows of ``consentkit/sql/<name>.sql`` as dicts."""
        return Table.of(self.cells(sql_text(name), params))


class Remembering(Shown):
    """Runs each query once, however often it is asked."""

    def __init__(self, workspace: Workspace, names: Pseudonyms | None = None) -> None:
        super().__init__(workspace, names)
        self._known: dict[Any, Cells] = {}

    def as_loaded(self, query: str, params: Sequence[object] = ()) -> Cells:
        """Run a query, or return what it gave before."""
        key = (query, tuple(params))
        if key not in self._known:
            self._known[key] = super().as_loaded(query, params)
        return self._known[key]


def shown(workspace: Workspace | Shown) -> Shown:
    """Return a workspace as readers may see it; one that is shown already stays as it is."""
    return workspace if isinstance(workspace, Shown) else Shown(workspace)
