"""What a disk or a file system could not do, found in whatever error a library made of it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from features.errors import InputError

_BY_NUMBER = {
    errno.ENOSPC: "no space left on the disk",
    errno.EDQUOT: "no space left of what this user may write",
    errno.EFBIG: "a file that is larger than may be written here",
    errno.EROFS: "a file system that can only be read",
    errno.EACCES: "no right to read or write there",
    errno.EPERM: "no right to do that there",
    errno.EIO: "a disk that could not be read or written",
    errno.ENAMETOOLONG: "a name that is too long",
    errno.ELOOP: "links that lead in a circle",
    errno.EMFILE: "too many files open at once",
}
_BY_WORDS = {
    "no space left on device": errno.ENOSPC,
    "disk is full": errno.ENOSPC,
    "disk full": errno.ENOSPC,
    "disk quota exceeded": errno.EDQUOT,
    "file too large": errno.EFBIG,
    "read-only file system": errno.EROFS,
    "disk i/o error": errno.EIO,
    "input/output error": errno.EIO,
}
_HINTS = {
    errno.ENOSPC: "Make room and run the same command again",
    errno.EDQUOT: "Make room and run the same command again",
    errno.EFBIG: "Raise the limit (ulimit -f) and run the same command again",
    errno.ENAMETOOLONG: "Choose a shorter one",
}


def disk_fault(error: BaseException) -> InputError | None:
    """Return what to tell the user of a full disk, a missing right or an impossible name; None for other errors.

    Libraries wrap what the system says in errors of their own, and some keep its words alone.

    Examples
    --------
    >>> import errno
    >>> disk_fault(OSError(errno.ENOSPC, "No space left on device", "out/leads.parquet")).found
    'no space left on the disk: out/leads.parquet'
    >>> disk_fault(ValueError("no number"))
    """
    for cause in _chain(error):
        number = cause.errno if isinstance(cause, OSError) else None
        if number not in _BY_NUMBER:
            number = _by_words(cause)
        if number is not None:
            file = getattr(cause, "filename", None)
            place = f": {os.fsdecode(file)[:200]}" if isinstance(file, str | bytes | os.PathLike) else ""
            found = f"{_BY_NUMBER[number]}{place}"
            return InputError(expected="to read and write files", found=found, hint=_HINTS.get(number))
    return None


def _by_words(error: BaseException) -> int | None:
    if isinstance(error, (KeyboardInterrupt, InputError)):
        return None
    text = str(error).lower()
    return next((number for words, number in _BY_WORDS.items() if words in text), None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
