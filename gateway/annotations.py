"""Annotations that a Fn server adds to what /v2 answers: where a function or trigger is invoked."""

FN_ENDPOINT = "fnproject.io/fn/invokeEndpoint"
TRIGGER_ENDPOINT = "fnproject.io/trigger/httpEndpoint"
