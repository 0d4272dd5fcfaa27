"""Addresses of servers, as people write them into a configuration."""

from urllib.parse import urlsplit


def url_remedy(url: str) -> str | None:
    """What is wrong with the address of a server, or None."""
    example = "e.g. http://127.0.0.1:8086"
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:  # its words may quote a password
        return f"is no address of a server, {example}"
    if parts.scheme not in ("http", "https") or not named or not url.isprintable() or " " in url:
        return f"must begin with http:// or https:// and name a host, {example}"
    if "@" in parts.netloc:
        return f"must hold no user name and no password, {example}; set GAUGE_INFLUX_TOKEN or GAUGE_INFLUX_TOKEN_FILE"
    if parts.query or parts.fragment:
        return f"must end before ? and #, {example}"
    return None
