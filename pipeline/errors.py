"""What is *our* fault, as exceptions. A sender's mistake is an `issues.Issue`, never one of these."""


class QuekeError(Exception):
    """Base of everything this package raises on purpose; its text never holds cell contents."""


class ConfigError(QuekeError):
    """The site is set up wrongly. `problems` lists all that is wrong, so that one run shows everything."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class UsageError(QuekeError):
    """A command was called in a way that cannot be carried out; the text says how to mend it."""


class TemporaryError(QuekeError):
    """May pass by itself (disk full, database gone): stops the line, marks nothing, tried again next cycle."""


class PermanentError(QuekeError):
    """Will not pass by itself for this one submission: it becomes `failed` and is shown."""
