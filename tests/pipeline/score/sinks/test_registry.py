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


def test_a_kind_of_tool_that_there_is_not_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"score\.sinks\.crm\.kind: expected a kind: .*sql.*, found nowhere"):
        make_sinks(ScoreOptions(sinks={"crm": {"kind": "nowhere"}}), tmp_path)


@pytest.mark.parametrize("name", ["../crm", "Crm", "", "a" * 41])
def test_a_name_of_a_place_is_one_that_files_and_variables_can_have(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lower case"):
        make_sinks(ScoreOptions(sinks={name: {"kind": "hubspot"}}), tmp_path)


def test_a_setting_that_a_tool_does_not_have_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"score\.sinks\.crm: .*fields.*there is no value scroe"):
        make_sinks(ScoreOptions(sinks={"crm": {"kind": "hubspot", "fields": {"x": "scroe"}}}), tmp_path)


def test_a_place_is_made_for_each_name_and_opens_nothing(tmp_path: Path) -> None:
    sinks = make_sinks(ScoreOptions(sinks={"crm": {"kind": "hubspot"}, "sales": {"kind": "salesforce"}}), tmp_path)
    assert [(name, type(sink)) for name, sink in sinks.items()] == [
        ("store", SINKS["store"]), ("crm", SINKS["write_back"]), ("sales", SINKS["write_back"]),
    ]  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_the_score_store_is_set_in_one_place() -> None:
    with pytest.raises(InputError, match=r"the score store is score\.store"):
        read_settings(None, overrides=parse_overrides(["score.sinks.store.url=sqlite:///x"]))
