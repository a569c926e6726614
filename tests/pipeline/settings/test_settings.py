from __future__ import annotations

import pytest

from features.errors import InputError
from pipeline.settings.settings import Settings, parse_overrides, read_settings


def test_shipped_params_are_the_defaults(project_root):
    assert read_settings(project_root / "params.yaml") == Settings()


def test_later_layers_win(tmp_path):
    params = tmp_path / "params.yaml"
    params.write_text("split: {test_share: 0.2, calibration_share: 0.1}\n")
    settings = read_settings(
        params, source_defaults={"split": {"test_share": 0.25}}, overrides=parse_overrides(["split.test_share=0.4"])
    )
    assert settings.split.test_share == 0.4
    assert settings.split.calibration_share == 0.1


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("split.test_shar=0.3", r"split\.test_shar: there is no such setting; did you mean split\.test_share\?"),
        ("spilt.test_share=0.3", r"spilt: there is no such setting; did you mean split\?"),
        ("split=3", r"split: expected keys below split"),
        ("split.test_share=2", r"split\.test_share: Input should be less than 1"),
        ("split.test_share=many", r"split\.test_share: Input should be a valid number"),
        ("split.test_from=someday", r"split\.test_from"),
        ("nonsense", r"expected --set NAME\.KEY=VALUE"),
        ("cutoffs.policy=per_week", r"needs cutoffs\.mql_per_week"),
        ("cutoffs.policy=best", r"cutoffs\.policy"),
        ("cutoffs.policy=default_share", r"cutoffs\.policy"),
        ("cutoffs.policy=capacity", r"policy capacity needs cutoffs\.mql\.capacity"),
        ("cutoffs.policy=promised_precision", r"policy promised_precision needs cutoffs\.mql\.promise"),
        ("cutoffs.policy=expected_value", r"policy expected_value needs cutoffs\.mql\.value"),
        ("cutoffs.sal.policy=promised_precision", r"policy promised_precision needs cutoffs\.sal\.promise"),
        ("cutoffs.sal.promise=30", r"cutoffs\.sal\.promise: Input should be less than 1"),
        ("cutoffs.mql.capacity={people: 2}", r"cutoffs\.mql\.capacity\.minutes_a_lead: Field required"),
        ("cutoffs.mql.capacity={people: 0, minutes_a_lead: 30}", r"people: Input should be greater than 0"),
        ("cutoffs.mql.value={deal: 1000}", r"cutoffs\.mql\.value\.handover: Field required"),
        ("cutoffs.confidence=1", r"cutoffs\.confidence: Input should be less than 1"),
        ("cutoffs={policy: per_week, mql_per_week: 3, sal_per_week: 9}", r"must not exceed cutoffs\.mql_per_week"),
    ],
)
def test_a_wrong_knob_is_named(assignment, message):
    with pytest.raises(InputError, match=message):
        read_settings(None, overrides=parse_overrides([assignment]))


def test_a_value_laid_over_a_section_that_is_no_mapping_is_an_input_error():
    with pytest.raises(InputError, match="split"):
        read_settings(None, overrides=parse_overrides(["split=3"]))
    with pytest.raises(InputError, match="seed"):
        read_settings(None, overrides=parse_overrides(["seed=3", "seed.x=4"]))


def test_each_stage_may_have_a_policy_of_its_own():
    asked = [
        "cutoffs.policy=per_week",
        "cutoffs.mql_per_week=40",
        "cutoffs.sal={policy: promised_precision, promise: 0.3}",
    ]
    options = read_settings(None, overrides=parse_overrides(asked)).cutoffs
    assert (options.band("MQL").policy, options.band("MQL").per_week) == ("per_week", 40)
    assert (options.band("SAL").policy, options.band("SAL").promise) == ("promised_precision", 0.3)


def test_a_number_of_the_stage_itself_comes_first():
    asked = ["cutoffs={policy: per_week, mql_per_week: 40, sal_per_week: 12, mql: {per_week: 20}}"]
    assert read_settings(None, overrides=parse_overrides(asked)).cutoffs.band("MQL").per_week == 20


def test_a_team_is_asked_once():
    with pytest.raises(InputError, match=r"receipt\.approvals names a team twice"):
        read_settings(None, overrides={"receipt": {"approvals": ["sales", "sales"]}})
    with pytest.raises(InputError, match="'marketing' or 'sales'"):
        read_settings(None, overrides={"receipt": {"approvals": ["boss"]}})
    assert read_settings(None, overrides={"receipt": {"approvals": []}}).receipt.approvals == ()
