"""Functions that are turned into machine code the first time somebody calls them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a function of arrays and numbers with Numba at its first call; the machine code is kept on disk.

    Importing the module costs nothing. The code lies beside the module, or where ``NUMBA_CACHE_DIR`` says, and is made
    anew when the module changes: it does not notice a change in another one, so a compiled function calls no compiled
    function of another module. Where nothing can be written, each process compiles for itself. Other Python threads
    go on while it runs.
    """

    @cache
    def machine_code() -> Callable[..., Any]:
        import numba  # here, since it takes a third of a second and not everybody computes features

        try:
            return numba.njit(cache=True, nogil=True)(function)  # type: ignore[no-any-return]
        except RuntimeError:  # no place to keep it
            return numba.njit(nogil=True)(function)  # type: ignore[no-any-return]

    @wraps(function)
    def call(*arguments: Any) -> Any:
        return machine_code()(*arguments)

    return call  # type: ignore[return-value]


@contextmanager
def compilations() -> Iterator[list[str]]:
    """Give the names of the functions that are compiled meanwhile; what is found ready on disk is not among them."""
    from numba.core import event  # here, as above

    class Names(event.Listener):  # type: ignore[misc]
        def on_start(self, event: Any) -> None:
            names.append(event.data["dispatcher"].py_func.__qualname__)

        def on_end(self, event: Any) -> None:
            """Nothing is asked about ends."""

    names: list[str] = []
    with event.install_listener("numba:compile", Names()):
        yield names
