"""What queke.toml says of mail, as values: our accounts on mail servers, and the limits of what is taken and sent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Security(StrEnum):
    """How a connection to a mail server is secured."""

    TLS = "tls"  # from the first byte
    STARTTLS = "starttls"
    NONE = "none"  # on loopback, or a closed net only


class ProofPolicy(StrEnum):
    """What a mail without proof of its sender may do; 备案表 and 县级处理单 need proof in any case."""

    OFF = "off"  # the address in From is believed
    WARN = "warn"  # likewise, and the office is told
    REQUIRE = "require"


class WithoutPassphrase(StrEnum):
    """What becomes of attachments that name pupils, for a reader who has no passphrase."""

    LEAVE_OUT = "leave-out"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class MailAccount:
    """An account of ours on a mail server. Host "": it does not receive, or does not send."""

    name: str
    address: str
    user: str
    password_file: Path
    imap_host: str = ""
    imap_port: int = 993
    imap_security: Security = Security.TLS
    folder: str = "INBOX"
    done_folder: str = "queke-done"
    aside_folder: str = "queke-aside"  # of mails that an admin must see
    authserv_id: str = ""  # of the server that receives: its results are proof; without it there is none
    smtp_host: str = ""
    smtp_port: int = 465
    smtp_security: Security = Security.TLS
    dkim_selector: str = ""  # of the key by which the server that sends signs: `doctor` looks it up
    ca_file: Path | None = None  # certificates to trust besides the system's


@dataclass(frozen=True, slots=True)
class MailPlan:
    """How a site uses mail. Without accounts it does not."""

    accounts: tuple[MailAccount, ...] = ()
    proof: ProofPolicy = ProofPolicy.REQUIRE
    proof_of: tuple[tuple[str, ProofPolicy], ...] = ()  # of forms for which it is another
    dkim: bool = False  # signatures are checked by us where the server says nothing: needs DNS
    answers_a_day: int = 5  # to one sender
    letters_an_hour: int = 1000  # in all; then sending stops and tells
    quiet_from: str = "21:00"  # nothing is sent, but answers and cards, from then …
    quiet_until: str = "06:30"  # … until then
    message_mb: int = 30  # larger mails are refused, with an answer
    letter_mb: int = 20  # larger letters are not sent: the reader is told where the papers lie
    without_passphrase: WithoutPassphrase = WithoutPassphrase.LEAVE_OUT
    domains: tuple[str, ...] = ()  # letters go to these domains only; (): to all
    templates_at: str = "06:30"  # of the morning, to whom wants them
    remind_at: str = "14:00"  # schools that have not reported
    remind_leader_at: str = "14:45"  # their 分管领导, and the county's list
    loud_minutes: int = 10  # a server that fails so long is told as a fault

    @property
    def receiving(self) -> tuple[MailAccount, ...]:
        return tuple(account for account in self.accounts if account.imap_host)

    @property
    def lenient(self) -> bool:
        """Whether anything is taken of a sender who is not proved."""
        return {self.proof, *dict(self.proof_of).values()} != {ProofPolicy.REQUIRE}

    @property
    def sending(self) -> MailAccount | None:
        """The account that sends: the first that can."""
        return next((account for account in self.accounts if account.smtp_host), None)
