"""The papers on data protection name code, tests, commands and settings: each of them exists, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.cli import app
from pipeline.settings.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("data-protection.md", "datenschutz.md")
each_page = pytest.mark.parametrize("page", PAGES)


def text(page: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


def code(page: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", text(page))


def named_files(page: str) -> set[str]:
    return {name for name in code(page) if re.fullmatch(r"(features|models|pipeline|serve|tests)/[\w/]+\.py", name)}


@each_page
def test_every_file_that_is_named_exists(page: str) -> None:
    files = named_files(page)
    assert len(files) > 25
    assert [name for name in sorted(files) if not (ROOT / name).is_file()] == []


@each_page
def test_every_command_that_is_named_exists(page: str) -> None:
    commands = {command.name or command.callback.__name__.replace("_", "-") for command in app.registered_commands}
    options = {"--letter": "explain", "--at": "replay"}
    named = [name.split() for name in code(page) if name.startswith("leadscore ")]
    assert named
    for _, command, *arguments in named:
        assert command in commands, command
        assert [option for option in arguments if options.get(option, command) != command] == []


@each_page
def test_every_section_of_the_settings_that_is_named_exists(page: str) -> None:
    for section in ("controller", "retention"):
        assert section in code(page)
        assert section in Settings.model_fields


@each_page
def test_links_inside_the_page_lead_somewhere(page: str) -> None:
    titles = {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+)$", text(page), re.M)
    }
    assert [anchor for anchor in re.findall(r"\]\(#([^)]+)\)", text(page)) if anchor not in titles] == []


def test_both_languages_name_the_same_code() -> None:
    english, german = (named_files(page) for page in PAGES)
    assert english == german
    shape = [[line[: len(line) - len(line.lstrip("#|-"))] for line in text(page).splitlines()] for page in PAGES]
    tables = [sum(mark.startswith("|") for mark in marks) for marks in shape]
    heads = [sum(mark.startswith("#") for mark in marks) for marks in shape]
    assert tables[0] == tables[1]
    assert heads[0] == heads[1]
