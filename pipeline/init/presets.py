"""What headings mean in exports of known systems: kept as data, one file a system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from pipeline.init.look_at_files import FileLook

ROLES = ("id", "created", "stage", "closed", "event_type", "event_time", "person", "owner")
"""What a heading can mean."""
_FEWEST = 3


@dataclass(frozen=True)
class Preset:
    """The headings of one system's exports, in German and English.

    Parameters
    ----------
    system : str
        Its name; empty where no system was recognised.
    recognised_by : frozenset of str
        Headings, in lower case, by which an export is recognised.
    roles : dict of str to tuple of str
        Headings by what they mean.
    type_names : dict of str to str
        What the system means by the numbers that it writes as types of events.
    """

    system: str = ""
    recognised_by: frozenset[str] = frozenset()
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    type_names: dict[str, str] = field(default_factory=dict)

    def of(self, role: str) -> tuple[str, ...]:
        """Return the headings that mean a role, none where the system is not known."""
        return self.roles.get(role, ())


@cache
def presets() -> tuple[Preset, ...]:
    """Return the presets of all systems, by name."""
    folder = files("pipeline.init") / "presets"
    texts = sorted((entry.name, entry.read_text(encoding="utf-8")) for entry in folder.iterdir())
    return tuple(_preset(yaml.safe_load(text)) for name, text in texts if name.endswith(".yaml"))


def _preset(tree: dict[str, Any]) -> Preset:
    roles = {role: tuple(tree.get(role, ())) for role in ROLES}
    names = {str(number): str(name) for number, name in tree.get("type_names", {}).items()}
    return Preset(tree["system"], frozenset(str(name).lower() for name in tree["recognised_by"]), roles, names)


def recognise(looks: Sequence[FileLook]) -> Preset:
    """Return the preset of the system whose headings the files have most of, or an empty one.

    A heading that several systems use counts for each of them; three of one system are needed.
    """
    headings = {column.name.strip().lower() for look in looks for column in look.columns}
    best = max(presets(), key=lambda preset: len(preset.recognised_by & headings))
    return best if len(best.recognised_by & headings) >= _FEWEST else Preset()
