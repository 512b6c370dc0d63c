"""The contracts between creditors and agencies: versions, commission, reporting calendar."""
