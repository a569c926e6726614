"""Checks of the events that ``leadscore check`` was given."""

from __future__ import annotations

from features.answers import Answer


def test_a_family_without_events_is_pointed_out(checked):
    report = checked()
    assert report.of("families")["price_list"].answer is Answer.PASSED
    assert report.of("families")["demo"].answer is Answer.UNCHECKED
    [silent] = report.results["silent_families"]
    assert (silent.answer, silent.sentence) == (Answer.FAILED, "No event at all in: demo")
    assert silent.sentence in report.notes


def test_events_after_the_only_look_are_pointed_out(checked):
    # the events happen at the moment of creation: none comes after the only look, and none before the first of many
    assert checked().results["unused_events"][0].answer is Answer.PASSED


def test_every_event_that_no_look_sees_is_counted(tmp_path, write_source, check_of):
    source, data = write_source(tmp_path)
    with (data / "events.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"{lead},2025-12-30,demo\n" for lead in range(7))
    [unused] = check_of(source, data).results["unused_events"]
    assert (unused.answer, unused.sentence.split(" ")[0]) == (Answer.FAILED, "7")
    with (source / "source.yaml").open("a", encoding="utf-8") as file:
        file.write("snapshots: {anchor: created, every: 7d, until: 90d}\n")
    assert check_of(source, data).results["unused_events"][0].answer is Answer.PASSED
