"""From two signatures to scores, back again, and in a copy: the champion's whole way."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from features.errors import InputError
from pipeline.champion.change import fetch
from pipeline.champion.folder import ChampionFolder, texts_below
from pipeline.champion.in_force import scoring_parts
from pipeline.cli import main
from pipeline.outputs.cutoffs_file import read_cutoffs
from pipeline.registry.model_registry import CHAMPION, ModelRegistry, open_registry
from pipeline.runner.finished_run import open_run
from pipeline.runner.stages import run_stage
from pipeline.runner.workspace import Workspace
from serve.reading.served_model import ServedModel


def command(capsys, *arguments) -> tuple[int, str]:
    """Run the command line; return exit code and what it said."""
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    told = capsys.readouterr()
    return int(stopped.value.code or 0), told.out + told.err


def sign(out: Path, capsys) -> None:
    for team, name in (("marketing", "A. Beck"), ("sales", "B. Cole")):
        assert command(capsys, "approve", "--as", team, "--name", name, "--out", out)[0] == 0


def alias(out: Path) -> str | None:
    return open_registry(out, open_run(out).settings.mlflow, "small").version_of(CHAMPION)


def summary(out: Path) -> dict:
    return json.loads((out / "score" / "score.json").read_text())


@pytest.fixture
def out(won_run, tmp_path):
    return shutil.copytree(won_run, tmp_path / "out")


def test_a_champion_scores_until_another_is_signed(out, capsys, tmp_path, decide_again, register_won):
    run_stage("score", open_run(out))
    assert summary(out)["decision"] == {
        "state": "waiting", "version": None, "since": None, "signed_by": [], "waiting_for": ["marketing", "sales"]
    }  # fmt: skip
    code, told = command(capsys, "champion", "--out", out)
    assert code == 0
    assert "There is no champion yet: scored with the model trained last, whose receipt waits for marketing" in told
    sign(out, capsys)
    first = ChampionFolder(out).current().version
    assert run_stage("score", open_run(out)) is True
    assert run_stage("score", open_run(out)) is False
    before = summary(out)
    assert before["decision"]["version"] == first
    assert before["decision"]["signed_by"] == ["marketing: A. Beck", "sales: B. Cole"]

    # Other cut-offs are set: a challenger, which touches nothing in force.
    kept, served = texts_below(out / "champion"), ServedModel(out)
    loaded = served.current()
    context = decide_again(out, mql_per_week=4.0, sal_per_week=1.0)
    shutil.rmtree(out / "receipt")
    register_won(context)
    assert texts_below(out / "champion") == kept
    assert alias(out) == "1"
    run_stage("score", context, force=True)
    assert summary(out) == before
    assert served.current() is loaded
    asked = read_cutoffs(context).version
    elsewhere = served.other_in_force(asked)
    assert f"In force is champion {first} since " in elsewhere.en
    assert "signed by marketing: A. Beck, sales: B. Cole: MQL from " in elsewhere.en
    assert "die nicht in Kraft sind" in elsewhere.de
    assert served.other_in_force(loaded.cutoffs.version) is None

    # It is signed, and from then on it scores.
    sign(out, capsys)
    second = ChampionFolder(out).current().version
    assert second not in (first, None)
    assert alias(out) == "1"  # the same model, with another decision
    assert run_stage("score", context) is True
    assert summary(out)["cutoff_version"] != before["cutoff_version"]
    assert served.current().champion == second
    assert served.other_in_force(asked) is None
    assert served.current().cutoffs.version == summary(out)["cutoff_version"]

    # Back to the first, with the reason; the second does not come back by itself.
    assert command(capsys, "champion", "--back", "--out", out)[0] == 2
    code, told = command(capsys, "champion", "--back", "--name", "C. Dahl", "--why", "too many calls", "--out", out)
    assert code == 0
    assert f"{first}  went back by C. Dahl: too many calls" in told
    assert alias(out) == "1"
    assert run_stage("score", context) is True
    assert summary(out)["decision"]["version"] == first
    run_stage("register", context, force=True)
    assert ChampionFolder(out).current().version == first
    assert "C. Dahl went back from it" in json.loads((out / "register" / "register.json").read_text())["why"]
    assert (
        "expected a decision before the one in force"
        in command(capsys, "champion", "--back", "--why", "more", "--out", out)[1]
    )
    assert command(capsys, "champion", "--to", second[:6], "--why", "a mistake", "--out", out)[0] == 0
    assert ChampionFolder(out).current().version == second

    # A copy works, says the same, and never writes into the original; nor does what was moved miss anything.
    copy = shutil.copytree(out, tmp_path / "elsewhere" / "copy")
    state = {file: file.stat().st_mtime_ns for file in out.rglob("*") if file.is_file()}
    assert command(capsys, "champion", "--back", "--why", "in the copy", "--out", copy)[0] == 0
    run_stage("register", open_run(copy), force=True)
    assert ChampionFolder(copy).current().version == first
    assert {file: file.stat().st_mtime_ns for file in out.rglob("*") if file.is_file()} == state
    moved = Path(shutil.move(out, tmp_path / "moved"))
    registry = open_registry(moved, open_run(moved).settings.mlflow, "small")
    assert registry.load(CHAMPION).targets.keys() == scoring_parts(open_run(moved))[0].forecast.targets.keys()

    # A machine with nothing but the registry takes the champion from there.
    fresh = tmp_path / "fresh"
    assert fetch(Workspace(fresh), ModelRegistry(registry.tracking_uri, experiment="leadscore", source="small"))
    folders = [ChampionFolder(where).version_folder(second) for where in (fresh, moved)]
    assert texts_below(folders[0]) == texts_below(folders[1])
    assert ChampionFolder(fresh).current().history[-1].what == "fetched"


@pytest.fixture
def signed(out, capsys):
    sign(out, capsys)
    return out


def test_what_is_not_as_it_was_published_does_not_score(signed):
    folder = ChampionFolder(signed)
    version = folder.version_folder(str(folder.current().version))
    served = ServedModel(signed)
    loaded = served.current()
    for file in sorted(version.rglob("*.json")):
        text = file.read_text()
        file.write_text(re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), text, count=1))
        with pytest.raises(InputError):
            scoring_parts(open_run(signed))
        with pytest.raises(InputError):
            ServedModel(signed).current()
        assert served.current() is loaded
        file.write_text(text)
    assert scoring_parts(open_run(signed))[1].version == folder.current().version


def test_columns_that_the_champion_reads_and_tonight_lacks_are_named(signed):
    features = signed / "features" / "open.parquet"
    rows = pd.read_parquet(features)
    rows.drop(columns=["fit_industry"]).to_parquet(features)
    with pytest.raises(InputError, match="the columns that the champion reads, found no column fit_industry"):
        scoring_parts(open_run(signed))


def test_altered_cut_offs_do_not_score_before_there_is_a_champion_either(out):
    file = out / "cutoffs" / "cutoffs.json"
    tree = json.loads(file.read_text())
    file.write_text(json.dumps(tree | {"mql": tree["mql"] / 2}))
    with pytest.raises(InputError, match="values have the version that they name"):
        run_stage("score", open_run(out))
    with pytest.raises(InputError, match="values have the version that they name"):
        ServedModel(out).current()


def test_one_person_cannot_sign_for_both_teams(out, capsys):
    assert command(capsys, "approve", "--as", "marketing", "--name", "A. Beck", "--out", out)[0] == 0
    for name in ("A. Beck", " a. BECK", "A.Beck"):
        code, told = command(capsys, "approve", "--as", "sales", "--name", name, "--out", out)
        assert (code, ChampionFolder(out).current().version) == (2, None)
        assert "another person than the one who signed for the other team" in told


def test_an_interruption_at_any_step_of_publishing_is_made_up_for(out, capsys, monkeypatch):
    assert command(capsys, "approve", "--as", "marketing", "--name", "A", "--out", out)[0] == 0
    context = replace(open_run(out))
    steps = ("pipeline.champion.folder.ChampionFolder.keep", "pipeline.registry.model_registry.ModelRegistry.promote",
             "pipeline.champion.folder.ChampionFolder.put_in_force")  # fmt: skip
    for number, step in enumerate(steps):
        with monkeypatch.context() as patched:
            patched.setattr(step, _interrupt)
            if number == 0:
                command(capsys, "approve", "--as", "sales", "--name", "B", "--out", out)
            else:
                with pytest.raises(KeyboardInterrupt):
                    run_stage("register", context)
        assert ChampionFolder(out).current().version is None
    assert run_stage("register", context) is True
    assert ChampionFolder(out).champion() is not None
    assert alias(out) == "1"


def _interrupt(*_args: object) -> None:
    raise KeyboardInterrupt


def test_a_decision_is_signed_and_used_only_as_it_was_signed(signed, tmp_path, monkeypatch):
    """A private key signs what is kept; where a public one is set, what is altered or unsigned is not used."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    from pipeline.outputs.signed_folder import SIGNING_KEY, VERIFY_KEY

    key, pem = ec.generate_private_key(ec.SECP256R1()), serialization.Encoding.PEM
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (tmp_path / "key.pub").write_bytes(
        key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    folder = ChampionFolder(signed)
    version = str(folder.current().version)
    monkeypatch.setenv(VERIFY_KEY, str(tmp_path / "key.pub"))
    with pytest.raises(InputError, match=r"no model\.sig"):
        folder.champion()
    with pytest.raises(InputError, match=r"no model\.sig"):
        ServedModel(signed).current()
    monkeypatch.setenv(SIGNING_KEY, str(tmp_path / "key.pem"))
    folder.keep(texts_below(folder.version_folder(version)))
    assert folder.champion() is not None
    assert ServedModel(signed).current().champion == version
    (folder.version_folder(version) / "model" / "more.json").write_text("{}")
    with pytest.raises(InputError, match=r"also model/more\.json"):
        folder.champion()
