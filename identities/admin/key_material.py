"""Key material as people hand it in, pasted or as a file: public only; what looks private is never shown again."""

from typing import Any

from django import forms

from identities.admin.forms import CommandForm
from identities.jose import pem

MOST_BYTES = 64 * 1024


class Pasted(forms.CharField):
    """Exact text; the form that comes back with an error does not repeat what looks like a private key."""

    def __init__(self, *, rows: int = 8, **kwargs: Any) -> None:
        attrs = {"rows": rows, "class": "sw-source-input", "spellcheck": "false", "autocapitalize": "off",
                 "autocomplete": "off"}  # fmt: skip
        super().__init__(widget=forms.Textarea(attrs=attrs), max_length=MOST_BYTES, **kwargs)

    def bound_data(self, data: Any, initial: Any) -> Any:
        return "" if isinstance(data, str) and pem.is_private(data) else super().bound_data(data, initial)


class MaterialForm(CommandForm):
    """A form with `material`, the name of its `Pasted` field, and `file`, which may be given instead."""

    material = ""
    is_wanted = True

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        file = values.pop("file", None)
        if file is not None and not values.get(self.material):
            values[self.material] = self._text_of(file)
        if self.is_wanted and not values.get(self.material) and self.material not in self.errors:
            self.add_error(self.material, "Paste it, or choose a file.")
        return values

    def _text_of(self, file: Any) -> str:
        if file.size > MOST_BYTES:
            self.add_error("file", f"At most {MOST_BYTES // 1024} KiB.")
            return ""
        try:
            return str(file.read().decode("ascii"))
        except UnicodeDecodeError:
            self.add_error("file", "Not PEM: it is text that begins with -----BEGIN.")
            return ""


def pem_file(help_text: str) -> forms.FileField:
    """Instead of pasting; the file is read once and not kept."""
    return forms.FileField(
        label="Or its file",
        required=False,
        help_text=help_text,
        widget=forms.FileInput(attrs={"accept": ".pem,.crt,.cer,.pub,.json,.jwk"}),
    )
