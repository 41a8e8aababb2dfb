"""The loops: from the inbox to the teller, from the outbox to the channel."""
