"""Names that other programs call or read, as code, so that vulture counts them as used."""

from typing import Any

_: Any = object()

# watchdog calls it
_.on_any_event

# expat calls and reads them
_.StartElementHandler
_.EndElementHandler
_.CharacterDataHandler
_.buffer_text

# LibreOffice reads them, in tests that drive it
_.ContainsHeader
_.IsNumeric
_.StringValue
_.Operator
_.Width
_.IsAscending

# a job for LibreOffice names the move
_.swap

# openpyxl reads it
_.border

# the test that holds a form's declaration and the database's table equal reads it
_.store
