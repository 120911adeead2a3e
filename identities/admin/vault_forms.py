"""The input for a vault connection: common fields, and for each provider the fields that its settings declare."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING
from typing import Any

from django import forms

from identities.admin.forms import CommandForm, Section
from identities.errors import DomainError, Invalid
from identities.inventory.vocabulary import Environment
from identities.names import camel, snake
from identities.vaults import providers
from identities.vaults.base import Vault

CREDENTIAL = "credential"


class ConnectionForm(CommandForm):
    """What every vault has, then one section a provider."""

    name = forms.CharField(max_length=120)
    provider = forms.ChoiceField(choices=[])
    vault_uri = forms.CharField(
        label="Address",
        max_length=500,
        help_text="scheme://host[:port][/path]. Secret references may name only registered addresses.",
    )
    environment = forms.ChoiceField(
        required=False,
        choices=[("", "Every environment"), *Environment.choices],
        help_text="With an environment, only identities of that one may use it. Production needs one of its own.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["provider"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [(kind, vault.label) for kind, vault in providers.installed().items()]
        if self.obj is not None:
            del self.fields["provider"]

    def extra_fields(self) -> dict[str, forms.Field]:
        """The settings of every provider, or of the one that the connection has."""
        found: dict[str, forms.Field] = {}
        for kind, vault in providers.installed().items():
            if self.obj is None or self.obj.provider == kind:
                found |= _fields_of(kind, vault, held=self.obj is not None)
        return found

    @property
    def groups(self) -> Iterable[tuple[Section, list[forms.BoundField]]]:
        common = [name for name in ("name", "provider", "vault_uri", "environment") if name in self.fields]
        yield Section("Connection", common), [self[name] for name in common]
        for kind, vault in providers.installed().items():
            names = [name for name in self.fields if name.startswith(f"{_mark(kind)}__")]
            if names:
                text = "" if self.obj is not None else "Only for this provider; the others leave it alone."
                yield Section(vault.label, names, text), [self[name] for name in names]

    @classmethod
    def initial_of(cls, obj: Any) -> dict[str, Any]:
        mark = _mark(obj.provider)
        own = {f"{mark}__{snake(name)}": value for name, value in obj.settings.items()}
        return {"name": obj.name, "vault_uri": obj.vault_uri, "environment": obj.environment, **own}

    def refuse(self, error: DomainError) -> None:
        """Settings complain as "mount: …": put that beside the field it names."""
        if not isinstance(error, Invalid) or "settings" not in error.errors:
            super().refuse(error)
            return
        provider = self.obj.provider if self.obj is not None else str(self.cleaned_data.get("provider", ""))
        mark, vault = _mark(provider), providers.installed().get(provider)
        secret = vault.credential_setting if vault else ""
        moved: dict[str, list[str]] = {name: texts for name, texts in error.errors.items() if name != "settings"}
        for text in error.errors["settings"]:
            name, _, said = text.partition(": ")
            field = f"{mark}__{CREDENTIAL if name == secret else snake(name)}"
            said = self._in_words(said)
            moved.setdefault(field if field in self.fields else "", []).append(said if field in self.fields else text)
        super().refuse(Invalid(moved))

    def _in_words(self, said: str) -> str:
        """Settings by their labels here: their outside names are for programs."""
        for name, field in self.fields.items():
            outside = camel(name.partition("__")[2])
            if not outside.islower():
                said = re.sub(rf"\b{outside}\b", f"“{field.label}”", said) if outside else said
        return said


def split(provider: str, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], str | None]:
    """The common values, the provider's settings by their outside names, and the credential if one was given.

    A number that was left empty is left to the provider.
    """
    mark = f"{_mark(provider)}__"
    own = {name.removeprefix(mark): value for name, value in values.items() if name.startswith(mark)}
    credential = own.pop(CREDENTIAL, "") or None
    common = {name: value for name, value in values.items() if "__" not in name and name != "provider"}
    return common, {camel(name): value for name, value in own.items() if value is not None}, credential


def _fields_of(kind: str, vault: type[Vault], *, held: bool) -> dict[str, forms.Field]:
    made: dict[str, forms.Field] = {}
    if vault.credential_setting:
        keep = "Empty: the one that is kept stays." if held else "Kept encrypted, and never shown again."
        made[f"{_mark(kind)}__{CREDENTIAL}"] = forms.CharField(
            label=snake(vault.credential_setting).replace("_", " ").capitalize(),
            required=False,
            max_length=4096,
            widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
            help_text=keep,
        )
    for item in vault.Settings.shown():
        default = None if item.default is MISSING else item.default
        words = {"label": item.metadata.get("label", item.name), "help_text": item.metadata.get("hint", "")}
        made[f"{_mark(kind)}__{item.name}"] = _field(default, item.metadata.get("choices"), words)
    return made


def _field(default: Any, choices: Mapping[str, str] | None, words: dict[str, Any]) -> forms.Field:
    if choices:
        # Left alone by whoever connects another provider, so it asks for nothing.
        listed = list(choices.items())
        return forms.TypedChoiceField(required=False, choices=listed, initial=default, empty_value=default, **words)
    if isinstance(default, bool):
        return forms.BooleanField(required=False, initial=default, **words)
    if isinstance(default, int):
        return forms.IntegerField(required=False, initial=default, **words)
    return forms.CharField(required=False, initial=default, max_length=500, **words)


def _mark(kind: str) -> str:
    return kind.replace("-", "_")
