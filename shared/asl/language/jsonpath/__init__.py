"""JSONPath states: paths, payload templates and intrinsic functions."""
