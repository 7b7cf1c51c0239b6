package store

// The samples look at the 32 people with the highest ids among those who have rows, one step through the primary key each, and
// take who has the most, counted up to 200. So a newcomer's single row is not what is measured, and no table is read through.
const talkers = ` RECURSIVE seen (id, n) AS (
    (SELECT user_id, 1 FROM conversation_history ORDER BY user_id DESC LIMIT 1)
    UNION ALL
    SELECT next.user_id, n + 1
    FROM   seen, LATERAL (SELECT user_id FROM conversation_history WHERE user_id < seen.id ORDER BY user_id DESC LIMIT 1) AS next
    WHERE  n < 32
), person AS (
    SELECT id FROM seen
    ORDER  BY (SELECT count(*) FROM (SELECT FROM conversation_history WHERE user_id = seen.id LIMIT 200) AS rows_of) DESC, id DESC
    LIMIT  1
)
`

const eaters = ` RECURSIVE seen (id, n) AS (
    (SELECT user_id, 1 FROM food_entries ORDER BY user_id DESC LIMIT 1)
    UNION ALL
    SELECT next.user_id, n + 1
    FROM   seen, LATERAL (SELECT user_id FROM food_entries WHERE user_id < seen.id ORDER BY user_id DESC LIMIT 1) AS next
    WHERE  n < 32
), person AS (
    SELECT id FROM seen
    ORDER  BY (SELECT count(*) FROM (SELECT FROM food_entries WHERE user_id = seen.id LIMIT 200) AS rows_of) DESC, id DESC
    LIMIT  1
)
`

const sampleConversationSQL = `
WITH /* sample_conversation */` + talkers + `
SELECT id::text, '20' FROM person`

// The place is that of the person's last message by id: the page before it is nearly a window.
const samplePageSQL = `
WITH /* sample_page */` + talkers + `
SELECT last.user_id::text, last."timestamp"::text, last.id::text, '20'
FROM   person, LATERAL (SELECT h.user_id, h."timestamp", h.id
                        FROM   conversation_history AS h WHERE h.user_id = person.id ORDER BY h.id DESC LIMIT 1) AS last`

const lastMeal = `
FROM   person, LATERAL (SELECT f.user_id, date_trunc('day', f."timestamp") AS day
                        FROM   food_entries AS f WHERE f.user_id = person.id ORDER BY f.id DESC LIMIT 1) AS last`

const sampleDaySQL = `
WITH /* sample_food_day */` + eaters + `
SELECT last.user_id::text, last.day::text, (last.day + interval '1 day')::text` + lastMeal

const sampleWeekSQL = `
WITH /* sample_food_week */` + eaters + `
SELECT last.user_id::text, (last.day - interval '6 days')::text, (last.day + interval '1 day')::text` + lastMeal

const sampleFavouritesSQL = `
WITH /* sample_favourites */` + eaters + `
SELECT id::text, '10' FROM person`

const sampleDueSQL = `
SELECT /* sample_due_reminders */ clock_timestamp()::text, '100' FROM reminders LIMIT 1`

const sampleNextDueSQL = `
SELECT /* sample_next_due */ FROM reminders LIMIT 1`

const sampleActiveSQL = `
SELECT /* sample_active_user */ telegram_id::text, timezone
FROM   users
WHERE  subscription_status = 'active'
ORDER  BY users.telegram_id DESC
LIMIT  1`

const sampleLeaderboardSQL = `
SELECT /* sample_leaderboard */ '10' FROM user_gamification LIMIT 1`
