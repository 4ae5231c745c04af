"""*Our* faults, as exceptions. A sender's mistake is an `issues.Issue`, never one of these."""


class QuekeError(Exception):
    """Base of everything this package raises on purpose; its text never holds cell contents."""


class ConfigError(QuekeError):
    """The site is set up wrongly. `problems` lists everything that is wrong, so that one run shows it all."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class UsageError(QuekeError):
    """A command that cannot be carried out as it was called; the text says how to correct it.

    `english`: the same, where the text is Chinese because a paper shows it, too.
    """

    english = ""


class TemporaryError(QuekeError):
    """May pass by itself (disk full, database gone): the run stops, nothing is marked, the next cycle tries again."""


class PermanentError(QuekeError):
    """Will not pass by itself for this one submission: it becomes `failed` and is shown."""
