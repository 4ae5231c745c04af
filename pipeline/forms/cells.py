"""Cell parsers: what a person typed → the typed value, or the reason why it was not understood.

Pure and fast: the first line of every parser handles nearly all cells. A parser returns the value, None for blank,
`Fixed` if it understood something not typed as asked, `Bad` if it did not understand; it never raises and never guesses
if there are two readings.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime

from pipeline.forms.base import Bad, Column, Fixed, Frame, Parser, Vocabulary
from pipeline.forms.classes import class_key
from pipeline.forms.dates import number_beneath, spoken_number
from pipeline.forms.surnames import may_be_a_name
from pipeline.forms.text_normalise import (
    DITTO,
    ID,
    MAX_EXACT_DIGITS,
    SWEEP,
    blank,
    fold,
    mask,
    masked,
    shown,
    sweep,
)
from pipeline.forms.words import yes_no


def show(column: Column, value: object) -> str:
    """A typed value as the sender would type it: printed by return workbooks and pages."""
    if value is None or column.dtype == "secret":
        return ""
    if column.dtype == "flag":
        return yes_no(bool(value))
    if column.vocabulary is not None:
        labels = {**column.vocabulary.beyond, **column.vocabulary.labels}
        return "、".join(labels.get(code, code) for code in str(value).split())
    return shown(value)


_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}")
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")


def typed(column: Column, text: str) -> str | int | float | date:
    """A raw text as the cell its column expects, if that is certain: otherwise the text, as it was typed."""
    try:
        if column.dtype == "date" and _DAY.fullmatch(text):
            return date.fromisoformat(text)
        if column.dtype == "datetime" and _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        return text  # 2026-02-30
    if column.dtype in ("number", "integer") and _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text


def is_picture(cell: object) -> bool:
    """Tell whether a cell holds a picture, as WPS writes it: =DISPIMG("ID_…",1)."""
    return cell.__class__ is str and cell[:9] in ("=DISPIMG(", "=_xlfn.DI")


# --------------------------------------------------------------------------- text


def text(limit: int) -> Parser:
    """Free text of at most `limit` characters; identity numbers are removed."""

    def parse(cell: object, _: Frame) -> object:
        if blank(cell):
            return None
        words = sweep(shown(cell))
        clean = mask(words)
        if clean != words:
            return Fixed(clean[:limit], "id-number-dropped")
        if len(words) > limit:
            return Fixed(words[:limit], "text-cut")
        return words

    return parse


def email(cell: object, frame: Frame) -> object:
    """An address; anything else is asked about."""
    got = text(254)(cell, frame)
    value = got.value if isinstance(got, Fixed) else got
    if value is None or isinstance(value, Bad):
        return got
    plain = fold(str(value))
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", plain):
        return Bad("email-unreadable")
    return str(value) if plain == str(value).casefold() else Fixed(plain)


def quietly(parse: Parser) -> Parser:
    """What is only compared, and kept nowhere: how it was typed is of no account."""

    def read(cell: object, frame: Frame) -> object:
        got = parse(cell, frame)
        return got.value if isinstance(got, Fixed) else got

    return read


_NO_ROOM = frozenset(
    ("走读", "走读生", "通校", "通校生", "不住校", "不住宿", "未住校", "外宿", "否", "家", "家里", "住家")
)
_ROOM_END = re.compile(r"(?<=.)(寝室|宿舍|房间|号房|室|房|号)$")


def room(limit: int) -> Parser:
    """A dormitory, by which cases are counted: people write one room as ３号楼 201, 3号楼201 and 3号楼201室."""
    plain = text(limit)

    def parse(cell: object, frame: Frame) -> object:
        got = plain(cell, frame)
        if not isinstance(got, str):
            return got
        written = _ROOM_END.sub("", "".join(unicodedata.normalize("NFKC", got).split()).upper())
        if written in _NO_ROOM:
            return None  # otherwise all pupils who live at home would share one room
        return got if written == got else Fixed(written)

    return parse


_SEVERAL = re.compile(
    r"[、，,；;/\r\n]|等(?:[0-9一二两三四五六七八九十]+[人名位]|人|$)|[(（]?[0-9二两三四五六七八九十]+[人名位]"
)


_JOINED = re.compile(r"[一-鿿]{2,3}[和与跟及][一-鿿]{2,3}")  # 钱一和孙二, but not 李和平


def several_people(written: str) -> bool:
    """Tell whether a cell names several people: 张三、李四, 张三等3人, 张三(2人), or a name on each line."""
    parts = written.split()
    apart = len(parts) > 1 and all(may_be_a_name(part) for part in parts)  # not 王 小明
    return apart or any((_SEVERAL.search(written.strip()), _JOINED.fullmatch(written.strip())))


_NUMBERED = re.compile(r"^(?:\(?[0-9]{1,2}[、.．)]|[①-⑳])\s*(?=[^\W\d])")  # 1、张小明
_BESIDE = re.compile(
    r"\s*(?:[*＊]+|[(（](?:走读|住校|住宿|寄宿|新|借读|插班|转学)生?[)）]|[(（][男女][)）]"
    r"|[(（:： ]*(?:家长)?(?:电话|手机)?[:： ]*(?:\+86)?[0-9][0-9 -]{6,15}[)）]?)$"
)  # 王小宝 100-0000-0001, 王小宝(走读)


def person(cell: object, _: Frame) -> object:
    """A person's name, NFC; blanks in a Chinese name are removed, between Latin words they stay."""
    plain = type(cell) is str and 1 < len(cell) < 7 and cell.isalpha() and unicodedata.is_normalized("NFC", cell)
    if plain and str(cell)[-1] not in "班等人名位" and not (len(str(cell)) > 4 and _JOINED.fullmatch(str(cell))):
        return Bad("name-is-number") if cell in DITTO else cell
    if blank(cell):
        return None
    if not isinstance(cell, str):
        return Bad("name-is-number")
    name = _NUMBERED.sub("", sweep(cell))
    if mask(name) != name or masked(name):
        return Bad("name-is-id")
    name = _BESIDE.sub("", name)
    if not any(char.isalpha() for char in name):
        return Bad("name-is-number")
    if not any(char.isascii() and char.isalpha() for char in name):
        name = name.replace(" ", "").replace("　", "")
    if len(name) > 60:
        return Fixed(name[:60], "text-cut")
    if name.endswith("班") and (class_key(name) or class_key(name, kindergarten=True)):
        return Bad("name-is-class")
    if several_people(_BESIDE.sub("", _NUMBERED.sub("", cell.strip()))):
        return Fixed(name, "name-several")
    return name if name == cell.strip() else Fixed(name)


_SCIENTIFIC = re.compile(r"[0-9]([.,．][0-9]+)?[eE][+＋]?[0-9]{2}")


def number_text(cell: object, _: Frame) -> object:
    """学号 and other numbers used as names: kept as text; a number Excel has already rounded is refused."""
    if blank(cell):
        return None
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        return Bad("number-unreadable")
    if isinstance(cell, str):
        if masked(cell):
            return None
        if _SCIENTIFIC.fullmatch(cell.strip()):
            return Bad("number-lost-digits")
        digits = "".join(unicodedata.normalize("NFKC", cell.translate(SWEEP)).split())
        if ID.search(digits):
            return Bad("id-number-dropped")
        if len(digits) > 30:
            return Bad("number-unreadable")
        return digits if digits == cell else Fixed(digits)
    if isinstance(cell, float) and not cell.is_integer():
        return Bad("number-unreadable")
    if abs(cell) >= 10**MAX_EXACT_DIGITS:
        return Bad("number-lost-digits")
    return str(int(cell))


def telephone(cell: object, frame: Frame) -> object:
    """Digits, '-' and '+', 5 to 20 of them."""
    got = number_text(cell, frame)
    value = got.value if isinstance(got, Fixed) else got
    if value is None or isinstance(got, Bad):
        return got
    plain = str(value).replace("—", "-").replace("(", "").replace(")", "-")
    if not re.fullmatch(r"[+0-9][0-9-]{4,19}", plain):
        return Bad("phone-unreadable")
    return plain if plain == shown(cell) else Fixed(plain)


def digits(length: int, issue: str) -> Parser:
    """A code of exactly `length` digits, kept as text; text after it (a name) is ignored."""
    exact = re.compile(rf"([0-9]{{{length}}})(?![0-9])\D*")

    def parse(cell: object, _: Frame) -> object:
        if type(cell) is str and len(cell) == length and cell.isascii() and cell.isdigit():
            return cell
        if blank(cell):
            return None
        if isinstance(cell, bool) or not isinstance(cell, str | int | float):
            return Bad(issue)
        code = fold(shown(cell))
        if found := exact.fullmatch(code):
            return found[1] if isinstance(cell, int | float) else Fixed(found[1])
        return Bad(issue)

    return parse


def place_code(cell: object, frame: Frame) -> object:
    """The owner of a registry or calendar: a division's six digits, or a school's ten."""
    six = digits(6, "division-unreadable")(cell, frame)
    ten = digits(10, "division-unreadable")(cell, frame) if isinstance(six, Bad) else six
    return six if isinstance(ten, Bad) else ten


# --------------------------------------------------------------------------- numbers


_ZERO_AS_TIME = "00:00"  # 0 in a cell formatted as a date


_COUNTED = re.compile(
    r"(?:([0-9]{1,5})(?:\.0+)?|([一二三四五六七八九]?十[一二三四五六七八九]?|[零一二三四五六七八九]))[人名个例位]?"
)


def count(cell: object, frame: Frame) -> object:
    """A whole number, 0 to 99,999: 45, "45人", 三例, 1900-02-14 in a cell formatted as a date."""
    if type(cell) is int and 0 <= cell < 100_000:
        return cell
    if blank(cell):
        return None
    if isinstance(cell, float) and cell.is_integer() and 0 <= cell < 100_000:
        return int(cell)
    if isinstance(cell, date):
        beneath = number_beneath(cell, frame)
        return Fixed(int(beneath)) if beneath is not None and beneath.is_integer() else Bad("count-unreadable")
    if cell == _ZERO_AS_TIME:
        return Fixed(0)
    if isinstance(cell, str) and (found := _COUNTED.fullmatch(fold(cell))):
        return Fixed(int(found[1]) if found[1] else spoken_number(found[2]))
    return Bad("count-unreadable")


_NOT_TAKEN = frozenset(
    (
        *("正常", "体温正常", "不烧", "不发烧", "不发热", "无发热", "已退", "退了", "已退烧", "已退热", "已正常"),
        *("未测", "未量", "没测", "没量", "未测量", "未测体温", "未检测", "不详"),
    )
)
_DEGREES = re.compile(r"([0-9]{2})(?:[.。．,，·点]([0-9]{1,2}))?(?:℃|°c?|度|c)?")
_ABOUT = re.compile(r"^(?:最高|约|大约|体温):?|(?:左右|上下|\(正常\)|正常)$")
_SPOKEN = re.compile(r"([二三四])十([一二三四五六七八九]?)(?:[度点]([零一二三四五六七八九半]?))?度?")
_DIGIT = {char: place for place, char in enumerate("零一二三四五六七八九")} | {"": 0, "半": 5}
_DEGREES_CUT = re.compile(r"([0-9]{2})度([0-9])")


def temperature(cell: object, frame: Frame) -> object:
    """℃ with one decimal; 未测 is blank, 1900-02-07 14:24 is 38.6 formatted as a date. 385 (a lost point) is
    asked about, not guessed.
    """
    if type(cell) is float:
        rounded = round(cell, 1)
        return (rounded if rounded == cell else Fixed(rounded)) if 20 <= cell <= 50 else Bad("temperature-unreadable")
    if blank(cell):
        return None
    if isinstance(cell, date):
        beneath = number_beneath(cell, frame)
        return Fixed(round(beneath, 1)) if beneath and 20 <= beneath <= 50 else Bad("temperature-unreadable")
    if isinstance(cell, int) and not isinstance(cell, bool):
        return float(cell) if 20 <= cell <= 50 else Bad("temperature-unreadable")
    if not isinstance(cell, str):
        return Bad("temperature-unreadable")
    words = fold(cell).replace("°c", "℃")
    if words in _NOT_TAKEN:
        return None
    words = _ABOUT.sub("", words)
    if spoken := _SPOKEN.fullmatch(words):
        return Fixed(float(f"{_DIGIT[spoken[1]]}{_DIGIT[spoken[2]]}.{_DIGIT[spoken[3] or '零']}"))
    found = _DEGREES_CUT.fullmatch(words) or _DEGREES.fullmatch(words)
    if not found:
        return Bad("temperature-unreadable")
    return Fixed(round(float(f"{found[1]}.{found[2] or '0'}"), 1))


# --------------------------------------------------------------------------- choices


def spellings(vocabulary: Vocabulary) -> dict[str, str]:
    """Every spelling, folded → code."""
    table = {fold(word): code for word, code in vocabulary.words.items()}
    table.update({fold(code): code for code in vocabulary.labels})
    table.update({fold(label): code for code, label in vocabulary.labels.items()})
    return table


def choice(vocabulary: Vocabulary, issue: str) -> Parser:
    """One of a closed list; people's words for it are understood and listed as repairs."""
    exact = {label: code for code, label in vocabulary.labels.items()}
    spelled = spellings(vocabulary)

    def parse(cell: object, _: Frame) -> object:
        if type(cell) is str:
            hit = exact.get(cell)
            if hit is not None:
                return hit
        word = fold(shown(cell))
        found = spelled.get(word)
        if found is not None:
            return found if sweep(shown(cell)) == vocabulary.labels[found] else Fixed(found)
        return None if blank(cell) else Bad(issue, (("choices", "、".join(vocabulary.labels.values())),))

    return parse


def flag(vocabulary: Vocabulary, *heads: str) -> Parser:
    """是 / 否 → True / False. `heads`: what the column is called; 住院 below 住院 is yes."""
    parse_choice = choice(vocabulary, "yes-no-unreadable")
    own = {fold(head) for head in heads}

    def parse(cell: object, frame: Frame) -> object:
        if isinstance(cell, bool):
            return cell
        got = parse_choice(cell, frame)
        if isinstance(got, Fixed):
            return Fixed(got.value == "yes")
        if isinstance(got, Bad) and fold(shown(cell)) in own:
            return Fixed(True)
        return got == "yes" if isinstance(got, str) else got

    return parse


def several(vocabulary: Vocabulary, issue: str) -> Parser:
    """Words of a list separated by any of 、，,;；/ + or blanks → codes separated by blanks, in list order."""
    spelled = spellings(vocabulary)
    order = {code: place for place, code in enumerate(vocabulary.labels)}

    def parse(cell: object, _: Frame) -> object:
        if blank(cell):
            return None
        parts = pieces(sweep(shown(cell)))
        codes = [spelled.get(fold(piece)) for piece in parts]
        if not codes or None in codes:
            return Bad(issue, (("choices", "、".join(vocabulary.labels.values())),))
        return " ".join(sorted({code for code in codes if code}, key=order.__getitem__))

    return parse


_SEPARATORS = re.compile(r"[、,;/+&。\s]|[和及伴]|(?<=[^0-9])[.]|[.](?=[^0-9])")


def pieces(words: str) -> list[str]:
    flat = unicodedata.normalize("NFKC", words)
    return [piece for piece in _SEPARATORS.split(flat) if piece]
