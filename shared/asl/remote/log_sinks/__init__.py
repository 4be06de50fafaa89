"""Where the records of runs go before the runs are evicted: one file for each kind of place."""
