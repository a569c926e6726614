"""How long an answer of ``POST /v1/score`` takes from raw facts, reasons included, and how many a server gives.

    python benchmarks/request.py [--out DIR] [--leads N] [--events N] [--requests N] [--minutes M]

Simulates a company and runs its pipeline in ``--out`` (a finished run there is used again). Scores leads with
``--events`` events each in this process, one after the other; then starts ``python -m serve`` and lets 1, 4 and 16
clients ask it over HTTP. ``--minutes`` lets 16 clients ask for that long, to see whether the server's memory grows.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from pydantic import SecretStr

from features.source_spec import SourceSpec
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


def timed(answer: Callable[[bytes], object], asked: list[bytes], count: int) -> list[float]:
    """Return the seconds that each of so many answers took, one after the other."""
    taken = []
    for number in range(count):
        start = time.perf_counter()
        answer(asked[number % len(asked)])
        taken.append(time.perf_counter() - start)
    return taken


def percentiles(taken: list[float]) -> tuple[float, float]:
    """Return the median and the 99th percentile in milliseconds."""
    p50, p99 = np.percentile(taken, [50, 99]) * 1e3
    return float(p50), float(p99)


@contextmanager
def server(out: Path, key: str) -> Iterator[tuple[int, int]]:
    """Serve a run for a while; gives the port and the number of the process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, ENVIRONMENT["api_key"]: key, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "serve", "--out", str(out), "--port", str(port)]
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        for _ in range(600):
            time.sleep(0.2)
            with socket.socket() as probe:
                if process.poll() is not None or probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def client(port: int, key: str) -> Callable[[bytes], object]:
    """Return what asks the server over one connection that stays open."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"X-API-Key": key, "Content-Type": "application/json"}

    def ask(body: bytes) -> bytes:
        connection.request("POST", "/v1/score", body, headers)
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(f"expected status 200, found {response.status}: {answer[:200]!r}")
        return answer

    return ask


def megabytes(pid: int) -> float:
    """Return the memory that a process holds (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def processor_seconds(pid: int) -> float:
    """Return the processor time of a process, user and system (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(port: int, pid: int, key: str, asked: list[bytes], clients: int, requests: int) -> None:
    """Let clients ask side by side, and print one line."""
    before, used, start = megabytes(pid), processor_seconds(pid), time.perf_counter()
    each = max(requests // clients, 1)
    with ThreadPoolExecutor(clients) as pool:
        parts = list(pool.map(lambda _: timed(client(port, key), asked, each), range(clients)))
    wall, used = time.perf_counter() - start, processor_seconds(pid) - used
    p50, p99 = percentiles([seconds for part in parts for seconds in part])
    count = each * clients
    print(
        f"HTTP, {clients:2} clients: p50 {p50:6.1f} ms, p99 {p99:6.1f} ms, {count / wall:6.1f} requests a second, "
        f"{used / count * 1e3:5.1f} ms of processor each, memory {before:.0f} to {megabytes(pid):.0f} MB"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("data/benchmark_request"))
    parser.add_argument("--leads", type=int, default=3_000)
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--minutes", type=float, default=0.0)
    given = parser.parse_args()
    finished_run(given.out, given.leads)
    key = secrets.token_urlsafe(24)
    services = Services.of(ServeSettings(out=given.out, api_key=SecretStr(key)))
    loaded, most = services.model.current(), services.settings.max_facts
    asked = bodies(loaded.forecast.spec, given.events)

    def answer(body: bytes) -> object:
        request = ScoreRequest.model_validate_json(body)
        return score_request(request, loaded=loaded, history=services.history, max_facts=most)

    timed(answer, asked, WARM)
    used = time.process_time()
    p50, p99 = percentiles(timed(answer, asked, given.requests))
    used = (time.process_time() - used) / given.requests * 1e3
    print(f"{given.events} events; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"in the process:    p50 {p50:6.1f} ms, p99 {p99:6.1f} ms, {used:5.1f} ms of processor each")
    with server(given.out, key) as (port, pid):
        timed(client(port, key), asked, WARM)
        for clients in CLIENTS:
            load(port, pid, key, asked, clients, given.requests)
        end = time.monotonic() + given.minutes * 60
        while time.monotonic() < end:
            load(port, pid, key, asked, CLIENTS[-1], 10 * given.requests)
    print(f"request: p50 {p50:.1f} ms, p99 {p99:.1f} ms")


if __name__ == "__main__":
    main()
