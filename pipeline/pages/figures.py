"""The report's pictures, from tables that are computed elsewhere; the same tables give the same bytes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Literal

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from models.evaluation.target_evaluation import BASELINE, MODEL

if TYPE_CHECKING:
    pass

# Okabe and Ito's colours can be told apart with any colour vision; marks and dashes differ as well.
COLOURS = {MODEL: "#0072B2", BASELINE: "#C24E00"}
INK, GRID = "#222222", "#DDDDDD"
SMALL_RANGE = 0.08
"""A shorter axis of percentages needs a digit after the point."""

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "svg.hashsalt": "leadscore",
    "svg.fonttype": "path",
}


def draw(figure: Figure, kind: str) -> bytes:
    """Return a figure as ``png`` or ``svg`` bytes, without time or version inside."""
    metadata = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}[kind]
    stream = io.BytesIO()
    with rc_context(STYLE):
        if figure.get_layout_engine() is not None:  # places are worked out once, not anew for every file
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
        figure.savefig(stream, format=kind, dpi=110, metadata=metadata)
    return stream.getvalue()


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure, (axes,) = panels(width, height, 1)
    return figure, axes


def panels(width: float, height: float, count: int) -> tuple[Figure, list[Axes]]:
    """Return an empty figure in this house's style, with panels beside each other."""
    with rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        axes = [figure.add_subplot(1, count, position + 1) for position in range(count)]
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
        one.spines[["left", "bottom"]].set_color("#888888")
        one.tick_params(colors=INK)
        one.grid(color=GRID, linewidth=0.7)
        one.set_axisbelow(True)
    return figure, axes


def percent_axis(axes: Axes, which: str) -> None:
    """Label the axes named (``x``, ``y``, ``xy``) in percent."""
    for name in which:
        axis = axes.xaxis if name == "x" else axes.yaxis
        low, high = axis.get_view_interval()
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0 if high - low > SMALL_RANGE else 1))


def _finish(axes: Axes, place: Literal["upper left", "upper right", "lower right"]) -> None:
    axes.legend(loc=place, frameon=False)
