"""Names of a package that are imported when somebody first asks for them, so that a command loads what it needs."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable
from importlib.abc import InspectLoader


def at_first_use(package: str) -> Callable[[str], object]:
    """Return the ``__getattr__`` of a package whose contents page stands under ``if TYPE_CHECKING:``.

    The imports that stand there for readers and type checkers are the only list of names: where a name comes from is
    read from them the first time that one is asked for (PEP 562).

    Parameters
    ----------
    package : str
        Its ``__name__``.

    Examples
    --------
    >>> import features
    >>> features.InputError.__module__
    'features.errors'
    """
    homes: dict[str, str] = {}

    def first_use(name: str) -> object:
        if not homes:
            homes.update(_contents(_source(package)))
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value: object = getattr(importlib.import_module(homes[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    return first_use


def listed_names(package: str) -> Callable[[], list[str]]:
    """Return the ``__dir__`` of such a package, so that tab completion offers what it exports.

    Parameters
    ----------
    package : str
        Its ``__name__``.

    Examples
    --------
    >>> import models
    >>> "Forecast" in dir(models)
    True
    """
    return lambda: sorted({*vars(sys.modules[package]), *_contents(_source(package))})


def _source(package: str) -> str:
    loader = sys.modules[package].__loader__
    source = loader.get_source(package) if isinstance(loader, InspectLoader) else None
    if source is None:
        raise ImportError(f"the contents page of {package!r} must be there as text")
    return source


def _contents(source: str) -> dict[str, str]:
    """Return from which module each name is imported, anywhere in a module's text."""
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom) and node.module]
    return {alias.name: str(node.module) for node in imports for alias in node.names}
