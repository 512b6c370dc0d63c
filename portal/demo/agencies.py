"""The invented agencies: what each is good at, and how its own system writes a report."""

from __future__ import annotations

from dataclasses import dataclass, field

from portal.demo.exports import FileStyle


@dataclass(frozen=True)
class ReportForm:
    """How an agency's system writes its two files: the style and its own words for the columns it has."""

    style: FileStyle
    #: strftime format of an activity's date and time.
    instant_format: str
    #: Field of the report -> the agency's header, in the order of its file; a field left out is not reported.
    payments: dict[str, str]
    activities: dict[str, str]
    #: The agency's own codes for channels and results, where it does not write the platform's.
    words: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Strength:
    """How well an agency works, as rates that the outcomes are drawn from."""

    #: Share of average cases that ever pay.
    penetration: float
    #: Mean days from placement to a first payment.
    days_to_pay: float
    #: Of the payers: share that settles in full, and share that pays by instalments; the others pay once, in part.
    in_full: float
    by_plan: float
    #: Chance that an instalment plan goes on to its next payment.
    keeps_plan: float
    #: Activities per case in its first month; they thin out with time.
    intensity: float
    #: Chance that an activity reaches the debtor in person.
    reach: float
    #: Business days by which its reports come before (negative) or after the due date.
    lateness: int = -2
    #: Share of new cases on which it does something within its first days.
    prompt: float = 0.95
    #: Share of activities that break the rules on contact.
    slips: float = 0.0


@dataclass(frozen=True)
class Firm:
    """One organisation that works for creditors."""

    key: str
    name: str
    tax_id: str


@dataclass(frozen=True)
class AgencyProfile(Firm):
    """One collection agency of the demo."""

    strength: Strength
    form: ReportForm


SPANISH = FileStyle(";", ",", "%d/%m/%Y", "utf-8-sig")
PLAIN = FileStyle(",", ".", "%Y-%m-%d", "utf-8")
OLD = FileStyle(";", ",", "%d/%m/%Y", "cp1252")

_WORDS = {
    "call": "LLAMADA", "sms": "SMS", "whatsapp": "WHATSAPP", "email": "CORREO", "letter": "CARTA", "visit": "VISITA",
    "agency": "AGENCIA", "creditor": "BANCO",
    "paid_in_full": "PAGO_TOTAL", "paid_in_part": "PAGO_PARCIAL", "says_paid": "YA_PAGO", "agreement": "ACUERDO",
    "promise": "PROMESA", "negotiating": "NEGOCIANDO", "asks_callback": "SOLICITA_LLAMADA",
    "cannot_pay": "SIN_CAPACIDAD", "refuses": "RENUENTE", "disputes": "RECLAMO",
    "third_party_message": "TERCERO_MENSAJE", "third_party": "TERCERO_NO_MENSAJE", "wrong_number": "NUM_EQUIVOCADO",
    "no_answer": "NO_CONTESTA", "voicemail": "BUZON", "busy": "OCUPADO", "switched_off": "APAGADO",
    "out_of_service": "FUERA_SERVICIO", "message_sent": "SMS_ENVIADO", "nobody_home": "VISITA_NADIE",
}  # fmt: skip
#: The same in words, as older systems print them.
_LONG_WORDS = _WORDS | {
    "creditor": "Pago directo", "agency": "Casa de cobranza", "promise": "Compromiso de pago",
    "agreement": "Acuerdo de pago", "paid_in_full": "Pago el total", "paid_in_part": "Pago parcialmente",
    "negotiating": "En negociación", "asks_callback": "Solicita ser contactado después", "refuses": "No desea pagar",
    "cannot_pay": "Dificultad de pago", "no_answer": "No contesta", "voicemail": "Buzón de voz",
    "busy": "Tono ocupado", "wrong_number": "Número equivocado", "out_of_service": "Fuera de servicio",
    "third_party_message": "Tercero toma mensaje", "message_sent": "Mensaje enviado", "call": "Telefónica",
    "visit": "Visita domiciliaria", "nobody_home": "Visita nadie atiende",
}  # fmt: skip

_FULL_FORM = ReportForm(
    SPANISH,
    "%d/%m/%Y %H:%M",
    {
        "account_ref": "NRO_OBLIGACION", "payment_ref": "NRO_RECIBO", "paid_on": "FECHA_PAGO", "amount": "VALOR_PAGO",
        "received_by": "RECIBIDO_POR", "method": "MEDIO_PAGO",
    },
    {
        "account_ref": "NRO_OBLIGACION", "activity_ref": "ID_GESTION", "happened_at": "FECHA_GESTION",
        "channel": "CANAL", "result": "RESULTADO_GESTION", "agent": "ASESOR", "note": "OBSERVACIONES",
    },
    _WORDS,
)  # fmt: skip
_PLAIN_FORM = ReportForm(
    PLAIN,
    "%Y-%m-%d %H:%M:%S",
    {
        "account_ref": "obligacion", "payment_ref": "comprobante", "paid_on": "fecha_pago", "amount": "monto_pagado",
        "received_by": "recibido_por", "method": "forma_pago",
    },
    {
        "activity_ref": "id_gestion", "account_ref": "obligacion", "happened_at": "fecha_hora_gestion",
        "channel": "tipo_gestion", "result": "codigo_resultado_gestion", "agent": "gestor",
    },
    _WORDS,
)  # fmt: skip
_OLD_FORM = ReportForm(
    OLD,
    "%d/%m/%Y %H:%M",
    {
        "account_ref": "NUMERO OBLIGACION", "paid_on": "FECHA ABONO", "amount": "ABONO",
        "received_by": "QUIEN RECIBE", "method": "FORMA PAGO",
    },
    {
        "account_ref": "NUMERO OBLIGACION", "happened_at": "FECHA GESTION", "channel": "MEDIO", "result": "RESULTADO",
        "agent": "GESTOR", "note": "OBSERVACION",
    },
    _LONG_WORDS,
)  # fmt: skip

GUADUVIO = AgencyProfile(
    "guaduvio", "Guaduvio Gestión", "999000011",
    Strength(0.155, 62, in_full=0.26, by_plan=0.44, keeps_plan=0.90, intensity=1.25, reach=0.36,
             lateness=-3, prompt=0.985, slips=0.002),
    _FULL_FORM,
)  # fmt: skip
TINTALUZ = AgencyProfile(
    "tintaluz", "Tintaluz Cobranzas", "999000012",
    Strength(0.138, 95, in_full=0.20, by_plan=0.55, keeps_plan=0.93, intensity=0.95, reach=0.31,
             lateness=-2, prompt=0.96, slips=0.003),
    _PLAIN_FORM,
)  # fmt: skip
OCARIMBA = AgencyProfile(
    "ocarimba", "Ocarimba Recaudos", "999000013",
    Strength(0.108, 85, in_full=0.17, by_plan=0.42, keeps_plan=0.86, intensity=0.90, reach=0.27,
             lateness=4, prompt=0.88, slips=0.008),
    _OLD_FORM,
)  # fmt: skip
MARIMONDE = AgencyProfile(
    "marimonde", "Marimonde Contacto", "999000014",
    Strength(0.092, 80, in_full=0.12, by_plan=0.35, keeps_plan=0.80, intensity=1.75, reach=0.17,
             lateness=-1, prompt=0.97, slips=0.02),
    _PLAIN_FORM,
)  # fmt: skip
PIRANDELA = AgencyProfile(
    "pirandela", "Pirandela Cartera", "999000015",
    Strength(0.078, 110, in_full=0.10, by_plan=0.30, keeps_plan=0.76, intensity=0.55, reach=0.22,
             lateness=-1, prompt=0.74, slips=0.005),
    _OLD_FORM,
)  # fmt: skip

#: Finds people and asks nobody for money.
BAQUIANELA = Firm("baquianela", "Baquianela Localización", "999000016")

#: Those that collect, the strongest first.
AGENCIES = (GUADUVIO, TINTALUZ, OCARIMBA, MARIMONDE, PIRANDELA)
#: Everybody on the creditors' panels.
FIRMS: tuple[Firm, ...] = (*AGENCIES, BAQUIANELA)
