"""A person at a browser: signs in, sees faults nobody may have, and judges each page as a tool would."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from babel.support import NullTranslations, Translations
from playwright.sync_api import ConsoleMessage, Locator, Page, Response, ViewportSize, expect

from agencies.kernel.clock import utc_now
from agencies.organisations import totp

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "var" / "screenshots"
#: The pictures the documentation shows are renewed when this variable is set.
DOCS, DOCS_SWITCH = ROOT / "docs" / "screenshots", "DOCS_SCREENSHOTS"
#: All that a browser keeps for a page, and lets its scripts read.
KEPT = """async () => ({
  ...Object.fromEntries([...Object.entries(localStorage)].map(([key, value]) => [`local: ${key}`, value])),
  ...Object.fromEntries([...Object.entries(sessionStorage)].map(([key, value]) => [`session: ${key}`, value])),
  ...Object.fromEntries((await indexedDB.databases()).map(({ name }) => [`database: ${name}`, ""])),
  ...Object.fromEntries((await caches.keys()).map((name) => [`cache: ${name}`, ""])),
  ...(document.cookie ? { cookie: document.cookie } : {}),
})"""
#: Where a half sent file goes on: the file's name and the address of what has arrived.
HALF_SENT = "session: transfer "
PHONE: ViewportSize = {"width": 360, "height": 780}
SERIOUS = {"serious", "critical"}

WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ` +
    (event.target.outerHTML || "").slice(0, 120)));
// The judge of accessibility leaves empty style attributes, which a part that is swapped in would carry on against the
// policy: they go at once.
new MutationObserver((changes) => changes.forEach(({ target }) => {
  if (target.getAttribute("style") === "") target.removeAttribute("style");
})).observe(document, { attributeFilter: ["style"], subtree: true });
"""


@cache
def catalogue(language: str) -> NullTranslations:
    """The product's own texts in a language, so that a test names them as the sources do."""
    return Translations.load(str(ROOT / "portal" / "translations"), [language])


class Person:
    """One person with a browser of their own."""

    def __init__(self, name: str, page: Page, language: str = "es") -> None:
        self.name = name
        self.page = page
        self.language = language
        #: What the browser's console, the network or a check complained about.
        self.faults: list[str] = []
        page.add_init_script(WATCH)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.faults.append(f"{name}: script: {error}"))
        page.on("response", self._answer)
        page.on("dialog", lambda dialog: dialog.accept())

    def say(self, text: str, **params: Any) -> str:
        """A text of the product in the person's language."""
        told = catalogue(self.language).gettext(text)
        return told % params if params else told

    def count(self, singular: str, plural: str, number: int, **params: Any) -> str:
        """A text of the product that counts something, in the person's language."""
        return catalogue(self.language).ngettext(singular, plural, number) % {"num": number, **params}

    def go(self, path: str) -> None:
        """Open an address."""
        self.page.goto(path)

    def fill(self, **fields: str) -> None:
        """Type into fields, or choose in them, by their names."""
        for name, value in fields.items():
            field = self.page.locator(f"[name='{name}']").first
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)

    def drop(self, place: str, name: str, content: str) -> None:
        """Drop a file on a place of the page, as from a folder of the machine."""
        held = self.page.evaluate_handle(
            """([name, content]) => {
              const held = new DataTransfer();
              held.items.add(new File([content], name, { type: "text/csv" }));
              return held;
            }""",
            [name, content],
        )
        self.page.dispatch_event(place, "drop", {"dataTransfer": held})

    def press(self, text: str, **params: Any) -> None:
        """Press the button, or follow the link, with this text of the product."""
        self.press_words(self.say(text, **params))

    def press_words(self, words: str) -> None:
        """Press the button, or follow the link, with exactly these words."""
        main = self.page.locator("main")
        self._first(main, words).click()
        self.page.wait_for_load_state()

    def sign_in(self, email: str, password: str) -> None:
        """Give e-mail and password at the door."""
        self.go("/sign-in")
        self.fill(email=email, password=password)
        self.press("Sign in")

    def prove(self, code: str) -> None:
        """Give the code of one's authenticator app."""
        self.fill(code=code)
        self.press("Go on")

    def set_up_app(self) -> str:
        """Take the key the page shows into an authenticator app, prove it, keep the codes; returns the key."""
        self.press("Use an app")
        seed = self.page.locator(".shared-key-text").inner_text().replace(" ", "")
        self.fill(code=totp.code_of(seed, totp.step_of(utc_now())))
        self.press("Confirm")
        self.press("I have kept them, go on")
        return seed

    def menu(self, text: str) -> None:
        """Go somewhere by the menu at the left."""
        self.page.get_by_role("navigation").get_by_role("link", name=self.say(text), exact=True).first.click()
        self.page.wait_for_load_state()

    def sees(self, words: str | re.Pattern[str], *, seconds: float = 15) -> None:
        """Wait until the words stand on the page."""
        expect(self.page.locator("main")).to_contain_text(words, timeout=1000 * seconds)

    def kept(self) -> dict[str, str]:
        """What this browser keeps of the product besides a cookie that no script can read."""
        found: dict[str, str] = self.page.evaluate(KEPT)
        return found

    def look(self, name: str, *, phone: bool = False, docs: bool = False) -> None:
        """Judge the page and what the browser keeps of it, take its picture; if asked to, also on a phone."""
        self._judge(name)
        if left := [one for one in self.kept() if not one.startswith(HALF_SENT)]:
            self.faults.append(f"{self.name}: {name}: the browser keeps {left}")
        self._picture(name, docs=docs)
        if phone:
            desk = self.page.viewport_size
            assert desk is not None
            self.page.set_viewport_size(PHONE)
            self.page.wait_for_timeout(200)
            too_wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            if too_wide > 0:
                self.faults.append(f"{self.name}: {name}: {too_wide} px wider than a phone")
            self._picture(f"{name}-360")
            self.page.set_viewport_size(desk)
            self.page.wait_for_timeout(100)

    def _first(self, main: Locator, words: str) -> Locator:
        button = main.get_by_role("button", name=words, exact=True)
        link = main.get_by_role("link", name=words, exact=True)
        found = button.or_(link).first
        expect(found).to_be_visible()
        return found

    def _judge(self, name: str) -> None:
        for one in Axe().run(self.page).response["violations"]:
            if one["impact"] in SERIOUS:
                where = "; ".join(node["html"][:160] for node in one["nodes"][:3])
                self.faults.append(f"{self.name}: {name}: {one['id']}: {one['help']}: {where}")

    def _picture(self, name: str, *, docs: bool = False) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        # A picture of a whole page shows what sticks to its top where the page stands.
        self.page.evaluate("window.scrollTo(0, 0)")
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
        if docs and os.environ.get(DOCS_SWITCH):
            DOCS.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=DOCS / f"{name.partition('-')[2]}.png")

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(f"{self.name}: {self.page.url}: {message.text}")

    def _answer(self, response: Response) -> None:
        if response.status >= 500:
            self.faults.append(f"{self.name}: {response.url}: {response.status}")
