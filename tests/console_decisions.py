"""`python -m tests.console_decisions FOLDER`: each decision of each board, by the 处理单 and by the page.

On two copies of one site; as JSON, what the two stores differ in, by board and opinion. In a process of its own, for
the console has Django's settings to itself.
"""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "pipeline.console.settings"
    os.environ["QUEKE_NOW"] = "2026-11-20T14:30:00"
    from pipeline import database  # noqa: F401  # makes Django ready
    from tests.console_twice import main

    main(Path(sys.argv[1]))
