"""What agencies report back: activities, payments, and when they were due."""
