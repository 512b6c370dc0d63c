"""How an organisation asks to be let in: a confirmed address, a draft that is saved, a submission, a review."""
