"""The receipt for people: one page, made from nothing but the sealed receipt, the same for the same one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from models.bands import BANDS, Band
from pipeline.pages.environment import environment
from pipeline.receipt.compare_at_depth import Scorer
from pipeline.receipt.contents import BandFigures, Estimate, Receipt
from pipeline.receipt.seal import KEY_VARIABLE, Sealed
from pipeline.receipt.signing_state import standing_of
from pipeline.receipt.words import NAMES, THE, a_week, outcomes_word, range_words, same_weeks, whole

T = TypeVar("T")


def render(sealed: Sealed) -> str:
    """Return the receipt as one HTML page that needs nothing else."""
    receipt = sealed.receipt
    return (
        environment()
        .get_template("receipt.html.j2")
        .render(
            sealed=sealed,
            r=receipt,
            base=NAMES[receipt.baseline],
            the_base=THE[receipt.baseline],
            what=outcomes_word(receipt),
            standing=standing_of(sealed),
            blocks=[_block(receipt, band) for band in BANDS],
            hashes=_hashes(sealed),
            whole=whole,
            a_week=a_week(receipt.asked),
            same_weeks=same_weeks(receipt.asked),
            period=_period(receipt),
            ordered_by_row=receipt.asked.unknown_times == "all",
            key_variable=KEY_VARIABLE,
            kinds={"won": "better", "lost": "worse", "not_proven": "open"},
        )
    )


def _period(receipt: Receipt) -> str:
    """Say which leads were judged: those of the last weeks, or the last ones in the order of the rows."""
    asked = receipt.asked
    if asked.unknown_times == "all":
        return (
            f"The test leads are the last {whole(receipt.leads.test)} in the order of the rows, all after those that "
            "the model learned from."
        )
    return (
        f"Test period: {asked.first_day} to {asked.last_day}, {asked.weeks:.0f} weeks, all later than anything the "
        "model learned from."
    )


def _block(receipt: Receipt, band: Band) -> dict[str, Any]:
    depth = receipt.depths.of(band)
    return {
        "band": band,
        "handed": whole(receipt.handed_over(band)),
        "a_week": f"{depth.leads_a_week[receipt.baseline]:.1f}",
        "rows": [_row(receipt, depth, scorer) for scorer in _ordered(depth.at_depth)],
        "differences": [_difference(receipt, depth, other) for other in _ordered(depth.difference)],
        "cutoffs": [_at_cutoff(depth, scorer) for scorer in _ordered(depth.at_cutoffs)],
    }


def _ordered(by_scorer: Mapping[Scorer, T]) -> list[Scorer]:
    """Return scorers in the one order of the page, however the file has them."""
    return [scorer for scorer in NAMES if scorer in by_scorer]


def _row(receipt: Receipt, depth: BandFigures, scorer: Scorer) -> dict[str, Any]:
    figures, weekly = depth.at_depth[scorer], dict(depth.a_week[scorer].items())
    wasted, minutes = figures.wasted.value, receipt.minutes_a_call
    return {
        "name": NAMES[scorer],
        "hours": None if minutes is None or wasted is None else whole(wasted * minutes / 60),
        **{name: (whole(of.value), _bounds(of), _a_week(weekly[name], receipt)) for name, of in figures.items()},
    }


def _a_week(value: float | None, receipt: Receipt) -> str:
    return "" if value is None else f"{value:.1f} {a_week(receipt.asked)}"


def _at_cutoff(depth: BandFigures, scorer: Scorer) -> dict[str, Any]:
    cells = {name: (whole(of.value), _bounds(of), "") for name, of in depth.at_cutoffs[scorer].items()}
    return {"name": NAMES[scorer], "a_week": f"{depth.leads_a_week[scorer]:.1f}", **cells}


def _bounds(estimate: Estimate) -> str:
    return "" if estimate.low is None else f"{whole(estimate.low)} to {whole(estimate.high)}"


def _difference(receipt: Receipt, depth: BandFigures, other: Scorer) -> dict[str, str]:
    gap = depth.difference[other]
    return {
        "other": THE[other],
        "found": _in_words(gap.found, outcomes_word(receipt)),
        "deals": "" if gap.deals_found is None else _in_words(gap.deals_found, "deals"),
        "wasted": _in_words(gap.wasted, "calls wasted"),
    }


def _in_words(gap: Estimate, what: str) -> str:
    if gap.value is None or gap.low is None or gap.high is None:
        return f"{what}: cannot be said"
    sure = "clear" if gap.low > 0 or gap.high < 0 else "may be chance"
    signed = f"{gap.value:+,.0f}".replace("-", "−")
    return f"{signed} {what} ({range_words(gap)}; {sure})"


def _hashes(sealed: Sealed) -> list[tuple[str, str]]:
    rests_on = sealed.receipt.rests_on
    return [
        ("This receipt, SHA-256", sealed.sha256),
        ("Signed with a key (HMAC-SHA256)", sealed.signature or f"no: {KEY_VARIABLE} was not set"),
        ("Last approval or refusal", sealed.head if sealed.approvals else "none yet"),
        ("Model: SHA-256 of its manifest", rests_on.model_sha256),
        ("Cut-offs: version", rests_on.cutoffs_version),
        *((f"Outputs of stage {stage}", digest) for stage, digest in rests_on.outputs_sha256.items()),
        (f"Code: leadscore {rests_on.code.version}", rests_on.code.sha256),
    ]
