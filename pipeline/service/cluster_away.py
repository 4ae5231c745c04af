"""A cluster without a worker: all goes on here, slower; `status` and `doctor` name it until one is there again."""

from __future__ import annotations

from datetime import datetime
from gettext import gettext as say
from typing import TYPE_CHECKING

from pipeline import fault_log, faults
from pipeline.errors import TemporaryError
from pipeline.model import Site

if TYPE_CHECKING:
    from pipeline.executors.cluster import Cluster

STEP = "cluster"


class ClusterWatch:
    """Whether it is known that the cluster of a site is away."""

    def __init__(self, site: Site, cluster: Cluster) -> None:
        self._site, self._cluster = site, cluster

    def tell(self, now: datetime) -> None:
        """Remember that no worker is there, or forget it."""
        known = fault_log.stands(STEP, "")
        if self._cluster.size:
            if known:
                fault_log.forget(self._site, STEP)
        elif not known:
            error = TemporaryError(say("no worker of the cluster is there: this machine does all by itself"))
            fault_log.note(self._site, STEP, faults.fault(error), now)
