"""Counts cases by their time and their first activity: what an event adds to the cells, and what they must hold.

An obligation is a case of an acknowledged consignment. It is kept when the first activity happened by its time, also
when a report tells of it later. It falls away when the case leaves the agency before its time was up and nothing had
been done. One rule, in SQL, makes both the changes and the proof.
"""

from __future__ import annotations

#: From a placement with its time and its first activity: whether it counts, was done in time, was done too late.
_COUNTED = """
    ({first} is not null or ended_at is null or (not is_paused and ended_at > due_at))::int as {name}_cases,
    coalesce({first} <= due_at or (is_paused and {first} is not null), false)::int as {name}_met,
    coalesce(not is_paused and {first} > due_at, false)::int as {name}_late
"""

_TIMED = """
    select l.creditor_id, l.agency_id, l.consignment_id, l.id as placement_id, l.case_id, l.ended_at,
           coalesce(x.is_paused, false) as is_paused, coalesce(x.due_at, k.due_at) as due_at, {columns}
    from {source}
    join sla_clocks k on k.creditor_id = l.creditor_id and k.agency_id = l.agency_id
                     and k.consignment_id = l.consignment_id
    left join sla_extensions x on x.creditor_id = l.creditor_id and x.agency_id = l.agency_id
                              and x.placement_id = l.id
"""

_FIRST = """
    (select min(a.happened_at) from activities a
     where a.creditor_id = l.creditor_id and a.case_id = l.case_id and a.agency_id = l.agency_id
       and a.placement_id = l.id{but}) as {name}
"""

_KEY = "creditor_id, agency_id, consignment_id, is_paused, due_at"

_ADD = f"""
    insert into sla_cells as c ({_KEY}, cases, met, late) {{changes}}
    on conflict ({_KEY}) do update
    set cases = c.cases + excluded.cases, met = c.met + excluded.met, late = c.late + excluded.late
"""  # noqa: S608  put together from constants

#: Every cell of the placements that a condition on them admits, from the records alone.
_CELLS = f"""
    with timed as ({_TIMED.format(source="placements l", columns=_FIRST.format(but="", name="first"))} where {{which}}),
    counted as (select *, {_COUNTED.format(first="first", name="now")} from timed)
    select {_KEY}, {{sign}}sum(now_cases)::bigint, {{sign}}sum(now_met)::bigint, {{sign}}sum(now_late)::bigint
    from counted group by {_KEY} having bool_or((now_cases, now_met, now_late) <> (0, 0, 0)) order by {_KEY}
"""  # noqa: S608  put together from constants


def _arrived(is_new: str) -> str:
    """What activities that have just come in change: the touched cases with them and without them."""
    touched = f"""(
        select a.creditor_id, a.agency_id, a.placement_id, min(a.happened_at) as fresh
        from activities a where a.agency_id = :agency and {is_new} group by 1, 2, 3
    ) t join placements l on l.creditor_id = t.creditor_id and l.agency_id = t.agency_id and l.id = t.placement_id"""  # noqa: S608
    known = _FIRST.format(but=f" and not coalesce({is_new}, false)", name="known")
    return _ADD.format(
        changes=f"""
        with timed as ({_TIMED.format(source=touched, columns=f"t.fresh, {known}")}),
        counted as (
            select *, {_COUNTED.format(first="known", name="was")},
                   {_COUNTED.format(first="least(known, fresh)", name="now")}
            from timed
        )
        select {_KEY}, sum(now_cases - was_cases)::bigint, sum(now_met - was_met)::bigint,
               sum(now_late - was_late)::bigint
        from counted group by {_KEY}
        having (sum(now_cases - was_cases), sum(now_met - was_met), sum(now_late - was_late)) <> (0, 0, 0)
        order by {_KEY}
        """  # noqa: S608
    )


#: A file of activities came in; an activity was recorded on a page.
UPLOAD_ARRIVED = _arrived("a.upload_id = :upload")
ACTIVITY_ARRIVED = _arrived("a.id = :activity")
#: The clock of a consignment began to run.
CLOCK_STARTED = _ADD.format(
    changes=_CELLS.format(
        which="l.creditor_id = :creditor and l.agency_id = :agency and l.consignment_id = :consignment", sign=""
    )
)
#: One case leaves its cell, its time is changed, and it goes into another.
_ONE = "l.creditor_id = :creditor and l.agency_id = :agency and l.id = :placement"
CASE_TAKEN_OUT = _ADD.format(changes=_CELLS.format(which=_ONE, sign="-"))
CASE_PUT_BACK = _ADD.format(changes=_CELLS.format(which=_ONE, sign=""))

#: How many cells of one creditor do not hold what the records say; cells of nothing but zeros hold nothing.
DIFFERING = f"""
    with kept as (
        select {_KEY}, cases, met, late from sla_cells where creditor_id = :creditor and (cases, met, late) <> (0, 0, 0)
    ), true_ones as ({_CELLS.format(which="l.creditor_id = :creditor", sign="")})
    select count(*) from (
        (table kept except table true_ones) union all (table true_ones except table kept)
    ) differing
"""  # noqa: S608  put together from constants
