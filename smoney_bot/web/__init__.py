"""The web half: X's door, the enrolment page, and what operators' machines ask."""
