"""What is said of a leak: to the audit, to those who answer for the identity, and on the row; never the secret."""

from audit.scrubbing import MASK, clean_text
from identities.credentials import recognition
from identities.credentials.models import ClientSecret
from identities.detections.leak_actions import MOST_AN_HOUR, Acted
from identities.detections.models import LeakAction

MAX_SOURCE, MAX_WHERE = 200, 400
CLEAN = "Take it out of the place where it was found, and out of that place's history."
#: Who reported, where that is somebody of another tenant.
ELSEWHERE = "somebody of another tenant"


def place(text: str, longest: int) -> str:
    """What a reporter named, fit to be kept: without anything that reads as a secret, in whatever way it is written."""
    stripped = text.strip()
    return MASK if recognition.texts(stripped) else clean_text(stripped, longest)


def reason(source: str, where: str) -> str:
    """Why a secret is revoked, for the audit."""
    named = ", ".join(part for part in (source, where) if part)
    return f"Leaked: reported from {named}" if named else "Leaked: reported without a source"


def subject(secret: ClientSecret) -> str:
    """The first line of a notice."""
    return f"A secret of '{secret.identity.name}' leaked"


def text(secret: ClientSecret, acted: Acted, *, source: str, where: str) -> str:
    """The notice itself: what was found where, what was done, and what is left to do."""
    named = " at ".join(part for part in (source, where) if part) or "a text"
    found = f"Its secret …{secret.hint} was found in {named}."
    return "\n".join([found, *done(acted), CLEAN])


def done(acted: Acted) -> list[str]:
    """What was done, and what that leaves, in sentences."""
    if acted.action == LeakAction.NONE:
        return ["It had ended before: nothing was done."]
    said = ["The secret was revoked at once, and every token of the identity ended."]
    if acted.action == LeakAction.QUARANTINED:
        said.append("The identity is of the high tier and was quarantined: its page says what is left to do.")
    if acted.is_limited:
        said.append(
            f"It was not quarantined, though its tier asks for it: {MOST_AN_HOUR} identities were within the hour. "
            "A person has to decide."
        )
    if acted.left == 0:
        said.append("The identity has no secret now: whatever works as it stands still until it gets a new one.")
    return said
