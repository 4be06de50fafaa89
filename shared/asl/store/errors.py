"""The faults of storage."""

from asl.language.errors import AslError


class BadDatabaseUrl(AslError):
    """DATABASE_URL is missing or of no known form."""


class DatabaseUnavailable(AslError):
    """The database cannot be reached now; asking again later may help."""


class StaleClaim(AslError):
    """The operation was taken over by another runner; nothing was written."""


class NameTaken(AslError):
    """A unique name is in use already."""
