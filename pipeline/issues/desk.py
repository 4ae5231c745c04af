"""About a 县级处理单: lines that could not be carried out, and lines that were."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.issues.entry import Message, advice, error

_UNDONE = "这一行没有办，事情仍在等您处理。"

ENTRIES: Mapping[str, Message] = {
    "desk-not-yours": error(
        "这份处理单不是发给这个文件夹的单位的，没有采用。",
        "处理单请放进本县（市、区）自己的文件夹；上级、外县和学校的文件夹不能代交。",
        cost="一行也没有办。",
    ),
    "desk-key-missing": error(
        "这一行没有事项号或校验码，不知道说的是哪一件。",
        "请在系统发出的处理单上填写，不要另外加行、不要删去右边隐藏的两列。",
        cost=_UNDONE,
    ),
    "desk-key-wrong": error(
        "这一行的事项号被改动过，或不是发给本县（市、区）的，没有办。",
        "请用今天的处理单重新填写这一行，不要从别的表粘贴整行。",
        cost=_UNDONE,
    ),
    "opinion-unknown": error(
        "“意见”列的“{value}”没看懂。", "请从 {choices} 中选一项。", public=("choices",), cost=_UNDONE
    ),
    "opinion-unfit": error(
        "意见“{opinion}”在这张表上用不上。", "请从 {choices} 中选一项。", public=("opinion", "choices"), cost=_UNDONE
    ),
    "opinion-missing": error(
        "写了理由或内容，没有选意见。", "请在“意见”一列选一项；不想处理就把整行清空。", cost=_UNDONE
    ),
    "opinion-twice": error(
        "同一件事有两行不同的意见（另一处在第 {first} 行），两行都没有办。",
        "请只留一种意见。",
        public=("first",),
        cost=_UNDONE,
    ),
    "range-unknown": error(
        "“范围”列的“{value}”没看懂。", "请从 {choices} 中选一项；空着就只办这一行。", public=("choices",), cost=_UNDONE
    ),
    "range-mend": error(
        "代改是一格一格的，不能用在多行上。", "请清空“范围”，把对的内容写在各行的“改为”。", cost=_UNDONE
    ),
    "range-twice": error(
        "第 {first} 行的范围也包括这些行，意见或理由不一样，这一行没有办。",
        "请只留一种，或在要另办的行上写各自的意见。",
        public=("first",),
        cost=_UNDONE,
    ),
    "range-given": advice("这一行的意见（{range}）同样用在本表另外 {count} 行上。", public=("range", "count")),
    "desk-with-another": error(
        "同一件事的另一行（第 {first} 行）没有办成，这一行也没有办。",
        "请一起改好后发回。",
        public=("first",),
        cost=_UNDONE,
    ),
    "why-missing": error(
        "选了“{opinion}”，没有写理由。", "请在“理由”一列写明，会转告学校。", public=("opinion",), cost=_UNDONE
    ),
    "stamp-ahead": error("盖章日期 {value} 还没到。", "请核对盖章日期。", cost=_UNDONE),
    "mend-nothing": error("选了代改，“改为”一列没有填。", "请写上学校告诉您的内容；不改就选豁免。", cost=_UNDONE),
    "mend-whole": error("这一行说的不是某一个格子，不能代改。", "请学校重发；确实不用改的选豁免。", cost=_UNDONE),
    "mend-still-bad": error(
        "按您写的代改后，这一行还是不能收（{reason}）。", "请再核实后改“改为”一列。", public=("reason",), cost=_UNDONE
    ),
    "desk-moved-on": error(
        "您填写之后这件事有了变动，没有照旧的意见办。", "请看退回修正表里现在的情况，再选一次意见。", cost=_UNDONE
    ),
    "desk-gone": advice("这件事已经不用处理了（学校已经改好，或已有人办过），这一行没有再办。"),
    # shown only to the county that sent the 处理单
    "desk-refused": error(
        "没有办成（{reason}）。", "请按所说的改好后发回，或电话联系上级。", public=("reason",), cost=_UNDONE
    ),
    "desk-done-before": advice("这一行此前已经处理，没有再办一次。"),
    "desk-password": advice(
        "已开户，其中 {count} 个账号没有自定初始密码。",
        "请在网页的“账号”里发放（或用 queke accounts issue），再当面或电话告知使用人。",
        public=("count",),
    ),
    "raise-incomplete": error(
        "要上报预警，这一行还差 {which}。", "请补全这一行；不上报就把整行清空。", public=("which",), cost=_UNDONE
    ),
    "raise-unknown": error(
        "“事件”列的“{value}”没看懂。", "请从 {choices} 中选一项。", public=("choices",), cost=_UNDONE
    ),
    "raise-ahead": error("“自哪天起”{value} 还没到。", "请核对日期；空着就是今天。", cost=_UNDONE),
    "desk-counts": advice("办理结果：{done}。", public=("done",)),
    "desk-nothing": advice("这份处理单里没有选任何意见，什么也没有动。", "要办哪一件，请在它的“意见”一列选一项。"),
}
