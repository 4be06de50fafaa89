"""The front door: the API of AWS Step Functions, so that AWS's own clients work here."""
