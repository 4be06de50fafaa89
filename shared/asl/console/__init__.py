"""The console: pages for people to look at, written as HTML on the server. It changes nothing."""
