"""Requests that wait at the same time are scored together: what a score costs is mostly there once, not once a lead."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from itertools import groupby, zip_longest
from typing import TypeAlias

from serve.api.contracts import OnlineScoreOut
from serve.api.score_request import Posted, score_posted
from serve.reading.serving import Serving

logger = logging.getLogger(__name__)
_Waiting: TypeAlias = tuple[Serving, Posted, asyncio.Future[str]]
MOST = 16
"""Leads that are scored together at most: with more, the first ones would wait for the last ones."""


class ScoredTogether:
    """Collects requests of one event loop until it has none left that is ready, and answers all of them.

    Nobody waits for others to come: who is alone is scored alone, at once. While some are scored, those that arrive
    meanwhile gather in their connections, and come together next.
    """

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []

    async def answer(self, posted: Posted, serving: Serving) -> str:
        """Return the answer as JSON."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._score)
        self._waiting.append((serving, posted, answer))
        return await answer

    def _score(self) -> None:
        waiting, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._score)
        for _, same in groupby(waiting, key=lambda one: id(one[0])):
            _answer(list(same))


def _answer(together: Sequence[_Waiting]) -> None:
    """Answer some that are scored with the same; what goes wrong is said to each of them."""
    serving, failure = together[0][0], None
    scores: Sequence[OnlineScoreOut] = ()
    try:
        scores = score_posted(
            [posted for _, posted, _ in together],
            loaded=serving.loaded, engine=serving.engine, caution=serving.caution,
        )  # fmt: skip
    except Exception as error:  # the loop must go on
        logger.exception("%d leads could not be scored", len(together))
        failure = error
    waiting = [answer for _, _, answer in together]
    for answer, score in zip_longest(waiting, scores):
        if answer.done():  # who has gone away waits no more
            continue
        if failure is not None:
            answer.set_exception(failure)
        else:
            answer.set_result(score.model_dump_json())
