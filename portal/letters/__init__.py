"""Letters by e-mail: what each kind says, the links in them, and the message that is sent."""
