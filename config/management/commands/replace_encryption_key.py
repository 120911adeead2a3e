"""`manage.py replace_encryption_key`: the second step of replacing STEWARD_ENCRYPTION_KEY."""

import json as formats
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.actors import Actor
from audit.replacement import CannotReplace
from config import encryption_key
from config.encryption_key import State

ACTOR = Actor.system("replace_encryption_key")


class Command(BaseCommand):
    help = (
        "Carry over to STEWARD_ENCRYPTION_KEY what rests on one of STEWARD_ENCRYPTION_KEY_FALLBACKS: the audit goes on "
        "under it, everything sealed is sealed anew. Says and names what still rests on a former one, and when that "
        "may go. May be stopped and repeated, while Steward works."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--look", action="store_true", help="only count what rests on a former key; change nothing")
        parser.add_argument("--json", action="store_true", help="print as JSON")

    def handle(self, *, look: bool, json: bool, **_: Any) -> None:
        try:
            state = encryption_key.look(self._progress) if look else encryption_key.replace(self._progress, actor=ACTOR)
        except CannotReplace as refused:
            raise CommandError(str(refused)) from None
        if self.stderr.isatty():
            self.stderr.write("")
        self.stdout.write(_as_json(state) if json else _in_words(state))

    def _progress(self, what: str, seen: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{what}: {seen:,}", ending="")


def _in_words(state: State) -> str:
    former = ", ".join(state.former_ids) or "none"
    lines = [f"The key is {state.key_id}; former ones that still count: {former}.", _of_the_chain(state)]
    for what, count in state.columns.items():
        unreadable = f", {count.unreadable} open under no key that is here" if count.unreadable else ""
        lines.append(f"{what}: {count.seen}, under a former key {count.former}, sealed anew {count.moved}{unreadable}")
    for rest in state.rests:
        lines.append(f"{rest.what} under a former key: {rest.count}")
        lines += [f"  {name}" for name in rest.named]
    if not state.is_free:
        lines.append("Not everything goes on without a former key yet.")
    elif state.former_ids:
        lines.append("Nothing rests on a former key: take STEWARD_ENCRYPTION_KEY_FALLBACKS away.")
    else:
        lines.append("Nothing rests on a former key.")
    return "\n".join(lines)


def _of_the_chain(state: State) -> str:
    if not state.is_chain_ours:
        return "The audit stands under another key."
    if state.until_seq is not None:
        return f"The audit goes on under this key after record {state.until_seq}."
    return "The audit stands under this key."


def _as_json(state: State) -> str:
    columns = {what: asdict(count) for what, count in state.columns.items()}
    rests = {rest.what: {"count": rest.count, "named": rest.named} for rest in state.rests}
    told = {"keyId": state.key_id, "formerKeyIds": state.former_ids, "isChainOurs": state.is_chain_ours}
    return formats.dumps(
        told | {"untilSeq": state.until_seq, "columns": columns, "rests": rests, "isFree": state.is_free}, indent=2
    )
