"""The units' folders as one zip, to be unpacked on the disk from which a county's files are copied into the inbox."""

from __future__ import annotations

import io
from collections.abc import Iterable
from zipfile import ZIP_STORED, ZipFile, ZipInfo

ABOUT = "readme.md"  # a name the inbox ignores, should all of it be copied there
_TEXT = (
    "每个单位一个文件夹，文件夹名以代码开头，请不要改名。\r\n"
    "各校交来的表放进各校的文件夹；整个文件夹原样拷进收件目录（inbox）即可，空文件夹不碍事。\r\n"
    "文件夹名只在收件目录里、由系统建好的文件夹才算凭据，见系统管理员。\r\n"
)


def bundle(names: Iterable[str]) -> bytes:
    """Return a zip of empty folders of these names; the same names give the same bytes."""
    content = io.BytesIO()
    with ZipFile(content, "w", ZIP_STORED) as made:
        made.writestr(ZipInfo(ABOUT), ("\ufeff" + _TEXT).encode())
        for name in names:
            made.mkdir(name, 0o755)
    return content.getvalue()
