"""One section of the page can be written without touching the others, and every section names a benchmark."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def page(project_root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("write_page", project_root / "benchmarks" / "write_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["write_page"] = module
    spec.loader.exec_module(module)
    return module


def test_one_section_is_written_and_the_others_stay(
    page: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "benchmarks").mkdir()
    for name in ("first", "second"):
        (tmp_path / "benchmarks" / f"{name}.py").write_text("import sys\nprint('took', *sys.argv[1:])\n")
    file = tmp_path / "page.md"
    monkeypatch.setattr(page, "ROOT", tmp_path)
    monkeypatch.setattr(page, "COMMANDS", {"one": "first.py 1", "two": "second.py 2", "gone": "gone.py"})

    def write(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["write_page.py", "--page", str(file), *arguments])
        with pytest.raises(SystemExit) as ended:
            page.main()
        assert ended.value.code == 0
        return file.read_text(encoding="utf-8")

    whole = write("--only", "one", "two", "gone")
    assert list(page.sections_of(file)) == ["One", "Two"]
    (tmp_path / "benchmarks" / "second.py").write_text("print('quicker')\n")
    changed = write("--only", "two")
    assert changed.partition("## Two")[0] == whole.partition("## Two")[0]
    assert "took 2" in whole
    assert "quicker" in changed
    assert "took 2" not in changed
    file.write_text(changed + "\n## Somebody's own\nfigures\n", encoding="utf-8")
    assert write("--only", "one").endswith("\n## Somebody's own\nfigures\n")


def test_every_section_has_its_benchmark(page: ModuleType, project_root: Path) -> None:
    missing = {c.split()[0] for c in page.COMMANDS.values()} - {f.name for f in (project_root / "benchmarks").iterdir()}
    assert missing == set()
