"""`Shape`: the base of every body and answer: camelCase outside, snake_case inside, nothing unknown let in."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import serializers

from audit.scrubbing import clean_text
from identities.credentials import misplaced
from identities.credentials.misplaced import members_with_secrets
from identities.names import camel

UNKNOWN_MEMBER = "There is no such member."
READ_ONLY_MEMBER = "This member cannot be written."
#: So many choices are named to whom none of them fits.
MOST_NAMED = 20


class Shape(serializers.Serializer[Any]):
    """A body or an answer.

    Fields are declared in snake_case and appear in camelCase; `validated_data` is in snake_case again. A method
    `validate_<snake_case>` is found as well. A member that is not declared, or that is read-only, is an error
    naming the member: nothing that a client sends is ever dropped in silence. A member that holds a client secret of
    ours is refused unless `takes_secrets` says that this is where one belongs.
    """

    takes_secrets: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in [name for name in vars(cls) if name.startswith("validate_")]:
            setattr(cls, "validate_" + camel(name.removeprefix("validate_")), vars(cls)[name])

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = {}
        for name, field in super().get_fields().items():
            outside = camel(name)
            if outside != name and getattr(field, "source", None) is None:
                field.source = name
            if isinstance(field, serializers.SerializerMethodField) and not getattr(field, "method_name", None):
                field.method_name = f"get_{name}"
            _name_the_choices(getattr(field, "child", field))
            fields[outside] = field
        return fields

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            if self.root is self and not self.takes_secrets:
                self._refuse_secrets(data)
            self._refuse_unknown(data)
            if not isinstance(self.root, Query):
                self._refuse_converted(data)
        return super().to_internal_value(data)

    def _refuse_unknown(self, data: Mapping[str, Any]) -> None:
        errors = {}
        for member in data:
            field = self.fields.get(member)
            if field is None:
                errors[str(member)] = [UNKNOWN_MEMBER]
            elif field.read_only:
                errors[str(member)] = [READ_ONLY_MEMBER]
        if errors:
            raise serializers.ValidationError(errors)

    def _refuse_secrets(self, data: Mapping[str, Any]) -> None:
        """Whatever is kept of a body, a secret is not: neither in a description nor in a reason."""
        if found := members_with_secrets(data):
            # A member that is called like a secret is not called back.
            raise serializers.ValidationError({clean_text(member): [misplaced.SAID] for member in found})

    def _refuse_converted(self, data: Mapping[str, Any]) -> None:
        """JSON has types: `"5"` is no number and `1` is not true, though a field would take them for it."""
        errors = {}
        for member, value in data.items():
            field = self.fields[member]
            wanted = next((types for kind, types in _WRITTEN_AS if isinstance(field, kind)), None)
            if wanted and value is not None and (not isinstance(value, wanted) or _is_other(value, wanted)):
                errors[member] = [field.error_messages["invalid"]]
        if errors:
            raise serializers.ValidationError(errors)


def _name_the_choices(field: serializers.Field[Any, Any, Any, Any]) -> None:
    """Whoever sends what is none of them reads which there are, as long as they can be taken in."""
    if isinstance(field, serializers.ChoiceField) and 0 < len(field.choices) <= MOST_NAMED:
        named = ", ".join(map(str, field.choices)).replace("{", "{{").replace("}", "}}")
        field.error_messages["invalid_choice"] = f'"{{input}}" is not a valid choice; the choices are {named}.'


#: What JSON type a field is written as. A whole number may stand as 3.0; the field itself refuses 3.5.
_WRITTEN_AS: tuple[tuple[type[serializers.Field[Any, Any, Any, Any]], tuple[type, ...]], ...] = (
    (serializers.BooleanField, (bool,)),
    (serializers.IntegerField, (int, float)),
    (serializers.CharField, (str,)),
    (serializers.UUIDField, (str,)),
)


def _is_other(value: Any, wanted: tuple[type, ...]) -> bool:
    return isinstance(value, bool) and bool not in wanted  # bool is a kind of int


class Query(Shape):
    """What stands in an address: everything there is text, and read as what it stands for."""


class Reference(Shape):
    """A person, a team or another row, by id and by the name people know it by."""

    id = serializers.UUIDField(
        required=False, allow_null=True, help_text="Absent or null when the row is gone or was never matched."
    )
    label = serializers.CharField(help_text="The name or address it is known by.")  # type: ignore[assignment]  # a field, not the field's own label


class ReasonShape(Shape):
    """Why something is done; it goes into the audit."""

    reason = serializers.CharField(max_length=500, help_text="Why; kept in the audit.")


class OptionalReasonShape(Shape):
    """Why something is done, if the caller wants to say."""

    reason = serializers.CharField(
        max_length=500, required=False, allow_blank=True, default="", help_text="Why; kept in the audit."
    )


class ListQuery(Query):
    """What every list takes in its query; a list's own filters are declared in a subclass."""

    page_size = serializers.IntegerField(
        min_value=1, max_value=200, default=50, help_text="Rows on a page, 200 at the most."
    )
    cursor = serializers.CharField(
        required=False, max_length=2000, help_text="Where the page starts; taken from `next` or `previous`."
    )
    ordering = serializers.CharField(
        required=False, max_length=60, help_text="A member of the list's allowed orderings; a leading `-` reverses."
    )
    tenant_id = serializers.UUIDField(
        required=False,
        help_text="Whose rows. Others than the own tenant: platform administrator and AUDITOR only.",
    )
