"""Two folders trade places in one step, so that there is no moment at which one of them is not there."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_HERE = -100
"""``AT_FDCWD``: paths are read as everywhere else."""
_SWAP = 2
"""``RENAME_EXCHANGE`` of Linux, ``RENAME_SWAP`` of macOS."""


def exchange(one: Path, other: Path) -> bool:
    """Let two folders of one file system trade places.

    Returns
    -------
    bool
        Whether it was done; not every system and file system can, and then nothing has changed.
    """
    try:
        system = ctypes.CDLL(None)
    except (OSError, TypeError):
        return False
    names = os.fsencode(one), os.fsencode(other)
    if hasattr(system, "renameat2"):
        return bool(system.renameat2(_HERE, names[0], _HERE, names[1], _SWAP) == 0)
    if hasattr(system, "renamex_np"):
        return bool(system.renamex_np(*names, _SWAP) == 0)
    return False
