"""Passwords where nobody asked for one, known by their kind: beside a word that says so, below or behind a head, or, in
the name of a file, by their look.

What is known here is starred or not kept; what says nothing of itself (a word alone in a cell) cannot be known.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from pipeline.filed import SHOWN
from pipeline.forms.text_normalise import fold, shown
from pipeline.model import Sheet

WORDS = ("密码", "密碼", "口令", "PIN码", "pin码", "ＰＡＳＳＷＯＲＤ", "Ｐａｓｓｗｏｒｄ", "ｐａｓｓｗｏｒｄ")
OURS = "不要加密码"
"""What our own forms say of it."""
ENGLISH = ("password", "passwd", "passcode", "passphrase")
BESIDE = ("username", "user name", "userid", "user id", "login", "account")
"""English words are in many files that hold none; so one of these must stand beside."""

_HALF = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}  # keeps every place
_WORD = r"(?:密\s*[码碼]|口\s*令|pass\s?(?:word|wd|code|phrase)|passwd|\bpwd\b|\bmima\b)"
_LABELLED = re.compile(
    rf"{_WORD}[\s:=＝_\-—~,，;；。'\"“”‘’(（【「\[）)】是为為叫改设成即的：]{{0,12}}(?:is\s+)?"
    r"(?!20[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2}(?![!-~]))(?=[!-~]{0,40}[0-9!@#$%^&*+=?~])[!-~]{4,}",
    re.IGNORECASE,
)
_HEAD = re.compile(
    r"(?![\u4e00-\u9fff]*[不勿无没忘加改设输记找][\u4e00-\u9fff]*[密口])"  # what is done with one, or not
    r"(?:[\u4e00-\u9fff]{0,10}(?:密[码碼]|口令)"
    r"|[\u4e00-\u9fff]{0,6}(?:user|login)?(?:pass(?:word|wd|code|phrase)|passwd|pwd|mima)"
    r"|pin码)"
    r"(?:[(\[【{<].*)?[*:]?"
)
_BARE = re.compile(r"pass|pin|pw")  # a head of a password only beside that of a user
_USER = re.compile(
    r"(?:系统|平台|登[录陆入])?(?:用户|[账帐]号|[账帐]户|登[录陆入]|会员)(?:名称|名|号|id)?(?:[(\[【{<].*)?[*:]?"
    r"|user(?:name|id)?|login(?:name|id)?|account(?:name|id)?|uid|yonghuming|zhanghao"
)
_VALUE = re.compile(r"(?=.*[0-9!@#$%^&*+=?~])[!-~]{4,40}")
_DATE = re.compile(r"20[0-9]{2}([-/.][0-9]{1,2}){2}")
_LONGEST_HEAD = 24

_ENDING = re.compile(
    r"\.(?:xls[xmb]?|xltx?|csv|tsv|txt|docx?|wps|et|ods|odt|pdf|jpe?g|png|gif|bmp|tiff?|heic|zip|rar|7z|html?|xml|rtf|"
    r"eml|json|tmp)$",
    re.IGNORECASE,
)
_RUN = re.compile(r"[!-~]{3,}")
_PLAIN_NAME = re.compile(r"(?:备案[号表]{0,2}[\s_:#.()-]*[0-9]{1,6}|^[0-9]{10}|^[0-9]{6})(?![!-~])")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[A-Za-z]+)+")
_ABOUT_ACCOUNTS = ("备案", "盖章", "用户权限", "账号申请", "帐号申请", "账户申请", "初始密码", "开户")
_RARE = set("!@#$%^&*+=?~")  # signs that file names do without


def about_accounts(name: str) -> bool:
    """Whether a file's name shows that it is about accounts."""
    flat = unicodedata.normalize("NFKC", name)
    return any(word in flat for word in _ABOUT_ACCOUNTS)


def is_said(text: str) -> bool:
    """Whether a text says what a password is: 密码：abc123, password is abc123."""
    return _LABELLED.search(text.translate(_HALF)) is not None


def starred(path: str) -> str:
    """A file's name, or its path, with stars for every password in it.

    Where it speaks of a password all that is no Chinese becomes stars, but for its ending, the code at its beginning
    and a 备案号: which of the rest is the password is not for us to guess.
    """
    return "/".join(map(_starred, path.split("/")))


def heads(cells: Sequence[object]) -> list[int]:
    """At which places of a row there is the head of a column of passwords."""
    texts = [_head(cell) for cell in cells]
    user = any(_USER.fullmatch(text) for text in texts if text)
    return [at for at, text in enumerate(texts) if text and (_HEAD.fullmatch(text) or (user and _BARE.fullmatch(text)))]


def in_sheets(sheets: Iterable[Sheet]) -> bool:
    """Whether a sheet has what looks like a password below such a head, or right of it; or says one in a cell."""
    return any(_in_rows(sheet.rows) for sheet in sheets)


def in_lines(text: str) -> bool:
    """Whether a text of separated values has such a head, or says a password."""
    return is_said(text) or any(heads(re.split(r"[,;\t|，；、]", line.replace('"', ""))) for line in text.splitlines())


def _in_rows(rows: Sequence[Sequence[object]]) -> bool:
    columns: set[int] = set()
    for row in rows:
        if any(at < len(row) and _is_value(row[at]) for at in columns):
            return True
        texts = [cell for cell in row if isinstance(cell, str)]
        if any(map(is_said, texts)):
            return True
        if texts and (found := heads(row)):
            if any(_is_value(next(_filled(row[at + 1 :]), None)) for at in found):
                return True
            columns |= set(found)
    return False


def _filled(cells: Sequence[object]) -> Iterator[object]:
    return (cell for cell in cells if cell not in (None, ""))


def _head(cell: object) -> str:
    return fold(cell.translate(_HALF)) if isinstance(cell, str) and len(cell) <= _LONGEST_HEAD else ""


def _is_value(cell: object) -> bool:
    text = shown(cell).translate(_HALF).strip()
    return _VALUE.fullmatch(text) is not None and _DATE.fullmatch(text) is None


def _starred(name: str) -> str:
    flat = name.translate(_HALF)
    ending = _ENDING.search(flat)
    end = ending.start() if ending else len(name)
    stem = flat[:end]
    says = re.search(_WORD, stem, re.IGNORECASE) is not None
    kept = [found.span() for found in _PLAIN_NAME.finditer(stem)]
    accounts = about_accounts(stem)
    made, at = [], 0
    for run in _RUN.finditer(stem):
        start, stop = run.span()
        if any(low <= start and stop <= high for low, high in kept):
            continue
        if says or _looks_like_one(run[0], any_sign=accounts):
            made += [name[at:start], SHOWN]
            at = stop
    return "".join([*made, name[at:]])


def _looks_like_one(run: str, *, any_sign: bool) -> bool:
    """Letters, digits and a sign, eight or more together, and no address of mail."""
    signs = {char for char in run if not char.isalnum()}
    mixed = len(run) >= 8 and any(map(str.isdigit, run)) and any(map(str.isalpha, run))
    return mixed and bool(signs if any_sign else signs & _RARE) and not _MAIL.fullmatch(run)
