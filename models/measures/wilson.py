"""Wilson's interval of a share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.arrays import Floats

Z_95 = 1.959963984540054


def wilson(successes: npt.ArrayLike, trials: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return the bounds of Wilson's 95 % interval of a share.

    Parameters
    ----------
    successes, trials : array of float
        Counts; need not be whole (effective numbers). No trials give 0 to 1.

    Notes
    -----
    Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference. JASA 22.

    Examples
    --------
    >>> low, high = wilson(0, 10)
    >>> float(low), round(float(high), 4)
    (0.0, 0.2775)
    """
    n = np.maximum(np.asarray(trials, dtype="float64"), 1e-12)
    share = np.clip(np.asarray(successes, dtype="float64") / n, 0, 1)
    shrink = 1 + Z_95**2 / n
    centre = (share + Z_95**2 / (2 * n)) / shrink
    half = Z_95 / shrink * np.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n**2))
    return np.asarray(np.clip(centre - half, 0, share)), np.asarray(np.clip(centre + half, share, 1))
