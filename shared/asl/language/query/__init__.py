"""How JSONata is evaluated: a thin layer over jsonata-python (see asl.language.jsonata)."""
