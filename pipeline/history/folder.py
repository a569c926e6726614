"""``OUT/history``: one folder a run that scored, the newest with its facts whole, each earlier one with its way back.

Facts are kept once: a run that is followed by another one keeps the rows by which it differs from that. A kill at any
moment leaves a history that can be read: a run keeps its facts until the way back to it lies there whole.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from features.tables.facts import TIME_COLUMNS
from pipeline.history.changed_rows import Back, ChangedFacts, changed_facts, restore, write_back
from pipeline.history.kept_run import KeptRun
from pipeline.runner.workspace import write_durably

HISTORY_FOLDER = "history"
_RUN, _FACTS, _BACK = "run.json", "facts", "back"


@dataclass(frozen=True)
class RunFolder:
    """What is kept of one run.

    Attributes
    ----------
    path : Path
    run : KeptRun
    """

    path: Path
    run: KeptRun

    @property
    def features(self) -> Path:
        """The feature rows of the leads that it scored."""
        return self.path / "features.parquet"

    @property
    def facts(self) -> Path:
        """The tables whole, as long as no later run has its place."""
        return self.path / _FACTS

    @property
    def back(self) -> Path:
        """How the tables of the next run go back to those of this one."""
        return self.path / _BACK

    def text(self, name: str) -> str:
        """Return a file that lies beside the tables, such as the source's spec."""
        return (self.path / name).read_text(encoding="utf-8")


class HistoryFolder:
    """All that is kept of the runs of one OUT.

    Parameters
    ----------
    root : Path
        OUT.
    """

    def __init__(self, root: Path) -> None:
        self.folder = root / HISTORY_FOLDER
        self.decisions = self.folder / "decisions"
        self._runs = self.folder / "runs"

    def runs(self) -> list[RunFolder]:
        """Return the runs in the order in which they were kept."""
        files = sorted(self._runs.glob(f"[0-9]*/{_RUN}"))
        return [RunFolder(file.parent, KeptRun.read(file.read_text(encoding="utf-8"))) for file in files]

    def run(self, run_id: str) -> RunFolder | None:
        """Return what is kept of a run; None where nothing is, or no more."""
        return next((folder for folder in self.runs() if folder.run.run_id == run_id), None)

    @contextmanager
    def adding(self, run: KeptRun, others: Mapping[str, Path]) -> Iterator[Path]:
        """Give a folder for the tables and features of a run; it takes its place when the block ends well."""
        runs = self.runs()
        number = 1 + max((int(folder.path.name.partition("-")[0]) for folder in runs), default=0)
        partial = self.folder / ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        (partial / _FACTS).mkdir(parents=True)
        for name, file in others.items():
            shutil.copyfile(file, partial / name)
        yield partial
        write_durably(partial / _RUN, run.model_dump_json(indent=1) + "\n")
        self._runs.mkdir(exist_ok=True)
        partial.rename(self._runs / f"{number:06d}-{run.run_id}")
        self.turn_into_changes()

    def turn_into_changes(self) -> None:
        """Give every run but the newest its way back in place of its facts; what a kill left undone is done now."""
        runs = self.runs()
        for earlier, later in reversed(list(pairwise(runs))):
            if not earlier.facts.is_dir():
                continue
            if not earlier.back.is_dir():
                partial = earlier.path / f".{_BACK}"
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir()
                for file in sorted(earlier.facts.iterdir()):
                    write_back(file, later.facts / file.name, Back.of(partial, file.stem))
                partial.rename(earlier.back)
            shutil.rmtree(earlier.facts)

    def drop_before(self, before_us: int, *, dry_run: bool = False) -> tuple[str, ...]:
        """Drop the runs of moments before a time, the oldest first, but never the newest; return their ids."""
        self.turn_into_changes()
        dropped = []
        for folder in self.runs()[:-1]:
            if folder.run.observed_until_us >= before_us:
                break  # the way back to an earlier run would lead through this one: only the oldest go
            dropped.append(folder.run.run_id)
            if not dry_run:
                gone = self.folder / ".gone"
                shutil.rmtree(gone, ignore_errors=True)
                folder.path.rename(gone)  # at once, so that a kill leaves no half of it
                shutil.rmtree(gone)
        return tuple(dropped)

    def changed_facts(self, earlier: RunFolder, later: RunFolder) -> ChangedFacts:
        """Return what became of the facts between two runs, beside the moment up to which the earlier one knew them."""
        runs = self.runs()
        first, last = (next(at for at, one in enumerate(runs) if one.path == run.path) for run in (earlier, later))
        if first > last or not all(folder.back.is_dir() for folder in runs[first:last]):
            return ChangedFacts(past=True, since=True)  # nobody has looked yet: whatever may be
        steps = [{table: Back.of(folder.back, table) for table in TIME_COLUMNS} for folder in runs[first:last]]
        return changed_facts(steps, earlier.run.observed_until_us)

    def restore_facts(self, wanted: RunFolder, into: Path) -> None:
        """Write the tables as they were when a run scored, into a folder that exists."""
        runs = self.runs()
        place = next(at for at, folder in enumerate(runs) if folder.path == wanted.path)
        whole = next(at for at in range(place, len(runs)) if runs[at].facts.is_dir())
        for file in sorted(runs[whole].facts.iterdir()):
            backs = [Back.of(folder.back, file.stem) for folder in reversed(runs[place:whole])]
            restore(file, backs, into / file.name)
