"""A creditor's file of what debtors paid to the creditor itself."""

from __future__ import annotations

from agencies.kernel.errors import msg
from uploads.schemas.fields import Field, FieldType, Schema
from uploads.schemas.portfolio_update import ACCOUNT_HELP, ACCOUNT_NAMES

CREDITOR_PAYMENTS = Schema(
    kind="creditor_payments",
    version=1,
    value="amount",
    title=msg("Payments made to us"),
    about=msg(
        "What debtors paid to you directly. It lowers the balance once: a payment that an agency reports too is "
        "recognised and not counted again."
    ),
    fields=(
        Field(
            "account_ref",
            msg("Account"),
            required=True,
            max_length=60,
            synonyms=ACCOUNT_NAMES,
            help=ACCOUNT_HELP,
            example="100200300401",
        ),
        Field(
            "payment_ref",
            msg("Payment reference"),
            max_length=80,
            synonyms=(
                "recibo",
                "numero recibo",
                "comprobante",
                "numero comprobante",
                "referencia pago",
                "referencia",
                "transaccion",
                "numero transaccion",
                "payment id",
                "payment ref",
                "receipt",
                "uid",
            ),
            help=msg("Your number of this payment, one for each; without it, account, day and amount tell it apart."),
            example="R-20260220-0001",
        ),
        Field(
            "paid_on",
            msg("Paid on"),
            FieldType.DATE,
            required=True,
            synonyms=(
                "fecha pago",
                "fecha abono",
                "fecha recaudo",
                "fecha aplicacion",
                "fecha",
                "fecha del pago",
                "paid on",
                "payment date",
                "date paid",
                "posting date",
                "settled date",
            ),
            help=msg("The day on which the debtor paid."),
            example="2026-02-20",
        ),
        Field(
            "amount",
            msg("Amount"),
            FieldType.AMOUNT,
            required=True,
            synonyms=(
                "valor pago",
                "valor pagado",
                "monto",
                "monto pagado",
                "valor",
                "abono",
                "importe",
                "recaudo",
                "pago",
                "amount",
                "amount paid",
                "payment amount",
            ),
            help=msg("What was paid, more than zero."),
            example="350000.00",
        ),
        Field(
            "currency",
            msg("Currency"),
            max_length=3,
            synonyms=("moneda", "currency"),
            help=msg("Three letters; where the column is missing, the currency you confirm for the file."),
            example="COP",
        ),
        Field(
            "method",
            msg("Means of payment"),
            max_length=40,
            synonyms=(
                "medio pago",
                "medio de pago",
                "medio",
                "canal",
                "forma pago",
                "banco",
                "method",
                "payment method",
            ),
            help=msg("How or where it was paid, in your words."),
            example="PSE",
        ),
    ),
)
