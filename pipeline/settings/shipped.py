"""What comes with leadscore itself: the default settings and the demo's source folder.

They lie at the top of the repository. A wheel holds them in a folder of their own beside the packages, where setuptools
lays them (``leadscore_shipped`` in ``pyproject.toml``), so that there is one copy of each.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

INSTALLED = "leadscore_shipped"
PARAMS = Path("params.yaml")
DEMO_SOURCE = Path("sources/demo")


def shipped_folder() -> Path:
    """Return the folder that holds them: the installed one, or the checkout that this package lies in."""
    beside = Path(str(files("pipeline"))).parent
    return beside / INSTALLED if (beside / INSTALLED).is_dir() else beside


def at_hand(path: Path) -> Path:
    """Return ``params.yaml`` or ``sources/demo`` of the working directory, or what was shipped where it has none.

    Any other path is returned as it is.
    """
    if path in (PARAMS, DEMO_SOURCE) and not path.exists():
        return shipped_folder() / path
    return path


def is_shipped(path: Path) -> bool:
    """Whether a path that `at_hand` gave is one that came with leadscore."""
    return path in (shipped_folder() / PARAMS, shipped_folder() / DEMO_SOURCE)


def default_params() -> str:
    """Return the text of ``params.yaml`` with every setting, its default and what it means."""
    return (shipped_folder() / PARAMS).read_text(encoding="utf-8")
