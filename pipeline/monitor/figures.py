"""The pictures of the monitor's page: volume against conversion, for the company and for what was named."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from pipeline.pages.figures import draw, panels

MONTHS_SHOWN = 18
VOLUME, CONVERSION = "#6B6B6B", "#0072B2"


def volume_figure(months: pd.DataFrame, *, entry: str, goal: str) -> Figure:
    """Draw leads a month as bars, and beside them the share that reached the goal, with its 95 % interval.

    Parameters
    ----------
    months : DataFrame
        Rows of `volume_by_month` of one group and the goal.
    """
    shown = months.tail(MONTHS_SHOWN)
    place = range(len(shown))
    figure, (left, right) = panels(9.2, 3.4, 2)
    left.bar(place, shown["leads"], color=VOLUME)
    left.set(ylabel=f"{entry} a month", title="Volume")
    judged = shown["matured"] > 0
    at = [x for x, is_judged in zip(place, judged, strict=True) if is_judged]
    judged_months = shown[judged]
    reach = [judged_months["share"] - judged_months["low"], judged_months["high"] - judged_months["share"]]
    right.errorbar(at, judged_months["share"], yerr=reach, fmt="o", color=CONVERSION, capsize=3, markersize=5)
    right.set(ylabel=f"reached {goal} in time", title="Conversion of matured leads", ylim=(0, None))
    right.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    left.yaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in (left, right):
        axes.set_xticks(list(place)[::3], labels=list(shown["month"])[::3])
        axes.set_xlim(-0.7, len(shown) - 0.3)
    return figure


def svg(figure: Figure) -> bytes:
    """Return a figure as SVG."""
    return draw(figure, "svg")
