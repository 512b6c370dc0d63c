"""What must hold of payments and balances: each statement names the rows that break it, so none is good."""

from __future__ import annotations

from agencies.kernel.tenancy import Side

#: Code -> the sides it is checked on, and the statement that must find nothing.
BALANCES: dict[str, tuple[set[Side], str]] = {
    "payment_twice": (
        {Side.CREDITOR},
        "select agency_id, natural_key from payments group by creditor_id, agency_id, natural_key having count(*) > 1",
    ),
    # Of one reference at most one payment stands; the others were taken back, once for each correction.
    "reference_counted_twice": (
        {Side.CREDITOR},
        """
        select p.agency_id, regexp_replace(p.natural_key, '^cor:[0-9]+:', '') as reference from payments p
        where not exists (
            select from payment_reversals r
            where r.creditor_id = p.creditor_id and r.agency_id = p.agency_id and r.payment_id = p.id)
        group by p.creditor_id, p.agency_id, 2 having count(*) > 1
        """,
    ),
    "payment_on_another_s_placement": (
        {Side.CREDITOR},
        """
        select p.id as payment_id from payments p
        join placements l on l.creditor_id = p.creditor_id and l.agency_id = p.agency_id and l.id = p.placement_id
        where l.case_id <> p.case_id or l.currency <> p.currency
        """,
    ),
    # What was handed over, or the creditor's latest word that stands, less what was paid since its day.
    "balance_differs_from_its_payments": (
        {Side.CREDITOR},
        """
        with words as (
            select creditor_id, case_id, upload_id,
                   max(cut_off_date) as cut_off_date, max(stated_minor) as stated_minor,
                   row_number() over (
                       partition by creditor_id, case_id order by max(cut_off_date) desc, max(id) desc) as place
            from balance_adjustments group by 1, 2, 3 having not bool_or(takes_back)
        ), latest as (select * from words where place = 1)
        select c.id as case_id from cases c
        left join latest w on w.creditor_id = c.creditor_id and w.case_id = c.id
        left join (
            select x.creditor_id, x.case_id, sum(x.minor) as minor from (
                select p.creditor_id, p.case_id, p.paid_on, p.amount_minor as minor from payments p where not exists (
                    select from payment_reversals r
                    where r.creditor_id = p.creditor_id and r.agency_id = p.agency_id and r.payment_id = p.id
                )
                union all
                select m.creditor_id, m.case_id, m.paid_on, m.amount_minor from creditor_payments m
                where m.matched_payment_id is null and m.taken_back_at is null
            ) x
            left join latest w on w.creditor_id = x.creditor_id and w.case_id = x.case_id
            where x.paid_on > coalesce(w.cut_off_date, '-infinity')
            group by 1, 2
        ) paid on paid.creditor_id = c.creditor_id and paid.case_id = c.id
        where c.balance_minor <> coalesce(w.stated_minor, c.placed_minor) - coalesce(paid.minor, 0)
        """,
    ),
    # What both tell of counts once: by a payment of that case and amount which stands.
    "creditor_payment_matched_wrongly": (
        {Side.CREDITOR},
        """
        select m.id as creditor_payment_id from creditor_payments m
        left join payments p on p.creditor_id = m.creditor_id and p.agency_id = m.matched_agency_id
                            and p.id = m.matched_payment_id
        where m.matched_payment_id is not null and (
            p.case_id is distinct from m.case_id or p.amount_minor is distinct from m.amount_minor or exists (
            select from payment_reversals r
            where r.creditor_id = p.creditor_id and r.agency_id = p.agency_id and r.payment_id = p.id))
        """,
    ),
    "creditor_s_file_not_applied": (
        {Side.CREDITOR},
        """
        select t.upload_id from (
            select creditor_id, upload_id from creditor_payments where taken_back_at is null
            union
            select creditor_id, upload_id from balance_adjustments
            group by creditor_id, upload_id, case_id having not bool_or(takes_back)
        ) t
        join uploads u on u.organisation_id = t.creditor_id and u.id = t.upload_id where u.state <> 'applied'
        """,
    ),
    # A free case that its creditor holds back is placed with nobody.
    "held_case_is_open": (
        {Side.CREDITOR},
        "select id as case_id from cases where held_since is not null and state = 'open'",
    ),
}
