"""A Spark session from settings and environment, and what it says where it cannot start or go on."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from features.errors import InputError
from pipeline.runner.job_log import say
from pipeline.runner.progress import progress
from pipeline.settings.settings import EngineOptions

if TYPE_CHECKING:  # an extra: who works on one machine needs no Spark
    from pyspark import Accumulator
    from pyspark.sql import SparkSession

T = TypeVar("T")

MASTER_VARIABLE = "SPARK_MASTER"
_STARTED_BY_SUBMIT = "PYSPARK_GATEWAY_PORT"
_POLL_SECONDS = 0.5
_QUIET = {"spark.log.level": "ERROR", "spark.ui.showConsoleProgress": "false"}
_NEEDED = {"spark.sql.session.timeZone": "UTC", "spark.sql.sources.partitionOverwriteMode": "static"}
"""Settings that the result depends on."""


@contextmanager
def spark_session(options: EngineOptions, title: str) -> Iterator[SparkSession]:
    """Give a session; one that was there before, as on Databricks and in notebooks, is used and left running.

    Parameters
    ----------
    options : EngineOptions
        Master and options; what they leave open comes from ``SPARK_MASTER``, spark-submit or Spark's own files.
    title : str
        What the cluster's pages call the work.

    Raises
    ------
    InputError
        If PySpark or Java is missing, the cluster does not answer, or its machines cannot do the work.
    """
    require_spark()
    from pyspark.sql import SparkSession

    is_shared = SparkSession.getActiveSession() is not None
    with without_pandas_warning(), _told_to_user(options):
        session = _builder(options, title).getOrCreate().newSession()
        context = session.sparkContext
        if str(context.master).startswith("local") and "PYSPARK_PYTHON" not in os.environ:
            context.pythonExec = sys.executable
        for name, value in _NEEDED.items():
            session.conf.set(name, value)
        say(f"{title}: Spark {session.version} on {context.master}")
        try:
            yield session
        finally:
            if not is_shared:
                session.stop()


def _builder(options: EngineOptions, title: str) -> SparkSession.Builder:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName(f"leadscore {title}")
    master = options.master or os.environ.get(MASTER_VARIABLE)
    if master is not None:
        builder = builder.master(master)
    for name, value in (_QUIET | dict(options.spark)).items():
        builder = builder.config(name, value)
    return builder


def require_spark() -> None:
    """Raise InputError unless PySpark and Java are there."""
    with without_pandas_warning():
        try:
            import pyspark  # noqa: F401
        except ModuleNotFoundError:
            raise InputError(
                expected="PySpark for engine spark",
                found="none",
                hint="Install it: pip install 'leadscore[spark]'; or leave --engine spark away",
            ) from None
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java") if home is None else shutil.which("java", path=str(Path(home) / "bin"))
    if java is None and _STARTED_BY_SUBMIT not in os.environ:
        where = "on the PATH" if home is None else f"in JAVA_HOME, {home}"
        raise InputError(
            expected="Java 17 or newer for Spark",
            found=f"no java {where}",
            hint="Install it (on Debian and Ubuntu: apt-get install openjdk-17-jre-headless)",
        )


@contextmanager
def without_pandas_warning() -> Iterator[None]:
    """Keep PySpark's word on pandas 3 from the user: no frame of ours passes through its pandas."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        yield


@contextmanager
def _told_to_user(options: EngineOptions) -> Iterator[None]:
    """Turn what a user can mend into an InputError."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (Py4JError, PySparkException) as error:
        text = str(error)
        found, hint = next(((found, hint) for sign, found, hint in _MENDABLE if sign in text), (None, None))
        if found is None:
            raise
        master = options.master or os.environ.get(MASTER_VARIABLE) or "the master that Spark was started with"
        raise InputError(expected=f"a Spark cluster that does the work ({master})", found=found, hint=hint) from None


_MENDABLE = (
    (
        "JAVA_GATEWAY_EXITED",
        "a Java that ended at once",
        "Spark's own message stands above: is the master right (local[4], spark://host:7077, yarn), "
        "and Java 17 or newer?",
    ),
    (
        "Could not parse Master URL",
        "an address that Spark does not know",
        "Such as local[4], spark://host:7077 or yarn",
    ),
    (
        "stopped SparkContext",
        "a cluster that does not answer or has ended the job",
        "Spark's own message stands above: is it running, and is the address right?",
    ),
    (
        "No module named",
        "machines whose Python lacks a package",
        "Install leadscore for the Python of all machines, or send it along (docs/scale.md)",
    ),
    (
        "PYTHON_VERSION_MISMATCH",
        "machines with another Python version",
        "Set PYSPARK_PYTHON to the same version as here on all machines",
    ),
    (
        "does not exist",
        "machines that do not see the files of --out",
        "Give an --out on a disk that all machines share under the same path (docs/scale.md)",
    ),
)
"""What Spark's message has in it, what that is, and what to do."""


def watched(session: SparkSession, title: str, total: int, counter: Accumulator[int], work: Callable[[], T]) -> T:
    """Do work on the cluster and show how far it is.

    Parameters
    ----------
    session : SparkSession
    title : str
    total : int
        Units that the work has.
    counter : Accumulator
        Units that are done; a task that is done twice counts twice, so that the last of them may not be shown.
    work : callable
    """
    shown = 0
    with progress(title, total=total) as steps, ThreadPoolExecutor(1) as threads:
        doing = threads.submit(work)
        try:
            while True:
                try:
                    result = doing.result(timeout=_POLL_SECONDS)
                except TimeoutError:
                    done = min(counter.value, total)
                    if done > shown:
                        steps.advance(done - shown)
                    shown = done
                else:
                    steps.advance(total - shown)
                    return result
        except KeyboardInterrupt:
            session.sparkContext.cancelAllJobs()
            raise
