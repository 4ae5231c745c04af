"""Whether a few signs may be a person's name: by the family name they begin with.

The commonest family names (some 99 in 100 people have one of them): what begins with none may still be a name, so this
may say no of a name, never yes of an ordinary word without one.
"""

from __future__ import annotations

import re

_ONE = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
    "庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐沿梅莫庄辛管祝左涂谷祁时舒耿牟卜"
    "詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉"
    "饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖"
    "糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙伏岑习胥保和蔺"
)
# fmt: off
# fmt: off
_TWO = frozenset((
    "欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "轩辕", "令狐", "宇文",
    "长孙", "慕容", "司徒", "司空", "夏侯", "端木", "呼延", "南宫", "万俟", "闻人", "百里",
    "独孤", "西门",
))
# fmt: on
_HAN = re.compile("[\u4e00-\u9fff]{2,4}")


def may_be_a_name(text: str) -> bool:
    """Tell whether it has the form of a Chinese name, 王小宝; or of one with a dot, 阿依古丽·买买提."""
    if "·" in text or "•" in text:
        return True
    if not _HAN.fullmatch(text):
        return False
    return text[:2] in _TWO or (text[0] in _ONE and len(text) < 4)
