-- One row, or none where no banner was shown: banners shown, how many brought a choice, and how long people took over it. A banner that another one
-- followed before the choice is left out of the seconds.
SELECT
    count(*) AS shown,
    count(*) FILTER (b.shown_again) AS shown_again,
    count(b.choice_id) AS answered,
    quantile_cont(b.seconds_to_choose, 0.5) FILTER (NOT b.shown_again) AS seconds_p50,
    quantile_cont(b.seconds_to_choose, 0.95) FILTER (NOT b.shown_again) AS seconds_p95,
    quantile_cont(b.seconds_to_show, 0.5) AS seconds_to_show
FROM snowplow_banner AS b
HAVING count(*) > 0
