"""Warnings that a person raises, because no record can show them: E05, P10, P12."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime

from pipeline.alerts import site_rules
from pipeline.database import audit
from pipeline.database.decision_log import decide
from pipeline.database.models import Alert, RaisedAlert, SchoolClass, Unit
from pipeline.database.transactions import atomic
from pipeline.figures.words import joined
from pipeline.forms.classes import key_or_name
from pipeline.issues.refusals import refusal
from pipeline.merge.alert_history import AlertHistory
from pipeline.model import HOME_CAMPUS, KINDERGARTEN, DecidedBy, DecisionKind, Raised, TodoKind, UnitKind
from pipeline.registry import lookup
from pipeline.rules import Rule
from pipeline.turns.transaction import Writes

ANY_EMERGENCY = "E05"


def raise_alert(what: Raised, by: DecidedBy) -> None:
    """Raise a warning: assessed next, it opens an alert, or joins one, with its card and 24 hours like any other.

    Raises UsageError, with nothing changed, if the rule is not one of these, does not hold of so few, is not active
    there, or was raised already; or if school or campus are not known.
    """
    known = site_rules.in_force()
    rule = next((rule for rule in known.rules if rule.id == what.rule and rule.raised), None)
    if rule is None:
        raise refusal("raise-rule-unknown", rule=what.rule, rules=joined(r.id for r in known.rules if r.raised))
    if not _enough(rule, what.n, what.deaths):
        raise refusal("raise-too-few", rule=rule.id, least=rule.threshold, n=what.n)
    with atomic():
        unit = Unit.objects.select_for_update().filter(code=what.school, kind=UnitKind.SCHOOL).first()
        if unit is None:
            raise refusal("raise-school-unknown", school=what.school)
        campuses = lookup.campuses([what.school]).get(what.school, (HOME_CAMPUS,))
        if what.campus not in campuses:
            raise refusal("raise-campus-unknown", campus=what.campus, campuses=joined(campuses))
        scope = key_or_name(what.room, kindergarten=KINDERGARTEN in unit.stages.split()) if what.room else ""
        if scope and not SchoolClass.objects.filter(school=unit, campus=what.campus, key=scope).exists():
            raise refusal("class-unknown", name=what.room)
        if not rule.active(lookup.tree().chain(what.school), what.day):
            raise refusal("raise-rule-off", rule=rule.id)
        if RaisedAlert.objects.filter(
            school=unit, campus=what.campus, rule=rule.id, scope=scope, day=what.day
        ).exists():
            raise refusal("raise-again", rule=rule.id, day=what.day)
        said = {name: value for name, value in asdict(what).items() if name != "day"}
        order, settled = decide(
            DecisionKind.ALERT_RAISE, f"{what.school} {what.campus} {rule.id}", by, day=what.day, said=said
        )
        (group,) = rule.groups
        RaisedAlert.objects.create(
            school=unit,
            campus=what.campus,
            rule=rule.id,
            group=group,
            scope=scope,
            day=what.day,
            n=what.n,
            decision=order,
            settled=settled,
        )
        writes = Writes(by.at)
        writes.todo(TodoKind.WARN, what.school, settled, what.day)
        writes.flush()


def raise_in(county: str, what: Raised, by: DecidedBy) -> None:
    """Raise a warning by a county's word: of a school of its own only, by code or by its whole name.

    Raises UsageError as `raise_alert` does, or if the county has no such school, or several.
    """
    known = Unit.objects.filter(kind=UnitKind.SCHOOL)
    named = known.filter(code=what.school) if what.school.isdigit() else known.filter(name=what.school)
    found = list(named.values_list("code", flat=True))
    tree = lookup.tree(found)
    mine = [code for code in found if county in tree.chain(code)]
    if len(mine) != 1:
        raise refusal("raise-school-elsewhere", school=what.school)
    raise_alert(replace(what, school=mine[0]), by)


def of_card(alert: Alert, history: AlertHistory, at: tuple[int, datetime]) -> bool:
    """Raise what the answer to an alert says it turned out to be, or take it back; say whether anything changed.

    Of so few that the rule does not hold it is raised by E05. `at`: the settled_seq and moment of the card.
    """
    found, checked = history.found
    n = alert.cases if checked is None else checked
    known = {rule.id: rule for rule in site_rules.in_force().rules if rule.raised} if found else {}
    rule = known.get(found)
    if rule is not None and not _enough(rule, n, history.deaths):
        rule = known.get(ANY_EMERGENCY)
    wanted = (rule.id, n) if rule is not None and n else None
    before = RaisedAlert.objects.filter(alert=alert.id).first()
    if wanted == ((before.rule, before.n) if before else None):
        return False
    if before:
        before.delete()
    if wanted and rule is not None:
        (group,) = rule.groups
        answer = max(one.seq for one in history.answers)
        RaisedAlert.objects.create(
            school_id=alert.school_id, campus=alert.campus, rule=rule.id, group=group, day=alert.opened_day, n=n,
            decision=answer, settled=at[0], alert=alert.id,
        )  # fmt: skip
        audit.append([audit.AuditEntry(alert.school_id, DecisionKind.ALERT_RAISE, f"card {alert.id} {rule.id}")], at[1])
    return True


def _enough(rule: Rule, n: int, deaths: int) -> bool:
    return n >= rule.at_least or bool(rule.deaths and deaths >= rule.deaths)
