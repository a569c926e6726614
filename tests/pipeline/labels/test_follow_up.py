"""A source that works promoted leads alone, from its table of hand-overs to weights, warnings and the report."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from features.answers import Answer
from features.errors import InputError
from models.forecast.fit_target import FIT_PARTS
from models.measures.observed_outcomes import Overlap
from pipeline.labels.follow_up import warning
from pipeline.outputs.labels_file import read_follow_up
from pipeline.runner.stages import StageContext, make_context, run_all, run_stage
from pipeline.settings.settings import parse_overrides

DEMO = Path(__file__).resolve().parents[3] / "sources" / "demo"
SET = (
    "simulate.follow_up=promoted_only", "simulate.leads=1500", "simulate.events_per_lead=8", "model.max_rounds=30",
    "model.boosters=2", "evaluate.bootstrap=50", "evaluate.shap_rows=20", "evaluate.look_leads=50",
)  # fmt: skip


def run_demo(out: Path, stages: tuple[str, ...], *more: str) -> StageContext:
    overrides = parse_overrides([*SET, *more])
    data = out / "simulate" / "export"
    context = make_context(source_dir=DEMO, data_dir=data, out=out, params_file=None, overrides=overrides)
    run_all(context, stages)
    return context


@pytest.fixture(scope="module")
def with_lane(tmp_path_factory: pytest.TempPathFactory) -> StageContext:
    out = tmp_path_factory.mktemp("lane")
    stages = ("simulate", "ingest", "features", "labels", "train", "cutoffs", "evaluate")
    return run_demo(out, stages, "follow_up=promoted_only", "simulate.explore_share=0.4")


def test_labels_forecasts_and_report_carry_the_weights(with_lane: StageContext) -> None:
    root = with_lane.workspace.root
    labels = pd.read_parquet(root / "labels" / "labels.parquet")
    weighted = labels.loc[labels["weight"] > 1, "weight"]
    assert weighted.min() == weighted.max() == pytest.approx(1 / (1 - 0.6 ** (1 / 6)))
    found = read_follow_up(with_lane)
    assert (found["verdict"], found["warning"]) == ("overlap", None)
    assert found["parts"]["train"]["drawn"] > 20
    assert found["parts"]["train"]["effective_leads"] < found["parts"]["train"]["drawn"] * 3
    trained = json.loads((root / "train" / "train.json").read_text())
    assert trained["follow_up"] == found
    training = trained["targets"]["sql"]["training"]
    spoken = labels[(labels["target"] == "sql") & labels["part"].isin(FIT_PARTS) & (labels["weight"] > 0)]
    assert training["leads"] == spoken["lead_id"].nunique()
    evaluation = json.loads((root / "evaluate" / "evaluation.json").read_text())
    assert evaluation["follow_up"] == found
    test = labels[(labels["target"] == "sql") & (labels["part"] == "test")]
    assert evaluation["targets"]["sql"]["rows"] == (test["weight"] > 0).sum() < len(test)
    for of in (evaluation["promoted"], {name: bands["MQL"] for name, bands in evaluation["conversion"].items()}):
        # What the points promote comes to sales, what the model alone would have promoted mostly did not.
        place = of["model"].get("MQL", of["model"].get("SQL"))
        assert 0 < place["effective_leads"] <= place["worked"] < place["leads"]
        place = of["baseline"].get("MQL", of["baseline"].get("SQL"))
        assert place["worked"] > 0.8 * place["leads"]
    report = " ".join((root / "evaluate" / "report.html").read_text().split())
    assert "Sales works handed-over leads alone, so the silence of the others is no outcome." in report
    assert "Read with care:" not in report


def test_no_lane_is_told_in_words_by_train_and_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], with_lane: StageContext
) -> None:
    """The same company, its draws taken for promotions by cut-off."""
    out = tmp_path / "out"
    data = with_lane.workspace.root / "simulate" / "export"
    told = pd.read_parquet(data / "handovers.parquet")
    exports = tmp_path / "export"
    exports.mkdir()
    for name in ("leads", "events", "stages", "changes"):
        (exports / f"{name}.parquet").write_bytes((data / f"{name}.parquet").read_bytes())
    told.assign(handed_over_by="cutoff", probability=1.0).to_parquet(exports / "handovers.parquet", index=False)
    overrides = parse_overrides([*SET, "follow_up=promoted_only"])
    context = make_context(source_dir=DEMO, data_dir=exports, out=out, params_file=None, overrides=overrides)
    run_all(context, ("ingest", "features", "labels", "train"))
    found = read_follow_up(context)
    assert (found["verdict"], found["chances"]) == ("none", None)
    words = " ".join(capsys.readouterr().err.split())
    assert "sales works promoted leads alone" in words
    assert "score.explore_share=0.03" in words


def test_an_undeclared_source_is_asked(tmp_path: Path) -> None:
    context = run_demo(tmp_path, ("simulate", "ingest", "features", "labels"))
    found = read_follow_up(context)
    assert (found["declared"], found["verdict"]) == (False, "none")
    assert found["outcomes_silent"] == 0
    assert "it looks as if sales works promoted leads alone" in found["warning"]
    assert "weight" not in pd.read_parquet(tmp_path / "labels" / "labels.parquet")


def test_the_usual_demo_has_nothing_to_warn_of(demo_run: Path) -> None:
    found = json.loads((demo_run / "labels" / "follow_up.json").read_text())
    assert (found["verdict"], found["warning"]) == ("overlap", None)
    assert found["outcomes_silent"] > 0  # sales comes across some leads by itself


def test_parts_without_draws_are_named() -> None:
    found = Overlap(
        True, Answer.PASSED, "MQL", promoted=100, silent=300, outcomes_promoted=20, outcomes_silent=0, drawn=12
    )
    said = warning(found, ["calibration", "test"], goal="SQL")
    assert said is not None
    assert "by a draw in calibration and test" in said
    assert warning(found, [], goal="SQL") is None


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("x,2025-01-05,lottery,0.1", "expected one of cutoff, exploration, other, found 'lottery'"),
        ("x,2025-01-05,exploration,3", "expected a probability above 0, at most 1"),
        ("x,2025-01-05,exploration,", "expected a probability above 0, at most 1"),
        ("y,2025-01-05,cutoff,1", "expected a lead_id that stands in table leads"),
        ("x,soon,cutoff,1", "expected a time from 1970 on, such as"),
    ],
)
def test_bad_hand_overs_are_refused(tmp_path: Path, row: str, message: str) -> None:
    source, data = tmp_path / "source", tmp_path / "data"
    source.mkdir()
    data.mkdir()
    spec = "name: s\ntitle: {de: S, en: S}\ntargets: {sql: {stage: SQL, horizon: 30d}}\nfollow_up: promoted_only\n"
    (source / "source.yaml").write_text(spec)
    (data / "leads.csv").write_text("lead_id,created_at\nx,2025-01-01\n")
    (data / "stages.csv").write_text("lead_id,stage,entered_at\nx,SQL,2025-01-09\n")
    (data / "handovers.csv").write_text(f"lead_id,handed_over_at,handed_over_by,probability\n{row}\n")
    out = tmp_path / "out"
    context = make_context(source_dir=source, data_dir=data, out=out, params_file=None, overrides={})
    with pytest.raises(InputError, match=message):
        run_stage("ingest", context)
