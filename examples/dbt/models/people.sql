{{ config(materialized="table") }}
-- Scores that favour men by `gap`, which `--vars 'gap: 0.2'` changes.
select
  case when i % 2 = 0 then 'female' else 'male' end as sex,
  0.4 + 0.2 * (i % 10) / 10.0 + case when i % 2 = 0 then 0 else {{ var("gap", 0.0) }} end as score
from range(1000) as numbers(i)
