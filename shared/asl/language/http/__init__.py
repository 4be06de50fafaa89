"""The HTTP Task, `arn:aws:states:::http:invoke`: what it asks for."""
