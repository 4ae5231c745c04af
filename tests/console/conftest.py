"""The served site that the tests of a file share."""

from collections.abc import Iterator

import pytest

from tests import console_site
from tests.console_site import ConsoleSite


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleSite]:
    root = tmp_path_factory.mktemp("console") / "site"
    console_site.make(root)
    with console_site.served(root) as made:
        yield made
