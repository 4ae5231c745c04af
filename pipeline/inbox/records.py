"""All that the archive has of a site's course: arrivals, decisions and acts from its journals, and where bytes are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.inbox import archive, packed
from pipeline.model import Arrival, Channel, Site

STUB = ".txt"  # the ending of a note that stands for a file of which nothing was kept

Line = Mapping[str, Any]


@dataclass(slots=True)
class Records:
    """Lines by number: of arrivals, decisions, copies kept instead of the original, and acts. `files`: where bytes are,
    by number (of packed ones, where they lay); `spooled`, those that wait, by SHA-256.
    """

    arrivals: dict[int, Line] = field(default_factory=dict)
    decisions: dict[int, Line] = field(default_factory=dict)
    scrubbed: dict[int, Line] = field(default_factory=dict)
    acts: dict[int, Line] = field(default_factory=dict)
    files: dict[int, Path] = field(default_factory=dict)
    spooled: dict[str, Path] = field(default_factory=dict)

    def is_stub(self, seq: int) -> bool:
        """Whether nothing is kept of a submission but a note that it was there."""
        return self.files[seq].suffix == STUB and seq in self.scrubbed


def load(site: Site) -> Records:
    """Read all journals of a site's archive, and the names of all kept files."""
    found = Records()
    for _, name, _ in packed.members(site.archive):
        if number := packed.KEPT.fullmatch(name.partition("/")[2]):
            found.files[int(number[1])] = site.archive / name
    for folder in packed.days(site.archive):
        _journals(folder, found)
        for path in folder.iterdir():
            if number := packed.KEPT.fullmatch(path.name):
                found.files[int(number[1])] = path
    _find_others(site, found)
    return found


def _journals(folder: Path, found: Records) -> None:
    """Add the lines of one day's journal and acts."""
    for line in archive.read_journal(folder / archive.JOURNAL):
        lines = found.arrivals if line["kind"] == "arrival" else found.decisions
        lines[int(str(line["seq"]))] = line
    for line in archive.read_lines(folder / archive.JOURNAL):
        if line.get("kind") == "scrubbed":
            found.scrubbed[int(str(line["of"]))] = line
    for line in archive.read_lines(folder / archive.ACTS):
        if "act" in line:
            found.acts[int(str(line["act"]))] = line


def arrival(site: Site, kept: Records, seq: int) -> Arrival:
    """Return an arrival as it was journalled; its path is where its bytes are now."""
    line = kept.arrivals[seq]
    return Arrival(
        sha256=line["sha256"],
        size=line["size"],
        name=line["name"],
        channel=Channel(line["channel"]),
        folder=line["folder"],
        bound=line["bound"],
        first_seen=datetime.fromisoformat(line["first_seen"]),
        received_at=datetime.fromisoformat(line["received_at"]),
        path=kept.files.get(seq, site.archive / "missing" / str(seq)),
        claim=line["claim"],
    )


def _find_others(site: Site, found: Records) -> None:
    """Signed papers of 备案 lie apart, by 备案号; what was never settled still lies in the spool."""
    papers = {path.stem.rpartition("-")[2]: path for path in (site.archive / archive.FILINGS).glob("*")}
    spool = [path for path in site.spool.glob("*") if path.is_file()]
    spooled = {archive.hash_of(path): path for path in spool}
    for seq, line in found.arrivals.items():
        sha256 = line["sha256"]
        if seq not in found.files and (path := papers.get(sha256[:12]) or spooled.get(sha256)):
            found.files[seq] = path
