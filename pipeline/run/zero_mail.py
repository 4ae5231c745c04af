"""A mail of one line that says nobody is absent: made into the school's own workbook, which takes the path of all.

So duplicates, lateness, what stands already and the receipt are those of any 缺课日报.
"""

from __future__ import annotations

from datetime import date

from pipeline import issuing
from pipeline.forms import form, zero_line
from pipeline.model import Issue, MailPart, OpenedMail, Site
from pipeline.registry import lookup
from pipeline.units import is_school
from pipeline.xlsx.fill import Template, fill

BY_MAIL = "邮件"  # who reported, where nobody signed a sheet


def speaks(mail: OpenedMail, seen: date) -> bool:
    """Whether a mail without files speaks of a zero report, whoever sent it."""
    return not mail.parts and zero_line.read(mail.subject, mail.lines, "", seen) is not None


def report(site: Site, mail: OpenedMail, unit: str, seen: date) -> MailPart | Issue | None:
    """Return the workbook that a mail without files stands for, why it cannot be one, or None if it is about nothing of
    the kind. `unit`: for whom its sender speaks; `seen`: the day on which it came.
    """
    name = lookup.names({unit}).get(unit, "")
    line = zero_line.read(mail.subject, mail.lines, name, seen)
    if line is None:
        return None
    if line.day is None or not is_school(unit):
        return Issue("mail-zero-unclear")
    campuses = lookup.campuses({unit}).get(unit, ())
    if len(campuses) > 1:
        return Issue("mail-zero-campuses", details=(("campuses", "、".join(campuses)),))
    blank = issuing.template(site, "absence", unit, line.day, campuses[0] if campuses else "")
    said = {"zero": "是", "reporter": BY_MAIL}
    return MailPart(f"零报告 {line.day.isoformat()}.xlsx", fill(Template(blank), form("absence"), said, {}))
