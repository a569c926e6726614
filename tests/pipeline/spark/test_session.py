"""What is missing for Spark is said in one message with exit code 2."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pipeline.settings.settings import EngineOptions

RUN = "from pipeline.cli import main; main()"
WITHOUT_PYSPARK = f"import sys; sys.modules['pyspark'] = None; {RUN}"


def answer(context, code, **environment):
    options = ["--source", context.source_dir, "--data", context.data_dir, "--out", context.workspace.root]
    command = [sys.executable, "-c", code, "features", *map(str, options), "--engine", "spark", "--force"]
    result = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, check=False)
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    return " ".join(result.stderr.split())


def test_without_pyspark(judged_by_points):
    assert "pip install 'leadscore[spark]'" in answer(judged_by_points, WITHOUT_PYSPARK)


def test_without_java(judged_by_points, tmp_path):
    said = answer(judged_by_points, RUN, JAVA_HOME=str(tmp_path))
    assert "Java 17 or newer" in said
    assert str(tmp_path) in said


@pytest.mark.spark
def test_an_address_that_spark_does_not_know(judged_by_points):
    assert "is the master right" in answer(judged_by_points, RUN, SPARK_MASTER="nowhere")


def test_options_of_spark_have_their_full_names_however_they_are_written():
    written = ({"executor.memory": "4g"}, {"executor": {"memory": "4g"}}, {"spark.executor.memory": "4g"})
    assert {tuple(EngineOptions(spark=options).spark.items()) for options in written} == {
        (("spark.executor.memory", "4g"),)
    }
