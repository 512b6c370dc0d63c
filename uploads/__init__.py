"""Files in, trustworthy rows out: received, mapped, checked, applied or rejected, purged."""
