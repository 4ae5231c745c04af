"""The pages of the console, each with whom it is for. A page that is not here does not exist."""

from __future__ import annotations

from django.urls import URLPattern

from pipeline.console.access import ABOVE_COUNTY, COUNTIES, OFFICES, SCHOOLS, Route, routes
from pipeline.console.views import (
    above,
    admin,
    boards,
    cards,
    county,
    find,
    health,
    history,
    login,
    mailboxes,
    mending,
    office,
    papers,
    quarantine,
    said,
    school,
    sending,
)

urlpatterns: list[URLPattern] = routes(
    Route("", login.home, "home"),
    Route("login", login.login, "login", free=True),
    Route("healthz", health.alive, "healthz", free=True),
    Route("readyz", health.ready, "readyz", free=True),
    Route("logout", login.logout, "logout", free=True),
    Route("password", login.password, "password"),
    Route("factor", login.factor, "factor"),
    Route("sent/<str:key>", sending.sent, "sent"),
    Route("papers", papers.listed, "papers"),
    Route("papers/<str:day>/<str:name>", papers.paper, "paper"),
    Route("search", find.found, "search"),
    Route("history", history.listed, "history", OFFICES),
    Route("files/<int:seq>", history.original, "original"),
    Route("admin", admin.overview, "admin", admins=True),
    Route("admin/failed", admin.failed, "admin-failed", admins=True),
    Route("admin/settings", admin.settings, "admin-settings", admins=True),
    Route("admin/quarantine", quarantine.listed, "admin-quarantine", admins=True),
    Route("admin/quarantine/<int:mail>", quarantine.one_mail, "admin-mail", admins=True),
    Route("admin/mailboxes", mailboxes.page, "admin-mailboxes", admins=True),
    Route("alerts/<str:number>", cards.alert, "alert", SCHOOLS | COUNTIES),
    Route("school", school.day, "school", SCHOOLS),
    Route("school/files", school.files, "school-files", SCHOOLS),
    Route("school/files/<int:seq>", mending.file, "school-file", SCHOOLS),
    Route("school/files/<int:seq>/mend", mending.mend, "school-mend", SCHOOLS),
    Route("school/upload", sending.upload, "school-upload", SCHOOLS),
    Route("school/zero", said.zero, "school-zero", SCHOOLS),
    Route("school/closure", said.closure, "school-closure", SCHOOLS),
    Route("school/template/<str:form>", sending.template, "school-template", SCHOOLS),
    Route("office", office.day, "office", OFFICES),
    Route("office/alerts", office.alerts, "office-alerts", OFFICES),
    Route("office/closed", above.closed, "office-closed", OFFICES),
    Route("office/ranking", above.ranking, "office-ranking", ABOVE_COUNTY),
    Route("office/places/<str:place>", above.place, "office-place", ABOVE_COUNTY),
    Route("office/heap", office.heap, "office-heap", OFFICES),
    Route("office/over/<str:kind>", county.over, "office-over", OFFICES),
    Route("office/excuses", county.excused, "office-excuses", COUNTIES),
    Route("office/excuse", county.excuse, "office-excuse", COUNTIES),
    Route("office/desk", office.desk, "office-desk", COUNTIES),
    Route("office/saved/<str:key>", boards.saved, "office-saved", COUNTIES),
    Route("office/<str:name>", boards.board, "office-board", COUNTIES),
)
handler404 = "pipeline.console.views.told.missing"
handler500 = "pipeline.console.views.told.fault"
handler403 = "pipeline.console.views.told.missing"
handler400 = "pipeline.console.views.told.unreadable"
