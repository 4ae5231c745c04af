"""`python -m benchmarks.console_sessions SITE N`: accounts of schools and offices, logged in, as JSON.

In a process of its own, for the console has Django's settings to itself. No password is hashed: to log in is not
measured.
"""

import json
import os
import sys
from datetime import date
from pathlib import Path

OFFICES = 5  # one account in so many is a county's, and one in four of these a city's


def main(root: Path, count: int) -> None:
    """Open the accounts, and print each with its session."""
    from django.conf import settings  # after Django's settings are chosen
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import connections
    from django_otp.plugins.otp_static.models import StaticDevice

    from pipeline import config
    from pipeline.console import open_site
    from pipeline.console.own_tables import ALIAS
    from pipeline.database.models import Account, Unit

    open_site.open_console(config.load(root), ["127.0.0.1"])
    open_site.make_tables()
    connections[ALIAS].close()
    schools = list(Unit.objects.filter(kind="school").order_by("code")[:count])
    made = []
    for n, school in enumerate(schools):
        level, unit = "school", school.code
        if n % OFFICES == 0:
            level = "city" if n % (4 * OFFICES) == 0 else "county"
            division = school.division.parent_id if level == "city" else school.division_id
            unit = f"{division}JY"
        account = Account.objects.create(
            username=f"bench{n}", folded=f"bench{n}", unit_id=unit, level=level, holder="示例", is_active=True,
            must_change=False, confirmed_on=date(2026, 11, 2), password=f"!{n}",
        )  # fmt: skip
        session = SessionStore()
        session[SESSION_KEY] = str(account.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[1]
        session[HASH_SESSION_KEY] = account.get_session_auth_hash()
        if level == "city":
            session["otp_device_id"] = StaticDevice.objects.create(user=account, name="bench").persistent_id
        session.save()
        made.append({"level": level, "unit": unit, "session": session.session_key})
    sys.stdout.write(json.dumps(made))


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "pipeline.console.settings"
    from pipeline import database  # noqa: F401  # makes Django ready

    main(Path(sys.argv[1]), int(sys.argv[2]))
