"""What the invented creditors lend and sell: how large the debts are, and how readily they are paid back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Product:
    """One line of business of a creditor."""

    name: str
    segment: str
    #: Median balance in pesos and the spread of its logarithm.
    median: int
    spread: float
    #: Share of the balance that is principal, the rest being interest, late interest and fees.
    principal: float
    #: How often its debtors pay, against the average debtor.
    propensity: float
    #: Share of debtors that are companies.
    companies: float = 0.0
    #: Letters an account number begins with.
    prefix: str = ""


CREDIT_CARD = Product("Tarjeta de crédito", "Consumo", 3_200_000, 0.85, 0.72, 1.05, prefix="TC")
PERSONAL_LOAN = Product("Libre inversión", "Consumo", 9_500_000, 0.75, 0.80, 0.90, prefix="LI")
CAR_LOAN = Product("Vehículo", "Consumo", 27_000_000, 0.55, 0.86, 1.25, 0.02, prefix="VH")
MICROCREDIT = Product("Microcrédito", "Microempresa", 4_100_000, 0.70, 0.78, 1.00, 0.12, prefix="MC")
HOME_TELECOM = Product("Telecomunicaciones hogar", "Hogares", 330_000, 0.60, 0.93, 1.15, prefix="H")
MOBILE_TELECOM = Product("Telecomunicaciones móvil", "Móvil", 190_000, 0.70, 0.95, 0.95, 0.05, prefix="M")
HANDSET = Product("Financiación de equipo", "Móvil", 1_250_000, 0.50, 0.88, 0.85, prefix="E")
