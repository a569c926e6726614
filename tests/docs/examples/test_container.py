"""What can be said of the image without building it; ``make image`` builds it and lets it work a night."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from serve.settings import ENVIRONMENT

Step = tuple[str, str]


@pytest.fixture(scope="module")
def steps(project_root: Path) -> list[Step]:
    """The instructions in order: word and rest."""
    text = (project_root / "docs" / "examples" / "container" / "Containerfile").read_text(encoding="utf-8")
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#")).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines.splitlines()) if word]


def rests(steps: list[Step], word: str) -> list[str]:
    return [rest for step, rest in steps if step == word]


def last_stage(steps: list[Step]) -> list[Step]:
    begins = [place for place, (word, _) in enumerate(steps) if word == "FROM"]
    return steps[begins[-1] :]


def test_what_is_copied_is_there(steps: list[Step], project_root: Path) -> None:
    copied = [name for rest in rests(steps, "COPY") if "--from" not in rest for name in rest.split()[:-1]]
    assert copied
    assert [name for name in copied if not (project_root / name).exists()] == []


def test_nothing_is_installed_without_its_hash(steps: list[Step]) -> None:
    commands = [re.sub(r"\s+", " ", rest) for rest in rests(steps, "RUN")]
    installs = [command for command in commands if " install " in command and "apt-get" not in command]
    installs = [command for command in installs if "pip install" in command]
    assert len(installs) == 2
    assert all("--require-hashes" in command for command in [*installs, *(c for c in commands if "uv build" in c)])


def test_it_runs_as_nobody_special(steps: list[Step]) -> None:
    (user,) = rests(last_stage(steps), "USER")
    assert int(user) > 0
    words = [word for word, _ in last_stage(steps)]
    assert words.index("USER") < words.index("ENTRYPOINT")


def test_no_secret_is_built_in(steps: list[Step]) -> None:
    pairs = [pair for rest in [*rests(steps, "ENV"), *rests(steps, "ARG")] for pair in shlex.split(rest)]
    names = {pair.partition("=")[0] for pair in pairs}
    secret = {name for name in names if re.search(r"KEY|PASSWORD|TOKEN|SECRET", name) or name == ENVIRONMENT["store"]}
    assert secret == set()


def test_its_variables_are_the_servers(steps: list[Step]) -> None:
    names = {pair.partition("=")[0] for rest in rests(steps, "ENV") for pair in shlex.split(rest)}
    assert {name for name in names if name.startswith("LEADSCORE_")} <= set(ENVIRONMENT.values())


def test_it_can_be_asked_whether_it_is_well(steps: list[Step], project_root: Path) -> None:
    (check,) = rests(steps, "HEALTHCHECK")
    path = re.search(r"8000(/[\w/]+)", check)
    assert path is not None
    route = path[1].removeprefix("/v1")
    assert any(f'"{route}"' in file.read_text() for file in (project_root / "serve" / "api").glob("*.py"))


def test_the_command_is_the_installed_one(steps: list[Step], installed: Any) -> None:
    (entry,) = rests(steps, "ENTRYPOINT")
    assert entry == f'["{installed.leadscore.name}"]'
