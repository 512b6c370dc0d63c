"""A creditor's file of debts to collect."""

from __future__ import annotations

from agencies.kernel.errors import msg
from uploads.schemas.debtors import WHERE, WHO
from uploads.schemas.fields import Field, FieldType, Schema, called

PORTFOLIO = Schema(
    kind="portfolio",
    version=1,
    unique="account_ref",
    value="balance_total",
    makes_debtors=True,
    title=msg("Portfolio"),
    about=msg("The debts to be collected, one row for each debt. Sent by a creditor; every account once."),
    fields=(
        Field(
            "account_ref",
            msg("Account"),
            required=True,
            max_length=60,
            help=msg("Your number of the debt. Agencies report by it, so it never changes."),
            example="4500-0012345",
            synonyms=called(
                "numero obligacion, obligacion, operacion, numero operacion, credito, numero credito, "
                "numero producto, cuenta, numero cuenta, contrato, pagare, poliza, llave, folio, numero prestamo, "
                "account no, account number, account id, acct no, acctnumber, loan number, loan id, contract id, "
                "reference number, id, codigo obligacion, numero de obligacion, numero de operacion, "
                "codigo cuenta, numero contrato, contract, numero pagare, numero poliza, factura, numero factura, "
                "prestamo, kardex, id credito, id obligacion, acct number, acct, loannr, loan nr, loannr chkdgt, "
                "loankey, loan key, client account number, clientaccountnumber, servicer account number, "
                "servicereaccountnumber, ref number, invoice number, invoicenumber, recibo, referencia"
            ),
        ),
        *WHO,
        Field(
            "product",
            msg("Product"),
            max_length=60,
            help=msg("What the debt comes from, such as a card, a loan, a service."),
            example="Tarjeta de crédito",
            synonyms=called(
                "producto, tipo producto, linea, loan type, portfolio type, tipo de producto, nombre producto, "
                "ramo, linea credito, tipo de operacion, tipo operacion, modalidad, product type, loantype, "
                "paper type"
            ),
        ),
        Field(
            "currency",
            msg("Currency"),
            max_length=3,
            help=msg("The code of the currency; without it, the currency chosen for the file."),
            example="COP",
            synonyms=called(
                "moneda, currencyiso3, moneda codigo, monedacodigo, codigo moneda, divisa, tipo moneda, "
                "currency code, currency iso3"
            ),
        ),
        Field(
            "balance_total",
            msg("Total balance"),
            FieldType.AMOUNT,
            required=True,
            help=msg("What is owed today, everything included."),
            example="1500000.50",
            synonyms=called(
                "saldo total, saldo total adeudado, deuda total, total deuda, saldo, total pendiente, "
                "total a pagar, balance, current balance, total due, balance due, amount placed, saldo actual, "
                "total saldo, total obligacion, total cartera, saldo cliente, saldocte, valor total, valor deuda, "
                "valor adeudado, vrtotal, monto deuda, monto adeudado, total owed, balancedue, amountplaced, "
                "amount due, outstanding balance, total balance outstanding, current0"
            ),
        ),
        Field(
            "principal",
            msg("Principal"),
            FieldType.AMOUNT,
            help=msg("The part of the debt that is principal."),
            example="1200000.00",
            synonyms=called(
                "saldo capital, capital, deuda capital, valor capital, principal balance, saldo de capital, "
                "capital actual, capital insoluto, capital libros, capital vencido, actual capital, grappv, "
                "outstanding principal, unpaid principal"
            ),
        ),
        Field(
            "interest",
            msg("Interest"),
            FieldType.AMOUNT,
            help=msg("Ordinary interest owed."),
            example="200000.00",
            synonyms=called(
                "intereses, interes, intereses corrientes, interest balance, accrued, interes corriente, "
                "interes ordinario, intereses ordinarios, saldo interes, valor intereses, accrued interest"
            ),
        ),
        Field(
            "late_interest",
            msg("Late interest"),
            FieldType.AMOUNT,
            help=msg("Interest owed for being late."),
            example="80000.50",
            synonyms=called(
                "intereses mora, interes de mora, moratorios, late charge, interes mora, intereses de mora, "
                "interes moratorio, interes sobre mora, valor mora, late fee, penalty interest"
            ),
        ),
        Field(
            "fees",
            msg("Fees"),
            FieldType.AMOUNT,
            help=msg("Costs, insurance and other charges owed."),
            example="20000.00",
            synonyms=called(
                "gastos cobranza, gastos de cobranza, otros conceptos, honorarios, fees balance, "
                "valor gastos cobranza, otros cargos, gastos de recuperacion, gastos, seguro, seguros, "
                "court costs, attorney fee, service charge, servicecharge, other charges, gastos y honorarios"
            ),
        ),
        Field(
            "original_amount",
            msg("Original amount"),
            FieldType.AMOUNT,
            help=msg("What was lent or sold at the beginning."),
            example="2000000.00",
            synonyms=called(
                "monto original, monto desembolsado, valor inicial, valor obligacion, funded amnt, "
                "valor desembolso, monto inicial, saldo inicial, saldo ini, monto credito, valor credito, "
                "originalfacevalue, original face value, funded amount, loan amount, loan amnt, amount financed, "
                "placed amount, valor original"
            ),
        ),
        Field(
            "open_date",
            msg("Opened on"),
            FieldType.DATE,
            is_past=True,
            help=msg("When the debt began."),
            example="2024-03-15",
            synonyms=called(
                "fecha desembolso, fecha apertura, fecha obligacion, origination date, issue d, "
                "fecha de desembolso, fecha otorgamiento, fecha ingreso, fecha factura, fechafactura, "
                "fecha originacion, opened date, contract date, issue date, invoice date, invoicedate, "
                "disbursement date, fecha de apertura"
            ),
        ),
        Field(
            "due_date",
            msg("Due on"),
            FieldType.DATE,
            help=msg("When it was to be paid."),
            example="2025-08-31",
            synonyms=called(
                "fecha vencimiento, vencimiento, maturity date, fecha de vencimiento, minimo vencimiento, "
                "min vencimiento, fecha exigibilidad, fecha limite pago, duedate, vence el"
            ),
        ),
        Field(
            "delinquency_date",
            msg("In arrears since"),
            FieldType.DATE,
            is_past=True,
            help=msg("Since when it has been in arrears."),
            example="2025-09-01",
            synonyms=called(
                "fecha inicio mora, fecha de mora, fecha mora, default date, fecha inicio de mora, "
                "fecha transferencia a vencidas, fecha incumplimiento, fecha primera mora, "
                "date of first delinquency, first delinquency date, en mora desde"
            ),
        ),
        Field(
            "charge_off_date",
            msg("Charged off on"),
            FieldType.DATE,
            is_past=True,
            help=msg("When it was written off in your books."),
            example="2026-01-31",
            synonyms=called(
                "fecha castigo, fecha de castigo, chgoffdate, fecha quebranto, chargeoff date, chg off date, "
                "date charged off, write off date"
            ),
        ),
        Field(
            "last_payment_date",
            msg("Last payment on"),
            FieldType.DATE,
            is_past=True,
            help=msg("When something was paid last."),
            example="2025-07-10",
            synonyms=called(
                "fecha ultimo pago, last pymnt d, fecha de ultimo pago, fecha up, ultimo pago fecha, "
                "fecha ultimo abono, lastpaymentdate, lastpaid, last paid, date of last payment, "
                "fecha del ultimo pago"
            ),
        ),
        Field(
            "last_payment_amount",
            msg("Last payment"),
            FieldType.AMOUNT,
            help=msg("How much was paid then."),
            example="150000.00",
            synonyms=called(
                "valor ultimo pago, last pymnt amnt, monto ultimo pago, ultimo pago, ultimo abono, "
                "valor ultimo abono, lastpaymentamount"
            ),
        ),
        Field(
            "days_past_due",
            msg("Days past due"),
            FieldType.INTEGER,
            help=msg("Days since it has been in arrears, a whole number."),
            example="120",
            synonyms=called(
                "dias mora, dias de mora, dias atraso, mora, dpd, days delinquent, days late, dias en mora, "
                "dias de morosidad, dias morosidad, dias de atraso, dias car, dias vencidos, mora actual, "
                "altura mora, dayspastdue, dayslate, days in arrears"
            ),
        ),
        Field(
            "stage",
            msg("Stage"),
            max_length=60,
            help=msg("Where the debt stands in your own collection."),
            example="prejurídico",
            synonyms=called(
                "etapa, etapa cobranza, estado, status, loan status, account status, etapa de cobranza, "
                "estado operacional, estado obligacion, estado credito, estado inicial, situacion, "
                "etapa juridica, mis status"
            ),
        ),
        Field(
            "segment",
            msg("Segment"),
            max_length=60,
            help=msg("Your own grouping, for reports and selections."),
            example="B",
            synonyms=called(
                "segmento, subsegmento, grade, calificacion, tramo, franja, banda, rango mora, edad de cartera, "
                "cosecha, delq bucket, bucket, aging, vintage, rating"
            ),
        ),
        *WHERE,
        Field(
            "original_creditor",
            msg("Original creditor"),
            max_length=120,
            help=msg("Who lent at first, if you bought the debt."),
            example="Banco Ejemplo",
            synonyms=called(
                "entidad, acreedor, cedente, creditor, originalcreditor, nombreentidad, nombre entidad, "
                "acreedor original, originador, banco, previous creditor, previouscreditor, bank, seller"
            ),
        ),
        Field(
            "cut_off_date",
            msg("Cut-off date"),
            FieldType.DATE,
            help=msg("The day the figures are of."),
            example="2026-01-31",
            synonyms=called(
                "fecha corte, fecha de corte, as of, statement date, corte, fecha archivo, fecha informacion, "
                "periodo, cutoff date, file date, as of date"
            ),
        ),
    ),
)
