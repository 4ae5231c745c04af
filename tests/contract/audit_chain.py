"""The audit's chain of hashes, walked."""

from pipeline.database import audit
from pipeline.database.audit import AuditEntry
from pipeline.database.models import Audit


def broken_at() -> int | None:
    """Return the seq of the first row that does not follow from those before, None if all do."""
    chain, expected = audit.START, 1
    for row in Audit.objects.order_by("seq").iterator():
        entry = AuditEntry(row.who, row.what, row.target, tuple(row.fields))
        chain = audit.link(chain, expected, row.at, entry)
        if row.seq != expected or row.chain != chain:
            return row.seq
        expected += 1
    return None
