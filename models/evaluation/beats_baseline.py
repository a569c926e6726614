"""Whether the model may take the place of the baseline."""

from __future__ import annotations

from models.measures.bootstrap import Comparison

RULE = (
    "The model beats the baseline when, on the test period, the whole 95 % interval of the paired difference is in "
    "its favour for average precision (above 0) and for log loss (below 0)."
)


def beats_baseline(comparison: Comparison, *, model: str, baseline: str) -> bool:
    """Return whether the model beats the baseline by ``RULE``.

    Average precision says that the right leads come first, log loss that the probabilities can be believed; an
    interval that touches 0 is not enough.
    """
    precision = comparison.difference(model, baseline, "ap")
    loss = comparison.difference(model, baseline, "log_loss")
    return bool(precision.low > 0 and loss.high < 0)
