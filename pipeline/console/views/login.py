"""Login, the password of one's own, the second factor, and the end of a session."""

from __future__ import annotations

import io
from datetime import timedelta

import segno
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth import login as begin
from django.contrib.auth import logout as end
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_otp import login as verify
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from pipeline.accounts import accounts, visits
from pipeline.console import kept, open_site
from pipeline.console.access import Visitor, reader
from pipeline.console.settings import AXES_COOLOFF_TIME
from pipeline.console.views.told import told
from pipeline.database.models import Account
from pipeline.filed import Secret
from pipeline.issues import message
from pipeline.model import Issue, Level

WRONG = "用户名或密码不对，或者这个账号现在不能用。连续 5 次不对会锁定半小时。"
_KEPT = "kept"  # in a session: what was typed before it began
RECOVERY = 8  # codes, each for once
FROM_ANYWHERE = 50  # wrong passwords for one account, from all addresses together


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """The first page of whoever is not logged in."""
    if request.method == "GET":
        return render(request, "login.html", {"next": request.GET.get("next", "")})
    named = request.POST.get("username", "").strip()[:60]
    if _besieged(named):
        return locked_out(request)
    account = authenticate(request, username=named, password=request.POST.get("password", "")[:200])
    if account is None or not isinstance(account, Account):
        typed = {name: request.POST.get(name, "") for name in ("next", "kept")}
        return render(request, "login.html", {**typed, "wrong": WRONG}, status=403)
    visits.note(account.username, "login", f"account {account.username}", open_site.now())
    begin(request, account)  # another session key: what was known before is worth nothing
    form = kept.unpacked(request.POST.get("kept", ""), str(account.username))
    if form is not None:
        request.session[_KEPT] = request.POST["kept"]
    response = HttpResponseRedirect("/" if form else _after(request))
    kept.remember(response, str(account.username))
    return response


@require_GET
def go_on(request: HttpRequest) -> HttpResponse:
    """What was typed before the session ended, to be sent by one more click."""
    form = kept.unpacked(request.session.pop(_KEPT, ""), str(reader(request).account.username))
    return render(request, "continue.html", {"form": form}) if form else HttpResponseRedirect("/")


def _besieged(username: str) -> bool:
    """Whether so many wrong passwords came from many addresses that no address may try on for a while."""
    lately = timezone.now() - timedelta(hours=AXES_COOLOFF_TIME)
    tried = AccessAttempt.objects.filter(username=username, attempt_time__gte=lately)
    return int(tried.aggregate(n=Sum("failures_since_start"))["n"] or 0) >= FROM_ANYWHERE


def locked_out(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """Too many wrong passwords: the right one is refused, too, for a while."""
    return render(
        request, "login.html", {"wrong": "输错次数太多，这个账号在这台电脑上锁定半小时，请稍后再试。"}, status=429
    )


def outdated(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was not of this session: expired, or not from a page of ours."""
    del reason
    form = kept.of(request)
    if form is None:
        return told(request, "页面过期了", "请返回上一页，刷新后再提交。", 403)
    return render(request, "continue.html", {"form": form, "why": "页面已经过期"}, status=403)


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the session."""
    end(request)
    response = HttpResponseRedirect("/login")
    kept.forget(response)
    return response


@sensitive_post_parameters("old", "new", "again")
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """The password of one's own: asked at the first login, changed at will."""
    asking = reader(request)
    if request.method == "GET":
        return render(request, "password.html")
    new = Secret(request.POST.get("new", "")[:200])
    wrong = ""
    if not asking.account.check_password(request.POST.get("old", "")[:200]):
        wrong = "现在的密码不对。"
    elif new != Secret(request.POST.get("again", "")[:200]):
        wrong = "两次输入的新密码不一样。"
    elif fault := accounts.choose(asking.account, new, open_site.now()):
        wrong = message(Issue(fault))
    if wrong:
        return render(request, "password.html", {"wrong": wrong}, status=400)
    asking.account.refresh_from_db()
    begin(request, asking.account, backend=settings.AUTHENTICATION_BACKENDS[1])  # all other sessions have ended
    return HttpResponseRedirect("/")


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def factor(request: HttpRequest) -> HttpResponse:
    """The second factor: shown once to be scanned, then asked at each login."""
    asking = reader(request)
    device = TOTPDevice.objects.filter(user=asking.account.pk).first()
    if device is None:
        device = TOTPDevice.objects.create(user=asking.account, name="手机", confirmed=False)
    if request.method == "POST":
        return _verified(request, asking, device, request.POST.get("code", "").strip()[:20])
    return _factor_page(request, device)


def _verified(request: HttpRequest, asking: Visitor, device: TOTPDevice, code: str) -> HttpResponse:
    if device.confirmed and (spare := _spare(asking.account, code)):
        verify(request, spare)
        return HttpResponseRedirect("/")
    if not device.verify_is_allowed()[0] or not device.verify_token(code):
        return _factor_page(request, device, wrong="验证码不对。请看手机上现在的 6 位数字，手机时间要准。", status=403)
    codes = []
    if not device.confirmed:
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        codes = _recovery_codes(asking.account)
    verify(request, device)
    visits.note(asking.account.username, "factor", f"account {asking.account.username}", open_site.now())
    return render(request, "recovery.html", {"codes": codes}) if codes else HttpResponseRedirect("/")


def _factor_page(request: HttpRequest, device: TOTPDevice, wrong: str = "", status: int = 200) -> HttpResponse:
    picture = ""
    if not device.confirmed:
        drawn = io.BytesIO()
        segno.make(device.config_url).save(drawn, kind="svg", scale=5, xmldecl=False, svgns=True, nl=False)
        picture = drawn.getvalue().decode()
    secret = "" if device.confirmed else _in_fours(device.config_url)
    return render(request, "factor.html", {"picture": picture, "secret": secret, "wrong": wrong}, status=status)


def _in_fours(address: str) -> str:
    """The secret of an otpauth address, as it is typed where no camera is."""
    secret = address.partition("secret=")[2].partition("&")[0]
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))


def _spare(account: Account, code: str) -> StaticDevice | None:
    device = StaticDevice.objects.filter(user=account.pk).first()
    return device if device is not None and device.verify_is_allowed()[0] and device.verify_token(code) else None


def _recovery_codes(account: Account) -> list[str]:
    StaticDevice.objects.filter(user=account.pk).delete()
    device = StaticDevice.objects.create(user=account, name="备用码", confirmed=True)
    codes = [StaticToken.random_token() for _ in range(RECOVERY)]
    StaticToken.objects.bulk_create([StaticToken(device=device, token=code) for code in codes])
    return codes


def home(request: HttpRequest) -> HttpResponse:
    """Where somebody's work begins; where it goes on, if his session ended in the middle of a form."""
    if _KEPT in request.session:
        return HttpResponseRedirect("/continue")
    return HttpResponseRedirect("/school" if reader(request).level is Level.SCHOOL else "/office")


def _after(request: HttpRequest) -> str:
    """Where the login was asked for, if that is a page of this site."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe and wanted.startswith("/") else "/"
