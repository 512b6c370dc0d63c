"""A payment's case is its placement's case, a chain is written by its own and their partners, and grants are narrower.

What an agency reports carried its case beside its placement, and nothing in the database kept the two together. The
audit function let any side write into any chain; a creditor or an agency now reaches its own chain and those of
organisations it shares a mandate with. Rights that no service uses are taken back.
"""

from alembic import op

revision = "0060"
down_revision = "0022"

REPORTED = ("payments", "activities")
PLACEMENT = ["creditor_id", "agency_id", "placement_id"]

APPEND_AUDIT_EVENT = """
create or replace function append_audit_event(
    chain bigint, at timestamptz, action text, actor_organisation bigint, actor_user bigint, body text
) returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare
    own bigint := current_organisation();
    head audit_heads%rowtype;
    link bytea;
begin
    if actor_organisation is distinct from own then
        raise exception 'an audit event is signed by the organisation that acts' using errcode = '42501';
    end if;
    -- The role that was taken on at the beginning of the transaction; the current user is this function's owner.
    if current_setting('role') in ('app_creditor', 'app_agency') and chain is distinct from own and not exists (
        select from mandates m where (m.creditor_id, m.agency_id) in ((own, chain), (chain, own))
    ) then
        raise exception 'an audit event goes to the chains of those it concerns' using errcode = '42501';
    end if;
    insert into audit_heads (organisation_id, seq, hash) values (chain, 0, decode(repeat('00', 32), 'hex'))
    on conflict do nothing;
    select * into head from audit_heads where organisation_id = chain for update;
    link := sha256(head.hash || convert_to(body, 'UTF8'));
    insert into audit_events
        (organisation_id, seq, at, action, actor_organisation_id, actor_user_id, body, previous, hash)
    values (chain, head.seq + 1, at, action, actor_organisation, actor_user, body, head.hash, link);
    update audit_heads set seq = head.seq + 1, hash = link where organisation_id = chain;
    return head.seq + 1;
end $$
"""


def upgrade() -> None:
    op.create_unique_constraint(
        "uq_placements_creditor_id_agency_id_id_case_id",
        "placements",
        ["creditor_id", "agency_id", "id", "case_id"],
    )
    for table in REPORTED:
        op.drop_constraint(f"fk_{table}_creditor_id_agency_id_placement_id", table)
        op.create_foreign_key(
            f"fk_{table}_creditor_id_agency_id_placement_id_case_id",
            table,
            "placements",
            [*PLACEMENT, "case_id"],
            ["creditor_id", "agency_id", "id", "case_id"],
        )
    op.execute("create policy owner on mandates for select to current_user using (true)")
    op.execute(APPEND_AUDIT_EVENT)
    # Reports come to be owed by the creditor's calendar; an agency says what is in, and when.
    op.execute("revoke insert, update on reports from app_agency")
    op.execute("grant update (payments_at, activities_at, submitted_at) on reports to app_agency")
    # People are disabled and enabled and choose a language; passwords are set at the door, roles by invitation.
    op.execute("revoke update on users from app_creditor, app_agency")
    op.execute("grant update (state, failed_sign_ins, locked_until, language) on users to app_creditor, app_agency")
    op.execute("revoke delete on recovery_cells from app_agency")


def downgrade() -> None:
    raise NotImplementedError("the walls are not taken down; restore a backup instead")
