"""How far the giving of a mail to a server came, kept beside its bytes until the store knows it.

A thread that sends may not write the store, and a server may answer many mails before the coordinator notes the first.
So each is marked durably by who gives it: before the server gets its text, and with what it said. Of a process that
was killed every mail is then known but the one it was just giving.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline import durable
from pipeline.mail.replies import LetterFate
from pipeline.mail.smtp import Reply

_GIVEN = "given"
_ENDING = ".sending"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A mail that a server was given. `reply`: what it said; None if nobody knows."""

    reply: Reply | None


def begin(letter: Path) -> None:
    """Mark that a server is given the bytes of this file; durable on return."""
    durable.append_lines(_mark(letter), [_GIVEN])


def end(letter: Path, reply: Reply) -> None:
    """Mark what it said; durable on return."""
    durable.append_lines(_mark(letter), [f"{reply.fate} {reply.code}"])


def of(letter: Path) -> Attempt | None:
    """Return the last attempt that the store may not know; None if no server was given the mail since."""
    try:
        lines = _mark(letter).read_text("ascii").split("\n")[:-1]  # what is behind the last end of line was cut short
    except FileNotFoundError:
        return None
    said = [line.split() for line in lines if line]
    if not said:
        return None
    fate, *code = said[-1]
    return Attempt(None if fate == _GIVEN else Reply(LetterFate(fate), int(code[0])))


def forget(letter: Path) -> None:
    """The store knows it."""
    with suppress(FileNotFoundError):
        durable.unlink(_mark(letter))


def _mark(letter: Path) -> Path:
    return letter.with_suffix(_ENDING)
