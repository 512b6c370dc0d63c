"""An agency's file of what it did on its cases."""

from __future__ import annotations

from agencies.kernel.errors import msg
from uploads.schemas.fields import Field, FieldType, Schema, called
from uploads.schemas.wordings import shown

#: The platform's result codes, after the reference vocabulary of Latin-American collection, with senders' spellings.
RESULTS: dict[str, tuple[str, ...]] = {
    "paid_in_full": ("pago_total", "pago el total"),
    "paid_in_part": ("pago_parcial", "pago parcialmente"),
    "says_paid": ("ya_pago", "ya pago", "manifiesta que ya pago", "manifiesta_pago"),
    "agreement": ("acuerdo", "acuerdo de pago"),
    "promise": ("promesa", "promesa de pago", "compromiso", "compromiso de pago", "ptp"),
    "promise_in_part": ("promesa_parcial", "compromiso parcial", "promesa parcial"),
    "negotiating": ("negociando", "en negociacion"),
    "asks_information": ("solicita_info", "solicita informacion"),
    "asks_callback": ("solicita_llamada", "solicita ser contactado despues"),
    "cannot_pay": ("sin_capacidad", "sin capacidad", "dificultad_de_pago", "dificultad de pago"),
    "refuses": ("renuente", "no desea pagar", "sin_voluntad_de_pago"),
    "disputes": ("reclamo", "presenta reclamo", "presenta reclamo u objecion"),
    "denies_debt": ("desconoce", "desconoce la obligacion", "no_reconoce_deuda"),
    "identity_fraud": ("suplantacion", "manifiesta suplantacion"),
    "insolvency": ("insolvencia", "informa tramite de insolvencia"),
    "refers_to_lawyer": ("abogado", "remite a su apoderado"),
    "co_debtor": ("codeudor", "contacto con codeudor o avalista"),
    "channel_revoked": ("revoca_canal", "revoca autorizacion del canal"),
    "channel_authorised": ("autoriza_canal", "autoriza canal"),
    "hung_up": ("colgo", "contesto y colgo"),
    "third_party_message": ("tercero_mensaje", "tercero toma mensaje", "mensaje con tercero"),
    "third_party": ("tercero_no_mensaje", "tercero sin mensaje", "contacto con tercero", "notificado_familiar"),
    "third_party_data": ("tercero_dato", "tercero entrega dato de contacto"),
    "moved_away": ("ya_no_vive", "ya no vive o trabaja ahi"),
    "deceased": ("fallecido", "informan fallecimiento"),
    "wrong_number": ("num_equivocado", "numero equivocado", "no_es_titular"),
    "imprisoned": ("privado_libertad", "informan titular privado de la libertad"),
    "abroad": ("fuera_pais", "informan titular fuera del pais"),
    "no_answer": ("no_contesta", "no contesta", "no_responde", "sin contacto"),
    "voicemail": ("buzon", "buzon de voz", "contestador"),
    "busy": ("ocupado", "tono ocupado"),
    "switched_off": ("apagado",),
    "out_of_service": ("fuera_servicio", "fuera de servicio"),
    "number_unknown": ("num_inexistente", "numero no existe"),
    "message_sent": ("sms_enviado", "wa_enviado", "email_enviado", "carta_enviada", "mensaje enviado"),
    "message_delivered": ("sms_entregado", "wa_leido", "mensaje entregado", "mensaje leido"),
    "message_returned": ("email_rebotado", "carta_devuelta", "correo rebotado", "mensaje devuelto"),
    "nobody_home": ("visita_nadie", "visita nadie atiende"),
    "wrong_address": ("dir_errada", "direccion errada", "domicilio incorrecto"),
    "located_phone": ("loc_tel", "localizado telefono"),
    "located_address": ("loc_dir", "localizado direccion"),
    "located_email": ("loc_email", "localizado correo"),
    "located_employment": ("loc_empleo", "localizado empleo"),
    "located_asset": ("loc_bien", "localizado bien"),
    "located_nothing": ("loc_neg", "sin hallazgos"),
    "located_confirmed": ("loc_conf", "dato confirmado con el titular"),
    "returned": ("devuelto",),
    "recalled": ("retirado",),
    "paused": ("pausado",),
}

#: Who was spoken to. What the law allows depends on it, and nobody knows it but whoever spoke.
COUNTERPARTS: dict[str, tuple[str, ...]] = {
    "debtor": ("titular", "deudor", "cliente", "debtor", "rpc"),
    "co_debtor": ("codeudor", "coacreditado", "co debtor"),
    "joint_debtor": ("deudor solidario", "obligado solidario", "joint debtor"),
    "guarantor": ("avalista", "fiador", "aval", "garante", "guarantor"),
    "representative": ("apoderado", "abogado", "representante", "lawyer", "attorney", "representative"),
    "reference": ("referencia", "referencia personal", "referencia familiar", "reference"),
    "relative": ("familiar", "pariente", "conyuge", "padre", "madre", "hijo", "hermano", "relative", "family"),
    "neighbour": ("vecino", "neighbour", "neighbor"),
    "employer": ("empleador", "jefe", "empresa", "employer", "boss"),
    "coworker": ("companero", "companero de trabajo", "coworker", "colleague"),
    "minor": ("menor", "menor de edad", "minor"),
    "other": ("tercero", "otro", "third party", "other"),
    "nobody": ("nadie", "ninguno", "nobody", "none"),
}

DIRECTIONS: dict[str, tuple[str, ...]] = {
    "outbound": ("saliente", "salida", "outbound", "out"),
    "inbound": ("entrante", "entrada", "inbound", "in"),
}

ACTIVITIES = Schema(
    kind="activities",
    version=1,
    title=msg("Activities"),
    about=msg("What was done to reach debtors, a row for each call, message or visit. Sent by an agency for a report."),
    fields=(
        Field(
            "account_ref",
            msg("Creditor's account"),
            required=True,
            max_length=60,
            help=msg("The number by which the creditor knows the debt, as it stands in the file of the placement."),
            example="4500-0012345",
            synonyms=called(
                "obligacion, numero obligacion, codigo obligacion, operacion, credito, cuenta, llave, account, "
                "account no, account number, loan id, id, numero de obligacion, numero operacion, "
                "numero de operacion, numero credito, numero producto, numero cuenta, codigo cuenta, contrato, "
                "numero contrato, contract, pagare, numero pagare, poliza, numero poliza, factura, "
                "numero factura, folio, numero prestamo, prestamo, kardex, id credito, id obligacion, account id, "
                "acct no, acctnumber, acct number, acct, loan number, loannr, loan nr, loannr chkdgt, loankey, "
                "loan key, contract id, client account number, clientaccountnumber, servicer account number, "
                "servicereaccountnumber, reference number, ref number, invoice number, invoicenumber, codigo, "
                "obligacion del acreedor"
            ),
        ),
        Field(
            "activity_ref",
            msg("Activity reference"),
            max_length=80,
            help=msg("Your own number of the activity; without it, rows are told apart by their other columns."),
            example="G-77120",
            synonyms=called(
                "id gestion, call id, activity id, numero gestion, codigo unico gestion, id llamada, call refid, "
                "callrefid, referencia de la gestion"
            ),
        ),
        Field(
            "happened_at",
            msg("When"),
            FieldType.INSTANT,
            required=True,
            help=msg("The day and the time, on your clock; rules on contact hours are judged by it."),
            example="2026-02-03 10:15",
            synonyms=called(
                "fecha gestion, fechahoragestion, fecha hora gestion, fecha llamada, fecha, call date, "
                "contact date, fecha de gestion, fechagestion, fecha y hora gestion, fechallamada, "
                "fecha y hora, fecha hora, fecha contacto, fecges, horfingest, fecha interaccion, action date time, "
                "actiondatetime, created, date, cuando"
            ),
        ),
        Field(
            "channel",
            msg("Channel"),
            FieldType.CHOICE,
            required=True,
            choices=shown(
                "channel",
                {
                    "call": ("llamada", "telefono", "telefonica", "phone", "call"),
                    "sms": ("sms", "mensaje de texto"),
                    "whatsapp": ("whatsapp", "wa"),
                    "email": ("correo", "correo electronico", "email", "mail"),
                    "letter": ("carta", "carta notarial", "letter"),
                    "visit": ("visita", "visita domiciliaria", "visit", "field"),
                },
            ),
            help=msg("How it was tried: call, SMS, WhatsApp, e-mail, letter or visit."),
            example="llamada",
            synonyms=called(
                "canal, tipo gestion, accion, medio, action, canal gestion, tipo de gestion, area gestion, "
                "medio contacto, tipo accion, contact channel, category, contact"
            ),
        ),
        Field(
            "result",
            msg("Result"),
            FieldType.CHOICE,
            required=True,
            choices=shown("result", RESULTS),
            help=msg("What came of it. Your own codes may stand here: you say once what each means."),
            example="promesa de pago",
            synonyms=called(
                "resultado, resultado gestion, codigo resultado gestion, tipificacion, codigo gestion, "
                "result code, disposition, resultado de gestion, codigo resultado, subtipificacion, "
                "sub respuesta, respuesta, codigo accion, cod2, mejor gestion, efecto, reaccion, desccod, "
                "status code, contact status id, poutcome, outcome"
            ),
        ),
        Field(
            "counterpart",
            msg("Who was reached"),
            FieldType.CHOICE,
            choices=shown("counterpart", COUNTERPARTS),
            help=msg("Who was spoken to; what may be said depends on it."),
            example="titular",
            synonyms=called(
                "contacto con, tipo contacto, persona contactada, contactado, interlocutor, tipo de contacto, "
                "tipocontacto, tipo contacto resultado, parentesco, target type, rpc flag, cpc, relationship, "
                "con quien se hablo"
            ),
        ),
        Field(
            "direction",
            msg("Who sought whom"),
            FieldType.CHOICE,
            choices=shown("direction", DIRECTIONS),
            help=msg("Whether you sought the debtor or the debtor sought you."),
            example="saliente",
            synonyms=called(
                "direccion llamada, sentido, entrante saliente, sentido llamada, tipo llamada, call direction, "
                "sentido del contacto"
            ),
        ),
        Field(
            "agent",
            msg("Agent"),
            max_length=80,
            help=msg("Who did it."),
            example="ASE-014",
            synonyms=called(
                "asesor, gestor, codigo asesor, usuario, agent id, codigo gestor, nombre asesor, nombre gestor, "
                "funcionario, agente, user name, username, desk, collector, gestor de cobranza"
            ),
        ),
        Field(
            "note",
            msg("Note"),
            max_length=1500,
            help=msg("What was said, up to 1,500 characters."),
            example="Paga el viernes por PSE.",
            synonyms=called(
                "observacion, observaciones, comentarios, comment, comentario, comentarios gestion, descripcion, "
                "nota, notas, detalle, notes, comments, description"
            ),
        ),
    ),
)
