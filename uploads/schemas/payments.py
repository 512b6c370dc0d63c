"""An agency's file of payments it collected."""

from __future__ import annotations

from agencies.kernel.errors import msg
from uploads.schemas.fields import Field, FieldType, Schema, called
from uploads.schemas.wordings import shown

PAYMENTS = Schema(
    kind="payments",
    version=1,
    value="amount",
    title=msg("Payments"),
    about=msg("What debtors paid on placed cases, one row for each payment. Sent by an agency."),
    fields=(
        Field(
            "account_ref",
            msg("Creditor's account"),
            required=True,
            max_length=60,
            help=msg("The number by which the creditor knows the debt, as it stands in the file of the placement."),
            example="4500-0012345",
            synonyms=called(
                "obligacion, numero obligacion, codigo obligacion, operacion, credito, cuenta, numero cuenta, "
                "llave, account, account no, account number, loan id, id, numero de obligacion, numero operacion, "
                "numero de operacion, numero credito, numero producto, codigo cuenta, contrato, numero contrato, "
                "contract, pagare, numero pagare, poliza, numero poliza, factura, numero factura, folio, "
                "numero prestamo, prestamo, kardex, id credito, id obligacion, account id, acct no, acctnumber, "
                "acct number, acct, loan number, loannr, loan nr, loannr chkdgt, loankey, loan key, contract id, "
                "client account number, clientaccountnumber, servicer account number, servicereaccountnumber, "
                "reference number, ref number, invoice number, invoicenumber, codigo, obligacion del acreedor"
            ),
        ),
        Field(
            "payment_ref",
            msg("Payment reference"),
            max_length=80,
            help=msg("Your own number of the payment; it lets a later file correct it."),
            example="RC-10021",
            synonyms=called(
                "recibo, numero recibo, comprobante, referencia pago, payment id, receipt, numero comprobante, "
                "referencia de pago, plan pago id, id pago, numero pago, paymentidentifier, payment identifier, "
                "uid, postingnumber, posting number, receipt number, referencia del pago, referencia"
            ),
        ),
        Field(
            "paid_on",
            msg("Paid on"),
            FieldType.DATE,
            required=True,
            help=msg("The day the debtor paid."),
            example="2026-02-14",
            synonyms=called(
                "fecha pago, fecha abono, fecha, payment date, date paid, datepaid, fecha de pago, fechapago, "
                "fecha recaudo, fecha up, paymentdate, settleddate, settled date, posting date, postingdate"
            ),
        ),
        Field(
            "amount",
            msg("Amount"),
            FieldType.AMOUNT,
            required=True,
            help=msg("What was paid, in the currency of the case."),
            example="150000.00",
            synonyms=called(
                "valor pago, monto, monto pagado, valor, abono, importe, recaudo, amount paid, recoveries, "
                "valor pagado, valor abono, valor recaudo, monto pago, pago, cobranza, recaudo periodo, "
                "vrpagos mes, amountpaid, total paid, totalpaid, payment amount, paymentamount, "
                "lp customerpayments"
            ),
        ),
        Field(
            "currency",
            msg("Currency"),
            max_length=3,
            help=msg("The code of the currency; without it, the currency chosen for the file."),
            example="COP",
            synonyms=called("moneda, codigo moneda, divisa, currency code, currencyiso3"),
        ),
        Field(
            "received_by",
            msg("Received by"),
            FieldType.CHOICE,
            choices=shown(
                "received_by",
                {
                    "agency": ("agencia", "casa de cobranza", "agency"),
                    "creditor": ("acreedor", "banco", "directo", "pago directo", "creditor", "direct"),
                },
            ),
            help=msg("Whether you received the money or the creditor did."),
            example="agencia",
            synonyms=called("recibido por, quien recibe, receptor, recaudador, payment source, paymentsource"),
        ),
        Field(
            "method",
            msg("Means of payment"),
            max_length=40,
            help=msg("How it was paid, such as transfer or cash."),
            example="PSE",
            synonyms=called(
                "medio pago, canal, forma pago, payment method, medio de pago, canal pago, forma de pago, "
                "tipo pago, tipo de pago, banco, paymethod, pay method, medio"
            ),
        ),
    ),
)
