"""An agency's file of payments it collected."""

from __future__ import annotations

from agencies.kernel.errors import msg
from uploads.schemas.fields import Field, FieldType, Schema

PAYMENTS = Schema(
    kind="payments",
    version=1,
    value="amount",
    fields=(
        Field(
            "account_ref",
            msg("Creditor's account"),
            required=True,
            max_length=60,
            synonyms=(
                "obligacion",
                "numero obligacion",
                "codigo obligacion",
                "operacion",
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
            "payment_ref",
            msg("Payment reference"),
            max_length=80,
            synonyms=(
                "recibo",
                "numero recibo",
                "comprobante",
                "referencia pago",
                "payment id",
                "payment ref",
                "receipt",
            ),
        ),
        Field(
            "paid_on",
            msg("Paid on"),
            FieldType.DATE,
            required=True,
            synonyms=(
                "fecha pago",
                "fecha abono",
                "fecha",
                "paid on",
                "payment date",
                "date paid",
                "datepaid",
            ),
        ),
        Field(
            "amount",
            msg("Amount"),
            FieldType.AMOUNT,
            required=True,
            synonyms=(
                "valor pago",
                "monto",
                "monto pagado",
                "valor",
                "abono",
                "importe",
                "recaudo",
                "amount",
                "amount paid",
                "recoveries",
            ),
        ),
        Field("currency", msg("Currency"), max_length=3, synonyms=("moneda", "currency")),
        Field(
            "received_by",
            msg("Received by"),
            FieldType.CHOICE,
            choices={
                "agency": ("agencia", "casa de cobranza", "agency"),
                "creditor": ("acreedor", "banco", "directo", "pago directo", "creditor", "direct"),
            },
            synonyms=("recibido por", "quien recibe", "received by"),
        ),
        Field(
            "method",
            msg("Means of payment"),
            max_length=40,
            synonyms=("medio pago", "canal", "forma pago", "method", "payment method"),
        ),
    ),
)
