"""The report's own figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from models.evaluation.target_evaluation import BASELINE, MODEL, SCORERS
from pipeline.evaluate.evaluation import VolumeCurve
from pipeline.pages.figures import COLOURS, _figure, _finish, panels, percent_axis

MARKS = {MODEL: "o", BASELINE: "s"}


DASHES = {MODEL: "-", BASELINE: "--"}


FAMILY_COLOURS = {
    "fit": "#0072B2",
    "behaviour": "#C24E00",
    "journey": "#007A5A",
    "account": "#A8528A",
    "source": "#6B6B6B",
}


SHOWN_SUBJECTS = 12


SMALLEST_LIFT_SHARE = 0.02


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
    percent_axis(axes, "xy")
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
    percent_axis(left, "xy")
    percent_axis(right, "x")
    _finish(left, "lower right")
    _finish(right, "upper right")
    return figure


def precision_volume_figure(volumes: Mapping[str, VolumeCurve], names: Names) -> Figure:
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
    percent_axis(axes, "y")
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
    percent_axis(axes, "x")
    axes.grid(axis="y", visible=False)
    handles = [Patch(color=FAMILY_COLOURS[name], label=name) for name in dict.fromkeys(table["family"].iloc[::-1])]
    axes.legend(handles=handles, loc="lower right", frameon=False)
    return figure
