"""Writes a chart as a picture, a page or the numbers behind it: offline, and the same bytes each time."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

from consentkit.errors import UsageError
from consentkit.writing import write_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from consentkit.shown import Table

NARROW = 316
FORMATS = ("png", "svg", "pdf", "html", "csv")
_LOCAL_ID = re.compile(r'(?<=\bid=")[^"]+(?=")|(?<=url\(#)[^)]+(?=\))|(?<=href="#)[^"]+(?=")')
# Charts are laid out in the widths of Liberation Sans, which are those of Arial. Where neither is there, a browser may
# take a wider one, and words would be cut off at the edge: this name stands for such a font, drawn smaller.
WIDE_FONTS = (
    '@font-face { font-family: "ck narrowed"; src: local("DejaVu Sans"), local("Verdana"); size-adjust: 88%; }\n'
    '@font-face { font-family: "ck narrowed"; font-weight: bold; src: local("DejaVu Sans Bold"), '
    'local("DejaVuSans-Bold"), local("Verdana Bold"), local("Verdana-Bold"); size-adjust: 82%; }\n'
    "svg text { font-family: 'Liberation Sans', Arial, Helvetica, Roboto, 'ck narrowed', sans-serif; }"
)
_BUNDLE: list[str] = []
# The chart stands in the page as wide as it is wanted, a little smaller where the window needs that, and in its narrow
# shape where its words would become too small to read.
_FITTING = """
const wide = %s, narrow = %s;
const draw = spec => vegaEmbed("#chart", spec, {actions: false, renderer: "svg"});
draw(wide).then(() => {
  const chart = document.querySelector("#chart"), needed = chart.querySelector("svg").viewBox.baseVal.width;
  let shown = wide;
  const fit = () => {
    const fitting = chart.clientWidth < 0.85 * needed ? narrow : wide;
    if (fitting !== shown) draw(shown = fitting);
  };
  fit();
  addEventListener("resize", fit);
});
"""


def spec_text(said: dict[str, Any]) -> str:
    """Return a specification as JSON that is safe inside a page."""
    text = json.dumps(said, ensure_ascii=True, sort_keys=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _spec(chart: Any) -> dict[str, Any]:
    """Return a chart's specification; what it holds was checked where the chart was tested."""
    said: dict[str, Any] = chart.to_dict(validate=False)
    return said


def _heading(said: dict[str, Any]) -> str:
    title = said.get("title", {}).get("text", "")
    return html.escape(" ".join(title) if isinstance(title, list) else str(title))


def svg(chart: Any, prefix: str = "ck") -> str:
    """Return a chart as SVG with its title and description; ``prefix`` keeps its ids apart from those of others."""
    import vl_convert

    said = _spec(chart)
    drawn: str = vl_convert.vegalite_to_svg(spec_text(said), allowed_base_urls=[])
    names: dict[str, str] = {}
    drawn = _LOCAL_ID.sub(lambda found: names.setdefault(found[0], f"{prefix}-{len(names) + 1}"), drawn)
    about, heading = html.escape(said.get("description", "")), _heading(said)
    root = f'<svg role="img" aria-label="{heading}" xmlns='
    return drawn.replace("<svg xmlns=", root, 1).replace(">", f"><title>{heading}</title><desc>{about}</desc>", 1)


def svg_file(chart: Any) -> str:
    """Return a chart as the text of an SVG file of its own."""
    return svg(chart).replace("</desc>", f"</desc><style>{WIDE_FONTS}</style>", 1) + "\n"


def png(chart: Any, scale: float = 2) -> bytes:
    """Return a chart as PNG."""
    import vl_convert

    drawn: bytes = vl_convert.vegalite_to_png(spec_text(_spec(chart)), scale=scale, allowed_base_urls=[])
    return drawn


def pdf(chart: Any) -> bytes:
    """Return a chart as PDF."""
    import vl_convert

    drawn: bytes = vl_convert.vegalite_to_pdf(spec_text(_spec(chart)), allowed_base_urls=[])
    return drawn


def page(chart: Any, narrow: Any) -> str:
    """Return a chart, and its narrow shape for telephones, as one HTML file that loads nothing and has tooltips."""
    import vl_convert

    if not _BUNDLE:
        _BUNDLE.append(vl_convert.javascript_bundle().replace("</script", "<\\/script"))  # type: ignore[call-arg]
    said = _spec(chart)
    heading = _heading(said)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:\">\n"
        '<link rel="icon" href="data:,">\n'
        f"<title>{heading}</title>\n<style>body {{ margin: 1rem; background: #fff }} "
        "svg { max-width: 100%; height: auto }</style>\n</head>\n<body>\n"
        f'<main><div id="chart" role="img" aria-label="{html.escape(said.get("description", ""))}"></div></main>\n'
        f"<script>{_BUNDLE[0]}</script>\n"
        f"<script>{_FITTING % (spec_text(said), spec_text(_spec(narrow)))}</script>\n"
        "</body>\n</html>\n"
    )


def save(draw: Callable[[int], Any], width: int, path: Path, rows: Callable[[], Table]) -> None:
    """Write a chart in the format the file's ending names: ``draw`` of a width; ``rows`` gives what CSV holds."""
    from consentkit.summary import csv_text

    form = path.suffix.lower().lstrip(".")
    if form not in FORMATS:
        raise UsageError(f"{path.name}: a chart is written as {', '.join(FORMATS)}; the ending of the file says which")
    drawn: dict[str, Callable[[], bytes]] = {
        "png": lambda: png(draw(width)),
        "pdf": lambda: pdf(draw(width)),
        "svg": lambda: svg_file(draw(width)).encode(),
        "html": lambda: page(draw(width), draw(min(width, NARROW))).encode(),
        "csv": lambda: csv_text(rows()).encode(),
    }
    write_files(path.parent, {path.name: drawn[form]()})
