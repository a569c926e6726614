from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from pipeline.receipt.approvals import add_entry, write_entries
from pipeline.receipt.seal import KEY_VARIABLE, digest_of, seal
from pipeline.receipt.stage import read_receipt, write_receipt
from pipeline.receipt.verify import holds, to_json, to_text, verify
from pipeline.register.receipt_in_mlflow import forgotten, receipt_tags
from pipeline.runner.stages import run_stage
from pipeline.runner.workspace import STAMP, Workspace, tree_digest

KEY = "a key that only the two teams have"


@pytest.fixture
def sealed_run(judged_by_points, tmp_path, monkeypatch):
    """A copy of a run with a receipt, sealed with a key and spoken of by marketing."""
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    out = tmp_path / "out"
    shutil.copytree(judged_by_points.workspace.root, out)
    context = replace(judged_by_points, workspace=Workspace(out))
    run_stage("receipt", context)
    sealed = read_receipt(context.folder("receipt"))
    said = add_entry(
        sealed, role="sales", name="B", refused=True, why="no", time="2026-07-01T09:00:00Z", key=KEY.encode()
    )
    write_entries(out, said)
    run_stage("receipt", context)
    return context


def altered(context, key=KEY):
    return {finding.what for finding in verify(context, key and key.encode()) if finding.answer == "altered"}


def test_what_nobody_touched_holds(sealed_run):
    findings = verify(sealed_run, KEY.encode())
    assert holds(findings)
    assert {finding.answer for finding in findings} == {"holds"}
    assert to_text(findings).endswith("The receipt holds")
    assert json.loads(to_json(findings))["holds"] is True


def test_without_the_key_signatures_are_not_checked_and_it_is_said(sealed_run):
    findings = verify(sealed_run, None)
    assert holds(findings)
    assert "as far as it was checked; not checked: signature of receipt.json" in to_text(findings)


def test_with_another_key_it_does_not_hold(sealed_run):
    assert "signature of receipt.json" in altered(sealed_run, "some other key of 20+ letters")


def test_a_receipt_made_without_a_key_does_not_hold_where_there_is_one(sealed_run):
    folder = sealed_run.folder("receipt")
    write_receipt(replace(read_receipt(folder), signature=None), folder)
    assert altered(sealed_run) == {"signature of receipt.json"}


def test_any_byte_of_either_file_is_found(sealed_run):
    folder = sealed_run.folder("receipt")
    for name in ("receipt.json", "receipt.html"):
        file = folder / name
        whole = file.read_bytes()
        for at in range(3, len(whole), len(whole) // 25):
            file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            assert altered(sealed_run), (name, at)
        file.write_bytes(whole[:-1])
        assert altered(sealed_run), name
        file.write_bytes(whole)
    assert not altered(sealed_run)


def test_who_works_the_hashes_out_again_is_found_by_the_key(sealed_run):
    folder, root = sealed_run.folder("receipt"), sealed_run.workspace.root
    sealed = read_receipt(folder)
    verdict = sealed.receipt.verdict.model_copy(update={"outcome": "won"})
    forged = seal(sealed.receipt.model_copy(update={"verdict": verdict}), None)
    shutil.rmtree(root / "approvals")
    write_receipt(forged, folder)
    assert forged.sha256 == digest_of(forged.receipt.tree())
    assert altered(sealed_run, key=None) == set()  # a hash alone does not know who made it
    assert altered(sealed_run) == {"signature of receipt.json"}


def test_a_receipt_of_another_version_is_not_checked_and_its_signature_is(sealed_run):
    file = sealed_run.folder("receipt") / "receipt.json"
    document = json.loads(file.read_text())
    document["receipt"]["mood"] = "good"
    document["sha256"] = digest_of(document["receipt"])
    file.write_text(json.dumps(document))
    [receipt, signature] = verify(sealed_run, None)
    assert (receipt.answer, signature.answer) == ("not checked", "not checked")
    assert "receipt.mood" in receipt.note
    assert altered(sealed_run) == {"signature of receipt.json"}


def test_a_refusal_cut_off_is_found_by_what_mlflow_remembers(sealed_run):
    sealed = read_receipt(sealed_run.folder("receipt"))
    tags = receipt_tags(sealed)
    assert tags["refused_by_sales"] == "sales (B, 2026-07-01)"
    assert forgotten(sealed, tags).answer == "holds"
    assert forgotten(replace(sealed, approvals=()), tags).answer == "altered"
    assert forgotten(sealed, receipt_tags(replace(sealed, approvals=()))).answer == "holds"  # it has grown since
    assert forgotten(sealed, {}).answer == "holds"


def test_an_entry_that_was_changed_or_left_out_is_found(sealed_run):
    folder = sealed_run.folder("receipt")
    sealed = read_receipt(folder)
    [entry] = sealed.approvals
    write_receipt(replace(sealed, approvals=(entry.model_copy(update={"decision": "approved"}),)), folder)
    assert {"entry of sales (B, 2026-07-01)", "approvals beside the receipt"} <= altered(sealed_run)
    write_receipt(replace(sealed, approvals=()), folder)
    assert altered(sealed_run) == {"approvals beside the receipt"}


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("train/model/forecast.json", {"files of the model", "outputs of stage train"}),
        ("cutoffs/cutoffs.json", {"cut-offs", "outputs of stage cutoffs"}),
        ("ingest/leads.parquet", {"outputs of stage ingest"}),
        ("labels/labels.parquet", {"outputs of stage labels"}),
        ("evaluate/looks.parquet", {"outputs of stage evaluate"}),
    ],
)
def test_what_it_rests_on_is_named_when_altered(sealed_run, file, what):
    path = sealed_run.workspace.root / file
    if file == "cutoffs/cutoffs.json":
        path.write_text(path.read_text().replace('"mql": 0.', '"mql": 0.0', 1))
    else:
        path.write_bytes(path.read_bytes() + b" ")
    assert altered(sealed_run) == what


def test_tables_of_a_later_night_are_no_alteration_but_another_model_is(sealed_run):
    for stage, answer in (("ingest", "not checked"), ("train", "altered")):
        folder = sealed_run.folder(stage)
        file = next(file for file in sorted(folder.glob("*.json")) if file.name != STAMP)
        file.write_text(file.read_text() + " ")
        stamp = json.loads((folder / STAMP).read_text()) | {"outputs": tree_digest([folder])}
        (folder / STAMP).write_text(json.dumps(stamp))
        [finding] = [one for one in verify(sealed_run, None) if one.what == f"outputs of stage {stage}"]
        assert finding.answer == answer
