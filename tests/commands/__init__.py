"""The commands against a journal that tests fill, with a clock that stands still."""
