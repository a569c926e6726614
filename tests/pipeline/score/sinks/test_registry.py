"""Which sinks the settings ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.errors import InputError
from pipeline.score.sinks.registry import SINKS, make_sinks
from pipeline.settings.settings import ScoreOptions, parse_overrides, read_settings


def test_the_score_store_is_always_there_and_making_it_opens_nothing(tmp_path: Path) -> None:
    sinks = make_sinks(ScoreOptions(store=f"sqlite:///{tmp_path}/folder/scores.sqlite"), tmp_path)
    assert list(sinks) == ["store"]
    assert sinks["store"].place(tmp_path)["database"] == "folder/scores.sqlite"
    assert list(tmp_path.iterdir()) == []


def test_a_sink_that_there_is_not_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"score.sinks: expected a sink that there is: .*, found nowhere"):
        make_sinks(ScoreOptions(sinks={"nowhere": {}}), tmp_path)
    assert "nowhere" not in SINKS


def test_the_score_store_is_set_in_one_place() -> None:
    with pytest.raises(InputError, match=r"the score store is score\.store"):
        read_settings(None, overrides=parse_overrides(["score.sinks.store.url=sqlite:///x"]))
