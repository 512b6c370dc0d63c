"""Numbers as readers write them: read in their own format, refused where they could mean two things."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from werkzeug.datastructures import MultiDict
from wtforms.validators import NumberRange

from portal.forms.base import PortalForm
from portal.forms.fields import NumberField, PercentField, WholeNumberField


class Sheet(PortalForm):
    amount = NumberField("Amount")
    rate = PercentField("Rate")


def read(app, language: str, **typed: str) -> Sheet:
    with app.test_request_context(headers={"Accept-Language": language}):
        form = Sheet(MultiDict(typed))
        form.validate()
        str(form.amount()), str(form.rate())
        return form


@pytest.mark.parametrize(
    ("language", "typed", "value"),
    [
        ("es", "1.500.000,50", Decimal("1500000.50")),
        ("es", "1500000,5", Decimal("1500000.5")),
        ("es", "1.500", Decimal(1500)),
        ("en", "1,500,000.50", Decimal("1500000.50")),
        ("en", "1500.5", Decimal("1500.5")),
        ("es", "", None),
        ("es", "  20  ", Decimal(20)),
    ],
)
def test_a_number_is_read_as_its_reader_writes_it(app, language, typed, value) -> None:
    form = read(app, language, amount=typed)
    assert form.amount.errors in ([], ())
    assert form.amount.data == value


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("es", "1500000.50"),
        ("es", "1.5"),
        ("en", "1.500,50"),
        ("en", "1,5"),
        ("es", "diez"),
        ("es", "1,555"),
        ("es", "NaN"),
        ("es", "1" + "0" * 20),
    ],
)
def test_what_could_mean_two_things_is_refused_and_kept(app, language, typed) -> None:
    form = read(app, language, amount=typed)
    assert form.amount.errors
    assert form.amount.data is None
    with app.test_request_context(headers={"Accept-Language": language}):
        assert f'value="{typed}"' in str(form.amount())


def test_a_percentage_is_kept_in_ten_thousandths(app) -> None:
    assert read(app, "es", rate="18,55").rate.basis_points == 1855
    assert read(app, "es", rate="").rate.basis_points is None


class Limit(PortalForm):
    days = WholeNumberField("Days", [NumberRange(0, 60)])


@pytest.mark.parametrize("typed", ["9" * 400, "-" + "9" * 400, "\u0663" * 300, "1" + "0" * 16])
def test_a_number_too_long_to_compute_with_is_refused_and_kept_and_breaks_nothing(app, typed) -> None:
    with app.test_request_context():
        form = Limit(MultiDict({"days": typed}))
        assert not form.validate()
        assert form.days.errors
        assert typed in str(form.days)


def test_no_form_has_a_whole_number_without_an_end() -> None:
    forms = Path(__file__).parents[2] / "portal" / "forms"
    bare = [file.name for file in forms.glob("*.py") if " IntegerField(" in file.read_text().replace("=", "= ")]
    assert bare == []
