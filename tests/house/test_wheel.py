"""The wheel holds what the checkout holds, and settings and demo are there in one copy."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("installed")
PACKAGES = ("features", "models", "pipeline", "serve")
INSIDE = "leadscore_shipped"


@pytest.fixture(scope="module")
def held(installed) -> dict[str, bytes]:
    """The files of the wheel by name, its own description left out."""
    with zipfile.ZipFile(installed.wheel) as wheel:
        return {name: wheel.read(name) for name in wheel.namelist() if ".dist-info/" not in name}


def in_the_checkout(root: Path) -> dict[str, bytes]:
    """The files that a user needs, as they are named in a wheel."""
    files = [file for package in PACKAGES for file in (root / package).rglob("*")]
    named = {str(file.relative_to(root)): file for file in files if file.is_file() and "__pycache__" not in file.parts}
    demo = [file for file in (root / "sources" / "demo").iterdir() if file.is_file()]
    named |= {f"{INSIDE}/{file.relative_to(root)}": file for file in [root / "params.yaml", *demo]}
    return {name: file.read_bytes() for name, file in named.items()}


def test_the_wheel_holds_the_checkout_byte_by_byte(held: dict[str, bytes], project_root: Path) -> None:
    wanted = in_the_checkout(project_root)
    assert sorted(held) == sorted(wanted)
    assert [name for name, content in held.items() if content != wanted[name]] == []


def test_settings_and_demo_are_there_in_one_copy(project_root: Path) -> None:
    for name in ("params.yaml", "rules.yaml"):
        content = (project_root / ("params.yaml" if name == "params.yaml" else "sources/demo/rules.yaml")).read_bytes()
        same = [
            file
            for package in (*PACKAGES, "sources", "docs")
            for file in (project_root / package).rglob(name)
            if file.read_bytes() == content
        ]
        assert len(same) == (0 if name == "params.yaml" else 1), same
