"""How agencies behave, in words: verdicts, the rule that was broken and why, the law it stands in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from agencies.kernel.errors import msg
from agencies.kernel.tenancy import Side
from assignments.conduct import rules
from assignments.conduct.listing import TouchRow
from assignments.conduct.models import Verdict
from assignments.conduct.queries import Conduct
from portal.i18n import locale, say
from portal.presenters import activities

CHANNELS, RESULTS, COUNTERPARTS = activities.CHANNELS, activities.RESULTS, activities.COUNTERPARTS
VERDICTS = {
    Verdict.VIOLATION: (msg("Violation"), "bad"),
    Verdict.NOT_EVALUABLE: (msg("Not evaluable"), "waiting"),
    Verdict.COMPLIANT: (msg("Compliant"), "good"),
}
NOT_JUDGED = (msg("Not judged yet"), "neutral")

#: Code -> its name, in the order of the rules' own list.
CODES = {
    "V01": msg("Outside the permitted hours"),
    "V02": msg("Sunday or holiday"),
    "V04": msg("Second direct contact on a day"),
    "V05": msg("Second channel in a week"),
    "V06": msg("Somebody else was contacted"),
    "V07": msg("Forbidden visit"),
    "V10": msg("More often than allowed"),
    "V11": msg("Too soon after the last one"),
    "V12": msg("Contact after a reason to stop"),
    "V14": msg("Outside the placement's dates"),
}
#: What is not known, by which an activity cannot be judged.
UNKNOWNS = {
    "time": msg("The hour is not known: only a date was reported"),
    "time_zone": msg("The time zone is not known: where the debtor lives decides whether the hour was allowed"),
    "channel": msg("The channel is not known"),
    "counterpart": msg("Who was reached is not known, or contradicts the result"),
    "result": msg("The result is not known"),
    "rules": msg("We keep no rules for that country or date"),
    "dispute": msg("A dispute was raised before; whether it is settled is not recorded"),
    "visit": msg("Visits for this product depend on an authorisation that is not recorded"),
}
#: Rules of the law that nothing reported speaks of, and which therefore are not judged.
NOT_ASKED = (
    msg("whether the debtor authorised the channel (V03)"),
    msg("whether the reason for the arrears was asked (V08)"),
    msg("whether the caller could be identified (V09)"),
    msg("whether the agency took the money (V13)"),
    msg("whether the contact point came from the creditor (V15)"),
    msg("what was said to somebody else (V16)"),
)
#: Rule -> why, where the code alone does not say it.
_WHY = {
    "co_week_strict": msg("More than one direct contact in the week"),
    "cl_phone_visit": msg("More than one call or visit in the week"),
    "cl_other_media": msg("More than two messages in the week"),
    "ec_channel_day": msg("More than once on the day by the same channel"),
    "ec_total_day": msg("More than once on the day in all"),
    "stop:deceased": msg("The debtor had been reported deceased"),
    "stop:insolvency_admitted": msg("Insolvency proceedings had been reported"),
    "stop:identity_fraud_claim": msg("Somebody else's use of the name had been reported"),
    "stop:open_dispute": msg("A dispute about the debt was open"),
    "stop:paid_in_full": msg("The debt had been reported as paid in full"),
    "stop:channel_revoked": msg("The debtor had forbidden this channel"),
    "stop:legal_hold": msg("A flag said that the matter is before a court or an authority"),
    "stop:stop_contact": msg("A flag said that the person is not to be contacted"),
    "stop:open_complaint": msg("A flag said that a complaint was open"),
    "stop:vulnerable": msg("A flag said that the person is vulnerable"),
}
_BASES = {
    "statute": msg("law"),
    "regulator": msg("regulator"),
    "secondary": msg("one reading of the law"),
    "policy_default": msg("the portal's policy where the law gives no figure"),
}
#: Ruleset -> the norm, by its own name.
LAWS = {
    "CO_L2300": "Ley 2300 de 2023, arts. 1-5",
    "PE_CPDC": "Ley 29571, arts. 61-62",
    "MX_CONDUSEF": "LTOSF, arts. 17 Bis 1-17 Bis 4; Disposiciones de la CONDUSEF (DOF 7-10-2014)",
    "MX_PROFECO": "LTOSF, art. 17 Bis 4; Disposiciones de la PROFECO (DOF 9-2015)",
    "CL_L19496": "Ley 19.496, arts. 37 y 39 A-C; Ley 21.320",
    "EC_LODC49": "Ley Orgánica de Defensa del Consumidor, art. 49",
    "AR_POLICY": "Ley 24.240, art. 8 bis",
    "AR_CABA_6171": "Ley 6171 (CABA)",
}
_SATURDAY, _SUNDAY = 5, 6


@dataclass(frozen=True)
class AgencyLine:
    """How one agency, or an agency for one creditor, behaves."""

    partner_id: int
    name: str
    conduct: Conduct
    #: Code, its name, how many; most frequent first.
    codes: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class FoundLine:
    """One activity and what was found against it, in words."""

    row: TouchRow
    partner: str
    verdict: str
    tone: str
    #: When it was where the debtor is.
    when: str
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]
    law: str


def agency_lines(found: Iterable[Conduct], side: Side, names: Mapping[int, str]) -> list[AgencyLine]:
    """The partners of the reader's side by name."""
    lines = []
    for one in found:
        partner_id = one.agency_id if side is Side.CREDITOR else one.creditor_id
        ranked = sorted(one.codes.items(), key=lambda pair: (-pair[1], pair[0]))
        codes = tuple((code, say(CODES.get(code, code)), count) for code, count in ranked)
        lines.append(AgencyLine(partner_id, names.get(partner_id, ""), one, codes))
    return sorted(lines, key=lambda line: line.name.casefold())


def found_lines(rows: Iterable[TouchRow], side: Side) -> list[FoundLine]:
    """Activities with their reasons; an agency reads that others had a part, and never who."""
    return [_found(row, side) for row in rows]


def code_name(code: str) -> str:
    """What a code is called, violation or unknown."""
    return say(CODES.get(code) or UNKNOWNS.get(code) or code)


def _found(row: TouchRow, side: Side) -> FoundLine:
    label, tone = VERDICTS[row.verdict] if row.verdict is not None else NOT_JUDGED
    used = next((one for one in rules.rulesets() if one.id == row.ruleset), None)
    findings = [one for one in row.findings if one["kind"] != "caution"]
    return FoundLine(
        row=row,
        partner=row.agency_name if side is Side.CREDITOR else row.creditor_name,
        verdict=say(label),
        tone=tone,
        when=_local(row),
        reasons=tuple(_reason(one, row, used, side) for one in findings),
        cautions=tuple(_reason(one, row, used, side) for one in row.findings if one["kind"] == "caution"),
        law=_law(row, used),
    )


def _reason(finding: Mapping[str, object], row: TouchRow, used: rules.Ruleset | None, side: Side) -> str:
    code, rule = str(finding["code"]), str(finding["rule"])
    if code in UNKNOWNS:
        return say(UNKNOWNS[code])
    why = say(_WHY[rule]) if rule in _WHY else code_name(code)
    if rule == "hours" and used is not None:
        why = _hours(why, row, used)
    if finding["is_shared"]:
        why += " " + say(_SHARED[side])
    return f"{code} · {why}"


_SHARED = {
    Side.CREDITOR: msg("(another agency's contact is part of it)"),
    Side.AGENCY: msg("(together with a contact that was not yours)"),
}


def _hours(why: str, row: TouchRow, used: rules.Ruleset) -> str:
    hours = used.hours_of(rules.CHANNELS.get(row.channel, rules.EVERY))
    day = row.happened_at.astimezone(ZoneInfo(row.time_zone)).date()
    windows = used.windows(hours, day) if hours else ()
    if not windows:
        return why if day.weekday() != _SATURDAY else say(msg("No contact is allowed on a Saturday"))
    allowed = ", ".join(f"{start:%H:%M}–{end:%H:%M}" for start, end in windows)
    return say(msg("%(why)s: allowed that day %(hours)s"), {"why": why, "hours": allowed})


def _law(row: TouchRow, used: rules.Ruleset | None) -> str:
    if used is None:
        return ""
    rule = next((str(one["rule"]) for one in row.findings if one["kind"] == "violation"), "")
    if rule == "assignment":
        return say(msg("the placement itself"))
    basis = used.basis(rule, row.channel)
    return f"{LAWS[used.id]} ({say(_BASES[basis])})" if basis else LAWS[used.id]


def _local(row: TouchRow) -> str:
    zone = ZoneInfo(row.time_zone or "UTC")
    return format_datetime(row.happened_at.astimezone(zone), "EEE d MMM y, HH:mm:ss", tzinfo=zone, locale=locale())
