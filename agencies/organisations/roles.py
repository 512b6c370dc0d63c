"""Who people are in their organisations: roles, and the side each belongs to."""

from __future__ import annotations

from enum import StrEnum

from agencies.kernel.tenancy import Side


class Role(StrEnum):
    """What a person does all day; a role belongs to one side."""

    DIRECTOR = "director"
    ANALYST = "analyst"
    FINANCE = "finance"
    COMPLIANCE = "compliance"
    #: Looks at everything of the creditor's, and changes and reveals nothing.
    AUDITOR = "auditor"
    MANAGER = "manager"
    AGENT = "agent"
    INVESTIGATOR = "investigator"
    OPERATOR = "operator"


#: What an operator acts as on a tenant's pages; nobody has it by invitation.
SUPPORT = "support"

SIDE_OF: dict[Role, Side] = {
    Role.DIRECTOR: Side.CREDITOR,
    Role.ANALYST: Side.CREDITOR,
    Role.FINANCE: Side.CREDITOR,
    Role.COMPLIANCE: Side.CREDITOR,
    Role.AUDITOR: Side.CREDITOR,
    Role.MANAGER: Side.AGENCY,
    Role.AGENT: Side.AGENCY,
    Role.INVESTIGATOR: Side.AGENCY,
    Role.OPERATOR: Side.PLATFORM,
}


def roles_of(side: Side) -> list[Role]:
    """The roles a person on this side can have, in the order of the list above."""
    return [role for role in Role if SIDE_OF[role] is side]
