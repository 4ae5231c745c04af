"""About the whole file: what it is, whether it can be read, whose it is."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.issues.entry import Message, advice, error, query

_RESAVE = "请用本校的填报模板重新填写，或在 WPS、Excel 里“另存为 Excel 工作簿(*.xlsx)”后再发。"

_UNREADABLE: Mapping[str, Message] = {
    "file-empty": error("这个文件是空的（0 字节）。", "可能没有保存完整或没有传完，请打开原文件确认有内容后再发一次。"),
    "file-hollow": error(
        "这个文件里全是空字节，没有内容。",
        "多半没有传完，或网盘只占了位置：请等同步完成，打开原文件确认有内容后再发一次。",
    ),
    "file-numbers": error(
        "这是苹果 Numbers 表格，我们不读这种格式。", "请在 Numbers 里选“文件→导出为→Excel”，存为 .xlsx 后再发。"
    ),
    "file-mail": error("收到的是一封邮件，不是表格文件。", "请打开邮件，把附件里的 .xlsx 存下来，只发那个文件。"),
    "file-photo": error(
        "收到的是“{kind}”，这种图片我们打不开。",
        "若是备案表的签字盖章件，请另存为 JPG 或 PDF（手机可设为“兼容性最佳”再拍），文件名写“备案 000123”"
        "（用回执上的备案号）再发；报表请用本校的填报模板填写，存为 .xlsx 再发。",
        public=("kind",),
    ),
    "file-too-large": error(
        "这个文件太大，超出了填报表应有的大小。", "请只保留填报表本身，去掉图片和多余的工作表后再发。"
    ),
    "file-archive": error("收到的是“{kind}”，不是表格文件。", "请解压后直接发里面的 .xlsx 文件。", public=("kind",)),
    "file-not-workbook": error("收到的是“{kind}”，不是 Excel 表格（只改扩展名不行）。", _RESAVE, public=("kind",)),
    "file-picture": error(
        "收到的是“{kind}”，不是 Excel 表格（只改扩展名不行）。",
        "若是备案表的签字盖章件，请把文件名改成“备案 000123”（用回执上的备案号）再发；"
        "报表请用本校的填报模板填写，存为 .xlsx 再发。",
        public=("kind",),
    ),
    "file-encrypted": error(
        "这个文件设了打开密码，我们打不开。",
        "请改用本单位的打开口令；或去掉打开密码（WPS：文件→文档加密；Excel：文件→信息→保护工作簿），保存后再发。",
    ),
    "file-macro": error("这个文件带有宏，为了安全没有打开。", _RESAVE),
    "file-embedded": error("这个文件里嵌有其他文件或控件，为了安全没有打开。", "请删去嵌入的对象，或" + _RESAVE[1:]),
    "file-xlsb": error("这是 .xlsb 二进制工作簿，我们不读这种格式。", _RESAVE),
    "file-ods": error("这是 .ods 表格，我们不读这种格式。", _RESAVE),
    "file-old-format": error("这是 WPS 的 .et 或很旧的表格格式，没能读出来。", _RESAVE),
    "file-bomb": error("这个文件展开后异常地大，为了安全没有打开。", _RESAVE),
    "file-far-cells": error(
        "表里很远的地方也有内容（超过 20000 行或 256 列），不像一份填报表，没有打开。",
        "请选中表格以外的整行、整列并删除，或用模板重新填写后再发。",
    ),
    "file-damaged": error(
        "这个文件已损坏，打不开。", "可能没有传完。请在电脑上打开，确认无误后“另存为 Excel 工作簿(*.xlsx)”再发。"
    ),
    "file-killed": error("读这个文件时超出了允许的时间或内存，已停止。", _RESAVE),
    "file-external-links": advice("表里有链接到别的文件的公式，我们只取了显示的数值。", "粘贴时请选“只粘贴数值”。"),
    "file-xls": advice("这是旧的 .xls 格式，已经读了。", "下次请另存为 .xlsx 再发。"),
}

_FORM: Mapping[str, Message] = {
    "form-unknown": error(
        "没认出这是哪一种表：找不到“学生缺课日报”“停课报告表”这类填报表的标题和表头。",
        "请用本系统的模板填报，不要删去标题行和表头行。",
    ),
    "form-several": error(
        "这个文件里有不止一种表（{forms}），不知道该按哪一种收。", "请一个文件只放一种表，分开发送。", public=("forms",)
    ),
    "form-title-only": error(
        "标题是“{title}”，但找不到它的表头行。",
        "请用模板填报；用自己的表时，表头行里至少要有这些列：{heads}。",
        public=("title", "heads"),
    ),
    "form-too-new": error(
        "这份表的版本（{version}）比系统认识的新。",
        "请用系统发出的模板填报。",
        unsaid=("title",),  # by which the right template is found
    ),
    "form-old": advice("用的是旧版模板（{version}），已按新版读入。", "下次请用新发的模板。"),
    "header-twice": error(
        "“{sheet}”里有两处不同的“{label}”：{first} 和 {second}。",
        "一个文件只报一个学校、一天。请只留一处后再发。",
        public=("label",),
    ),
    "table-again": error(
        "“{sheet}”第 {again} 行又开始了一份表，像是把两份表贴在了一起，整份没有收。",
        "一个文件只报一个学校、一天，请分成两个文件发送。",
        public=("again",),
    ),
    "column-missing": error(
        "“{sheet}”里找不到“{missing}”这一列，整份没法收。",
        "请用模板填报，或把这一列加回来（表头写“{missing}”）后整份重发。",
        public=("missing",),
    ),
    "column-twice": error(
        "“{sheet}”里有两列都像是“{twice}”（{first} 列和 {second} 列），不知道用哪一列。",
        "请删去多余的一列后整份重发。",
        public=("twice", "first", "second"),
    ),
    "column-extra": advice("“{sheet}”里多出的列没有收：{extra}。", "这些列系统不需要，下次可以不填。"),
    "text-unread": advice(
        "“{sheet}”里没有表头的列写了字，没有读：{texts}。",
        "要报的内容请写进有表头的列，选“整份更正”再发；不用报的不用管。",
    ),
    "comment-unread": advice(
        "这一格的批注没有读：“{value}”。", "要报的内容请写进格子里，选“整份更正”再发；不用报的不用管。"
    ),
    "zero-with-text": query(
        "选了“零报告”，但“{sheet}”里没有表头的列写了字，没有读：{texts}。",
        "是缺课学生的，请按列填写，“零报告”选否，选“整份更正”再发；不是的，不用管。",
    ),
    "zero-with-comment": query(
        "选了“零报告”，但这一格有批注，没有读：“{value}”。",
        "是缺课学生的，请填进表里，“零报告”选否，选“整份更正”再发；不是的，不用管。",
    ),
    "sheet-unread": advice(
        "“{sheet}”这张工作表没有认得的表头，没有读（像是有 {count} 行学生）。",
        "要报的请并到“缺课登记”表里，选“整份更正”再发；不是今天要报的不用管。",
        public=("count",),
    ),
    "zero-with-sheet": query(
        "选了“零报告”，但“{sheet}”这张工作表像是有 {count} 行学生，没有认得的表头，没有读。",
        "是缺课学生的，请并到“缺课登记”表里，“零报告”选否，选“整份更正”再发；不是的，不用管。",
        public=("count",),
    ),
    "sheet-missing": error("找不到“{sheet}”这张工作表。", "请用模板填报，不要删去工作表。"),
    "sheet-several": error(
        "有不止一张工作表像是要报的（{sheets}），不知道该收哪一张。",
        "一个文件只报一天，请只留要报的那张后再发。",
    ),
    "column-lacking": query(
        "“{sheet}”里没有“{missing}”这一列，已照收{taken}。",
        "有不对的，请用新模板填报，补上这一列，选“整份更正”再发。",
        public=("missing", "taken"),
    ),
    "too-many-rows": error(
        "“{sheet}”超过 {limit} 行，不像一所学校一天的内容，整份没有收。",
        "请检查是否把别的表粘贴了进来，删去多余的行后再发。",
        public=("limit",),
    ),
    "rows-hidden": advice(
        "“{sheet}”里有 {count} 行被隐藏或筛选掉，也一并收了。",
        "如果这些行不该报，请取消隐藏，删去后选“整份更正”再发。",
        public=("count",),
    ),
    "columns-hidden": advice(
        "“{sheet}”里有隐藏的列（{hidden}），里面填的也一并收了。",
        "如果这些内容不该报，请取消隐藏，删去后选“整份更正”再发。",
    ),
    "example-row": advice("这一行像是填表示例，没有收。", "若不是示例，请去掉行首的“示例”“例”字样，选“整份更正”再发。"),
    "total-row": advice("这一行像是合计或签字行，没有当作学生收。"),
    "rows-only-class": advice(
        "“{sheet}”里有 {count} 行只写了班级，没有姓名和原因，没有当作缺课收（第 {rows} 行）。",
        "这些班没有人缺课就不用管；漏写了姓名的，请补上后选“整份更正”再发。",
        public=("count", "rows"),
    ),
}

_WHOSE: Mapping[str, Message] = {
    "unit-missing": error(
        "表里没有学校标识码，不知道是哪所学校报的。", "请在表头填上 10 位学校标识码，或用本校的模板。"
    ),
    "unit-unknown": error(
        "登记册里没有标识码“{value}”的学校。",
        "请核对 10 位学校标识码；新学校请先请县（市、区）登记。",
        public=("value",),
    ),
    "unit-not-yours": error(
        "这份表填的是 {value}，与发送的位置不一致（或还没有登记），没有收。",
        "本单位的表，请核对学校标识码后再发；别的单位的表，请放进那个单位自己的文件夹。",
        public=("value",),
    ),
    "division-missing": error("名册里没有填区划代码。", "请在表头填上 6 位区划代码。"),
    "division-unknown": error("登记册里没有区划代码“{value}”。", "请核对 6 位区划代码。", public=("value",)),
    "token-wrong": error(
        "这份表里的防伪标识与所填学校不符，没有收。", "请用系统发给本校的模板重填，不要用别的学校的表改。"
    ),
    "issues-more": advice(
        "“{column}”一列另有 {count} 处同样的问题，没有一一列出。", "请把整列检查一遍。", public=("count",)
    ),
    "repairs-more": advice("“{column}”一列另有 {count} 处同样处理，没有一一列出。", public=("count",)),
    "token-revoked": advice(
        "这份表上的防伪标识已经作废，不能再证明是本单位发的。",
        "请换用系统现在发给本单位的模板；或放进本单位自己的文件夹。",
    ),
    "token-expired": advice(
        "这份表上的防伪标识已经过期，不能再证明是本单位发的。",
        "请换用系统现在发给本单位的模板；或放进本单位自己的文件夹。",
    ),
    "token-used": advice(
        "这份处理单已经用过一次（流水号 {seq}），同一份不能再办别的事，一行也没有办。",
        "请在退回修正表或今天的处理单上填写；或放进本县（市、区）自己的文件夹。",
        public=("seq",),
    ),
    "sender-unproved": query(
        "这份不在本单位的文件夹里，也没有系统模板的防伪标识，看不出是谁发的。",
        "是本单位发的：请把这份表原样放进本单位自己的文件夹，或抄到系统发的本单位模板里再发，不必等放行。"
        "不是本单位发的：请电话告诉县（市、区），由县里退回；县里也可以核实后放行。",
        cost="先存着待核，放行以前一律不算数。",
    ),
    "returned-unproved": advice(
        "这份不在本单位的文件夹里，也没有系统模板的防伪标识，看不出是谁发的，因此不算本单位已经报送。",
        "是本单位发的：改好后请放进本单位自己的文件夹，或用系统发的本单位模板重发。不是本单位发的：请电话告诉县（市、区）。",
    ),
    "folder-not-believed": query(
        "这份所在的文件夹带着本单位的代码，但不是系统管理员开的，或者别人也能往里放，不能证明是本单位发的。",
        "是本单位发的：请抄到系统发的本单位模板里再发，或请县（市、区）核实后放行，并转告系统管理员重新开好这个文件夹。"
        "不是本单位发的：请电话告诉县（市、区），由县里退回。",
        cost="先存着待核，放行以前一律不算数。",
    ),
    "campus-unknown": error(
        "登记册里本校没有“{value}”这个校区，不知道是哪个校区报的，整份没有收。",
        "请把“校区”改成登记的名称（{campuses}）后再发；新校区请先请县（市、区）登记。",
        public=("campuses",),
        cost="在此之前，本校区今天算作未报。",
    ),
    "campus-blank": error(
        "没有填校区，从班级也看不出是哪个校区，整份没有收。",
        "请在“校区”填上登记的名称（{campuses}）后再发。",
        public=("campuses",),
        cost="在此之前，本校区今天算作未报。",
    ),
    "campus-several": error(
        "“校区”列里写了几个校区：{which}。一份表只报一个校区，整份没有收。",
        "请分成几份：每份只留一个校区的行，表头“校区”写明是哪个（{campuses}）。"
        "各校区当天的模板早上已经各发一份，往里抄最省事。",
        cost="在此之前，这几个校区今天都算作未报。",
    ),
    "campus-by-classes": query(
        "校区没有填（或写的是本部），按班级看是{campus}的，按{campus}收下。",
        "请核对；不是{campus}的，请填对“校区”和班级后再发。",
        public=("campus",),
    ),
    "campus-as": advice("“校区”写的是“{value}”，按登记的“{campus}”收下。", public=("campus",)),
    "school-closed-down": query(
        "登记册里本校自 {day} 起停办，报告日期在那之后，已照收。",
        "请核对报告日期和学校标识码；学校仍在办的，请县（市、区）更正名册。",
        public=("day",),
    ),
    "school-name-differs": query(
        "填的学校名称“{value}”与标识码登记的名称不同，已按标识码收下。", "请核对学校标识码有没有填错。"
    ),
    "day-missing": error("没有填报告日期。", "请在表头填上报告日期后再发。"),
    "day-future": error("报告日期 {day} 还没到。", "请改成今天的日期后再发。", public=("day",)),
    "day-too-old": error(
        "报告日期 {day} 太早，已超出可补报的范围。", "请核对日期；确需补报请联系县（市、区）。", public=("day",)
    ),
    "day-off": advice("{day} 不是上课日，已照收。", public=("day",)),
    "mode-late-today": query(
        "报告日期是今天，却选了“逾期补报”，已按首次报送收下。", "如果补报的是往日，请改日期后再发。"
    ),
    "mode-late-assumed": query(
        "报告日期 {day} 已过，没有选“逾期补报”，已按补报往日收下。", "如果报的是今天，请改日期后再发。", public=("day",)
    ),
    "nothing-reported": error(
        "表里没有学生，也没有选“零报告”，不知道今天是没人缺课还是忘了填。",
        "没有人缺课，请把“零报告”选为“是”；有人缺课，请逐行填写后再发。",
        cost="在此之前，本校今天算作未报。",
    ),
    "rows-over-roll": error(
        "表里有 {rows} 名学生，而名册里全校（本校区）只有 {roll} 人，像是把别的表贴了进来，整份没有收。",
        "请只留今天缺课的学生再发；若是名册人数不对，请先请县（市、区）更新。",
        public=("rows", "roll"),
        cost="在此之前，本校今天算作未报。",
    ),
    "zero-with-rows": query(
        "选了“零报告”，但表里有 {count} 名学生，已按有人缺课收下。",
        "如果确实没有人缺课，请删去这些行，选“整份更正”再发。",
        public=("count",),
    ),
    "zero-with-others": query(
        "选了“零报告”，但班级表里有其他缺课 {count} 人，已按有人缺课收下，没有算作零报告。",
        "没有人缺课的，请清空其他缺课人数，选“整份更正”再发；人数没有错就不用管。",
        public=("count",),
    ),
    "zero-with-missing": query(
        "选了“零报告”，但班级表里实到比应到少 {count} 人，先按零报告收下。",
        "有人缺课，请逐行填写（事假等只填“其他缺课人数”），“零报告”选否，选“整份更正”再发；没有人缺课，请改对实到人数。",
        public=("count",),
    ),
    "column-slipped": error(
        "“{sheet}”共 {rows} 行，有 {bad} 行不对，像是整列填错了位置，整份没有收。",
        "请检查有没有某一列错位，改好后整份重发。多数问题出在“{column}”列。",
        public=("rows", "bad"),
        cost="在此之前，本校今天算作未报。",
    ),
}

ENTRIES: Mapping[str, Message] = {**_UNREADABLE, **_FORM, **_WHOSE}
