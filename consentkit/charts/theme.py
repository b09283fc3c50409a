"""How every chart looks: one theme, Okabe-Ito colours, a title that states the finding, n and period below it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import altair as alt

from consentkit.phrases import count, span
from consentkit.shown import shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from consentkit.shown import Table
    from consentkit.workspace import Workspace

Row = dict[str, Any]
Chart = Any  # one of Altair's top-level charts: layered, concatenated or single

INK, MUTED, GRID, PAPER = "#1b1f24", "#5b6470", "#d9dee3", "#ffffff"
BLACK, ORANGE, SKY, GREEN = "#000000", "#e69f00", "#56b4e9", "#009e73"
YELLOW, BLUE, VERMILLION, PURPLE = "#f0e442", "#0072b2", "#d55e00", "#cc79a7"
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
WIDTH = 640


class Marks(alt.Chart):
    """Marks of one kind on some rows, to be laid over others or set beside them.

    Altair copies all that is in a chart for each layer, panel and page it stands in. Nothing changes what marks are
    made of once they are there, so their copies share it.
    """

    def __deepcopy__(self, _: object) -> Marks:
        return self.copy(deep=False)


def theme() -> Row:
    """Return the configuration of Vega-Lite that every chart carries; registered in Altair as ``consentkit``."""
    text = {
        "labelColor": INK,
        "titleColor": MUTED,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    }
    return {
        "background": PAPER,
        "font": FONT,
        "padding": 8,
        "view": {"stroke": None},
        "title": {
            "anchor": "start",
            "frame": "bounds",
            "color": INK,
            "fontSize": 16,
            "fontWeight": "bold",
            "subtitleColor": MUTED,
            "subtitleFontSize": 12.5,
            "subtitlePadding": 6,
            "offset": 14,
            "lineHeight": 20,
            "subtitleLineHeight": 17,
        },
        "axis": {
            **text,
            "gridColor": GRID,
            "domainColor": GRID,
            "tickColor": GRID,
            "labelLimit": 0,
            "labelPadding": 6,
            "titleLimit": 0,
        },
        "legend": {**text, "labelLimit": 0, "symbolType": "square"},
        "header": {**text, "labelLimit": 0},
        "range": {"category": [BLUE, VERMILLION, ORANGE, SKY, GREEN, PURPLE, YELLOW, BLACK]},
        "bar": {"color": BLUE},
        "text": {"color": INK, "fontSize": 12},
    }


alt.theme.register("consentkit", enable=False)(lambda: alt.theme.ThemeConfig(config=theme()))  # type: ignore[typeddict-item]


def ask(workspace: Workspace, name: str, params: Sequence[object] = ()) -> Table:
    """Run ``consentkit/sql/<name>.sql`` and return its rows as dicts, with the names in them masked."""
    return shown(workspace).table(name, params)


def period(workspace: Workspace) -> Row:
    """Return how many events there are, how many undated, and the first and last moment."""
    return ask(workspace, "chart_period")[0]


def says_period(whole: Row) -> str:
    """Say how much was looked at: ``4,001 events, 1 to 30 March 2026``."""
    told = count(whole["events"], "event")
    when = span(whole["first_at"], whole["last_at"], year=True)
    undated = f", {whole['undated']:,} of them undated" if whole["undated"] else ""
    return f"{told}{', ' + when if when else ''}{undated}"


def titled(chart: Chart, title: str, subtitle: Sequence[str], width: int, description: str = "") -> Chart:
    """Give a chart its title, subtitle, description for screen readers and theme."""
    heading = alt.TitleParams(
        text=textwrap.wrap(title, max(28, int(width / 8.3))),
        subtitle=[line for part in subtitle if part for line in textwrap.wrap(part, max(30, int(width / 6.4)))],
    )
    words = ". ".join(part.rstrip(".") for part in (title, *subtitle, description) if part)
    chart.title, chart.description, chart.config = heading, words + ".", theme()
    return _shown_offline(chart)


class _Offline:
    """Shows a chart in a notebook without a network, where Altair would load its scripts from one.

    JupyterLab draws Vega-Lite 5 itself, with tooltips; everything else takes the picture. Altair writes Vega-Lite 6,
    which says all that our charts use the same way.
    """

    def _repr_mimebundle_(self, *_: object, **__: object) -> tuple[Row, Row]:
        from consentkit.charts.export import svg_file

        said = self.to_dict(validate=False)  # type: ignore[attr-defined]
        said["$schema"] = "https://vega.github.io/schema/vega-lite/v5.json"
        shown = {_VEGA_LITE: said, "image/svg+xml": svg_file(self), "text/plain": said["description"]}
        return shown, {_VEGA_LITE: {"embed_options": {"actions": False}}}


_VEGA_LITE = "application/vnd.vegalite.v5+json"
_KINDS: dict[type, type] = {}


def _shown_offline(chart: Chart) -> Chart:
    kind = type(chart)
    if kind not in _KINDS:
        _KINDS[kind] = type(kind.__name__, (_Offline, kind), {"__module__": kind.__module__})
    object.__setattr__(chart, "__class__", _KINDS[kind])
    return chart


def in_words(title: str, told: str, subtitle: str, width: int = WIDTH) -> Chart:
    """Say in words what was found where there is nothing to draw."""
    lines = textwrap.wrap(told, max(28, int(width / 7)))
    base = Marks(alt.InlineData(values=[{"says": lines}]))
    shown = base.mark_text(align="left", baseline="top", x=0, y=8, color=MUTED, fontSize=13, lineHeight=18)
    shown = shown.encode(text=alt.Text("says:N")).properties(width=width - 20, height=max(60, 18 * len(lines) + 16))
    return titled(shown, title, [subtitle], width, told)


def cannot_show(what: str, why: str, workspace: Workspace, width: int = WIDTH) -> Chart:
    """Say that a chart cannot be shown, and why."""
    return in_words(f"{what} cannot be shown", why, says_period(period(workspace)), width)


def values(rows: Sequence[Row]) -> Any:
    """Hand rows to Altair as they are: dates as text, so that no time zone moves them.

    As a tuple, because Altair copies every list again for each mark, layer and panel.
    """
    plain = tuple({key: _plain(value) for key, value in row.items()} for row in rows)
    return alt.InlineData(values=plain)


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def grain(first: date | None, last: date | None) -> str:
    """Choose how finely to cut a period: by day, week or month, so that every count can be read."""
    days = (last - first).days if first and last else 0
    return "day" if days <= 45 else "week" if days <= 400 else "month"


def left_room(width: int) -> int:
    """Return how many pixels of a width the names at the left may take."""
    return 190 if width >= 500 else 118


def letters(width: int) -> int:
    """Return how many letters a name at the left may have."""
    return int(left_room(width) / 6.4)


def text_layers(base: Chart, bold: str, color: Any = None, **mark: Any) -> list[Chart]:
    """Draw the text of a chart in two layers: bold where an expression holds, plain elsewhere."""
    strong = base.transform_filter(bold).mark_text(fontWeight="bold", **mark)
    plain = base.transform_filter(f"!({bold})").mark_text(**mark)
    return [layer.encode(color=color) if color is not None else layer for layer in (plain, strong)]
