"""A setting that is missing or will not do stops the start, with its name and the remedy and never its value."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import Settings, SettingsError
from uploads.stores.bucket import Bucket

GOOD = {
    "DATABASE_URL": "postgresql+psycopg://encargo_app@127.0.0.1/encargo",
    "DATABASE_OWNER_URL": "postgresql+psycopg://encargo_owner@127.0.0.1/encargo",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "SECRET_KEY": "bk3YQ9xv-aB7cD8eF0gH1iJ2kL3mN4oP5",
    "REFERENCE_KEY": "0123456789abcdef" * 4,
    "DATA_KEYS": "1:" + "0123456789abcdef" * 4 + ", 2:" + "fedcba9876543210" * 4,
    "INDEX_KEY": "89abcdef01234567" * 4,
    "STORAGE_URL": "file:///srv/encargo/files",
    "MAIL_URL": "smtp+starttls://portal:p%40ss@mail.encargo.example",
    "MAIL_FROM": "Encargo <portal@encargo.example>",
    "PUBLIC_URL": "https://encargo.example/",
    "SCANNER_URL": "unix:///run/clamav/clamd.ctl",
}


def test_good_settings_are_read_and_frozen():
    settings = Settings.from_env({**GOOD, "MAX_UPLOAD_BYTES": "1000", "SWEEP_SECONDS": "7", "LOG_LEVEL": "DEBUG"})

    assert settings.database_url == GOOD["DATABASE_URL"]
    assert settings.reference_key == bytes.fromhex(GOOD["REFERENCE_KEY"])
    assert settings.data_keys == {
        1: bytes.fromhex("0123456789abcdef" * 4),
        2: bytes.fromhex("fedcba9876543210" * 4),
    }
    assert settings.index_key == bytes.fromhex(GOOD["INDEX_KEY"])
    assert settings.storage_folder == Path("/srv/encargo/files")
    assert settings.public_url == "https://encargo.example"
    assert settings.is_secure
    assert (settings.max_upload_bytes, settings.sweep_seconds, settings.log_level) == (1000, 7, "DEBUG")
    with pytest.raises(AttributeError):
        settings.secret_key = "another"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql+psycopg://encargo_app@db.example/encargo?sslmode=verify-full"),
        ("DATABASE_URL", "postgresql+psycopg://encargo_app@/encargo?host=/run/postgresql"),
        ("REDIS_URL", "rediss://queue.example:6379/0"),
        ("REDIS_URL", "unix:///run/valkey/sock?db=0"),
    ],
)
def test_servers_elsewhere_are_reached_by_tls_and_servers_here_by_a_socket(name, value):
    settings = Settings.from_env({**GOOD, name: value})

    assert value in {settings.database_url, settings.redis_url}


def test_what_is_optional_has_a_default():
    settings = Settings.from_env({name: value for name, value in GOOD.items() if name != "DATABASE_OWNER_URL"})

    assert settings.database_owner_url is None
    assert settings.max_upload_bytes == 2 * 1024**3
    assert settings.check_block_bytes == 4 * 1024**2
    assert (settings.work_lease_seconds, settings.sweep_seconds) == (60, 5)
    assert settings.log_level == "INFO"


@pytest.mark.parametrize(
    "name",
    [
        "DATABASE_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "REFERENCE_KEY",
        "DATA_KEYS",
        "INDEX_KEY",
        "STORAGE_URL",
        "MAIL_URL",
        "MAIL_FROM",
        "PUBLIC_URL",
    ],
)
@pytest.mark.parametrize("value", [None, "", "   "])
def test_a_missing_setting_is_named(name, value):
    env = {key: given for key, given in GOOD.items() if key != name} | ({} if value is None else {name: value})

    with pytest.raises(SettingsError, match=f"{name} is not set"):
        Settings.from_env(env)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "sqlite:///encargo.db"),
        ("DATABASE_URL", "postgresql://encargo_app@127.0.0.1/encargo"),
        ("DATABASE_OWNER_URL", "mysql://encargo_owner@127.0.0.1/encargo"),
        ("REDIS_URL", "http://127.0.0.1:6379"),
        ("REDIS_URL", "127.0.0.1:6379"),
        # Nothing travels between machines in the clear, or to a server that cannot prove who it is.
        ("REDIS_URL", "redis://queue.example:6379/0"),
        ("DATABASE_URL", "postgresql+psycopg://encargo_app@db.example/encargo"),
        ("DATABASE_URL", "postgresql+psycopg://encargo_app@db.example/encargo?sslmode=require"),
        ("DATABASE_URL", "postgresql+psycopg://encargo_app@/encargo?host=db.example"),
        ("DATABASE_URL", "postgresql+psycopg://encargo_app@127.0.0.1/encargo?host=db.example"),
        ("DATABASE_OWNER_URL", "postgresql+psycopg://encargo_owner@db.example/encargo"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 64),
        ("SECRET_KEY", "change-me"),
        ("REFERENCE_KEY", "0123456789abcdef"),
        ("REFERENCE_KEY", "0123456789ABCDEF" * 4),
        ("REFERENCE_KEY", "z" * 64),
        ("DATA_KEYS", "0123456789abcdef" * 4),
        ("DATA_KEYS", "0:" + "0123456789abcdef" * 4),
        ("DATA_KEYS", "65536:" + "0123456789abcdef" * 4),
        ("DATA_KEYS", "1:0123456789abcdef"),
        ("DATA_KEYS", "1:" + "0123456789abcdef" * 4 + ",1:" + "fedcba9876543210" * 4),
        ("INDEX_KEY", "0123456789abcdef"),
        ("STORAGE_URL", "/srv/encargo/files"),
        ("STORAGE_URL", "file://srv"),
        ("STORAGE_URL", "http://files.example"),
        *(
            ("STORAGE_URL", value)
            for value in (
                "s3:",
                "s3://",
                "s3:///prefix",
                "s3://ab",
                "s3://Files",
                "s3://files_of_ours",
                "s3://somebody:secret@files",
                "s3://files:9000",
                # Without a prefix whatever else is in the bucket would be swept as if it were ours.
                "s3://files",
                "s3://files/",
                "s3://files/../other",
                "s3://files/a//b",
                "s3://files/a.b",
                "s3://files?versionId=1",
                "s3://files#part",
            )
        ),
        *(
            ("MAIL_URL", value)
            for value in (
                "mail.encargo.example",
                "http://mail.encargo.example",
                "smtp:///box",
                "smtps://:465",
                # Links that open accounts, and the password, would go over the net for all to read.
                "smtp://mail.encargo.example",
                "smtp://portal:secret@10.0.0.5:25",
                "smtps://portal@mail.encargo.example",
                "smtps://:secret@mail.encargo.example",
                "smtps://mail.encargo.example:0",
                "smtps://mail.encargo.example:70000",
                "smtps://mail.encargo.example/box",
                "smtps://mail.encargo.example?verify=no",
                "file://srv/mail",
                "file:mail",
                # Nobody who is elsewhere would ever read a letter.
                "file:///srv/encargo/mail",
            )
        ),
        *(
            ("MAIL_FROM", value)
            for value in (
                "portal",
                "portal@",
                "@encargo.example",
                "a@encargo.example, b@encargo.example",
                "Encargo portal@encargo.example",
                "Encargo <portal@encargo.example>\r\nBcc: all@evil.example",
            )
        ),
        ("PUBLIC_URL", "http://encargo.example"),
        ("PUBLIC_URL", "encargo.example"),
        ("PUBLIC_URL", "ftp://encargo.example"),
        ("PUBLIC_URL", "https://"),
        *(
            (name, value)
            for name in (
                *("MAX_UPLOAD_BYTES", "CHECK_BLOCK_BYTES", "WORK_LEASE_SECONDS", "SWEEP_SECONDS"),
                "REJECTED_FILE_DAYS",
            )
            for value in ("0", "-1", "1.5", "many", " ")
        ),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_LEVEL", "debug"),
    ],
)
def test_a_setting_that_will_not_do_is_named_and_its_value_is_not(name, value):
    with pytest.raises(SettingsError) as refusal:
        Settings.from_env({**GOOD, name: value})

    assert str(refusal.value).startswith(name)
    if len(value) > 5:
        assert value not in str(refusal.value)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:8080"])
def test_without_https_only_this_machine_is_served(host):
    settings = Settings.from_env({**GOOD, "PUBLIC_URL": f"http://{host}"})

    assert not settings.is_secure


@pytest.mark.parametrize("url", ["unix:///run/valkey.sock?db=3", "rediss://cache.example:6380/0"])
def test_redis_may_be_a_socket_or_behind_tls(url):
    assert Settings.from_env({**GOOD, "REDIS_URL": url}).redis_url == url


def test_a_folder_may_have_a_space_in_its_name():
    settings = Settings.from_env({**GOOD, "STORAGE_URL": Path("/srv/mis archivos").as_uri()})

    assert settings.storage_folder == Path("/srv/mis archivos")


def test_a_bucket_is_encrypted_and_at_amazon_s_unless_said_otherwise():
    settings = Settings.from_env({**GOOD, "STORAGE_URL": "s3://encargo-files/production/co"})

    assert settings.storage_folder is None
    assert settings.bucket == Bucket("encargo-files", prefix="production/co")
    assert settings.bucket.endpoint_url is None
    assert settings.bucket.sealed() == {"ServerSideEncryption": "AES256"}
    assert settings.rejected_file_days == 30


def test_everything_about_a_bucket_can_be_said():
    settings = Settings.from_env(
        {
            **GOOD,
            "STORAGE_URL": "s3://files/ours/",
            "S3_ENDPOINT_URL": "https://objects.example:9000/",
            "S3_REGION": "sa-bogota-1",
            "S3_SSE": "aws:kms:arn:aws:kms:us-east-1:111122223333:key/5e5e-5e5e",
            "S3_LINKS": "off",
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "REJECTED_FILE_DAYS": "7",
        }
    )

    assert settings.bucket == Bucket(
        "files",
        prefix="ours",
        region="sa-bogota-1",
        endpoint_url="https://objects.example:9000",
        encryption="aws:kms:arn:aws:kms:us-east-1:111122223333:key/5e5e-5e5e",
        is_reached_by_readers=False,
    )
    assert settings.bucket.sealed() == {
        "ServerSideEncryption": "aws:kms",
        "SSEKMSKeyId": "arn:aws:kms:us-east-1:111122223333:key/5e5e-5e5e",
    }
    assert settings.rejected_file_days == 7


def test_a_key_of_the_account_is_taken_where_none_is_named():
    settings = Settings.from_env({**GOOD, "STORAGE_URL": "s3://files/ours", "S3_SSE": "aws:kms"})

    assert settings.bucket.sealed() == {"ServerSideEncryption": "aws:kms"}


@pytest.mark.parametrize("host", ["127.0.0.1:9000", "localhost:9000", "[::1]:9000"])
def test_an_object_server_without_https_must_be_on_this_machine(host):
    settings = Settings.from_env({**GOOD, "STORAGE_URL": "s3://files/ours", "S3_ENDPOINT_URL": f"http://{host}"})

    assert settings.bucket.endpoint_url == f"http://{host}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("S3_ENDPOINT_URL", "http://objects.example:9000"),
        ("S3_ENDPOINT_URL", "objects.example:9000"),
        ("S3_ENDPOINT_URL", "ftp://objects.example"),
        ("S3_ENDPOINT_URL", "https://"),
        ("S3_ENDPOINT_URL", "https://somebody:secret@objects.example"),
        ("S3_ENDPOINT_URL", "https://objects.example/files"),
        ("S3_ENDPOINT_URL", "https://objects.example?bucket=files"),
        ("S3_REGION", "US East"),
        ("S3_SSE", "none"),
        ("S3_SSE", "aes256"),
        ("S3_SSE", "aws:kms:"),
        ("S3_SSE", "aws:kms:key with spaces"),
        ("S3_LINKS", "yes"),
        ("AWS_ACCESS_KEY_ID", "only the half of it"),
    ],
)
def test_what_will_not_do_about_a_bucket_is_named_and_its_value_is_not(name, value):
    with pytest.raises(SettingsError) as refusal:
        Settings.from_env({**GOOD, "STORAGE_URL": "s3://files/ours", name: value})

    assert str(refusal.value).startswith(name)
    if len(value) > 8:
        assert value not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "host", "port", "protection"),
    [
        ("smtp+starttls://mail.encargo.example", "mail.encargo.example", 587, "starttls"),
        ("smtps://mail.encargo.example", "mail.encargo.example", 465, "tls"),
        ("smtps://mail.encargo.example:2465", "mail.encargo.example", 2465, "tls"),
        ("smtp://127.0.0.1:1025", "127.0.0.1", 1025, "none"),
        ("smtp://localhost", "localhost", 25, "none"),
    ],
)
def test_a_mail_server_is_read_with_its_usual_port(url, host, port, protection):
    server = Settings.from_env({**GOOD, "MAIL_URL": url}).mail_server

    assert (server.host, server.port, server.protection, server.user, server.password) == (
        *(host, port, protection),
        *(None, None),
    )


def test_a_mail_servers_password_is_decoded_and_not_shown():
    settings = Settings.from_env(GOOD)

    assert (settings.mail_server.user, settings.mail_server.password) == ("portal", "p@ss")
    assert "p@ss" not in repr(settings)
    assert str(settings.mail_from) == "Encargo <portal@encargo.example>"


def test_letters_may_be_left_in_a_folder_of_this_machine():
    settings = Settings.from_env({**GOOD, "PUBLIC_URL": "http://127.0.0.1:8080", "MAIL_URL": "file:///srv/mail%20box"})

    assert (settings.mail_folder, settings.mail_server) == (Path("/srv/mail box"), None)
