from __future__ import annotations

from pathlib import Path

import pytest

from features.errors import InputError
from pipeline.settings.limits import LimitOptions
from pipeline.settings.settings import read_settings


def test_limits_are_written_as_people_say_them():
    limits = read_settings(
        None,
        overrides={"limits": {"file_size": "100GB", "sql_time": "12h", "memory": "8GB", "linked_folders": ["/srv"]}},
    ).limits
    assert (limits.file_size, limits.memory, limits.linked_folders) == (100 * 10**9, 8 * 10**9, (Path("/srv"),))
    assert limits.sql_time == 12 * 3_600 * 10**6


def test_by_default_an_export_of_gigabytes_passes():
    limits = LimitOptions()
    assert limits.file_size > 20 * 10**9
    assert limits.rows > 100_000_000


@pytest.mark.parametrize("knob", ["file_size=0", "rows=0", "file_size=many", "sql_time=60", "expansion=1"])
def test_a_limit_that_is_none_is_refused(knob):
    name, _, value = knob.partition("=")
    with pytest.raises(InputError, match=f"limits.{name}"):
        read_settings(None, overrides={"limits": {name: value if value == "many" else int(value)}})
