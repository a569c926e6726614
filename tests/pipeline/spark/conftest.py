"""A real Spark cluster: a master and two workers as processes of their own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from pipeline.spark.session import without_pandas_warning

HOST = "127.0.0.1"
OPTIONS = {
    "ui.enabled": False,
    "driver.host": HOST,
    "driver.bindAddress": HOST,
    "sql.shuffle.partitions": 2,
    "sql.codegen.wholeStage": False,  # a few rows do not repay compilation
    "driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "executor.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "executor.memory": "512m",
    "executor.cores": 1,
}


def spark_settings(master: str, **more: object) -> dict[str, object]:
    """Settings of section engine for a quick session."""
    return {"name": "spark", "master": master, "spark": OPTIONS, **more}


@pytest.fixture(scope="session")
def engine_settings() -> Callable[..., dict[str, object]]:
    return spark_settings


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Iterator[str]:
    """The address of a standalone cluster of two workers with a core each; it ends with the session."""
    folder = tmp_path_factory.mktemp("spark_cluster")
    port, pages = free_port(), free_port()
    address = f"spark://{HOST}:{port}"
    with ExitStack() as processes, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        master = ["master.Master", "--host", HOST, "--port", str(port), "--webui-port", str(pages)]
        processes.enter_context(daemon(master, folder / "master.log", project_root))
        for number in range(2):
            worker = ["worker.Worker", "--host", HOST, "--cores", "1", "--memory", "700m", "--webui-port", "0"]
            worker += ["--work-dir", str(folder / f"work{number}"), address]
            processes.enter_context(daemon(worker, folder / f"worker{number}.log", project_root))
        wait_for_workers(pages, 2, folder)
        yield address


def free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


@contextmanager
def daemon(command: list[str], log: Path, root: Path) -> Iterator[None]:
    with without_pandas_warning():
        import pyspark
    home = Path(pyspark.__file__).parent
    environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": HOST, "PYTHONPATH": str(root)}
    name, *arguments = command
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for_workers(pages: int, count: int, folder: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{pages}/json/", timeout=5) as answer:
                if json.load(answer)["aliveworkers"] == count:
                    return
        except (OSError, json.JSONDecodeError):  # not there yet, or not yet with its JSON
            pass
        time.sleep(0.5)
    raise AssertionError("no cluster:\n" + "\n".join(log.read_text()[-2000:] for log in folder.glob("*.log")))
