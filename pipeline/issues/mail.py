"""About a mail: what of it could not be taken. Its sender reads it in the answer."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.issues.entry import Message, advice, error

_ATTACH = "请把填好的 .xlsx 直接作为附件，再发一封。"

ENTRIES: Mapping[str, Message] = {
    "mail-cloud-link": error(
        "邮件里是网盘或超大附件的链接，没有文件；链接我们不打开。", "请用普通附件：填报表只有几十 KB，" + _ATTACH[1:]
    ),
    "mail-zero-unclear": error(
        "没有看懂这封邮件是不是零报告，没有收。",
        "今天全校没有学生缺课，请另发一封，标题只写“零报告”（或“11月20日零报告”）；有学生缺课，请用填报表作附件。",
    ),
    "mail-zero-campuses": error(
        "本校分校区报送（{campuses}），一行零报告分不清是哪个校区，没有收。",
        "请每个校区用各自的填报表报。",
        public=("campuses",),
    ),
    "mail-reviewed": advice(
        "{day}的缺课日报已记为“已审核”。", "这之后再有更正，会再请您审核；同意错了，再回复“撤回”。", public=("day",)
    ),
    "mail-review-undone": advice(
        "{day}的缺课日报已撤回审核。", "改好重报后会再请您审核；没有改动的，再回复一次“同意”。", public=("day",)
    ),
    "mail-review-unclear": error(
        "{day}的缺课日报没有记为审核：没有看出您是不是同意。",
        "同意的，回复时第一行只写“同意”两个字；要改的，请告诉填报人用“整份更正”重报。",
        public=("day",),
    ),
    "mail-review-no": error(
        "{day}的缺课日报没有记为审核，您的意见已收到。",
        "要改的，请告诉填报人用“整份更正”重报；重报后会再请您审核。",
        public=("day",),
    ),
    "mail-review-older": error(
        "{day}的缺课日报没有记为审核：您回复的那封之后又有更正。", "请看新的回执，再回复那一封。", public=("day",)
    ),
    "mail-no-files": error(
        "邮件里没有附件。", "可能忘了添加：" + _ATTACH + "今天没有学生缺课的，另发一封，标题只写“零报告”就行。"
    ),
    "mail-winmail": error(
        "附件被 Outlook 打成了 winmail.dat，我们打不开。",
        "请在 Outlook 里把这封邮件的格式改为 HTML 或纯文本（设置文本格式→HTML），重新添加附件再发。",
    ),
    "mail-outlook-item": error(
        "附件“{value}”是一封 Outlook 邮件，不是表格文件。", "请打开它，把里面的 .xlsx 存下来，" + _ATTACH[1:]
    ),
    "mail-too-large": error("这封邮件太大，没有收。", "填报表只有几十 KB：请去掉图片等其他附件，" + _ATTACH[1:]),
    "mail-too-many": error("一封邮件里的文件太多，后面的没有收。", "请分几封发，每封不超过 50 个文件。"),
    "mail-too-nested": error(
        "这封邮件附件太多，或者层层转发，里面的没有读完。", "请新写一封邮件（附件多的分几封）。" + _ATTACH
    ),
    "mail-broken": error("这封邮件本身有损坏，读不出附件。", "请新写一封邮件，" + _ATTACH[1:]),
    "mail-zip-locked": error("压缩包“{value}”设了密码，我们打不开。", "请不要加密，" + _ATTACH[1:]),
    "mail-zip-damaged": error("压缩包“{value}”已损坏，打不开。", "请不要压缩，" + _ATTACH[1:]),
    "mail-zip-empty": error("压缩包“{value}”是空的。", "请不要压缩，" + _ATTACH[1:]),
    "mail-zip-too-much": error("压缩包“{value}”里的文件太多或太大，没有打开。", "请不要压缩，" + _ATTACH[1:]),
}
