"""Programs in which people fill our forms, by their habits in writing a file."""

from __future__ import annotations

from collections.abc import Mapping

from tests.people.scribe import Habit

_CUSTOM_XML = {
    "customXml/item1.xml": '<?xml version="1.0"?><woProps xmlns="https://web.wps.cn/et/2018/main"><woSheetsProps>'
    '<woSheetProps sheetStid="1" interlineOnOff="0"/></woSheetsProps></woProps>',
    "customXml/_rels/item1.xml.rels": '<?xml version="1.0" encoding="UTF-8"?><Relationships '
    'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>',
    "customXml/itemProps1.xml": '<?xml version="1.0" encoding="UTF-8" standalone="no"?><x/>',
    # what add-ins leave there is written as they please
    "customXml/item2.xml": '<?xml version="1.0" encoding="utf-16"?><pixelators/>'.encode("utf-16"),
}
_WPS_PARTS: Mapping[str, str | bytes] = {
    **_CUSTOM_XML,
    "xl/cellimages.xml": '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><etc:cellImages '
    'xmlns:etc="http://www.wps.cn/officeDocument/2017/etCustomData"/>',
    "xl/media/image1.png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "xl/printerSettings/printerSettings1.bin": bytes(64),
    "docProps/thumbnail.wmf": b"\xd7\xcd\xc6\x9a" + bytes(32),
    "xl/theme/theme1.xml": '<?xml version="1.0" encoding="UTF-8"?><a:theme xmlns:a="x" name="WPS"/>',
}
_COMMENTS: Mapping[str, str | bytes] = {
    "xl/comments1.xml": '<?xml version="1.0" encoding="UTF-8"?><comments '
    'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><authors><author>某</author></authors>'
    '<commentList><comment ref="B8" authorId="0"><text><t>是他吗？</t></text></comment></commentList></comments>',
    "xl/drawings/vmlDrawing1.vml": '<xml xmlns:v="urn:schemas-microsoft-com:vml"><v:shape/></xml>',
}

PROGRAMS: Mapping[str, Habit] = {
    "wps": Habit(day_format=31, time_format=22, spans=True, dimension="A1:P30", more=_WPS_PARTS),
    "wps, dates its own way": Habit(day_format=57, time_format=30, strings="phonetic", more=_WPS_PARTS),
    "excel for mac": Habit(
        epoch1904=True,
        spans=True,
        strings="rich",
        lines="\r\n",
        book_attributes=' defaultThemeVersion="166925"',
        more=_COMMENTS,
    ),
    "excel for mac, no formats": Habit(epoch1904=True, dates="general", strings="phonetic"),
    "tencent": Habit(strings="inline", dimension="A1", each_its_own_style=True, typed_numbers=True),
    "kdocs": Habit(strings="pieces", each_its_own_style=True, day_format=176, time_format=176, spans=True),
    "shimo": Habit(strings="str", typed_numbers=True, styles=False, dates="general"),
    "google": Habit(each_its_own_style=True, lines="\n", dimension="A1:B2"),
    "streaming java": Habit(strings="inline", packing="zip64", lines="\n"),
    "script library": Habit(typed_numbers=True, packing="stored", dates="iso"),
    "dotnet": Habit(
        prefix="x:",
        bom=True,
        absolute=True,
        packing="descriptors",
        declaration='<?xml version="1.0" encoding="utf-8"?>',
    ),
    "says no places": Habit(places=False, styles=False, dates="general", declaration=""),
    "its own order": Habit(type_first=True, quote="'", spans=True),
    "parts elsewhere": Habit(sheet_path="sheets/Sheet{n}.xml", strings_path="strings/texts.xml", absolute=True),
    "strict": Habit(strict=True),
    "strict, iso dates": Habit(strict=True, dates="iso", strings="inline"),
    "no styles, no area": Habit(styles=False, dates="general", packing="descriptors"),
}

PLAIN = ("wps", "wps, dates its own way", "excel for mac", "tencent", "kdocs", "google")
"""Programs so common that their files must be read at full speed."""
