"""TestState: one state, entered on its own, with what it calls mocked or not."""
