"""The store: the ORM's room. `open` it first; its modules may be imported only after that."""

from pipeline.store.opening import behind, migrate
from pipeline.store.opening import close_store as close
from pipeline.store.opening import open_store as open  # noqa: A004  # callers say store.open(site)

__all__ = ["behind", "close", "migrate", "open"]
