"""How often the test was looked at is counted by model, and outlives the runs."""

from __future__ import annotations

import shutil

import pytest

from features.errors import InputError
from pipeline.outputs.test_looks import TEST_LOOKS_FILE, count_test_looks, note_test_look
from pipeline.runner.finished_run import open_run


def test_another_model_is_a_further_look_and_the_same_one_is_none(judged_by_points, judged_by_naive_bayes, tmp_path):
    assert count_test_looks(judged_by_points) == 1
    for stage in ("ingest", "labels"):
        shutil.copytree(judged_by_points.folder(stage), tmp_path / stage)
    context = open_run(tmp_path)
    assert count_test_looks(context) == 0
    for model in ("a", "b", "a"):
        note_test_look(context, model)
    assert count_test_looks(context) == 2
    split = tmp_path / "labels" / "split.json"
    split.write_text(split.read_text().replace('test_from": "2025', 'test_from": "2024'))
    assert count_test_looks(context) == 0, "a new test period has judged nobody yet"
    (tmp_path / TEST_LOOKS_FILE).write_text("{")
    with pytest.raises(InputError, match="Restore the file"):
        count_test_looks(context)
