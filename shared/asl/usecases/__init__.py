"""One file per action: where the language, the store and the functions meet."""
