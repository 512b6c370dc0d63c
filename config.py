"""Settings of one running instance: read once from the environment, frozen, refused when bad or missing."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from uploads.scanners import ScannerAddress
from uploads.stores.bucket import Bucket

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_MIN_SECRET = 32
_KEY_HEX = re.compile(r"[0-9a-f]{64}")
#: The version of a key takes two bytes of what it seals.
_MOST_KEYS = 1 << 16
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
_REGION = re.compile(r"[a-z0-9-]{2,40}")
_ENCRYPTION = re.compile(r"AES256|aws:kms(:[A-Za-z0-9:/_-]{1,200})?")


#: Scheme of `MAIL_URL` -> how the connection is protected, and the port where none is said.
_MAIL_SCHEMES = {"smtp": ("none", 25), "smtp+starttls": ("starttls", 587), "smtps": ("tls", 465)}


_SENDER = re.compile(
    r"(?P<bare>[^\s<>@,;]+@[^\s<>@,;]+)|(?P<name>[^<>@,;\r\n\"]*?) *<(?P<named>[^\s<>@,;]+@[^\s<>@,;]+)>"
)


class SettingsError(ValueError):
    """A setting is missing or unusable; the message names it and the remedy, never its value."""


@dataclass(frozen=True)
class MailServer:
    """The server that takes our letters."""

    host: str
    port: int
    #: `none` (this machine only), `starttls` or `tls`.
    protection: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Settings:
    """Everything the product needs to know about where it runs."""

    #: Login that owns nothing and takes on one database role per transaction.
    database_url: str
    #: Login that owns the tables; used by migrations only, so web and workers may go without it.
    database_owner_url: str | None
    redis_url: str
    #: Signs cookies and form tokens.
    secret_key: str
    #: Encrypts ids in addresses and manifests; changing it breaks every reference ever printed.
    reference_key: bytes
    #: Seal personal data and secrets in the database, by version; the highest seals, all of them open.
    data_keys: Mapping[int, bytes]
    #: What blind indexes are derived from; changing it makes sealed values impossible to find.
    index_key: bytes
    #: Folder in which uploaded files are kept, or the bucket: one of the two.
    storage_folder: Path | None
    bucket: Bucket | None
    #: How long the bytes of a rejected file are kept.
    rejected_file_days: int
    #: Folder in which letters are left on a local stack, or the server that takes them: one of the two.
    mail_folder: Path | None
    mail_server: MailServer | None
    #: Whom letters come from.
    mail_from: Address
    #: Where people reach the portal; decides whether cookies are marked secure.
    public_url: str
    max_upload_bytes: int
    #: What the files of one organisation may have in all, and how many it may send within 24 hours.
    max_organisation_bytes: int
    max_files_a_day: int
    #: How often one key of an organisation's systems may call within a minute.
    api_calls_per_minute: int
    #: How much of a file is checked and stored at a time: what an interrupted check may have to do again.
    check_block_bytes: int
    #: How long a worker may be silent before somebody else takes over its work.
    work_lease_seconds: int
    #: How often lost rings are looked for.
    sweep_seconds: int
    log_level: str
    #: A second place for the daily heads of the audit chains, to which the portal can only add.
    anchor_folder: Path | None = None
    #: What looks through files for malicious software; files are not scanned without one.
    scanner: ScannerAddress | None = None

    @property
    def is_secure(self) -> bool:
        """Whether the portal is reached by https."""
        return urlsplit(self.public_url).scheme == "https"

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read and check the settings; raises `SettingsError` at the first that will not do."""
        env = os.environ if env is None else env
        owner, storage = env.get("DATABASE_OWNER_URL"), _needed(env, "STORAGE_URL")
        is_bucket = storage.startswith("s3:")
        public_url, mail = _public_url(_needed(env, "PUBLIC_URL")), _needed(env, "MAIL_URL")
        is_folder = mail.startswith("file:")
        return cls(
            database_url=_database_url("DATABASE_URL", _needed(env, "DATABASE_URL")),
            database_owner_url=_database_url("DATABASE_OWNER_URL", owner) if owner else None,
            redis_url=_redis_url(_needed(env, "REDIS_URL")),
            secret_key=_secret(_needed(env, "SECRET_KEY")),
            reference_key=_key("REFERENCE_KEY", _needed(env, "REFERENCE_KEY")),
            data_keys=_data_keys(_needed(env, "DATA_KEYS")),
            index_key=_key("INDEX_KEY", _needed(env, "INDEX_KEY")),
            storage_folder=None if is_bucket else _folder(storage),
            bucket=_bucket(storage, env) if is_bucket else None,
            rejected_file_days=_positive(env, "REJECTED_FILE_DAYS", 30),
            mail_folder=_mail_folder(mail, public_url) if is_folder else None,
            mail_server=None if is_folder else _mail_server(mail),
            mail_from=_sender(_needed(env, "MAIL_FROM")),
            public_url=public_url,
            max_upload_bytes=_positive(env, "MAX_UPLOAD_BYTES", 2 * 1024**3),
            max_organisation_bytes=_positive(env, "MAX_ORGANISATION_BYTES", 500 * 1024**3),
            max_files_a_day=_positive(env, "MAX_FILES_A_DAY", 5000),
            api_calls_per_minute=_positive(env, "API_CALLS_PER_MINUTE", 300),
            check_block_bytes=_positive(env, "CHECK_BLOCK_BYTES", 4 * 1024**2),
            work_lease_seconds=_positive(env, "WORK_LEASE_SECONDS", 60),
            sweep_seconds=_positive(env, "SWEEP_SECONDS", 5),
            log_level=_log_level(env.get("LOG_LEVEL", "INFO")),
            anchor_folder=_anchor_folder(env.get("ANCHOR_FOLDER")),
            scanner=_scanner(env.get("SCANNER_URL", "").strip(), public_url),
        )


def _anchor_folder(value: str | None) -> Path | None:
    if not value:
        return None
    folder = Path(value)
    if not folder.is_absolute() or not folder.is_dir():
        raise SettingsError("ANCHOR_FOLDER must be the absolute path of a folder that is there")
    return folder


def _scanner(value: str, public_url: str) -> ScannerAddress | None:
    if value == "none" or (not value and urlsplit(public_url).hostname in _LOOPBACK):
        return None
    if not value:
        # Nobody shall find out by an accident that files of strangers were never looked through.
        raise SettingsError("SCANNER_URL is not set; name the scanner, or write none where files shall not be scanned")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as unreadable:
        raise SettingsError("SCANNER_URL must name a port between 1 and 65535") from unreadable
    if parts.query or parts.fragment or parts.username is not None:
        raise SettingsError("SCANNER_URL must be unix:///path or tcp://127.0.0.1:3310 and nothing behind it")
    if parts.scheme == "unix" and not parts.netloc and parts.path.startswith("/"):
        return ScannerAddress(path=unquote(parts.path))
    if parts.scheme != "tcp" or parts.hostname not in _LOOPBACK or parts.path or port == 0:
        # The scanner's protocol knows no encryption, and what it is sent are people's documents.
        raise SettingsError("SCANNER_URL must be unix:///path, tcp:// and a port of this machine, or none")
    return ScannerAddress(host=parts.hostname, port=port or 3310)


def _needed(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise SettingsError(f"{name} is not set; see docs/operations.md for what it should hold")
    return value


def _database_url(name: str, value: str) -> str:
    if not value.startswith("postgresql+psycopg://"):
        raise SettingsError(f"{name} must begin with postgresql+psycopg:// (PostgreSQL 15 or later)")
    parts = urlsplit(value)
    asked = parse_qs(parts.query)
    # A host in the query is the folder of a socket, or one more name for the same.
    hosts = [*([parts.hostname] if parts.hostname else []), *asked.get("host", [])]
    if not all(_is_here(host) for host in hosts) and asked.get("sslmode") != ["verify-full"]:
        raise SettingsError(f"{name} must end in ?sslmode=verify-full unless the server is on this machine")
    return value


def _is_here(host: str) -> bool:
    return host in _LOOPBACK or host.startswith("/")


def _redis_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"redis", "rediss", "unix"}:
        raise SettingsError("REDIS_URL must begin with redis://, rediss:// or unix://")
    if parts.scheme == "redis" and not _is_here(parts.hostname or "localhost"):
        raise SettingsError("REDIS_URL must begin with rediss:// unless the server is on this machine")
    return value


def _secret(value: str) -> str:
    if len(value) < _MIN_SECRET or len(set(value)) < 10:
        raise SettingsError(f"SECRET_KEY must be random and have at least {_MIN_SECRET} characters")
    return value


def _key(name: str, value: str) -> bytes:
    if not _KEY_HEX.fullmatch(value):
        raise SettingsError(f"{name} must be 64 hexadecimal digits")
    return bytes.fromhex(value)


def _data_keys(value: str) -> Mapping[int, bytes]:
    found: dict[int, bytes] = {}
    for part in value.split(","):
        version, _, key = part.strip().partition(":")
        if not version.isdecimal() or not 0 < int(version) < _MOST_KEYS or int(version) in found:
            raise SettingsError("DATA_KEYS must be a list like 1:KEY,2:KEY, each version once")
        found[int(version)] = _key("DATA_KEYS, each of its keys,", key)
    return found


def _folder(value: str) -> Path:
    parts = urlsplit(value)
    if parts.scheme != "file" or not parts.path.startswith("/"):
        raise SettingsError("STORAGE_URL must be file:// and an absolute path, or s3://bucket/prefix")
    return Path(unquote(parts.path))


def _bucket(value: str, env: Mapping[str, str]) -> Bucket:
    parts = urlsplit(value)
    prefix = parts.path.strip("/")
    is_plain = not (parts.query or parts.fragment) and parts.netloc == (parts.hostname or "")
    if not is_plain or not _BUCKET.fullmatch(parts.netloc) or not _PREFIX.fullmatch(prefix):
        # Without a prefix of its own an installation would look through, and clear up, what others keep there.
        raise SettingsError("STORAGE_URL must be s3://bucket/prefix, of small letters and plain words")
    if bool(env.get("AWS_ACCESS_KEY_ID")) != bool(env.get("AWS_SECRET_ACCESS_KEY")):
        raise SettingsError("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set both or neither")
    endpoint, region = env.get("S3_ENDPOINT_URL"), env.get("S3_REGION") or "us-east-1"
    encryption, links = env.get("S3_SSE") or "AES256", env.get("S3_LINKS") or "on"
    if not _REGION.fullmatch(region):
        raise SettingsError("S3_REGION must be the name of a region, like us-east-1")
    if not _ENCRYPTION.fullmatch(encryption):
        raise SettingsError("S3_SSE must be AES256, aws:kms or aws:kms: and the id of a key")
    if links not in {"on", "off"}:
        raise SettingsError("S3_LINKS must be on or off")
    return Bucket(
        parts.netloc,
        prefix=prefix,
        region=region,
        endpoint_url=_endpoint(endpoint) if endpoint else None,
        encryption=encryption,
        is_reached_by_readers=links == "on",
    )


def _endpoint(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise SettingsError("S3_ENDPOINT_URL must be an https address without a name or password in it")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingsError("S3_ENDPOINT_URL must name a server and nothing behind it")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise SettingsError("S3_ENDPOINT_URL must be https unless it is on this machine")
    return value.rstrip("/")


def _mail_folder(value: str, public_url: str) -> Path:
    parts = urlsplit(value)
    if parts.netloc or not parts.path.startswith("/") or parts.query or parts.fragment:
        raise SettingsError(
            "MAIL_URL must be file:// and an absolute path, or smtp+starttls:// or smtps:// and a server"
        )
    if urlsplit(public_url).hostname not in _LOOPBACK:
        # People elsewhere would wait for letters that nobody takes out of the folder.
        raise SettingsError("MAIL_URL may be a folder only where PUBLIC_URL is on this machine; name a mail server")
    return Path(unquote(parts.path))


def _mail_server(value: str) -> MailServer:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as unreadable:
        raise SettingsError("MAIL_URL must name a server and, if any, a port between 1 and 65535") from unreadable
    if parts.scheme not in _MAIL_SCHEMES or not parts.hostname or port == 0:
        raise SettingsError("MAIL_URL must begin with smtp+starttls://, smtps://, smtp:// or file:// and name a server")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingsError("MAIL_URL must name a server and nothing behind it")
    protection, usual = _MAIL_SCHEMES[parts.scheme]
    if protection == "none" and parts.hostname not in _LOOPBACK:
        raise SettingsError("MAIL_URL must be smtp+starttls:// or smtps:// unless the server is on this machine")
    if bool(parts.username) != bool(parts.password):
        raise SettingsError("MAIL_URL must hold a user and a password, percent-encoded, or neither")
    return MailServer(
        parts.hostname,
        usual if port is None else port,
        protection,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
    )


def _sender(value: str) -> Address:
    wrong = SettingsError("MAIL_FROM must be one address, like Encargo <letters@bank.example>")
    read = _SENDER.fullmatch(value)
    if read is None:
        raise wrong
    try:
        return Address(read["name"] or "", addr_spec=read["named"] or read["bare"])
    except (ValueError, HeaderParseError) as unreadable:
        raise wrong from unreadable


def _public_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError("PUBLIC_URL must be an http or https address")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise SettingsError("PUBLIC_URL must be https unless it is on this machine")
    return value.rstrip("/")


def _positive(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name, str(default))
    if not value.isdigit() or int(value) == 0:
        raise SettingsError(f"{name} must be a whole number above zero")
    return int(value)


def _log_level(value: str) -> str:
    if value not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise SettingsError("LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR")
    return value
