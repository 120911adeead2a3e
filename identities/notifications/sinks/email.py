"""Sink: e-mail to addresses, through the mail server of the deployment (EMAIL_URL)."""

from dataclasses import dataclass
from smtplib import SMTPException
from typing import ClassVar

from django.conf import settings as django_settings
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from identities.errors import Invalid
from identities.notifications.message import Message, Told
from identities.notifications.sinks.base import Sink, SinkFailed, SinkSettings
from identities.vaults.base import setting

MOST_ADDRESSES = 20
DUMMY = "django.core.mail.backends.dummy.EmailBackend"


@dataclass(frozen=True, slots=True)
class EmailSettings(SinkSettings):
    """Who gets it."""

    to: str = setting("", "To", f"Addresses, separated by commas; {MOST_ADDRESSES} at the most. They see each other.")

    @property
    def addresses(self) -> list[str]:
        return list(dict.fromkeys(part.strip() for part in self.to.split(",") if part.strip()))

    def check(self) -> None:
        if not 1 <= len(self.addresses) <= MOST_ADDRESSES:
            raise Invalid({"settings": [f"to: must name 1 to {MOST_ADDRESSES} addresses"]})
        for address in self.addresses:
            try:
                validate_email(address)
            except ValidationError:
                raise Invalid({"settings": [f"to: {address[:80]!r} is no address"]}) from None


class Email(Sink):
    """One mail for a message, whatever the number of events in it."""

    kind: ClassVar[str] = "email"
    label: ClassVar[str] = "E-mail"
    Settings: ClassVar[type[SinkSettings]] = EmailSettings
    pause_minutes: ClassVar[int] = 15

    def send(self, message: Message) -> None:
        assert isinstance(self.settings, EmailSettings)  # noqa: S101 - for the type checker
        if django_settings.EMAIL_BACKEND == DUMMY:
            raise SinkFailed("Mail is not set up here: EMAIL_URL names no server.")
        letter = mail.EmailMessage(
            subject=f"[Steward] {' '.join(message.subject.split())}",
            body=text_of(message),
            from_email=django_settings.DEFAULT_FROM_EMAIL,
            to=self.settings.addresses,
            headers={"Auto-Submitted": "auto-generated", "X-Steward-Message": message.id},
        )
        try:
            letter.send()
        except (SMTPException, OSError, ValueError) as error:
            raise SinkFailed(f"The mail server did not take it ({type(error).__name__}).") from None


def text_of(message: Message) -> str:
    """The body: an event a paragraph. Pure."""
    said = [_paragraph(event) for event in message.told] or [message.subject]
    return "\n\n".join([*said, f"-- \nSteward, {message.tenant}\n{message.link}".strip()])


def _paragraph(event: Told) -> str:
    by = f", by {event.actor['label']}" if event.actor["label"] else ""
    lines = [f"{event.at:%d %b %Y %H:%M} UTC  {event.type}  {event.subject['label']}{by}", event.reason, event.link]
    return "\n".join(line for line in lines if line)
