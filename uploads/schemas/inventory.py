"""An agency's file of what it believes it holds: a claim that is compared with what the creditor gave it."""

from __future__ import annotations

from agencies.kernel.errors import msg
from uploads.schemas.fields import Field, FieldType, Schema

INVENTORY = Schema(
    kind="inventory",
    version=1,
    unique="account_ref",
    value="balance",
    title=msg("Inventory"),
    about=msg(
        "Every case you believe you hold for the creditor, with its balance; it is compared with the placements. "
        "Sent by an agency."
    ),
    fields=(
        Field(
            "account_ref",
            msg("Creditor's account"),
            required=True,
            max_length=60,
            help=msg("The number by which the creditor knows the debt, as it stands in the file of the placement."),
            example="4500-0012345",
            synonyms=(
                "obligacion del acreedor",
                "obligacion",
                "numero obligacion",
                "codigo obligacion",
                "operacion",
                "numero operacion",
                "credito",
                "cuenta",
                "numero cuenta",
                "llave",
                "account",
                "account no",
                "account number",
                "account ref",
                "loan id",
                "id",
            ),
        ),
        Field(
            "balance",
            msg("Balance"),
            FieldType.AMOUNT,
            may_be_negative=True,
            help=msg("What is still owed by your books."),
            example="1250000.00",
            synonyms=(
                "saldo",
                "saldo total",
                "saldo actual",
                "deuda total",
                "total deuda",
                "balance",
                "current balance",
                "balance due",
                "total due",
            ),
        ),
        Field(
            "currency",
            msg("Currency"),
            max_length=3,
            help=msg("Three letters; where the column is missing, the currency you confirm for the file."),
            example="COP",
            synonyms=("moneda", "currency"),
        ),
        Field(
            "status",
            msg("Status"),
            max_length=80,
            help=msg("How the case stands with you, in your own words; shown beside a difference."),
            example="En gestión",
            synonyms=("estado", "situacion", "etapa", "status", "account status", "mis status"),
        ),
        Field(
            "placed_on",
            msg("Placed on"),
            FieldType.DATE,
            help=msg("The day on which you received it."),
            example="2026-01-12",
            synonyms=(
                "asignado el",
                "fecha asignacion",
                "fecha reparto",
                "fecha entrega",
                "placed on",
                "placement date",
                "date assigned",
                "dateassigned",
            ),
        ),
        Field(
            "case_ref",
            msg("Reference of the case"),
            max_length=60,
            help=msg("The reference of the case in the file of its placement, if you keep it."),
            example="k3v9m2x7q4w8t5r1z6p0n2b7ca",
            synonyms=("referencia", "referencia caso", "caso", "case", "case ref", "case reference"),
        ),
        Field(
            "as_of",
            msg("As of"),
            FieldType.DATE,
            help=msg("The day whose evening the list describes; without it, the day on which it was sent."),
            example="2026-02-28",
            synonyms=("fecha corte", "fecha de corte", "corte", "as of", "file date", "statement date"),
        ),
    ),
)
