"""Codecs: bytes to reports. One module each, all pure, listed in CODECS."""
