"""The account of a run: where rain, readings and alerts went, from the truth file of the stations and the journal."""

from gauge_ingest.account.copied import Copier, CopyStanding
from gauge_ingest.account.document import document
from gauge_ingest.account.join import Account, Service, StationAccount, account
from gauge_ingest.account.truth import TruthRefused

__all__ = ["Account", "Copier", "CopyStanding", "Service", "StationAccount", "TruthRefused", "account", "document"]
