"""What people write into a request, checked word by word."""

from unicodedata import category

WHO_MAX, WHY_MAX = 100, 500  # characters
_JOINER = "\u200d"  # within one emoji


class Refused(Exception):
    """What is asked cannot be done: the key, what it says, and what would be right."""


def words(key: str, value: object, most: int) -> str:
    """One line that a person wrote, with plain spaces, for keyboards have others too; raises Refused."""
    line = "".join(" " if category(letter) == "Zs" else letter for letter in value) if isinstance(value, str) else ""
    if not line.strip() or len(line) > most or not line.replace(_JOINER, "").isprintable():
        raise Refused(f"{key}: must be 1 to {most} printable characters in one line")
    return line.strip()
