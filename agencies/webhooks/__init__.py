"""Webhooks: what happened is told to systems of an organisation, signed, at an address they name."""
