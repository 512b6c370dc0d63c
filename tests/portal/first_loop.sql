-- One creditor of the first loop with one agency, at revision 0060: two of three cases worked, January declared to be
-- empty, February reported in three files and complete, March in but for its activities.
insert into organisations (id, kind, name, legal_name, tax_id, country, currency, time_zone, language, state, created_at)
overriding system value
values (1, 'creditor', 'Banco Uno', 'Banco Uno S.A.', 'uno', 'CO', 'COP', 'America/Bogota', 'es', 'approved', '2026-01-02T12:00Z'),
       (2, 'agency', 'Cobros Uno', 'Cobros Uno S.A.', 'dos', 'CO', 'COP', 'America/Bogota', 'es', 'approved', '2026-01-02T12:00Z'),
       (3, 'agency', 'Cobros Dos', 'Cobros Dos S.A.', 'tres', 'CO', 'COP', 'America/Bogota', 'es', 'approved', '2026-01-02T12:00Z');

insert into mandates (id, creditor_id, agency_id, name, service, state, created_at)
overriding system value values (11, 1, 2, 'Mandato', 'collect', 'in_force', '2026-01-05T12:00Z');
insert into mandate_versions (id, creditor_id, agency_id, mandate_id, version, valid_from, commission_bp,
                              report_frequency, report_due_days, created_at)
overriding system value values (12, 1, 2, 11, 1, '2026-01-01', 2000, 'monthly', 5, '2026-01-05T12:00Z'),
                               (13, 1, 2, 11, 2, '2026-02-15', 3000, 'monthly', 5, '2026-02-10T12:00Z');

insert into uploads (id, organisation_id, creditor_id, report_id, kind, state, filename, size_bytes, sha256, storage_key,
                     currency, offset_bytes, offset_line, rows_read, rows_good, rows_rejected, errors_found, error_counts,
                     rows_applied, rows_unchanged, value_minor, created_at, created_by, applied_at, applied_by)
overriding system value
select id, owner, creditor, report, kind, state, id || '.csv', 1, sha256(id::text::bytea), 'uploads/' || id,
       'COP', 0, 0, applied + known, applied + known, 0, 0, '{}', applied, known, 0, at, null, at, null
from (values (21, 1, null::bigint, null::bigint, 'portfolio', 'applied', 3, 0, '2026-01-10T12:00Z'::timestamptz),
             (22, 2, 1, 92, 'payments', 'applied', 2, 0, '2026-03-02T15:00Z'),
             (23, 2, 1, 92, 'activities', 'applied', 1, 0, '2026-03-03T15:00Z'),
             -- A second file after the report was complete.
             (24, 2, 1, 92, 'payments', 'applied', 1, 2, '2026-03-04T15:00Z'),
             (25, 2, 1, 93, 'payments', 'applied', 1, 0, '2026-04-01T15:00Z'),
             -- Neither what was turned away nor what belongs to no report is part of one.
             (26, 2, 1, 92, 'payments', 'rejected', 0, 0, '2026-03-02T14:00Z'),
             (27, 2, 1, null, 'payments', 'applied', 1, 0, '2026-03-05T15:00Z')
     ) u (id, owner, creditor, report, kind, state, applied, known, at);

insert into portfolios (id, creditor_id, upload_id, name, currency, cases, placed_minor, facets, created_at)
overriding system value values (31, 1, 21, 'cartera.csv', 'COP', 3, 160000, '{}', '2026-01-10T12:00Z');
insert into debtors (id, creditor_id, agency_id, identity, country, name)
overriding system value
select 40 + n, 1, case when n < 3 then 2 end, 'account:A' || n, 'CO', 'Persona ' || n from generate_series(1, 3) n;
insert into cases (id, creditor_id, agency_id, portfolio_id, debtor_id, line, account_ref, state, currency, placed_minor,
                   balance_minor, days_past_due)
overriding system value values (51, 1, 2, 31, 41, 2, 'A1', 'placed', 'COP', 100000, 82993, 120),
                               (52, 1, 2, 31, 42, 3, 'A2', 'placed', 'COP', 50000, 49000, 30),
                               (53, 1, null, 31, 43, 4, 'A3', 'open', 'COP', 10000, 10000, null);
insert into contact_points (creditor_id, agency_id, debtor_id, portfolio_id, kind, value)
values (1, 2, 41, 31, 'phone', '3000000001'), (1, null, 43, 31, 'phone', '3000000003');

insert into placement_waves (id, creditor_id, name, service, state, selection, seed, bands, created_at, committed_at)
overriding system value
values (61, 1, 'Entrega', 'collect', 'committed', '{}', 7, 5, '2026-01-12T14:00Z', '2026-01-12T15:00Z'),
       (62, 1, 'Otra', 'collect', 'committed', '{}', 7, 5, '2026-02-20T14:00Z', '2026-02-20T15:00Z');
insert into consignments (id, creditor_id, agency_id, wave_id, mandate_version_id, name, state, currency, cases,
                          placed_minor, sent_at)
overriding system value values (71, 1, 2, 61, 12, 'E1', 'sent', 'COP', 1, 100000, '2026-01-12T15:00Z'),
                               (72, 1, 2, 62, 13, 'E2', 'sent', 'COP', 1, 50000, '2026-02-20T15:00Z');
insert into placements (id, creditor_id, agency_id, case_id, consignment_id, mandate_version_id, service, state, currency,
                        placed_minor, stratum, placed_at, account_ref)
overriding system value
values (81, 1, 2, 51, 71, 12, 'collect', 'sent', 'COP', 100000, '120', '2026-01-12T15:00Z', 'A1'),
       (82, 1, 2, 52, 72, 13, 'collect', 'sent', 'COP', 50000, '30', '2026-02-20T15:00Z', 'A2');

insert into reports (id, creditor_id, agency_id, mandate_id, period_start, period_end, due_at, payments_at, activities_at,
                     submitted_at)
overriding system value
values (91, 1, 2, 11, '2026-01-01', '2026-01-31', '2026-02-07T04:59Z', '2026-02-03T15:00Z', '2026-02-04T15:00Z',
        '2026-02-04T15:00Z'),
       (92, 1, 2, 11, '2026-02-01', '2026-02-28', '2026-03-07T04:59Z', '2026-03-02T15:00Z', '2026-03-03T15:00Z',
        '2026-03-03T15:00Z'),
       (93, 1, 2, 11, '2026-03-01', '2026-03-31', '2026-04-09T04:59Z', '2026-04-01T15:00Z', null, null),
       (94, 1, 2, 11, '2026-04-01', '2026-04-30', '2026-05-09T04:59Z', null, null, null);
insert into payments (id, creditor_id, agency_id, case_id, placement_id, natural_key, paid_on, currency, amount_minor,
                      received_by, upload_id, line, reported_at)
overriding system value
values (101, 1, 2, 51, 81, 'ref:P1', '2026-02-03', 'COP', 10000, 'agency', 22, 2, '2026-03-02T15:00Z'),
       (102, 1, 2, 51, 81, 'ref:P2', '2026-02-10', 'COP', 5007, 'creditor', 22, 3, '2026-03-02T15:00Z'),
       (103, 1, 2, 52, 82, 'ref:P3', '2026-02-25', 'COP', 1000, 'agency', 24, 2, '2026-03-04T15:00Z'),
       (104, 1, 2, 51, 81, 'ref:P4', '2026-03-20', 'COP', 1000, 'agency', 25, 2, '2026-04-01T15:00Z'),
       (105, 1, 2, 51, 81, 'ref:P5', '2026-03-01', 'COP', 1000, 'agency', 27, 2, '2026-03-05T15:00Z');
insert into activities (creditor_id, agency_id, case_id, placement_id, natural_key, happened_at, channel, result,
                        upload_id, line, reported_at)
values (1, 2, 51, 81, 'ref:G1', '2026-02-03T15:00Z', 'call', 'no_answer', 23, 2, '2026-03-03T15:00Z');
insert into entries (creditor_id, agency_id, kind, idempotency_key, inputs_hash, payment_id, mandate_version_id,
                     commission_bp, occurred_on, currency, total_minor, booked_at)
select p.creditor_id, p.agency_id, 'payment', 'payment:' || p.natural_key, sha256(p.natural_key::bytea), p.id,
       v.id, v.commission_bp, p.paid_on, 'COP', p.amount_minor + (p.amount_minor * v.commission_bp + 5000) / 10000,
       p.reported_at
from payments p join placements l on l.id = p.placement_id join mandate_versions v on v.id = l.mandate_version_id
order by p.id;
insert into postings (creditor_id, agency_id, entry_id, position, source, destination, currency, amount_minor)
select e.creditor_id, e.agency_id, e.id, m.position, m.source, m.destination, 'COP', m.amount
from entries e join payments p on p.id = e.payment_id
cross join lateral (
    select case p.received_by when 'agency' then 'held_by_agency' else 'received_by_creditor' end as account
) holder
cross join lateral (
    values (1, 'receivable', holder.account, p.amount_minor),
           (2, holder.account, 'commission', e.total_minor - p.amount_minor)
) m (position, source, destination, amount);

insert into placement_cells values (1, 2, 'COP', '2026-01-01', '120', 1, 100000), (1, 2, 'COP', '2026-02-01', '30', 1, 50000);
-- Month on book, payments, collected, commission, new payers, activities.
insert into recovery_cells values (1, 2, 'COP', '2026-01-01', '120', 1, 2, 15007, 3001, 1, 1),
                                  (1, 2, 'COP', '2026-01-01', '120', 2, 2, 2000, 400, 0, 0),
                                  (1, 2, 'COP', '2026-02-01', '30', 0, 1, 1000, 300, 1, 0);
-- What ids were given by hand above.
select setval(pg_get_serial_sequence(t, 'id'), 1000) from unnest(array[
    'organisations', 'mandates', 'mandate_versions', 'uploads', 'portfolios', 'debtors', 'cases', 'placement_waves',
    'consignments', 'placements', 'reports', 'payments']) t;
