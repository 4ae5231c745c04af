"""The database itself: connection, models, migrations, SQL, journal, decision log, audit. What is done with them lives
elsewhere.

Importing it makes Django ready, without a database; `open` connects it to a site's.
"""

from pipeline.database.connection import behind, make_ready, migrate
from pipeline.database.connection import close_store as close
from pipeline.database.connection import open_store as open  # noqa: A004  # callers say database.open(site)

__all__ = ["behind", "close", "migrate", "open"]

make_ready()
