"""First passwords, made by Steward and shown once: long, and easy to read out."""

import secrets
import string

GROUPS, GROUP_LENGTH = 4, 5
# Without the letters that are mistaken for others.
LETTERS = "".join(letter for letter in string.ascii_letters + string.digits if letter not in "0OoIl1")
SYMBOLS = "-+=%"


def generate() -> str:
    """Some 115 bits in four groups, with an upper-case and a lower-case letter, a digit and a symbol in it."""
    while True:
        groups = ["".join(secrets.choice(LETTERS) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS)]
        text = secrets.choice(SYMBOLS).join(groups)
        if any(map(str.isupper, text)) and any(map(str.islower, text)) and any(map(str.isdigit, text)):
            return text
