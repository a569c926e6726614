"""The commands that tell: alarms while they last, stops, and the morning's digest."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from features.answers import Answer
from features.checks import CheckResult
from features.errors import InputError
from models.findings.finding import finding, said
from pipeline.telling.command import digest_command, stop_news, tell_command, tell_of_checks

LOG = {"kind": "file", "events": ["monitor.alarm", "monitor.over", "night.stopped", "digest", "lead.above"]}
HOUR_US = 3_600_000_000
HALF, OTHER = (finding("brake.rows", table="leads", before=1000, after=rows) for rows in (500, 1))


def gaming(answer: Answer, *named: str) -> CheckResult:
    tables = {"named": pd.DataFrame([{"dimension": "campaign", "value": name} for name in named])} if named else {}
    found = (finding("gaming.none", groups=len(named), blind=0),)
    return CheckResult("gaming", "More MQLs of which fewer move on", answer, "", findings=found, tables=tables)


def test_an_alarm_is_told_when_it_begins_when_it_grows_and_when_it_is_over(nights) -> None:
    settings = nights.settings(log=LOG)
    failed, passed, unknown = Answer.FAILED, Answer.PASSED, Answer.UNCHECKED
    for hour, (result, expected) in enumerate(
        [
            (gaming(passed), []),
            (gaming(failed, "a"), ["monitor.alarm"]),
            (gaming(failed, "a"), []),
            (gaming(unknown), []),
            (gaming(failed, "a", "b"), ["monitor.alarm"]),
            (gaming(failed, "b"), []),
            (gaming(passed), ["monitor.over"]),
            (gaming(passed), []),
            (gaming(failed, "a"), ["monitor.alarm"]),
        ]
    ):
        before = len(nights.lines())
        other = CheckResult("volume", "Volume", Answer.FAILED)  # not in monitor.exit_on
        tell_of_checks(settings, nights.out, [result, other], as_of_us=hour * HOUR_US)
        assert [line["type"] for line in nights.lines()[before:]] == expected, hour
    assert nights.lines()[1]["data"]["subjects"] == ["campaign a", "campaign b"]


def test_a_stopped_night_is_told_once_for_the_same_export(nights) -> None:
    for export, odd in (
        ("e1", [HALF]),
        ("e1", [HALF]),
        ("e2", [HALF]),
        ("e1", [OTHER]),
    ):
        nights.tell(lambda outbox, export=export, odd=odd: outbox.record([stop_news(export, odd)]), log=LOG)
    assert [line["data"]["odd"] for line in nights.lines()] == [[said(one, "en")] for one in (HALF, HALF, OTHER)]


def test_a_channel_in_german_gets_no_english_sentence(nights) -> None:
    german = {**LOG, "language": "de"}
    tell_of_checks(nights.settings(log=german), nights.out, [gaming(Answer.FAILED, "a")], as_of_us=0)
    nights.tell(lambda outbox: outbox.record([stop_news("e1", [HALF])]), log=german)
    alarm, stop = nights.lines()
    assert alarm["data"]["subject"] == "Die Überwachung schlägt Alarm: Mehr MQLs, von denen weniger vorankommen"
    assert alarm["data"]["sentence"].startswith("In 1 Gruppen stieg keine Menge")
    assert alarm["data"]["todo"].startswith("Sehen Sie sich zehn der neuesten Leads")
    assert stop["data"]["odd"] == ["Zeilen in leads: 1.000 in der letzten Nacht, 500 in dieser"]
    _, text = digest(nights, language="de", log=german)
    assert "Mehr MQLs, von denen weniger vorankommen" in text
    assert "1.000 in der letzten Nacht, 500 in dieser" in text


def digest(nights, *, send=False, language="en", **channels):
    return digest_command(nights.settings(**channels), nights.out, language=language, send=send, to_json=False)


def test_a_digest_says_who_came_and_went_since_the_last_one(nights) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=2)
    nights.night({"a": "SAL", "b": "MQL", "c": "none"}, at=yesterday)
    nights.night({"a": "with_sales", "b": "none", "c": "SAL", "d": "MQL"})
    code, text = digest(nights)
    assert code == 0
    for sentence in (
        "2 leads are new on the list (", "The list holds 2 leads, 1 of them SAL.",
        "Lead c was below the cut-offs and is now SAL, with a probability of 60",
        "Lead d was not among the open leads and is now MQL, with a probability of 30",
        "Lead b was MQL and is now below the cut-offs", "Lead a was SAL and is now with sales",
        "2 leads on the list wait for sales.",
    ):  # fmt: skip
        assert sentence in text.replace("\N{NARROW NO-BREAK SPACE}", " "), sentence
    _, german = digest(nights, language="de")
    assert "2 Leads sind neu auf der Liste (" in german
    assert "Der Lead a war SAL und ist jetzt beim Vertrieb" in german


def test_a_day_has_one_digest_and_the_next_begins_where_it_ended(nights) -> None:
    nights.night({"a": "none"}, at=datetime.now(UTC) - timedelta(days=2))
    nights.night({"a": "SAL"})
    for _ in range(2):
        assert digest(nights, send=True, log=LOG)[0] == 0
    [line] = nights.lines()
    assert line["type"] == "digest"
    assert [lead["lead_id"] for lead in line["data"]["changes"]["lead.above"]] == ["a"]
    nights.night({"a": "SAL", "b": "MQL"})
    _, text = digest(nights, log=LOG)
    assert "Lead b was" in text
    assert "Lead a was" not in text


def test_a_digest_names_what_waits_and_what_lasts(nights) -> None:
    down = {"kind": "webhook", "url": "http://127.0.0.1:9/hook", "events": ["night.stopped"], "retries": 0}
    nights.night({"a": "none"})
    tell_of_checks(nights.settings(log=LOG), nights.out, [gaming(Answer.FAILED, "a")], as_of_us=0)
    nights.tell(lambda outbox: outbox.record([stop_news("e1", [HALF])]), log=LOG, crm=down)
    code, text = digest_command(nights.settings(log=LOG, crm=down), nights.out, language="en", send=False, to_json=True)
    told = json.loads(text)
    assert [alarm["title"] for alarm in told["alarms"]] == ["More MQLs of which fewer move on"]
    assert [stop["odd"] for stop in told["stops"]] == [[said(HALF, "en")]]
    assert told["waits"] == {"signatures": [], "messages": {"crm": 1}, "to_hand_over": 0}
    assert code == 0


def test_who_names_no_channel_or_no_scores_is_told_how(nights, tmp_path) -> None:
    nights.night({"a": "none"})
    with pytest.raises(InputError, match=r"docs/telling\.md"):
        tell_command(nights.settings(), nights.out)
    for asking in (
        lambda: tell_command(nights.settings(log=LOG), tmp_path / "typo"),
        lambda: digest_command(nights.settings(log=LOG), tmp_path / "typo", language="en", send=False, to_json=False),
    ):
        with pytest.raises(InputError, match="a score store"):
            asking()
    assert not (tmp_path / "typo").exists()
    with pytest.raises(InputError, match="the event digest"):
        digest(nights, send=True, log={**LOG, "events": ["lead.above"]})
