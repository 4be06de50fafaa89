"""The faults of storage."""

from asl.language.errors import AslError


class BadDatabaseUrl(AslError):
    """DATABASE_URL is missing or of no known form."""


class DatabaseUnavailable(AslError):
    """The database cannot be reached now; asking again later may help."""


class TransactionConflict(DatabaseUnavailable):
    """Another transaction stood in the way: a deadlock, a failed serialization, a lock waited for
    in vain. Nothing was written; the whole transaction, made again at once, will most likely do.
    """


class UniqueViolation(AslError):
    """A unique index refused a row."""


class UnstorableValue(AslError):
    """A value that the column cannot hold: a NUL, a lone surrogate, a text or number too long."""


class StaleClaim(AslError):
    """The operation was taken over by another runner; nothing was written."""


class NameTaken(AslError):
    """A unique name is in use already."""


class MachineDeleted(AslError):
    """The state machine is being deleted, or gone: it starts nothing more."""


class ParentEnded(AslError):
    """The Task that was to wait for a run has ended: the run is not started."""


class NotRedrivable(AslError):
    """A run that has not ended, or has succeeded; says what it is instead."""


class TokenUnknown(AslError):
    """A task token that is none of ours."""


class TokenSpent(AslError):
    """A task token whose Task is over, or whose attempt is."""
