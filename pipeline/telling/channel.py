"""What a channel has to be able to do, and the settings that every channel has."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Literal, Protocol

from pydantic import Field, field_validator

from features.errors import InputError
from features.strict import Strict
from features.time_units import DAY_US, Duration
from pipeline.score.sinks.news.news import KINDS, Message
from pipeline.telling.said import Said


class ChannelOptions(Strict):
    """What every channel is told in ``telling.NAME``.

    Attributes
    ----------
    kind : str
    events : tuple of str
        What it is told.
    language : {"de", "en"}
    give_up : int
        Microseconds after which it is no longer tried.
    """

    kind: str
    events: tuple[str, ...] = Field(min_length=1)
    language: Literal["de", "en"] = "en"
    give_up: Duration = Field(default=7 * DAY_US, gt=0)

    @field_validator("events")
    @classmethod
    def _known(cls, events: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in events if name not in KINDS]
        if unknown:
            raise ValueError(f"there is no event {', '.join(unknown)}; there are {', '.join(KINDS)}")
        return events


class OpenChannel(Protocol):
    """A channel to which a connection stands."""

    def tell(self, message: Message, said: Said) -> str | None:
        """Hand a message over; the same one a second time is known by its name and does no harm.

        Returns
        -------
        str or None
            Why the channel does not take this very message; None: it has it.

        Raises
        ------
        InputError
            If the channel takes nothing now.
        """


class Channel(Protocol):
    """A way to tell somebody. Making it opens nothing."""

    @property
    def options(self) -> ChannelOptions:
        """Its settings."""

    @property
    def together(self) -> bool:
        """Whether the leads of one run come in one message."""

    def opened(self) -> AbstractContextManager[OpenChannel]:
        """Open it for some messages.

        Raises
        ------
        InputError
            If it cannot be used, as when a secret is missing.
        """

    def forget(self, lead_ids: Sequence[str]) -> int:
        """Erase what the channel itself keeps about leads, and return how many lines that were."""


def secret_of(variable: str, *, where: str) -> str:
    """Return a secret, which stands in the environment and nowhere else.

    Raises
    ------
    InputError
        If nothing is there.
    """
    found = os.environ.get(variable)
    if not found:
        raise InputError(
            expected=f"a secret in the environment variable {variable}", found="nothing there", table=where
        )
    return found
