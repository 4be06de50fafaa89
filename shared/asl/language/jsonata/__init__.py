"""JSONata states: expressions, templates, and a thin layer over jsonata-python."""
