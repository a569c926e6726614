"""The units as systemd itself reads them, and what they promise beside the command's exit codes."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.nightly.command import BRAKED

MOST_EXPOSED = 2.0
"""Of 10, by ``systemd-analyze security``."""
NIGHTLY, SERVE = "leadscore-nightly.service", "leadscore-serve.service"
UNITS = (NIGHTLY, "leadscore-nightly.timer", SERVE, "leadscore-trouble@.service")


class Unit(configparser.RawConfigParser):
    """A unit; keys keep their capitals, the last of several counts."""

    def __init__(self, file: Path) -> None:
        super().__init__(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
        self.optionxform = str  # type: ignore[assignment,method-assign]
        self.read_string(file.read_text(encoding="utf-8").replace("\\\n", " "))


@pytest.fixture(scope="module")
def folder(project_root: Path) -> Path:
    return project_root / "docs" / "examples" / "systemd"


@pytest.fixture(scope="module")
def machine(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file system with the units, systemd's own, and programs where the units start them."""
    root = tmp_path_factory.mktemp("machine")
    shutil.copytree("/usr/lib/systemd/system", root / "usr/lib/systemd/system", symlinks=True)
    (root / "etc/systemd/system").mkdir(parents=True)
    for program in ("opt/leadscore/bin/leadscore", "bin/sh"):
        (root / program).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy("/bin/true", root / program)
    for unit in UNITS:
        shutil.copy(folder / unit, root / "etc/systemd/system" / unit)
    return root


def analyze(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", "--no-pager", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_all_units_are_looked_at(folder: Path) -> None:
    assert sorted(file.name for file in folder.iterdir()) == sorted([*UNITS, "leadscore.env.example"])


def test_systemd_reads_them(machine: Path) -> None:
    done = analyze("verify", "--man=no", f"--root={machine}", *(unit.replace("@.", "@x.") for unit in UNITS))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_systemd_would_say_what_is_wrong(machine: Path, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(machine, tmp_path / "broken", symlinks=True))
    unit = broken / "etc/systemd/system" / NIGHTLY
    unit.write_text(unit.read_text().replace("ProtectSystem=strict", "ProtectSistem=strict"))
    assert "ProtectSistem" in analyze("verify", "--man=no", f"--root={broken}", unit.name).stderr


@pytest.mark.parametrize("unit", [NIGHTLY, SERVE])
def test_a_service_is_shut_in(machine: Path, unit: str) -> None:
    done = analyze("security", "--offline=true", f"--root={machine}", f"--threshold={MOST_EXPOSED * 10:.0f}", unit)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_brake_is_not_tried_again_and_an_interruption_is_no_failure(folder: Path) -> None:
    service = Unit(folder / NIGHTLY)["Service"]
    assert str(BRAKED) in service["RestartPreventExitStatus"].split()
    assert service["SuccessExitStatus"].split() == ["130", "143"]
    assert f"  {BRAKED}) " in (folder / "leadscore-trouble@.service").read_text()


def test_the_night_is_caught_up_on(folder: Path) -> None:
    timer = Unit(folder / "leadscore-nightly.timer")["Timer"]
    assert timer["Persistent"] == "true"
    assert analyze("calendar", timer["OnCalendar"]).returncode == 0


def test_the_commands_exist(folder: Path) -> None:
    variables = set(re.findall(r"^#? ?(LEADSCORE_\w+)=", (folder / "leadscore.env.example").read_text(), re.MULTILINE))
    for unit in (NIGHTLY, SERVE):
        program, command, *options = Unit(folder / unit)["Service"]["ExecStart"].split()
        assert program == "/opt/leadscore/bin/leadscore"
        assert {name for part in options for name in re.findall(r"\$\{(\w+)\}", part)} <= variables
        call = [sys.executable, "-m", "pipeline.cli", command, "--help"]  # serve takes the place of its process
        shown = subprocess.run(call, capture_output=True, text=True, check=True).stdout
        assert all(option in shown for option in options if option.startswith("--"))
