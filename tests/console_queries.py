"""`python -m tests.console_queries SITE`: what `tests.console_walk` counts, with the console's settings."""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "pipeline.console.settings"
    from pipeline import database  # noqa: F401  # makes Django ready
    from tests.console_walk import main

    main(Path(sys.argv[1]))
