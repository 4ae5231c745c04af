"""A site begun anew beside the archive of a store that is lost: the old is set aside, and no number is given twice."""

from __future__ import annotations

from datetime import datetime
from gettext import gettext as say
from pathlib import Path

from pipeline import config, database, durable
from pipeline.database import dump, journal
from pipeline.errors import ConfigError
from pipeline.inbox import evidence
from pipeline.model import Site
from pipeline.run.lock import hold_site

ASIDE = "before-"


def set_aside(root: Path, now: datetime) -> tuple[int, Path | None]:
    """Move what a lost store left in archive and spool to `archive/before-…`; return the last number, and where it is.

    An SQLite store that is still there goes with it. Raises ConfigError if the site's other database knows submissions.
    """
    root = root.resolve()
    last = evidence.gather(root / "archive").last
    if not last:
        return 0, None
    with hold_site(Site(root, "", b"")):
        if (root / config.KEY).exists():
            last = max(last, _known(config.load(root)))
        aside = root / "archive" / f"{ASIDE}{now:%Y%m%dT%H%M%S}"
        durable.make_folder(aside / "spool")
        for path in (root / "archive").iterdir():
            if not path.name.startswith(ASIDE):
                durable.rename(path, aside / path.name)
        for path in (root / "spool").iterdir():  # archive/ may be another file system
            durable.move_all(path, aside / "spool" / path.name)
        for path in root.glob("*.sqlite3*"):
            durable.move_all(path, aside / path.name)
        durable.sync_many((), (aside, aside / "spool", root / "archive", root / "spool", root))
    return last, aside


def _known(site: Site) -> int:
    """The last number of the store that is there."""
    if site.database.startswith("sqlite") and not any(site.root.glob("*.sqlite3")):
        return 0  # opening would make one
    database.open(site)
    known = 0 if dump.is_empty() else journal.extent(()).last
    database.close()
    if known and not site.database.startswith("sqlite"):
        raise ConfigError([say("the database that the site names knows submissions: name an empty one in queke.toml")])
    return known
