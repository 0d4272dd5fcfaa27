"""Tokens that may do no more than is needed, each in a file for its owner alone."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gauge_ingest.stores import StoreUnavailable
from gauge_ingest.stores.influx.admin import LISTED_MAX, Admin, FoundBucket, SetUpRefused
from gauge_ingest.stores.influx.client import Answer, answers, client_of
from gauge_ingest.stores.influx.settings import InfluxSettings

OURS = "gauge-ingest: "
_REFUSED = frozenset({401, 403, 404})


class TokenWish(NamedTuple):
    """A token that ought to be in a file. All of them read our buckets."""

    path: Path
    writes: bool

    @property
    def words(self) -> str:
        """What it may do."""
        return "writer" if self.writes else "reader"


class TokenFile:
    """What a file holds, and how it comes to hold another token."""

    def __init__(self, wish: TokenWish, settings: InfluxSettings) -> None:
        self._wish, self._settings = wish, settings
        self.held = secret_held(wish.path)
        if self.held and self.held == settings.token.get_secret_value().strip():
            raise SetUpRefused(f"{wish.path} holds the operator's token: name another file for the {wish.words}'s")

    def is_fit(self, buckets: Iterable[str], *, among: int) -> bool:
        """Whether the token works, sees these buckets and no other, and writes them just when it should.

        `among`: how many buckets there are in the organisation.
        """
        if not self.held:
            return False
        settings = self._settings.with_token(self.held)
        names = set(buckets)
        try:
            with answers():
                return _is_fit(settings, names, among=among, writes=self._wish.writes)
        except Answer as answer:
            if answer.status in _REFUSED:
                return False
            raise StoreUnavailable(f"InfluxDB does not say what a token may do ({answer})") from answer

    def renew(self, admin: Admin, org_id: str, buckets: Sequence[FoundBucket]) -> None:
        """Put a new token there; the one before works no more.

        Whether the file can be written is tried before a token is made. Killed between the two, the token that nobody
        has is deleted by the next run: it is known by its description.
        """
        description = (
            f"{OURS}{self._wish.words} of {', '.join(one.name for one in buckets)}; {self._wish.path.absolute()}"
        )
        with _beside(self._wish.path) as file:
            for old in admin.tokens(org_id):
                is_ours = str(old.get("description", "")).startswith(OURS)
                if is_ours and (old["description"] == description or old.get("token") == self.held):
                    admin.drop_token(old["id"])
            file.put(admin.create_token(org_id, description, self._permissions(org_id, buckets)))

    def _permissions(self, org_id: str, buckets: Sequence[FoundBucket]) -> list[dict[str, Any]]:
        actions = ("read", "write") if self._wish.writes else ("read",)
        return [
            {"action": action, "resource": {"type": "buckets", "id": one.id, "orgID": org_id}}
            for one in buckets
            for action in actions
        ]


def secret_held(path: Path) -> str:
    """The secret in a file; empty where there is none. SetUpRefused where it may not be read."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise SetUpRefused(
            f"{path} cannot be read ({_reason(error)}): it must hold one token, or not be there"
        ) from error


def put_secret(path: Path, secret: str) -> None:
    """Never half a secret, and never one that others may read, not even for a moment."""
    with _beside(path) as file:
        file.put(secret)


class _beside:  # noqa: N801  used like a function
    """A new file beside another, with mode 0600, which takes its place once it is whole."""

    def __init__(self, path: Path) -> None:
        self._path, self._new = path, path.with_name(f"{path.name}.new")

    def __enter__(self) -> "_beside":
        try:
            self._new.unlink(missing_ok=True)  # of a run that was killed
            self._descriptor = os.open(self._new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        return self

    def put(self, secret: str) -> None:
        """The secret is on disk under the name that was asked for."""
        try:
            with os.fdopen(os.dup(self._descriptor), "w", encoding="utf-8") as file:
                file.write(f"{secret}\n")
                file.flush()
                os.fsync(file.fileno())
            self._new.replace(self._path)
        except OSError as error:
            raise self._unwritable(error) from error

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)
        self._new.unlink(missing_ok=True)

    def _unwritable(self, error: OSError) -> SetUpRefused:
        folder = self._path.parent
        return SetUpRefused(
            f"{self._path} cannot be written ({_reason(error)}): make the folder {folder} writable for us"
        )


def _is_fit(settings: InfluxSettings, names: set[str], *, among: int, writes: bool) -> bool:
    from influxdb_client.client.write_api import SYNCHRONOUS

    client = client_of(settings)
    try:
        # 2.8 cuts the list of all buckets into pages, and then leaves out of each what the token may not see.
        pages = range(0, among + 1, LISTED_MAX)
        found = [client.buckets_api().find_buckets(limit=LISTED_MAX, offset=page).buckets or () for page in pages]
        if {one.name for page in found for one in page} != names:
            return False
        write_api = client.write_api(write_options=SYNCHRONOUS)
        return all(_may_write(write_api, settings.org, name) is writes for name in sorted(names))
    finally:
        client.close()


def _may_write(write_api: Any, org: str, bucket: str) -> bool:
    try:  # InfluxDB 2.8 answers 204 to a write of nothing, when the token may write
        with answers():
            write_api.write(bucket, org, b"\n", write_precision="ns")
    except Answer as answer:
        if answer.status in _REFUSED:
            return False
        raise
    return True


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
