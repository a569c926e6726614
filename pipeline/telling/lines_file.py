"""A file that gets a line of JSON a message: each is in it once, and none is half there."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from features.errors import InputError
from pipeline.runner.workspace import write_durably
from pipeline.score.sinks.news.news import Message
from pipeline.telling.channel import ChannelOptions
from pipeline.telling.said import Said


class FileOptions(ChannelOptions):
    """Settings of ``kind: file``.

    Attributes
    ----------
    path : Path
        Below OUT, unless it is absolute.
    """

    kind: Literal["file"] = "file"
    path: Path = Path("telling/news.jsonl")


class LinesFile:
    """A file of lines (`channel.Channel`).

    Parameters
    ----------
    name : str
    options : FileOptions
    outputs : Path
        OUT.
    """

    together = False

    def __init__(self, name: str, options: FileOptions, outputs: Path) -> None:
        self.options, self._where, self._file = options, f"telling.{name}", outputs / options.path

    @contextmanager
    def opened(self) -> Iterator[OpenLines]:
        """Read which messages are in it, and take away half a line that a killed job has left."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            yield OpenLines(self._file, self._where)
        except OSError as error:
            raise self._fault(error) from None

    def forget(self, lead_ids: Sequence[str]) -> int:
        """Rewrite the file without lines about some leads, and without these leads in lists of others."""
        if not self._file.is_file():
            return 0
        wanted = set(lead_ids)
        before = _lines(self._file)
        after = [_without(entry, wanted) for entry in before if entry.get("data", {}).get("lead_id") not in wanted]
        if after != before:
            partial = self._file.with_name(f".{self._file.name}.partial")
            write_durably(partial, "".join(f"{json.dumps(entry, ensure_ascii=False)}\n" for entry in after))
            partial.replace(self._file)
        mine = len(before) - len(after)
        return mine + sum(one not in before for one in after)

    def _fault(self, error: OSError) -> InputError:
        found = error.strerror or type(error).__name__
        return InputError(expected="a file that can be written", found=found, table=self._where, column="path")


class OpenLines:
    """A file that is being added to (`channel.OpenChannel`)."""

    def __init__(self, file: Path, where: str) -> None:
        self._file = file
        if file.is_file():
            _cut_half_a_line(file)
        self._there = {str(entry.get("id")) for entry in _lines(file)} if file.is_file() else set()

    def tell(self, message: Message, said: Said) -> str | None:
        """Add a line, unless it is there; it is on the disk when this returns."""
        if message.message_id in self._there:
            return None
        line = json.dumps({"id": message.message_id, **said.payload}, ensure_ascii=False)
        with self._file.open("a", encoding="utf-8") as stream:
            stream.write(f"{line}\n")
            stream.flush()
            os.fsync(stream.fileno())
        self._there.add(message.message_id)
        return None


def _cut_half_a_line(file: Path) -> None:
    content = file.read_bytes()
    if content and not content.endswith(b"\n"):
        with file.open("r+b") as stream:
            stream.truncate(content.rfind(b"\n") + 1)


def _lines(file: Path) -> list[dict[str, Any]]:
    entries = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        entries += [entry] if isinstance(entry, dict) else []
    return entries


def _without(value: Any, lead_ids: Collection[str]) -> Any:
    """Return a tree without the objects in its lists that are about some leads."""
    if isinstance(value, dict):
        return {name: _without(inner, lead_ids) for name, inner in value.items()}
    if isinstance(value, list):
        about = [isinstance(one, dict) and one.get("lead_id") in lead_ids for one in value]
        return [_without(one, lead_ids) for one, is_theirs in zip(value, about, strict=True) if not is_theirs]
    return value
