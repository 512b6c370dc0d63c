"""A locate agency's file of what it found."""

from __future__ import annotations

from agencies.kernel.errors import msg
from uploads.schemas.fields import Field, FieldType, Schema

FINDINGS = Schema(
    kind="findings",
    version=1,
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
                "llave",
                "account",
                "account no",
                "account number",
                "account ref",
                "loan id",
            ),
        ),
        Field(
            "kind",
            msg("Kind of finding"),
            FieldType.CHOICE,
            required=True,
            choices={
                "phone": ("telefono", "celular", "fijo", "movil", "loc_tel", "phone", "mobile"),
                "email": ("correo", "correo electronico", "e-mail", "loc_email", "mail"),
                "address": ("direccion", "domicilio", "loc_dir", "address"),
                "employer": ("empleador", "empresa", "trabajo", "loc_empleo", "employer"),
                "none": ("sin hallazgos", "sin hallazgo", "no encontrado", "loc_neg", "none found", "nothing"),
            },
            synonyms=("tipo", "tipo hallazgo", "tipo dato", "kind", "type"),
        ),
        Field(
            "value",
            msg("What was found"),
            max_length=300,
            synonyms=("hallazgo", "dato", "valor", "resultado", "finding", "value"),
        ),
        Field(
            "source_class",
            msg("Kind of source"),
            FieldType.CHOICE,
            choices={
                "public_register": ("registro publico", "runt", "adres", "rues", "public register"),
                "credit_bureau": ("central de riesgo", "buro", "buro de credito", "datacredito", "credit bureau"),
                "data_provider": ("proveedor de datos", "proveedor", "data provider"),
                "directory": ("directorio", "guia", "directory"),
                "open_web": ("internet", "web", "redes", "redes sociales", "open web"),
                "field": ("campo", "visita", "field visit"),
                "debtor": ("deudor", "titular", "debtor"),
            },
            synonyms=("clase fuente", "tipo fuente", "fuente", "source class", "source type", "source"),
        ),
        Field(
            "source_ref",
            msg("Source"),
            max_length=200,
            synonyms=("referencia fuente", "nombre fuente", "consulta", "source ref", "source reference"),
        ),
        Field(
            "found_on",
            msg("Seen on"),
            FieldType.DATE,
            synonyms=("fecha", "fecha hallazgo", "fecha consulta", "found on", "date"),
        ),
        Field(
            "confidence",
            msg("Confidence"),
            FieldType.CHOICE,
            choices={"high": ("alta", "alto"), "medium": ("media", "medio"), "low": ("baja", "bajo")},
            synonyms=("confianza", "certeza", "confidence"),
        ),
        Field(
            "evidence",
            msg("Match evidence"),
            max_length=500,
            synonyms=("evidencia", "soporte", "coincidencia", "observacion", "evidence", "match evidence"),
        ),
    ),
)
