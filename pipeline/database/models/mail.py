"""Mails that came, and mailboxes: whom an address speaks for."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from pipeline.database.models.closed import choices, one_of
from pipeline.model import AskedState, MailboxOrigin, MailboxRole, MailState, PostingKind, PostingState


class Mailbox(models.Model):
    """An address that speaks for a unit, or reads for it, from a moment on. `unit` may be a division's code."""

    address = models.CharField(max_length=254)  # lower case
    unit = models.CharField(max_length=20)
    role = models.CharField(max_length=8, choices=choices(MailboxRole))
    origin = models.CharField(max_length=8, choices=choices(MailboxOrigin))
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    who = models.CharField(max_length=60)
    wishes = models.CharField(max_length=40, blank=True)  # as `forms.mail_wishes` reads them; "": the usual ones

    class Meta:
        db_table = "mailbox"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["address", "unit", "role"], condition=models.Q(until__isnull=True), name="mailbox_once"
            ),
            # an address speaks for one unit: its reports could be anybody's otherwise
            models.UniqueConstraint(
                fields=["address"],
                condition=models.Q(until__isnull=True, role=MailboxRole.SPEAKER.value),
                name="mailbox_speaks_once",
            ),
            one_of("mailbox", "role", MailboxRole),
            one_of("mailbox", "origin", MailboxOrigin),
        ]
        indexes: ClassVar = [models.Index(fields=["unit"], name="mailbox_unit")]


class AskedMailbox(models.Model):
    """A mailbox nobody knows, from which a school's own template came: its county is asked whether it is the school's.
    `id` is the number of the first workbook that proved itself.
    """

    id = models.BigIntegerField(primary_key=True)
    address = models.CharField(max_length=254)
    unit = models.CharField(max_length=20)
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=choices(AskedState), default=AskedState.WAITING.value)

    class Meta:
        db_table = "asked_mailbox"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["address", "unit"], name="asked_mailbox_once"),
            one_of("asked_mailbox", "state", AskedState),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "unit"], name="asked_mailbox_state")]


class Mail(models.Model):
    """A mail that was seen on a server, whatever became of it: none is looked at twice, none is skipped."""

    account = models.CharField(max_length=20)
    folder = models.CharField(max_length=120)
    validity = models.BigIntegerField()  # UIDVALIDITY
    uid = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)  # of the raw message
    size = models.BigIntegerField()
    at = models.DateTimeField()  # when the server got it
    received_at = models.DateTimeField()
    sender = models.CharField(max_length=254, blank=True)  # the address in From; "" if there are none or several
    unit = models.CharField(max_length=20, blank=True)  # for whom it spoke
    proved = models.BooleanField(default=False)  # it came from the mailbox that its From names
    state = models.CharField(max_length=12, choices=choices(MailState))
    why = models.CharField(max_length=40, blank=True)
    answerable = models.BooleanField(default=False)  # its sender may be answered
    message_id = models.CharField(max_length=255, blank=True)
    references = models.JSONField(default=list)
    issues = models.JSONField(default=list)
    secret = models.BooleanField(default=False)  # its words may hold a password: only its head is archived
    path = models.CharField(max_length=255)  # below the site: spool/mail/… until archived
    answered_at = models.DateTimeField(null=True)
    braked = models.BooleanField(default=False)  # it got no answer: its sender had got so many that day

    class Meta:
        db_table = "mail"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "folder", "validity", "uid"], name="mail_once"),
            one_of("mail", "state", MailState),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "id"], name="mail_state"),
            models.Index(fields=["id"], condition=models.Q(path__startswith="spool/"), name="mail_spooled"),
            models.Index(
                fields=["id"],
                condition=models.Q(answerable=True, answered_at__isnull=True),
                name="mail_unanswered",
            ),
            models.Index(fields=["answered_at"], condition=models.Q(braked=True), name="mail_braked"),
        ]


class Posting(models.Model):
    """One mail to one address, queued in the transaction that makes it true, sent after it, at least once, always the
    same bytes.
    """

    kind = models.CharField(max_length=10, choices=choices(PostingKind))
    ref = models.CharField(max_length=60)  # what it is about: a mail's number, an edition, a card
    address = models.CharField(max_length=254)
    unit = models.CharField(max_length=20)  # for whom it is read
    state = models.CharField(max_length=8, choices=choices(PostingState), default=PostingState.QUEUED.value)
    queued_at = models.DateTimeField()
    due_at = models.DateTimeField()  # not before
    attempts = models.PositiveSmallIntegerField(default=0)
    code = models.PositiveSmallIntegerField(default=0)  # a server's last answer; 0: none
    why = models.CharField(max_length=40, blank=True)
    done_at = models.DateTimeField(null=True)
    message_id = models.CharField(max_length=120, blank=True)
    path = models.CharField(max_length=255, blank=True)  # of its bytes, below the site; "" before they are written
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "posting"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "ref", "address", "unit"], name="posting_once"),
            one_of("posting", "kind", PostingKind),
            one_of("posting", "state", PostingState),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "due_at"], name="posting_state"),
            models.Index(fields=["message_id"], name="posting_message"),
            models.Index(fields=["address", "queued_at"], name="posting_address"),
        ]


class Passphrase(models.Model):
    """With what files that name pupils are locked for a unit: sealed by the site's key."""

    unit = models.CharField(max_length=20, primary_key=True)
    sealed = models.CharField(max_length=200)
    before = models.CharField(max_length=200, blank=True)
    since = models.DateTimeField()

    class Meta:
        db_table = "passphrase"
