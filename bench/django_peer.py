"""django-import-export loading the same columns with its row validation; run by an interpreter that has it (`peers`).

    python django_peer.py <folder of the server's socket> <database> <file>

Prints its rows per second. One typed table, one unique key, every value checked by its field as the library does it.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import django
import tablib
from django.conf import settings
from django.core.validators import MinValueValidator

MONEY = {"max_digits": 18, "decimal_places": 2, "null": True, "blank": True}


def main(socket: str, database: str, file: str) -> None:
    """Make the table, load the file into it, and print how fast that was."""
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": socket,
                "USER": "postgres",
                "NAME": database,
            }
        },
        INSTALLED_APPS=["import_export"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        SECRET_KEY="x",  # noqa: S106  it protects nothing
    )
    django.setup()
    from django.db import connection  # noqa: PLC0415  needs the settings
    from import_export import resources  # noqa: PLC0415

    account = _model()
    with connection.schema_editor() as editor:
        editor.create_model(account)
    meta = {
        "model": account,
        "import_id_fields": ["numero_obligacion"],
        "exclude": ("id",),
        "clean_model_instances": True,
    }
    resource = type("Accounts", (resources.ModelResource,), {"Meta": type("Meta", (), meta)})
    data = tablib.Dataset().load(Path(file).read_text(encoding="utf-8"), format="csv")
    began = time.perf_counter()
    result = resource().import_data(data, dry_run=False, raise_errors=False, use_transactions=True)
    seconds = time.perf_counter() - began
    assert account.objects.count() == len(data), (result.totals, result.invalid_rows[:1])
    print(len(data) / seconds)


def _model() -> type:
    from django.db import models  # noqa: PLC0415  needs the settings

    def text(length: int, **options: object) -> models.CharField:
        return models.CharField(max_length=length, **options)

    def money(**options: object) -> models.DecimalField:
        return models.DecimalField(validators=[MinValueValidator(0)], **(MONEY | options))

    optional = {"null": True, "blank": True}

    class Account(models.Model):  # noqa: DJ008  nobody reads it
        numero_obligacion = text(60, unique=True)
        tipo_documento = text(20)
        numero_documento = text(30)
        nombres, apellidos = text(120), text(120)
        fecha_nacimiento = models.DateField(**optional)
        celular, telefono_fijo = text(40, **optional), text(40, **optional)
        correo = models.EmailField(**optional)
        direccion = text(300, **optional)
        ciudad, departamento, producto = text(80), text(80), text(60)
        moneda = text(3, choices=[("COP", "COP"), ("USD", "USD")])
        monto_original, saldo_capital, intereses, gastos_cobranza = money(), money(), money(), money()
        saldo_total = money(null=False, blank=False)
        fecha_desembolso, fecha_inicio_mora = models.DateField(**optional), models.DateField(**optional)
        fecha_castigo, fecha_ultimo_pago = models.DateField(**optional), models.DateField(**optional)
        valor_ultimo_pago = money()
        dias_mora = models.IntegerField(validators=[MinValueValidator(0)], **optional)

        class Meta:
            app_label = "import_export"

    return Account


if __name__ == "__main__":
    main(*sys.argv[1:])
