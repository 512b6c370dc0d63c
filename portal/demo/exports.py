"""Invented debts written the way two creditors' systems export them: each its own headers, signs and mistakes."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil

import numpy as np

from portal.demo.portfolio import Debt


@dataclass(frozen=True)
class FileStyle:
    """How one sender's system writes a table."""

    delimiter: str
    decimal: str
    date_format: str
    encoding: str

    def amount(self, minor: int | None) -> str:
        """Cents in the sender's notation, without a sign for thousands."""
        return "" if minor is None else f"{minor // 100}{self.decimal}{minor % 100:02d}"

    def day(self, day: date | None) -> str:
        """A date, or an instant with its time of day, in the sender's notation."""
        return "" if day is None else day.strftime(self.date_format)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
        """The file's bytes."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=self.delimiter, lineterminator="\r\n")
        writer.writerow(header)
        writer.writerows(rows)
        return text.getvalue().encode(self.encoding)


BANK_STYLE = FileStyle(";", ",", "%d/%m/%Y", "cp1252")
TELCO_STYLE = FileStyle(",", ".", "%Y-%m-%d", "utf-8")

Cell = Callable[[Debt, FileStyle], str]

BANK_COLUMNS: tuple[tuple[str, Cell], ...] = (
    ("FECHA_CORTE", lambda debt, as_: as_.day(debt.cut_off)),
    ("CODIGO_CLIENTE", lambda debt, _: debt.customer),
    ("TIPO_ID", lambda debt, _: debt.debtor.id_type),
    ("NRO_DOCUMENTO", lambda debt, _: debt.debtor.id_number),
    ("NOMBRE_CLIENTE", lambda debt, _: debt.debtor.full_name.upper()),
    ("NRO_OBLIGACION", lambda debt, _: debt.account),
    ("TIPO_PRODUCTO", lambda debt, _: debt.product.name),
    ("MONTO_DESEMBOLSADO", lambda debt, as_: as_.amount(debt.original)),
    ("SALDO_CAPITAL", lambda debt, as_: as_.amount(debt.principal)),
    ("INTERESES_CORRIENTES", lambda debt, as_: as_.amount(debt.interest)),
    ("INTERESES_MORA", lambda debt, as_: as_.amount(debt.late_interest)),
    ("GASTOS_COBRANZA", lambda debt, as_: as_.amount(debt.fees)),
    ("SALDO_TOTAL", lambda debt, as_: as_.amount(debt.total)),
    ("FECHA_DESEMBOLSO", lambda debt, as_: as_.day(debt.opened_on)),
    ("FECHA_VENCIMIENTO", lambda debt, as_: as_.day(debt.due_on)),
    ("FECHA_INICIO_MORA", lambda debt, as_: as_.day(debt.delinquent_on)),
    ("FECHA_CASTIGO", lambda debt, as_: as_.day(debt.charged_off_on)),
    ("FECHA_ULT_PAGO", lambda debt, as_: as_.day(debt.last_paid_on)),
    ("VR_ULT_PAGO", lambda debt, as_: as_.amount(debt.last_paid) if debt.last_paid else ""),
    ("DIAS_MORA", lambda debt, _: str(debt.days_past_due)),
    ("ETAPA_COBRANZA", lambda debt, _: debt.stage),
    ("SEGMENTO", lambda debt, _: debt.product.segment),
    ("DEPARTAMENTO", lambda debt, _: debt.debtor.place.department),
    ("CIUDAD", lambda debt, _: debt.debtor.place.city),
    ("DIRECCION", lambda debt, _: debt.debtor.address),
    ("CELULAR", lambda debt, _: debt.debtor.mobile),
    ("TEL_FIJO", lambda debt, _: debt.debtor.landline),
    ("CORREO", lambda debt, _: debt.debtor.email),
)

TELCO_COLUMNS: tuple[tuple[str, Cell], ...] = (
    ("contrato", lambda debt, _: debt.account),
    ("id_cliente", lambda debt, _: debt.customer),
    ("tipo_documento", lambda debt, _: debt.debtor.id_type),
    ("numero_identificacion", lambda debt, _: debt.debtor.id_number),
    ("nombres", lambda debt, _: debt.debtor.first_name),
    ("apellidos", lambda debt, _: debt.debtor.last_name),
    ("tipo_persona", lambda debt, _: "juridica" if debt.debtor.is_company else "natural"),
    ("fecha_nacimiento", lambda debt, as_: as_.day(debt.debtor.birth_date)),
    ("linea", lambda debt, _: debt.product.name),
    ("moneda", lambda _debt, _: "COP"),
    ("saldo_total", lambda debt, as_: as_.amount(debt.total)),
    ("saldo_capital", lambda debt, as_: as_.amount(debt.principal)),
    ("intereses_mora", lambda debt, as_: as_.amount(debt.interest + debt.late_interest)),
    ("otros_conceptos", lambda debt, as_: as_.amount(debt.fees)),
    ("fecha_apertura", lambda debt, as_: as_.day(debt.opened_on)),
    ("fecha_vencimiento", lambda debt, as_: as_.day(debt.due_on)),
    ("fecha_mora", lambda debt, as_: as_.day(debt.delinquent_on)),
    ("dias_mora", lambda debt, _: str(debt.days_past_due)),
    ("etapa", lambda debt, _: debt.stage),
    ("segmento", lambda debt, _: debt.product.segment),
    ("departamento", lambda debt, _: debt.debtor.place.department),
    ("ciudad", lambda debt, _: debt.debtor.place.city),
    ("direccion", lambda debt, _: debt.debtor.address),
    ("telefono_1", lambda debt, _: debt.debtor.mobile),
    ("telefono_2", lambda debt, _: debt.debtor.landline),
    ("correo_electronico", lambda debt, _: debt.debtor.email),
    ("fecha_corte", lambda debt, as_: as_.day(debt.cut_off)),
)


@dataclass(frozen=True)
class Exporter:
    """One creditor's export: its columns, its style, and which columns its mistakes fall into."""

    style: FileStyle
    columns: tuple[tuple[str, Cell], ...]
    account: str
    balance: str
    date: str
    days: str

    def export(self, debts: Sequence[Debt], *, dirty: float = 0.005, seed: int = 0) -> bytes:
        """The debts as a file; about a share `dirty` of its rows is unusable, as in real exports."""
        rows = [[cell(debt, self.style) for _header, cell in self.columns] for debt in debts]
        self._soil(rows, dirty=dirty, seed=seed)
        return self.style.table([header for header, _cell in self.columns], rows)

    def _soil(self, rows: list[list[str]], *, dirty: float, seed: int) -> None:
        rng = np.random.default_rng([seed, len(rows)])
        at = {header: position for position, (header, _cell) in enumerate(self.columns)}
        account, balance = at[self.account], at[self.balance]
        victims = rng.choice(len(rows) - 1, size=ceil(len(rows) * dirty), replace=False) + 1
        for turn, victim in enumerate(victims):
            row = rows[victim]
            match turn % 7:
                case 0:
                    row[balance] = "N/D"
                case 1:
                    row[balance] = f"-{row[balance]}"
                case 2:
                    row[at[self.date]] = "31/02/2025" if "/" in self.style.date_format else "2025-02-31"
                case 3:
                    row[account] = ""
                case 4:
                    # The row before it is repeated, as when two queries are pasted together.
                    row[account] = rows[victim - 1][account] or rows[0][account]
                case 5:
                    row[at[self.days]] = "mas de 360"
                case _:
                    row[balance] = ""


BANK_EXPORT = Exporter(BANK_STYLE, BANK_COLUMNS, "NRO_OBLIGACION", "SALDO_TOTAL", "FECHA_INICIO_MORA", "DIAS_MORA")
TELCO_EXPORT = Exporter(TELCO_STYLE, TELCO_COLUMNS, "contrato", "saldo_total", "fecha_mora", "dias_mora")
