"""The kinds of fields that the form of an identity is made of: people, vaults, lists, tags, explained choices."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import TextChoices

from identities.admin.identity_rows import LABELS
from identities.admin.searching import OfTenant
from identities.admin.wording import words
from identities.inventory.auth_methods import VERDICTS
from identities.inventory.cadence import parse
from identities.inventory.vocabulary import AuthMethod
from identities.people.models import User
from identities.vaults.models import VaultConnection

PEOPLE = {"is_active": True, "is_agent": False}


class Somebody(OfTenant):
    """An active person of the tenant, found by name or address."""

    def __init__(self, *, where: dict[str, Any] = PEOPLE, **kwargs: Any) -> None:
        super().__init__(User, where=where, by=("email", "first_name", "last_name"), **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        return str(obj) if obj.full_name == obj.email else f"{obj.full_name} ({obj.email})"


class UsableVault(OfTenant):
    """A vault connection of the tenant, or the one that serves all."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(VaultConnection, by=("name", "vault_uri"), **kwargs)

    def narrow(self, tenant_id: Any) -> None:
        own = VaultConnection.objects.filter(tenant_id=tenant_id)
        common = VaultConnection.objects.filter(tenant__isnull=True)
        self.queryset = (own | common).order_by("name") if tenant_id is not None else own.none()

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.provider}, {obj.environment or 'any environment'})"


@dataclass(frozen=True)
class Judged:
    """A way of authentication as a choice: its name with the verdict, what it is best for, its weakness."""

    name: str
    text: str

    def __str__(self) -> str:
        return self.name


class AuthMethodField(forms.ChoiceField):
    """How it proves itself; the verdict stands beside each choice."""

    explained = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[_judged(method) for method in AuthMethod], widget=forms.RadioSelect, **kwargs)


def _judged(method: AuthMethod) -> tuple[str, Judged]:
    said = VERDICTS[method.value]
    if method is AuthMethod.UNKNOWN:
        return method.value, Judged("Not known", "Never green: find out how it proves itself, and say so.")
    return method.value, Judged(
        f"{LABELS[method.value]}: {said.verdict}", f"Best for {said.best_for}. Weakness: {said.weakness}."
    )


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    def __init__(self, *, rows: int = 3, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), max_length=60_000, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return [line.strip() for line in text.splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return [line.strip() for line in str(data or "").splitlines() if line.strip()] != list(initial or [])


class TagsField(forms.CharField):
    """Tags, one a line: `name=value`, or a name alone. A plain list stays one while no line has a value."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 3}), max_length=60_000, required=False, **kwargs)
        self.is_list = False

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return "\n".join(f"{key}={said}" if said else str(key) for key, said in value.items())
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        return self._read(super().clean(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self._read(str(data or "")) != (initial or self._read("")))

    def _read(self, text: str) -> Any:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if self.is_list and not any("=" in line for line in lines):
            return lines
        pairs = (line.partition("=") for line in lines)
        return {key.strip(): said.strip() for key, _, said in pairs if key.strip()}


class CadenceField(forms.CharField):
    """How often it is expected to work."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            if text:
                parse(text)
        except ValueError:
            raise ValidationError("Say it as hourly, daily, yearly, or as a duration such as PT5M.") from None
        return text


def one_of(choices: type[TextChoices], *, unknown: str = "Not known", **kwargs: Any) -> forms.ChoiceField:
    """A classification that may be unknown: nothing is chosen for anybody."""
    said = [(value, words(value) if str(label).istitle() else label) for value, label in choices.choices]
    return forms.ChoiceField(choices=[("", unknown), *said], required=False, **kwargs)


def long_text(*, rows: int = 2, **kwargs: Any) -> forms.CharField:
    """Text of some lines."""
    kwargs.setdefault("required", False)
    return forms.CharField(widget=forms.Textarea(attrs={"rows": rows}), max_length=4000, **kwargs)
