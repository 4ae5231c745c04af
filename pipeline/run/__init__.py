"""The path, in order, for a batch: only this room knows it. The store must be open before it is imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from pipeline import validate
from pipeline.executors import Readers
from pipeline.model import Site
from pipeline.reports.render import Elsewhere
from pipeline.run.coordinator import Coordinator, Observer
from pipeline.run.cycle import Cycle
from pipeline.run.decisions import confirm_answer, follow, release, return_answer, undo
from pipeline.run.delivery import deliver
from pipeline.run.folders import prepare as prepare_folders
from pipeline.run.lock import Busy, is_held, last_cycle, note_cycle
from pipeline.run.mail_in import MailBag, MailDesk
from pipeline.run.mail_in import sweep as sweep_mails
from pipeline.run.mail_out import ReadyMail, queue_answers
from pipeline.run.mail_out import give as give_mail
from pipeline.run.mail_out import note as note_mail
from pipeline.run.mail_out import ready as ready_mails
from pipeline.run.mail_out import send as send_mails
from pipeline.run.rehearsal import rehearse, rehearse_release, rehearse_roster
from pipeline.run.rosters import make as make_rosters
from pipeline.run.templates import every as make_templates
from pipeline.run.templates import left as templates_left

__all__ = [
    "Busy",
    "Coordinator",
    "Cycle",
    "MailBag",
    "MailDesk",
    "Observer",
    "ReadyMail",
    "confirm_answer",
    "deliver",
    "drain",
    "follow",
    "give_mail",
    "is_held",
    "last_cycle",
    "make_rosters",
    "make_templates",
    "note_cycle",
    "note_mail",
    "prepare_folders",
    "queue_answers",
    "ready_mails",
    "rehearse",
    "rehearse_release",
    "rehearse_roster",
    "release",
    "return_answer",
    "send_mails",
    "sweep_mails",
    "templates_left",
    "undo",
    "warm",
]


def drain(  # noqa: PLR0913  # where files come from, and who works on them
    site: Site,
    readers: Readers,
    clock: Callable[[], datetime],
    *,
    paths: Sequence[Path] = (),
    observe: Observer | None = None,
    mail: MailBag | None = None,
    elsewhere: Elsewhere | None = None,
) -> Cycle:
    """Work on the site until nothing is left to do, then release it.

    Takes the files in the inbox (files still being written are waited for, once), or only the files at `paths`, which
    stay where they are; and mails, where there is a `mail`. `elsewhere`: see `Renderer`. Raises Busy if another process
    works on the site, TemporaryError for a fault that may pass.
    """
    with Coordinator(site, readers, clock, observe=observe, mail=mail, elsewhere=elsewhere) as coordinator:
        done = coordinator.drain_patiently(paths)
        while drawn := coordinator.draw():
            done.letters += drawn
            done.drawn += drawn
        done.log_line()
        return done


def warm() -> None:
    """Import and compile what validation needs: some three seconds of CPU, once."""
    validate.warm()
