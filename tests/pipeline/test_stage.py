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


def context_on(out, project_root, *extra):
    from conftest import SMALL_DEMO

    return make_context(
        source_dir=project_root / "sources" / "demo",
        data_dir=out / "simulate" / "export",
        out=out,
        params_file=None,
        overrides=parse_overrides([*SMALL_DEMO, *extra]),
    )


def test_nothing_is_recomputed_when_nothing_changed(copied_run, project_root):
    context = context_on(copied_run, project_root)
    assert [run_stage(name, context) for name in RUN_STAGES] == [False] * len(RUN_STAGES)


def test_a_knob_redoes_its_stage_and_what_follows(copied_run, project_root):
    context = context_on(
        copied_run, project_root, "cutoffs.policy=per_week", "cutoffs.mql_per_week=12", "cutoffs.sal_per_week=3"
    )
    ran = [name for name in RUN_STAGES if run_stage(name, context)]
    assert ran == ["cutoffs", "evaluate", "register", "score"]


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["features", "train"])
def test_an_interrupted_run_ends_the_same_bit_for_bit(stage, demo_run, copied_run, project_root, monkeypatch):
    context = context_on(copied_run, project_root)
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
