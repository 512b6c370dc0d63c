"""Letters by e-mail, password resets and single sign-on."""

revision = "0092"
down_revision = "0091"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
