"""Sets InfluxDB up: the server when it is empty, buckets, dashboards, tokens. Runs again without harm."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from gauge_ingest.core.model import DAY_MS, SECOND_MS
from gauge_ingest.stores.influx.admin import Admin, FoundBucket, SetUpRefused
from gauge_ingest.stores.influx.settings import BucketSettings, InfluxSettings
from gauge_ingest.stores.influx.template import Template
from gauge_ingest.stores.influx.tokens import TokenFile, TokenWish

_DAY_S = DAY_MS // SECOND_MS


class Onboarding(NamedTuple):
    """Who is to be the first user of an empty server. Without a password nobody can log in there."""

    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """How it should be. `settings` carries the operator's token."""

    settings: InfluxSettings
    onboarding: Onboarding | None
    change_retention: bool
    template: Template | None
    tokens: Sequence[TokenWish]


class State(StrEnum):
    """What is, or is to be, done about a part."""

    THERE = "there"
    DIFFERS = "differs"
    CREATE = "create"
    CHANGE = "change"


class Step(NamedTuple):
    """One part, and what was done about it; in a dry run what would be done."""

    what: str
    state: State
    detail: str = ""


def is_empty(settings: InfluxSettings) -> bool:
    """Whether nobody has set the server up yet; asks without a token."""
    admin = Admin(settings)
    try:
        return admin.is_empty()
    finally:
        admin.close()


def set_up(wanted: Wanted, *, dry_run: bool) -> Iterator[Step]:
    """Every part in order, each yielded once it is done; a dry run only looks. StoreUnavailable or SetUpRefused."""
    admin = Admin(wanted.settings)
    files = [TokenFile(wish, wanted.settings) for wish in wanted.tokens]
    try:
        if admin.is_empty():
            yield _onboard(admin, wanted, dry_run=dry_run)
            if dry_run:
                yield from _all_of_it(wanted)
                return
        org_id = admin.org_id()
        found = admin.buckets(org_id)
        for bucket in _distinct(wanted.settings):
            yield _bucket(admin, org_id, bucket, found, wanted, dry_run=dry_run)
        if wanted.template is not None:
            yield _template(admin, org_id, wanted.template, dry_run=dry_run)
        ours = [found[one.name] for one in _distinct(wanted.settings) if one.name in found]
        for wish, file in zip(wanted.tokens, files, strict=True):
            yield _token(admin, org_id, wish, file, ours, wanted, dry_run=dry_run)
    finally:
        admin.close()


def _onboard(admin: Admin, wanted: Wanted, *, dry_run: bool) -> Step:
    if wanted.onboarding is None:
        raise SetUpRefused(
            f"InfluxDB at {wanted.settings.url} has not been set up yet: run this again with --onboard, and it will be"
        )
    if not dry_run:
        user, password = wanted.onboarding
        admin.onboard(user=user, password=password, bucket=wanted.settings.readings)
    detail = f"organisation {wanted.settings.org}, user {wanted.onboarding.user}"
    return Step("server", State.CREATE, detail if wanted.onboarding.password else f"{detail} without a password")


def _all_of_it(wanted: Wanted) -> Iterator[Step]:
    """What a dry run says of a server that is empty."""
    for bucket in _distinct(wanted.settings):
        yield Step(f"bucket {bucket.name}", State.CREATE, f"keeps {_kept(bucket.retention_days * _DAY_S)}")
    if wanted.template is not None:
        yield Step("dashboards", State.CREATE, wanted.template.kinds)
    for wish in wanted.tokens:
        yield Step(f"{wish.words}'s token", State.CREATE, str(wish.path))


def _bucket(
    admin: Admin,
    org_id: str,
    bucket: BucketSettings,
    found: dict[str, FoundBucket],
    wanted: Wanted,
    *,
    dry_run: bool,
) -> Step:
    """Have a bucket there; one that is made is added to those found."""
    what, every_s = f"bucket {bucket.name}", bucket.retention_days * _DAY_S
    there = found.get(bucket.name)
    if there is None:
        if not dry_run:
            found[bucket.name] = admin.create_bucket(org_id, bucket)
        return Step(what, State.CREATE, f"keeps {_kept(every_s)}")
    if there.every_s == every_s:
        return Step(what, State.THERE, f"keeps {_kept(every_s)}")
    if not wanted.change_retention:
        words = f"keeps {_kept(there.every_s)}, the configuration says {_kept(every_s)}: --change-retention changes it"
        return Step(what, State.DIFFERS, words)
    if not dry_run:
        admin.change_retention(there, bucket.retention_days)
    return Step(what, State.CHANGE, f"keeps {_kept(every_s)}, before {_kept(there.every_s)}")


def _template(admin: Admin, org_id: str, template: Template, *, dry_run: bool) -> Step:
    missing = template.missing(admin, org_id)
    if not missing:
        return Step("dashboards", State.THERE, template.kinds)
    if dry_run:
        template.check(admin, org_id)
    else:
        template.apply(admin, org_id)
    return Step("dashboards", State.CREATE, f"{template.kinds}: {missing}")


def _token(
    admin: Admin,
    org_id: str,
    wish: TokenWish,
    file: TokenFile,
    buckets: Sequence[FoundBucket],
    wanted: Wanted,
    *,
    dry_run: bool,
) -> Step:
    what, names = f"{wish.words}'s token", [one.name for one in _distinct(wanted.settings)]
    if len(buckets) == len(names) and file.is_fit(names, among=len(admin.buckets(org_id))):
        return Step(what, State.THERE, str(wish.path))
    if not dry_run:
        file.renew(admin, org_id, buckets)
    return Step(what, State.CREATE, f"{wish.path}: {'what it holds does not do' if file.held else 'no token yet'}")


def _distinct(settings: InfluxSettings) -> list[BucketSettings]:
    """Our buckets, each once; of several with one name the first says how long it keeps."""
    apart: dict[str, BucketSettings] = {}
    for one in settings.buckets.values():
        apart.setdefault(one.name, one)
    return list(apart.values())


def _kept(every_s: int) -> str:
    """How long a bucket keeps, in words."""
    if not every_s:
        return "everything for ever"
    return f"{every_s // _DAY_S} days" if every_s % _DAY_S == 0 else f"{every_s} s"
