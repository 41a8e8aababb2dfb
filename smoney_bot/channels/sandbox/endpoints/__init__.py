"""The calls of X's HTTP API: writing and reading posts, people, directs, activity."""
