"""The folders of units as a zip: unpacked and copied into an inbox, they prove their units, and nothing else comes."""

import io
import zipfile
from pathlib import Path

from pipeline import units
from pipeline.inbox.bundle import bundle
from pipeline.inbox.scan import is_ignored

NAMES = ["320106 鼓楼区", "2132000001 示例第一小学", "1132000002 示例（西）幼儿园"]


def test_what_is_unpacked_is_the_units_folders_and_nothing_that_would_be_taken(tmp_path: Path) -> None:
    content = bundle(NAMES)
    assert content == bundle(NAMES)
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        packed.extractall(tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir() if one.is_dir()) == sorted(NAMES)
    assert [units.code_of_folder(name) for name in NAMES] == ["320106", "2132000001", "1132000002"]
    assert all(is_ignored(one.name) for one in tmp_path.iterdir() if not one.is_dir())
