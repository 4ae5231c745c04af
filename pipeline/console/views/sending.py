"""Files put in, and what became of them; workbooks given out."""

from __future__ import annotations

from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from pipeline import forms, issuing
from pipeline.accounts import visits
from pipeline.console import drops, open_site
from pipeline.console.access import reader
from pipeline.console.views.told import told
from pipeline.county.boards import BOARDS
from pipeline.errors import UsageError
from pipeline.forms.desk import DESK
from pipeline.inbox.scan import is_ignored
from pipeline.model import Level, State
from pipeline.outbox.folder import legal
from pipeline.xlsx.guard import MAX_FILE

MOST_FILES = {Level.SCHOOL: 20}  # at once
_HEAP = 300  # … of an office
_MOST_BYTES = 56 * 2**20  # … together
_FINE = frozenset({State.ACCEPTED, State.DUPLICATE})
_FEW = 3  # receipts that are shown in full; of more each is a line that opens


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Workbooks, chosen or dropped: kept, and their receipts shown on the page that follows."""
    return put_files(request, "upload")


def put_files(request: HttpRequest, what: str) -> HttpResponse:
    """Put what was uploaded into the inbox, and go to the page of its outcome."""
    given = request.FILES.getlist("files")
    if not given:
        return told(request, "没有收到文件", "没有选文件。请先选好填写过的表，再点“提交”。", 400)
    most = MOST_FILES.get(reader(request).level, _HEAP)
    if len(given) > most:
        return told(request, "文件太多", f"一次最多 {most} 个文件，请分几次交。", 400)
    if sum(one.size or 0 for one in given) > _MOST_BYTES:
        return told(request, "文件太大", f"一次最多 {_MOST_BYTES // 2**20} MB，请分几次交。", 413)
    if large := next((one.name for one in given if (one.size or 0) > MAX_FILE), None):
        text = f"《{large}》超过 {MAX_FILE // 2**20} MB，不像是填好的表。请检查是不是粘进了图片。"
        return told(request, "文件太大", text, 413)
    if empty := next((one.name for one in given if not one.size), None):  # nobody takes a file that is still empty
        return told(request, "文件是空的", f"《{empty}》里什么也没有。请打开看看，保存以后再交。", 400)
    if ignored := next((one.name for one in given if is_ignored(legal(one.name or ""))), None):
        text = f"《{ignored}》是表格软件或下载工具的临时文件，不是填好的表。请选正式的那一份。"
        return told(request, "文件不对", text, 400)
    return put(request, [(one.name or "未命名", one.read()) for one in given], what)


def put(request: HttpRequest, files: list[tuple[str, bytes]], what: str) -> HttpResponse:
    """Put workbooks into the inbox, and go to the page of their outcome; a script is told where that is."""
    try:
        place = f"/sent/{quote(drops.put(reader(request), files, what).key)}"
    except OSError:  # the disk is full, or the inbox away: none of them is there
        text = "服务器现在存不下文件，一个也没有收。请过几分钟再交；一直不行，请打电话给上一级管理员。"
        return told(request, "没有交上", text, 503)
    return JsonResponse({"place": place}) if request.headers.get("X-Part") else HttpResponseRedirect(place)


@require_GET
def sent(request: HttpRequest, key: str) -> HttpResponse:
    """What became of what was just put in: the receipts, and the way to what must be mended."""
    drop = drops.found(key, reader(request))
    if drop is None:
        raise Http404
    page = "sent_part.html" if request.headers.get("X-Part") else "sent.html"
    found = drops.standing(drop)
    values = {"standing": found, "key": key, "count": drop.count, "done": len(found.done), "many": drop.count > _FEW}
    fine = sum(one.state in _FINE for one in found.done)
    board = request.GET.get("board", "")  # of the county's desk, from which it came
    back = {"board": board, "sheet": DESK.table(board).sheet if board in BOARDS else ""}
    return render(request, page, {**values, **back, "fine": fine, "wanting": len(found.done) - fine})


@require_GET
def template(request: HttpRequest, form: str) -> HttpResponse:
    """A school's template of today, with what we know filled in."""
    asking, site, today = reader(request), open_site.site(), open_site.today()
    try:
        content = issuing.template(site, form, asking.code, today, request.GET.get("campus", ""))
    except UsageError:  # no form of schools, or no campus of this one
        raise Http404 from None
    visits.note(asking.account.username, "template", f"{form} {asking.code}", open_site.now())
    return workbook(content, f"{forms.form(form).title} {today:%Y-%m-%d}.xlsx")


def workbook(content: bytes, name: str) -> HttpResponse:
    """A workbook as a download."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return HttpResponse(content, content_type=kind, headers=headers)
