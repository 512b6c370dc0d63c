"""A person at a browser: signs in, sees faults nobody may have, and judges each page as a tool would."""

from __future__ import annotations

import os
import re
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Response, expect

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "var" / "screenshots"
DOCS = ROOT / "docs" / "screenshots"
#: The pictures that the documentation shows, renewed when this variable is set.
DOCS_SWITCH = "DOCS_SCREENSHOTS"
PHONE = {"width": 360, "height": 780}

WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""


class Person:
    """One signed-in or not yet signed-in person with a browser of their own."""

    def __init__(self, name: str, page: Page) -> None:
        self.name = name
        self.page = page
        #: What a browser's console, the network or a check complained about.
        self.faults: list[str] = []
        self._seen = 0
        page.add_init_script(WATCH)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.faults.append(f"{name}: script: {error}"))
        page.on("response", self._answer)

    def go(self, path: str) -> None:
        """Open an address."""
        self.page.goto(path)

    def fill(self, **fields: str) -> None:
        """Type into fields by their names."""
        for field, value in fields.items():
            self.page.locator(f"[name='{field}']").fill(value)

    def press(self, name: str) -> None:
        """Press the button or follow the link with these words."""
        button = self.page.get_by_role("button", name=name, exact=True)
        (button if button.count() else self.page.get_by_role("link", name=name, exact=True)).first.click()

    def sees(self, text: str | re.Pattern[str], *, within: str = "main", seconds: float = 10) -> None:
        """Wait until the text stands on the page."""
        expect(self.page.locator(within).first).to_contain_text(text, timeout=1000 * seconds)

    def look(self, name: str, *, phone: bool = False, docs: bool = False) -> None:
        """Judge the page and keep a picture of it; at 360 px as well where asked for."""
        self._judge(name)
        self._picture(name, docs=docs)
        if phone:
            desk = self.page.viewport_size
            self.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
            self.page.wait_for_timeout(150)
            wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            if wide > 0:
                self.faults.append(f"{self.name}: {name}: {wide} px wider than a phone")
            self._judge(f"{name} on a phone")
            self._picture(f"{name}-360", docs=False)
            self.page.set_viewport_size(desk)  # type: ignore[arg-type]

    def _judge(self, name: str) -> None:
        found = Axe().run(self.page).response["violations"]
        for one in found:
            if one["impact"] in {"serious", "critical"}:
                where = "; ".join(node["html"][:160] for node in one["nodes"][:3])
                self.faults.append(f"{self.name}: {name}: {one['id']}: {one['help']}: {where}")

    def _picture(self, name: str, *, docs: bool) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
        if docs and os.environ.get(DOCS_SWITCH):
            DOCS.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=DOCS / f"{name}.png")

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(f"{self.name}: {self.page.url}: {message.text}")

    def _answer(self, response: Response) -> None:
        if response.status >= 500:
            self.faults.append(f"{self.name}: {response.url}: {response.status}")
