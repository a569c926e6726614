from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from features.answers import Answer
from features.errors import InputError
from pipeline.receipt.approvals import add_entry, write_entries
from pipeline.receipt.mlflow_check import HEAD_TAG, Remembered, receipt_tags
from pipeline.receipt.seal import KEY_VARIABLE, digest_of, seal
from pipeline.receipt.sealed_run import SealedRun
from pipeline.receipt.stage import read_receipt, write_receipt
from pipeline.receipt.verify import holds, subject_of, to_json, to_text, verify
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


def verified(context, key=KEY, tags=receipt_tags):
    """Verify a run whose MLflow keeps what the stage ``register`` writes there."""
    return verify(SealedRun(context, key and key.encode(), tags))


def altered(context, key=KEY):
    return {subject_of(result) for result in verified(context, key) if result.answer is Answer.FAILED}


def test_what_nobody_touched_holds(sealed_run):
    results = verified(sealed_run)
    assert holds(results)
    assert {result.answer for result in results} == {Answer.PASSED}
    assert to_text(results).endswith("The receipt holds")
    told = json.loads(to_json(results))
    assert told["holds"] is True
    assert told["findings"][0] == {"what": "form of receipt.json", "answer": "holds", "note": ""}


def test_without_the_key_signatures_are_not_checked_and_it_is_said(sealed_run):
    results = verified(sealed_run, None)
    assert holds(results)
    assert "as far as it was checked; not checked: signature of receipt.json" in to_text(results)


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


def remembered(sealed_run, sealed, tags):
    """Hold a receipt, written in place of the run's own, against tags."""
    write_receipt(sealed, sealed_run.folder("receipt"))
    [result] = Remembered().results(SealedRun(sealed_run, None, lambda _: tags))
    return result


def test_a_receipt_of_another_version_is_not_checked_and_its_signature_is(sealed_run):
    file = sealed_run.folder("receipt") / "receipt.json"
    document = json.loads(file.read_text())
    document["receipt"]["mood"] = "good"
    document["sha256"] = digest_of(document["receipt"])
    file.write_text(json.dumps(document))
    results = {subject_of(result): result for result in verified(sealed_run, None)}
    assert results["receipt.json"].answer is results["signature of receipt.json"].answer is Answer.UNCHECKED
    assert "receipt.mood" in results["receipt.json"].sentence
    assert {result.answer for result in results.values()} == {Answer.UNCHECKED, Answer.PASSED}
    assert altered(sealed_run) == {"signature of receipt.json"}


def test_a_refusal_cut_off_is_found_by_what_mlflow_remembers(sealed_run):
    sealed = read_receipt(sealed_run.folder("receipt"))
    tags = receipt_tags(sealed)
    assert tags["refused_by_sales"] == "sales (B, 2026-07-01)"
    assert remembered(sealed_run, sealed, tags).answer is Answer.PASSED
    assert remembered(sealed_run, replace(sealed, approvals=()), tags).answer is Answer.FAILED
    fewer = receipt_tags(replace(sealed, approvals=()))
    assert remembered(sealed_run, sealed, fewer).answer is Answer.PASSED  # it has grown since


def test_where_mlflow_does_not_name_this_receipt_nothing_was_checked(sealed_run):
    sealed = read_receipt(sealed_run.folder("receipt"))
    tags = receipt_tags(sealed)
    another = receipt_tags(seal(sealed.receipt.model_copy(update={"minutes_a_call": 99.0}), None))
    without_head = {name: text for name, text in tags.items() if name != HEAD_TAG}
    for kept, why in (
        (None, "the model is not registered"),
        ({}, "MLflow names no receipt of this model"),
        (another, "MLflow names another receipt of this model"),
        (without_head, "MLflow does not say which entry was the last"),
    ):
        result = remembered(sealed_run, replace(sealed, approvals=()), kept)
        assert (result.answer, result.sentence) == (Answer.UNCHECKED, why)
    write_receipt(sealed, sealed_run.folder("receipt"))
    results = verified(sealed_run, tags=lambda _: {})
    assert "not checked: approvals that MLflow remembers" in to_text(results)


def test_an_mlflow_that_cannot_be_asked_is_no_pass(sealed_run):
    def unreachable(_):
        raise InputError(expected="an MLflow store that can be used", found="none")

    [result] = [one for one in verified(sealed_run, tags=unreachable) if one.code == "mlflow"]
    assert (result.answer, result.sentence) == (
        Answer.UNCHECKED,
        "expected an MLflow store that can be used, found none",
    )


def test_of_a_receipt_that_cannot_be_read_nothing_else_is_said_to_hold(sealed_run):
    (sealed_run.folder("receipt") / "receipt.json").write_text("{}", encoding="utf-8")
    answers = {subject_of(result): result.answer for result in verified(sealed_run)}
    assert [subject for subject, answer in answers.items() if answer is Answer.FAILED] == ["receipt.json"]
    assert [subject for subject, answer in answers.items() if answer is Answer.PASSED] == ["files of the model"]
    assert answers["cut-offs"] is Answer.UNCHECKED


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
    model = next(result for result in verified(sealed_run) if result.code == "model")
    assert model.answer is (Answer.UNCHECKED if "files of the model" in what else Answer.PASSED)


def test_tables_of_a_later_night_are_no_alteration_but_another_model_is(sealed_run):
    for stage, answer in (("ingest", Answer.UNCHECKED), ("train", Answer.FAILED)):
        folder = sealed_run.folder(stage)
        file = next(file for file in sorted(folder.glob("*.json")) if file.name != STAMP)
        file.write_text(file.read_text() + " ")
        stamp = json.loads((folder / STAMP).read_text()) | {"outputs": tree_digest([folder])}
        (folder / STAMP).write_text(json.dumps(stamp))
        [result] = [one for one in verified(sealed_run, None) if one.subject == f"outputs of stage {stage}"]
        assert result.answer is answer


def resting_on(sealed, **changed):
    """Return a receipt that names something else of what it rests on."""
    rests_on = sealed.receipt.rests_on.model_copy(update=changed)
    return replace(sealed, receipt=sealed.receipt.model_copy(update={"rests_on": rests_on}))


def spoil_form(context, sealed):
    file = context.folder("receipt") / "receipt.json"
    file.write_text(file.read_text(encoding="utf-8") + " ", encoding="utf-8")


def spoil_page(context, sealed):
    (context.folder("receipt") / "receipt.html").unlink()


def spoil_entries_beside(context, sealed):
    shutil.rmtree(context.workspace.root / "approvals")


def spoil_content(context, sealed):
    otherwise = sealed.receipt.model_copy(update={"minutes_a_call": 99.0})
    write_receipt(replace(sealed, receipt=otherwise), context.folder("receipt"))


def spoil_signature(context, sealed):
    write_receipt(replace(sealed, signature=None), context.folder("receipt"))


def spoil_entry(context, sealed):
    entries = tuple(entry.model_copy(update={"why": "yes"}) for entry in sealed.approvals)
    write_receipt(replace(sealed, approvals=entries), context.folder("receipt"))


def spoil_model(context, sealed):
    file = context.folder("train") / "model" / "forecast.json"
    file.write_bytes(file.read_bytes() + b" ")


def name_another_model(context, sealed):
    write_receipt(resting_on(sealed, model_sha256="0" * 64), context.folder("receipt"))


def spoil_cutoffs(context, sealed):
    (context.folder("cutoffs") / "cutoffs.json").write_text("{}", encoding="utf-8")


def spoil_outputs(context, sealed):
    (context.folder("labels") / "labels.parquet").write_bytes(b"")


def forget_an_entry(context, sealed):
    write_receipt(replace(sealed, approvals=()), context.folder("receipt"))


@pytest.mark.parametrize(
    ("code", "spoil"),
    [
        ("form", spoil_form),
        ("page", spoil_page),
        ("approvals", spoil_entries_beside),
        ("seal", spoil_content),
        ("signature", spoil_signature),
        ("chain", spoil_entry),
        ("model_files", spoil_model),
        ("model", name_another_model),
        ("cutoffs", spoil_cutoffs),
        ("outputs", spoil_outputs),
        ("mlflow", forget_an_entry),
    ],
)
def test_each_check_finds_what_it_is_there_for(sealed_run, code, spoil):
    sealed = read_receipt(sealed_run.folder("receipt"))
    tags = receipt_tags(sealed)
    spoil(sealed_run, sealed)
    results = verified(sealed_run, tags=lambda _: tags)
    assert code in {result.code for result in results if result.answer is Answer.FAILED}


def test_another_version_of_the_code_cannot_be_checked(sealed_run):
    sealed = read_receipt(sealed_run.folder("receipt"))
    code = sealed.receipt.rests_on.code.model_copy(update={"sha256": "0" * 64})
    write_receipt(resting_on(sealed, code=code), sealed_run.folder("receipt"))
    assert [result.answer for result in verified(sealed_run) if result.code == "code"] == [Answer.UNCHECKED]
