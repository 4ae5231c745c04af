"""What every answer says to the browser: nothing from elsewhere, nothing kept, nothing framed."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from pipeline.console.settings import STATIC_URL

MOST_BODY = (
    60 * 2**20
)  # bytes of one request, as in docs/nginx/queke.conf: a heap of workbooks, and one that is too large
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


class SafetyHeaders:
    """A middleware of Django's, the outermost."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = request.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > MOST_BODY:  # before a byte of it is read, whoever asks
            response: HttpResponseBase = HttpResponse("太大，没有收。\n", "text/plain; charset=utf-8", status=413)
            response["Connection"] = "close"
        else:
            response = self._answer(request)
        response["Content-Security-Policy"] = _POLICY
        response["Cross-Origin-Opener-Policy"] = "same-origin"
        response["X-Content-Type-Options"] = "nosniff"
        response["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
        if not request.path.startswith(STATIC_URL):
            response["Cache-Control"] = "no-store"
        if request.is_secure():
            response["Strict-Transport-Security"] = "max-age=31536000"
        return response
