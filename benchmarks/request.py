"""How long an answer of ``POST /v1/score`` takes from raw facts, reasons included, and how many a server gives.

    python benchmarks/request.py [--out DIR] [--leads N] [--events N] [--requests N] [--rate R] [--minutes M] [--mlflow]

Simulates a company and runs its pipeline in ``--out`` (a finished run there is used again). Scores leads with
``--events`` events each in this process, one after the other; then starts ``python -m serve`` on one core and lets 1,
4 and 16 clients ask it over HTTP from the others, as soon as they have an answer, and 16 that ask by chance, at
``--rate`` requests a second on average. ``--minutes`` lets those ask for that long, to see whether the server's memory
grows. ``--mlflow`` asks ``mlflow models serve`` the same model with ready-made features and without reasons.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from pydantic import SecretStr

from features.source_spec import SourceSpec
from models.json_values import json_values
from pipeline.mlflow_loader import feature_frame
from pipeline.outputs.model_files import read_forecast
from pipeline.registry.mlflow_model import log_model, quiet_mlflow
from pipeline.runner.stages import RUN_STAGES, make_context, run_all
from pipeline.settings.settings import parse_overrides
from serve.api.contracts import ScoreRequest
from serve.api.example_request import example_request
from serve.api.score_request import score_request
from serve.services import Services
from serve.settings import ENVIRONMENT, ServeSettings

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = (1, 4, 16)
WARM = 20
DIFFERENT = 50
DAYS = 19


def finished_run(out: Path, leads: int) -> None:
    """Simulate a company and run its pipeline, where no finished run lies already."""
    if (out / "scores.sqlite").is_file():
        return
    context = make_context(
        source_dir=ROOT / "sources" / "demo",
        data_dir=out / "simulate" / "export",
        out=out,
        params_file=None,
        overrides=parse_overrides([f"simulate.leads={leads}"]),
    )
    run_all(context, ("simulate", *RUN_STAGES))


def bodies(spec: SourceSpec, events: int) -> list[bytes]:
    """Return requests for different leads with so many events each."""
    types = [name for family in spec.events.values() for name in family.all_types]
    start, listed = datetime(2026, 6, 1, 8, tzinfo=UTC), []
    for seed in range(DIFFERENT):
        draw = np.random.default_rng(seed)
        seconds, kinds = draw.integers(0, DAYS * 86_400, events), draw.integers(0, len(types), events)
        acts = [
            {"occurred_at": (start + timedelta(seconds=after)).isoformat(), "event_type": types[kind]}
            for after, kind in zip(seconds.tolist(), kinds.tolist(), strict=True)
        ]
        listed.append(json.dumps({**example_request(spec), "events": acts}).encode())
    return listed


def timed(answer: Callable[[bytes], object], asked: list[bytes], dues: Iterable[float]) -> list[float]:
    """Return the seconds that each answer took, one after the other.

    ``dues`` says when each is asked, in seconds from now; 0 is as soon as the one before is there. Who asks late
    because an answer was late has waited since it was due.
    """
    taken, begin = [], time.perf_counter()
    for number, due in enumerate(dues):
        start = time.perf_counter()
        if due:
            time.sleep(max(begin + due - start, 0.0))
            start = begin + due
        answer(asked[number % len(asked)])
        taken.append(time.perf_counter() - start)
    return taken


def arrivals(count: int, rate: float, clients: int) -> list[list[float]]:
    """Return when each client asks: by chance, at so many a second on average (a Poisson process), dealt in turn."""
    if not rate:
        return [[0.0] * (count // clients)] * clients
    due = np.random.default_rng(count).exponential(1 / rate, count).cumsum()
    return [due[first::clients].tolist() for first in range(clients)]


def percentiles(taken: list[float]) -> tuple[float, float]:
    """Return the median and the 99th percentile in milliseconds."""
    p50, p99 = np.percentile(taken, [50, 99]) * 1e3
    return float(p50), float(p99)


@contextmanager
def served(command: list[str], port: int, *, ready: str, **environment: str) -> Iterator[int]:
    """Run a server on one core, where the system can pin it, and this process on the others; gives its number."""
    process = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    cores = pinned(process.pid)
    try:
        deadline = time.monotonic() + 300
        while not answers(port, ready):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"expected a server that answers, found none: {' '.join(command)}")
            time.sleep(0.2)
        yield process.pid
    finally:
        for pid in reversed(family(process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        process.wait()
        if cores:
            os.sched_setaffinity(0, cores)


def pinned(pid: int) -> set[int]:
    """Give a process one core and this one the others; returns what this one had, nothing where that cannot be."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    if len(cores) < 2:
        return set()
    os.sched_setaffinity(pid, {min(cores)})
    os.sched_setaffinity(0, cores - {min(cores)})
    return cores


def answers(port: int, path: str) -> bool:
    """Whether something answers there."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except OSError:
        return False


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def server(out: Path, key: str) -> Iterator[tuple[int, int]]:
    """Serve a run for a while; gives the port and the number of the process."""
    port = free_port()
    command = [sys.executable, "-m", "serve", "--out", str(out), "--port", str(port)]
    with served(command, port, ready="/v1/health", **{ENVIRONMENT["api_key"]: key}) as pid:
        yield port, pid


@contextmanager
def mlflow_server(out: Path) -> Iterator[tuple[int, int]]:
    """Serve the same model with ``mlflow models serve``, logged as stage ``register`` logs it."""
    rows, port = pd.read_parquet(out / "features" / "open.parquet").head(DIFFERENT), free_port()
    with tempfile.TemporaryDirectory() as scratch:
        store = Path(scratch)
        with quiet_mlflow() as mlflow:
            mlflow.set_tracking_uri(f"sqlite:///{store}/mlflow.db")
            experiment = mlflow.create_experiment("request", artifact_location=(store / "artifacts").as_uri())
            with mlflow.start_run(experiment_id=experiment):
                log_model(out / "train" / "model", rows)
        model = next(store.rglob("MLmodel")).parent
        command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(model), "--env-manager", "local"]
        command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
        with served(command, port, ready="/ping", MLFLOW_DISABLE_TELEMETRY="true") as pid:
            yield port, pid


def mlflow_bodies(out: Path) -> list[bytes]:
    """Return ready-made feature rows, one a request, as MLflow takes them."""
    forecast = read_forecast(out / "train" / "model")
    frame = feature_frame(pd.read_parquet(out / "features" / "open.parquet").head(DIFFERENT), forecast)
    rows = json_values(frame.to_numpy(dtype=object).tolist())
    return [json.dumps({"dataframe_split": {"columns": list(frame.columns), "data": [row]}}).encode() for row in rows]


def client(port: int, path: str, key: str) -> Callable[[bytes], object]:
    """Return what asks the server over one connection that stays open."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"X-API-Key": key, "Content-Type": "application/json"}

    def ask(body: bytes) -> bytes:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(f"expected status 200, found {response.status}: {answer[:200]!r}")
        return answer

    return ask


def family(pid: int) -> list[int]:
    """Return a process and all that it started (Linux)."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    members = [pid]
    for member in members:
        members += [child for child, parent in parents.items() if parent == member]
    return members


def megabytes(pid: int) -> float:
    """Return the memory that a process and its children hold (Linux)."""
    pages = sum(int(Path(f"/proc/{p}/statm").read_text(encoding="ascii").split()[1]) for p in family(pid))
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def processor_seconds(pid: int) -> float:
    """Return the processor time of a process and its children, user and system (Linux)."""
    total = 0
    for member in family(pid):
        fields = Path(f"/proc/{member}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


class Load(NamedTuple):
    """Whom clients ask: a name to print, a port, a process, a path, a key, and what they ask."""

    name: str
    port: int
    pid: int
    path: str
    key: str
    asked: list[bytes]

    def warm(self) -> None:
        """Ask some times, one after the other."""
        timed(client(self.port, self.path, self.key), self.asked, [0.0] * WARM)

    def run(self, clients: int, requests: int, *, rate: float = 0.0) -> None:
        """Let clients ask side by side, as soon as they can or at so many requests a second, and print one line."""
        before, used, start = megabytes(self.pid), processor_seconds(self.pid), time.perf_counter()
        dues = arrivals(requests, rate, clients)
        with ThreadPoolExecutor(clients) as pool:
            asking = [client(self.port, self.path, self.key) for _ in range(clients)]
            parts = list(pool.map(lambda ask, due: timed(ask, self.asked, due), asking, dues))
        wall, used = time.perf_counter() - start, processor_seconds(self.pid) - used
        p50, p99 = percentiles([seconds for part in parts for seconds in part])
        count = sum(map(len, parts))
        print(
            f"{self.name}, {clients:2} clients{f' at {rate:.0f} a second' if rate else ''}: p50 {p50:6.1f} ms, "
            f"p99 {p99:6.1f} ms, {count / wall:6.1f} requests a second, {used / count * 1e3:5.1f} ms of processor "
            f"each, memory {before:.0f} to {megabytes(self.pid):.0f} MB",
            flush=True,
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("data/benchmark_request"))
    parser.add_argument("--leads", type=int, default=3_000)
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--mlflow", action="store_true")
    given = parser.parse_args()
    finished_run(given.out, given.leads)
    key = secrets.token_urlsafe(24)
    services = Services.of(ServeSettings(out=given.out, api_key=SecretStr(key)))
    serving, most = services.serving.current(), services.settings.max_facts
    asked = bodies(serving.loaded.forecast.spec, given.events)

    def answer(body: bytes) -> object:
        request = ScoreRequest.model_validate_json(body)
        return score_request(request, loaded=serving.loaded, engine=serving.engine, max_facts=most)

    timed(answer, asked, [0.0] * WARM)
    used = time.process_time()
    p50, p99 = percentiles(timed(answer, asked, [0.0] * given.requests))
    used = (time.process_time() - used) / given.requests * 1e3
    print(f"{given.events} events; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"in the process:    p50 {p50:6.1f} ms, p99 {p99:6.1f} ms, {used:5.1f} ms of processor each")
    with server(given.out, key) as (port, pid):
        load = Load("HTTP", port, pid, "/v1/score", key, asked)
        load.warm()
        for clients in CLIENTS:
            load.run(clients, given.requests)
        load.run(CLIENTS[-1], 5 * given.requests, rate=given.rate)
        end = time.monotonic() + given.minutes * 60
        while time.monotonic() < end:
            load.run(CLIENTS[-1], round(60 * given.rate), rate=given.rate)
    if given.mlflow:
        with mlflow_server(given.out) as (port, pid):
            load = Load("MLflow", port, pid, "/invocations", key, mlflow_bodies(given.out))
            load.warm()
            for clients in CLIENTS:
                load.run(clients, given.requests // 4)
    print(f"request: p50 {p50:.1f} ms, p99 {p99:.1f} ms")


if __name__ == "__main__":
    main()
