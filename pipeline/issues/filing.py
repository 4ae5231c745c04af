"""About the 备案表 and the scan of its signed paper. No message says what another unit has, or quotes a password."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.issues.entry import Message, advice, error, query

_PAPER = "请改好后整份重发；纸质表也要一致。"

_FILE: Mapping[str, Message] = {
    "filing-inside": error(
        "这个文件里夹有账号备案的内容（初始密码），为了安全整份没有收，也没有保存。",
        "请把备案表单独发；其余的表请删去这部分内容后再发。",
    ),
    "password-inside": error(
        "这个文件里写着密码（单元格、批注或其他地方），为了安全整份没有收，也没有保存。",
        "请删去密码后再发；这个密码请尽快改掉。",
    ),
    "filing-token-missing": error(
        "这份备案表上没有防伪编号，无法证明是发给本单位的，没有收。",
        "请用系统发给本单位的备案表（表头印有单位代码和防伪编号）；没有的，请向县（市、区）疾控中心要。",
    ),
    "filing-wrong-door": error(
        "{level}账号由{opener}开户，这份表没有经过它的渠道，没有收。",
        "请放进本单位自己的文件夹，或交给{opener}。",
        public=("level", "opener"),
    ),
    "level-missing": error("没有勾选单位级别。", "请在“单位级别”里勾一项（下拉选 ☑，或打 √），再发。"),
    "level-several": error("“单位级别”勾了不止一项（{value}）。", "请只勾一项后再发。"),
    "level-differs": error(
        "“单位级别”勾的是{ticked}，而本单位登记的是{registered}。", _PAPER, public=("ticked", "registered")
    ),
    "applicant-missing": error("没有填申请人姓名。", "请填上申请人姓名后再发。"),
    "filing-blank-field": advice("没有填{missing}，已照收。", "请在纸质表上补写。", public=("missing",)),
    "filing-system-unticked": query("没有勾选申请系统，已按江苏省学生健康监测系统收。", "请在纸质表上补勾。"),
    "filing-kind-differs": error("申请的账号类别里填了{kind}，而本单位只能申请{own}。", _PAPER, public=("kind", "own")),
    "filing-count-differs": error(
        "申请账号 {count} 个，而账号明细有 {rows} 行，两处不一致，整份没有收。", _PAPER, public=("count", "rows")
    ),
    "filing-count-computed": advice(
        "没有填账号个数，按账号明细算作 {rows} 个。", "请在纸质表上补写。", public=("rows",)
    ),
}

_ROW: Mapping[str, Message] = {
    "username-missing": error("没有填用户名。", "请填上用户名。"),
    "holder-missing": error("没有填使用人姓名。", "请填上使用人姓名：一个账号一个人。"),
    "username-repeated": error(
        "用户名与第 {first} 行相同（全角半角、大小写不算不同）。", "请改成不同的。", public=("first",)
    ),
    "username-held": query(
        "第 {at} 行的用户名需要上级核实后才能用（可能与已有的相同或相近）。",
        "若是接管本单位原有的账号，请等上级答复；若是新账号，请换一个用户名后重发。",
        public=("at",),
        cost="这份暂存待核，还没有开户。",
    ),
    "password-length": error("密码要 8 到 20 位。", "请重填，或空着由系统发放。"),
    "password-signs": error("密码里有空格、汉字或全角符号。", "请只用半角的数字、字母和符号重填，或空着由系统发放。"),
    "password-mix": error("密码要同时有数字、字母和符号。", "请重填，或空着由系统发放。"),
    "password-same": error("新密码和现在的一样。", "请换一个。"),
    "password-name": error("密码里含有用户名。", "请重填，或空着由系统发放。"),
    "region-elsewhere": error("地区“{value}”不是本单位的地区。", "一份表只为本单位申请；地区空着就是本单位的。"),
}

_AFTER: Mapping[str, Message] = {
    "filing-number": advice(
        "备案号 {number}，由{opener}审核开户。",
        "请打印整张备案表（内容与收下的一致），签字、盖章后扫描（PDF 或照片），"
        "文件名写上“备案 {number}”，放进同一个文件夹。",
        public=("number", "opener"),
    ),
    "filing-rows-first": advice(
        "备案号 {number}，由{opener}审核开户；还有 {rows} 行退回没有改好。",
        "请先改好《退回修正表》发回，先不要打印；全部收下后的回执会请您打印、签字、盖章。",
        public=("number", "opener", "rows"),
    ),
    "filing-older": query(
        "这份与先前的一份完全相同，而那份之后您又申请过新的。",
        "若以新的为准，请不用管；若要改回这份，请改动后整份重发。",
        cost="这份暂存待核，还没有开户。",
    ),
    "filing-replaces": advice("本单位先前申请的同一用户名（备案 {earlier}）已由这份代替。", public=("earlier",)),
    "scan-taken": advice("备案 {number} 的签字盖章件已收到，等待审核。", public=("number",)),
    "scan-number-missing": error(
        "像是备案表的签字盖章件，但文件名里没有备案号。", "请把文件名改成“备案 000123”这样（用回执上的备案号）再发。"
    ),
    "scan-unknown": error(
        "文件名里的备案号 {number} 不是本单位的，或没有这个号，没有收。",
        "请核对回执上的备案号后再发。",
        public=("number",),
    ),
    "scan-too-large": error(
        "签字盖章件太大（超过 {limit} MB）。", "请用较低的分辨率重新扫描后再发。", public=("limit",)
    ),
    "scan-damaged": error("签字盖章件不完整，打不开。", "可能没有传完，请重新扫描或重发。"),
    "scan-late": error(
        "备案 {number} 已经办结，不再需要签字盖章件，没有保存。", "若是新的申请，请用新的备案号。", public=("number",)
    ),
}

ENTRIES: Mapping[str, Message] = {**_FILE, **_ROW, **_AFTER}
