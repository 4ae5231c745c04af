"""A small, complete, invented province: played by `queke demo`, and used by tests."""
