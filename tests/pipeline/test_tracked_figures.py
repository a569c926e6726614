"""Figures for git: few, finite, and those of the evaluation."""

from __future__ import annotations

import json

import pytest
import yaml

from features.errors import InputError
from pipeline.outputs.evaluation_file import read_evaluation
from pipeline.runner.finished_run import open_run
from pipeline.tracked_figures import write_tracked_figures


def leaves(tree):
    for value in tree.values():
        yield from leaves(value) if isinstance(value, dict) else [value]


def test_they_are_few_and_those_of_the_evaluation(demo_run, tmp_path):
    files = write_tracked_figures(demo_run, tmp_path / "metrics")
    figures = json.loads((tmp_path / "metrics" / "metrics.json").read_text())
    assert 10 <= len(list(leaves(figures))) <= 20
    evaluation = read_evaluation(open_run(demo_run))
    primary = evaluation["targets"][evaluation["target"]]
    assert figures["model"]["log_loss"] == pytest.approx(primary["model"]["log_loss"]["value"], abs=1e-6)
    assert figures["baseline"]["MQL"]["per_week"] == pytest.approx(
        evaluation["promoted"]["baseline"]["MQL"]["per_week"], abs=1e-6
    )
    again = [file.read_bytes() for file in files]
    assert [file.read_bytes() for file in write_tracked_figures(demo_run, tmp_path / "metrics")] == again


def test_dvc_knows_every_file_and_draws_a_line_a_scorer(project_root, demo_run, tmp_path):
    written = {f"metrics/{file.name}" for file in write_tracked_figures(demo_run, tmp_path / "metrics")}
    dvc = yaml.safe_load((project_root / "dvc.yaml").read_text())
    stage = dvc["stages"]["metrics"]
    assert {name for listed in (stage["outs"], stage["metrics"]) for out in listed for name in out} == written
    for plot in dvc["plots"]:
        for line in plot.values():
            assert len(line["y"]) == 2
            for file, axis in line["y"].items():
                points = json.loads((tmp_path / file).read_text())
                assert {line["x"], axis} == set(points[0])


def test_a_folder_without_a_run_is_said(tmp_path):
    with pytest.raises(InputError, match="outputs of a run"):
        write_tracked_figures(tmp_path, tmp_path / "metrics")
