"""The faults of calls."""

from asl.language.errors import AslError


class FunctionNotFound(AslError):
    """There is no such function, or no such app."""


class FnUnreachable(AslError):
    """Fn's API cannot be reached."""
