"""Stage simulate: repeatable, of the size asked for, and clear about what it cannot do."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features.errors import InputError
from features.families.feature_list import feature_list
from features.source_spec import FeatureOptions, SourceSpec
from features.time_units import DAY_US
from models.rules.points import PointsRules, check_rules
from pipeline.settings.simulate_options import SimulateOptions
from pipeline.simulate.stage import simulate
from pipeline.source.folder import read_source

DEMO = Path(__file__).resolve().parents[3] / "sources" / "demo"


@pytest.fixture(scope="module")
def spec() -> SourceSpec:
    return read_source(DEMO).spec


def test_the_source_folder_and_its_rules_can_be_used(spec: SourceSpec) -> None:
    source = read_source(DEMO)
    check_rules(PointsRules.model_validate(source.rules), feature_list(spec, FeatureOptions()), FeatureOptions())
    assert spec.targets["sql"].horizon == spec.targets["close"].horizon


def test_same_seed_gives_the_same_bytes_and_another_seed_other_ones(spec: SourceSpec, tmp_path: Path) -> None:
    options = SimulateOptions(leads=150)
    content = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / name).mkdir()
        simulate(options, spec, seed, tmp_path / name)
        content.append({f.name: f.read_bytes() for f in sorted((tmp_path / name).rglob("*.parquet"))})
    assert len(content[0]) == 6
    assert content[0] == content[1]
    assert all(content[0][name] != content[2][name] for name in content[0])


@pytest.mark.parametrize("asked", [20, 150])
def test_the_number_of_events_is_as_asked(spec: SourceSpec, tmp_path: Path, asked: float) -> None:
    simulate(SimulateOptions(leads=800, events_per_lead=asked), spec, 5, tmp_path)
    events = pq.read_metadata(tmp_path / "export" / "events.parquet").num_rows
    assert events / 800 == pytest.approx(asked, rel=0.08)


@pytest.mark.parametrize(
    ("section", "value", "message"),
    [
        ("snapshots", {"anchor": "created", "after": "12h"}, "whole days"),
        ("snapshots", {"anchor": "stage:MQL"}, "anchor"),
        ("targets", {"sql": {"stage": "SAL", "horizon": "90d"}}, "targets.sql.stage"),
    ],
)
def test_truth_that_cannot_be_computed_is_refused(
    spec: SourceSpec, tmp_path: Path, section: str, value: dict[str, object], message: str
) -> None:
    other = SourceSpec.model_validate({**spec.model_dump(mode="json", by_alias=True), section: value})
    with pytest.raises(InputError, match=message):
        simulate(SimulateOptions(leads=60), other, 1, tmp_path)
    assert not any(tmp_path.iterdir())


def test_an_empty_period_is_refused(spec: SourceSpec, tmp_path: Path) -> None:
    options = SimulateOptions(first_day=10 * DAY_US, last_day=10 * DAY_US)
    with pytest.raises(InputError, match="last_day"):
        simulate(options, spec, 1, tmp_path)


def test_a_source_with_one_target_has_no_truth_for_the_other(spec: SourceSpec, tmp_path: Path) -> None:
    tree = spec.model_dump(mode="json", by_alias=True)
    only_close = SourceSpec.model_validate({**tree, "targets": {"close": tree["targets"]["close"]}})
    simulate(SimulateOptions(leads=60), only_close, 1, tmp_path)
    truth = pq.read_table(tmp_path / "truth" / "truth.parquet").to_pandas()
    assert truth["p_sql"].isna().all()
    assert truth["p_close"].notna().all()
