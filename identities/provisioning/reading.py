"""The document, read and held against its schema; complaints name the line and never quote a value."""

from collections.abc import Sequence
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from identities.errors import Invalid
from identities.provisioning.document import Document, Unreadable, parse
from identities.provisioning.schemas import document_schema
from identities.provisioning.sections.base import sections

MOST_COMPLAINTS = 10


class Misfit(Invalid):
    """The document does not fit its schema: `complaints` are the first few of `total`, a line each."""

    def __init__(self, complaints: Sequence[str], total: int) -> None:
        more = f" (the first of {total} complaints)" if total > 1 else ""
        super().__init__(f"{complaints[0]}{more}", code="document_misfit")
        self.complaints = complaints


def schema() -> dict[str, Any]:
    """The JSON Schema of the document."""
    return document_schema({section.kind: section.schema for section in sections()})


def read(text: str) -> Document:
    """The document, known to fit the schema. Raises Invalid; Misfit where there are several complaints to tell."""
    try:
        document = parse(text)
    except Unreadable as error:
        raise Invalid(str(error)) from None
    errors = Draft202012Validator(schema()).iter_errors(document.values)
    found = sorted(errors, key=lambda error: document.line_of(tuple(error.absolute_path)))
    if found:
        raise Misfit([_complaint(error, document) for error in found[:MOST_COMPLAINTS]], len(found))
    return document


def _complaint(error: ValidationError, document: Document) -> str:
    path = tuple(error.absolute_path)
    where = ".".join(str(part) for part in path) or "the document"
    return f"Line {document.line_of(path)}: {where}: {_words(error)}"


def _words(error: ValidationError) -> str:
    """What is wrong, without the value: it could be a secret that somebody wrote there."""
    asked: Any = error.validator_value
    instance: Any = error.instance
    match error.validator:
        case "additionalProperties":
            known: Any = error.schema
            unknown = sorted(set(map(str, instance)) - set(known.get("properties", {})))
            return f"unknown member {', '.join(name[:60] for name in unknown[:5])}"
        case "required":
            return f"{', '.join(name for name in asked if name not in instance)} must be given"
        case "enum":
            return f"not one of {', '.join(map(str, asked))}"
        case "const":
            return f"must be {asked}"
        case "type":
            return f"must be of type {asked}"
        case _:
            return f"does not fit ({error.validator} {asked})"
