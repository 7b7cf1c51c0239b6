DROP TABLE reminders;
DROP FUNCTION reminders_changed();
