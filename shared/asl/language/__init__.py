"""The language: definition + state + event → effects. Pure: no I/O, no clock, no chance."""
