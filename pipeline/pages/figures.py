"""The report's pictures, from tables that are computed elsewhere; the same tables give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import PercentFormatter

from models.evaluation.target_evaluation import BASELINE, MODEL, SCORERS

if TYPE_CHECKING:
    from pipeline.evaluate.evaluation import Volume

# Okabe and Ito's colours can be told apart with any colour vision; marks and dashes differ as well.
COLOURS = {MODEL: "#0072B2", BASELINE: "#C24E00"}
MARKS = {MODEL: "o", BASELINE: "s"}
DASHES = {MODEL: "-", BASELINE: "--"}
FAMILY_COLOURS = {
    "fit": "#0072B2",
    "behaviour": "#C24E00",
    "journey": "#007A5A",
    "account": "#A8528A",
    "source": "#6B6B6B",
}
INK, GRID = "#222222", "#DDDDDD"
SHOWN_SUBJECTS = 12
SMALLEST_LIFT_SHARE = 0.02
SMALL_RANGE = 0.08
"""A shorter axis of percentages needs a digit after the point."""

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "svg.hashsalt": "leadscore",
    "svg.fonttype": "path",
}

Names = Mapping[str, str]


def reliability_figure(bins: Mapping[str, pd.DataFrame], names: Names) -> Figure:
    """Draw forecast against outcome with 95 % intervals; on the diagonal, forecasts are kept.

    Shaded: where the model's points lie in 95 of 100 samples if its forecast is right.
    """
    figure, axes = _figure(6.4, 4.6)
    top = 0.0
    for scorer in SCORERS:
        table = bins[scorer]
        errors = np.abs(np.vstack([table["outcome"] - table["low"], table["high"] - table["outcome"]]))
        axes.errorbar(
            table["forecast"],
            table["outcome"],
            yerr=errors,
            fmt=MARKS[scorer],
            color=COLOURS[scorer],
            label=names[scorer],
            markersize=6,
            capsize=3,
            linewidth=1.4,
        )
        top = max(top, float(table["forecast"].max()), float(table["high"].max()))
    model = bins[MODEL]
    top = min(1.0, max(top, float(model["due_high"].max())) * 1.05)
    shade: dict[str, Any] = {"color": COLOURS[MODEL], "alpha": 0.13, "linewidth": 0, "label": "right forecast, 95 %"}
    axes.fill_between(model["forecast"], model["due_low"], model["due_high"], **shade)
    axes.plot([0, top], [0, top], color="#777777", linewidth=1, zorder=0, label="forecast = outcome")
    axes.set(xlim=(0, top), ylim=(0, top), xlabel="forecast probability", ylabel="share that reached it")
    _percent(axes, "xy")
    _finish(axes, "upper left")
    return figure


def gain_figure(curves: Mapping[str, pd.DataFrame], names: Names) -> Figure:
    """Draw gain (outcomes found by looking at the best-scored share) and lift beside it."""
    figure, (left, right) = panels(9.2, 4.2, 2)
    for scorer in SCORERS:
        table = curves[scorer]
        style: dict[str, Any] = {
            "color": COLOURS[scorer],
            "linestyle": DASHES[scorer],
            "linewidth": 2,
            "label": names[scorer],
        }
        left.plot(table["share"], table["gain"], **style)
        shown = table[table["share"] >= SMALLEST_LIFT_SHARE]
        right.plot(shown["share"], shown["lift"], **style)
    left.plot([0, 1], [0, 1], color="#777777", linewidth=1, label="by chance")
    right.axhline(1, color="#777777", linewidth=1, label="by chance")
    left.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="best-scored share of the leads", ylabel="share of outcomes found")
    right.set(xlim=(0, 1), xlabel="best-scored share of the leads", ylabel="times the average rate")
    right.set_ylim(bottom=0)
    _percent(left, "xy")
    _percent(right, "x")
    _finish(left, "lower right")
    _finish(right, "upper right")
    return figure


def precision_volume_figure(volumes: Mapping[str, Volume], names: Names) -> Figure:
    """Draw the share of promoted leads that get there against how many are promoted, and where the cut-offs are."""
    figure, axes = _figure(8.0, 4.6)
    for scorer in SCORERS:
        curve, colour = volumes[scorer].curve, COLOURS[scorer]
        axes.fill_between(curve["per_week"], curve["low"], curve["high"], color=colour, alpha=0.13, linewidth=0)
        style: dict[str, Any] = {"color": colour, "linestyle": DASHES[scorer], "linewidth": 2, "label": names[scorer]}
        axes.plot(curve["per_week"], curve["precision"], **style)
        for band, place in volumes[scorer].at_cutoff.items():
            if not place["leads"]:
                continue
            x, y = place["per_week"], place["precision"]
            axes.plot([x], [y], MARKS[scorer], color=colour, markersize=9, markeredgecolor="white")
            below = scorer == BASELINE
            axes.annotate(
                f"{band}, {names[scorer]}",
                (x, y),
                xytext=(8, -14 if below else 9),
                textcoords="offset points",
                color=colour,
                fontweight="bold",
                fontsize=9,
                path_effects=[withStroke(linewidth=3, foreground="white")],
            )
    axes.set(xlabel="leads promoted a week", ylabel="share of them that reached it")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    _percent(axes, "y")
    _finish(axes, "upper right")
    return figure


def learning_figure(points: pd.DataFrame) -> Figure:
    """Draw log loss and AUC against the outcomes that were learned from, with 95 % intervals."""
    figure, both = panels(9.6, 3.8, 2)
    for axes, key, name in zip(
        both, ("log_loss", "auc"), ("log loss (less is better)", "AUC (more is better)"), strict=True
    ):
        at, value = points["outcomes"], points[key]
        axes.fill_between(
            at, points[f"{key}_low"], points[f"{key}_high"], color=COLOURS[MODEL], alpha=0.13, linewidth=0
        )
        axes.plot(at, value, marker=MARKS[MODEL], color=COLOURS[MODEL], linewidth=2)
        axes.set(xlabel="outcomes learned from", ylabel=name)
        axes.set_xlim(left=0)
    return figure


def importance_figure(importance: pd.DataFrame, titles: Names) -> Figure:
    """Draw what moves the forecast most, a bar a subject, coloured by family; ``titles`` by ``family.subject``."""
    table = importance.head(SHOWN_SUBJECTS).iloc[::-1]
    figure, axes = _figure(8.0, 0.9 + 0.34 * max(len(table), 3))
    keys = (table["family"] + "." + table["subject"]).tolist()
    places = np.arange(len(table))
    axes.barh(places, table["share"], color=[FAMILY_COLOURS[family] for family in table["family"]], height=0.7)
    axes.set_yticks(places, [titles[key] for key in keys])
    for place, share in zip(places, table["share"], strict=True):
        place_text: dict[str, Any] = {"xytext": (4, 0), "textcoords": "offset points", "va": "center", "fontsize": 9}
        axes.annotate(f"{share:.0%}", (share, place), **place_text)
    axes.set(xlabel="share of all movement in the forecast")
    axes.margins(x=0.1)
    _percent(axes, "x")
    axes.grid(axis="y", visible=False)
    handles = [Patch(color=FAMILY_COLOURS[name], label=name) for name in dict.fromkeys(table["family"].iloc[::-1])]
    axes.legend(handles=handles, loc="lower right", frameon=False)
    return figure


def draw(figure: Figure, kind: str) -> bytes:
    """Return a figure as ``png`` or ``svg`` bytes, without time or version inside."""
    metadata = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}[kind]
    stream = io.BytesIO()
    with rc_context(STYLE):
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


def _percent(axes: Axes, which: str) -> None:
    for name in which:
        axis = axes.xaxis if name == "x" else axes.yaxis
        low, high = axis.get_view_interval()
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0 if high - low > SMALL_RANGE else 1))


def _finish(axes: Axes, place: Literal["upper left", "upper right", "lower right"]) -> None:
    axes.legend(loc=place, frameon=False)
