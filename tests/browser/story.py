"""The steps of the market's story at the screens: attest, offer, bid, award, work, recall, locate, release, compare."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from playwright.sync_api import expect

from tests.browser import material
from tests.browser.person import Person

#: A valid PDF of one empty page, made by hand.
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


def bring_in(director: Person, agencies: int) -> None:
    """Bring every agency there is onto the panel."""
    director.menu("Agencies")
    for _ in range(agencies):
        director.page.get_by_role("button", name=director.say("Bring onto the panel")).first.click()
        director.page.wait_for_load_state()
    expect(director.page.get_by_role("button", name=director.say("Bring onto the panel"))).to_have_count(0)


def attest(manager: Person, code: str, folder: Path, answers: dict[str, str], *, look: str = "") -> None:
    """Fill a template in, attach a file, read the text and sign it."""
    manager.menu("Attestations")
    manager.page.locator("table.standings tbody th a").first.click()
    row = manager.page.locator("tbody tr", has_text=f"{code} ·").first
    row.get_by_role("button").or_(row.get_by_role("link", name=code)).last.click()
    manager.page.wait_for_load_state()
    file = folder / f"{code.lower()}.pdf"
    file.write_bytes(PDF)
    manager.page.set_input_files("input[type=file]", file)
    manager.press("Attach")
    manager.sees(file.name)
    manager.fill(**{f"answer_{name}": value for name, value in answers.items()})
    manager.fill(evidence_on="2026-02-01")
    if look:
        manager.look(f"{look}-filled", phone=True)
    manager.press("Save and go on to sign")
    manager.fill(signer_name="Gabriel Gutiérrez", signer_id="79.999.001")
    if look:
        manager.look(f"{look}-to-sign", phone=True)
    manager.press("Sign")
    manager.sees(manager.say("Signed. The creditor reviews it now."))


def review(director: Person, code: str, reason: str = "", *, look: str = "", docs: bool = False) -> None:
    """Accept what waits for review, or send it back with a reason."""
    director.menu("Attestations")
    director.page.get_by_role("link", name=f"{code} ·").first.click()
    if look:
        director.look(look, phone=True, docs=docs)
    if reason:
        director.fill(reason=reason)
        director.press("Reject")
    else:
        director.press("Accept")
    director.page.wait_for_load_state()


def offer(director: Person, name: str, today: date) -> None:
    """Prepare a lot of everything that is open, look at it as agencies will, and list it."""
    director.menu("Market")
    director.look("52-market-empty")
    director.press("Offer a lot")
    director.fill(
        name=name,
        bids_until=f"{today + timedelta(days=3)}T17:00",
        decision_until=f"{today + timedelta(days=10)}T17:00",
        tail_days="60",
        settlement="15",
    )
    director.page.locator("[name=is_split]").check()
    director.look("53-lot-prepared", phone=True)
    director.press("Show the lot as agencies will see it")
    director.look("54-lot", phone=True, docs=True)
    director.press("List the lot")
    director.sees(director.say("Withdraw the lot"))


def bid(agency: Person, lot: str, today: date, commission: str, *, look: str = "") -> None:
    """Look at the masked figures and hand in a sealed bid."""
    agency.menu("Market")
    agency.page.get_by_role("link", name=lot).click()
    if look:
        agency.look(f"{look}-offer", phone=True)
    agency.press("Bid")
    agency.fill(
        commission=commission,
        from_361="28",
        starts_on=today.isoformat(),
        promise_6="9",
        promise_12="14",
        basis="Campaña anterior de cartera castigada.",
        data_country="Colombia",
        valid_until=(today + timedelta(days=40)).isoformat(),
    )
    if look:
        agency.look(f"{look}-bid", phone=True)
    agency.press("Submit the sealed bid")
    agency.sees(agency.say("Change the bid"))


def award(director: Person, lot: str, winner: str) -> None:
    """Compare the opened bids and give the whole lot to one of them."""
    director.menu("Market")
    director.page.get_by_role("link", name=lot).click()
    director.press("Compare the bids")
    director.look("58-bids", phone=True, docs=True)
    row = director.page.locator("tbody tr", has_text=winner)
    row.locator("input[name^=share]").fill("100")
    director.press("Show what this award would do")
    director.look("59-award", phone=True)
    director.page.locator("[name=is_sure]").check()
    director.press("Award the lot")
    director.sees(director.say("See the placement that the award made"))
    director.look("60-awarded")


def propose(director: Person, look: str = "") -> None:
    """Sign the terms on the page for the creditor, which proposes them."""
    director.fill(signer_name="Diana Directora", signer_position="Directora de recuperaciones")
    director.page.locator("[name=signed]").check()
    if look:
        director.look(look, phone=True)
    director.press("Sign and propose")
    director.sees(director.say("The mandate was made and signed for you. It holds once the agency has signed it."))


def sign(manager: Person, mandate: str, look: str = "") -> None:
    """Read what the creditor proposed and sign it for the agency."""
    manager.menu("Mandates")
    manager.page.locator("main").get_by_role("link", name=mandate, exact=True).click()
    manager.press("Read and sign")
    manager.fill(signer_name=manager.name, signer_position="Gerente")
    manager.page.locator("[name=signed]").check()
    if look:
        manager.look(look, phone=True)
    manager.press("Sign")
    manager.sees(manager.say("The terms are signed by both sides."))


def confirm_loaded(manager: Person, manifest: Path, *, look: str = "") -> None:
    """Say what one's own system counted after it had loaded the file: what the file's last line tells."""
    manager.press("Files and totals")
    lines, total = material.totals(manifest)
    manager.fill(lines=lines, total=total)
    if look:
        manager.look(f"{look}-to-confirm", phone=True)
    manager.press("Compare with file %(number)s", number=1)
    manager.sees(manager.say("Count and value are those of the file. It is confirmed as loaded."))
    if look:
        manager.look(look, phone=True)


def locate_mandate(director: Person, manager: Person, agency: str, today: date) -> None:
    """Agree with an agency what each grade of a finding costs; both sides sign."""
    director.menu("Mandates")
    director.press("New mandate")
    director.page.get_by_label(director.say("Agency"), exact=True).select_option(label=agency)
    director.fill(
        service="locate",
        name="Localización 2026",
        fee_standard_verified_with_debtor="30000",
        fee_standard_verified_third_source="18000",
        fee_standard_matched_unverified="6000",
        valid_from=(today - timedelta(days=30)).isoformat(),
    )
    propose(director, look="70-locate-mandate")
    sign(manager, "Localización 2026", look="70-locate-mandate-to-sign")


def order_search(director: Person, today: date) -> None:
    """Order whoever was given back as untraceable to be found, after a look at what it costs."""
    director.menu("Recalls and returns")
    director.press("Returns")
    director.look("71-returns", phone=True)
    director.press("Order a search for all who were not found")
    director.page.locator("[name=mandate]").select_option(index=1)
    director.fill(
        name="Ilocalizados de la primera entrega",
        due_on=(today + timedelta(days=15)).isoformat(),
        legal_basis="Autorización del titular en el contrato, cláusula 12",
    )
    director.press("Show people and cost")
    director.page.locator("[name=is_certified]").check()
    director.look("72-search-ordered", phone=True)
    director.press_words(director.count("Order %(num)s person", "Order %(num)s people", 1))
    director.page.wait_for_load_state()


def search(investigator: Person, phone: str, known: str, today: date) -> None:
    """Find a phone, be told at once that another one is known already, and hand the order in."""
    investigator.menu("People to be found")
    investigator.look("74-queue", phone=True)
    investigator.page.locator("tbody a").first.click()
    investigator.fill(kind="phone", value=known)
    expect(investigator.page.locator("#said")).not_to_be_empty()
    investigator.look("75-known-already", phone=True)
    investigator.fill(
        value=phone,
        source_class="data_provider",
        source_ref="Proveedor de datos, consulta 4471",
        found_on=today.isoformat(),
        confidence="high",
        evidence="El mismo número de identidad.",
    )
    investigator.press("Keep this finding")
    investigator.sees(investigator.say("In this order"))
    investigator.fill(searched="Proveedor de datos, directorio público")
    investigator.look("76-investigator", phone=True, docs=True)
    investigator.press("Hand in and go on")
    investigator.page.wait_for_load_state()


def verify(director: Person) -> None:
    """Answer both questions of a finding and release it."""
    director.menu("Verification desk")
    director.look("77-desk", phone=True)
    director.page.locator("tbody a").first.click()
    director.page.locator("[name=grade][value=verified_with_debtor]").check()
    director.fill(method="call")
    director.press("Grade it")
    director.page.locator("[name=authorisation][value=authorised]").check()
    director.page.locator("form", has=director.page.locator("[name=authorisation]")).get_by_role("button").click()
    director.page.wait_for_load_state()
    director.look("78-finding-graded", phone=True)
    director.press("Release")
    director.page.wait_for_load_state()
    director.look("79-finding-released")
