"""What-if: cut-offs that follow from a question, laws that hold whatever is asked, a funnel worked by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from features.time_units import WEEK_US
from models.bands import BANDS, PerBand
from models.cutoffs.counting import Counting
from models.cutoffs.cutoffs import BaselineCutoffs, Cutoffs, Volume
from models.what_if.agreement import PromiseNotKeptError, agree
from models.what_if.consequences import what_if
from models.what_if.question import Question
from models.what_if.stored_evidence import Naming, Past, Seen

WEEKS = 10


def looks(draw: np.random.Generator, leads: int) -> pd.DataFrame:
    """Three looks a lead; the outcome follows the probability of the first."""
    first = draw.beta(1, 4, leads)
    begun = draw.uniform(0, WEEKS * WEEK_US - 3, leads).astype("int64")
    lead = np.repeat(np.arange(leads), 3)
    p = np.clip(first[lead] + draw.normal(0, 0.02, len(lead)), 0.001, 0.999)
    won = draw.random(leads) < first
    return pd.DataFrame(
        {
            "lead_id": np.char.add("L", lead.astype(str)),
            "as_of_us": begun[lead] + np.tile(np.arange(3), leads),
            "p": p,
            "p_final": p**0.8,
            "p_close": p / 4,
            "points": np.round(100 * np.clip(p + draw.normal(0, 0.15, len(lead)), 0, 1)),
            "excluded": (draw.random(leads) < 0.1)[lead],
            "gates_open": (draw.random(leads) < 0.5)[lead],
            "y": won[lead].astype(float),
            "y_close": (won & (draw.random(leads) < 0.25))[lead].astype(float),
            "unseen": True,
        }
    )


@pytest.fixture(scope="module")
def past() -> Past:
    draw = np.random.default_rng(4)
    seen = [Seen(looks(draw, 3_000), Counting(0, float(WEEKS))) for _ in range(2)]
    opened = looks(draw, 400).groupby("lead_id", as_index=False).first().drop(columns=["y", "y_close", "unseen"])
    channel = pd.Series(draw.choice(["web", "fair", "=cmd"], len(opened)), dtype="str")
    opened = opened.assign(
        stage=pd.Series(draw.choice(["MQL", "SRL", None], len(opened), p=[0.5, 0.2, 0.3])).astype("str"),
        fit_grade="A",
        behaviour_grade="1",
        fit_channel=channel.mask(draw.random(len(opened)) < 0.2),
        model_band="none",
        baseline_band=np.where(opened["excluded"], "none", np.where(opened["points"] >= 30, "MQL", "none")),
    )
    baseline = BaselineCutoffs(kind="points", mql=30, sal=60, mql_per_week=0, sal_per_week=0)
    volume = Volume(asked_per_week=1, got_per_week=1)
    in_force = Cutoffs(
        target="sql", mql=0.3, sal=0.5, policy="per_week", weeks=WEEKS, mql_volume=volume, sal_volume=volume,
        baseline=baseline, version="v0",
    )  # fmt: skip
    about = {
        "source": "test", "target": "sql", "stage": "SQL",
        "observed_until": "2026-01-01T00:00:00Z",
        "title": {"de": "Test", "en": "Test"}, "horizon_days": 60.0,
        "columns": [
            {"name": "fit_channel", "title": {"de": "Kanal", "en": "Channel"}, "values": {}, "is_source": True},
        ],
    }  # fmt: skip
    return Past(*seen, pd.DataFrame(), opened, in_force, Naming.model_validate(about))


def test_nothing_asked_is_what_is_in_force(past: Past) -> None:
    agreed = agree(past, Question())
    assert (agreed.at, agreed.limit) == (PerBand(0.3, 0.5), "in_force")
    answer = what_if(past, Question())
    for band in BANDS:
        assert answer.stages.of(band).proposed == answer.stages.of(band).in_force
        moves = answer.changes.of(band).in_force
        assert (moves.entering, moves.leaving) == (0, 0)


def test_a_number_a_week_is_given(past: Past) -> None:
    answer = what_if(past, Question(sal_per_week=12, mql_per_week=90))
    for policies, asked in ((answer.stages.mql, 90), (answer.stages.sal, 12)):
        assert policies.proposed.leads_per_week == pytest.approx(asked, abs=0.1)
    assert answer.cutoffs.limit == "capacity"
    assert not answer.fewer_than_time_for


def test_cut_offs_are_carried_over_to_the_forecast_that_scores_now_by_volume(past: Past) -> None:
    agreed = agree(past, Question(sal_per_week=12, mql_per_week=90))
    assert agreed.at.sal == pytest.approx(agreed.forward.sal**0.8, abs=1e-3)
    for final, forward, at, before in (
        (past.final.sal, past.model.sal, agreed.at.sal, agreed.forward.sal),
        (past.final.mql, past.model.mql, agreed.at.mql, agreed.forward.mql),
    ):
        assert final.per_week([at]) == forward.per_week([before])


def test_more_capacity_never_means_fewer_leads(past: Past) -> None:
    sizes = (1, 2, 5, 10, 20, 40, 80)
    got = [what_if(past, Question(sal_per_week=size, mql_per_week=100)).stages.sal.proposed for size in sizes]
    for fewer, more in pairwise(got):
        assert more.leads_per_week >= fewer.leads_per_week
        assert more.cutoff <= fewer.cutoff
        assert more.test.leads_per_week >= fewer.test.leads_per_week


@pytest.mark.parametrize("sal_per_week", [3.0, 30.0, 3000.0])
def test_mql_is_never_above_sal_and_never_moved_by_it(past: Past, sal_per_week: float) -> None:
    agreed = agree(past, Question(sal_per_week=sal_per_week))
    assert agreed.at.mql == 0.3
    assert agreed.at.sal >= agreed.at.mql
    if sal_per_week == 3000.0:
        assert agreed.limit == "mql"


def test_a_promise_raises_the_cut_off_and_holds_in_the_test(past: Past) -> None:
    free = agree(past, Question(sal_per_week=60, mql_per_week=200))
    bound = agree(past, Question(sal_per_week=60, mql_per_week=200, promise=0.45))
    assert bound.at.sal >= free.at.sal
    assert bound.promise is not None
    assert bound.promise.won / bound.promise.leads > 0.45
    held = what_if(past, Question(promise=0.45)).stages.sal.proposed.test.precision
    assert held is not None
    assert held.high is not None
    assert held.high > 0.45


def test_a_promise_that_cannot_be_kept_says_what_can(past: Past) -> None:
    with pytest.raises(PromiseNotKeptError) as refused:
        agree(past, Question(promise=0.97))
    best = refused.value.best
    assert best is not None
    assert 0.3 < best.share < 0.97
    assert f"{best.share:.0%} could be promised" in str(refused.value)
    assert agree(past, Question(promise=best.share)).promise is not None


def test_a_promise_kept_only_with_more_leads_says_so(past: Past) -> None:
    alone = agree(past, Question(promise=0.45, mql_per_week=400))
    with pytest.raises(PromiseNotKeptError, match="too few leads are left to tell") as refused:
        agree(past, Question(promise=0.45, mql_per_week=400, sal_per_week=0.1))
    assert refused.value.too_few
    assert refused.value.best == alone.promise


def test_both_asked_the_stricter_decides(past: Past) -> None:
    tight = agree(past, Question(sal_per_week=2, promise=0.35))
    loose = agree(past, Question(sal_per_week=60, promise=0.45, mql_per_week=200))
    assert (tight.limit, tight.rule) == ("capacity", "capacity")
    assert (loose.limit, loose.rule) == ("promise", "promise")


def test_entering_less_leaving_adds_up(past: Past) -> None:
    answer = what_if(past, Question(sal_per_week=30, mql_per_week=150))
    changes = answer.changes
    assert changes.leads == len(past.opened)
    for _, against in changes.items():
        for _, moves in against.items():
            assert moves.then == moves.now + moves.entering - moves.leaving
            assert moves.stay == moves.now - moves.leaving
            assert (len(moves.entering_leads), len(moves.leaving_leads)) == (moves.entering, moves.leaving)
            for table in moves.tables:
                for name in ("now", "then", "entering", "leaving"):
                    assert sum(getattr(row, name) for row in table.rows) == getattr(moves, name)
                assert sum(row.leads for row in table.rows) == changes.leads


def test_every_listed_lead_passes_and_breaks_no_rule(past: Past) -> None:
    answer = what_if(past, Question(sal_per_week=30, mql_per_week=150))
    leads, cutoffs = past.opened.set_index("lead_id"), answer.cutoffs
    rows = answer.monday.rows
    assert rows
    for row in rows:
        lead = leads.loc[row.lead_id]
        assert not lead["excluded"]
        assert lead["p"] >= (cutoffs.sal if row.band == "SAL" else cutoffs.mql)
        assert row.band != "SAL" or lead["gates_open"]
        assert row.held_by_gates is bool(lead["p"] >= cutoffs.sal and not lead["gates_open"])
    assert [row.place for row in rows] == list(range(1, len(rows) + 1))
    order = [(row.band != "SAL", -row.p) for row in rows]
    assert order == sorted(order)
    assert len(rows) == answer.changes.mql.in_force.then
    assert answer.monday.sal == answer.changes.sal.in_force.then


def test_the_test_period_decides_nothing(past: Past) -> None:
    """Other outcomes and other leads in the test change what is shown of it, and no cut-off."""
    rows = past.test.rows
    turned = Seen(rows.assign(y=1 - rows["y"], p=1 - rows["p"]), past.test.counting)
    other = Past(past.calibration, turned, past.earlier, past.opened, past.in_force, past.about)
    question = Question(sal_per_week=20, promise=0.3)
    one, two = what_if(past, question), what_if(other, question)
    assert one.cutoffs == two.cutoffs
    assert one.version == two.version
    assert one.stages.sal.proposed.test != two.stages.sal.proposed.test


def test_people_are_worth_what_their_leads_are(past: Past) -> None:
    question = Question(sal_per_week=20, mql_per_week=200, leads_a_person=5)
    answer = what_if(past, question)
    fewer, more, _ = answer.people
    assert (fewer.people, more.people) == (-1, 1)
    assert more.got_per_week == pytest.approx(25, abs=0.2)
    assert more.leads.value == pytest.approx(5, abs=0.3)
    # the next best leads are worth less than those one gives up
    assert fewer.outcomes.value is not None
    assert more.outcomes.value is not None
    assert 0 < more.outcomes.value < -fewer.outcomes.value
    assert not answer.more_people_in_vain


def test_more_people_than_the_gates_let_leads_pass_are_in_vain(past: Past) -> None:
    reachable = what_if(past, Question()).cutoffs.reachable_per_week
    answer = what_if(past, Question(sal_per_week=reachable + 1, leads_a_person=5))
    assert answer.fewer_than_time_for
    assert answer.gates_are_the_limit
    assert answer.more_people_in_vain
    assert answer.stages.sal.proposed.leads_per_week == pytest.approx(reachable)
    # half a lead a week is not worth a word
    assert not what_if(past, Question(sal_per_week=reachable + 0.4)).fewer_than_time_for
    # where a promise asks for more, the gates are not what is to be talked about
    bound = what_if(past, Question(sal_per_week=reachable + 1, promise=0.5))
    assert bound.cutoffs.limit == "promise"
    assert bound.fewer_than_time_for
    assert not bound.gates_are_the_limit


def test_evidence_built_ahead_gives_the_same_answer(past: Past) -> None:
    question = Question(sal_per_week=9, promise=0.3)
    ready = Past(past.calibration, past.test, past.earlier, past.opened, past.in_force, past.about).ready()
    assert ready.calibration.rows.empty
    assert what_if(ready, question) == what_if(past, question)
