"""The commands that tell: ``leadscore tell``, ``leadscore digest``, and what others record before they end."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from features.answers import Answer
from features.checks import CheckResult
from features.errors import InputError
from features.language.languages import Language
from features.time_units import format_time
from models.findings.finding import Finding
from pipeline.champion.in_force import about_trained
from pipeline.runner.job_log import say
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import Workspace
from pipeline.score.sinks.news.news import Message, News, StoredNews
from pipeline.score.sinks.news.open_outbox import has_scores
from pipeline.score.sinks.news.outbox import Outbox
from pipeline.settings.settings import Settings
from pipeline.telling.digest import as_json, changes_of, digest_facts, digest_news
from pipeline.telling.tell import Telling, Told
from pipeline.telling.telling_words import Details, said_of

PROMISE = "promise"
"""The check of the monitor whose findings are told one by one."""


def tell_command(settings: Settings, out: Path) -> tuple[int, str]:
    """Gather what became true, hand over what waits, and return exit code and what to print.

    Raises
    ------
    InputError
        If no channel is named.
    """
    telling = Telling(settings, out)
    _require_channels(telling)
    _require_scores(settings, out)
    told = telling.tell()
    sent = sum(told.sent.values())
    return told.exit_code, f"tell: {sent} sent, {sum(told.waits.values())} wait"


def digest_command(settings: Settings, out: Path, *, language: Language, send: bool, to_json: bool) -> tuple[int, str]:
    """Return exit code and the digest; with ``send``, hand it to the channels that ask for it, once a day.

    Raises
    ------
    InputError
        If a digest is to be sent and no channel asks for it.
    """
    telling, now = Telling(settings, out), datetime.now(UTC)
    if send:
        _require_channels(telling, "digest")
    _require_scores(settings, out)
    signatures = _signatures(settings, out)
    with telling.opened() as outbox:
        if telling.is_on:
            outbox.gather(now=now)
        facts = digest_facts(outbox, now=now, signatures=signatures)
        changes = changes_of(outbox, facts)
    code = 0
    if send:
        code = telling.tell(lambda outbox: _record(outbox, facts, now), now=now).exit_code
    if to_json:
        return code, json.dumps(as_json(facts, changes, language), indent=1, ensure_ascii=False)
    news = digest_news(facts, now=now)
    message = Message(news.news_id, (StoredNews(news.news_id, news.kind, now, facts, None, None, None),))
    said = said_of(message, language, Details(changes=changes))
    lines = [said.subject]
    for section in said.sections:
        lines += ["", *([section.title] if section.title else []), *(f"- {line}" for line in section.lines)]
    return code, "\n".join(lines)


def stop_news(export: str, odd: Sequence[Finding]) -> News:
    """Return that a brake stopped a night; the same export that is stopped for the same again is the same news."""
    key = (json.dumps(found, sort_keys=True) for found in odd)
    return News("night.stopped", (export, *key), datetime.now(UTC), {"odd": [dict(found) for found in odd]})


def tell_of_checks(settings: Settings, out: Path, results: Sequence[CheckResult], *, as_of_us: int) -> Told:
    """Tell which checks of the monitor raised an alarm, or ended one; an alarm that lasts is told once.

    Parameters
    ----------
    settings : Settings
        ``monitor.exit_on`` says which checks count.
    out : Path
    results : sequence of CheckResult
    as_of_us : int
        The moment that was looked at.
    """
    counted, as_of = settings.monitor.exit_on, format_time(as_of_us)
    alarms, over = _by_answer(results, counted, as_of)
    broken = _broken_promises(results, as_of) if PROMISE in counted else []

    def record(outbox: Outbox) -> None:
        outbox.record_alarms(alarms, over)
        outbox.record(broken)

    return Telling(settings, out).tell(record)


def _broken_promises(results: Sequence[CheckResult], as_of: str) -> list[News]:
    """Return each promise that was not kept; one of a decision is told once, whatever comes later."""
    now = datetime.now(UTC)
    return [
        News(
            "promise.broken",
            (result.figures["version"], one["band"], one["what"]),
            now,
            {"version": result.figures["version"], "as_of": as_of, **one},
        )
        for result in results
        if result.code == PROMISE
        for one in result.figures.get("broken", ())
    ]


def _by_answer(
    results: Sequence[CheckResult], counted: Collection[str], as_of: str
) -> tuple[dict[str, News], dict[str, News]]:
    now, alarms, over = datetime.now(UTC), dict[str, News](), dict[str, News]()
    for one in results:
        if one.code not in counted or one.code == PROMISE:  # of promises each is told by itself
            continue
        subjects = _subjects(one)
        facts = {
            "check": one.code, "findings": [dict(found) for found in one.findings], "as_of": as_of,
            "subjects": subjects,
        }  # fmt: skip
        if one.answer is Answer.FAILED:
            alarms[one.code] = News("monitor.alarm", (one.code, as_of, *subjects), now, facts)
        elif one.answer is Answer.PASSED:
            over[one.code] = News("monitor.over", (one.code, as_of), now, facts)
    return alarms, over


def _subjects(result: CheckResult) -> list[str]:
    """Return whom an alarm names, where it names somebody."""
    named = result.tables.get("named")
    if named is None:
        return []
    return sorted({f"{row['dimension']} {row['value']}".strip() for row in named.to_dict(orient="records")})


def _record(outbox: Outbox, facts: dict[str, Any], now: datetime) -> None:
    if not outbox.record_digest(digest_news(facts, now=now), facts["until"]):
        say(f"digest: {facts['day']} has its digest already")


def _require_scores(settings: Settings, out: Path) -> None:
    if not has_scores(settings.score.store, out):
        raise InputError(
            expected=f"a score store of {out}", found="none", table="score.store", hint="Run leadscore nightly first"
        )


def _require_channels(telling: Telling, event: str | None = None) -> None:
    asking = [name for name, channel in telling.channels.items() if event in (None, *channel.options.events)]
    if not asking:
        raise InputError(
            expected="a channel in telling" + ("" if event is None else f" with the event {event}"), found="none",
            table="telling", hint="docs/telling.md shows what to write into params.yaml",
        )  # fmt: skip


def _signatures(settings: Settings, out: Path) -> tuple[str, ...]:
    """Return the teams that a trained model waits for; none where nothing was trained here."""
    context = StageContext(Workspace(out), settings, None, None, {})
    return about_trained(context).waiting_for if context.has("receipt") else ()
