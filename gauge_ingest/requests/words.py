"""What people write into a request, checked word by word."""

WHO_MAX, WHY_MAX = 100, 500  # characters


class Refused(Exception):
    """What is asked cannot be done: the key, what it says, and what would be right."""


def words(key: str, value: object, most: int) -> str:
    """One line that a person wrote; raises Refused."""
    if not isinstance(value, str) or not value.strip() or len(value) > most or not value.isprintable():
        raise Refused(f"{key}: must be 1 to {most} printable characters in one line")
    return value.strip()
