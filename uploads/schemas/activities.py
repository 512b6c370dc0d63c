"""An agency's file of what it did on its cases."""

from __future__ import annotations

from agencies.kernel.errors import msg
from uploads.schemas.fields import Field, FieldType, Schema

#: The platform's result codes, after the reference vocabulary of Latin-American collection, with senders' spellings.
RESULTS: dict[str, tuple[str, ...]] = {
    "paid_in_full": ("pago_total", "pago el total"),
    "paid_in_part": ("pago_parcial", "pago parcialmente"),
    "says_paid": ("ya_pago", "ya pago", "manifiesta que ya pago", "manifiesta_pago"),
    "agreement": ("acuerdo", "acuerdo de pago"),
    "promise": ("promesa", "promesa de pago", "compromiso", "compromiso de pago", "ptp"),
    "negotiating": ("negociando", "en negociacion"),
    "asks_callback": ("solicita_llamada", "solicita ser contactado despues"),
    "cannot_pay": ("sin_capacidad", "sin capacidad", "dificultad_de_pago", "dificultad de pago"),
    "refuses": ("renuente", "no desea pagar", "sin_voluntad_de_pago"),
    "disputes": ("reclamo", "presenta reclamo", "desconoce", "no_reconoce_deuda"),
    "third_party_message": ("tercero_mensaje", "tercero toma mensaje", "mensaje con tercero"),
    "third_party": ("tercero_no_mensaje", "contacto con tercero", "notificado_familiar"),
    "deceased": ("fallecido",),
    "wrong_number": ("num_equivocado", "numero equivocado", "no_es_titular"),
    "no_answer": ("no_contesta", "no contesta", "no_responde", "sin contacto"),
    "voicemail": ("buzon", "buzon de voz", "contestador"),
    "busy": ("ocupado", "tono ocupado"),
    "switched_off": ("apagado",),
    "out_of_service": ("fuera_servicio", "fuera de servicio", "num_inexistente"),
    "message_sent": ("sms_enviado", "wa_enviado", "email_enviado", "carta_enviada", "mensaje enviado"),
    "nobody_home": ("visita_nadie", "visita nadie atiende"),
    "wrong_address": ("dir_errada", "direccion errada", "domicilio incorrecto"),
}

ACTIVITIES = Schema(
    kind="activities",
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
                "id",
            ),
        ),
        Field(
            "activity_ref",
            msg("Activity reference"),
            max_length=80,
            synonyms=("id gestion", "call id", "activity id", "activity ref"),
        ),
        Field(
            "happened_at",
            msg("When"),
            FieldType.INSTANT,
            required=True,
            synonyms=(
                "fecha gestion",
                "fechahoragestion",
                "fecha hora gestion",
                "fecha llamada",
                "fecha",
                "happened at",
                "call date",
                "contact date",
            ),
        ),
        Field(
            "channel",
            msg("Channel"),
            FieldType.CHOICE,
            required=True,
            choices={
                "call": ("llamada", "telefono", "telefonica", "phone", "call"),
                "sms": ("sms", "mensaje de texto"),
                "whatsapp": ("whatsapp", "wa"),
                "email": ("correo", "correo electronico", "email", "mail"),
                "letter": ("carta", "carta notarial", "letter"),
                "visit": ("visita", "visita domiciliaria", "visit", "field"),
            },
            synonyms=("canal", "tipo gestion", "accion", "medio", "channel", "action"),
        ),
        Field(
            "result",
            msg("Result"),
            FieldType.CHOICE,
            required=True,
            choices=RESULTS,
            synonyms=(
                "resultado",
                "resultado gestion",
                "codigo resultado gestion",
                "tipificacion",
                "codigo gestion",
                "result",
                "result code",
                "disposition",
            ),
        ),
        Field(
            "agent",
            msg("Agent"),
            max_length=80,
            synonyms=("asesor", "gestor", "codigo asesor", "usuario", "agent", "agent id"),
        ),
        Field(
            "note",
            msg("Note"),
            max_length=1500,
            synonyms=("observacion", "observaciones", "comentarios", "note", "comment"),
        ),
    ),
)
