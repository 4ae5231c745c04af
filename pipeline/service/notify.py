"""What systemd is told (sd_notify): READY=1 when it watches, WATCHDOG=1 as long as work gets on, STOPPING=1 in the end.

A unit with `Type=notify` and `WatchdogSec=300` starts the service anew when it hangs, or when each look fails. Without
systemd nothing is told. Source: sd_notify(3).
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def notify(state: str) -> None:
    """Send a state to whoever started this process and asked for it; that it cannot be sent is no fault."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
        line.connect("\0" + address[1:] if address.startswith("@") else address)
        line.send(state.encode())
