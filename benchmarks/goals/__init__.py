"""The goals, one file for each kind: what is measured, against what."""
