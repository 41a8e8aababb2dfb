"""The web half: X's door, and what operators' machines ask."""
