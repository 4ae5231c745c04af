"""Pages for what is not there, and for our own faults: one sentence, and the way back."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def told(request: HttpRequest, title: str, text: str, status: int = 200, back: str = "/") -> HttpResponse:
    """A page of one sentence, and the way back."""
    return render(request, "told.html", {"title": title, "text": text, "back": back}, status=status)


def missing(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """There is no such page, or it is not this reader's: nobody can tell which."""
    return told(request, "没有这个页面", "网址可能不对，或者内容已经撤下。", 404)


def unreadable(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """The request itself is wrong."""
    return told(request, "看不懂这个请求", "请返回上一页再试。", 400)


def fault(request: HttpRequest) -> HttpResponse:
    """Our fault: the log says where."""
    return told(request, "系统出错", "系统出了错，已经记下。您交的文件没有丢；请过一会儿再看。", 500)
