"""Values that stand for secrets, to be planted in files and looked for afterwards, in whatever form."""

import base64
from urllib.parse import quote


class Plants:
    """Values to plant, each another; they begin alike so that a piece of one is found too."""

    def __init__(self) -> None:
        self.values: list[str] = []

    def __call__(self) -> str:
        self.values.append(f"Plant/{len(self.values):02d}+quite=plain&value")
        return self.values[-1]

    def base64(self) -> str:
        return base64.b64encode(self().encode()).decode()

    def in_url(self) -> str:
        return f"https://bot:{quote(self(), safe='')}@db.example.com/orders"

    def found_in(self, text: str) -> list[str]:
        return [value for value in self.values if any(form in text for form in forms(value))]


def forms(value: str) -> set[str]:
    """As it is, as JSON and HTML write it, in an address, in Base64 of either alphabet."""
    raw = value.encode()
    encoded = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    return {value, value[:8], value.replace("&", "&amp;"), quote(value), quote(value, safe="")} | {
        text.rstrip("=")[:-2] for text in encoded
    }
