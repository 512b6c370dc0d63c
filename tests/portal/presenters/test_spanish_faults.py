"""What is said of a row reads right whatever its column is called: its name stands between quotes before it."""

from __future__ import annotations

import pytest
from flask_babel import force_locale

from portal.i18n import LOCALES, say
from portal.presenters.kinds import file_name
from uploads.faults import ROW_FAULTS, ROW_WARNINGS
from uploads.models import UploadKind

NAMING = sorted(
    {text for text in (ROW_FAULTS | ROW_WARNINGS).values() if "%(field)s" in text} | {"%(field)s is missing."}
)


@pytest.mark.parametrize("text", NAMING)
def test_a_columns_name_stands_between_quotes(app, text: str) -> None:
    with app.test_request_context(), force_locale(LOCALES["es"]):
        assert say(text, {"field": "El acceso termina el", "value": ""}).startswith("«El acceso termina el»: ")


def test_a_template_is_named_in_the_readers_language(app) -> None:
    with app.test_request_context(), force_locale(LOCALES["es"]):
        assert file_name(UploadKind.RECALL_LIST, say) == "plantilla-lista-de-retiros.xlsx"
    with app.test_request_context(), force_locale(LOCALES["en"]):
        assert file_name(UploadKind.RECALL_LIST, say) == "template-recall-list.xlsx"
