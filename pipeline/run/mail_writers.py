"""What each mail says and brings along: a writer for each kind, from what lies in the outbox already.

A file that names pupils goes along only as the site's policy allows; the mail says so where it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from pipeline import issues
from pipeline.errors import TemporaryError
from pipeline.facts import card_page_facts, editions
from pipeline.figures import mail_letters
from pipeline.figures import mail_notes as note_values
from pipeline.figures.mail_letters import Problem
from pipeline.figures.paper_values import values_of
from pipeline.figures.words import chinese_date
from pipeline.letters import queue
from pipeline.letters.queue import Queued
from pipeline.mail import locked_pdf
from pipeline.model import CardRef, EditionRef, LetterKind, MailLetter, MailPart, PostingKind, Site, WithoutPassphrase
from pipeline.post import mails, passphrases
from pipeline.post.postings import QueuedPosting
from pipeline.registry import lookup
from pipeline.reports import mail_pages
from pipeline.run import mail_notes, sending
from pipeline.run.writers import answers
from pipeline.units import is_school
from pipeline.xlsx import locked

NAMELESS = frozenset({LetterKind.DIGEST, LetterKind.MISSING, LetterKind.RULES})
"""Letters whose papers name no pupil. All others stay at home where the policy says so."""

EDITION = {
    LetterKind.DIGEST: "学生缺课监测每日简报",
    LetterKind.MISSING: "未报名单",
    LetterKind.RULES: "预警规则评分周报",
}


FirstPage = Callable[[bytes], bytes | None]
"""Makes a picture of the first page of a PDF, or nothing."""
PICTURE = "page.png"


class NotYetError(TemporaryError):
    """Not all that belongs to a mail is written."""


@dataclass(frozen=True, slots=True)
class Along:
    """Files of a mail: those that go along, and the names of those that may not."""

    files: tuple[MailPart, ...]
    left_out: tuple[str, ...]


def write(posting: QueuedPosting, site: Site, first_page: FirstPage) -> MailLetter | None:
    """Write a mail; None if there is nothing to say any more. Raises NotYetError."""
    if posting.kind is PostingKind.PAPERS:
        return _papers(posting, site, first_page)
    return _WRITERS[posting.kind](posting, site)


def _answer(posting: QueuedPosting, site: Site) -> MailLetter | None:
    """The answer to a mail: what became of each file in it."""
    mail = mails.answering(int(posting.ref))
    if mail is None:
        return None
    if not mail.submissions and any(one.code.startswith(_REVIEWS) for one in mail.issues):
        (issue,) = mail.issues
        said = mail_notes.told(posting, issue)
        return replace(said, in_reply_to=mail.message_id, references=mail.references, answer=True)
    queued = [
        Queued(0, LetterKind.RECEIPT, str(seq), posting.unit, None, posting.queued_at) for seq in mail.submissions
    ]
    batch = sending.batch_of(site, queued)
    receipts = [answers.without_cells(one, batch) for one in queued]
    back = {(str(seq), reader) for seq, reader in mail.givebacks}
    along = _along(site, ((LetterKind.GIVEBACK, path) for path in queue.lying(LetterKind.GIVEBACK, back)), posting.unit)
    problems = [Problem(issues.message(one), issues.remedy(one)) for one in mail.issues]
    names = [part.name for part in along.files]
    whose = _name(posting.unit)
    made = mail_letters.answer(whose, receipts, problems, names, along.left_out)
    text, page = mail_pages.words("answer", values_of(made))
    return MailLetter(
        to=posting.address,
        subject=made.subject,
        text=text,
        html=page,
        attachments=along.files,
        in_reply_to=mail.message_id,
        references=mail.references,
        answer=True,
    )


def _papers(posting: QueuedPosting, site: Site, first_page: FirstPage) -> MailLetter | None:
    """The papers of an edition for one reader, all of them in one mail; the first page of the first in its body."""
    lying = _complete(queue.of_edition(posting.ref, posting.unit))
    if not lying:
        return None
    lying.sort(key=lambda one: list(EDITION).index(one[0]))
    about, kinds = EditionRef.read(posting.ref), [kind for kind, _ in lying]
    along = _along(site, lying, posting.unit)
    title, said = EDITION[kinds[0]], tuple[str, ...]()
    if LetterKind.DIGEST in kinds:
        said = mail_letters.of_digest(editions.values(LetterKind.DIGEST, posting.unit, about))
    drawn = first_page(along.files[0].content) if along.files and along.files[0].name.endswith(".pdf") else None
    pictures = (MailPart(PICTURE, drawn),) if drawn else ()
    made = mail_letters.papers(
        _name(posting.unit),
        f"{title} 第{about.n}版",
        chinese_date(about.day),
        said=said,
        attached=[part.name for part in along.files],
        left_out=along.left_out,
        pictures=[one.name for one in pictures],
    )
    text, page = mail_pages.words("papers", values_of(made))
    return MailLetter(posting.address, made.subject, text, page, along.files, pictures)


def _card(posting: QueuedPosting, site: Site) -> MailLetter | None:
    """The card of a warning; its mail names neither place of illness nor pupil."""
    lying = _complete(queue.of_card(posting.ref, posting.unit))
    if not lying:
        return None
    along = _along(site, lying, posting.unit)
    facts = card_page_facts.card(site, CardRef.read(posting.ref), posting.unit)
    made = mail_letters.card(
        _name(posting.unit),
        facts.id,
        facts.due_at,
        posting.queued_at,
        school=is_school(posting.unit),
        attached=[part.name for part in along.files],
        left_out=along.left_out,
    )
    text, page = mail_pages.words("card", values_of(made))
    return MailLetter(posting.address, made.subject, text, page, along.files)


def _template(posting: QueuedPosting, site: Site) -> MailLetter | None:
    """A school's templates of a day, one a campus; what it brings over names pupils."""
    day = posting.ref.partition(".")[0]
    lying = [
        (LetterKind.TEMPLATE, one.relative_to(site.root).as_posix())
        for place in queue.lying(LetterKind.TEMPLATE, {(day, posting.unit)})
        for one in sorted((site.root / place).parent.glob(f"*日报模板*{day}.xlsx"))
    ]
    if not lying:
        return None
    along = _along(site, lying, posting.unit)
    names = [part.name for part in along.files]
    made = note_values.template(_name(posting.unit), chinese_date(date.fromisoformat(day)), names, along.left_out)
    return mail_notes.written(posting, made, along.files)


_WRITERS: Mapping[PostingKind, Callable[[QueuedPosting, Site], MailLetter | None]] = {
    PostingKind.ANSWER: _answer,
    PostingKind.CARD: _card,
    PostingKind.REVIEW: mail_notes.review,
    PostingKind.REMIND: mail_notes.remind,
    PostingKind.LEAD: mail_notes.remind,
    PostingKind.LIST: mail_notes.call_list,
    PostingKind.ACCOUNT: mail_notes.account,
    PostingKind.TEMPLATE: _template,
}
_REVIEWS = "mail-review"  # what is said to a 分管领导 who answered a receipt


def _along(site: Site, lying: Iterable[tuple[LetterKind, str]], unit: str) -> Along:
    """The files of letters, with those that lie beside them: what names pupils locked by the unit's passphrase, or, if
    it has none, as the policy says.
    """
    known = passphrases.of(site, [unit]).get(unit, ())
    files: list[MailPart] = []
    left_out: list[str] = []
    room = site.mail.letter_mb * 1_000_000
    for kind, place in lying:
        path = site.root / place
        for one in (path, *(_beside(path) if kind is LetterKind.MISSING else ())):
            if not one.is_file():
                continue
            content = _fit(one, kind, known, site.mail.without_passphrase) if one.stat().st_size <= room else None
            if content is None:
                left_out.append(one.name)
                continue
            room -= len(content)
            files.append(MailPart(one.name, content))
    return Along(tuple(files), tuple(left_out))


def _complete(lying: list[tuple[LetterKind, str]] | None) -> list[tuple[LetterKind, str]]:
    """Raises NotYetError while one of them is still to be written."""
    if lying is None:
        raise NotYetError
    return lying


def _fit(path: Path, kind: LetterKind, known: Sequence[str], without: WithoutPassphrase) -> bytes | None:
    """A file as it may go along; None if it may not."""
    content = path.read_bytes()
    if kind in NAMELESS:
        return content
    lock = _LOCKS.get(path.suffix.lower())
    if known:
        return lock(content, known[0]) if lock else None
    return content if without is WithoutPassphrase.SEND else None


_LOCKS: Mapping[str, Callable[[bytes, str], bytes]] = {".xlsx": locked.lock, ".pdf": locked_pdf.lock}


def _beside(path: Path) -> Sequence[Path]:
    return (path.with_suffix(".xlsx"), path.with_name("群通知.txt"))


def _name(unit: str) -> str:
    return lookup.names({unit}).get(unit, "")
