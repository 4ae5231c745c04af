"""The sections [mail] and [[mail_accounts]] of queke.toml: what is accepted in them, and the `MailPlan` they become."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipeline.model import MailAccount, MailPlan, ProofPolicy, Security, WithoutPassphrase
from pipeline.validate.proof import always_proved

TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")

EXAMPLE = """\
# 收发邮件的账户，可以有几个；口令另存一个只有本用户可读的文件 · mail accounts; each password in a file of its own, 0600
# [[mail_accounts]]
# name = "main"
# address = "queke@example.edu.cn"
# user = "queke@example.edu.cn"
# password_file = "mail-main.secret"
# imap_host = "imap.example.edu.cn"
# smtp_host = "smtp.example.edu.cn"
# authserv_id = "mx.example.edu.cn"
"""
"""What stands in a new queke.toml in place of accounts."""


class AccountSection(BaseModel):
    """One of our accounts on a mail server: [[mail_accounts]]."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"[a-z0-9-]{1,20}")
    address: str
    user: str = ""
    password_file: str
    imap_host: str = ""
    imap_port: int = Field(993, gt=0, lt=65536)
    imap_security: Security = Security.TLS
    folder: str = "INBOX"
    done_folder: str = "queke-done"
    aside_folder: str = "queke-aside"
    authserv_id: str = ""
    smtp_host: str = ""
    smtp_port: int = Field(465, gt=0, lt=65536)
    smtp_security: Security = Security.TLS
    dkim_selector: str = Field("", pattern=r"[A-Za-z0-9._-]{0,63}")
    ca_file: str = ""

    @field_validator("address")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if not ADDRESS.fullmatch(value):
            raise ValueError("write it as name@example.edu.cn")
        return value.lower()

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.imap_host and not self.smtp_host:
            raise ValueError("give imap_host, smtp_host or both")
        return self


class MailSection(BaseModel):
    """How mail is used: [mail]."""

    model_config = ConfigDict(extra="forbid", validate_default=True)

    proof: ProofPolicy = Field(
        ProofPolicy.REQUIRE, description="发件人凭据：off、warn、require · proof of who sent a mail that reports"
    )
    proof_of: str = Field(
        "",
        description="某几种表另定：absence=warn card=off；备案表、县级处理单总是 require · by form",
    )
    dkim: bool = Field(False, description="服务器不验证时自行验证DKIM，需要DNS · check signatures ourselves")
    answers_a_day: int = Field(5, ge=0, description="一天最多答复同一发件人几封 · answers a day to one sender")
    letters_an_hour: int = Field(1000, gt=0, description="每小时最多发出几封，超过即停并报警 · letters an hour in all")
    quiet_from: str = Field("21:00", description="夜间几点起不发（答复、预警除外） · but for answers and cards")
    quiet_until: str = Field("06:30", description="……到几点 · until then")
    message_mb: int = Field(30, gt=0, le=100, description="来信大于此数（MB）不收，并答复 · larger mails are refused")
    letter_mb: int = Field(20, gt=0, le=100, description="去信大于此数（MB）不带附件 · larger letters leave them out")
    without_passphrase: WithoutPassphrase = Field(
        WithoutPassphrase.LEAVE_OUT,
        description="收件单位没有打开口令时，含姓名的附件：leave-out 不带，send 照带 · attachments that name pupils",
    )
    domains: str = Field("", description="只发往这些邮箱域名，空格隔开；空为不限 · letters go to these domains only")
    templates_at: str = Field(
        "06:30", description="几点发当天模板（要的才发） · the day's templates, to whom wants them"
    )
    remind_at: str = Field("14:00", description="几点催未报学校 · schools that have not reported are reminded")
    remind_leader_at: str = Field("14:45", description="几点催其分管领导 · their leaders, and the county's list")
    loud_minutes: int = Field(
        10, gt=0, description="邮件服务器连不上几分钟后报警 · a server that fails so long is told"
    )

    @field_validator("proof_of")
    @classmethod
    def _are_policies(cls, value: str) -> str:
        _policies(value)
        return value

    @field_validator("quiet_from", "quiet_until", "templates_at", "remind_at", "remind_leader_at")
    @classmethod
    def _is_a_time(cls, value: str) -> str:
        if not TIME.fullmatch(value):
            raise ValueError("write it as HH:MM, such as 14:00")
        return value


def plan(mail: MailSection, accounts: Sequence[AccountSection], root: Path) -> MailPlan:
    """Return both sections as one value; paths are below the site's folder `root`.

    Raises ValueError if two accounts have one name.
    """
    names = [account.name for account in accounts]
    if len(set(names)) < len(names):
        raise ValueError("mail_accounts: each needs a name of its own")
    return MailPlan(
        accounts=tuple(_account(account, root) for account in accounts),
        **mail.model_dump(exclude={"domains", "proof_of"}),
        proof_of=tuple(_policies(mail.proof_of).items()),
        domains=tuple(mail.domains.lower().split()),
    )


def _policies(text: str) -> dict[str, ProofPolicy]:
    """Read absence=warn card=off."""
    found = {}
    for part in text.split():
        form, _, policy = part.partition("=")
        if always_proved(form) or policy not in set(ProofPolicy):
            raise ValueError("write it as form=off|warn|require, such as absence=warn; not filing, not desk")
        found[form] = ProofPolicy(policy)
    return found


def _account(account: AccountSection, root: Path) -> MailAccount:
    said = account.model_dump(exclude={"user", "password_file", "ca_file"})
    return MailAccount(
        **said,
        user=account.user or account.address,
        password_file=root / account.password_file,
        ca_file=root / account.ca_file if account.ca_file else None,
    )
