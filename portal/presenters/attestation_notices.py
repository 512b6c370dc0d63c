"""How notices of attestations are told, and of what stands behind them: lists, templates."""

from __future__ import annotations

from agencies.kernel.errors import msg
from portal.presenters.tellings import Telling

_ATTESTATION = {"attestation_id": "attestation_id"}
_COUNTERPART = {"other_id": "counterpart_id"}

#: Kind -> how it is told, as far as attestations go.
OF_ATTESTATIONS: dict[str, Telling] = {
    "subprocessors.published": Telling(
        msg("%(house)s published version %(version)s of its sub-processors; decide on each"),
        "users",
        "subprocessors.show",
        _COUNTERPART,
    ),
    "subprocessor.approved": Telling(
        msg("%(house)s approved a sub-processor of yours"),
        "check",
        "subprocessors.show",
        _COUNTERPART,
    ),
    "subprocessor.objected": Telling(
        msg("%(house)s objects to a sub-processor of yours; change the list and sign AT-03 anew"),
        "alert-triangle",
        "subprocessors.show",
        _COUNTERPART,
        is_urgent=True,
    ),
    "template.published": Telling(
        msg("%(house)s asks for %(code)s from %(valid_from)s on; sign it before"),
        "clipboard-list",
        "attestations.relation",
        _COUNTERPART,
    ),
    "template.retired": Telling(
        msg("%(house)s asks for %(code)s no more from %(retired_on)s on"),
        "clipboard-list",
        "attestations.relation",
        _COUNTERPART,
    ),
    "attestation.replaced": Telling(
        msg("%(code)s between you and %(house)s has a new version from %(from_on)s; sign it before"),
        "clock",
        "attestations.show",
        _ATTESTATION,
    ),
    "attestation.signed": Telling(
        msg("%(house)s signed %(code)s; it waits for your review"), "clipboard-check", "attestations.show", _ATTESTATION
    ),
    "attestation.accepted": Telling(
        msg("%(house)s accepted your %(code)s"), "circle-check", "attestations.show", _ATTESTATION
    ),
    "attestation.rejected": Telling(
        msg("%(house)s rejected your %(code)s; the reason is on its page"),
        "circle-x",
        "attestations.show",
        _ATTESTATION,
        is_urgent=True,
    ),
    "attestation.revoked": Telling(
        msg("%(house)s revoked %(code)s; what it stops is stopped from now on"),
        "alert-triangle",
        "attestations.show",
        _ATTESTATION,
        is_urgent=True,
    ),
    "attestation.expiring": Telling(
        msg("%(code)s between you and %(house)s runs out on %(valid_until)s"),
        "clock",
        "attestations.show",
        _ATTESTATION,
    ),
    "attestation.expired": Telling(
        msg("%(code)s between you and %(house)s ran out on %(valid_until)s"),
        "alert-triangle",
        "attestations.show",
        _ATTESTATION,
        is_urgent=True,
    ),
}
