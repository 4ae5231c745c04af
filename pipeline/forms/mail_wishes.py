"""邮件要求: what a mailbox wants from us, and when, in one cell: 催报 13:30、模板 06:30、不要简报.

Blank is what is usual: all but the templates. Who names what he wants gets that and nothing else; who names what he
does not want gets the rest of the usual.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.forms.base import Bad, Fixed, Frame
from pipeline.forms.text_normalise import blank, fold, shown
from pipeline.model import MailWish

LABELS: Mapping[MailWish, str] = {
    MailWish.PAPERS: "简报",
    MailWish.CARDS: "预警卡",
    MailWish.REMIND: "催报",
    MailWish.TEMPLATES: "模板",
    MailWish.REVIEWS: "审核",
    MailWish.ACCOUNTS: "账号",
}
_WORDS: Mapping[str, MailWish] = {
    **{label: wish for wish, label in LABELS.items()},
    **dict.fromkeys(("日报简报", "报表", "未报名单"), MailWish.PAPERS),
    **dict.fromkeys(("预警", "报告卡", "预警信息报告卡"), MailWish.CARDS),
    **dict.fromkeys(("提醒", "催报提醒", "未报提醒"), MailWish.REMIND),
    **dict.fromkeys(("空白表", "空表", "填报模板", "每日模板"), MailWish.TEMPLATES),
    **dict.fromkeys(("回执", "待审核", "审核通知"), MailWish.REVIEWS),
    **dict.fromkeys(("账号通知", "开户通知"), MailWish.ACCOUNTS),
}
USUAL: Mapping[MailWish, str] = {wish: "" for wish in MailWish if wish is not MailWish.TEMPLATES}
NOTHING = "都不要"
EXAMPLE = "催报13:30、模板06:30"
_ALL = frozenset({"全部", "全要", "都要"})
_NONE = frozenset({NOTHING, "不要", "都不用", "无", "不用发"})
_ONE = re.compile(r"(不要|不用|不发)?([^0-9:]+?)(?:([0-9]{1,2}):([0-9]{2}))?")
_AT_A_TIME = frozenset({MailWish.REMIND, MailWish.TEMPLATES})


def parse(cell: object, _: Frame) -> object:
    """A cell's wishes, as they are kept: in our words."""
    if blank(cell):
        return None
    typed = shown(cell)
    found = _read(typed)
    if found is None:
        return Bad("mail-wish-unknown")
    written = write(found)
    return written if written == typed else Fixed(written)


def read(text: str) -> Mapping[MailWish, str]:
    """What is wanted, each with its time, "" for the site's; of "" the usual, of what was never understood likewise."""
    found = _read(text) if text else None
    return USUAL if found is None else found


def is_unknown(text: str) -> bool:
    """Whether a text is no wish."""
    return _read(text) is None


def write(wishes: Mapping[MailWish, str]) -> str:
    """Wishes as they are kept, at most 40 characters."""
    return "、".join(f"{LABELS[wish]}{wishes[wish]}" for wish in MailWish if wish in wishes) or NOTHING


def _read(text: str) -> dict[MailWish, str] | None:
    flat = fold(text)
    if flat in _NONE:
        return {}
    if flat in _ALL:
        return dict.fromkeys(MailWish, "")
    wanted: dict[MailWish, str] = {}
    unwanted: set[MailWish] = set()
    for part in re.split(r"[、,;。/+]+", flat):
        said = _ONE.fullmatch(part) if part else None
        if part and said is None:
            return None
        if said is None:
            continue
        wish = _WORDS.get(said[2])
        if wish is None or (said[3] and (said[1] or wish not in _AT_A_TIME or int(said[3]) > 23 or int(said[4]) > 59)):
            return None
        if said[1]:
            unwanted.add(wish)
        else:
            wanted[wish] = f"{int(said[3]):02d}:{said[4]}" if said[3] else ""
    if unwanted & wanted.keys():
        return None
    return wanted or {wish: at for wish, at in USUAL.items() if wish not in unwanted}
