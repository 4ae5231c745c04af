"""What a server's answer to a letter means. The first digit lies: some refuse for good what passes in a minute.

Codes of QQ and NetEase as their help pages give them; all else after RFC 5321 and RFC 3463.
"""

from __future__ import annotations

import re
from enum import StrEnum


class LetterFate(StrEnum):
    """What becomes of a letter by a server's answer."""

    SENT = "sent"
    WAIT = "wait"  # it passes: again in a while
    SLOW = "slow"  # likewise, over another connection
    ADMIN = "admin"  # our account, our address or our content: a person must look
    NEVER = "never"  # this reader, or this letter, will not do
    UNCLEAR = "unclear"  # the line broke after the letter was given: it may have arrived
    GONE = "gone"  # no server was asked: our copy of it cannot be read any more


_WORDS: tuple[tuple[str, LetterFate], ...] = (
    (r"HL:I(FC|CC)|MI:DMC", LetterFate.SLOW),
    # limits: also with 550, which says for good what passes in a minute, an hour or a day
    (r"frequency limit|频率|too (many|frequent)|rate limit|exceeded .*(rate|limit)|try again", LetterFate.WAIT),
    (r"MI:(SFQ|CEL|IMF)|DT:SUM|RP:(CEL|QRC)|greylist|grey-list", LetterFate.WAIT),
    # we ourselves
    (
        r"authoriz|authentica|授权码|login fail|not logged|mail from .*(must|equal)|from (address|invalid)",
        LetterFate.ADMIN,
    ),
    (r"HL:(REP|IPB)|DT:SPM|spam|blacklist|black list|blocked|reputation|policy", LetterFate.ADMIN),
    (r"suspended|banned|account is (locked|disabled)", LetterFate.ADMIN),
    # the reader
    (r"user (unknown|not found|doesn't exist)|no such user|unknown user", LetterFate.NEVER),
    (r"mailbox (unavailable|not found)", LetterFate.NEVER),
    (r"(mailbox|quota|storage).*(full|exceed)|over quota", LetterFate.WAIT),
    (r"(message|mail) (size|too large)|size limit|exceeds? (the )?(max|size|limit)", LetterFate.NEVER),
)
"""The first that is found decides."""
_OURS = frozenset({501, 530, 534, 535, 538})


def fate(code: int, text: str) -> LetterFate:
    """Return what becomes of a letter by the code and the words of an answer."""
    if 200 <= code < 300:
        return LetterFate.SENT
    if code == 451 and "DT:SPM" in text:
        return LetterFate.WAIT  # NetEase: again in two minutes
    if code in _OURS:
        return LetterFate.WAIT if _limited(text) else LetterFate.ADMIN
    for words, found in _WORDS:
        if re.search(words, text, re.IGNORECASE):
            return found
    if code == 421:
        return LetterFate.SLOW
    return LetterFate.WAIT if 400 <= code < 500 else LetterFate.NEVER


def _limited(text: str) -> bool:
    return re.search(_WORDS[1][0], text, re.IGNORECASE) is not None
