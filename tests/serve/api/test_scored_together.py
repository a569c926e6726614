"""Who asks at the same time as others gets what it gets alone, and only its own mistakes."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

FACTS: dict[str, Any] = {"created_at": "2026-01-01", "as_of": "2026-01-20"}


def test_answers_of_many_at_once_are_those_of_one_after_the_other(api: httpx.Client) -> None:
    days = [f"2026-01-{day:02d}" for day in range(2, 20)]
    asked = [{**FACTS, "events": [{"occurred_at": day, "event_type": "blog_read"}] * n} for n, day in enumerate(days)]
    wrong = {**FACTS, "events": [{"occurred_at": "2026-01-02", "event_type": "no such act"}]}

    def ask(facts: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        answer = api.post("/v1/score", json=facts)
        told = json.loads(answer.text)
        told.pop("scored_at", None)
        return answer.status_code, told

    alone = [ask(facts) for facts in asked]
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(ask, [*asked, wrong, *reversed(asked), wrong, *asked]))
    assert {status for status, _ in alone} == {200}
    assert [told for told in together if told[0] == 200] == [*alone, *reversed(alone), *alone]
    assert [told[0] for told in together if told[0] != 200] == [422, 422]
