"""The commands of the pages about the nightly job, run as they stand there, one after the other, in one shell."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from pipeline.runner.finished_run import open_run
from pipeline.runner.stages import StageContext

pytestmark = [pytest.mark.xdist_group("installed"), pytest.mark.slow]
PAGES = ("batch.md", "history.md")
END = pd.Timestamp("2026-07-01", tz="UTC")
DAY = pd.Timedelta(days=1)
TIMES = {"leads": "created_at", "changes": "changed_at", "events": "occurred_at", "stages": "entered_at"}
SMALL = {
    "simulate": {"leads": 1500, "events_per_lead": 12},
    "evaluate": {"bootstrap": 50, "shap_rows": 50, "look_leads": 150},
    "model": {"boosters": 2, "max_rounds": 8},
}
"""What the test writes into ``params.yaml``, so that the company is small, and its first model learns little."""


def commands(page: str) -> Iterator[tuple[str, str]]:
    """Return heading and line of each command of a page."""
    for part in re.split(r"^(?=## )", page, flags=re.MULTILINE):
        heading = part.splitlines()[0].removeprefix("## ")
        for block in re.findall(r"^```sh\n(.*?)^```", part, flags=re.MULTILINE | re.DOTALL):
            for line in block.splitlines():
                yield heading, line


def expected_codes(line: str) -> set[int]:
    """Return the exit codes that a command's comment names; 0 where it names none.

    >>> expected_codes("leadscore nightly  # exit code 3")
    {3}
    >>> sorted(expected_codes("leadscore monitor  # exit code 0, or 1 at an alarm"))
    [0, 1]
    """
    comment = re.search(r"# exit code ([^:]*)", line)
    return {int(code) for code in re.findall(r"\d+", comment[1])} if comment else {0}


class Shell:
    """A shell that goes on, as the one of who follows the page."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            ["bash"], cwd=folder, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def run(self, line: str) -> tuple[int, str]:
        """Run a line; return exit code and what it said."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{line}\nprintf '\\n@@ %s\\n' $?\n")
        self.process.stdin.flush()
        said: list[str] = []
        for told in self.process.stdout:
            if told.startswith("@@ "):
                return int(told[3:]), "".join(said)
            said.append(told)
        raise AssertionError(f"the shell ended: {line}")

    def close(self) -> None:
        self.process.communicate("exit\n", timeout=60)


class Company:
    """What happens beside the commands: exports that a day makes longer, and settings that keep the company small."""

    def __init__(
        self, folder: Path, third_party: Callable[[Path], None], register_won: Callable[[StageContext], None]
    ) -> None:
        self.folder, self.whole = folder, folder / "whole"
        self.third_party, self.register_won = third_party, register_won
        self.export = folder / "company" / "simulate" / "export"
        self.archived: set[str] = set()

    def until(self, days_before_end: int) -> None:
        """Let the export end so many days before the end."""
        if not self.whole.exists():
            shutil.copytree(self.export, self.whole)
        for table, time in TIMES.items():
            rows = pd.read_parquet(self.whole / f"{table}.parquet")
            rows = rows[(rows[time] < END - days_before_end * DAY) & ~rows["lead_id"].isin(self.archived)]
            rows.to_parquet(self.export / f"{table}.parquet", index=False)

    def sets(self, sections: dict[str, dict[str, int]]) -> None:
        file = self.folder / "params.yaml"
        settings = yaml.safe_load(file.read_text())
        for section, knobs in sections.items():
            settings[section] |= knobs
        file.write_text(yaml.safe_dump(settings))

    def learns_more(self) -> None:
        """Let the challenger forecast better than the champion, so that there are two to choose from."""
        self.until(0)
        self.sets({"model": {"max_rounds": 60}})

    def archives_old_leads(self) -> None:
        leads = pd.read_parquet(self.whole / "leads.parquet").sort_values("created_at")
        self.archived = set(leads["lead_id"].iloc[: len(leads) // 10])
        self.until(1)

    def wins(self) -> None:
        """Let the challenger have won; so small a company proves nothing."""
        self.register_won(open_run(self.folder / "runs" / "demo"))

    def between(self, heading: str, line: str) -> Callable[[], None] | None:
        """Return what happened before a command."""
        installs = next(iter(self.folder.glob("*.whl"))).name
        if heading == "Install" and line.startswith(f"pip install {installs} "):
            return lambda: self.third_party(self.folder / "env" / "bin" / "python")
        if line.startswith("leadscore approve --as marketing"):
            return self.wins
        return {
            ("The first run", "leadscore simulate --out company"): lambda: self.sets(SMALL),
            ("The first run", "leadscore check sources/demo --data company/simulate/export"): lambda: self.until(3),
            ("Every night", "leadscore nightly $ARGS --dry-run"): lambda: self.until(2),
            ("Brakes", "leadscore nightly $ARGS                     # exit code 3"): self.archives_old_leads,
            ("The champion", "leadscore run $ARGS"): self.learns_more,
        }.get((heading, line))


@pytest.fixture
def shell(installed: Any, tmp_path: Path) -> Iterator[Shell]:
    """A shell in an empty directory that holds the wheel; the page's environment has the tests' packages."""
    shutil.copy(installed.wheel, tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)
    outside = {**installed.variables, "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "PIP_NO_INDEX": "1"}
    del outside["VIRTUAL_ENV"]
    started = Shell(tmp_path, outside)
    yield started
    started.close()


def test_every_command_as_it_stands(
    shell: Shell, installed: Any, register_won: Callable[[StageContext], None], tmp_path: Path, project_root: Path
) -> None:
    company = Company(tmp_path, installed.third_party, register_won)
    happened = 0
    for page in PAGES:
        for heading, line in commands((project_root / "docs" / page).read_text(encoding="utf-8")):
            event = company.between(heading, line)
            if event is not None:
                event()
                happened += 1
            code, said = shell.run(line)
            assert code in expected_codes(line), f"{page}, {heading}: {line}\n{said}"
            assert "which came with leadscore" not in said or "settings: " not in said, said
    assert happened == 8  # every event of the company belongs to a command that the page still has
