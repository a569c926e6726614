"""Settings and the demo's source: the working directory's come first, else what came with leadscore is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.settings.settings import Settings, read_settings
from pipeline.settings.shipped import DEMO_SOURCE, PARAMS, at_hand, is_shipped, shipped_folder


def test_a_checkout_reads_its_own(project_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shipped_folder() == project_root
    assert at_hand(PARAMS) == project_root / "params.yaml"
    assert at_hand(DEMO_SOURCE) == project_root / "sources" / "demo"
    assert is_shipped(at_hand(PARAMS))


@pytest.mark.parametrize("path", [PARAMS, DEMO_SOURCE])
def test_the_working_directory_comes_first(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path.mkdir(parents=True)
    assert at_hand(path) == path
    assert not is_shipped(at_hand(path))


@pytest.mark.parametrize("path", ["sources/mycrm", "my-params.yaml", "/sources/demo"])
def test_nothing_else_is_looked_for_elsewhere(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert at_hand(Path(path)) == Path(path)


def test_the_shipped_settings_are_the_defaults() -> None:
    assert read_settings(shipped_folder() / PARAMS) == Settings()


def test_settings_to_start_from(project_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["params"])
    assert capsys.readouterr().out == (project_root / "params.yaml").read_text(encoding="utf-8")
