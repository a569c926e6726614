"""The receipt for people: one page, made from nothing but the sealed receipt, the same for the same one."""

from __future__ import annotations

from typing import Any

from models.bands import BANDS
from pipeline.pages.environment import environment
from pipeline.receipt.seal import KEY_VARIABLE, Sealed
from pipeline.receipt.signing_state import standing_of
from pipeline.receipt.words import NAMES, THE, outcomes_word, range_words, whole

STAGES = ("ingest", "features", "labels", "train", "cutoffs", "evaluate")


def render(sealed: Sealed) -> str:
    """Return the receipt as one HTML page that needs nothing else."""
    body = sealed.receipt
    return (
        environment()
        .get_template("receipt.html.j2")
        .render(
            sealed=sealed,
            r=body,
            base=NAMES[body["baseline"]],
            the_base=THE[body["baseline"]],
            what=outcomes_word(body),
            standing=standing_of(sealed),
            blocks=[_block(body, band) for band in BANDS],
            hashes=_hashes(sealed),
            whole=whole,
            key_variable=KEY_VARIABLE,
            kinds={"won": "better", "lost": "worse", "not_proven": "open"},
        )
    )


def _block(body: dict[str, Any], band: str) -> dict[str, Any]:
    depth = body["depths"][band]
    return {
        "band": band,
        "handed": whole(depth["at_depth"][body["baseline"]]["handed_over"]["value"]),
        "a_week": f"{depth['leads_a_week'][body['baseline']]:.1f}",
        "rows": [_row(body, band, name) for name in _ordered(depth["at_depth"])],
        "differences": [_difference(body, band, other) for other in _ordered(depth["difference"])],
        "cutoffs": [_at_cutoff(depth, name) for name in _ordered(depth["at_cutoffs"])],
    }


def _ordered(by_scorer: dict[str, Any]) -> list[str]:
    """Return scorers in the one order of the page, however the file has them."""
    return [name for name in NAMES if name in by_scorer]


def _row(body: dict[str, Any], band: str, name: str) -> dict[str, Any]:
    figures, weekly = (body["depths"][band][table][name] for table in ("at_depth", "a_week"))
    wasted, minutes = figures["wasted"]["value"], body["minutes_a_call"]
    return {
        "name": NAMES[name],
        "hours": None if minutes is None else whole(wasted * minutes / 60),
        **{figure: (whole(of["value"]), _bounds(of), _a_week(weekly[figure])) for figure, of in figures.items()},
    }


def _a_week(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} a week"


def _at_cutoff(depth: dict[str, Any], name: str) -> dict[str, Any]:
    figures = depth["at_cutoffs"][name]
    told = {figure: (whole(of["value"]), _bounds(of), "") for figure, of in figures.items()}
    return {"name": NAMES[name], "a_week": f"{depth['leads_a_week'][name]:.1f}", **told}


def _bounds(interval: dict[str, Any]) -> str:
    return "" if interval["low"] is None else f"{whole(interval['low'])} to {whole(interval['high'])}"


def _difference(body: dict[str, Any], band: str, other: str) -> dict[str, str]:
    gap = body["depths"][band]["difference"][other]
    told = {"other": THE[other], "found": _in_words(gap["found"], outcomes_word(body))}
    told["deals"] = _in_words(gap["deals_found"], "deals") if "deals_found" in gap else ""
    told["wasted"] = _in_words(gap["wasted"], "calls wasted")
    return told


def _in_words(gap: dict[str, Any], what: str) -> str:
    if gap["low"] is None:
        return f"{what}: cannot be said"
    sure = "clear" if gap["low"] > 0 or gap["high"] < 0 else "may be chance"
    signed = f"{gap['value']:+,.0f}".replace("-", "−")
    return f"{signed} {what} ({range_words(gap)}; {sure})"


def _hashes(sealed: Sealed) -> list[tuple[str, str]]:
    rests_on = sealed.receipt["rests_on"]
    return [
        ("This receipt, SHA-256", sealed.sha256),
        ("Signed with a key (HMAC-SHA256)", sealed.signature or f"no: {KEY_VARIABLE} was not set"),
        ("Last approval or refusal", sealed.head if sealed.approvals else "none yet"),
        ("Model: SHA-256 of its manifest", rests_on["model_sha256"]),
        ("Cut-offs: version", rests_on["cutoffs_version"]),
        *((f"Outputs of stage {stage}", rests_on["outputs_sha256"][stage]) for stage in STAGES),
        (f"Code: leadscore {rests_on['code']['version']}", rests_on["code"]["sha256"]),
    ]
