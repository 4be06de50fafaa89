"""Storage: the tables, the guarded writes, the queries. Nothing else knows SQL."""
