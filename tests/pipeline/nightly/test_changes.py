"""Who changes: those that come to sales first; who comes or goes below the cut-offs is no change."""

from __future__ import annotations

import json

import pytest

from pipeline.nightly.changes import changes_between, counts_of, result_profile, to_json, to_text
from pipeline.score.sinks.current_scores import scores_frame

NOW = scores_frame(
    [
        ("same", "none", "none", None),
        ("up", "none", "none", None),
        ("down", "MQL", "MQL", "cutoff"),
        ("taken", "SAL", "SAL", "cutoff"),
        ("gone from the list", "MQL", "MQL", "cutoff"),
        ("gone below", "none", "none", None),
    ]
)
TONIGHT = scores_frame(
    [
        ("same", "none", "none", None),
        ("up", "MQL", "MQL", "cutoff"),
        ("down", "none", "none", None),
        ("taken", "SAL", "with_sales", None),
        ("new on the list", "SAL", "SAL", "cutoff"),
        ("new below", "none", "none", None),
    ]
)


def test_who_changes():
    changes = changes_between(NOW, TONIGHT)
    assert set(changes.index) == {"up", "down", "taken", "gone from the list", "new on the list"}
    assert set(changes.index[:2]) == {"up", "new on the list"}
    assert counts_of(changes) == {"changed": 5, "join_the_list": 2, "leave_the_list": 3, "change_band": 4}
    rows = {row["lead_id"]: row for row in json.loads(to_json(changes, [], "v"))["changes"]}
    assert rows["new on the list"]["band_now"] == "not open"
    assert rows["new on the list"]["handed_over_by_now"] is None
    assert "nan" not in to_text(changes)
    assert "5 leads would change: 2 join the list, 3 leave it, 4 change their band" in to_text(changes)


def test_what_a_night_makes_of_the_open_leads():
    result = result_profile(NOW, TONIGHT, "v")
    assert (result.open_leads, result.listed) == (6, 2)
    assert result.bands_changed == pytest.approx(2 / 4)
    assert result.open_gone == pytest.approx(2 / 6)
    assert result_profile(None, TONIGHT, "v").bands_changed is None
    assert len(changes_between(None, TONIGHT)) == 2
