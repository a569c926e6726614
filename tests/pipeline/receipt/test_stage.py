from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.cutoffs.cutoffs import Cutoffs
from models.cutoffs.first_promotions import first_promotions
from pipeline.outputs.looks_file import read_looks
from pipeline.receipt.body import make_receipt
from pipeline.receipt.contents import Estimate, FollowUpDeclared, Receipt
from pipeline.receipt.page import render
from pipeline.receipt.seal import seal
from pipeline.receipt.signing_state import standing_of
from pipeline.receipt.stage import read_receipt
from pipeline.receipt.words import cautions_of, missing_of, more_weeks, next_steps, verdict_sentence
from pipeline.runner.stages import run_stage
from pipeline.runner.workspace import Workspace
from pipeline.summary import summary_table


@pytest.fixture(scope="module")
def by_points(judged_by_points) -> Receipt:
    return make_receipt(judged_by_points)


@pytest.fixture(scope="module")
def by_naive_bayes(judged_by_naive_bayes) -> Receipt:
    return make_receipt(judged_by_naive_bayes)


def copied(context, out):
    """A copy of a run, with its folder's stages and nothing said of it."""
    shutil.copytree(context.workspace.root, out)
    return replace(context, workspace=Workspace(out))


def test_the_points_are_counted_as_the_evaluation_counts_them(judged_by_points, by_points):
    looks = read_looks(judged_by_points, "evaluate")
    rows = looks.rows
    text = (judged_by_points.folder("cutoffs") / "cutoffs.json").read_text()
    cutoffs = Cutoffs.model_validate_json(text)
    evaluation = json.loads((judged_by_points.folder("evaluate") / "evaluation.json").read_text())
    passes = ~rows["excluded"] & (rows["points"] >= cutoffs.baseline.mql)
    handed = first_promotions(rows["lead_id"], rows["as_of_us"], passes)
    for table in (by_points.depths.MQL.at_depth, by_points.depths.MQL.at_cutoffs):
        assert table["points"].handed_over.value == len(handed)
    for band in ("MQL", "SAL"):
        for name, other in (("points", "baseline"), ("model", "model")):
            figures, promoted = by_points.depths.of(band).at_cutoffs[name], evaluation["promoted"][other][band]
            assert figures.handed_over.value == promoted["leads"]
            assert figures.found.value == pytest.approx((promoted["precision"] or 0) * promoted["leads"])
            assert by_points.depths.of(band).leads_a_week[name] == pytest.approx(promoted["per_week"], abs=1e-3)


def test_equal_depth_is_equal_and_nothing_is_lost(by_points):
    reached = by_points.leads.reached
    for depth in (by_points.depths.MQL, by_points.depths.SAL):
        assert set(depth.at_depth) == {"model", "points", "naive_bayes"}
        assert len({figures.handed_over.value for figures in depth.at_depth.values()}) == 1
        for table in (depth.at_depth, depth.at_cutoffs):
            for figures in table.values():
                assert figures.found.value + figures.missed.value == reached
                assert figures.found.value + figures.wasted.value == figures.handed_over.value


def test_every_test_lead_is_counted_or_left_out(by_points):
    leads = by_points.leads
    assert leads.looked_at + leads.sampled_out + leads.already_there + leads.too_young_or_closed == leads.test


def test_without_rules_naive_bayes_takes_the_place_of_the_points(by_naive_bayes):
    assert by_naive_bayes.baseline == "naive_bayes"
    assert set(by_naive_bayes.depths.MQL.at_depth) == {"model", "naive_bayes"}
    assert any("no points rules" in caution for caution in by_naive_bayes.cautions)
    page = render(seal(by_naive_bayes, None))
    assert "points" not in verdict_sentence(by_naive_bayes)
    assert "than naive Bayes" in page


def test_one_look_a_lead_is_handed_over_week_by_week(nothing_open):
    receipt = make_receipt(nothing_open)
    looks = read_looks(nothing_open, "evaluate")
    assert receipt.asked.every is None
    assert looks.rows["lead_id"].is_unique
    # By hand: in each week of the test, as many as the points hand over, the best of that week by the model.
    rows = looks.rows[looks.rows["y"].notna() & ~looks.rows["excluded"]]
    week = (rows["as_of_us"] - looks.rows["as_of_us"].min()) // (7 * 86_400_000_000)
    cutoffs = Cutoffs.model_validate_json((nothing_open.folder("cutoffs") / "cutoffs.json").read_text())
    found = 0.0
    for _, own in rows.groupby(week):
        number = int((own["points"] >= cutoffs.baseline.mql).sum())
        found += own.sort_values(["p", "as_of_us"], ascending=[False, True]).head(number)["y"].sum()
    assert receipt.depths.MQL.at_depth["model"].found.value == found


def test_too_few_outcomes_is_a_refusal_that_can_be_read(too_few_outcomes):
    verdict = make_receipt(too_few_outcomes).verdict
    assert verdict.outcome == "not_proven"
    assert verdict.sentence.startswith("Not proven: the history holds too few outcomes to learn from")
    assert "more outcomes to learn from" in verdict.missing[0]
    sealed = seal(make_receipt(too_few_outcomes), None)
    assert standing_of(sealed).state == "not_earned"
    page = render(sealed)
    for text in ("What was asked", "What was found", "What is missing", "What to do next", "Let the history grow"):
        assert text in page


def test_training_rows_change_nothing(judged_by_points, by_points, tmp_path):
    context = copied(judged_by_points, tmp_path / "out")
    labels, features = context.folder("labels") / "labels.parquet", context.folder("features") / "history.parquet"
    told = pd.read_parquet(labels)
    spoiled = told.assign(y=told["y"].where(told["part"] == "test", 1 - told["y"]))
    spoiled.to_parquet(labels, index=False)
    pd.read_parquet(features).head(3).to_parquet(features, index=False)
    assert make_receipt(context).depths == by_points.depths


def test_it_is_the_same_when_made_again(judged_by_points, by_points):
    assert seal(make_receipt(judged_by_points), None) == seal(by_points, None)


def test_the_page_is_made_from_the_file_alone(judged_by_points, tmp_path):
    context = copied(judged_by_points, tmp_path / "out")
    run_stage("receipt", context)
    folder = context.folder("receipt")
    assert (folder / "receipt.html").read_text() == render(read_receipt(folder))
    page = (folder / "receipt.html").read_text()
    assert "Small company &amp; sons" in page
    assert "http" not in page.replace("https://", "http")
    assert str(tmp_path) not in page + (folder / "receipt.json").read_text()
    assert run_stage("receipt", context) is False
    summary = summary_table(context.workspace.root)
    assert f"Receipt: {read_receipt(folder).receipt.verdict.sentence} Champion: " in summary
    assert str(folder / "receipt.html") in summary


def with_verdict(receipt: Receipt, **verdict) -> Receipt:
    """A receipt with another verdict."""
    return receipt.model_copy(update={"verdict": receipt.verdict.model_copy(update=verdict)})


def test_each_verdict_says_what_is_missing_and_what_to_do(by_points):
    gained = Estimate(value=4.0, low=-2.0, high=10.0)
    open_ = with_verdict(by_points, outcome="not_proven", gained=gained, gained_a_month=gained, enough=True)
    assert verdict_sentence(open_).startswith("Not proven: the model finds between 2 fewer and 10 more SQLs a month")
    assert "that chance does not explain" in missing_of(open_)[0]
    # The interval reaches 6 below the value of 4: (6 / 4)² = 2.25 times the leads would do.
    weeks = open_.asked.weeks
    assert more_weeks(open_) == int(np.ceil(1.25 * weeks)) + 1
    assert any("more weeks of such test leads" in step for step in next_steps(open_))
    lost = with_verdict(by_points, outcome="lost", behind=(("SAL", "naive_bayes"),))
    assert "than naive Bayes at SAL; the points should go on deciding" in verdict_sentence(lost)
    assert next_steps(lost)[0].startswith("Keep the points.")
    few = with_verdict(by_points, outcome="not_proven", enough=False, min_outcomes=10_000)
    assert "with fewer than 10000 of either nothing is proven" in verdict_sentence(few)
    won = Estimate(value=6.0, low=3.0, high=9.0)
    told = verdict_sentence(with_verdict(by_points, outcome="won", gained_a_month=won, enough=True))
    assert told == (
        "Yes: at the depth the team works today, the model finds between 3 and 9 more SQLs a month than the points "
        "from the same number of calls."
    )


def test_follow_up_by_promotion_is_said(by_points):
    declared = FollowUpDeclared(declared="promoted_only", warning="nothing drawn")
    told = " ".join(cautions_of(by_points.model_copy(update={"follow_up": declared})))
    assert "that the model does not win is not shown by these figures" in told
    assert "Follow-up: nothing drawn." in told
