"""A command on a page: who may press it, what it asks, and the one service it calls."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from audit.actors import Actor
from identities.access.matrix import Duty
from identities.admin.forms import CommandForm, ReasonForm
from identities.admin.parts import Block
from identities.admin.scope import Scope
from identities.people.models import Tenant


@dataclass(frozen=True)
class Shown:
    """A secret that is shown now and never again, with where it goes and how to use it."""

    title: str
    label: str
    text: str = field(repr=False)
    intro: str = ""
    facts: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Done:
    """What came of a command: a sentence, where to go next (default: the object's page), and perhaps a secret."""

    message: str
    obj: Model | None = None
    href: str = ""
    shown: Shown | None = None
    tone: str = "success"


@dataclass(frozen=True)
class Call:
    """One press of a button: `values` is the cleaned input, `obj` the thing it is about, `item` a part of that."""

    request: HttpRequest
    scope: Scope
    tenant: Tenant
    values: Mapping[str, Any] = field(repr=False)
    obj: Any = None
    item: Any = None
    changed: frozenset[str] = frozenset()

    @property
    def actor(self) -> Actor:
        return self.scope.actor

    @property
    def changes(self) -> dict[str, Any]:
        """Only the members that the person changed on an edit form."""
        return {name: value for name, value in self.values.items() if name in self.changed}


@dataclass(frozen=True)
class Preview:
    """What would come of a form, before anything is saved: only `fields` are looked at, all others may be wrong yet.

    It stands under the section of the form that has the title `under`, or at the form's end.
    """

    label: str
    fields: Sequence[str]
    blocks: Callable[[Mapping[str, Any]], Sequence[Block]]
    under: str = ""


def _always(obj: Any) -> bool:
    return True


def _nobody(scope: Scope, obj: Any) -> bool:
    return False


def _anybody(scope: Scope, obj: Any) -> bool:
    return True


@dataclass(frozen=True)
class Command:
    """`run` calls exactly one service and says what came of it; a DomainError becomes an error of the form.

    `applies` hides a command where it makes no sense now; `owned` tells whether the thing is the person's own, for
    roles whose reach in `duty` is only that; `reaches` whether they reach as far as the thing itself does; `item` finds
    the part of the object that `?item=` names.
    """

    key: str
    label: str
    run: Callable[[Call], Done]
    form: type[CommandForm] = CommandForm
    duty: Duty = Duty.GOVERN
    icon: str = "play_arrow"
    title: str = ""
    submit: str = ""
    intro: str | Callable[[Any], str] = ""
    confirm: str = ""
    danger: bool = False
    primary: bool = False
    listed: bool = True
    applies: Callable[[Any], bool] = _always
    owned: Callable[[Scope, Any], bool] = _nobody
    item: Callable[[Any, str], Any] | None = None
    initial: Callable[[Any], Mapping[str, Any]] | None = None
    platform_only: bool = False
    reaches: Callable[[Scope, Any], bool] = _anybody
    notes: Callable[[Any], Sequence[Block]] | None = None
    preview: Preview | None = None

    @property
    def send(self) -> str:
        """The word on the button that sends the form."""
        return self.submit or {"add": "Create", "edit": "Save"}.get(self.key, self.label)

    def may(self, scope: Scope, obj: Any, tenant_id: Any) -> bool:
        """Whether this person may press it on this object."""
        if self.platform_only and not scope.principal.is_platform_admin:
            return False
        if obj is not None and not self.reaches(scope, obj):
            return False
        return scope.may(self.duty, tenant_id, owned=self.owned(scope, obj))


def button(
    service: Callable[..., Any],
    *,
    key: str,
    label: str,
    done: str,
    fields: type[CommandForm] = ReasonForm,
    **more: Any,
) -> Command:
    """The plain case: `service(object, **fields, actor=…)`, and a sentence when it is done."""

    def run(call: Call) -> Done:
        service(call.item or call.obj, **call.values, actor=call.actor)
        return Done(done.format(obj=call.item or call.obj), obj=call.obj)

    return Command(key=key, label=label, run=run, form=fields, **more)
