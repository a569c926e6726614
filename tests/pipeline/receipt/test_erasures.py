"""A receipt holds after a person was forgotten, and says so; what was altered beside it or after it is still seen."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from features.answers import Answer
from features.errors import InputError
from pipeline.forget.command import forget
from pipeline.forget.erase import erase_from_files
from pipeline.outputs.forgotten import FORGOTTEN_FOLDER
from pipeline.receipt.erasures import FILE, begin_erasure, read_erasures
from pipeline.receipt.mlflow_check import receipt_tags
from pipeline.receipt.seal import KEY_VARIABLE
from pipeline.receipt.sealed_run import SealedRun
from pipeline.receipt.verify import holds, subject_of, to_text, verify
from pipeline.runner.renewed_stamps import renew_stamps
from pipeline.runner.stages import run_stage
from pipeline.runner.workspace import Workspace
from pipeline.settings.settings import Settings

KEY = "a key that only the two teams have"


@pytest.fixture
def sealed_run(judged_by_points, tmp_path):
    """A copy of a run with a receipt, sealed without a key."""
    out = tmp_path / "out"
    shutil.copytree(judged_by_points.workspace.root, out)
    context = replace(judged_by_points, workspace=Workspace(out))
    run_stage("receipt", context)
    return context


def verified(context, key=None):
    return verify(SealedRun(context, key and key.encode(), receipt_tags))


def altered(context, key=None):
    return {subject_of(result) for result in verified(context, key) if result.answer is Answer.FAILED}


def someone(context, place=5):
    """Return a lead of the test period, which stands in all that the receipt rests on."""
    return str(pd.read_parquet(context.folder("train") / "predictions.parquet")["lead_id"].unique()[place])


def test_a_receipt_holds_after_people_were_forgotten_and_says_what_was_erased(sealed_run):
    out = sealed_run.workspace.root
    for place in (5, 50):
        forget(out, someone(sealed_run, place), Settings())
    results = verified(sealed_run)
    assert altered(sealed_run) == set()
    assert holds(results)
    erased = [result for result in results if "people were forgotten since" in (result.sentence or "")]
    assert {"outputs of stage ingest", "outputs of stage features"} <= {subject_of(result) for result in erased}
    assert {result.answer for result in erased} == {Answer.UNCHECKED}  # nobody can hold the rest against the seal
    assert "The receipt holds as far as it was checked" in to_text(results)
    times = [erasure.time for erasure in read_erasures(out)]
    assert len(times) == 2
    assert all(time in erased[0].sentence for time in times)


def test_what_is_altered_after_an_erasure_is_seen(sealed_run):
    forget(sealed_run.workspace.root, someone(sealed_run), Settings())
    file = sealed_run.folder("train") / "predictions.parquet"
    pd.read_parquet(file).iloc[1:].to_parquet(file, index=False)
    assert altered(sealed_run) == {"outputs of stage train"}


def test_what_was_altered_before_an_erasure_is_not_forgiven_by_it(sealed_run):
    file = sealed_run.folder("train") / "predictions.parquet"
    pd.read_parquet(file).iloc[1:].to_parquet(file, index=False)
    forget(sealed_run.workspace.root, someone(sealed_run), Settings())
    assert altered(sealed_run) == {"outputs of stage train"}


def test_rows_that_are_gone_without_a_record_are_altered(sealed_run):
    erase_from_files(sealed_run.workspace.root, [someone(sealed_run)])
    assert "outputs of stage train" in altered(sealed_run)


def test_an_erasure_that_was_broken_off_goes_on_with_what_it_began_with(sealed_run):
    out, lead = sealed_run.workspace.root, someone(sealed_run)
    begin_erasure(sealed_run.workspace, "2026-07-01T09:00:00Z")
    file = sealed_run.folder("train") / "predictions.parquet"  # one file was rewritten, and then the power went
    rows = pd.read_parquet(file)
    rows[rows["lead_id"] != lead].to_parquet(file, index=False)
    renew_stamps(sealed_run.workspace)
    assert "outputs of stage train" in altered(sealed_run)
    forget(out, lead, Settings())
    assert altered(sealed_run) == set()
    assert [erasure.time for erasure in read_erasures(out)] == ["2026-07-01T09:00:00Z"]


def test_with_a_key_the_record_needs_its_signature(sealed_run, monkeypatch):
    out = sealed_run.workspace.root
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    run_stage("receipt", sealed_run, force=True)
    forget(out, someone(sealed_run), Settings())
    assert altered(sealed_run, KEY) == set()
    file = out / FORGOTTEN_FOLDER / FILE
    entries = json.loads(file.read_text())
    file.write_text(json.dumps([entry | {"signature": None} for entry in entries]))
    assert "outputs of stage train" in altered(sealed_run, KEY)
    file.write_text(json.dumps([entry | {"time": "2020-01-01T00:00:00Z"} for entry in entries]))
    assert "outputs of stage train" in altered(sealed_run, KEY)


def test_the_record_names_nobody(sealed_run):
    lead = someone(sealed_run)
    forget(sealed_run.workspace.root, lead, Settings())
    assert lead.strip("<>") not in (sealed_run.workspace.root / FORGOTTEN_FOLDER / FILE).read_text()


def test_a_record_that_cannot_be_read_is_a_message(sealed_run):
    (sealed_run.workspace.root / FORGOTTEN_FOLDER).mkdir()
    (sealed_run.workspace.root / FORGOTTEN_FOLDER / FILE).write_text('[{"time": 3}]')
    with pytest.raises(InputError, match=r"forgotten/erasures\.json"):
        read_erasures(sealed_run.workspace.root)
    assert holds(verified(sealed_run))  # nothing was erased: it is not needed


def test_why_a_record_cannot_be_read_is_said_where_it_is_needed(sealed_run):
    out = sealed_run.workspace.root
    forget(out, someone(sealed_run), Settings())
    (out / FORGOTTEN_FOLDER / FILE).write_text("[{")
    failed = [result for result in verified(sealed_run) if result.answer is Answer.FAILED]
    assert failed
    assert all("forgotten/erasures.json" in (result.sentence or "") for result in failed)
