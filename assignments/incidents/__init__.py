"""What went wrong with personal data: who reported it, whom it touches, and by when whom the law wants told."""
