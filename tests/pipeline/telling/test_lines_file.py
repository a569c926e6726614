"""The file: each message once, whole lines alone, and nothing of somebody who is forgotten."""

from __future__ import annotations

import json

import pytest

from features.errors import InputError
from pipeline.telling.channels import make_channels

LOG = {"kind": "file", "events": ["lead.above", "digest"]}


def written(nights) -> None:
    nights.night({"a": "none", "b": "none"})
    nights.tell(log=LOG)
    nights.night({"a": "SAL", "b": "MQL"})
    nights.tell(log=LOG)


def test_half_a_line_of_a_killed_job_is_taken_away(nights) -> None:
    written(nights)
    file = nights.out / "telling" / "news.jsonl"
    whole = file.read_text()
    file.write_text(whole + '{"id": "msg_1", "type": "lead.ab')
    nights.night({"a": "SAL", "b": "SAL"})
    nights.tell(log=LOG)
    assert file.read_text().startswith(whole)
    assert [line["data"]["lead_id"] for line in nights.lines()] == ["a", "b", "b"]


def test_a_line_that_was_written_by_a_job_that_died_is_not_written_again(nights, monkeypatch) -> None:
    from pipeline.score.sinks.news.outbox import Outbox

    nights.night({"a": "none"})
    nights.tell(log=LOG)
    nights.night({"a": "SAL"})

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Outbox, "delivered", die)
        nights.tell(log=LOG)
    assert nights.tell(log=LOG).sent == {"log": 1}
    assert len(nights.lines()) == 1


def test_a_folder_in_its_place_is_a_message(nights) -> None:
    nights.night({"a": "none"})
    nights.tell(log=LOG)
    (nights.out / "telling" / "news.jsonl").mkdir(parents=True)
    nights.night({"a": "SAL"})
    failed = nights.tell(log=LOG)
    assert failed.exit_code == 2
    assert "telling.log.path" in failed.failed["log"]


def test_who_is_forgotten_is_in_no_line(nights) -> None:
    written(nights)
    file = nights.out / "telling" / "news.jsonl"
    digest = {
        "id": "msg_2",
        "type": "digest",
        "data": {"changes": {"lead.above": [{"lead_id": "a"}, {"lead_id": "b"}]}},
    }
    with file.open("a") as stream:
        stream.write(json.dumps(digest) + "\n")
    [channel] = make_channels({"log": LOG}, nights.out).values()
    assert channel.forget(["a"]) == 2
    assert channel.forget(["a"]) == 0
    assert '"a"' not in file.read_text()
    assert [line["data"].get("lead_id") for line in nights.lines()] == ["b", None]
    assert nights.lines()[1]["data"]["changes"] == {"lead.above": [{"lead_id": "b"}]}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"kind": "fax", "events": ["digest"]}, "a kind"),
        ({"kind": "file"}, "events"),
        ({"kind": "file", "events": []}, "events"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings, said, tmp_path) -> None:
    with pytest.raises(InputError, match=said):
        make_channels({"log": settings}, tmp_path)
    with pytest.raises(InputError, match="lower case"):
        make_channels({"Log File": LOG}, tmp_path)
