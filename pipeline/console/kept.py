"""What was typed into a form whose session had ended: kept through the login, and sent on by its writer's own click.

It travels signed in the login form, for some hours, and is given back to the account that typed it: a cookie says whose
browser it was. Passwords and codes are never kept; files cannot be.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

_SALT = "console.kept"
_SECONDS = 24 * 3600
_COOKIE = "who"  # whose browser it was: outlives the session
_MOST = 500_000  # characters
_SECRET = frozenset({"/login", "/logout", "/password", "/factor"})
_TOKEN = "csrfmiddlewaretoken"  # nosec B105  # the name of a field


@dataclass(frozen=True, slots=True)
class KeptForm:
    """A form: where it goes, and its fields in order."""

    path: str
    fields: tuple[tuple[str, str], ...]


def of(request: HttpRequest) -> KeptForm | None:
    """Return what a form of ours holds; None for one of passwords, without fields, or of another site."""
    if request.method != "POST" or request.path in _SECRET or not _is_ours(request):
        return None
    pairs = tuple((name, text) for name, texts in request.POST.lists() if name != _TOKEN for text in texts)
    return KeptForm(request.path, pairs) if pairs and sum(map(len, map("".join, pairs))) < _MOST else None


def _is_ours(request: HttpRequest) -> bool:
    """Whether the browser says that a page of this site sent it."""
    said = request.headers.get("Origin") or request.headers.get("Referer", "")
    ours = f"{request.scheme}://{request.get_host()}"
    return said == ours or said.startswith(f"{ours}/")


def packed(form: KeptForm, request: HttpRequest) -> str:
    """Return a form as a signed text for whoever was logged in on this browser; "" if nobody was."""
    whose = request.get_signed_cookie(_COOKIE, "", salt=_SALT)
    return signing.dumps([whose, form.path, form.fields], salt=_SALT, compress=True) if whose else ""


def unpacked(text: str, username: str) -> KeptForm | None:
    """Return the form of a signed text, if this account typed it; None for any other."""
    try:
        whose, path, fields = signing.loads(text, salt=_SALT, max_age=_SECONDS)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    return KeptForm(path, tuple((name, value) for name, value in fields)) if whose == username else None


def remember(response: HttpResponse, username: str) -> None:
    """Note in the browser whose it is."""
    response.set_signed_cookie(
        _COOKIE, username, salt=_SALT, max_age=_SECONDS, httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip


def forget(response: HttpResponse) -> None:
    """Whoever logs out leaves nothing behind."""
    response.delete_cookie(_COOKIE)
