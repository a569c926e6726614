"""The channels that the settings name: a further kind is a module of its own and one line here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from features.errors import InputError
from pipeline.settings.settings import validation_message
from pipeline.telling.channel import Channel, ChannelOptions
from pipeline.telling.lines_file import FileOptions, LinesFile
from pipeline.telling.mail import Mail, MailOptions
from pipeline.telling.webhook import Webhook, WebhookOptions

KINDS: Mapping[str, tuple[type[ChannelOptions], Callable[[str, Any, Path], Channel]]] = {
    "webhook": (WebhookOptions, Webhook),
    "email": (MailOptions, Mail),
    "file": (FileOptions, LinesFile),
}
"""The settings of a kind, and what it is made by."""
_NAME = re.compile("[a-z][a-z0-9_]{0,39}")


def make_channels(given: Mapping[str, Mapping[str, Any]], outputs: Path) -> dict[str, Channel]:
    """Return the channels under ``telling``, by name; making them opens nothing.

    Raises
    ------
    InputError
        If there is no such kind, or its settings cannot be used.
    """
    return {name: _made(name, settings, outputs) for name, settings in given.items()}


def _made(name: str, settings: Mapping[str, Any], outputs: Path) -> Channel:
    if not _NAME.fullmatch(name):
        raise InputError(
            expected="a name of lower case letters, digits and underscores", found=repr(name), table="telling"
        )
    kind = str(settings.get("kind"))
    if kind not in KINDS:
        raise InputError(expected=f"a kind: {', '.join(KINDS)}", found=kind, table=f"telling.{name}", column="kind")
    options, made = KINDS[kind]
    try:
        return made(name, options.model_validate(settings), outputs)
    except ValidationError as error:
        raise InputError(
            expected="settings of this channel", found=validation_message(error), table=f"telling.{name}"
        ) from None
