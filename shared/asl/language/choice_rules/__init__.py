"""The rules of a Choice state in JSONPath, and their operators."""
