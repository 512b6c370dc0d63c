"""Every way to change something or to take something away leaves its entry in the trail, or is known to need none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from agencies.kernel.audit import AuditEvent
from agencies.organisations.permissions import Role
from portal.presenters.audit import SENTENCES
from tests.permissions.routes import unconnected_app

#: Endpoint -> the entry it leaves, by the outcome where there are several.
EVENTS: dict[str, tuple[str, ...]] = {
    "activities.record": ("activity.recorded",),
    "agency_files.add": ("credential.added",),
    "agency_files.edit": ("standing.stated",),
    "agency_files.remove": ("credential.removed",),
    "agency_files.attach": ("document.added",),
    "agency_files.change_account": ("approval.asked",),
    "agency_files.detach": ("document.removed",),
    "agency_files.disclosures": ("standing.disclosed",),
    "agency_files.principals": ("principal.added",),
    "agency_files.remove_principal": ("principal.removed",),
    "api.acknowledge": ("consignment.acknowledged",),
    "api.apply": ("upload.apply_requested",),
    "api.send": ("upload.received",),
    "api_keys.make": ("key.made",),
    "api_keys.revoke": ("key.revoked",),
    "webhooks.make": ("webhook.made",),
    "webhooks.renew_secret": ("webhook.secret_renewed",),
    "webhooks.test": ("webhook.tested",),
    "webhooks.send_again": ("webhook.sent_again",),
    "webhooks.pause": ("webhook.paused",),
    "webhooks.resume": ("webhook.resumed",),
    "webhooks.remove": ("webhook.removed",),
    "applications.approve": ("application.approved",),
    "applications.ask": ("application.more_asked",),
    "applications.decline": ("application.declined",),
    "applications.take_up": ("application.taken_up",),
    "applying.enter": ("application.confirmed",),
    "applying.submit": ("application.submitted",),
    "applying.withdraw": ("application.withdrawn",),
    "approvals.approve": ("approval.approved",),
    "approvals.decline": ("approval.declined",),
    "approvals.withdraw": ("approval.withdrawn",),
    "attestations.accept": ("attestation.accepted",),
    "attestations.begin": ("attestation.begun",),
    "attestations.reject": ("attestation.rejected",),
    "attestations.revoke": ("attestation.revoked",),
    "attestations.sign": ("attestation.signed",),
    "attestations.withdraw": ("attestation.withdrawn",),
    "auth.accept": ("invitation.accepted",),
    "auth.enter": ("user.password_accepted", "user.sign_in_failed"),
    "auth.sign_out": ("user.signed_out",),
    "bids.bid": ("bid.submitted", "bid.changed"),
    "bids.withdraw": ("bid.withdrawn",),
    "factors.begin": ("user.authenticator_set_up",),
    "factors.confirm": ("user.authenticator_set_up",),
    "factors.new_codes": ("user.recovery_codes_made",),
    "factors.prove": ("user.signed_in", "user.factor_failed", "user.recovery_code_used"),
    "factors.remove": ("user.authenticator_removed",),
    "passkeys.enter": ("user.signed_in", "user.passkey_copied"),
    "passkeys.prove": ("user.signed_in", "user.factor_failed"),
    "passkeys.register": ("user.passkey_added",),
    "passkeys.remove": ("user.passkey_removed",),
    "sessions.end": ("user.sessions_ended",),
    "sessions.end_all": ("user.sessions_ended",),
    "sessions.end_others": ("user.sessions_ended",),
    "sessions.reset_factor": ("user.factor_reset",),
    "step_up.prove": ("user.stepped_up", "user.factor_failed"),
    "cases.ask_for_export": ("approval.asked",),
    "cases.ask_for_full_file": ("approval.asked",),
    "uploads.ask_for_original": ("approval.asked",),
    "uploads.ask_for_rejected": ("approval.asked",),
    "credentials.change_email": ("user.email_change_asked",),
    "credentials.change_password": ("user.password_changed",),
    "letters.confirm": ("user.email_changed",),
    "letters.object_to": ("user.email_change_stopped", "user.email_restored", "key.given_up"),
    "passwords.ask": ("user.reset_sent",),
    "passwords.replace": ("user.password_reset",),
    "users.reset": ("user.reset_started",),
    "flags.confirm": ("flag.confirmed",),
    "flags.lift": ("flag.lifted",),
    "flags.new": ("flag.raised",),
    "enquiries.ask": ("enquiry.asked",),
    "enquiries.show": ("enquiry.answered",),
    "findings.authorise": ("finding.authorisation_set", "finding.revoked"),
    "findings.grade": ("finding.graded",),
    "findings.release": ("finding.released",),
    "incidents.amend": ("incident.amended",),
    "incidents.ask_for_people": ("approval.asked",),
    "incidents.assess": ("incident.assessed",),
    "incidents.attach": ("incident.file_added",),
    "incidents.authority": ("incident.authority_told",),
    "incidents.close": ("incident.closed",),
    "incidents.new": ("incident.reported",),
    "incidents.people": ("incident.people_told",),
    "investigation.hand_in": ("finding.submitted",),
    "limits.ask": ("approval.asked",),
    "locates.acknowledge": ("locate.acknowledged",),
    "locates.close_empty": ("locate.closed",),
    "locates.order": ("locate.ordered",),
    "locates.withdraw": ("locate.withdrawn",),
    "mandates.accept": ("mandate.accepted",),
    "mandates.amend": ("mandate.amended",),
    "mandates.decline": ("mandate.declined",),
    "mandates.end": ("mandate.ended",),
    "mandates.new": ("mandate.made",),
    "mandates.withdraw": ("mandate.withdrawn",),
    "market.decide": ("lot.awarded", "approval.asked"),
    "market.draft": ("lot.drafted",),
    "market.list_lot": ("lot.listed",),
    "market.withdraw": ("lot.withdrawn",),
    "matches.dismiss": ("debtors.told_apart",),
    "matches.merge": ("debtors.merged",),
    "organisations.approve": ("organisation.approved",),
    "organisations.create": ("organisation.registered",),
    "organisations.invite": ("user.invited",),
    "organisations.suspend": ("organisation.suspended",),
    "own_sign_in.approve": ("provider.domain_approved",),
    "own_sign_in.ask_domain": ("provider.domain_asked",),
    "own_sign_in.configure": ("provider.configured",),
    "own_sign_in.drop_domain": ("provider.domain_dropped",),
    "own_sign_in.release": ("provider.released",),
    "own_templates.publish": ("template.published",),
    "own_templates.retire": ("template.retired",),
    "panel.bring_in": ("panel.joined",),
    "panel.decide": ("panel.joined", "panel.reviewed", "panel.suspended", "panel.removed"),
    "panel.decline": ("panel.declined",),
    "panel.invite": ("panel.invited",),
    "answering.reject": ("consignment.rejected",),
    "placements.acknowledge": ("consignment.acknowledged",),
    "placements.draft": ("wave.drafted",),
    "placements.place": ("wave.placed",),
    "placements.redraw": ("wave.redrawn",),
    "recalls.accept": ("recall.accepted",),
    "recalls.close": ("recall.closed",),
    "recalls.decide": ("recall.decided",),
    "recalls.make": ("recall.requested",),
    "recalls.object_to": ("recall.objected",),
    "recalls.withdraw": ("recall.withdrawn",),
    "reports.declare_nothing": ("report.declared_empty",),
    "requests.answer": ("request.answered",),
    "requests.erase": ("request.erased",),
    "requests.export": ("request.register_exported",),
    "requests.extend": ("request.extended",),
    "requests.hand_out": ("request.exported",),
    "requests.search": ("request.searched",),
    "requests.hold": ("hold.placed",),
    "requests.identity": ("request.identity_accepted", "request.identity_refused"),
    "requests.lift": ("hold.lifted",),
    "requests.match": ("request.matched",),
    "requests.mend": ("request.rectified",),
    "requests.mend_way": ("request.rectified",),
    "requests.new": ("request.registered", "request.forwarded"),
    "requests.stop": ("request.stopped",),
    "returns.new": ("case.returned",),
    "returns.release": ("case.released",),
    "reveal.case": ("contact.revealed", "contact.reveal_refused"),
    "reveal.finding": ("contact.revealed", "contact.reveal_refused"),
    "reveal.subject": ("contact.revealed", "contact.reveal_refused"),
    "segments.add_rule": ("segment.table_changed",),
    "segments.archive": ("segment.archived",),
    "segments.drop_rule": ("segment.table_changed",),
    "segments.edit": ("segment.changed",),
    "segments.move_rule": ("segment.table_changed",),
    "segments.new": ("segment.saved",),
    "subprocessors.approve": ("subprocessor.approved",),
    "subprocessors.oppose": ("subprocessor.objected",),
    "subprocessors.publish": ("subprocessors.published",),
    "support.ask": ("support.asked",),
    "support.decline": ("support.declined",),
    "support.end": ("support.ended",),
    "support.enter": ("support.begun",),
    "support.grant": ("support.granted",),
    "support.leave": ("support.ended",),
    "support.withdraw": ("support.withdrawn",),
    "transfers.begin": ("transfer.begun",),
    "transfers.cancel": ("transfer.cancelled",),
    "transfers.finish": ("upload.received",),
    "uploads.add_layout": ("layout.added",),
    "uploads.apply": ("upload.apply_requested",),
    "uploads.choose_sheet": ("upload.reopened",),
    "uploads.confirm": ("upload.confirmed",),
    "uploads.explain": ("upload.read_again",),
    "uploads.forget": ("columns.forgotten",),
    "uploads.forget_code": ("code.forgotten",),
    "uploads.reject": ("upload.rejected",),
    "uploads.reopen": ("upload.read_again",),
    "uploads.retry": ("work.retried",),
    "uploads.send": ("upload.received",),
    "uploads.undo": ("upload.undo_requested",),
    "users.change_role": ("user.role_changed",),
    "users.disable": ("user.disabled",),
    "users.enable": ("user.enabled",),
    "users.invite_again": ("user.invited_again",),
    "users.send": ("user.invited",),
    # What is taken away.
    "audit.export": ("audit.exported",),
    "audit.export_reads": ("audit.exported",),
    "cases.export": ("case.exported",),
    "cases.full_file": ("contact.exported",),
    "evidence.download": ("evidence.downloaded",),
    "findings.evidence": ("finding.evidence_downloaded",),
    "inventories.differences": ("inventory.exported",),
    "register.export": ("attestations.exported",),
    "locates.download": ("locate.downloaded",),
    "market.download": ("bids.exported",),
    "placements.download": ("manifest.downloaded",),
    "manifests.download": ("manifest.downloaded",),
    "manifests.loaded": ("manifest.loaded", "manifest.mismatched"),
    "manifests.number": ("manifest.numbered",),
    "promises.export": ("promise.exported",),
    "scorecards.export": ("comparison.exported",),
    "placements.strata": ("wave.exported",),
    "indicators.export": ("indicators.exported",),
    "incidents.download": ("incident.file_downloaded",),
    "incidents.export": ("incident.register_exported",),
    "incidents.people_csv": ("incident.exported",),
    "incidents.people_xlsx": ("incident.exported",),
    "uploads.error_file": ("upload.rejected_downloaded",),
    "uploads.original": ("upload.downloaded", "upload.text_downloaded"),
}
#: Unsafe by their method, and without an entry of their own, because...
NEEDS_NONE = {
    "applying.attach": "a draft of somebody who is nobody here yet; handing it in has its entry",
    "applying.begin": "nothing is kept for review before the address is confirmed, which has its entry",
    "applying.detach": "a file of such a draft",
    "applying.drop": "a line of such a draft",
    "applying.leave": "the applicant's browser forgets the draft",
    "applying.link": "one more letter to the applicant's own address",
    "applying.part": "a part of such a draft",
    "attestations.fill": "a draft is nobody's word until it is signed, and what is signed is kept whole",
    "company.depart": "the way to the organisation's own sign-in; coming back has its entry",
    "evidence.attach": "a file of a draft, kept with its hash in what is signed",
    "evidence.detach": "a file of a draft",
    "investigation.add": "a draft until it is handed in",
    "investigation.check": "nothing is kept",
    "investigation.drop": "a draft until it is handed in",
    "language.choose": "the language of one's own screens",
    "notices.seen": "that one has looked at one's notices",
    "own_templates.drop": "a draft nobody was asked to sign",
    "own_templates.edit": "a draft until it is published",
    "own_templates.new": "a draft until it is published",
    "passkeys.offer_at_door": "a question to a device; its answer has its entry",
    "passkeys.offer_new": "a question to a device; its answer has its entry",
    "passkeys.offer_proof": "a question to a device; its answer has its entry",
    "subprocessors.add": "a draft of the list until it is published",
    "subprocessors.begin": "a draft of the list until it is published",
    "subprocessors.change": "a draft of the list until it is published",
    "subprocessors.remove": "a draft of the list until it is published",
    "transfers.piece": "a piece of a file whose beginning and end have theirs",
    "uploads.preview": "nothing is kept",
}


@pytest.fixture
def unsafe(tmp_path: Path) -> set[str]:
    """Every endpoint that can be called with a method that changes things."""
    rules = unconnected_app(tmp_path).url_map.iter_rules()
    return {rule.endpoint for rule in rules if rule.methods & {"POST", "PUT", "PATCH", "DELETE"}}


def test_every_unsafe_route_has_its_entry_or_a_reason_for_having_none(unsafe):
    assert unsafe - set(EVENTS) - set(NEEDS_NONE) == set()
    assert set(EVENTS) & set(NEEDS_NONE) == set()
    assert set(NEEDS_NONE) <= unsafe


def test_every_route_that_hands_out_a_file_has_its_entry(tmp_path: Path):
    app = unconnected_app(tmp_path)
    files = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods and rule.rule.endswith((".csv", ".xlsx", "/original", "/rejected", "/evidence"))
    }
    # The empty form of a kind of file holds nothing of anybody's.
    assert files - {"uploads.template"} <= set(EVENTS)


def test_every_entry_is_one_that_the_product_writes(tmp_path: Path):
    known = set(unconnected_app(tmp_path).view_functions)

    assert {action for actions in EVENTS.values() for action in actions} <= set(SENTENCES)
    assert set(EVENTS) <= known


def test_a_password_that_is_wrong_and_one_that_is_not_are_told_with_when_and_in_which_request(world, browser):
    person = world.person(Role.DIRECTOR)
    for password in ("mala contraseña", person.password):
        browser.post("/sign-in", {"email": person.email, "password": password})
    with world.ports.session(person.actor) as session:
        known = select(AuditEvent).where(AuditEvent.action.in_(["user.sign_in_failed", "user.password_accepted"]))
        told = [(row.action, json.loads(row.body)) for row in session.scalars(known.order_by(AuditEvent.seq))]

    assert [action for action, _ in told] == ["user.sign_in_failed", "user.password_accepted"]
    for _, body in told:
        assert body["at"].endswith("+00:00")
        assert len(body["request"]) == 16
        assert "mala" not in json.dumps(body)


def test_a_refusal_for_want_of_a_permission_stands_in_the_log_with_who_and_which_request(sign_in, world, capfd):
    agent = sign_in(Role.AGENT)
    capfd.readouterr()
    assert agent.get("/audit/\r\nX").status_code in {400, 404}
    assert agent.get("/audit/").status_code == 403
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]

    [refused] = [line for line in lines if line["event"] == "refused"]
    assert (refused["kind"], refused["status"]) == ("Forbidden", 403)
    assert refused["user"] == world.actor(Role.AGENT).user_id
    assert refused["organisation"] == world.actor(Role.AGENT).organisation_id
    assert len(refused["request_id"]) == 16
    assert refused["timestamp"].endswith("Z")
