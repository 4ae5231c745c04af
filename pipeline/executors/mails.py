"""Where mails are opened: in one process that may die over any of them, and is there again for the next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.crew import Crew, LostError
from pipeline.errors import TemporaryError
from pipeline.executors import _cage_reader
from pipeline.executors.child import processes
from pipeline.forms.lexicon import learned
from pipeline.mail.opened import opened
from pipeline.model import Issue, OpenedMail
from pipeline.xlsx.locked import unlock

SECONDS = 20.0  # wall clock for one mail
MAILS_A_PROCESS = 500  # then it is replaced, against slow leaks


class MailOpener:
    """Opens mails. A context manager, so that its process ends with it; it starts with the first mail."""

    def __init__(self) -> None:
        self._crew = Crew(1, processes(), _cage_reader, (learned(),), MAILS_A_PROCESS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._crew.end()

    def open(self, path: Path, *, whole: bool = True) -> OpenedMail:
        """Open the mail at `path`; one that ends its process, or fails in it, is one with an issue and no sender.

        Raises TemporaryError if the file cannot be read or no process can be started.
        """
        answer = self._crew.submit(_open, [(path, whole)], SECONDS).result()
        found = answer[0] if answer else LostError()
        if isinstance(found, TemporaryError):
            raise found
        return found if isinstance(found, OpenedMail) else OpenedMail(issues=(Issue("mail-broken"),))

    def unlock(self, content: bytes, passphrases: Sequence[str]) -> bytes | None:
        """Open a workbook that one of these passphrases opens; None if none does, or it ends its process."""
        answer = self._crew.submit(_unlock, [(content, tuple(passphrases))], SECONDS).result()
        found = answer[0] if answer else None
        return found if isinstance(found, bytes) else None


def _unlock(locked: tuple[bytes, tuple[str, ...]]) -> bytes | None:
    return unlock(*locked)


def _open(mail: tuple[Path, bool]) -> OpenedMail:
    path, whole = mail
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TemporaryError(f"what we kept cannot be opened: {error.strerror}") from error
    return opened(content, whole=whole)
