"""`python -m pipeline` is `queke`."""

import sys

from pipeline.cli import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
