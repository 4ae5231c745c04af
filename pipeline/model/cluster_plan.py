"""What queke.toml says of other machines that read and draw."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """The scheduler of a Dask cluster, and by which certificates both sides know each other. Scheduler "": none."""

    scheduler: str = ""  # tls://host:port; tcp:// on loopback only
    ca: str = ""  # paths of PEM files
    certificate: str = ""
    key: str = ""
