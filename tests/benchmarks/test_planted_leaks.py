"""A small version of the benchmark: leaks of ten kinds are named, whatever they are called, and honest columns not."""

from __future__ import annotations

import importlib.util
import sys

import pytest


@pytest.fixture(scope="module")
def planted_leaks(project_root):
    file = project_root / "benchmarks" / "planted_leaks.py"
    module_spec = importlib.util.spec_from_file_location("planted_leaks", file)
    module = importlib.util.module_from_spec(module_spec)
    sys.modules["planted_leaks"] = module
    module_spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def verdicts(planted_leaks, tmp_path_factory):
    return planted_leaks.pd.DataFrame(planted_leaks.one_draw(5, 3000, tmp_path_factory.mktemp("draw"), ("scrambled",)))


def test_what_shows_is_named_though_names_say_nothing(verdicts):
    planted = verdicts[(verdicts["source"] == "planted") & (verdicts["kind"] != "")]
    assert planted["kind"].nunique() == 10
    shows = planted[planted["strength"].isin(["blatant", "clear"])]
    assert set(shows["answer"]) == {"leak"}, shows.to_string()


def test_a_clean_source_has_at_most_one_false_alarm(verdicts):
    clean = verdicts[verdicts["source"] == "clean"]
    assert len(clean) == 44
    assert (clean["answer"] == "leak").sum() <= 1, clean[clean["answer"] == "leak"].to_string()


def test_wilson_by_hand(planted_leaks):
    # 9 of 10: centre (0.9 + 0.19207) / 1.38415, reach 1.96 * sqrt(0.009 + 0.009604) / 1.38415
    assert planted_leaks.wilson(9, 10) == pytest.approx((0.5958, 0.9821), abs=1e-3)


def test_recall_counts_answers(planted_leaks):
    rows = planted_leaks.pd.DataFrame(
        {"names": "real", "kind": ["a", "a", "a", ""], "answer": ["leak", "fine", "cannot tell", "leak"]}
    )
    (found,) = planted_leaks.recall(rows, "kind").to_dict("records")
    assert (found["planted"], found["named"], found["cannot tell"], found["fine"]) == (3, 1, 1, 1)
