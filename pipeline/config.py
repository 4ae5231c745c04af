"""queke.toml and QUEKE_* become one `model.Site`, passed down as a value: nothing below reads a setting by itself.

Every key is in `Settings` with its default and one comment; `write` makes the file from it, so that the file, the
defaults and what is accepted cannot differ. All problems of a site are reported together.
"""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta
from gettext import gettext as say
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from pipeline import durable, mail_settings, site_settings
from pipeline.errors import ConfigError
from pipeline.forms import lexicon
from pipeline.inbox import evidence
from pipeline.model import Clock, ClusterPlan, MailPlan, Policy, Site
from pipeline.schooldays import ZONE

FILE = "queke.toml"
WORDS = "words.toml"
KEY = "queke.key"
KEY_BYTES = 32
FOLDERS = ("inbox", "outbox", "archive", "spool")


_KEY = re.compile(r"[0-9a-f]{64}")
# read elsewhere: where the site is, how it logs, who decides, and what its clock says in a demo or a test
_RESERVED = frozenset({"QUEKE_SITE", "QUEKE_NOW", "QUEKE_LOG", "QUEKE_WHO"})


class Settings(BaseSettings):
    """The keys of queke.toml. QUEKE_<KEY> and QUEKE_<SECTION>__<KEY> override them."""

    model_config = SettingsConfigDict(
        extra="forbid",
        env_prefix="QUEKE_",
        env_nested_delimiter="__",
        toml_file=FILE,
        validate_default=True,
    )

    database: str = Field(
        "sqlite:///queke.sqlite3",
        description="数据库：sqlite:///文件（相对本目录）或 postgresql://… · the store's address",
    )
    key_file: str = Field(KEY, description="本站密钥文件，丢失则凭单号失效 · the site's secret: back it up")
    times: site_settings.Times = site_settings.Times()
    checks: site_settings.Checks = site_settings.Checks()
    intake: site_settings.Intake = site_settings.Intake()
    keeping: site_settings.Keeping = site_settings.Keeping()
    cluster: site_settings.ClusterSection = site_settings.ClusterSection()
    mail: mail_settings.MailSection = mail_settings.MailSection()
    mail_accounts: list[mail_settings.AccountSection] = []

    @field_validator("database")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        return _address(value)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Keep two sources: the environment, then the file."""
        del init_settings, dotenv_settings, file_secret_settings
        return env_settings, TomlConfigSettingsSource(settings_cls)


def _address(value: str) -> str:
    """Return an address of a store unchanged. Raises ValueError, which says what is wrong with it."""
    if not value.startswith(("sqlite:///", "postgresql://")):
        raise ValueError("begin it with sqlite:/// or postgresql://")
    place = urlsplit(value)
    _ = place.port  # raises ValueError if it is no number
    if not place.path.strip("/"):
        raise ValueError("name the database too, such as postgresql://user@host/name")
    return value


def load(root: Path, environment: Mapping[str, str] | None = None) -> Site:
    """Return the site in the folder `root`.

    Raises ConfigError with every problem at once: file missing, key unknown, value unfit, secret missing or open.
    """
    root = root.resolve()
    if not (root / FILE).is_file():
        raise ConfigError(
            [
                say("{root} is not a site: it has no {file}; make one with `queke init {root}`").format(
                    root=root, file=FILE
                )
            ]
        )
    problems = _unknown_variables(os.environ if environment is None else environment)
    settings = _settings(root / FILE, problems)
    key = _key(root / (settings.key_file if settings else KEY), problems)
    words = _words(root / WORDS, problems)
    mail = _mail(settings, root, problems) if settings else MailPlan()
    if problems or settings is None:
        raise ConfigError(problems)
    return Site(
        root=root,
        database=settings.database,
        key=key,
        policy=policy(settings),
        words=words,
        mail=mail,
        cluster=_cluster(settings.cluster, root),
    )


def _cluster(section: site_settings.ClusterSection, root: Path) -> ClusterPlan:
    files = {name: str(root / path) for name, path in section.model_dump(exclude={"scheduler"}).items() if path}
    return ClusterPlan(section.scheduler, **files)


def _mail(settings: Settings, root: Path, problems: list[str]) -> MailPlan:
    try:
        return mail_settings.plan(settings.mail, settings.mail_accounts, root)
    except ValueError as error:
        problems.append(f"{FILE}: {error}")
        return MailPlan()


def _words(path: Path, problems: list[str]) -> dict[str, str]:
    """The site's own words for symptoms and diseases: none without the file."""
    if not path.is_file():
        return {}
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{path}: {error}")
        return {}
    listed = raw.pop("words", {})
    wrong = [say('{name}: write words below [words], each as "word" = "code"').format(name=name) for name in raw]
    if isinstance(listed, dict):
        wrong += lexicon.problems(listed)
    else:
        wrong.append(say("words: write it as a table, [words]"))
    problems += [f"{path}: {problem}" for problem in wrong]
    return {} if wrong else {str(word): str(codes) for word, codes in listed.items()}


def policy(settings: Settings) -> Policy:
    """Turn the sections into the flat value that the core takes: each key has one name in both."""
    sections = (settings.times, settings.checks, settings.intake, settings.keeping)
    return Policy(**{name: value for section in sections for name, value in section.model_dump().items()})


def write(root: Path, database: str = "") -> list[Path]:
    """Make folders, queke.toml and the secret of a new site, keeping what exists; return what was made.

    The secret is readable by its owner only, and is never overwritten: codes and tickets depend on it. Raises
    ConfigError for an invalid address, before anything is made.
    """
    if database:
        _checked(root, database)
    made = []
    for folder in (root, *(root / name for name in FOLDERS)):
        if not folder.is_dir():
            folder.mkdir(parents=True, mode=0o700)
            made.append(folder)
    if not (root / FILE).exists():
        durable.write_through(root / FILE, text(database).encode())  # 0600: it may name the store's password
        made.append(root / FILE)
    key = root / KEY
    if not key.exists():
        _check_that_new(root)
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
        made.append(key)
    return made


def _check_that_new(root: Path) -> None:
    """Raise ConfigError where archive or store show that the site had a secret: a new one would void all codes."""
    last = evidence.gather(root / "archive").last
    if last or any(path.stat().st_size for path in root.glob("*.sqlite3")):
        shown = say("archive/ shows numbers up to {last}").format(last=last) if last else say("a store is there")
        raise ConfigError(
            [
                say(
                    "{key}: the site's secret is missing, and {shown}: no new one is made, "
                    "codes and tickets depend on it"
                ).format(key=KEY, shown=shown),
                say("put it back from a backup; or begin anew, the old archive set aside: `queke init --begin-anew`"),
            ]
        )


def amended(text: str, name: str, value: str) -> str:
    """A queke.toml with another value of one of the keys above its sections."""
    lines = text.splitlines()
    named = [at for at, line in enumerate(lines) if line.split("=")[0].strip() == name]
    lines[named[0] if named else 0 : named[0] + 1 if named else 0] = [f"{name} = {_toml(value)}"]
    return "\n".join(lines) + "\n"


def _checked(root: Path, database: str) -> None:
    try:
        _address(database)
    except ValueError as error:
        raise ConfigError([say("--database: {error}").format(error=error)]) from None
    if (root / FILE).exists() and load(root).database != database:
        raise ConfigError(
            [say("--database: {file} stands and names another; change it there").format(file=root / FILE)]
        )


def text(database: str = "") -> str:
    """Every key with its default below its comment, as a TOML file."""
    lines = ["# queke 站点配置：每项都写着默认值 · every key, with its default; unknown keys are refused"]
    sections = []
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, BaseModel):
            sections.append((name, type(field.default)))
        elif name != "mail_accounts":
            value = database if name == "database" and database else field.default
            lines += ["", f"# {field.description}", f"{name} = {_toml(value)}"]
    for name, section in sections:
        lines += ["", f"[{name}]"]
        for key, field in section.model_fields.items():
            lines += [f"# {field.description}", f"{key} = {_toml(field.default)}"]
    return "\n".join(lines) + "\n\n" + mail_settings.EXAMPLE


def clock(environment: Mapping[str, str] | None = None) -> Clock:
    """Return the clock: aware, Asia/Shanghai.

    With QUEKE_NOW=2026-11-20T14:30 a demo or a test begins at that time, and the clock goes on from there. Raises
    ConfigError if QUEKE_NOW is not a time.
    """
    start = (os.environ if environment is None else environment).get("QUEKE_NOW", "")
    if not start:
        return lambda: datetime.now(ZONE)
    try:
        begin = datetime.fromisoformat(start)
    except ValueError:
        raise ConfigError([say("QUEKE_NOW: write it as 2026-11-20T14:30")]) from None
    begin = begin.astimezone(ZONE) if begin.tzinfo else begin.replace(tzinfo=ZONE)
    began = monotonic()
    return lambda: begin + timedelta(seconds=monotonic() - began)


def _settings(path: Path, problems: list[str]) -> Settings | None:
    class Here(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    try:
        return Here()
    except ValidationError as error:
        problems += [_problem(e) for e in error.errors()]
    except ValueError as error:  # TOMLDecodeError, or a variable that is not JSON where a section is needed
        problems.append(say("{name}: cannot be read: {error}").format(name=path.name, error=error))
    return None


def _problem(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return say("{file}: {where}: unknown key; see the keys that `queke init` writes").format(file=FILE, where=where)
    message = error["msg"].removeprefix("Value error, ")
    return f"{FILE}: {where}: {message}"


def _unknown_variables(environment: Mapping[str, str]) -> list[str]:
    known = set(_RESERVED)
    for name, field in Settings.model_fields.items():
        known.add(f"QUEKE_{name}".upper())
        if isinstance(field.default, BaseModel):
            known |= {f"QUEKE_{name}__{key}".upper() for key in type(field.default).model_fields}
    return [
        say("{name}: unknown variable; the keys of {file} may be set as QUEKE_KEY or QUEKE_SECTION__KEY").format(
            name=name, file=FILE
        )
        for name in sorted(environment)
        if name.startswith("QUEKE_") and name not in known
    ]


def _key(path: Path, problems: list[str]) -> bytes:
    try:
        mode = path.stat().st_mode
        words = path.read_text("ascii").strip()
    except FileNotFoundError:
        problems.append(say("{name}: the site's secret is missing; put it back from the backup").format(name=path.name))
        return b""
    except (OSError, UnicodeDecodeError):
        problems.append(say("{name}: the site's secret cannot be read by this user").format(name=path.name))
        return b""
    if os.name == "posix" and mode & 0o077:
        problems.append(
            say("{name}: others may read the site's secret; mend it with `chmod 600 {path}`").format(
                name=path.name, path=path
            )
        )
    if not _KEY.fullmatch(words):
        problems.append(
            say("{name}: not a secret of queke (64 hexadecimal digits); put it back from the backup").format(
                name=path.name
            )
        )
        return b""
    return bytes.fromhex(words)


def _toml(value: object) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
