"""Messages: what one person is told of an alert, in that person's language, for a phone at three in the morning."""

LANGUAGES = ("zh", "en")
SHORT_MAX = 70  # UTF-16 code units: one SMS in UCS-2
