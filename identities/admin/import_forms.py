"""What a new import asks: what the files are, the files, and what they come from."""

import json
from typing import Any, ClassVar

from django import forms
from unfold import widgets

from identities.admin.forms import CommandForm, Section
from identities.discovery.importers.base import kinds


class ManyFilesInput(forms.ClearableFileInput):
    """Several files at once; the browser's own field."""

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class ManyFiles(forms.FileField):
    """A list of uploaded files, at least one."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Each file checked as one; none of them is kept."""
        given = data if isinstance(data, list | tuple) else [data]
        return [super(ManyFiles, self).clean(one, initial) for one in given or [None]]


class ImportForm(CommandForm):
    """The files of one kind, of one source."""

    kind = forms.ChoiceField(
        label="What was exported",
        choices=(),
        help_text="Choose it, and here stands which file that is and which command writes it.",
    )
    files = ManyFiles(  # type: ignore[assignment]  # a field, not what was sent
        label="Files",
        help_text="All that belong to one account, cluster or organisation. They are read once and not kept.",
    )
    source = forms.CharField(
        label="Source",
        required=False,
        max_length=160,
        help_text="Account, cluster or organisation. Only where the files do not name it themselves; keep to one name.",
    )
    sections: ClassVar[tuple[Section, ...]] = ()

    def extra_fields(self) -> dict[str, forms.Field]:
        """The kinds that there are, each with what it accepts."""
        ordered = sorted(kinds.values(), key=lambda kind: kind.label.lower())
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            ("", "Choose …"),
            *((kind.kind, kind.label) for kind in ordered),
        ]
        accepted = {kind.kind: _plain(kind.accepts) for kind in ordered}
        self.fields["kind"].widget.attrs["data-accepts"] = json.dumps(accepted)
        attrs = {
            "class": " ".join([*widgets.INPUT_CLASSES, "sw-files"]),
            "data-mapped-kinds": " ".join(kind.kind for kind in ordered if kind.takes_mapping),
            "multiple": True,
        }
        self.fields["files"].widget.attrs.update(attrs)
        return {}


def _plain(accepts: str) -> str:
    return accepts.replace("`", "")
