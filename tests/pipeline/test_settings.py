from __future__ import annotations

import pytest

from features.errors import InputError
from pipeline.settings import Settings, parse_overrides, read_settings


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


def test_a_team_is_asked_once():
    with pytest.raises(InputError, match=r"receipt\.approvals names a team twice"):
        read_settings(None, overrides={"receipt": {"approvals": ["sales", "sales"]}})
    with pytest.raises(InputError, match="'marketing' or 'sales'"):
        read_settings(None, overrides={"receipt": {"approvals": ["boss"]}})
    assert read_settings(None, overrides={"receipt": {"approvals": []}}).receipt.approvals == ()
