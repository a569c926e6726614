from __future__ import annotations

import os

import pytest

from features.errors import InputError
from pipeline.settings.settings import parse_overrides, read_settings
from pipeline.settings.yaml_trees import MOST_DEEP, parse_yaml, read_yaml


def laughs(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "[" * 300 + "]" * 300, "{a: " * 5_000, "- " * 5_000 + "x", "a: " + "9" * 5_000, laughs(9),
     "x" * 5_000_000, "a: 1\nb: 2\na: 3", "a: {b: 1, b: 2}", "a: [", "*nothing",
     "a: !!python/object:os.system x", "? [a]\n: b"],
)  # fmt: skip
def test_what_is_broken_or_beyond_bounds_is_one_message(text):
    with pytest.raises(InputError) as refused:
        parse_yaml(text, "params.yaml")
    assert len(str(refused.value)) < 400


def test_usual_yaml_is_read(tmp_path):
    depth = MOST_DEEP - 1
    assert parse_yaml("a: &x [1, 2.5, yes]\nb: *x", "f") == {"a": [1, 2.5, True], "b": [1, 2.5, True]}
    assert parse_yaml("[" * depth + "]" * depth, "f")
    assert parse_yaml(laughs(3), "f")
    (tmp_path / "empty.yaml").write_text("")
    assert read_yaml(tmp_path / "empty.yaml") == {}


def test_a_key_that_stands_twice_in_the_settings_is_refused(tmp_path):
    file = tmp_path / "params.yaml"
    file.write_text("seed: 7\nscore: {reasons: 3}\nscore: {reasons: 4}\n")
    with pytest.raises(
        InputError, match=r"params\.yaml, row line 3: expected readable YAML, found key 'score' stands twice"
    ):
        read_settings(file)


@pytest.mark.parametrize("value", ["[" * 5_000, "9" * 5_000, "{a: 1, a: 2}"])
def test_a_value_of_set_is_bounded(value):
    with pytest.raises(InputError, match="expected a value in YAML, found --set"):
        parse_overrides([f"seed={value}"])


def test_a_name_of_set_is_bounded():
    with pytest.raises(InputError, match=r"expected --set NAME\.KEY=VALUE"):
        parse_overrides([".".join(["a"] * 5_000) + "=1"])


def test_a_pipe_is_no_settings_file(tmp_path):
    os.mkfifo(tmp_path / "params.yaml")
    with pytest.raises(InputError, match="expected a file"):
        read_settings(tmp_path / "params.yaml")


@pytest.mark.parametrize("horizon", [60, "60", "1.5", 7_776_000, "99999999999999999999w", "-5d"])
def test_a_duration_has_a_unit(horizon):
    with pytest.raises(InputError, match="expected a duration"):
        read_settings(None, overrides={"features": {"session_gap": horizon}})
