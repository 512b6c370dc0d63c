"""A locate agency's file of what it found."""

from __future__ import annotations

from agencies.kernel.errors import msg
from uploads.schemas.fields import Field, FieldType, Schema, called
from uploads.schemas.wordings import shown

FINDINGS = Schema(
    kind="findings",
    version=1,
    title=msg("Findings"),
    about=msg("What was found of people who could not be reached, one row for each finding. Sent by a locate agency."),
    fields=(
        Field(
            "account_ref",
            msg("Creditor's account"),
            required=True,
            max_length=60,
            help=msg("The number of the order's account, as it stands in the file of the order."),
            example="4500-0012345",
            synonyms=called(
                "obligacion, numero obligacion, codigo obligacion, operacion, credito, cuenta, llave, account, "
                "account no, account number, loan id, numero de obligacion, numero operacion, "
                "numero de operacion, numero credito, numero producto, numero cuenta, codigo cuenta, contrato, "
                "numero contrato, contract, pagare, numero pagare, poliza, numero poliza, factura, "
                "numero factura, folio, numero prestamo, prestamo, kardex, id credito, id obligacion, account id, "
                "acct no, acctnumber, acct number, acct, loan number, loannr, loan nr, loannr chkdgt, loankey, "
                "loan key, contract id, client account number, clientaccountnumber, servicer account number, "
                "servicereaccountnumber, reference number, ref number, invoice number, invoicenumber, id, "
                "obligacion del acreedor"
            ),
        ),
        Field(
            "kind",
            msg("Kind of finding"),
            FieldType.CHOICE,
            required=True,
            choices=shown(
                "kind",
                {
                    "phone": ("telefono", "celular", "fijo", "movil", "loc_tel", "phone", "mobile"),
                    "email": ("correo", "correo electronico", "e-mail", "loc_email", "mail"),
                    "address": ("direccion", "domicilio", "loc_dir", "address"),
                    "employer": ("empleador", "empresa", "trabajo", "loc_empleo", "employer"),
                    "none": ("sin hallazgos", "sin hallazgo", "no encontrado", "loc_neg", "none found", "nothing"),
                },
            ),
            help=msg("What was found: phone, e-mail, address, employer; or that nothing was."),
            example="telefono",
            synonyms=called(
                "tipo, tipo hallazgo, tipo dato, type, tipo de hallazgo, tipo de dato, clase dato, finding type"
            ),
        ),
        Field(
            "value",
            msg("What was found"),
            max_length=300,
            is_private=True,
            help=msg("The telephone, the address, the e-mail or the employer itself."),
            example="3115550102",
            synonyms=called(
                "hallazgo, dato, valor, resultado, finding, dato hallado, contacto, found value, que se encontro"
            ),
        ),
        Field(
            "source_class",
            msg("Kind of source"),
            FieldType.CHOICE,
            choices=shown(
                "source_class",
                {
                    "public_register": ("registro publico", "runt", "adres", "rues", "public register"),
                    "credit_bureau": ("central de riesgo", "buro", "buro de credito", "datacredito", "credit bureau"),
                    "data_provider": ("proveedor de datos", "proveedor", "data provider"),
                    "directory": ("directorio", "guia", "directory"),
                    "open_web": ("internet", "web", "redes", "redes sociales", "open web"),
                    "field": ("campo", "visita", "field visit"),
                    "debtor": ("deudor", "titular", "debtor"),
                },
            ),
            help=msg("What kind of source it comes from; the creditor may allow some and not others."),
            example="registro publico",
            synonyms=called("tipo de fuente, clase fuente, tipo fuente, fuente, source type, source, tipo de fuente"),
        ),
        Field(
            "source_ref",
            msg("Source"),
            help=msg("Which source exactly, so that the creditor can look it up."),
            example="RUES 2026-02-03",
            synonyms=called(
                "fuente, referencia fuente, nombre fuente, consulta, source reference, numero consulta, source name"
            ),
        ),
        Field(
            "found_on",
            msg("Seen on"),
            FieldType.DATE,
            help=msg("The day the source says it, or the day it was looked up."),
            example="2026-02-03",
            synonyms=called(
                "fecha, fecha hallazgo, fecha consulta, date, fecha actualizacion, ultima validacion, "
                "firstreporteddate, last updated date, lastupdateddate, last seen, visto el"
            ),
        ),
        Field(
            "confidence",
            msg("Confidence"),
            FieldType.CHOICE,
            choices=shown(
                "confidence",
                {
                    "high": ("alta", "alto"),
                    "medium": ("media", "medio"),
                    "low": ("baja", "bajo"),
                },
            ),
            help=msg("How sure you are."),
            example="alta",
            synonyms=called("confianza, certeza, nivel confianza, level of match, levelofmatch, verification code"),
        ),
        Field(
            "evidence",
            msg("Match evidence"),
            max_length=500,
            help=msg("Why it is the same person."),
            example="Mismo NIT y nombre en el registro",
            synonyms=called("evidencia, soporte, coincidencia, observacion, soporte de la coincidencia"),
        ),
    ),
)
