"""The benchmark against gaming counts as it says."""

from __future__ import annotations

import importlib.util
import sys

import pytest


@pytest.fixture(scope="module")
def gaming_alarms(project_root):
    file = project_root / "benchmarks" / "gaming_alarms.py"
    module_spec = importlib.util.spec_from_file_location("gaming_alarms", file)
    module = importlib.util.module_from_spec(module_spec)
    sys.modules["gaming_alarms"] = module
    module_spec.loader.exec_module(module)
    return module


def draw(*told):
    return {"told": [{"ago": ago, "named": [list(group) for group in groups]} for ago, groups in told]}


SEO, WEB, ORGANIC = ("campaign", "seo"), ("campaign", "web"), ("channel", "organic")


def test_alarms_of_a_year_worked_by_hand(gaming_alarms):
    # seo in weeks 40 and 38 is one alarm, in week 10 another; organic in week 40 a third.
    assert gaming_alarms.episodes(draw((40, [SEO, ORGANIC]), (38, [SEO]), (10, [SEO]))) == 3
    assert gaming_alarms.calls(draw((40, [SEO, ORGANIC]), (38, [SEO]), (10, [SEO]))) == 2
    assert gaming_alarms.episodes(draw()) == gaming_alarms.calls(draw()) == 0


@pytest.mark.parametrize(("until", "named"), [(45, {"seo": 40, "web": 5}), (30, {"web": 5})])
def test_a_campaign_is_named_from_the_first_week_on_that_counts(gaming_alarms, until, named):
    assert gaming_alarms.named_campaigns(draw((40, [SEO, ORGANIC]), (5, [WEB])), until=until) == named
