"""backup, restore, rebuild, audit verify: a second copy of a site, and the ways back."""

from __future__ import annotations

from gettext import gettext as say
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.terminal import AsJson, echo, echo_json, opened, show_error

if TYPE_CHECKING:
    from pipeline.service.rebuild import Rebuilt
    from pipeline.service.restore import Restored


audit = typer.Typer(help="Who did what, as a chain of hashes.", no_args_is_help=True, rich_markup_mode=None)


def add(app: typer.Typer) -> None:
    """Hang the commands of this group into `app`."""
    app.command()(backup)
    app.command()(restore)
    app.command()(rebuild)
    app.add_typer(audit, name="audit")


def backup(
    context: typer.Context,
    target: Annotated[
        Path, typer.Argument(metavar="TARGET", help="A folder on another disk; each backup its own in it.")
    ],
    *,
    keep: Annotated[int, typer.Option(min=0, help="How many backups to keep there; 0: all.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Copy store, archive, journal, secret and settings, as of one moment, while `queke watch` goes on.

    Who has a backup has all names and the secret: keep it as closely as the site.
    """
    from dataclasses import asdict

    from pipeline import config, database
    from pipeline.service import backup as copying

    site = config.load(context.obj.folder)
    context.obj.log()
    database.open(site)
    folder, made = copying.back_up(site, target, config.clock()(), keep)
    if as_json:
        echo_json({"folder": folder, **{name: value for name, value in asdict(made).items() if name != "sums"}})
    else:
        said = say(
            "made {folder}: {submissions} submissions, {decisions} decisions, up to number {last}; {files} files"
        )
        counts = {name: getattr(made, name) for name in ("submissions", "decisions", "last", "files")}
        echo(said.format(folder=folder, **counts))
    if made.missing:
        show_error(
            say("the bytes of {missing} submissions are nowhere: {some}; see `queke status`").format(
                missing=len(made.missing), some=made.missing[:5]
            )
        )
        raise typer.Exit(1)


def restore(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A backup, or the folder of backups: its newest.")],
    folder: Annotated[Path | None, typer.Argument(metavar="SITE", help="The folder of the site to make.")] = None,
    *,
    database: Annotated[str, typer.Option(help="Another address of the store than the backup's.")] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Set aside what stands in SITE, in the same folder.")
    ] = False,
    retake: Annotated[
        bool, typer.Option("--retake", help="With --replace: put what came after the backup into the inbox again.")
    ] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Only hash every file of the backup.")] = False,
) -> None:
    """Verify a backup, make a site from it, and count its store against its journal."""
    from pipeline import config
    from pipeline.errors import UsageError
    from pipeline.service import restore as service

    found = service.newest(source)
    if verify:
        made = service.verify(found)
        echo(
            say("{found}: whole; {files} files, up to number {last}, made {made_at}").format(
                found=found, files=made.files, last=made.last, made_at=made.made_at
            )
        )
        return
    if folder is None:
        raise UsageError(say("name the folder of the site to make, or --verify"))
    done = service.restore(found, folder, config.clock()(), database_url=database, replace=replace)
    _tell(found, folder, done)
    if retake:
        count, gone = service.retake(done, folder)
        echo(
            say(
                "{count} workbooks that came after the backup lie in the inbox again, and will get new receipts"
            ).format(count=count)
        )
        if gone:
            show_error(
                say("the originals of {gone} were not kept, their senders must send them again: {some}").format(
                    gone=len(gone), some=gone[:5]
                )
            )
    if done.differs or done.after:
        raise typer.Exit(1)


def _tell(source: Path, folder: Path, done: Restored) -> None:
    echo(
        say("restored {folder} from {source}, as of {made_at}").format(
            folder=folder, source=source, made_at=done.manifest.made_at
        )
    )
    echo(
        say("{submissions} submissions, {decisions} decisions; the journal has {journalled} of them").format(
            submissions=done.submissions, decisions=done.decisions, journalled=done.journalled
        )
    )
    if done.mails:
        echo(
            say("{count} mails were to go out when it was made: `queke mail send --again` sends them").format(
                count=done.mails
            )
        )
    if done.aside:
        echo(say("what stood there is in {aside}").format(aside=done.aside))
    if done.differs:
        show_error(
            say("store and journal do not agree on {differs} numbers: {some}").format(
                differs=len(done.differs), some=done.differs[:5]
            )
        )
    if done.after:
        arrivals = [row for row in done.after if row["kind"] == "arrival"]
        seqs = sorted(int(str(row["seq"])) for row in done.after)
        show_error(
            say(
                "numbers {first} to {last} came after this backup and are NOT in it: {arrivals} workbooks, which lie "
                "in {aside}/archive, and {decisions} decisions, in its journal"
            ).format(
                first=seqs[0],
                last=seqs[-1],
                arrivals=len(arrivals),
                aside=done.aside,
                decisions=len(done.after) - len(arrivals),
            )
        )


def rebuild(
    context: typer.Context,
    *,
    database: Annotated[
        str, typer.Option(help="Another address than queke.toml's, such as postgresql://user@host/name.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make the store again from archive and journals: after its loss, or onto another database. No process may work on
    the site meanwhile; the archive is only read.
    """
    from dataclasses import asdict

    from pipeline import config
    from pipeline.cli.taking import workers
    from pipeline.executors import Pool
    from pipeline.forms import clinical
    from pipeline.service import rebuild as rebuilding

    site = config.load(context.obj.folder)
    clinical.learn(site.words)
    context.obj.log("warning")
    with Pool(workers(site), at_once=False) as readers:
        done = rebuilding.rebuild(site, readers, onto=database)
    if as_json:
        echo_json(asdict(done))
    else:
        said = say(
            "made again: {submissions} submissions, {decisions} decisions, {acts} acts; the audit ends at {head}"
        )
        counts = {name: getattr(done, name) for name in ("submissions", "decisions", "acts")}
        echo(said.format(head=f"{done.head[0]}:{done.head[1]}", **counts))
        _tell_rebuilt(done)
        if database:
            echo(say("write the new address into queke.toml (`database`), then start `queke watch`"))
    if done.differs or done.failed:
        raise typer.Exit(1)


def _tell_rebuilt(done: Rebuilt) -> None:
    if done.failed:
        seq, why = done.failed[0]
        show_error(
            say("{failed} acts could not be taken again; the first is act {seq}: {why}").format(
                failed=len(done.failed), seq=seq, why=why
            )
        )
    if done.differs:
        show_error(
            say("{differs} acts came out otherwise than the first time; the first is {act}").format(
                differs=len(done.differs), act=done.differs[0]
            )
        )
    if done.unsettled:
        echo(say("{unsettled} submissions wait: `queke watch` settles them").format(unsettled=done.unsettled))
    if done.stubs:
        echo(
            say("{stubs} files were not kept, they held passwords: their outcome is known, not its reasons").format(
                stubs=len(done.stubs)
            )
        )
    if done.in_hand:
        echo(
            say("{count} mails were being sent: ask their readers, then `queke mail send --again`").format(
                count=done.in_hand
            )
        )
    if done.passwords:
        echo(say("passwords are in no archive: give each account a new one with `queke accounts issue`"))


@audit.command("verify")
def verify_audit(
    context: typer.Context,
    *,
    head: Annotated[str, typer.Option(help="A head noted earlier, as SEQ:HASH: it must still be in the chain.")] = "",
    as_json: AsJson = False,
) -> None:
    """Walk the chain: a row changed, removed or put in is named (exit 1). Note the head it shows somewhere else."""
    from pipeline.database import audit as chain
    from pipeline.errors import UsageError

    opened(context)
    broken = chain.broken_at()
    last, hash_ = chain.head()
    seq, _, noted = head.partition(":")
    if head and not (seq.isdecimal() and noted):
        raise UsageError(say("--head: write it as this command shows it, SEQ:HASH"))
    lost = bool(head) and chain.chain_at(int(seq)) != noted
    if as_json:
        echo_json({"whole": broken is None and not lost, "broken_at": broken, "head": f"{last}:{hash_}", "lost": lost})
    elif broken is None and not lost:
        echo(say("whole: {last} rows; head {head}").format(last=last, head=f"{last}:{hash_}"))
    if broken is not None:
        show_error(
            say("the chain breaks at row {broken}: it, or one before it, is not as it was written").format(
                broken=broken
            )
        )
    if lost:
        show_error(say("row {seq} is not the one noted in --head: the chain was cut, or made anew").format(seq=seq))
    if broken is not None or lost:
        raise typer.Exit(1)
