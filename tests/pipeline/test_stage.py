"""Running the chain: skipping what is current, going on after an interruption, bit for bit."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from pipeline.settings import parse_overrides
from pipeline.stage import RUN_STAGES, make_context, run_all, run_stage
from pipeline.workspace import tree_digest

DETERMINISTIC = ("ingest", "features", "labels", "train", "cutoffs", "evaluate")


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


def test_a_knob_redoes_its_stage_and_what_follows(context_with):
    context = context_with("cutoffs.policy=per_week", "cutoffs.mql_per_week=12", "cutoffs.sal_per_week=3")
    ran = [name for name in RUN_STAGES if run_stage(name, context)]
    assert ran == ["cutoffs", "evaluate", "register", "score"]


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["features", "train"])
def test_an_interrupted_run_ends_the_same_bit_for_bit(stage, demo_run, copied_run, context_with, monkeypatch):
    context = context_with()
    for name in RUN_STAGES[RUN_STAGES.index(stage) :]:
        shutil.rmtree(copied_run / name)
    original = pd.DataFrame.to_parquet

    def dies_while_writing(self, path, *args, **kwargs):
        original(self, path, *args, **kwargs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pd.DataFrame, "to_parquet", dies_while_writing)
        with pytest.raises(KeyboardInterrupt):
            run_all(context)
    assert not (copied_run / stage).exists()
    run_all(context)
    for name in DETERMINISTIC:
        assert tree_digest([copied_run / name]) == tree_digest([demo_run / name]), name
