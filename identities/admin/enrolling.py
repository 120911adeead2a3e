"""Setting up a second factor: an app's picture and its first code, or a key of the browser's."""

import json
from base64 import b64encode
from ipaddress import ip_address
from typing import Any

from allauth.mfa.utils import decrypt, encrypt
from django import forms
from django.http import HttpRequest

from audit.actors import Actor
from identities.admin.forms import CommandForm
from identities.errors import Conflict, DomainError, Invalid
from identities.people import passkeys, second_factor
from identities.people.models import User
from identities.people.second_factor import NAME_LENGTH, Added

SEED = "steward.new_seed"
DIGITS = {"inputmode": "numeric", "autocomplete": "one-time-code", "spellcheck": "false"}
MOST_CREDENTIAL = 20_000


class AppForm(CommandForm):
    """The code that the app shows for the new seed."""

    code = forms.CharField(
        label="Code of the app",
        max_length=20,
        widget=forms.TextInput(attrs=DIGITS),
        help_text="Six digits, and new ones every half a minute.",
    )


class PasskeyForm(CommandForm):
    """What to call the key, and what the browser says of it."""

    name = forms.CharField(
        label="Name of the key",
        max_length=NAME_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "Laptop, or the key on the key ring", "autocomplete": "off"}),
    )
    credential = forms.CharField(max_length=MOST_CREDENTIAL, widget=forms.HiddenInput)


class Enrolment:
    """One request to the page that sets one up; `added` is there when it was done."""

    def __init__(self, request: HttpRequest, user: User) -> None:
        self.request, self.user = request, user
        self.added: Added | None = None
        is_key = "credential" in request.POST
        sent = request.POST if request.method == "POST" else None
        # Of this account: a browser may be handed on, and with it what was shown to somebody else.
        self.seed_key = f"{SEED}.{user.pk}"
        self.app = AppForm(None if is_key else sent)
        self.passkey = PasskeyForm(sent if is_key else None)

    def carry_out(self, actor: Actor) -> bool:
        """Do what was sent; False leaves what is wrong with it on the forms."""
        form = self.passkey if self.passkey.is_bound else self.app
        if not form.is_valid():
            return False
        try:
            self.added = self._add_passkey(actor) if form is self.passkey else self._add_app(actor)
        except DomainError as error:
            form.refuse(error)
            return False
        self.request.session.pop(self.seed_key, None)
        return True

    def context(self) -> dict[str, Any]:
        """What the page draws. The seed stays the same until it is taken: the picture was read already."""
        seed = self._seed()
        picture = second_factor.picture_of(second_factor.address_of_seed(self.user, seed))
        is_address = _is_address(self.request)
        return {
            "app_form": self.app,
            "passkey_form": self.passkey,
            "picture": f"data:image/svg+xml;base64,{b64encode(picture.encode()).decode()}",
            "seed": " ".join(seed[at : at + 4] for at in range(0, len(seed), 4)),
            "options": None if is_address else passkeys.options_to_add(self.user),
            "failed": self.app.errors or self.passkey.errors,
        }

    def _add_app(self, actor: Actor) -> Added:
        if self.seed_key not in self.request.session:
            raise Conflict("That picture is out of time. Read the new one.")
        code = self.app.cleaned_data["code"]
        return second_factor.add_app(self.user, seed=self._seed(), code=code, actor=actor)

    def _add_passkey(self, actor: Actor) -> Added:
        values = self.passkey.cleaned_data
        credential = read_credential(values["credential"])
        return passkeys.add(self.user, name=values["name"], credential=credential, actor=actor)

    def _seed(self) -> str:
        """Sealed in the session too: sessions rest in the database."""
        if self.seed_key not in self.request.session:
            self.request.session[self.seed_key] = encrypt(second_factor.new_seed())
        return str(decrypt(self.request.session[self.seed_key]))


def read_credential(text: str) -> dict[str, Any]:
    """The browser's answer as it was sent. Raises Invalid."""
    try:
        found = json.loads(text[:MOST_CREDENTIAL])
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Invalid({"credential": ["The browser's answer cannot be read. Try again."]})
    return found


def _is_address(request: HttpRequest) -> bool:
    """Whether the portal was opened at a bare IP address, for which browsers make no key."""
    host = request.get_host().rpartition(":")[0] or request.get_host()
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
