"""Checks of the times that ``leadscore check`` was given."""

from __future__ import annotations

from features.answers import Answer


def answer(report, code):
    [result] = report.results[code]
    return result.answer


def test_a_newest_time_far_beyond_the_rest_is_pointed_out(checked):
    assert answer(checked(leads=3000), "lonely_newest") is Answer.PASSED
    report = checked(leads=3000, typo="4,MQL,2099-01-01")
    assert answer(report, "lonely_newest") is Answer.FAILED
    assert any("up to 2099-01-01" in note for note in report.notes)


def test_where_the_source_says_when_it_ends_the_newest_time_decides_nothing(checked):
    report = checked("observed_until: 2025-12-31\n", leads=3000, typo="4,MQL,2099-01-01")
    assert answer(report, "lonely_newest") is Answer.PASSED


def test_what_an_export_without_times_cannot_say_is_told(checked):
    assert answer(checked(), "unknown_times") is Answer.PASSED
    report = checked("unknown_times: won\n")
    assert report.results["unknown_times"][0].answer is Answer.UNCHECKED
    assert "The export does not say when leads were won" in report.to_text()
    assert "sql: SQL: " in report.to_text()


def test_silence_at_the_end_is_pointed_out(checked):
    report = checked("observed_until: 2026-03-01\n")  # the newest time is 2025-12-31
    assert answer(report, "silence_at_the_end") is Answer.FAILED
    assert any("60 days after the newest time" in note for note in report.notes)


def test_leads_that_no_look_falls_on_could_not_be_checked(checked):
    assert answer(checked(), "never_looked_at") is Answer.PASSED
    # the export ends on 2025-12-31: of 40 leads of November two were created on the 1st, 60 days before
    report = checked("snapshots: {anchor: created, after: 60d}\n")
    [unseen] = report.results["never_looked_at"]
    assert unseen.answer is Answer.UNCHECKED
    assert unseen.sentence.startswith("38 of 600 leads are never looked at")
