"""The secret of a channel at rest: sealed for its row, beside it the one before while that is still good."""

import json
from datetime import datetime, timedelta

from django.utils.dateparse import parse_datetime
from django.views.decorators.debug import sensitive_variables

from identities.notifications.models import Channel
from identities.vaults import resealing, sealed_box
from identities.vaults.secret_text import SecretText

PURPOSE = "notification channel"
#: So long both secrets of a webhook sign: time to bring the new one to the receiver.
OVERLAP = timedelta(hours=24)


@sensitive_variables("secret", "previous", "content")
def put(
    channel: Channel, secret: SecretText, *, previous: SecretText | None = None, until: datetime | None = None
) -> None:
    """Seal the secret into the row in hand; not saved."""
    content = {"secret": secret.reveal()}
    if previous is not None and until is not None:
        content |= {"previous": previous.reveal(), "until": until.isoformat()}
    channel.secret_box = sealed_box.seal(json.dumps(content).encode(), PURPOSE, place=_place(channel))


@sensitive_variables("content")
def opened(channel: Channel, at: datetime) -> list[SecretText]:
    """The secrets that are good at `at`, the newest first; none where none is kept. Raises `sealed_box.CannotOpen`."""
    if not channel.secret_box:
        return []
    content = json.loads(sealed_box.open(channel.secret_box, PURPOSE, place=_place(channel)))
    until = parse_datetime(content.get("until", ""))
    found = [SecretText(content["secret"])]
    if until is not None and until > at:
        found.append(SecretText(content["previous"]))
    return found


def _place(channel: Channel) -> str:
    return f"{channel.pk}/{channel.kind}"


SEALED = resealing.text_column("secrets of channels", Channel, "secret_box", PURPOSE, _place)
