"""Telling: what became true goes into the outbox, and from there to each channel until the channel has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from features.errors import InputError
from pipeline.runner.job_log import say, say_error
from pipeline.score.sinks.news.news import Message
from pipeline.score.sinks.news.open_outbox import has_scores, opened_outbox
from pipeline.score.sinks.news.outbox import OLDEST, Outbox, Wish
from pipeline.settings.settings import Settings
from pipeline.telling.channel import Channel
from pipeline.telling.channels import make_channels
from pipeline.telling.digest import changes_of
from pipeline.telling.telling_words import Details, said_of

FAILED = 2
"""Exit code: a channel did not take what it was to be told; it waits in the outbox."""
AGAIN = "'leadscore tell' sends what waits, and so does the next night"


@dataclass
class Told:
    """What became of the messages.

    Attributes
    ----------
    sent, waits, given_up : dict of str to int
        Messages by channel: those that it has now, those that wait, those that are no longer tried.
    failed : dict of str to str
        Why a channel took nothing, or not all, by channel.
    """

    sent: dict[str, int] = field(default_factory=dict)
    waits: dict[str, int] = field(default_factory=dict)
    given_up: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0, or `FAILED`."""
        return FAILED if self.failed else 0

    def say_all(self) -> None:
        """Say what came of each channel, for people."""
        for name in {**self.sent, **self.failed, **self.given_up}:
            if self.sent.get(name):
                say(f"telling.{name}: {self.sent[name]} sent")
            if self.given_up.get(name):
                say(f"telling.{name}: {self.given_up[name]} given up, since they are older than telling.{name}.give_up")
            if name in self.failed:
                waiting = f"{self.waits[name]} wait. {AGAIN}" if name in self.waits else AGAIN
                say_error(f"{self.failed[name]}. {waiting}")


class Telling:
    """All channels of an OUT.

    Parameters
    ----------
    settings : Settings
        ``telling`` names the channels, ``score.store`` says where the outbox is.
    out : Path

    Raises
    ------
    InputError
        If settings of a channel cannot be used.
    """

    def __init__(self, settings: Settings, out: Path) -> None:
        self._store, self._out = settings.score.store, out
        self.channels = make_channels(settings.telling, out)

    @property
    def is_on(self) -> bool:
        """Whether anybody wants to be told anything."""
        return bool(self.channels)

    @contextmanager
    def opened(self) -> Iterator[Outbox]:
        """Open the outbox, alone."""
        wishes = {
            name: Wish(frozenset(channel.options.events), channel.together) for name, channel in self.channels.items()
        }
        with opened_outbox(self._store, self._out, wishes) as outbox:
            yield outbox

    def tell(self, record: Callable[[Outbox], object] | None = None, *, now: datetime | None = None) -> Told:
        """Gather what became true, and hand over what waits; a channel that fails stops no other and no caller.

        Parameters
        ----------
        record : callable, optional
            Puts into the outbox what no run of scores says, before anything is handed over.
        now : datetime, optional
        """
        told = Told()
        if not self.is_on:
            return told
        at = now or datetime.now(UTC)
        try:
            with self.opened() as outbox:
                outbox.gather(now=at)
                if record is not None:
                    record(outbox)
                for name in outbox.counts().keys() - self.channels.keys():  # no channel any more
                    outbox.give_up(name, before=at - OLDEST)
                for name, channel in self.channels.items():
                    _hand_over(outbox, name, channel, told, now=at)
        except InputError as error:
            told.failed["outbox"] = str(error)
        told.say_all()
        return told


def erase_told(settings: Settings, out: Path, lead_ids: Sequence[str]) -> dict[str, int]:
    """Erase what channels themselves keep about leads, while nobody tells; return how many lines, by channel.

    Raises
    ------
    InputError
        If a job is telling.
    """
    telling = Telling(settings, out)
    if not telling.is_on:
        return {}
    with telling.opened() if has_scores(settings.score.store, out) else nullcontext():
        erased = {f"telling.{name}": channel.forget(lead_ids) for name, channel in telling.channels.items()}
    return {name: lines for name, lines in erased.items() if lines}


def _hand_over(outbox: Outbox, name: str, channel: Channel, told: Told, *, now: datetime) -> None:
    """Hand over what a channel was not told yet; what it refuses is tried again by the next job."""
    given_up = outbox.give_up(name, before=now - timedelta(microseconds=channel.options.give_up))
    told.given_up |= {name: given_up} if given_up else {}
    waiting = outbox.waiting(name)
    if not waiting:
        return
    sent, refusals = 0, list[str]()
    try:
        with channel.opened() as there:
            for message in waiting:
                said = said_of(message, channel.options.language, _details(outbox, name, message))
                refusal = there.tell(message, said)
                if refusal is None:
                    outbox.delivered(name, message)
                    sent += 1
                else:
                    outbox.refused(name, message, refusal)
                    refusals.append(refusal)
    except InputError as error:
        told.failed[name] = str(error)
    if refusals:
        told.failed.setdefault(name, f"telling.{name}: {len(refusals)} refused ({refusals[0]})")
    told.sent[name] = sent
    if sent < len(waiting):
        told.waits[name] = len(waiting) - sent


def _details(outbox: Outbox, channel: str, message: Message) -> Details:
    if message.kind == "run.undone":
        return Details(told=outbox.leads_told(channel, str(message.news[0].run_id)))
    if message.kind == "digest":
        return Details(changes=changes_of(outbox, message.news[0].facts))
    return Details()
