"""About a 学校名册: rows in conflict, and the results of its changes."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.issues.entry import Message, advice, error, query

ROWS: Mapping[str, Message] = {
    "unit-code-missing": error("没有填学校标识码。", "请填 10 位学校标识码。"),
    "school-name-missing": error("没有填学校名称。", "请填学校名称。"),
    "unit-code-category": error("标识码“{value}”的前两位不是学校类别。", "请核对 10 位学校标识码。"),
    "unit-code-province": error("标识码“{value}”的第 3、4 位不是 32（江苏）。", "请核对 10 位学校标识码。"),
    "division-not-yours": error("区划代码“{value}”不在本名册的范围内。", "请核对；别的县（市、区）的学校由当地报。"),
    "school-repeated": error(
        "同一学校同一校区出现了两次（另一处在第 {first} 行）。", "请只留一行。", public=("first",)
    ),
    "class-repeated": error(
        "同一学校的班级“{value}”出现了两次（另一处在第 {first} 行）。", "请只留一行。", public=("first",)
    ),
    "class-without-school": error(
        "班级所属的学校“{value}”不在学校表里，登记册里也没有。", "请先在学校表里加上这所学校。"
    ),
    "school-elsewhere": error("标识码“{value}”不能登记在本名册里。", "请核对标识码；学校迁移请联系上级。"),
    "class-stage-unclear": query("看不出班级“{value}”属于哪个学段。", "请在学段列填上。"),
}

CONTACTS: Mapping[str, Message] = {
    "organ-missing": error("没有选机构。", "请选 教育局、卫健委 或 疾控中心；不填联系人就把整行清空。"),
    "organ-repeated": error("同一机构出现了两次（另一处在第 {first} 行）。", "请只留一行。", public=("first",)),
    "organ-not-schools": error("学校的名册里不能改机构的联系人。", "请删去这一行；机构由县（市、区）登记。"),
    "class-number-unclear": query(
        "班级“{value}”看不出是哪个年级、哪个班，已按原样登记。",
        "若不是这样叫的，请写成 三(2)班 这样的名称再发。",
    ),
    "class-roll-unlikely": query(
        "学生人数 {value} 不像一个班的人数，已按所填登记。", "请核对；这个班没有了，请填“停用日期”。"
    ),
    "campus-row-whole": query(
        "“{column}”按整所学校登记，校区这一行填的没有用。",
        "以本部那一行为准；一个校区启用、停办，请在“班级”表填那些班的启用、停用日期。",
    ),
    "until-before-from": error("停用日期 {value} 不晚于启用日期。", "请核对两个日期的年份和月份。"),
}

SAID: Mapping[str, Message] = {
    "registry-changes": advice("名册改动 {count} 处，自 {day} 起生效。", public=("count", "day")),
    "registry-change": advice("{what}。"),
    "mailbox-elsewhere": advice(
        "{school}的“邮箱”现在是别的单位的，没有改成它的。",
        "请核对邮箱；确实换了单位的，请管理员先从原单位取下（queke mailboxes unbind）。",
    ),
    "registry-rest": advice("另有 {rest} 处改动未列出。", public=("rest",)),
    "roster-sweeps": query(
        "这份名册要{head}，比平常多得多，怕是填错或往下拖出来的，先没有生效：{what}。",
        "若确实如此，请在县级处理单的“待核”里选“确认”，或请管理员放行；若填错了，请改好再发，这一份不用管。",
        public=("head", "what"),
        cost="登记册没有变动。",
    ),
    "roster-again": query(
        "这份与早先收到的一份完全相同，而那份之后名册又改过；照这份会改动 {count} 处（{what}）。",
        "要照这份改，请管理员放行；要撤回后来的那一份，请管理员用 queke units undo；都不要就不用管。",
        public=("count",),
        cost="登记册没有变动。",
    ),
    "roster-again-same": query(
        "这份与早先收到的一份完全相同，而那份之后名册又改过；照这份不会改动什么：空着的格子不撤回已登记的内容。",
        "要撤回后来的那一份，请管理员用 queke units undo；不用再发。",
        cost="登记册没有变动。",
    ),
    "registry-same": advice("内容与登记册一致，没有改动。"),
    "registry-proposed": advice(
        "改动 {count} 处，已转县（市、区）确认；确认之前仍按原来的名册。",
        "无需再发，等县（市、区）答复。",
        public=("count",),
    ),
    "registry-confirmed": advice("县（市、区）已确认，改动 {count} 处，自 {day} 起生效。", public=("count", "day")),
    # the county's own words, for the sender of the file only
    "registry-undone": error(
        "这份已撤回，如同没有收过：{why}。", "登记的内容已按没有这一份算；要改的请改好再发。", public=("why",)
    ),
    # the county's own words, for the sender of the file only
    "registry-returned": error("县（市、区）没有同意这份名册的改动：{why}。", "请按说明改好后再发。", public=("why",)),
}
