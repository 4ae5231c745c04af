"""An invented province, small but complete: what `queke demo` plays, and what tests build upon."""
