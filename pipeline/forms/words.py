"""Vocabularies: the codes we store, the labels we print, and the words people really type.

Labels are in order of frequency (most used first), because a dropdown is read from the top. Codes are permanent. S, D
and I codes follow the Jiangsu reporting vocabulary and WS/T 772-2020 symptoms.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.forms.base import vocabulary
from pipeline.forms.syndromes import SYNDROME_LABELS
from pipeline.model import (
    ApprovedHow,
    ClosureKind,
    DayPart,
    Degree,
    Mode,
    Organ,
    Reason,
    RowState,
    SpanKind,
    TestResult,
)

SEX = vocabulary("Sex", {"1": "男", "2": "女"}, {"1": "男生 男孩 男童 男性 M m ♂", "2": "女生 女孩 女童 女性 F f ♀"})

REASON = vocabulary(
    "Reason",
    {Reason.ILL: "因病", Reason.OTHER: "其他", Reason.INJURED: "因伤"},
    {
        Reason.ILL: "病 病假 生病 疾病 因病缺课 因病缺勤 病缺 身体不适 不舒服",
        Reason.INJURED: "伤 受伤 伤害 意外伤害 因伤缺课 因伤缺勤 外伤 骨折",
        Reason.OTHER: "其它 事假 事 有事 家中有事 请假 私事 其他原因 因事 其他缺课 旷课",
    },
)

PART = vocabulary(
    "Part",
    {DayPart.DAY: "全天", DayPart.AM: "上午", DayPart.PM: "下午"},
    {DayPart.DAY: "一天 整天 1天 全日", DayPart.AM: "早上 上午半天 AM am", DayPart.PM: "午后 下午半天 PM pm"},
)

SYMPTOM = vocabulary(
    "Symptom",
    {
        "S01": "发热",
        "S02": "咳嗽",
        "S06": "呕吐",
        "S07": "腹泻",
        "S03": "咽痛",
        "S04": "流涕",
        "S08": "腹痛",
        "S05": "头痛",
        "S09": "皮疹",
        "S10": "红眼",
        "S11": "腮腺肿大或疼痛",
        "S13": "头晕",
        "S14": "乏力",
        "S16": "呼吸急促或困难",
        "S12": "黄疸",
        "S15": "受伤",
        "S99": "其他",
        "S00": "不详",
    },
    {
        "S01": "发烧 高烧 低烧 高热 低热 烧 体温高 发热发烧 发寒发热",
        "S02": "咳 干咳 咳痰 咳嗽有痰 咳嗽咳痰 有点咳",
        "S03": "咽喉痛 喉咙痛 嗓子痛 嗓子疼 喉咙疼 咽喉肿痛 咽疼 咽喉疼 喉痛",
        "S04": "流鼻涕 鼻涕 鼻塞 流鼻水 鼻塞流涕 打喷嚏",
        "S05": "头疼",
        "S06": "吐 恶心 恶心呕吐 吐了 呕",
        "S07": "拉肚子 拉稀 腹泻水样便 水样便 泻肚",
        "S08": "肚子痛 肚子疼 胃痛 胃疼 腹疼",
        "S09": "疹子 出疹 红疹 起疹子 疱疹 水疱 皮疹(含疱疹) 皮疹含疱疹 出疹子 身上起疹",
        "S10": "结膜充血 眼红 眼睛红 红眼/结膜充血 眼睛发红",
        "S11": "腮腺肿大 腮腺肿痛 腮腺疼痛 腮肿 腮腺肿 腮帮子肿",
        "S12": "眼黄 皮肤发黄",
        "S13": "头昏 眩晕",
        "S14": "没力气 无力 疲劳 全身乏力 疲乏",
        "S15": "外伤 擦伤 扭伤 摔伤 骨折",
        "S16": "呼吸困难 呼吸急促 气喘 气促 喘 胸闷气短",
        "S99": "其它 其他症状",
        "S00": "不清楚 未知 不知道 不明 不祥",
    },
)

DISEASE = vocabulary(
    "Disease",
    {
        "D01": "一般感冒",
        "D02": "流行性感冒",
        "D25": "胃肠道疾病(非传染)",
        "D03": "气管炎肺炎",
        "D04": "肺炎支原体肺炎",
        "D10": "手足口病",
        "D05": "水痘",
        "D11": "疱疹性咽峡炎",
        "D13": "诺如病毒感染",
        "D34": "其他感染性腹泻病",
        "D08": "流行性腮腺炎",
        "D09": "猩红热",
        "D12": "急性出血性结膜炎",
        "D21": "新型冠状病毒感染",
        "D29": "耳鼻喉疾病",
        "D28": "牙病",
        "D27": "眼病",
        "D32": "意外伤害",
        "D30": "泌尿系疾病",
        "D26": "心脏病",
        "D31": "神经/精神心理",
        "D06": "麻疹",
        "D07": "风疹",
        "D19": "百日咳",
        "D20": "肺结核",
        "D14": "细菌性痢疾",
        "D15": "甲肝/戊肝",
        "D16": "其他肝炎",
        "D17": "伤寒副伤寒",
        "D18": "流行性脑脊髓膜炎",
        "D22": "登革热",
        "D23": "猴痘",
        "D35": "鼠疫",
        "D36": "霍乱",
        "D37": "传染性非典型肺炎",
        "D38": "人感染新亚型流感",
        "D39": "肺炭疽",
        "D40": "脊髓灰质炎",
        "D24": "其他传染病",
        "D33": "原因不明",
        "D99": "其他",
    },
    {
        "D01": "感冒 普通感冒 上呼吸道感染 上感 风寒感冒 受凉 着凉 伤风",
        "D02": "流感 甲流 乙流 甲型流感 乙型流感 甲型H1N1 H1N1 H3N2 流感病毒感染",
        "D03": "气管炎 支气管炎 肺炎 支气管肺炎 急性支气管炎 细菌性肺炎",
        "D04": "支原体肺炎 支原体 支原体感染 MP肺炎",
        "D05": "出水痘",
        "D06": "出麻疹",
        "D08": "腮腺炎 流腮 痄腮",
        "D10": "手足口",
        "D11": "咽峡炎 疱疹性咽炎 疱疹咽峡炎",
        "D12": "红眼病",
        "D13": "诺如 诺如病毒 诺如病毒感染性腹泻 诺瓦克病毒",
        "D34": "感染性腹泻 感染性腹泻病 轮状病毒 秋季腹泻 病毒性肠炎",
        "D14": "痢疾 菌痢",
        "D15": "甲肝 戊肝 甲型肝炎 戊型肝炎",
        "D16": "肝炎 乙肝 丙肝",
        "D17": "伤寒 副伤寒",
        "D18": "流脑",
        "D20": "结核 结核病",
        "D21": "新冠 新冠肺炎 新冠感染 新冠病毒",
        "D37": "SARS 非典",
        "D38": "人感染禽流感 人感染高致病性禽流感 禽流感 H7N9 H5N1 人感染H7N9禽流感",
        "D40": "脊灰 小儿麻痹 小儿麻痹症",
        "D25": "胃肠炎 急性胃肠炎 肠胃炎 胃炎 肠炎 胃肠道疾病 消化不良 阑尾炎 积食 便秘",
        "D26": "心肌炎",
        "D27": "麦粒肿 近视",
        "D28": "牙痛 牙疼 龋齿 蛀牙 补牙 拔牙",
        "D29": "鼻炎 中耳炎 扁桃体炎 扁桃体发炎 咽炎 喉炎 腺样体肥大 鼻窦炎",
        "D30": "肾炎 尿路感染",
        "D31": "抑郁 焦虑 神经衰弱 癫痫 抑郁症 焦虑症",
        "D32": "外伤 骨折 扭伤 摔伤 烫伤 受伤",
        "D33": "不明原因 原因不明疾病 待查 不明",
        "D99": "其它 其他疾病",
    },
)

DEGREE = vocabulary(
    "Degree",
    {Degree.SUSPECTED: "疑似", Degree.CLINICAL: "临床诊断", Degree.CONFIRMED: "确诊"},
    {
        Degree.SUSPECTED: "疑似病例 疑似患者 可疑 待查 待排 ？ ?",
        Degree.CLINICAL: "临床 临床诊断病例 临床病例 医生诊断",
        Degree.CONFIRMED: "确诊病例 实验室确诊 实验室诊断 阳性 检测阳性",
    },
)

TEST_RESULT = vocabulary(
    "TestResult",
    {TestResult.POSITIVE: "阳性", TestResult.NEGATIVE: "阴性", TestResult.PENDING: "待出"},
    {
        TestResult.POSITIVE: "阳 + 阳性(+) 检出 弱阳性 核酸阳性 抗原阳性",
        TestResult.NEGATIVE: "阴 - 阴性(-) 未检出 核酸阴性 抗原阴性",
        TestResult.PENDING: "未出 等待 检测中 结果未出 待结果",
    },
)


def diagnosis_in_words(code: str, degree: str) -> str:
    """水痘（疑似）, 水痘, or "" without a diagnosis."""
    label = DISEASE.labels.get(code, code)
    return f"{label}（{DEGREE.labels[degree]}）" if label and degree else label


INJURY_CAUSE = vocabulary(
    "InjuryCause",
    {
        "I11": "跌倒坠落",
        "I13": "钝器伤",
        "I12": "锐器伤",
        "I14": "交通",
        "I15": "烧烫伤",
        "I16": "动物伤",
        "I17": "溺水",
        "I18": "中毒",
        "I19": "窒息",
        "I1X": "其他",
    },
    {
        "I11": "跌倒 摔伤 摔倒 跌伤 坠落 扭伤",
        "I12": "割伤 刀伤 刺伤",
        "I13": "碰撞 撞伤 砸伤",
        "I14": "交通事故 车祸",
        "I15": "烫伤 烧伤",
        "I16": "猫抓 狗咬 被狗咬 被猫抓",
        "I1X": "其它",
    },
)
INJURY_PLACE = vocabulary(
    "InjuryPlace",
    {"I21": "学校", "I22": "家中", "I23": "其他公共场所"},
    {"I21": "校内 幼儿园 园内 操场 教室", "I22": "家 家里", "I23": "校外 路上 其他 其它"},
)
INJURY_ACTIVITY = vocabulary(
    "InjuryActivity",
    {"I31": "玩耍娱乐", "I32": "体育活动", "I33": "行走", "I3X": "其他"},
    {"I31": "玩耍 玩 娱乐", "I32": "体育 体育课 运动", "I33": "走路 上下楼", "I3X": "其它"},
)
INJURY_PART = vocabulary(
    "InjuryPart",
    {"I42": "下肢", "I41": "上肢", "I43": "头面部", "I44": "躯干"},
    {"I41": "手 胳膊 手臂 手指", "I42": "脚 腿 脚踝 膝盖", "I43": "头 脸 头部 面部", "I44": "腰 背 胸"},
)

YES_NO = vocabulary(
    "YesNo",
    {"yes": "是", "no": "否"},
    {
        "yes": "有 已 Y y √ ✓ 对 是的 1 已就诊 就诊 已住院 住院 已隔离 隔离 寄宿 住宿",
        "no": "无 未 没有 N n × ✗ 不 不是 0 未就诊 未住院 未隔离 没 走读",
    },
)


def yes_no(value: bool | None) -> str:
    """是 or 否; "" if nothing is known."""
    return "" if value is None else YES_NO.labels["yes" if value else "no"]


ROW_STATE = vocabulary(
    "RowState",
    {RowState.ONGOING: "仍缺课", RowState.RETURNED: "已返校"},
    {
        RowState.ONGOING: "缺课 未返校 仍缺勤 未返园 续报 还没来 未到校",
        RowState.RETURNED: "返校 已返园 返园 已到校 到校 已复课 复课 来了",
    },
)

MODE = vocabulary(
    "Mode",
    {
        Mode.FIRST.value: "首次报送",
        Mode.FULL.value: "整份更正（以本表为准）",
        Mode.ADD.value: "补充（只加不减）",
        Mode.LATE.value: "逾期补报（往日）",
    },
    {
        Mode.FIRST.value: "首次 首报 初次报送 正常报送",
        Mode.FULL.value: "整份更正 更正 重报 更正(以本表为准)",
        Mode.ADD.value: "补充 追加 补充报送 补充上报",
        Mode.LATE.value: "逾期补报 补报 逾期 迟报",
    },
)

STAGE = vocabulary(
    "Stage",
    {"小学": "小学", "幼儿园": "幼儿园", "初中": "初中", "高中": "高中", "中职": "中职", "特教": "特教"},
    {
        "小学": "小学部",
        "幼儿园": "幼儿 学前 托幼 附设幼儿班 幼儿园部",
        "初中": "初中部 初级中学",
        "高中": "高中部 普高 普通高中",
        "中职": "职高 中专 中等职业 技校",
        "特教": "特殊教育 特校",
    },
)

ORGAN = vocabulary(
    "Organ",
    {Organ.EDUCATION: "教育局", Organ.HEALTH: "卫健委", Organ.CDC: "疾控中心"},
    {
        Organ.EDUCATION: "教育 教体局 教育体育局 教育厅 教育行政部门",
        Organ.HEALTH: "卫健 卫生健康委员会 卫生健康委 卫健局 卫生健康局",
        Organ.CDC: "疾控 疾病预防控制中心 CDC 疾控局",
    },
)

SPAN = vocabulary(
    "Span",
    {SpanKind.TERM: "学期", SpanKind.HOLIDAY: "放假", SpanKind.SCHOOLDAY: "上课"},
    {
        SpanKind.TERM: "学期起止 教学时间",
        SpanKind.HOLIDAY: "假期 休息 放假日 休假 放假一天 放假两天 放假半天 寒假 暑假 春假 秋假 自行放假 自主放假",
        SpanKind.SCHOOLDAY: "补课 调休上课 上学 补课日 上课日 调课",
    },
)

CLOSURE_KIND = vocabulary(
    "ClosureKind",
    {
        ClosureKind.FIRST: "首报",
        ClosureKind.RESUME: "复课",
        ClosureKind.EXTEND: "延长",
        ClosureKind.AMEND: "更正",
        ClosureKind.WITHDRAW: "撤销",
    },
    {
        ClosureKind.FIRST: "首次 首次报告 初报 停课 新增 新增停课 新停课 停课报告 停课申请 申请停课 开始停课",
        ClosureKind.RESUME: "恢复上课 已复课 复学 恢复 复课报告",
        ClosureKind.EXTEND: "延期 延长停课 继续停课 续停 续报",
        ClosureKind.AMEND: "修改 改正 更改",
        ClosureKind.WITHDRAW: "撤回 取消 作废 撤消 取消停课",
    },
)

CLOSURE_REASON = vocabulary(
    "ClosureReason",
    {
        "D02": "流行性感冒",
        "ILI": "流感样病例",
        "D10": "手足口病",
        "D05": "水痘",
        "D13": "诺如病毒感染",
        "GI": "呕吐腹泻（病因未明）",
        "FEV": "发热（病因未明）",
        "D11": "疱疹性咽峡炎",
        "D08": "流行性腮腺炎",
        "D04": "肺炎支原体肺炎",
        "D09": "猩红热",
        "D34": "其他感染性腹泻病",
        "D12": "急性出血性结膜炎",
        "D06": "麻疹",
        "D07": "风疹",
        "D20": "肺结核",
        "D21": "新型冠状病毒感染",
        "RASH": "皮疹（病因未明）",
        "D24": "其他传染病",
        "D33": "原因不明",
        "D99": "其他",
    },
    {
        **{code: " ".join(w for w, c in DISEASE.words.items() if c == code) for code in (
            "D02", "D04", "D05", "D06", "D08", "D10", "D11", "D13", "D20", "D21", "D34"
        )},
        "D12": f"{' '.join(w for w, c in DISEASE.words.items() if c == 'D12')} 急性结膜炎 结膜炎",
        "ILI": "流感样 流感样症状 疑似流感",
        "GI": "呕吐 腹泻 呕吐腹泻 拉肚子",
        "FEV": "发热 发烧",
        "RASH": "皮疹",
        "D33": "不明原因 不明",
        "D99": "其它",
    },
)  # fmt: skip

APPROVED_HOW = vocabulary(
    "ApprovedHow",
    {ApprovedHow.PHONE: "电话", ApprovedHow.GROUP: "工作群", ApprovedHow.MEETING: "会商", ApprovedHow.WRITTEN: "书面"},
    {
        ApprovedHow.PHONE: "电话批准 口头 电话同意",
        ApprovedHow.GROUP: "微信 微信群 QQ群 群里 钉钉",
        ApprovedHow.MEETING: "会议 研判 现场会商 联合研判",
        ApprovedHow.WRITTEN: "文件 书面批准 批文",
    },
)

_CLOSURE_REASONS: Mapping[str, str] = {**SYNDROME_LABELS, **DISEASE.labels, **CLOSURE_REASON.labels}


def closure_reason(code: str) -> str:
    """Return why a class was closed, in words; a reason in the school's own words stays as it is."""
    return _CLOSURE_REASONS.get(code, code)
