"""``leadscore monitor``: whether volume and quality of the leads still are what they seem."""

from __future__ import annotations

from features.answers import together
from features.time_units import format_time
from pipeline.monitor.all_checks import CHECKS
from pipeline.monitor.check import Monitored
from pipeline.monitor.promise_check import read_in_force
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

    Raises
    ------
    InputError
        If the moment lies outside the data, or ``monitor.exit_on`` names what is no check with an alarm.
    """
    options = context.settings.monitor
    CHECKS.require(options.exit_on, setting="monitor.exit_on", among=lambda check: check.can_alarm)
    watched = read_watched(context, as_of_us)
    monitored = Monitored(
        watched,
        options,
        read_reference=lambda: read_reference(context, watched.as_of_us),
        read_matured=lambda: read_matured(context, watched.as_of_us),
        read_in_force=lambda: read_in_force(context, watched.as_of_us),
    )
    results = tuple(result for check in CHECKS for result in check.results(monitored))
    return Result(watched, results, together(one.answer for one in results if one.code in options.exit_on))


def run_monitor(context: StageContext, *, as_of_us: int | None, as_json: bool) -> tuple[Result, str]:
    """Ingest what is new, check, write ``OUT/monitor`` and return the result and what to print.

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
    return result, to_json(result) if as_json else to_text(result, page)
