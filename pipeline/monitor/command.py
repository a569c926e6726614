"""``leadscore monitor``: whether volume and quality of the leads still are what they seem."""

from __future__ import annotations

from features.time_units import format_time
from pipeline.monitor.checks import (
    calibration_check,
    drift_check,
    idle_check,
    maturing_check,
    together,
    volume_check,
    waiting_check,
)
from pipeline.monitor.gaming_check import gaming_check
from pipeline.monitor.report import Result, to_json, to_text, write_result
from pipeline.monitor.tables import read_matured, read_reference, read_watched
from pipeline.runner.stages import StageContext, run_stage

NAME = "monitor"


def check_funnel(context: StageContext, *, as_of_us: int | None) -> Result:
    """Return what every check says at a moment.

    Only the tables of stage ``ingest`` are needed; without a trained model what concerns it cannot be told.

    Parameters
    ----------
    context : StageContext
    as_of_us : int or None
        None is the newest time in the data. Nothing later is looked at.
    """
    watched = read_watched(context, as_of_us)
    now, options = watched.as_of_us, context.settings.monitor
    checks = (
        gaming_check(watched, options.gaming),
        volume_check(watched),
        waiting_check(watched),
        idle_check(watched, options),
        maturing_check(watched),
        drift_check(watched, read_reference(context, now)),
        calibration_check(watched, read_matured(context, now)),
    )
    return Result(watched, checks, together([check.answer for check in checks if check.name in options.exit_on]))


def run_monitor(context: StageContext, *, as_of_us: int | None, as_json: bool) -> tuple[int, str]:
    """Ingest what is new, check, write ``OUT/monitor`` and return exit code and what to print.

    Raises
    ------
    InputError
        If nothing could be checked: broken input, or a moment outside the data.
    """
    with context.workspace.locked():
        run_stage("ingest", context)
        result = check_funnel(context, as_of_us=as_of_us)
        inputs = {"as_of": format_time(result.watched.as_of_us)}
        with context.workspace.writing(NAME, inputs) as out:
            write_result(result, out)
    page = context.workspace.folder(NAME) / "monitor.html"
    return result.exit_code, to_json(result) if as_json else to_text(result, page)
