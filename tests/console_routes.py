"""The table of the console's pages as JSON, made in a process of its own: `python -m tests.console_routes`."""

import json
import os
import sys

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "pipeline.console.settings"
    from pipeline import database  # noqa: F401  # makes Django ready
    from pipeline.console import urls
    from pipeline.console.access import ROUTES

    named = [pattern.name for pattern in urls.urlpatterns]
    table = [
        {"name": one.name, "address": one.address, "levels": sorted(one.levels), "free": one.free, "admins": one.admins}
        for one in ROUTES.values()
    ]
    sys.stdout.write(json.dumps({"routes": table, "patterns": named}))
