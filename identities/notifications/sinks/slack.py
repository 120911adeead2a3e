"""Sink: an incoming webhook of Slack, or of what speaks its JSON: Mattermost, Rocket.Chat, Google Chat."""

import json
from typing import ClassVar

from identities.errors import Invalid
from identities.notifications.message import Message, Told
from identities.notifications.sinks import posting
from identities.notifications.sinks.base import Sink

MOST_LINES = 20


class Slack(Sink):
    """Posts `{text}`. The address itself is the secret: who has it can write into the channel."""

    kind: ClassVar[str] = "slack"
    label: ClassVar[str] = "Slack-compatible webhook"
    secret_label: ClassVar[str] = "Webhook address"  # noqa: S105 - a label
    secret_hint: ClassVar[str] = "https://hooks.slack.com/services/… Kept encrypted."  # noqa: S105 - a hint
    pause_minutes: ClassVar[int] = 5

    def send(self, message: Message) -> None:
        body = json.dumps({"text": text_of(message)}, ensure_ascii=False).encode()
        posting.post(self._secret().reveal(), body=body, headers={"Content-Type": "application/json"})

    @classmethod
    def check_secret(cls, text: str) -> str:
        if problem := posting.problem_with(text.strip()):
            raise Invalid({"secret": [f"the address {problem}"]})
        return text.strip()


def text_of(message: Message) -> str:
    """The message in Slack's own markup, in which nothing that somebody wrote can make a link or call people. Pure."""
    lines = [f"*{_plain(message.subject)}*", *(_line(event) for event in message.told[:MOST_LINES])]
    left = len(message.told) - MOST_LINES
    more = [f"and {left} more"] if left > 0 else []
    return "\n".join([*lines, *more, *([f"<{message.link}|Open Steward>"] if message.link else [])])


def _line(event: Told) -> str:
    what = f"`{_plain(event.type)}` {_plain(event.subject['label'])}"
    why = f": {_plain(event.reason)}" if event.reason else ""
    by = f" (by {_plain(event.actor['label'])})" if event.actor["label"] else ""
    link = f" <{event.link}|look>" if event.link else ""
    return f"• {event.at:%d %b %H:%M} UTC {what}{why}{by}{link}"


def _plain(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return " ".join(escaped.replace("`", "'").replace("*", " ").split())
