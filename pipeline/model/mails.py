"""A mail that came in, as it was opened: who it says it is from, what is in it, and what nobody may rely on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.model.mail_states import MailState
from pipeline.model.terms import Issue


@dataclass(frozen=True, slots=True)
class MailKey:
    """A mail on its server. With another UIDVALIDITY the same UID is another mail."""

    account: str
    folder: str
    validity: int
    uid: int


@dataclass(frozen=True, slots=True)
class MailPart:
    """A file that a mail brings. The name is display only."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class MailLetter:
    """A letter to one reader, before it is written as bytes. A picture's name is by what the page speaks of it."""

    to: str
    subject: str
    text: str
    html: str = ""
    attachments: tuple[MailPart, ...] = ()
    pictures: tuple[MailPart, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    answer: bool = False


@dataclass(frozen=True, slots=True)
class Bounce:
    """A server's word on a letter of ours that it could not deliver."""

    message_ids: tuple[str, ...]  # of the letters it may be about: ours are known
    readers: tuple[str, ...]  # addresses it names
    status: str  # 5.1.1; "" if it says none
    final: bool


@dataclass(frozen=True, slots=True)
class OpenedMail:
    """What a mail says. All of it is the sender's word, but `results`, if our own server wrote them."""

    senders: tuple[str, ...] = ()  # the addresses of all From headers, lower case
    subject: str = ""
    lines: tuple[str, ...] = ()  # the first of the body, without greetings and without what it quotes
    message_id: str = ""
    references: tuple[str, ...] = ()  # of the thread it answers
    results: tuple[str, ...] = ()  # Authentication-Results, topmost first
    automatic: str = ""  # why nobody may answer it; "" for a person's mail
    bounce: Bounce | None = None
    parts: tuple[MailPart, ...] = ()
    issues: tuple[Issue, ...] = ()  # what of it could not be taken, and what to do
    secret: bool = False  # its words may hold a password


@dataclass(frozen=True, slots=True)
class MailVerdict:
    """What becomes of a mail. `bound`: the unit whose every word its files are; "" if each must prove itself."""

    state: MailState
    why: str = ""
    bound: str = ""
    answerable: bool = False


@dataclass(frozen=True, slots=True)
class FetchedMail:
    """A mail as it was fetched into a file: all of it, or only its head if it is too large."""

    key: MailKey
    at: datetime  # aware: when the server got it
    size: int
    path: Path
    sha256: str
    whole: bool = True
    signed_by: tuple[str, ...] = ()  # domains whose signature we checked ourselves
