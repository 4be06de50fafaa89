"""Calling other Fn functions and dispatching the step-runner; the only user of the network."""
