"""What is told of an alarm is worded in the channel's language: the catalogue knows every check that can alarm."""

from __future__ import annotations

import pytest

from features.language.languages import LANGUAGES
from models.findings.sentences import FINDING_SENTENCES
from pipeline.monitor.all_checks import CHECKS

ALARMS = [check for check in CHECKS if check.can_alarm]


@pytest.mark.parametrize("check", ALARMS, ids=lambda check: check.code)
def test_a_check_that_can_alarm_is_named_in_every_language(check) -> None:
    say = FINDING_SENTENCES.say
    assert say(f"check.{check.code}.title", "en") == check.title
    assert say(f"check.{check.code}.todo", "en") == check.todo
    assert len({say(f"check.{check.code}.todo", language) for language in LANGUAGES}) == len(LANGUAGES)
