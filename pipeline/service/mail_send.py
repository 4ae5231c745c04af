"""Mails sent beside the coordinator: a thread that has the connection, and nothing else.

The coordinator writes what is due, notes that it is being sent, and hands it over; the thread gives it to the server;
the coordinator notes what that said. A server that is away stops nothing: what was handed over waits, and goes out
when it answers again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Event, Thread

from pipeline import run
from pipeline.database import errors
from pipeline.mail.replies import LetterFate
from pipeline.mail.smtp import MailSender, Reply
from pipeline.model import Clock, MailAccount, Site
from pipeline.run import ReadyMail
from pipeline.run.mail_writers import FirstPage
from pipeline.service.mail_away import ServerAway

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 900.0  # seconds after a fault, doubled each time
MOST_IN_HAND = 40  # mails handed over at once
MOST_BROKEN = 2  # times that a line may break over one mail, before others go first
NAME = "smtp"


class MailSenderThread:
    """Sends in a thread of its own. `ring` is called when it has something to tell."""

    def __init__(
        self, site: Site, account: MailAccount, clock: Clock, first_page: FirstPage, ring: Callable[[], None]
    ) -> None:
        self._site, self._account, self._first_page, self._ring = site, account, first_page, ring
        self._given: SimpleQueue[ReadyMail] = SimpleQueue()
        self._said: SimpleQueue[tuple[ReadyMail, Reply]] = SimpleQueue()
        self._in_hand: set[int] = set()
        self._stopping = Event()
        self._away = ServerAway(site, account, clock, NAME)
        self._thread = Thread(target=self._run, name="mail-out", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float = 35.0) -> None:
        """End the thread after the mail it has in hand; what it was handed stays noted as being sent."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def turn(self, now: datetime) -> None:
        """Note what became of mails, and hand over what is due. In the coordinator's thread."""
        with errors.temporary():
            while not self._said.empty():
                mail, reply = self._said.get()
                self._in_hand.discard(mail.id)
                run.note_mail(mail, reply, now)
            run.queue_answers(self._site, now)
            room = MOST_IN_HAND - len(self._in_hand)
            if room > 0:
                ready = run.ready_mails(
                    self._site, self._account, now, room, first_page=self._first_page, besides=self._in_hand
                )
                for mail in ready:
                    self._in_hand.add(mail.id)
                    self._given.put(mail)
        self._away.tell(now)

    # ---------------------------------------------------------------- in the thread

    def _run(self) -> None:
        pause, mail, broken = 0.0, None, 0
        while not self._stopping.wait(pause):
            mail = mail or self._next()
            if mail is None:
                continue
            connected = False
            try:
                with MailSender(self._account) as sender:
                    while mail is not None:
                        connected = True
                        self._said.put((mail, run.give_mail(mail, sender.send)))
                        pause, broken, mail = 0.0, 0, None
                        self._away.answered()
                        self._ring()
                        mail = self._next()
            except Exception as error:  # noqa: BLE001  # whatever a server does: it is told, and tried again
                broken += connected
                pause = min(max(FIRST_PAUSE, 2 * pause), LONGEST_PAUSE)
                self._away.failed(error, pause)
                if mail is not None and broken >= MOST_BROKEN:  # it may be this one: the others shall not wait for it
                    self._said.put((mail, Reply(LetterFate.WAIT)))
                    mail, broken, pause = None, 0, 0.0

    def _next(self) -> ReadyMail | None:
        if self._stopping.is_set():
            return None
        try:
            return self._given.get(timeout=1.0)
        except Empty:
            return None
