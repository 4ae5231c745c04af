"""What a paper prints, as plain JSON values: kept by an edition, hashed, and given to its template."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast

Values = Mapping[str, Any]


def values_of(made: object) -> dict[str, object]:
    """Return the values of a paper's dataclass."""
    kept = json.loads(json.dumps(asdict(made), ensure_ascii=False))  # type: ignore[call-overload]  # a dataclass
    return cast("dict[str, object]", kept)


def check_code(kept: Mapping[str, object]) -> tuple[str, str]:
    """Return the SHA-256 of a paper's values and its 校验 code as printed, e.g. 7F3A-91C2.

    The code is of what is printed: one of figures that are left out could be tried until it fits.
    """
    code = _sha({name: value for name, value in kept.items() if name not in _NOT_PRINTED})
    return _sha(kept), f"{code[:4]}-{code[4:8]}".upper()


_NOT_PRINTED = frozenset({"sums", "hidden"})


def _sha(values: Mapping[str, object]) -> str:
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
