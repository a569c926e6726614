"""Channels: what the page on telling prints can be used, and names all that there is."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from features.time_units import DAY_US
from pipeline.score.sinks.news.news import KINDS
from pipeline.settings.settings import Settings
from pipeline.telling.channels import KINDS as CHANNEL_KINDS
from pipeline.telling.channels import make_channels

PAGE = Path(__file__).resolve().parents[3] / "docs" / "telling.md"


def test_the_settings_on_the_page_can_be_used(tmp_path: Path) -> None:
    text = re.search(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]
    settings = Settings.model_validate(yaml.safe_load(text))
    channels = make_channels(settings.telling, tmp_path)
    assert {channel.options.kind for channel in channels.values()} == set(CHANNEL_KINDS)
    assert all(channel.options.give_up == 7 * DAY_US for channel in channels.values())


def test_the_page_names_every_event_and_no_other() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("| event | when |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z]+(?:\.[a-z]+)?)`", re.sub(r"\|[^|]*\|$", "", table, flags=re.M))) == set(KINDS)
