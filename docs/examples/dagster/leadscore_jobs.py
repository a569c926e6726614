"""Two jobs with schedules: the night's scores, and a challenger each month.

leadscore lives in an environment of its own and is called as a command: neither pins the packages of the other. Start
with ``dagster dev -f leadscore_jobs.py``, or name this file in ``workspace.yaml``, and set in the environment:

    LEADSCORE         the command; default: leadscore
    LEADSCORE_HOME    where params.yaml lies, and relative paths begin; default: /srv/leadscore
    LEADSCORE_SOURCE, LEADSCORE_DATA, LEADSCORE_OUT    as --source, --data, --out
    LEADSCORE_STORE   the URL of the score store, with its password; from a secret store
"""

import os
import subprocess

import dagster as dg

BRAKED = 3
WAIT_S = 60 * float(os.environ.get("LEADSCORE_RETRY_MINUTES", "15"))


def leadscore(context: dg.OpExecutionContext, command: str) -> None:
    """Run a command; what a brake stopped is not tried again, since somebody has to look."""
    folders = [os.environ[f"LEADSCORE_{name}"] for name in ("SOURCE", "DATA", "OUT")]
    arguments = [part for pair in zip(("--source", "--data", "--out"), folders, strict=True) for part in pair]
    home = os.environ.get("LEADSCORE_HOME", "/srv/leadscore")
    call = [os.environ.get("LEADSCORE", "leadscore"), command, *arguments]
    with subprocess.Popen(call, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        lines = []
        for line in process.stdout or ():
            lines.append(line.rstrip())
            context.log.info(lines[-1])
    if process.returncode == BRAKED:
        said = {"odd": dg.MetadataValue.text("\n".join(lines))}
        raise dg.Failure("A brake stopped the night and nothing was written", metadata=said, allow_retries=False)
    if process.returncode:
        raise dg.Failure(f"leadscore {command} ended with code {process.returncode}; the same command goes on")


@dg.op(retry_policy=dg.RetryPolicy(max_retries=2, delay=WAIT_S))
def nightly(context: dg.OpExecutionContext) -> None:
    """Score tonight's export with the champion."""
    leadscore(context, "nightly")


@dg.op(retry_policy=dg.RetryPolicy(max_retries=1, delay=WAIT_S))
def run(context: dg.OpExecutionContext) -> None:
    """Make a challenger; the champion stays in force until both teams have signed for another."""
    leadscore(context, "run")


@dg.job(executor_def=dg.in_process_executor, tags={"leadscore": "one at a time"})
def leadscore_nightly() -> None:
    """Score every night."""
    nightly()


@dg.job(executor_def=dg.in_process_executor, tags={"leadscore": "one at a time"})
def leadscore_training() -> None:
    """Train every month."""
    run()


definitions = dg.Definitions(
    schedules=[
        dg.ScheduleDefinition(job=leadscore_nightly, cron_schedule="30 2 * * *"),
        dg.ScheduleDefinition(job=leadscore_training, cron_schedule="0 12 1 * *"),
    ],
    jobs=[leadscore_nightly, leadscore_training],
)
