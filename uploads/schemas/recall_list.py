"""A creditor's list of cases it takes back from its agencies."""

from __future__ import annotations

from agencies.kernel.errors import msg
from uploads.schemas.fields import Field, FieldType, Schema
from uploads.schemas.portfolio_update import ACCOUNT_NAMES
from uploads.schemas.wordings import shown

#: Why cases are taken back, with senders' spellings; the codes are those of a recall.
REASONS: dict[str, tuple[str, ...]] = {
    "strategy": (
        "estrategia",
        "cambio de estrategia",
        "reasignacion",
        "redistribucion",
        "fin de campana",
        "decision del banco",
    ),
    "no_activity": ("sin gestion", "sin gestiones", "no gestionado", "inactividad", "not worked", "no activity"),
    "performance": ("bajo desempeno", "desempeno", "resultados", "bajo recaudo", "poor performance"),
    "settled_with_creditor": (
        "pago al acreedor",
        "pagado",
        "pago total",
        "paz y salvo",
        "acuerdo con el acreedor",
        "normalizado",
        "al dia",
        "settled",
        "paid",
        "settled with creditor",
    ),
    "sold": ("venta", "vendida", "vendido", "venta de cartera", "cesion", "cedida", "debt sold"),
    "agreement_ended": (
        "fin de contrato",
        "fin de mandato",
        "terminacion de contrato",
        "end of contract",
        "agreement ended",
    ),
    "expired": ("vencimiento", "plazo vencido", "fin del plazo", "expired", "term over"),
    "complaint": (
        "queja",
        "reclamo",
        "pqr",
        "pqrs",
        "queja del deudor",
        "reclamacion",
        "derecho de peticion",
        "queja sic",
        "queja superfinanciera",
        "queja superintendencia",
    ),
    "data_protection": (
        "habeas data",
        "proteccion de datos",
        "datos personales",
        "revocatoria de autorizacion",
        "gdpr",
        "privacy",
    ),
    "compliance": (
        "orden legal",
        "orden judicial",
        "cumplimiento",
        "requerimiento",
        "sic",
        "superintendencia",
        "legal order",
        "regulator",
    ),
}

RECALL_LIST = Schema(
    kind="recall_list",
    version=1,
    unique="account_ref",
    title=msg("Recall list"),
    about=msg("Cases you take back from your agencies, each with its reason and the day on which access ends."),
    fields=(
        Field(
            "account_ref",
            msg("Account"),
            required=True,
            max_length=60,
            synonyms=ACCOUNT_NAMES,
            help=msg("The number of a debt that is with an agency now."),
            example="100200300401",
        ),
        Field(
            "reason",
            msg("Reason"),
            FieldType.CHOICE,
            required=True,
            choices=shown("reason", REASONS),
            synonyms=(
                "motivo",
                "causal",
                "motivo retiro",
                "causal retiro",
                "causal exclusion reparto",
                "razon",
                "reason",
                "recall reason",
                "recall reason code",
            ),
            help=msg(
                "Why the case is taken back; complaints, data protection and legal orders take effect at once: "
                "their date is the day on which you send the file."
            ),
            example="estrategia",
        ),
        Field(
            "effective_on",
            msg("Access ends on"),
            FieldType.DATE,
            required=True,
            synonyms=(
                "el acceso termina el",
                "fecha retiro",
                "fecha efectiva",
                "fecha fin",
                "fecha cierre",
                "fecha devolucion",
                "fecha",
                "effective date",
                "recall date",
                "recall on",
                "datetoberecal",
                "lastrecalldate",
            ),
            help=msg("The day from which the agency sees the case no more: today or later, within a year."),
            example="2026-12-01",
        ),
        Field(
            "note",
            msg("Note"),
            max_length=300,
            synonyms=("observacion", "observaciones", "nota", "comentario", "note", "comment"),
            help=msg("What the agency should know; it goes with the recall where all rows of it say the same."),
            example="Cierre de campaña",
        ),
    ),
)
