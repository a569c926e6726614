"""Running the chain: skipping what is current, going on after an interruption, bit for bit."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from features.errors import InputError
from pipeline.runner.stages import RUN_STAGES, STAGES, make_context, run_all, run_stage, stage_inputs
from pipeline.runner.workspace import Workspace, tree_digest
from pipeline.settings.settings import parse_overrides

DETERMINISTIC = ("ingest", "features", "labels", "train", "cutoffs", "evaluate", "receipt")


@pytest.fixture
def copied_run(demo_run, tmp_path):
    """The finished demo run in a folder of its own, and a context on it."""
    out = tmp_path / "out"
    shutil.copytree(demo_run, out, ignore=shutil.ignore_patterns("mlflow"))
    return out


@pytest.fixture
def context_with(copied_run, project_root, small_demo):
    """Make a context on the copied run, with further knobs turned."""

    def make(*extra):
        return make_context(
            source_dir=project_root / "sources" / "demo",
            data_dir=copied_run / "simulate" / "export",
            out=copied_run,
            params_file=None,
            overrides=parse_overrides([*small_demo, *extra]),
        )

    return make


def test_nothing_is_recomputed_when_nothing_changed(context_with):
    context = context_with()
    assert [run_stage(name, context) for name in RUN_STAGES] == [False] * len(RUN_STAGES)


def test_a_lost_store_is_written_again(context_with, copied_run):
    (copied_run / "scores.sqlite").unlink()
    assert run_stage("score", context_with())
    assert (copied_run / "scores.sqlite").is_file()


def test_a_knob_redoes_its_stage_and_what_follows(context_with):
    context = context_with("cutoffs.policy=per_week", "cutoffs.mql_per_week=12", "cutoffs.sal_per_week=3")
    ran = [name for name in RUN_STAGES if run_stage(name, context)]
    assert ran == ["cutoffs", "evaluate", "receipt", "register", "score"]


def test_no_password_stays_in_a_stamp(context_with):
    context = context_with("score.store=postgresql+psycopg://crm:a-secret@localhost/scores")
    stage = next(stage for stage in STAGES if stage.name == "score")
    inputs = stage_inputs(stage, context)
    assert "a-secret" not in json.dumps(inputs)
    assert inputs["store"] != stage_inputs(stage, context_with())["store"]
    further = stage_inputs(stage, context_with("score.sinks.crm.token=a-secret"))
    assert "a-secret" not in json.dumps(further)
    assert further["sinks"] != inputs["sinks"]


def test_the_address_of_the_store_chooses_no_cutoffs_but_the_rhythm_of_the_job_does(context_with):
    stage = next(stage for stage in STAGES if stage.name == "cutoffs")
    before = stage_inputs(stage, context_with())
    assert stage_inputs(stage, context_with("score.store=sqlite:///elsewhere.sqlite", "score.reasons=3")) == before
    assert stage_inputs(stage, context_with("score.every=7d")) != before


def test_an_unknown_stage_is_named_with_those_there_are(context_with):
    with pytest.raises(InputError, match=r"expected a stage: simulate, ingest, .*, found 'scores'"):
        run_stage("scores", context_with())


def test_the_spec_is_parsed_once_and_a_new_ingestion_is_never_answered_with_the_old_one(judged_by_points, tmp_path):
    source = tmp_path / "source"
    shutil.copytree(judged_by_points.source_dir, source)
    context = replace(judged_by_points, workspace=Workspace(tmp_path / "out"), source_dir=source)
    run_all(context, ("ingest",))
    assert context.spec().title.en == "Small company & sons"
    assert context.spec() is context.spec()
    declared = source / "source.yaml"
    declared.write_text(declared.read_text().replace("Small company & sons", "Another company"))
    run_all(context, ("ingest",))
    assert context.spec().title.en == "Another company"


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["features", "train", "evaluate"])
def test_a_run_killed_while_it_writes_ends_the_same_bit_for_bit(
    stage, demo_run, copied_run, context_with, project_root, small_demo
):
    for name in RUN_STAGES[RUN_STAGES.index(stage) :]:
        shutil.rmtree(copied_run / name)
    source, data = project_root / "sources" / "demo", copied_run / "simulate" / "export"
    command = [sys.executable, "-m", "pipeline.cli", "run", "--source", str(source), "--data", str(data)]
    command += ["--out", str(copied_run), *(part for knob in small_demo for part in ("--set", knob))]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=project_root) as process:
        while process.poll() is None and not (copied_run / f".{stage}.partial").is_dir():
            time.sleep(0.01)
        time.sleep(0.5)
        process.kill()
    assert not (copied_run / stage).exists()
    run_all(context_with())
    for name in DETERMINISTIC:
        assert tree_digest([copied_run / name]) == tree_digest([demo_run / name]), name
