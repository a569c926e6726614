"""What ``source.yaml`` says about the files of an export."""

from __future__ import annotations

from features.strict import Strict


class FileSpec(Strict):
    """How one file of the export is read."""

    clean: bool = True
    """Whether a copy is read that is UTF-8 throughout and holds rows only; ``leadscore init`` says what it found."""
