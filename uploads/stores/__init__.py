"""Where the bytes of files are: a port, and behind it a folder of this machine or a bucket of an S3 server."""
