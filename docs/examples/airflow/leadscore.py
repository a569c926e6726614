"""Two DAGs: the night's scores, and a challenger each month.

leadscore lives in an environment of its own and is called as a command, so that neither pins the other's packages. Put
this file into Airflow's folder of DAGs and set, for the workers:

    LEADSCORE         the command; default: leadscore
    LEADSCORE_HOME    where params.yaml lies, and relative paths begin; default: /srv/leadscore
    LEADSCORE_SOURCE, LEADSCORE_DATA, LEADSCORE_OUT    as --source, --data, --out
    LEADSCORE_STORE   the URL of the score store, with its password; from a secret store
"""

from __future__ import annotations

import os
import subprocess
from datetime import datetime, timedelta

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException

BRAKED = 3
WAIT = timedelta(minutes=float(os.environ.get("LEADSCORE_RETRY_MINUTES", "15")))


def leadscore(command: str) -> None:
    """Run a command; what a brake stopped is not tried again, since somebody has to look."""
    folders = [os.environ[f"LEADSCORE_{name}"] for name in ("SOURCE", "DATA", "OUT")]
    arguments = [part for pair in zip(("--source", "--data", "--out"), folders, strict=True) for part in pair]
    home = os.environ.get("LEADSCORE_HOME", "/srv/leadscore")
    done = subprocess.run([os.environ.get("LEADSCORE", "leadscore"), command, *arguments], cwd=home, check=False)
    if done.returncode == BRAKED:
        raise AirflowFailException("A brake stopped the night and nothing was written: the log says what is odd")
    if done.returncode:
        raise AirflowException(f"leadscore {command} ended with code {done.returncode}; the same command goes on")


@dag(schedule="30 2 * * *", start_date=datetime(2026, 1, 1), catchup=False, max_active_runs=1, tags=["leadscore"])
def leadscore_nightly() -> None:
    """Score tonight's export with the champion."""

    @task(retries=2, retry_delay=WAIT, execution_timeout=timedelta(hours=6))
    def nightly() -> None:
        leadscore("nightly")

    nightly()


@dag(schedule="0 12 1 * *", start_date=datetime(2026, 1, 1), catchup=False, max_active_runs=1, tags=["leadscore"])
def leadscore_training() -> None:
    """Make a challenger; the champion stays in force until both teams have signed for another."""

    @task(retries=1, retry_delay=WAIT, execution_timeout=timedelta(hours=12))
    def run() -> None:
        leadscore("run")

    run()


leadscore_nightly()
leadscore_training()
