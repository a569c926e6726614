"""What is compiled gives what the function gives, also where the code cannot be kept."""

from __future__ import annotations

import numpy as np

from features.compiled import compilations, compiled


@compiled
def running_sum(values: np.ndarray) -> np.ndarray:
    sums = np.empty(values.size, np.int64)
    total = 0
    for place in range(values.size):
        total += values[place]
        sums[place] = total
    return sums


def test_it_is_the_same_function():
    values = np.arange(-5, 20)
    assert running_sum(values).tolist() == np.cumsum(values).tolist() == running_sum.__wrapped__(values).tolist()


def test_where_its_code_cannot_be_kept_a_process_compiles_for_itself():
    source: dict[str, object] = {}
    exec("def twice(number):\n    return 2 * number", source)  # a function without a file has no place for its code
    assert compiled(source["twice"])(21) == 42


def test_what_is_compiled_is_named_and_what_is_ready_is_not():
    source: dict[str, object] = {}
    exec("def thrice(number):\n    return 3 * number", source)
    thrice = compiled(source["thrice"])
    with compilations() as first:
        thrice(1)
    with compilations() as second:
        thrice(2)
    assert (first, second) == (["thrice"], [])
