"""Saved cut-offs: their order is checked, their version names their content, and both can be had as a pair."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from models.bands import PerBand
from models.cutoffs.cutoffs import BaselineCutoffs, Cutoffs, Volume


def cutoffs(mql: float, sal: float) -> Cutoffs:
    volume = Volume(asked_per_week=3, got_per_week=3)
    own = BaselineCutoffs(kind="points", mql=40, sal=70, mql_per_week=3, sal_per_week=1)
    return Cutoffs(
        target="sql",
        mql=mql,
        sal=sal,
        policy="per_week",
        weeks=4,
        mql_volume=volume,
        sal_volume=volume,
        baseline=own,
    ).with_version()


def test_order_is_checked_and_the_version_names_the_content() -> None:
    with pytest.raises(ValidationError, match="must not exceed"):
        cutoffs(0.7, 0.6)
    assert cutoffs(0.3, 0.6).version == cutoffs(0.3, 0.6).version != cutoffs(0.3, 0.61).version
    assert Cutoffs.model_validate_json(cutoffs(0.3, 0.6).model_dump_json()) == cutoffs(0.3, 0.6)
    assert cutoffs(0.3, 0.6).with_version() == cutoffs(0.3, 0.6)


def test_a_pair_says_what_the_saved_fields_say() -> None:
    saved = cutoffs(0.3, 0.6)
    assert saved.at == PerBand(0.3, 0.6)
    assert saved.volumes == PerBand(saved.mql_volume, saved.sal_volume)
    assert saved.statements == PerBand(None, None)
    assert saved.baseline.at == PerBand(40, 70)
    assert set(saved.model_dump()) == set(Cutoffs.model_fields)


def test_a_policy_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValidationError, match="default_share"):
        Cutoffs.model_validate({**cutoffs(0.3, 0.6).model_dump(), "policy": "by_mood"})
    by_stage = Cutoffs.model_validate({**cutoffs(0.3, 0.6).model_dump(), "policy": "by_stage"})
    assert by_stage.policy == "by_stage"
