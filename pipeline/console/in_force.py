"""queke.toml as it is in force, for a page: each key, its value and what it means; no secret."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import BaseModel

from pipeline.config import Settings
from pipeline.mail_settings import AccountSection, MailSection
from pipeline.model import Site
from pipeline.site_settings import Checks, ClusterSection, Intake, Times

_FILES = frozenset({"password_file", "ca_file"})


@dataclass(frozen=True, slots=True)
class SettingShown:
    """One key as it is in force, and what it means."""

    name: str
    value: str
    meaning: str


def settings(site: Site) -> dict[str, list[SettingShown]]:
    """Return what is in force by section, "" for what stands before all."""
    found = {"": [_shown("database", without_login(site.database), Settings)]}
    for section, model, values in (
        ("times", Times, site.policy),
        ("checks", Checks, site.policy),
        ("intake", Intake, site.policy),
        ("cluster", ClusterSection, site.cluster),
        ("mail", MailSection, site.mail),
    ):
        found[section] = [_shown(name, getattr(values, name), model) for name in model.model_fields]
    told = [name for name in AccountSection.model_fields if name not in _FILES]
    for account in site.mail.accounts:
        found[f"mail_accounts {account.name}"] = [_shown(name, getattr(account, name), AccountSection) for name in told]
    return found


def _shown(name: str, value: object, model: type[BaseModel]) -> SettingShown:
    meaning = (model.model_fields[name].description or "").partition(" · ")[0]
    if isinstance(value, tuple):
        value = " ".join(part if isinstance(part, str) else "=".join(part) for part in value)
    return SettingShown(name, {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value), meaning)


def without_login(address: str) -> str:
    """Return the address of a store without user and password."""
    place = urlsplit(address)
    return address.replace(f"{place.netloc.rpartition('@')[0]}@", "", 1) if "@" in place.netloc else address
