"""A creditor's file of debts to collect."""

from __future__ import annotations

from agencies.kernel.errors import msg
from uploads.schemas.fields import Field, FieldType, Schema

PORTFOLIO = Schema(
    kind="portfolio",
    version=1,
    unique="account_ref",
    value="balance_total",
    fields=(
        Field(
            "account_ref",
            msg("Account"),
            required=True,
            max_length=60,
            synonyms=(
                "numero obligacion", "obligacion", "operacion", "numero operacion", "credito", "numero credito",
                "numero producto", "cuenta", "numero cuenta", "contrato", "pagare", "poliza", "llave", "folio",
                "numero prestamo", "account", "account no", "account number", "account id", "account ref", "acct no",
                "acctnumber", "loan number", "loan id", "contract id", "reference number", "id",
            ),
        ),
        Field(
            "debtor_ref",
            msg("Creditor's customer number"),
            max_length=60,
            synonyms=("codigo cliente", "id cliente", "codigo socio", "deudor id", "client id", "customer number", "customer id", "debtor id", "member id"),
        ),
        Field(
            "id_type",
            msg("Type of identity document"),
            max_length=20,
            synonyms=("tipo identificacion", "tipo documento", "tipo id", "id type", "document type"),
        ),
        Field(
            "national_id",
            msg("Identity number"),
            max_length=30,
            synonyms=(
                "numero documento", "documento", "identificacion", "numero identificacion", "cedula", "cc", "nit", "dni",
                "ruc", "rut", "curp", "rfc", "ssn", "tax id", "national id",
            ),
        ),
        Field(
            "full_name",
            msg("Debtor's name"),
            synonyms=(
                "nombre", "nombre deudor", "nombre cliente", "nombre completo", "titular", "razon social", "name",
                "full name", "customer name", "borrower name", "debtor name",
            ),
        ),
        Field("first_name", msg("First names"), synonyms=("nombres", "primer nombre", "first name")),
        Field("last_name", msg("Last names"), synonyms=("apellidos", "apellido", "last name")),
        Field(
            "person_type",
            msg("Person or company"),
            FieldType.CHOICE,
            choices={
                "person": ("p", "natural", "persona natural", "fisica", "person", "individual"),
                "company": ("c", "juridica", "persona juridica", "moral", "company", "empresa"),
            },
            synonyms=("tipo persona", "debtor type", "person type"),
        ),
        Field("birth_date", msg("Date of birth"), FieldType.DATE, synonyms=("fecha nacimiento", "birth date", "dob")),
        Field(
            "product",
            msg("Product"),
            max_length=60,
            synonyms=("producto", "tipo producto", "linea", "product", "loan type", "portfolio type"),
        ),
        Field("currency", msg("Currency"), max_length=3, synonyms=("moneda", "currency", "currencyiso3")),
        Field(
            "balance_total",
            msg("Total balance"),
            FieldType.AMOUNT,
            required=True,
            synonyms=(
                "saldo total", "saldo total adeudado", "deuda total", "total deuda", "saldo", "total pendiente",
                "total a pagar", "balance", "current balance", "total balance", "total due", "balance due", "amount placed",
            ),
        ),
        Field(
            "principal",
            msg("Principal"),
            FieldType.AMOUNT,
            synonyms=("saldo capital", "capital", "deuda capital", "valor capital", "principal", "principal balance"),
        ),
        Field(
            "interest",
            msg("Interest"),
            FieldType.AMOUNT,
            synonyms=("intereses", "interes", "intereses corrientes", "interest", "interest balance", "accrued"),
        ),
        Field(
            "late_interest",
            msg("Late interest"),
            FieldType.AMOUNT,
            synonyms=("intereses mora", "interes de mora", "moratorios", "late interest", "late charge"),
        ),
        Field(
            "fees",
            msg("Fees"),
            FieldType.AMOUNT,
            synonyms=("gastos cobranza", "gastos de cobranza", "otros conceptos", "honorarios", "fees", "fees balance"),
        ),
        Field(
            "original_amount",
            msg("Original amount"),
            FieldType.AMOUNT,
            synonyms=("monto original", "monto desembolsado", "valor inicial", "valor obligacion", "original amount", "funded amnt"),
        ),
        Field(
            "open_date",
            msg("Opened on"),
            FieldType.DATE,
            synonyms=("fecha desembolso", "fecha apertura", "fecha obligacion", "open date", "origination date", "issue d"),
        ),
        Field("due_date", msg("Due on"), FieldType.DATE, synonyms=("fecha vencimiento", "vencimiento", "due date", "maturity date")),
        Field(
            "delinquency_date",
            msg("In arrears since"),
            FieldType.DATE,
            synonyms=("fecha inicio mora", "fecha de mora", "fecha mora", "delinquency date", "default date"),
        ),
        Field(
            "charge_off_date",
            msg("Charged off on"),
            FieldType.DATE,
            synonyms=("fecha castigo", "fecha de castigo", "charge off date", "chgoffdate"),
        ),
        Field(
            "last_payment_date",
            msg("Last payment on"),
            FieldType.DATE,
            synonyms=("fecha ultimo pago", "last payment date", "last pymnt d"),
        ),
        Field(
            "last_payment_amount",
            msg("Last payment"),
            FieldType.AMOUNT,
            synonyms=("valor ultimo pago", "last payment amount", "last pymnt amnt"),
        ),
        Field(
            "days_past_due",
            msg("Days past due"),
            FieldType.INTEGER,
            synonyms=("dias mora", "dias de mora", "dias atraso", "mora", "dpd", "days past due", "days delinquent", "days late"),
        ),
        Field("stage", msg("Stage"), max_length=60, synonyms=("etapa", "etapa cobranza", "estado", "status", "loan status", "account status")),
        Field("segment", msg("Segment"), max_length=60, synonyms=("segmento", "subsegmento", "segment", "grade", "calificacion")),
        Field("region", msg("Region"), max_length=80, synonyms=("departamento", "regional", "region", "provincia", "department", "addr state", "state")),
        Field("city", msg("City"), max_length=80, synonyms=("ciudad", "municipio", "city")),
        Field("address", msg("Address"), synonyms=("direccion", "domicilio", "address", "street1")),
        Field("phone", msg("Phone"), max_length=40, synonyms=("telefono", "celular", "movil", "telefono 1", "phone", "phone1", "cell phone")),
        Field("phone_2", msg("Second phone"), max_length=40, synonyms=("telefono 2", "fijo", "telefono fijo", "phone2", "home phone")),
        Field("email", msg("E-mail"), max_length=254, synonyms=("correo", "correo electronico", "email", "mail", "e mail")),
        Field(
            "original_creditor",
            msg("Original creditor"),
            max_length=120,
            synonyms=("entidad", "acreedor", "cedente", "creditor", "original creditor", "originalcreditor"),
        ),
        Field("cut_off_date", msg("Cut-off date"), FieldType.DATE, synonyms=("fecha corte", "fecha de corte", "cut off date", "as of", "statement date")),
    ),
)
