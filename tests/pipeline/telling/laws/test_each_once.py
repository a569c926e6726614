"""Each once: whatever nights come, whoever is taken back, and whenever a job is killed between writing and telling."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

RANKS = {"none": 0, "MQL": 1, "SAL": 2}
GROUPS = ["SAL", "MQL", "none", "with_sales", "excluded", None]
LEADS = "abcde"
EVENTS = ["lead.above", "lead.below", "lead.left", "lead.drawn", "run.undone"]


def crossing(before: str | None, now: str | None) -> str | None:
    """Return what is told of a lead, from the definition: by rank, and by why it has none."""
    old, new = RANKS.get(before, 0), RANKS.get(now, 0)
    if new > old:
        return "lead.above"
    if new < old:
        return "lead.below" if now in RANKS else "lead.left"
    return None


@pytest.mark.parametrize("seed", range(4))
def test_a_lead_is_told_of_as_often_as_it_crosses(seed, nights, listener) -> None:
    """Nights, runs taken back, channels that fail and jobs that tell nothing come in any order."""
    rng = random.Random(seed)
    sales = {"kind": "webhook", "url": listener.url, "events": EVENTS, "retries": 0}
    log = {"kind": "file", "events": EVENTS}
    nights.night(dict.fromkeys(LEADS, "none"))
    nights.tell(sales=sales, log=log)
    before, expected = dict.fromkeys(LEADS, "none"), []
    for _ in range(12):
        now = {lead: group for lead in LEADS if (group := rng.choice(GROUPS)) is not None}
        run = nights.night(now)
        crossed = [(kind, lead) for lead in LEADS if (kind := crossing(before.get(lead), now.get(lead)))]
        if rng.random() < 0.25:  # taken back at once
            nights.undo(run)
            nights.tell(sales=sales, log=log)
            expected.append(("run.undone", None))  # what it would have said is withdrawn
            continue
        expected, before = expected + crossed, now
        listener.answers = [503] * rng.choice([0, 0, 1]) + [422] * rng.choice([0, 0, 1])
        if rng.random() < 0.7:
            nights.tell(sales=sales, log=log)
    listener.answers = []
    nights.tell(sales=sales, log=log)
    for told in ([content for _, content in listener.got], nights.lines()):
        assert sorted(key(line) for line in told) == sorted((kind, lead or "") for kind, lead in expected)
    assert len(set(listener.ids)) == len(listener.ids)


def key(line) -> tuple[str, str]:
    return line["type"], line["data"].get("lead_id", "")


SCRIPT = """
import sys
from pathlib import Path
from pipeline.settings.settings import Settings
from pipeline.telling.tell import Telling
channel = {"kind": "webhook", "url": sys.argv[2], "events": ["lead.above"], "retries": 0, "rate": 200}
log = {"kind": "file", "events": ["lead.above"]}
settings = {"score": {"store": sys.argv[3] or None}, "telling": {"sales": channel, "log": log}}
Telling(Settings.model_validate(settings), Path(sys.argv[1])).tell()
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("seed", range(2))
def test_a_job_that_is_killed_loses_nothing_and_repeats_under_the_same_name(
    seed, kind, nights_in, listener, project_root, request
) -> None:
    store = request.getfixturevalue("postgres_url") if kind == "postgresql" else None
    nights = nights_in(store)
    rng, leads = random.Random(seed), [f"L{number:03d}" for number in range(60)]
    command = [sys.executable, "-c", SCRIPT, str(nights.out), listener.url, store or ""]
    nights.night(dict.fromkeys(leads, "none"))
    subprocess.run(command, cwd=project_root, check=True, capture_output=True)
    nights.night(dict.fromkeys(leads, "MQL"))
    kills = 0
    while len(set(listener.ids)) < len(leads) and kills < 6:
        before = len(listener.got)
        with subprocess.Popen(command, cwd=project_root, stderr=subprocess.DEVNULL, env={**os.environ}) as job:
            # Some time after its first message, or before it where it has just begun.
            until = time.monotonic() + 20
            while job.poll() is None and len(listener.got) == before and time.monotonic() < until:
                time.sleep(0.005)
            time.sleep(rng.uniform(0, 0.15))
            if job.poll() is None:
                job.send_signal(signal.SIGKILL)
                kills += 1
    subprocess.run(command, cwd=project_root, check=True, capture_output=True)
    assert kills >= 1
    names = {name: content["data"]["lead_id"] for name, content in listener.got}
    assert sorted(names.values()) == leads  # every lead, and each under one name
    repeated = len(listener.got) - len(names)
    assert repeated <= kills  # the one message that was under way
    for name, content in listener.got:
        assert content["data"]["lead_id"] == names[name]
    assert sorted(line["data"]["lead_id"] for line in nights.lines()) == leads
