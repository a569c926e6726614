"""A message in words, as every channel gets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Section:
    """Lines below a title.

    Attributes
    ----------
    title : str
        Empty: none.
    lines : tuple of str
        Sentences.
    """

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Said:
    """A message in words.

    Attributes
    ----------
    subject : str
        A whole sentence.
    sections : tuple of Section
    footer : str
        Who says it.
    payload : mapping
        The same for machines: ``type``, ``timestamp``, ``data``.
    """

    subject: str
    sections: tuple[Section, ...]
    footer: str
    payload: Mapping[str, Any]
