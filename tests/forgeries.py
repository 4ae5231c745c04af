"""What a forger may do to a workbook, and what docs/proof.md says becomes of it."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

import openpyxl
from openpyxl.packaging.custom import StringProperty

from pipeline.validate.proof import Effect, Proof

PAGE = Path(__file__).parents[1] / "docs" / "proof.md"
WORDS = {"照收": Effect.TAKEN, "待核": Effect.HELD, "退回": Effect.REFUSED}
BECAME = {Effect.TAKEN: {"accepted", "partial"}, Effect.HELD: {"held"}, Effect.REFUSED: {"rejected"}}


def page() -> Mapping[str, Mapping[Proof, Effect]]:
    """The table of the page: form → proof → effect."""
    lines = [line.strip("| \n").split(" | ") for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    proofs = [Proof(found[1]) for cell in lines[0][1:] if (found := re.search(r"`(\w+)`", cell))]
    rows = [line for line in lines[1:] if "`" in line[0] and line[1] in WORDS]
    return {
        re.findall(r"`(\w+)`", form)[0]: {proof: WORDS[cell] for proof, cell in zip(proofs, cells, strict=True)}
        for form, *cells in rows
    }


def tokened(content: bytes, token: str | None) -> bytes:
    """The workbook with another token, or saved by a program that keeps none; a 备案表 has it in a cell too."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    own = str(book.custom_doc_props["queke_token"].value)
    for cell in (cell for sheet in book for row in sheet for cell in row):
        if isinstance(cell.value, str) and own in cell.value:
            cell.value = cell.value.replace(own, token or "")
    del book.custom_doc_props["queke_token"]
    if token is not None:
        book.custom_doc_props.append(StringProperty(name="queke_token", value=token))
    return saved(book)


def stripped(content: bytes) -> bytes:
    """The workbook as a program leaves it that keeps no properties at all."""
    book = openpyxl.load_workbook(io.BytesIO(tokened(content, None)))
    for name in list(book.custom_doc_props.names):
        del book.custom_doc_props[name]
    return saved(book)


def readdressed(content: bytes, own: str, other: str) -> bytes:
    """The workbook with another unit's code wherever it had its own, its token kept."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    for cell in (cell for sheet in book for row in sheet for cell in row):
        if isinstance(cell.value, str) and own in cell.value:
            cell.value = cell.value.replace(own, other)
    for prop in book.custom_doc_props.props:
        if prop.value == own:
            prop.value = other
    return saved(book)


def token_of(content: bytes) -> str:
    """The token that a workbook carries."""
    return str(openpyxl.load_workbook(io.BytesIO(content)).custom_doc_props["queke_token"].value)


def saved(book: openpyxl.Workbook) -> bytes:
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()
