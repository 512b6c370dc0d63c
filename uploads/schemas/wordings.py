"""How our own pages say the codes of a list, in both languages: what a template offers is read again as it stands."""

from __future__ import annotations

from collections.abc import Mapping

#: Field -> code -> the words of the pages, as they are compared; beside the spellings of senders.
_SHOWN: dict[str, dict[str, tuple[str, ...]]] = {
    "person_type": {
        "person": ("persona",),
    },
    "reason": {
        "strategy": ("change of strategy",),
        "no_activity": ("the cases are not being worked", "los casos no se estan gestionando"),
        "performance": ("results below what was agreed", "resultados por debajo de lo pactado"),
        "settled_with_creditor": ("settled with the creditor", "arreglado con el acreedor"),
        "sold": ("the debts were sold", "las deudas se vendieron"),
        "agreement_ended": ("the mandate ends", "el mandato termina"),
        "expired": ("the agreed time is over", "el plazo pactado termino"),
        "complaint": ("complaint of the debtor (at once)", "queja del deudor (de inmediato)"),
        "data_protection": ("data protection (at once)", "proteccion de datos (de inmediato)"),
        "compliance": ("legal or regulatory order (at once)", "orden legal o de la autoridad (de inmediato)"),
    },
    "received_by": {
        "agency": ("the agency", "la agencia"),
        "creditor": ("the creditor", "el acreedor"),
    },
    "channel": {
        "email": ("e-mail",),
    },
    "result": {
        "paid_in_full": ("pagado por completo",),
        "paid_in_part": ("pagado en parte",),
        "says_paid": ("says it is paid", "dice que ya pago"),
        "agreement": ("payment agreement",),
        "promise": ("promise to pay",),
        "promise_in_part": ("promise to pay a part",),
        "asks_information": ("asks for information",),
        "asks_callback": ("asks to be called later", "pide que lo llamen despues"),
        "cannot_pay": ("says they cannot pay", "dice que no puede pagar"),
        "refuses": ("refuses to pay", "renuente al pago"),
        "disputes": ("disputes the debt", "objeta la deuda"),
        "denies_debt": ("does not know the debt",),
        "identity_fraud": ("says somebody else used their name",),
        "insolvency": ("reports insolvency proceedings",),
        "refers_to_lawyer": ("refers to their lawyer",),
        "co_debtor": ("spoke with co-debtor or guarantor",),
        "channel_revoked": ("forbids this channel",),
        "channel_authorised": ("allows this channel", "autoriza el canal"),
        "hung_up": ("answered and hung up",),
        "third_party_message": ("message left with somebody else", "mensaje con un tercero"),
        "third_party": ("somebody else, no message", "tercero, sin mensaje"),
        "third_party_data": ("somebody else gave a contact point",),
        "moved_away": ("no longer lives or works there",),
        "deceased": ("reported deceased", "informado como fallecido"),
        "imprisoned": ("reported in prison",),
        "abroad": ("reported abroad",),
        "number_unknown": ("number does not exist",),
        "message_delivered": ("message delivered or read", "mensaje entregado o leido"),
        "message_returned": ("message came back",),
        "nobody_home": ("nobody at home", "no hay nadie en casa"),
        "located_phone": ("phone found", "localizado: telefono"),
        "located_address": ("address found", "localizado: direccion"),
        "located_email": ("e-mail found", "localizado: correo"),
        "located_employment": ("employment found", "localizado: empleo"),
        "located_asset": ("asset found", "localizado: bien"),
        "located_nothing": ("nothing found",),
        "located_confirmed": ("contact data confirmed by the debtor",),
    },
    "counterpart": {
        "debtor": ("the debtor", "el deudor"),
        "co_debtor": ("co-debtor",),
        "guarantor": ("avalista o fiador",),
        "representative": ("lawyer or representative", "apoderado o representante"),
        "reference": ("personal reference",),
        "other": ("somebody else", "otra persona"),
    },
    "direction": {
        "outbound": ("the agency sought the debtor", "la agencia busco al deudor"),
        "inbound": ("the debtor sought the agency", "el deudor busco a la agencia"),
    },
    "state": {
        "kept": ("kept as promised",),
    },
    "code": {
        "paid_full": ("pagado por completo",),
        "partial_paid": ("paid in part", "pagado en parte"),
        "deceased": ("debtor deceased", "deudor fallecido"),
        "insolvent": ("debtor insolvent", "deudor insolvente"),
        "untraceable": ("debtor cannot be found", "deudor no ubicado"),
        "disputed": ("the debt is disputed", "la deuda esta en disputa"),
        "exhausted": ("everything was tried",),
        "time_barred": ("time-barred",),
        "uneconomic": ("costs more than it brings", "cuesta mas de lo que aporta"),
        "settlement_refused": ("the creditor refused the settlement", "el acreedor no acepto el arreglo"),
        "client_unresponsive": ("the creditor does not answer", "el acreedor no responde"),
        "hardship": ("debtor in hardship", "deudor en dificultades"),
        "vulnerable": ("vulnerable debtor", "deudor vulnerable"),
        "self_harm_risk": ("risk of self-harm",),
        "fraud": ("identity fraud",),
        "invalidated": ("the debt does not exist", "la deuda no existe"),
    },
    "kind": {
        "none": ("nothing was found",),
    },
    "source_class": {
        "data_provider": ("data provider under contract", "proveedor de datos con contrato"),
        "open_web": ("internet abierta",),
        "field": ("field visit, where lawful", "visita de campo, donde es licita"),
        "debtor": ("the person itself", "el propio titular"),
    },
}


def shown(field: str, choices: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The spellings of a field's codes with the words that our pages have for them."""
    words = _SHOWN.get(field, {})
    return {code: (*spellings, *words.get(code, ())) for code, spellings in choices.items()}
