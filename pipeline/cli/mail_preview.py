"""mail preview: what would go out by mail. Nothing is sent, nothing noted."""

from __future__ import annotations

from gettext import gettext as say
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.terminal import AsJson, echo, echo_list, opened
from pipeline.errors import UsageError
from pipeline.schooldays import local_time

if TYPE_CHECKING:
    from pipeline.run.mail_preview import PreviewedMail


def preview(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="One mail of the list, by its number: its words are shown.")] = "",
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="With a number: a folder, for the mail as .eml, .txt, .html and its files."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="So many mails at most.")] = 100,
    *,
    as_json: AsJson = False,
) -> None:
    """Show what would go out by mail now, to whom, and what hinders it. Nothing is sent, nothing is changed."""
    from pipeline import config
    from pipeline.reports.first_page import FirstPages
    from pipeline.run import mail_preview

    site, now = opened(context), config.clock()()
    account = site.mail.sending
    if account is None:
        raise UsageError(say("queke.toml has no [[mail_accounts]] with smtp_host: this site sends no mail"))
    if output and not number:
        raise UsageError(say("name the mail to write into {output}: its number").format(output=output))
    if not number:
        header = (
            *(say("letter"), say("goes out"), say("kind"), say("to"), say("unit"), say("subject"), say("files")),
            *(say("bytes"), say("not now")),
        )
        with FirstPages() as pages:
            rows = [_line(one) for one in mail_preview.outline(site, account, now, limit, pages.draw)]
        echo_list(header, rows, as_json=as_json)
        return
    with FirstPages() as pages:
        found = mail_preview.find(site, account, number, now, pages.draw)
    if found is None:
        raise UsageError(say("{number}: no mail that is to go out; see `queke mail preview`").format(number=number))
    if output is None:
        echo("\n".join(f"{name}: {found.message[name]}" for name in ("To", "Subject")))
        echo(_words(found, "plain"))
    else:
        for path in _write(found, output):
            echo(str(path))


def _line(one: PreviewedMail) -> tuple[object, ...]:
    subject, files = (str(one.message["Subject"]), one.files) if one.content else ("", [])
    return (
        *(one.number, local_time(one.due), one.kind, one.address, one.unit),
        *(subject, "、".join(files), len(one.content), one.hindrance or ""),
    )


def _words(one: PreviewedMail, kind: str) -> str:
    body = one.message.get_body((kind,))
    return str(body.get_content()) if body is not None else ""


def _write(one: PreviewedMail, folder: Path) -> list[Path]:
    """Write a mail as a program gets it, and what its reader sees: words, page and files; return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {
        str(part["Content-ID"]).strip("<>"): part.get_payload(decode=True)
        for part in one.message.walk()
        if part["Content-ID"]
    }
    page = _words(one, "html")
    for name in pictures:
        page = page.replace(f"cid:{name}", name)
    made: dict[str, object] = {
        f"{one.number}.eml": one.content,
        f"{one.number}.txt": _words(one, "plain").encode(),
        f"{one.number}.html": page.encode(),
        **pictures,
        **{str(part.get_filename()): part.get_payload(decode=True) for part in one.message.iter_attachments()},
    }
    for name, content in made.items():
        if isinstance(content, bytes):
            (folder / Path(name).name).write_bytes(content)
    return [folder / Path(name).name for name in made]
