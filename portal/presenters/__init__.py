"""What each page shows, made from plain values."""
