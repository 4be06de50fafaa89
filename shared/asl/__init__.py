"""Amazon States Language on Fn: the library that every function of the bundle shares."""
