"""Who may use the S3 server of the tests."""

ACCESS_KEY, SECRET_KEY, REGION = "test:tester", "testing-0123456789", "us-east-1"
