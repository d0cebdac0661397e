-- depends_on: {{ ref("people") }}
-- Written by make_tests.sh from spec.fair.
select * from (
WITH "seen" AS (
SELECT
  CASE WHEN (t."sex" IS NULL) THEN (-1) WHEN (CAST(t."sex" AS VARCHAR) = 'female') THEN 0 WHEN (CAST(t."sex" AS VARCHAR) = 'male') THEN 1 ELSE (-2) END AS "l0",
  t."sex" AS "r0",
  CASE WHEN (t."score" IS NULL) THEN 1 WHEN isnan(CAST(t."score" AS DOUBLE)) THEN 3 WHEN (CASE WHEN (CAST(t."score" AS DOUBLE) BETWEEN (-1.7976931348623157e308) AND 1.7976931348623157e308) THEN 1 END IS NULL) THEN 2 ELSE 0 END AS "e",
  CAST(t."score" AS DOUBLE) AS "z"
FROM "people" AS t
), "coded" AS (
SELECT
  CASE WHEN (seen."l0" < 0) THEN 2 ELSE seen."l0" END AS "p0",
  seen."l0" AS "l0",
  seen."r0" AS "r0",
  seen."z" AS "z",
  seen."e" AS "e"
FROM "seen" AS seen
), "totals" AS (
SELECT
  COUNT(CASE WHEN (coded."p0" = 0) THEN 1 END) AS "n_0",
  COUNT(CASE WHEN (coded."p0" = 1) THEN 1 END) AS "n_1",
  CAST(COUNT(CASE WHEN (coded."p0" = 0) THEN 1 END) AS DOUBLE) AS "w_0",
  CAST(COUNT(CASE WHEN (coded."p0" = 1) THEN 1 END) AS DOUBLE) AS "w_1",
  COALESCE(fsum(CASE WHEN (coded."p0" = 0) THEN coded."z" END), 0e0) AS "s_1_0",
  COALESCE(fsum(CASE WHEN (coded."p0" = 1) THEN coded."z" END), 0e0) AS "s_1_1",
  COALESCE(fsum(CASE WHEN (coded."p0" = 0) THEN abs(coded."z") END), 0e0) AS "a_1_0",
  COALESCE(fsum(CASE WHEN (coded."p0" = 1) THEN abs(coded."z") END), 0e0) AS "a_1_1",
  COUNT(*) AS "rows",
  COUNT(CASE WHEN ((coded."z" < 0e0) OR (coded."z" > 1e0)) THEN 1 END) AS "outside",
  COUNT(CASE WHEN ((coded."l0" < 0) OR (NOT (coded."e" = 0))) THEN 1 END) AS "faults"
FROM "coded" AS coded
), "lines" AS (
SELECT
  '(data)' AS "promise",
  'values at fault' AS "comparison",
  CAST(totals."faults" AS DOUBLE) AS "value",
  CAST(NULL AS DOUBLE) AS "lower",
  CAST(0e0 AS DOUBLE) AS "upper",
  totals."faults" AS "samples",
  CAST(0e0 AS DOUBLE) AS "size",
  CAST(0e0 AS DOUBLE) AS "reach",
  CASE WHEN (totals."rows" = 0) THEN 'not checked' WHEN (totals."faults" = 0) THEN 'held' ELSE 'violated' END AS "known"
FROM "totals" AS totals
UNION ALL
SELECT
  '(bounds)' AS "promise",
  'predictions outside' AS "comparison",
  CAST(totals."outside" AS DOUBLE) AS "value",
  CAST(NULL AS DOUBLE) AS "lower",
  CAST(0e0 AS DOUBLE) AS "upper",
  totals."outside" AS "samples",
  CAST(0e0 AS DOUBLE) AS "size",
  CAST(0e0 AS DOUBLE) AS "reach",
  CASE WHEN (totals."rows" = 0) THEN 'not checked' WHEN (totals."outside" = 0) THEN 'held' ELSE 'violated' END AS "known"
FROM "totals" AS totals
UNION ALL
SELECT
  'parity' AS "promise",
  'parity' AS "comparison",
  ((CAST(0e0 AS DOUBLE) + (1e0 * CASE WHEN (totals."w_0" = 0e0) THEN NULL ELSE (totals."s_1_0" / totals."w_0") END)) + ((-1e0) * CASE WHEN (totals."w_1" = 0e0) THEN NULL ELSE (totals."s_1_1" / totals."w_1") END)) AS "value",
  (((-1e0) * CAST(5e-2 AS DOUBLE)) + 0e0) AS "lower",
  CAST(5e-2 AS DOUBLE) AS "upper",
  CASE WHEN (totals."n_0" < totals."n_1") THEN totals."n_0" ELSE totals."n_1" END AS "samples",
  ((CAST(0e0 AS DOUBLE) + (abs(1e0) * CASE WHEN (totals."w_0" = 0e0) THEN NULL ELSE (totals."a_1_0" / totals."w_0") END)) + (abs((-1e0)) * CASE WHEN (totals."w_1" = 0e0) THEN NULL ELSE (totals."a_1_1" / totals."w_1") END)) AS "size",
  ((CAST(0e0 AS DOUBLE) + ((abs(1e0) * CASE WHEN (totals."w_0" = 0e0) THEN NULL ELSE (totals."w_0" / totals."w_0") END) * 1e0)) + ((abs((-1e0)) * CASE WHEN (totals."w_1" = 0e0) THEN NULL ELSE (totals."w_1" / totals."w_1") END) * 1e0)) AS "reach",
  CASE WHEN (totals."rows" = 0) THEN 'not checked' WHEN ((totals."n_0" < 1) OR (totals."n_1" < 1)) THEN 'not checked' WHEN ((CASE WHEN ((((-1e0) * CAST(5e-2 AS DOUBLE)) + 0e0) BETWEEN (-1.7976931348623157e308) AND 1.7976931348623157e308) THEN 1 END IS NULL) OR (CASE WHEN (CAST(5e-2 AS DOUBLE) BETWEEN (-1.7976931348623157e308) AND 1.7976931348623157e308) THEN 1 END IS NULL)) THEN 'undefined' END AS "known"
FROM "totals" AS totals
)
SELECT
  lines."promise" AS "promise",
  lines."comparison" AS "comparison",
  lines."value" AS "value",
  lines."lower" AS "lower",
  lines."upper" AS "upper",
  lines."samples" AS "samples",
  CASE WHEN (NOT (lines."known" IS NULL)) THEN lines."known" WHEN (CASE WHEN (lines."value" BETWEEN (-1.7976931348623157e308) AND 1.7976931348623157e308) THEN 1 END IS NULL) THEN 'undefined' WHEN ((lines."value" < (lines."lower" - CASE WHEN ((1e-13 * CASE WHEN (CASE WHEN (lines."size" < COALESCE(abs(lines."lower"), 0e0)) THEN COALESCE(abs(lines."lower"), 0e0) ELSE lines."size" END < COALESCE(abs(lines."upper"), 0e0)) THEN COALESCE(abs(lines."upper"), 0e0) ELSE CASE WHEN (lines."size" < COALESCE(abs(lines."lower"), 0e0)) THEN COALESCE(abs(lines."lower"), 0e0) ELSE lines."size" END END) < (1e-14 * lines."reach")) THEN (1e-14 * lines."reach") ELSE (1e-13 * CASE WHEN (CASE WHEN (lines."size" < COALESCE(abs(lines."lower"), 0e0)) THEN COALESCE(abs(lines."lower"), 0e0) ELSE lines."size" END < COALESCE(abs(lines."upper"), 0e0)) THEN COALESCE(abs(lines."upper"), 0e0) ELSE CASE WHEN (lines."size" < COALESCE(abs(lines."lower"), 0e0)) THEN COALESCE(abs(lines."lower"), 0e0) ELSE lines."size" END END) END)) OR (lines."value" > (lines."upper" + CASE WHEN ((1e-13 * CASE WHEN (CASE WHEN (lines."size" < COALESCE(abs(lines."lower"), 0e0)) THEN COALESCE(abs(lines."lower"), 0e0) ELSE lines."size" END < COALESCE(abs(lines."upper"), 0e0)) THEN COALESCE(abs(lines."upper"), 0e0) ELSE CASE WHEN (lines."size" < COALESCE(abs(lines."lower"), 0e0)) THEN COALESCE(abs(lines."lower"), 0e0) ELSE lines."size" END END) < (1e-14 * lines."reach")) THEN (1e-14 * lines."reach") ELSE (1e-13 * CASE WHEN (CASE WHEN (lines."size" < COALESCE(abs(lines."lower"), 0e0)) THEN COALESCE(abs(lines."lower"), 0e0) ELSE lines."size" END < COALESCE(abs(lines."upper"), 0e0)) THEN COALESCE(abs(lines."upper"), 0e0) ELSE CASE WHEN (lines."size" < COALESCE(abs(lines."lower"), 0e0)) THEN COALESCE(abs(lines."lower"), 0e0) ELSE lines."size" END END) END))) THEN 'violated' ELSE 'held' END AS "verdict"
FROM "lines" AS lines
) as audit
where verdict <> 'held'
