"""The language: definition + state + event + moment → effects. Pure: no I/O, no clock, no chance."""
