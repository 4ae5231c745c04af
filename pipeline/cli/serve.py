"""serve: the web console."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from pipeline.cli.language import Language

SETTINGS = "pipeline.console.settings"


def add(app: typer.Typer) -> None:
    """Hang the command into `app`."""
    app.command()(serve)


def serve(
    context: typer.Context,
    *,
    bind: Annotated[str, typer.Option(help="Address and port to listen on.")] = "127.0.0.1:8080",
    host: Annotated[
        list[str] | None, typer.Option(help="A name under which browsers ask for it; may be given several times.")
    ] = None,
    proxies: Annotated[int, typer.Option(min=0, max=3, help="How many proxies stand before it: 1 behind nginx.")] = 0,
    https: Annotated[bool, typer.Option("--https", help="Browsers come by TLS, which a proxy ends.")] = False,
) -> None:
    """Serve the web console; `queke watch` takes in what is put in there. Ends on SIGTERM."""
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS  # before Django is loaded: the pages need more than the store
    os.environ["LANGUAGE"] = Language.ZH  # pages are Chinese, whatever the shell speaks
    from pipeline.cli.terminal import opened
    from pipeline.console import open_site
    from pipeline.console.server import Server

    site = opened(context, log="info")
    hosts = [*(host or []), *_local(bind)]
    open_site.open_console(site, hosts, proxies=proxies, https=https)
    open_site.make_tables()
    Server(site, bind, hosts, proxies=proxies, https=https).run()


def _local(bind: str) -> list[str]:
    """The names of this machine, by which it is asked without a proxy."""
    return ["127.0.0.1", "localhost", "[::1]", bind.rpartition(":")[0]]
