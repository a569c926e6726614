"""Facts in Parquet files: however they lie there and are read, the rows are those that the engine computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.engine import compute_features
from features.families.feature_list import feature_list
from features.source_spec import FeatureOptions, SourceSpec
from features.tables.facts import FactFrames
from features.time_units import HOUR_US, from_micros, parse_time, to_micros
from pipeline.features import parquet_facts
from pipeline.features.stage import write_features

START_US = parse_time("2026-01-01")
OPTIONS = FeatureOptions()
LEAD_IDS = (
    "a",
    "b'c",
    'say "hi"',
    "x'; DROP TABLE leads; --",
    "Größe",
    "客户",
    "",
    " ",
    "10",
    "9",
    "%",
    "é\n",
    "A",
    "𝔘",
)
ODD_COLUMNS = (
    "row",
    "kind",
    "lead",
    "who",
    "actor",
    "event_type",
    "is_act",
    "occurred_us",
    "select",
    'say "hi"',
    "it's",
)
SPEC = SourceSpec.model_validate(
    {
        "name": "odd", "title": {"de": "Seltsam", "en": "Odd"}, "ladder": ["MQL", "WON"],
        "targets": {"close": {"stage": "WON", "horizon": "10d"}}, "sales_events": True, "who_acted": "detail",
        "fit": {
            **{name: {"type": "category", "source_rate": place % 2 == 0} for place, name in enumerate(ODD_COLUMNS)},
            "size": {"type": "number"},
            "budget": {"type": "number", "known": "changes"},
        },
        "events": {
            "blog": {"types": ["blog"], "intent": "low"},
            "it's": {"types": ["price 'now'", '"']},
            "call": {"types": ["call"], "ends": ["call_end"], "actor": "sales"},
        },
    }
)  # fmt: skip


def odd_facts(seed: int, *, rows: int = 300) -> tuple[FactFrames, pd.DataFrame]:
    """Return facts in random order, of leads of which many share an account, and looks at most of them."""
    rng = np.random.default_rng(seed)

    def pick(values: tuple[object, ...], count: int) -> pd.Series:
        return pd.Series([values[i] for i in rng.integers(0, len(values), count)], dtype=object)

    def times(count: int) -> pd.Series:
        return from_micros(pd.Series(START_US + HOUR_US * rng.integers(0, 2_000, count)))

    leads = pd.DataFrame({"lead_id": rng.permutation(LEAD_IDS), "created_at": times(len(LEAD_IDS))})
    leads["account_id"] = pick(("X", "Y'", "alone", None), len(leads))
    for name in ODD_COLUMNS:
        leads[name] = pick(("p", "q'", None), len(leads))
    leads["size"] = rng.integers(1, 9, len(leads)).astype(float)
    acts = pick((("blog", "lead"), ("price 'now'", "lead"), ('"', "lead"), ("call", "sales"), ("call_end", "sales"),
                 ("blog", "sales"), ("unlisted", "lead")), rows)  # fmt: skip
    events = pd.DataFrame(acts.tolist(), columns=["event_type", "actor"])
    events = events.assign(
        lead_id=pick(LEAD_IDS, rows), occurred_at=times(rows), detail=pick(("ann", "bob", None), rows)
    )
    changes = pd.DataFrame({"lead_id": pick(LEAD_IDS, rows), "changed_at": times(rows), "field": "budget"})
    changes["value"] = pick(("1", "12.5", "many", None), rows)
    stages = pd.DataFrame({"lead_id": pick(LEAD_IDS, 40), "stage": pick(("MQL", "WON", "LOST"), 40)})
    stages["entered_at"] = times(40)
    looks = pd.DataFrame({"lead_id": pick(LEAD_IDS[1:], 60), "as_of_us": to_micros(times(60))})
    return FactFrames(leads, changes, events, stages), looks


def files(frames: FactFrames, folder: Path) -> dict[str, Path]:
    folder.mkdir()
    tables = {name: folder / f"it's {name}.parquet" for name in ("leads", "changes", "events", "stages")}
    for name, file in tables.items():
        getattr(frames, name).to_parquet(file, index=False, row_group_size=50)
    return tables


def written(frames: FactFrames, looks: pd.DataFrame, folder: Path) -> bytes:
    write_features(files(frames, folder), looks, SPEC, OPTIONS, folder / "rows.parquet")
    return (folder / "rows.parquet").read_bytes()


def in_order(frames: FactFrames) -> FactFrames:
    tables = (getattr(frames, name) for name in ("leads", "changes", "events", "stages"))
    return FactFrames(*(table.sort_values("lead_id", key=lambda ids: ids.str.encode("utf-8")) for table in tables))


def assert_rows_are_those_of_the_engine(file: Path, frames: FactFrames, looks: pd.DataFrame) -> None:
    rows, expected = pq.read_table(file), compute_features(frames, looks, SPEC, OPTIONS)
    assert rows["lead_id"].to_pylist() == expected["lead_id"].tolist()
    np.testing.assert_array_equal(to_micros(rows["as_of"].to_pandas()), expected["as_of_us"])
    for feature in feature_list(SPEC, OPTIONS):
        found = rows[feature.name].to_pylist()
        wanted = [None if value is None or value != value else value for value in expected[feature.name]]
        assert found == wanted, feature.name


@pytest.mark.parametrize("seed", range(3))
def test_odd_ids_and_columns_are_only_text(seed, tmp_path):
    frames, looks = odd_facts(seed)
    written(frames, looks, tmp_path / "made")
    assert_rows_are_those_of_the_engine(tmp_path / "made" / "rows.parquet", frames, looks)


@pytest.mark.parametrize("chunk", [{"CHUNK_EVENTS": 40}, {"CHUNK_LEADS": 3}, {"CHUNK_LEADS": 1}])
@pytest.mark.parametrize("order", [in_order, lambda frames: frames], ids=["in order", "in any order"])
def test_several_chunks_give_the_bytes_of_one(chunk, order, tmp_path, monkeypatch):
    frames, looks = odd_facts(7)
    whole = written(order(frames), looks, tmp_path / "whole")
    for name, size in chunk.items():
        monkeypatch.setattr(parquet_facts, name, size)
    assert written(order(frames), looks, tmp_path / "chunks") == whole


@pytest.mark.parametrize("leads_a_chunk", [100, 4])
def test_the_order_of_files_changes_nothing(leads_a_chunk, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_facts, "CHUNK_LEADS", leads_a_chunk)
    frames, looks = odd_facts(11)
    shuffled = written(frames, looks.sample(frac=1, random_state=1), tmp_path / "shuffled")
    assert shuffled == written(in_order(frames), looks, tmp_path / "in order")


@pytest.mark.parametrize("leads_a_chunk", [100, 4])
def test_leads_without_any_event_have_rows(leads_a_chunk, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_facts, "CHUNK_LEADS", leads_a_chunk)
    frames, looks = odd_facts(13)
    silent = FactFrames(frames.leads, frames.changes[:0], frames.events[:0], frames.stages[:0])
    written(silent, looks, tmp_path / "made")
    assert_rows_are_those_of_the_engine(tmp_path / "made" / "rows.parquet", silent, looks)


def test_no_look_gives_a_file_without_rows(tmp_path):
    frames, looks = odd_facts(17)
    written(frames, looks[:0], tmp_path / "made")
    rows = pq.read_table(tmp_path / "made" / "rows.parquet")
    assert rows.num_rows == 0
    assert rows.column_names == ["lead_id", "as_of", *(f.name for f in feature_list(SPEC, OPTIONS))]


@pytest.mark.parametrize("leads_a_chunk", [100, 4])
def test_acts_that_no_look_can_count_are_left_unread(leads_a_chunk, tmp_path, monkeypatch):
    """Acts of the account's other leads count for 30 days; those before the earliest look's window change no row."""
    monkeypatch.setattr(parquet_facts, "CHUNK_LEADS", leads_a_chunk)
    frames, looks = odd_facts(19)
    late = looks[looks["as_of_us"] > START_US + 1_500 * HOUR_US]
    assert 0 < len(late) < len(looks)
    written(frames, late, tmp_path / "made")
    assert_rows_are_those_of_the_engine(tmp_path / "made" / "rows.parquet", frames, late)
