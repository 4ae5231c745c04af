"""The web server: gunicorn with threads, a few processes, nothing on the network but pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from django.core.wsgi import get_wsgi_application
from gunicorn.app.base import BaseApplication

from pipeline.console import open_site
from pipeline.model import Site

WORKERS, THREADS = 2, 8
SECONDS = 60  # a request that takes longer ends


class Server(BaseApplication):  # type: ignore[misc]  # published without types
    """Gunicorn, told by values instead of a file."""

    def __init__(self, site: Site, bind: str, hosts: list[str], *, proxies: int, https: bool) -> None:
        self._site, self._bind = site, bind
        self._open: Callable[[], None] = partial(open_site.open_console, site, hosts, proxies=proxies, https=https)
        import_module("pipeline.console.urls")  # all pages, once, before the processes part
        super().__init__()

    def load_config(self) -> None:
        """Set gunicorn's own settings."""
        told: dict[str, Any] = {
            "bind": self._bind,
            "workers": WORKERS,
            "threads": THREADS,
            "worker_class": "gthread",
            "timeout": SECONDS,
            "graceful_timeout": 20,
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "limit_request_line": 4094,
            "control_socket_disable": True,
            "forwarded_allow_ips": "127.0.0.1",
            "proc_name": "queke serve",
        }
        for name, value in told.items():
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        """The application, in each process anew."""
        self._open()
        return get_wsgi_application()
