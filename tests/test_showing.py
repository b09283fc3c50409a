"""Every result shows itself: a verdict line and a table as HTML, the same as plain text, harmless in both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from report_support import SCRIPT, load_hostile

import consentkit as ck
from consentkit.history import person, withdrawals

if TYPE_CHECKING:
    from pathlib import Path


def results(ws: ck.Workspace) -> dict[str, Any]:
    (who,) = ws.rows("SELECT e.user_id FROM event AS e WHERE e.user_id IS NOT NULL ORDER BY e.user_id LIMIT 1")[0]
    return {
        "summary": ws.summary(),
        "causes": ws.causes(),
        "withdrawals": withdrawals(ws),
        "person": person(ws, who)[0],
    }


def test_what_the_sample_says_is_in_the_page_and_in_the_text(sample: ck.Workspace) -> None:
    found = results(sample)
    told = {
        "summary": ("57 of 2,994", "Braze"),
        "causes": ("ios 5.2.1",),
        "withdrawals": ("Braze",),
        "person": (found["person"].id,),
    }
    for name, words in told.items():
        for word in words:
            assert word in found[name]._repr_html_(), (name, word)
            assert word in repr(found[name]), (name, word)
    assert "1,749" in found["summary"]._repr_html_(), "the small chart says what was held against nothing"
    ignored = sum(row["ignored"] for row in found["withdrawals"].destinations)
    assert f"{ignored:,} of " in found["withdrawals"].verdict
    assert found["summary"].verdict.startswith("Consent was not kept: 64 deliveries to Braze and")


def test_a_person_with_choices_shows_each_of_them(sample: ck.Workspace) -> None:
    (who,) = sample.rows("SELECT c.subject_id FROM consent_change AS c WHERE c.subject_kind = 'person' LIMIT 1")[0]
    found = person(sample, who)[0]
    shown = found._repr_html_()
    assert len(found.changes) > 0
    for row in found.changes:
        assert f"{row['valid_from']:%Y-%m-%d %H:%M}" in shown


def test_hostile_names_are_harmless(tmp_path: Path) -> None:
    with ck.open() as ws:
        load_hostile(ws, tmp_path)
        for name, found in results(ws).items():
            shown = found._repr_html_()
            assert SCRIPT not in shown, name
            assert "\u202e" not in shown + repr(found), name
            assert "long" * 200 not in shown, name
